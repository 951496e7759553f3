"""Faults under a running cluster, on a real PostgreSQL, Kafka and Redis: what dies, and what must hold all the same.
Work is a view that is held until the test lets it go, so every scenario is hit, and is as short as it can be."""
import os
import pathlib
import signal
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import WAIT_S, wait_until  # noqa: E402

LEASE_S = 8   # another worker has the task within twice that


def children(pid):
    return [int(p) for p in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]


def runs(pid):
    """Not gone, nor dead and waited for by nobody."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class FaultTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(workers=2, fast=True, lease_s=LEASE_S)
        self.addCleanup(self.cluster.close)
        self.api = self.cluster.api
        self.schema = "s" + uuid.uuid4().hex[:8]
        self.cluster.sql(f"CREATE SCHEMA {self.schema}")
        self.addCleanup(self.cluster.sql, f"DROP SCHEMA {self.schema} CASCADE")

    def datastore(self, views):
        """A datastore of views: {name: text of its column z, for each row}."""
        for name, value in views.items():
            self.cluster.sql(f"CREATE VIEW {self.schema}.{name} AS SELECT i AS id, {value}::text AS z FROM generate_series(1, 100) i")
        place = self.cluster.postgres_place()
        datastore = self.api.datastore(self.schema, {"type": "postgresql", **place}, database=place["database"], schema=self.schema)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return datastore

    def held_datastore(self, views=1):
        """Whoever reads it waits for let_go()."""
        key = uuid.uuid4().int >> 66
        self.holder = subprocess.Popen(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.admin], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.let_go)
        self.holder.stdin.write(f"SELECT 'held' || pg_advisory_lock({key})::text;\n")
        self.holder.stdin.flush()
        self.assertEqual(self.holder.stdout.readline().strip(), "held")
        self.cluster.sql(f"CREATE FUNCTION {self.schema}.hold() RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
                         f"WHILE NOT pg_try_advisory_xact_lock_shared({key}) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN 'x'; END $$")
        return self.datastore({f"held{number}": f"{self.schema}.hold()" for number in range(views)})

    def let_go(self):
        self.holder.communicate()

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
        return wait_until(find, WAIT_S, "a worker has the task")

    def task(self, operation):
        columns = "state, attempts, crashes, failures, epoch, result_epoch"
        row = self.cluster.query(f"SELECT {columns} FROM task WHERE op_id = {operation} ORDER BY id LIMIT 1")[0]
        return dict(zip(columns.split(", "), row))

    def profiles(self, datastore):
        return self.cluster.query("SELECT count(*) FROM container_profile p JOIN container c ON c.id = p.container_id "
                                  f"WHERE c.datastore_id = {datastore}")[0][0]

    def test_a_killed_worker_costs_one_attempt(self):
        datastore = self.held_datastore()
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        executors = wait_until(lambda: children(worker.process.pid), WAIT_S, "its executor runs")
        worker.kill()
        wait_until(lambda: not any(runs(p) for p in executors), WAIT_S, "its executors go with it")
        self.let_go()
        self.assertEqual(self.api.wait(operation)["result"], "success")
        task = self.task(operation)
        self.assertEqual((task["attempts"], task["crashes"], task["epoch"] == task["result_epoch"]), ("2", "1", True))
        self.assertEqual(self.profiles(datastore), "1")

    def test_a_frozen_worker_comes_back_and_is_refused(self):
        datastore = self.held_datastore()
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        worker.signal(signal.SIGSTOP)
        wait_until(lambda: int(self.task(operation)["attempts"]) >= 2, WAIT_S, "another worker has it")
        worker.signal(signal.SIGCONT)
        self.let_go()
        self.assertEqual(self.api.wait(operation)["result"], "success")
        wait_until(lambda: any(e.get("event") == "task ended" and e.get("state") == "fenced" for e in worker.events()), WAIT_S,
                   "the worker that was frozen learned that the task is no longer its own")
        self.assertEqual(self.profiles(datastore), "1")

    def test_a_dead_executor_costs_only_its_own_task(self):
        datastore = self.held_datastore(views=2)
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        victim = wait_until(lambda: children(worker.process.pid), WAIT_S, "an executor runs")[0]
        os.kill(victim, signal.SIGSEGV)
        wait_until(lambda: not runs(victim), WAIT_S, "it is dead")
        self.let_go()
        self.assertEqual(self.api.wait(operation)["result"], "success")
        crashes = sorted(row[0] for row in self.cluster.query(f"SELECT crashes FROM task WHERE op_id = {operation}"))
        self.assertEqual(crashes, ["0", "1"])
        self.assertTrue(worker.alive())

    def test_a_frozen_broker_costs_latency_not_tasks(self):
        datastore = self.datastore({"t": "i"})
        broker = int(os.environ["ASSAY_TEST_KAFKA_PID"])
        os.kill(broker, signal.SIGSTOP)
        try:
            self.assertEqual(self.api.wait(self.start_profile(datastore))["result"], "success")
        finally:
            os.kill(broker, signal.SIGCONT)
        self.assertEqual(self.api.wait(self.start_profile(datastore))["result"], "success")

    def test_a_frozen_redis_costs_a_progress_bar(self):
        datastore = self.datastore({"t": "pg_sleep(0.02)"})
        redis = int(os.environ["ASSAY_TEST_REDIS_PID"])
        os.kill(redis, signal.SIGSTOP)
        try:
            operation = self.start_profile(datastore)
            self.assertEqual(self.api.wait(operation)["result"], "success")
        finally:
            os.kill(redis, signal.SIGCONT)
        self.assertEqual(self.task(operation)["attempts"], "1")

    def test_abort_ends_the_source_session_too(self):
        datastore = self.held_datastore()
        operation = self.start_profile(datastore)
        self.owner(operation)
        self.api.call("PUT", f"/operations/abort/{operation}")
        ended = self.api.wait(operation)
        self.assertEqual(ended["result"], "aborted")
        wait_until(lambda: self.cluster.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
                                              f"'%{self.schema}%' AND query LIKE 'COPY%'")[0][0] == "0", WAIT_S, "the source is left alone")

    def test_a_drained_worker_releases_without_an_attempt_lost(self):
        datastore = self.held_datastore()
        operation = self.start_profile(datastore)
        worker = self.owner(operation)
        self.assertEqual(worker.stop(), 0)
        self.let_go()
        self.assertEqual(self.api.wait(operation)["result"], "success")
        self.assertEqual(self.task(operation)["crashes"], "0")

    def test_the_scheduler_dies_and_another_one_goes_on(self):
        datastore = self.held_datastore()
        operation = self.start_profile(datastore)
        self.owner(operation)
        self.cluster.scheduler.kill()
        self.cluster.start_scheduler()
        self.api = self.cluster.api
        self.let_go()
        self.assertEqual(self.api.wait(operation)["result"], "success")
        self.assertEqual(self.profiles(datastore), "1")


if __name__ == "__main__":
    unittest.main()
