"""A profile that reads only what changed: checks that rest on the sample are judged on what came, and known to hold for what is kept; new ones are judged on all of it."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import random
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Scratch  # noqa: E402

SIZE = 4000   # of a file: more records than the sample holds, and too few to be cut
RESTING = {"unique id", "matchesPattern code", "greaterThanField high"}


class KeptJudgedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.role, cls.api = cls.scratch.serve()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def put(self, number, faulty=None):
        """One file of records; `faulty`: a record that fails every check that rests on the sample."""
        rng = random.Random(number)
        lines = ["id,code,high,low"]
        for i in range(SIZE):
            low = rng.randrange(10_000)
            values = [number * SIZE + i, f"{rng.choice('ABC')}-{rng.randrange(10_000):04}", low + rng.randrange(1, 900), low]
            if i == faulty:
                values = [number * SIZE, "none", values[3], values[2]]
            lines.append(",".join(map(str, values)))
        path = self.folder / f"{number}.csv"
        path.write_text("\n".join(lines) + "\n")
        self.clock += 60
        os.utime(path, (self.clock, self.clock))

    def make(self, name, faulty=None):
        self.folder, self.clock = self.scratch.folder / name, 1_700_000_000
        self.folder.mkdir()
        for number in range(3):
            self.put(number, faulty if number == 1 else None)
        self.datastore = self.api.datastore(name, {"type": "file", "uri": f"file://{self.folder}"}, root_path="/", folder_globbing_enabled=True)
        self.assertEqual(self.api.run("sync", self.datastore)["result"], "success")

    def profile(self, effort="high", **settings):
        """How many files were read, the message, and the records that each check is known to hold for."""
        self.assertEqual(self.api.run("sync", self.datastore)["result"], "success")
        run = self.api.run("profile", self.datastore, ai_effort=effort, **settings)
        self.assertEqual(run["result"], "success", run)
        found = {}
        for check in self.api.items("/quality-checks", datastore=self.datastore):
            name = f"{check['rule_type']} {check['fields'][0]['name']}"
            if name in RESTING or check["rule_type"].endswith("Field"):
                found[name] = check["additional_metadata"]["inference"]["verified_records"]
        return run["container_profiles"][0]["partitions_read"], run["message"] or "", found

    def test_only_what_came_is_judged(self):
        self.make("sound")
        self.assertEqual(self.profile(), (3, "", dict.fromkeys(RESTING, 3 * SIZE)))
        self.put(3)
        read, message, found = self.profile()
        self.assertEqual(read, 1)
        self.assertNotIn("once more", message)
        self.assertEqual(found, {"unique id": 3 * SIZE, "matchesPattern code": 4 * SIZE, "greaterThanField high": 4 * SIZE})
        self.put(4, faulty=3000)   # also an id that comes twice in this file
        read, message, found = self.profile()
        self.assertEqual((read, found), (1, {}))
        self.put(5)                # the faulty record is still there
        read, message, found = self.profile()
        self.assertEqual((read, found), (1, {}))
        self.assertNotIn("once more", message)
        self.put(4)                # it is not any more: what failed is judged anew when all is read
        self.assertEqual(self.profile(incremental=False)[2], dict.fromkeys(RESTING, 6 * SIZE))
        (self.folder / "0.csv").unlink()
        self.assertEqual(self.profile()[2], {"unique id": 6 * SIZE, "matchesPattern code": 5 * SIZE, "greaterThanField high": 5 * SIZE})

    def test_new_ones_are_judged_on_what_is_kept_too(self):
        self.make("faulty", faulty=3000)
        self.assertEqual(self.profile("off"), (3, "", {}))
        self.put(3)
        read, message, found = self.profile()
        self.assertEqual((read, found), (1, {}))
        self.assertRegex(message, r"; all of it once more for 3 new checks$")

    @unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "needs ASSAY_TEST_POSTGRES")
    def test_ranges_of_a_table(self):
        url, schema = os.environ["ASSAY_TEST_POSTGRES"], f"judged_{os.getpid()}"

        def insert(first, last, code="'A-' || lpad((i * 7919 % 10000)::text, 4, '0')"):
            sql(f"INSERT INTO {schema}.t SELECT i, {code}, i * 31 % 9973 + 1 + i % 800, i * 31 % 9973 FROM generate_series({first}, {last}) i")

        def sql(text):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text], check=True, capture_output=True)

        sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t (id bigint, code text, high int, low int)")
        self.addCleanup(sql, f"DROP SCHEMA {schema} CASCADE")
        insert(1, 3 * SIZE)
        place = urllib.parse.urlsplit(url)
        self.datastore = self.api.datastore(schema, {"type": "postgresql", "host": place.hostname, "port": place.port, "username": place.username,
                                                     "password": place.password, "parameters": {"sslmode": "disable"}},
                                            database=place.path.lstrip("/"), schema=schema)
        self.assertEqual(self.api.run("sync", self.datastore)["result"], "success")
        container = self.api.call("GET", "/containers/listing", datastore=self.datastore)[0]["id"]
        self.api.call("PUT", f"/containers/{container}", {"incremental_field_name": "id", "incremental_identifier_type": "batch_value"})
        self.assertEqual(self.profile()[2], dict.fromkeys(RESTING, 3 * SIZE))
        insert(3 * SIZE + 1, 4 * SIZE)
        read, message, found = self.profile()
        self.assertEqual((read, found), (1, {"unique id": 3 * SIZE, "matchesPattern code": 4 * SIZE, "greaterThanField high": 4 * SIZE}))
        self.assertRegex(message, f"read {SIZE} new records by id")
        self.assertNotIn("once more", message)
        insert(4 * SIZE + 1, 4 * SIZE + 1, code="'none'")
        read, message, found = self.profile()
        self.assertEqual((read, found), (1, {"unique id": 3 * SIZE, "greaterThanField high": 4 * SIZE + 1}))


if __name__ == "__main__":
    unittest.main()
