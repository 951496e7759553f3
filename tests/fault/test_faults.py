"""Faults under a running cluster, on a real PostgreSQL, Kafka and Redis: what dies, and what must hold all the same.
Slow work is a view that sleeps per row, so every scenario is long enough to be hit and as short as it can be."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import wait_until  # noqa: E402

LEASE_S = 6   # the fast set of times: another worker has the task within 12 s


def children(pid):
    return [int(p) for p in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class FaultTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=2, fast=True)
        self.addCleanup(self.cluster.close)
        self.api = self.cluster.api
        self.schema = "s" + uuid.uuid4().hex[:8]
        self.cluster.sql(f"CREATE SCHEMA {self.schema}")

    def slow_datastore(self, rows=300, sleep_s=0.02, views=1):
        for number in range(views):
            self.cluster.sql(f"CREATE VIEW {self.schema}.slow{number} AS SELECT i AS id, pg_sleep({sleep_s})::text AS z "
                             f"FROM generate_series(1, {rows}) i")
        place = self.cluster.postgres_place()
        datastore = self.api.datastore(self.schema, {"type": "postgresql", **place}, database=place["database"], schema=self.schema)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return datastore

    def start_profile(self, datastore):
        return self.api.call("POST", "/operations/run", {"type": "profile", "datastore_id": datastore, "ai_effort": "off"})["id"]

    def owner(self, operation):
        """The worker that runs the operation's task, once there is one."""
        def find():
            rows = self.cluster.query(f"SELECT l.owner FROM task_lease l JOIN task t ON t.id = l.task_id WHERE t.op_id = {operation}")
            for owner, in rows:
                for worker in self.cluster.workers:
                    if worker.alive() and f":{worker.process.pid}:" in owner:
                        return worker
            return None
        return wait_until(find, 30, "a worker has the task")

    def task(self, operation):
        columns = "state, attempts, crashes, failures, epoch, result_epoch"
        row = self.cluster.query(f"SELECT {columns} FROM task WHERE op_id = {operation} ORDER BY id LIMIT 1")[0]
        return dict(zip(columns.split(", "), row))

    def profiles(self, datastore):
        return self.cluster.query("SELECT count(*) FROM container_profile p JOIN container c ON c.id = p.container_id "
                                  f"WHERE c.datastore_id = {datastore}")[0][0]

    def test_a_killed_worker_costs_one_attempt(self):
        datastore = self.slow_datastore()
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        executors = wait_until(lambda: children(worker.process.pid), 10, "its executor runs")
        worker.kill()
        wait_until(lambda: not any(os.path.exists(f"/proc/{p}") for p in executors), 5, "its executors go with it")
        self.assertEqual(self.api.wait(operation)["result"], "success")
        task = self.task(operation)
        self.assertEqual((task["attempts"], task["crashes"], task["epoch"] == task["result_epoch"]), ("2", "1", True))
        self.assertEqual(self.profiles(datastore), "1")

    def test_a_frozen_worker_comes_back_and_is_refused(self):
        datastore = self.slow_datastore(rows=900)
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        worker.signal(signal.SIGSTOP)
        wait_until(lambda: int(self.task(operation)["attempts"]) >= 2, 4 * LEASE_S, "another worker has it")
        worker.signal(signal.SIGCONT)
        self.assertEqual(self.api.wait(operation)["result"], "success")
        wait_until(lambda: any(e.get("event") == "task ended" and e.get("state") == "fenced" for e in worker.events()), 30,
                   "the worker that was frozen learned that the task is no longer its own")
        self.assertEqual(self.profiles(datastore), "1")

    def test_a_dead_executor_costs_only_its_own_task(self):
        datastore = self.slow_datastore(views=2, rows=250)
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        victim = wait_until(lambda: children(worker.process.pid), 10, "an executor runs")[0]
        os.kill(victim, signal.SIGSEGV)
        self.assertEqual(self.api.wait(operation)["result"], "success")
        crashes = sorted(row[0] for row in self.cluster.query(f"SELECT crashes FROM task WHERE op_id = {operation}"))
        self.assertEqual(crashes, ["0", "1"])
        self.assertTrue(worker.alive())

    def test_a_frozen_broker_costs_latency_not_tasks(self):
        datastore = self.slow_datastore(rows=10)
        broker = int(os.environ["ASSAY_TEST_KAFKA_PID"])
        os.kill(broker, signal.SIGSTOP)
        try:
            self.assertEqual(self.api.wait(self.start_profile(datastore), 60)["result"], "success")
        finally:
            os.kill(broker, signal.SIGCONT)
        self.assertEqual(self.api.wait(self.start_profile(datastore), 60)["result"], "success")

    def test_a_frozen_redis_costs_a_progress_bar(self):
        datastore = self.slow_datastore(rows=100)
        redis = int(os.environ["ASSAY_TEST_REDIS_PID"])
        os.kill(redis, signal.SIGSTOP)
        try:
            operation = self.start_profile(datastore)
            self.assertEqual(self.api.wait(operation, 60)["result"], "success")
        finally:
            os.kill(redis, signal.SIGCONT)
        self.assertEqual(self.task(operation)["attempts"], "1")

    def test_abort_ends_the_source_session_too(self):
        datastore = self.slow_datastore(rows=5000)
        operation = self.start_profile(datastore)
        self.owner(operation)
        self.api.call("PUT", f"/operations/abort/{operation}")
        ended = self.api.wait(operation, 40)
        self.assertEqual(ended["result"], "aborted")
        wait_until(lambda: self.cluster.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                                              f"'%{self.schema}%' AND query LIKE 'COPY%'")[0][0] == "0", 10, "the source is left alone")

    def test_a_drained_worker_releases_without_an_attempt_lost(self):
        datastore = self.slow_datastore(rows=600)
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        self.assertEqual(worker.stop(), 0)
        self.assertEqual(self.api.wait(operation)["result"], "success")
        self.assertEqual(self.task(operation)["crashes"], "0")

    def test_the_scheduler_dies_and_another_one_goes_on(self):
        datastore = self.slow_datastore(rows=300)
        operation = self.start_profile(datastore)
        self.owner(operation)
        self.cluster.scheduler.kill()
        self.cluster.start_scheduler()
        self.api = self.cluster.api
        self.assertEqual(self.api.wait(operation)["result"], "success")
        self.assertEqual(self.profiles(datastore), "1")


if __name__ == "__main__":
    unittest.main()
