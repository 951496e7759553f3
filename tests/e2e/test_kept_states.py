"""Servers keep the states of partitions: the next profile reads only what changed, and says so."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import sqlite3
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import Scratch  # noqa: E402

EXACT = ("type", "null_count", "empty_count", "zero_count", "completeness", "min", "max", "sum", "min_length", "max_length")
RECORDS = 24_000   # of a file that is cut


def rows(first, count):
    return "".join(f"{i},{i % 7},{'' if i % 10 == 0 else 'w' + str(i % 90)}\n" for i in range(first, first + count))


class Folder:
    """CSV files that look as if they had been changed one minute after the other, long ago."""

    def __init__(self, path):
        self.path, self.clock = path, 1_700_000_000
        path.mkdir()

    def put(self, name, first, count):
        (self.path / name).write_text("id,few,word\n" + rows(first, count))
        self.clock += 60
        os.utime(self.path / name, (self.clock, self.clock))


class KeptStates:
    """Against any server: self.api, self.folder."""

    def figures(self, container):
        fields = self.api.call("GET", f"/containers/{container}/field-profiles")["items"]
        changing = ("id", "container_profile_id", "created")
        return {field["name"]: {key: value for key, value in field.items() if key not in changing} for field in fields}

    def same(self, kept, whole):
        """Counts and extremes are equal, estimates within their errors."""
        self.assertEqual(kept.keys(), whole.keys())
        for name, field in whole.items():
            self.assertEqual({key: kept[name][key] for key in EXACT}, {key: field[key] for key in EXACT})
            for key, error in (("approximate_distinct_values", 0.03), ("median", 0.03), ("mean", 1e-9), ("std_dev", 1e-9)):
                if field[key] is not None:
                    self.assertAlmostEqual(kept[name][key], field[key], delta=error * field[key] + 1e-9)

    def profile(self, datastore, **settings):
        run = self.api.run("profile", datastore, ai_effort="off", **settings)
        self.assertEqual(run["result"], "success", run)
        return run, run["container_profiles"][0]

    def make(self, name):
        folder = Folder(self.folder / name)
        for i, file in enumerate("123"):
            folder.put(f"{file}.csv", i * 1000, 500)
        datastore = self.api.datastore(name, {"type": "file", "uri": f"file://{folder.path}"}, root_path="/", folder_globbing_enabled=True)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        container = self.api.call("GET", "/containers/listing", datastore=datastore)[0]
        self.assertEqual(container["name"], "*.csv")
        return folder, datastore, container["id"]

    def read(self, profile):
        return profile["partitions_count"], profile["partitions_read"], profile["records_read"]

    def test_only_what_changed_is_read(self):
        folder, datastore, container = self.make("changes")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), run["message"]), ((3, 3, 1500), None))
        folder.put("2.csv", 9000, 700)
        folder.put("4.csv", 20000, 40)
        (folder.path / "1.csv").unlink()
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((3, 2, 740), 1240))
        self.assertRegex(run["message"], r"^\*\.csv: read 2 of 3 files; 1 unchanged since 20\d\d-\d\d-\d\d; 1 file is gone$")
        kept = self.figures(container)
        run, profile = self.profile(datastore, incremental=False)
        self.assertEqual(self.read(profile), (3, 3, 1240))
        self.assertRegex(run["message"], "read all of it: it was asked for")
        whole = self.figures(container)
        self.same(kept, whole)
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((3, 0, 0), 1240))
        self.assertRegex(run["message"], "nothing read: unchanged since")
        self.assertEqual(self.figures(container), whole)
        (folder.path / "2.csv").unlink()   # nothing to read, and other figures all the same
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((2, 0, 0), 540))
        self.assertRegex(run["message"], r"nothing read: unchanged since 20\d\d-\d\d-\d\d; 1 file is gone$")
        fields = self.figures(container)
        self.assertEqual((fields["id"]["min"], fields["id"]["max"]), ("2000", "20039"))
        self.assertEqual(fields["id"]["sum"], str(sum(range(2000, 2500)) + sum(range(20000, 20040))))


class SqliteStates(KeptStates):
    def sql(self, statement, *values):
        connection = sqlite3.connect(self.folder / "assay.db", timeout=30)
        with connection:
            found = connection.execute(statement, values).fetchall()
        connection.close()
        return found

    def damage(self, container):
        self.sql("UPDATE kept_state_part SET body = CAST(replace(CAST(body AS TEXT), '\"eJ', '\"eK') AS BLOB) WHERE state_id IN "
                 "(SELECT id FROM kept_state WHERE container_id = ?)", container)


class ServeTest(SqliteStates, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.folder = cls.scratch.folder
        cls.role, cls.api = cls.scratch.serve()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def count(self, container):
        return self.sql("SELECT count(*) FROM kept_state s WHERE container_id = ?", container)[0][0]

    def test_other_settings_read_all(self):
        folder, datastore, container = self.make("settings")
        self.profile(datastore)
        self.api.call("PUT", f"/containers/{container}", {"treat_empty_as_null": True})
        run, profile = self.profile(datastore)
        self.assertEqual(self.read(profile), (3, 3, 1500))
        self.assertIn("read all of it: settings of the source or of the profile changed", run["message"])
        self.assertEqual(self.read(self.profile(datastore)[1]), (3, 0, 0))

    def test_a_damaged_state_reads_all(self):
        folder, datastore, container = self.make("damage")
        self.profile(datastore)
        whole = self.figures(container)
        self.damage(container)
        run, profile = self.profile(datastore)
        self.assertEqual(self.read(profile), (3, 3, 1500))
        self.assertIn("read all of it: a kept state is damaged", run["message"])
        self.assertEqual(whole, self.figures(container))
        self.assertEqual(self.read(self.profile(datastore)[1]), (3, 0, 0))

    def test_a_container_takes_its_states_along(self):
        folder, datastore, container = self.make("gone")
        self.profile(datastore)
        self.assertEqual(self.count(container), 3)
        self.api.call("DELETE", f"/containers/{container}")
        self.assertEqual(self.count(container), 0)


class SplitTest(SqliteStates, unittest.TestCase):
    """Containers that are cut into splits keep states, too; what is unchanged is not cut again."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.folder = cls.scratch.folder
        cls.role, cls.api = cls.scratch.serve(**{"worker.split_time": "1ms", "worker.split_records": 5000})

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def make_large(self, name):
        folder = Folder(self.folder / name)
        for i in range(6):
            folder.put(f"{i}.csv", i * 100000, RECORDS)
        datastore = self.api.datastore(name, {"type": "file", "uri": f"file://{folder.path}"}, root_path="/", folder_globbing_enabled=True)
        self.sync(datastore)
        return folder, datastore, self.api.call("GET", "/containers/listing", datastore=datastore)[0]["id"]

    def sync(self, datastore):
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")

    def test_only_what_changed_is_read(self):
        folder, datastore, container = self.make_large("large")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), run["message"]), ((6, 6, 6 * RECORDS), None))  # in splits
        whole = self.figures(container)
        self.assertEqual(self.read(self.profile(datastore)[1]), (6, 0, 0))
        self.assertEqual(self.figures(container), whole)
        folder.put("5.csv", 900000, 1000)
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((6, 1, 1000), 5 * RECORDS + 1000))
        self.assertIn("read 1 of 6 files; 5 unchanged since", run["message"])
        kept = self.figures(container)
        run, profile = self.profile(datastore, incremental=False)
        self.assertEqual((self.read(profile), run["message"]), ((6, 6, 5 * RECORDS + 1000), "*.csv: read all of it: it was asked for"))
        self.same(kept, self.figures(container))

    def test_all_is_read_in_splits_and_why(self):
        folder, datastore, container = self.make_large("again")
        self.profile(datastore)
        for name in ("0.csv", "1.csv"):
            folder.put(name, 500000, RECORDS)
        (folder.path / "5.csv").unlink()
        self.sync(datastore)
        run, profile = self.profile(datastore)
        self.assertEqual(self.read(profile), (5, 5, 5 * RECORDS))
        self.assertEqual(run["message"], "*.csv: read all of it: 2 of 5 files are new or changed; 1 file is gone")
        self.damage(container)
        folder.put("4.csv", 900000, 100)
        run, profile = self.profile(datastore)
        self.assertEqual(self.read(profile), (5, 5, 4 * RECORDS + 100))
        self.assertRegex(run["message"], r"^\*\.csv: read all of it: a kept state is damaged: ")
        body = json.loads(self.sql("SELECT body FROM container_profile WHERE container_id = ? ORDER BY id DESC LIMIT 1", container)[0][0])
        refused = [w["message"] for w in body["warnings"] if w["code"] == "kept_state_refused"]
        self.assertEqual(refused, [body["run"]["full_because"]])
        self.assertIn("a kept state is damaged", refused[0])
        (folder.path / "4.csv").write_text("id,few,word\n" + "".join(f"x{i},1,2\n" for i in range(RECORDS)))  # ids are texts now
        os.utime(folder.path / "4.csv", (folder.clock + 60, folder.clock + 60))
        run, profile = self.profile(datastore)
        self.assertEqual(self.read(profile), (5, 5, 5 * RECORDS))
        self.assertIn("read all of it: the values of id are of type String now", run["message"])
        self.assertEqual(self.figures(container)["id"]["type"], "String")


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class ClusterTest(KeptStates, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=1, fast=True)
        cls.api, cls.folder = cls.cluster.api, cls.cluster.scratch.folder

    @classmethod
    def tearDownClass(cls):
        cls.cluster.close()

    def test_a_table_by_its_incremental_field(self):
        place = self.cluster.postgres_place()
        schema = "s" + uuid.uuid4().hex[:8]
        insert = f"INSERT INTO {schema}.t SELECT i, i % 7, CASE WHEN i % 10 = 0 THEN NULL ELSE 'w' || i % 90 END FROM generate_series"
        self.cluster.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t (id bigint, few int, word text); {insert}(1, 1000) i")
        datastore = self.api.datastore(f"pg {schema}", {"type": "postgresql", **place}, database=place["database"], schema=schema)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        container = self.api.call("GET", "/containers/listing", datastore=datastore)[0]["id"]
        self.assertEqual(self.read(self.profile(datastore)[1]), (None, None, None))  # nothing tells new records
        self.api.call("PUT", f"/containers/{container}", {"incremental_field_name": "id", "incremental_identifier_type": "batch_value"})
        self.assertEqual(self.read(self.profile(datastore)[1]), (1, 1, 1000))
        self.cluster.sql(f"{insert}(1001, 1300) i")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((2, 1, 300), 1300))
        self.assertIn("read 300 new records by id; 1000 kept since", run["message"])
        kept = self.figures(container)
        self.assertEqual(self.read(self.profile(datastore, incremental=False)[1]), (1, 1, 1300))
        self.same(kept, self.figures(container))
        self.assertEqual(self.read(self.profile(datastore)[1]), (1, 0, 0))
        self.cluster.sql(f"DELETE FROM {schema}.t WHERE id = 5; {insert}(1301, 1310) i")
        run, profile = self.profile(datastore)
        self.assertEqual((self.read(profile), profile["records_processed"]), ((1, 1, 1309), 1309))
        self.assertIn("of the records up to the last id there were 1300, now there are 1299", run["message"])


if __name__ == "__main__":
    unittest.main()
