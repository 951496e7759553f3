"""Relations between containers on servers: what the sketches of profiles suggest is judged on all records by tasks of the same operation."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sqlite3
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import WAIT_S, Scratch, wait_until  # noqa: E402

CUSTOMERS, ORDERS = 2000, 3000


def orders(count=ORDERS, more=""):
    """Every customer is one of 1 … CUSTOMERS, in no order."""
    return "order_no,customer_id,amount\n" + "".join(f"{700000 + i},{i * 1237 % CUSTOMERS + 1},{i * 7919 % 10007 / 8}\n"
                                                     for i in range(count)) + more


def customers():
    return "id,name\n" + "".join(f"{i},customer {i * 7919 % 100003:06}\n" for i in range(1, CUSTOMERS + 1))


class Relations:
    """Against any server: self.api, self.folder."""
    clock = 1_700_000_000

    def write(self, folder, texts):
        """Files that look as if they had been changed one minute after the other, long ago: unchanged ones are not read again."""
        for name, text in texts.items():
            (folder / f"{name}.csv").write_text(text)
            Relations.clock += 60
            os.utime(folder / f"{name}.csv", (self.clock, self.clock))

    def files(self, **texts):
        """A datastore of CSV files, synced, and its folder."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        self.write(folder, texts)
        datastore = self.api.datastore(folder.name, {"type": "file", "uri": f"file://{folder}"}, root_path="/")
        self.addCleanup(self.api.call, "DELETE", f"/datastores/{datastore}")   # it is no other test's reference
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return folder, datastore

    def change(self, folder, datastore, **texts):
        self.write(folder, texts)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")

    def container(self, datastore, name):
        return next(c["id"] for c in self.api.call("GET", "/containers/listing", datastore=datastore) if c["name"] == name)

    def profile(self, datastore, level="xhigh", message="", **settings):
        run = self.api.run("profile", datastore, ai_effort=level, **settings)
        self.assertEqual(run["result"], "success", run)
        self.assertIn(message, run["message"] or "", run)
        self.assertNotIn("relations", run["message"] or "", run)
        return run

    def checks(self, datastore, **query):
        return [c for c in self.api.items("/quality-checks", datastore=datastore, **query) if c["rule_type"] in
                ("existsIn", "notExistsIn", "isReplicaOf")]

    def expect_reference(self, check, datastore, container, records=ORDERS):
        self.assertEqual((check["rule_type"], [f["name"] for f in check["fields"]], check["inferred"]),
                         ("existsIn", ["customer_id"], True))
        properties = check["properties"]
        self.assertEqual((properties["field_name"], properties["ref_container_id"], properties["ref_datastore_id"]),
                         ("id", container, datastore))
        self.assertNotIn("ref_container", properties)
        evidence = check["additional_metadata"]["inference"]
        self.assertEqual((evidence["method"], evidence["level"], evidence["verified_records"]), ("overlap", 4, records))

    def outcomes(self, scan):
        return {c["quality_check_id"]: c for part in scan["container_scans"] for c in part["checks"]}


class ServeTest(Relations, unittest.TestCase):
    """assay serve over SQLite, one datastore of files."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.close)
        cls.folder = cls.scratch.folder
        cls.role, cls.api = cls.scratch.serve()

    def kinds(self, operation):
        connection = sqlite3.connect(self.folder / "assay.db", timeout=30)
        found = [kind for kind, in connection.execute("SELECT kind FROM task WHERE op_id = ? ORDER BY id", (operation,))]
        connection.close()
        return found

    def test_one_operation_profiles_and_relates(self):
        folder, datastore = self.files(orders=orders(), customers=customers())
        run = self.profile(datastore, infer_as_draft=True)
        self.assertEqual(self.kinds(run["id"]), ["profile.plan"] * 2 + ["profile.relate"])
        self.assertEqual(sorted(c["name"] for c in run["containers"]), ["customers.csv", "orders.csv"])
        self.assertEqual(run["status"]["total_containers"], 2)
        (check,) = self.checks(datastore)
        self.expect_reference(check, datastore, self.container(datastore, "customers.csv"))
        self.assertEqual((check["status"], check["container"]["id"]), ("Draft", self.container(datastore, "orders.csv")))
        whole = len(self.api.items("/quality-checks", datastore=datastore, inferred="true"))
        self.assertEqual(run["status"]["checks_synchronized"], whole)
        self.assertEqual(self.kinds(self.profile(datastore, "high")["id"]), ["profile.plan"] * 2)
        (check,) = self.checks(datastore, archived="only")
        self.assertEqual((check["status"], self.checks(datastore)), ("Discarded", []))

    def test_the_list_follows_the_data(self):
        folder, datastore = self.files(orders=orders(), customers=customers())
        self.profile(datastore)
        (check,) = self.checks(datastore)
        self.change(folder, datastore, orders=orders(more=f"800000,{CUSTOMERS + 1},1\n"))
        self.profile(datastore)
        self.assertEqual(self.checks(datastore), [])
        self.assertEqual([c["id"] for c in self.checks(datastore, archived="only")], [check["id"]])
        self.change(folder, datastore, orders=orders())
        self.profile(datastore)
        self.assertEqual([(c["id"], c["status"]) for c in self.checks(datastore)], [(check["id"], "Active")])
        # the key loses a value that is referred to: its own profile tells
        lost = "".join(line for line in customers().splitlines(True) if not line.startswith("777,"))
        self.change(folder, datastore, customers=lost)
        self.profile(datastore, container_names=["customers.csv"])
        self.assertEqual(self.checks(datastore), [])


class SplitsTest(Relations, unittest.TestCase):
    """The same of containers that are cut: sketches come from the merge."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.close)
        cls.folder = cls.scratch.folder
        cls.role, cls.api = cls.scratch.serve(**{"worker.split_time": "1ms", "worker.split_records": 500})

    def test_a_container_in_splits(self):
        count = 40_000
        folder, datastore = self.files(orders=orders(count), customers=customers())
        self.profile(datastore)
        (check,) = self.checks(datastore)
        self.expect_reference(check, datastore, self.container(datastore, "customers.csv"), count)
        connection = sqlite3.connect(self.folder / "assay.db", timeout=30)
        self.assertGreater(connection.execute("SELECT count(*) FROM task WHERE kind = 'profile.split'").fetchone()[0], 3)
        connection.close()


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class ClusterTest(Relations, unittest.TestCase):
    """Scheduler and two workers; orders are files, customers a table."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=2, fast=True)
        cls.addClassCleanup(cls.cluster.close)
        cls.api, cls.folder = cls.cluster.api, cls.cluster.scratch.folder

    def tables(self):
        """A schema with a table of customers, profiled."""
        place, schema = self.cluster.postgres_place(), "s" + uuid.uuid4().hex[:8]
        self.cluster.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.customers AS SELECT i::bigint AS id, 'customer ' || "
                         f"lpad((i * 7919 % 100003)::text, 6, '0') AS name FROM generate_series(1, {CUSTOMERS}) i")
        self.addCleanup(self.cluster.sql, f"DROP SCHEMA {schema} CASCADE")
        datastore = self.api.datastore(schema, {"type": "postgresql", **place}, database=place["database"], schema=schema)
        self.addCleanup(self.api.call, "DELETE", f"/datastores/{datastore}")
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        self.profile(datastore)
        return schema, datastore

    def tasks(self, operation):
        return self.cluster.query(f"SELECT state, attempts, crashes FROM task WHERE op_id = {operation} AND kind = 'profile.relate'")

    def test_across_datastores(self):
        schema, tables = self.tables()
        folder, datastore = self.files(orders=orders())
        run = self.profile(datastore)
        self.assertEqual(self.tasks(run["id"]), [("succeeded", "1", "0")])
        (check,) = self.checks(datastore)
        self.expect_reference(check, tables, self.container(tables, "customers"))
        scan = self.api.run("scan", datastore)
        self.assertEqual(scan["result"], "success", scan)
        self.assertEqual(self.outcomes(scan)[check["id"]]["outcome"], "passed")
        self.change(folder, datastore, orders=orders(more=f"800000,{CUSTOMERS + 1},2.5\n"))
        outcome = self.outcomes(self.api.run("scan", datastore))[check["id"]]
        self.assertEqual((outcome["outcome"], outcome["anomalous_records_count"]), ("failed", 1))
        (found,) = [a for a in self.api.items("/anomalies", datastore=datastore)
                    if any(f["quality_check"]["id"] == check["id"] for f in a["failed_checks"])]
        anomaly = self.api.call("GET", f"/anomalies/{found['id']}")
        self.assertEqual((anomaly["type"], anomaly["record"]["order_no"]), ("record", 800000))
        self.profile(datastore)   # it has found something: it stays
        self.assertEqual([c["id"] for c in self.checks(datastore)], [check["id"]])

    def test_what_changes_on_the_other_side(self):
        schema, tables = self.tables()
        folder, datastore = self.files(orders=orders())
        self.profile(datastore)
        self.assertEqual(len(self.checks(datastore)), 1)
        self.cluster.sql(f"ALTER TABLE {schema}.customers RENAME TO away")   # not judged is not refuted
        run = self.api.run("profile", datastore, ai_effort="xhigh")
        self.assertEqual(run["result"], "success")
        self.assertRegex(run["message"], r"orders\.csv: relations could not be judged: .*customers")
        self.assertEqual(len(self.checks(datastore)), 1)
        self.cluster.sql(f"ALTER TABLE {schema}.away RENAME TO customers")
        self.cluster.sql(f"DELETE FROM {schema}.customers WHERE id = 1238")   # of two orders
        run = self.profile(datastore, message="orders.csv: nothing read: unchanged since")   # but judged it is
        self.assertEqual(self.tasks(run["id"]), [("succeeded", "1", "0")])
        self.assertEqual(self.checks(datastore), [])

    def test_a_copy_of_a_table(self):
        schema, tables = self.tables()
        folder, datastore = self.files(customers=customers())
        self.profile(datastore)
        (check,) = self.checks(datastore)
        self.assertEqual((check["rule_type"], [f["name"] for f in check["fields"]]), ("isReplicaOf", ["id", "name"]))
        self.assertEqual((check["properties"]["ref_container_id"], check["properties"]["ref_datastore_id"]),
                         (self.container(tables, "customers"), tables))
        self.assertEqual(self.outcomes(self.api.run("scan", datastore))[check["id"]]["outcome"], "passed")
        self.cluster.sql(f"UPDATE {schema}.customers SET name = 'nobody' WHERE id = 17")
        self.profile(datastore)
        self.assertEqual(self.checks(datastore), [])

    def test_a_reference_that_is_gone(self):
        _, tables = self.tables()
        folder, datastore = self.files(orders=orders())
        self.profile(datastore)
        (check,) = self.checks(datastore)
        self.api.call("DELETE", f"/containers/{self.container(tables, 'customers')}")
        scan = self.api.run("scan", datastore)
        outcomes = self.outcomes(scan)
        self.assertEqual({o["outcome"] for i, o in outcomes.items() if i != check["id"]}, {"passed"})
        self.assertEqual(outcomes[check["id"]]["outcome"], "errored")
        self.assertTrue(outcomes[check["id"]]["message"])
        self.profile(datastore)
        self.assertEqual(self.checks(datastore), [])

    def test_a_worker_killed_while_it_judges(self):
        schema, tables = self.tables()
        folder, datastore = self.files(orders=orders())
        lock = subprocess.Popen(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.admin], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(lock.communicate)
        lock.stdin.write(f"BEGIN; LOCK TABLE {schema}.customers;\n\\echo locked\n")
        lock.stdin.flush()
        self.assertEqual(lock.stdout.readline().strip(), "locked")
        operation = self.api.call("POST", "/operations/run", {"type": "profile", "datastore_id": datastore, "ai_effort": "xhigh"})["id"]

        def holder():
            owners = self.cluster.query("SELECT l.owner FROM task_lease l JOIN task t ON t.id = l.task_id WHERE t.kind = "
                                        f"'profile.relate' AND t.op_id = {operation} AND t.state = 'running'")
            return next((w for owner, in owners for w in self.cluster.workers if f":{w.process.pid}:" in owner), None)
        dead = wait_until(holder, WAIT_S, "a worker judges")
        live = self.api.call("GET", f"/operations/{operation}")
        self.assertEqual((live["result"], live["end_time"], live["status"]["total_containers"]), ("running", None, 1))
        dead.kill()
        self.cluster.query(f"UPDATE task_lease SET lease_until = 1 WHERE owner LIKE '%:{dead.process.pid}:%'")   # its time runs out
        wait_until(lambda: self.tasks(operation)[0][1] == "2", WAIT_S, "another one judges")
        lock.stdin.write("ROLLBACK;\n")
        lock.stdin.flush()
        done = self.api.wait(operation)
        self.assertEqual((done["result"], done["message"]), ("success", None))
        self.assertEqual(self.tasks(operation), [("succeeded", "2", "1")])
        (check,) = self.checks(datastore)
        self.expect_reference(check, tables, self.container(tables, "customers"))


if __name__ == "__main__":
    unittest.main()
