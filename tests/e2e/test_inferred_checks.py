"""The life of inferred checks on a server: drafts, refreshed by each profile, discarded; what a person wrote or edited stays."""
import os
import pathlib
import random
import subprocess
import sys
import unittest
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Scratch  # noqa: E402

RECORDS = 400


def write_orders(path, scale):
    rng = random.Random(5)
    with open(path, "w") as file:
        file.write("id,status,amount,created\n")
        for i in range(RECORDS):
            file.write(f"{i + 1},{rng.choice(['open', 'paid', 'sent'])},{scale * rng.uniform(20, 80):.2f},2019-{i % 12 + 1:02}-{i % 28 + 1:02}\n")


class LifeOfInferredChecks:
    """The same on every catalog."""

    catalog = {}

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        try:
            cls.role, cls.api = cls.scratch.serve(**cls.catalog)
        except BaseException:
            cls.scratch.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def make(self, name):
        """A datastore with one container, orders.csv; its path and the datastore's id."""
        folder = self.scratch.folder / name
        folder.mkdir()
        write_orders(folder / "orders.csv", 1)
        datastore = self.api.datastore(name, {"type": "file", "uri": f"file://{folder}"})
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return folder / "orders.csv", datastore

    def profile(self, datastore, **settings):
        self.assertEqual(self.api.run("profile", datastore, **settings)["result"], "success")

    def checks(self, datastore, **query):
        """By rule, first field and whether all records must pass (rules without coverage have None)."""
        return {(c["rule_type"], c["fields"][0]["name"], c["coverage"] in (1, None)): c
                for c in self.api.items("/quality-checks", datastore=datastore, **query)}

    def test_drafts_refreshes_and_what_a_person_did(self):
        path, datastore = self.make("orders")
        self.profile(datastore, ai_effort="medium", infer_as_draft=True)
        first = self.checks(datastore)
        self.assertEqual({(c["inferred"], c["status"]) for c in first.values()}, {(True, "Draft")})
        between, values, unique = (first[key] for key in
                                   (("between", "amount", True), ("expectedValues", "status", True), ("unique", "id", True)))
        evidence = between["additional_metadata"]["inference"]
        self.assertEqual((evidence["level"], evidence["support"], evidence["held"]), (2, RECORDS, 1.0))
        self.assertTrue(0 < evidence["false_alarm_rate"] < 0.1)

        # a person edits one, activates one, throws one away, and writes one
        self.api.call("PUT", f"/quality-checks/{values['id']}",
                      {"description": "mine", "fields": ["status"], "rule": "expectedValues", "coverage": 1,
                       "properties": {"list": ["open", "paid", "sent", "lost"]}, "status": "Active"})
        self.assertFalse(self.api.call("GET", f"/quality-checks/{values['id']}")["inferred"])
        self.api.call("DELETE", f"/quality-checks/{unique['id']}")
        container = self.api.call("GET", "/containers/listing", datastore=datastore)[0]["id"]
        own = self.api.call("POST", "/quality-checks", {"container_id": container, "rule": "maxLength", "fields": ["status"],
                                                        "properties": {"value": 9}, "description": "own", "status": "Active"})

        write_orders(path, 10)
        self.profile(datastore, ai_effort="medium")
        second = self.checks(datastore)
        fresh = second[("between", "amount", True)]
        self.assertEqual(fresh["id"], between["id"])  # refreshed in place
        self.assertGreater(float(fresh["properties"]["max"]), 5 * float(between["properties"]["max"]))
        self.assertEqual((fresh["inferred"], fresh["status"]), (True, "Draft"))  # the status is a person's
        edited = second[("expectedValues", "status", True)]
        self.assertEqual((edited["id"], edited["inferred"], edited["properties"]["list"][-1]), (values["id"], False, "lost"))
        self.assertEqual(self.api.call("GET", f"/quality-checks/{own['id']}")["properties"], {"value": 9})
        self.assertNotIn(("unique", "id", True), second)  # thrown away for good

    def test_levels_add_and_discard(self):
        path, datastore = self.make("levels")
        self.profile(datastore, ai_effort="high")
        high = self.checks(datastore)
        self.assertEqual({c["status"] for c in high.values()}, {"Active"})
        self.assertIn(("greaterThan", "amount", True), high)
        self.assertIn(("timeDistributionSize", "created", True), high)
        # one of level 2 finds something, so it stays when the level is lowered
        with open(path, "a") as file:
            file.write(f"{RECORDS + 1},open,999999.00,2019-06-01\n")
        self.api.run("scan", datastore)
        path_text = path.read_text().splitlines(keepends=True)
        path.write_text("".join(path_text[:-1]))
        self.profile(datastore, inference_threshold=1)
        low = self.checks(datastore)
        self.assertIn(("between", "amount", True), low)
        levels = {key: c["additional_metadata"]["inference"]["level"] for key, c in low.items() if key != ("between", "amount", True)}
        self.assertEqual(set(levels.values()), {1})
        self.profile(datastore, ai_effort="high")  # what the platform discarded comes back
        again = self.checks(datastore)
        self.assertEqual({key: c["id"] for key, c in again.items()}, {key: c["id"] for key, c in high.items()})


class OnSqlite(LifeOfInferredChecks, unittest.TestCase):
    pass


@unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "ASSAY_TEST_POSTGRES is not set")
class OnPostgres(LifeOfInferredChecks, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.admin, cls.name = os.environ["ASSAY_TEST_POSTGRES"], "assay_" + uuid.uuid4().hex[:10]
        cls.sql(f"CREATE DATABASE {cls.name}")
        place = urllib.parse.urlsplit(cls.admin)
        cls.catalog = {"catalog.url": place._replace(path="/" + cls.name).geturl()}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.sql(f"DROP DATABASE IF EXISTS {cls.name} WITH (FORCE)")

    @classmethod
    def sql(cls, statement):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", cls.admin, "-c", statement], check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
