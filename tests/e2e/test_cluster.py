"""Scheduler and workers as processes, on a real PostgreSQL, Kafka and Redis: the way of an operation end to end."""
import json
import pathlib
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import WAIT_S, refusing_port, wait_until  # noqa: E402


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=2)
        cls.api = cls.cluster.api

    @classmethod
    def tearDownClass(cls):
        cls.cluster.close()

    def folder(self, name, files):
        folder = self.cluster.scratch.folder / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
        return folder

    def test_sync_profile_and_scan_of_files(self):
        folder = self.folder("files", {"a.csv": "id,name\n1,x\n2,\n3,z\n", "b.jsonl": '{"id": 1}\n{"id": null}\n'})
        datastore = self.api.datastore("files", {"type": "file", "uri": f"file://{folder}"}, root_path="/")
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        containers = {c["name"]: c["id"] for c in self.api.call("GET", "/containers/listing", datastore=datastore)}
        self.assertEqual(sorted(containers), ["a.csv", "b.jsonl"])
        profile = self.api.run("profile", datastore, ai_effort="off")
        self.assertEqual((profile["result"], profile["status"]["records_processed"]), ("success", 5))
        wait_until(lambda: self.cluster.query("SELECT count(*) FROM outbox") == [("0",)], WAIT_S, "every message found its topic")
        fields = [f["name"] for f in self.api.call("GET", f"/containers/{containers['a.csv']}/field-profiles")["items"]]
        self.assertEqual(fields, ["id", "name"])
        self.api.call("POST", "/quality-checks", {"container_id": containers["a.csv"], "rule": "notNull", "fields": ["name"],
                                                  "description": "names", "properties": {}, "coverage": 1})
        scan = self.api.run("scan", datastore)
        self.assertEqual(scan["result"], "success", scan)
        found = self.api.items("/anomalies", datastore=datastore)
        self.assertEqual([a["type"] for a in found], ["record"])
        self.assertEqual(found[0]["failed_checks"][0]["quality_check"]["rule_type"], "notNull")

    def test_sync_profile_and_scan_of_postgres(self):
        place = self.cluster.postgres_place()
        schema = "s" + uuid.uuid4().hex[:8]
        self.cluster.sql(f'CREATE SCHEMA {schema}; CREATE TABLE {schema}."Odd ""Name" AS '
                         f"SELECT i AS id, CASE WHEN i % 100 = 0 THEN NULL ELSE 'n' || i END AS name FROM generate_series(1, 1000) i;"
                         f"CREATE VIEW {schema}.v AS SELECT 1 AS one")
        datastore = self.api.datastore(f"pg {schema}", {"type": "postgresql", **place}, database=place["database"], schema=schema)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        containers = {c["name"]: c for c in self.api.call("GET", "/containers/listing", datastore=datastore)}
        self.assertEqual(sorted(containers), ['Odd "Name', "v"])
        self.assertEqual(containers["v"]["container_type"], "view")
        profile = self.api.run("profile", datastore, ai_effort="off")
        self.assertEqual((profile["result"], profile["status"]["records_processed"]), ("success", 1001))
        self.api.call("POST", "/quality-checks", {"container_id": containers['Odd "Name']["id"], "rule": "notNull", "fields": ["name"],
                                                  "description": "names", "properties": {}, "coverage": 1})
        self.assertEqual(self.api.run("scan", datastore)["result"], "success")
        self.assertGreaterEqual(self.api.call("GET", "/anomalies", datastore=datastore)["total"], 10)

    def test_a_source_that_is_down_is_said_while_the_operation_waits(self):
        down = self.api.datastore("down", {"type": "postgresql", "host": "127.0.0.1", "port": refusing_port(self), "username": "u",
                                           "password": "p"}, database="d", schema="s")
        run = self.api.call("POST", "/operations/run", {"type": "sync", "datastore_id": down})
        said = wait_until(lambda: (lambda o: o if o["message"] else None)(self.api.call("GET", f"/operations/{run['id']}")), WAIT_S,
                          "the reason of the wait")
        self.assertRegex(said["message"], r"^waiting: .*refused.*; tried again after 20\d\d-.*Z$")
        self.api.call("PUT", f"/operations/abort/{run['id']}")
        self.assertEqual(self.api.wait(run["id"])["result"], "aborted")

    def test_no_secret_leaves_the_control_plane(self):
        place = self.cluster.postgres_place()
        password = place["password"]
        for role in self.cluster.scratch.roles:
            self.assertNotIn(password, role.text())
        dump = subprocess.run(["pg_dump", "--data-only", "--inserts", self.cluster.catalog_url], capture_output=True, text=True,
                              check=True).stdout
        self.assertNotIn(password, dump)
        listed = json.dumps(self.api.items("/connections"))
        self.assertNotIn(password, listed)

    def test_a_wrong_password_is_said_and_stored_nowhere(self):
        place = {**self.cluster.postgres_place(), "password": "wrong-" + uuid.uuid4().hex}
        status, _, body = self.api.request("POST", "/datastores/connection",
                                           {"name": "x", "connection": {"type": "postgresql", "name": "x", **place},
                                            "database": place["database"], "schema": "public"})
        self.assertEqual(status, 400, body)
        self.assertIn("message", json.loads(body))
        self.assertNotIn(place["password"].encode(), body)


if __name__ == "__main__":
    unittest.main()
