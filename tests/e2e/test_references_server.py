"""Checks that refer to a container of another datastore, on a server: files against PostgreSQL and back, and what is said when one is gone."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Scratch  # noqa: E402

POSTGRES = os.environ.get("ASSAY_TEST_POSTGRES")


def psql(statements):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", POSTGRES, "-c", statements], check=True, capture_output=True)


@unittest.skipUnless(POSTGRES, "needs ASSAY_TEST_POSTGRES")
class TwoDatastoresTest(unittest.TestCase):
    """One datastore of files and one of tables, whose credentials a worker gets for both."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.close)
        cls.role, cls.api = cls.scratch.serve()
        cls.folder = cls.scratch.folder / "data"
        cls.folder.mkdir()
        cls.schema = "r" + uuid.uuid4().hex[:8]
        psql(f"CREATE SCHEMA {cls.schema}; CREATE TABLE {cls.schema}.customers AS SELECT i AS id, i % 2 = 0 AS active FROM generate_series(1, 90) i")
        cls.addClassCleanup(psql, f"DROP SCHEMA {cls.schema} CASCADE")
        (cls.folder / "orders.csv").write_text("no,customer_id\n" + "".join(f"{i},{i % 100 + 1}\n" for i in range(1000)))
        place = urllib.parse.urlsplit(POSTGRES)
        cls.password = place.password
        cls.files = cls.api.datastore("files", {"type": "file", "uri": f"file://{cls.folder}"}, root_path="/")
        cls.tables = cls.api.datastore("tables", {"type": "postgresql", "host": place.hostname, "port": place.port, "username": place.username,
                                                  "password": place.password, "parameters": {"sslmode": "disable"}},
                                       database=place.path.lstrip("/"), schema=cls.schema)
        cls.containers = {}
        for datastore in (cls.files, cls.tables):
            assert cls.api.run("sync", datastore)["result"] == "success"
            cls.containers.update({c["name"]: c["id"] for c in cls.api.call("GET", "/containers/listing", datastore=datastore)})
            assert cls.api.run("profile", datastore, ai_effort="off")["result"] == "success"

    def check(self, container, field, **properties):
        made = self.api.call("POST", "/quality-checks", {"container_id": self.containers[container], "fields": [field], "description": field,
                                                         "coverage": 1, "rule": "existsIn", "properties": properties})
        self.addCleanup(self.api.call, "DELETE", f"/quality-checks/{made['id']}", archive="false")
        return made["id"]

    def scan(self, datastore, check):
        run = self.api.run("scan", datastore)
        return next(c for part in run["container_scans"] for c in part["checks"] if c["quality_check_id"] == check)

    def to_customers(self, **more):
        return dict({"field_name": "id", "ref_container_id": self.containers["customers"], "ref_datastore_id": self.tables}, **more)

    def test_files_against_a_table(self):
        found = self.scan(self.files, self.check("orders.csv", "customer_id", **self.to_customers()))
        self.assertEqual((found["outcome"], found["anomalous_records_count"]), ("failed", 100))
        self.assertEqual(found["message"], "In `customer_id`, 10.00% of 1000 records (100) do not exist in `id` of `customers`.")

    def test_a_filter_of_the_reference(self):
        found = self.scan(self.files, self.check("orders.csv", "customer_id", **self.to_customers(ref_filter="active")))
        self.assertEqual((found["outcome"], found["anomalous_records_count"]), ("failed", 550))

    def test_a_table_against_files(self):
        found = self.scan(self.tables, self.check("customers", "id", field_name="customer_id", ref_container_id=self.containers["orders.csv"],
                                                  ref_datastore_id=self.files))
        self.assertEqual((found["outcome"], found["message"]), ("passed", None))

    def test_a_table_that_is_gone(self):
        psql(f"ALTER TABLE {self.schema}.customers RENAME TO other")
        self.addCleanup(psql, f"ALTER TABLE {self.schema}.other RENAME TO customers")
        found = self.scan(self.files, self.check("orders.csv", "customer_id", **self.to_customers()))
        self.assertEqual(found["outcome"], "errored")
        self.assertRegex(found["message"], "^the reference `customers` cannot be read: .*customers")
        self.assertNotIn(self.password, found["message"])

    def test_a_container_that_was_deleted(self):
        psql(f"CREATE TABLE {self.schema}.doomed AS SELECT 1 AS id")
        self.assertEqual(self.api.run("sync", self.tables)["result"], "success")
        doomed = next(c["id"] for c in self.api.call("GET", "/containers/listing", datastore=self.tables) if c["name"] == "doomed")
        check = self.check("orders.csv", "customer_id", **self.to_customers(ref_container_id=doomed))
        psql(f"DROP TABLE {self.schema}.doomed")
        self.api.call("DELETE", f"/containers/{doomed}")
        found = self.scan(self.files, check)
        self.assertEqual((found["outcome"], found["message"]), (
            "errored", f"the container {doomed} that it refers to is not there any more: refer to another one, or archive the check"))


if __name__ == "__main__":
    unittest.main()
