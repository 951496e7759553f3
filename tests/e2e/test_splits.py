"""Profiles in splits, end to end: plan, splits on any worker, merge; equal to the profile of the whole, whatever dies meanwhile."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import random
import sys
import unittest
import uuid

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402
from cluster import Cluster, missing_servers  # noqa: E402
from server import ROOT, WAIT_S, Scratch, wait_until  # noqa: E402

sys.path.insert(0, str(ROOT / "deploy"))
from sample import run_duckdb  # noqa: E402

LIBRARY = ROOT / ".cache/duckdb/lib/libduckdb.so"
SMALL = {"worker.split_time": "1ms", "worker.split_records": 500}   # 160 kB of CSV a split
EXACT = ("type", "null_count", "zero_count", "negative_count", "nan_count", "empty_count", "blank_count", "completeness", "min", "max", "sum",
         "min_length", "max_length", "approximate_distinct_values", "type_mismatches", "null_like", "semantic_type")
CLOSE = ("mean", "std_dev", "skewness", "kurtosis", "mean_length", "entropy")
RECORDS = 12_000


def rows(records, seed=1):
    rng = random.Random(seed)
    for i in range(records):
        yield {"id": i, "amount": rng.randrange(10_000_000) / 8, "few": rng.choice("abcde"), "note": f'line "{i}"\nand {i % 7}',
               "day": f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}", "gap": None if i % 3 else f"g{i % 91}"}


def csv_text(records):
    def cell(value):
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\n') else text
    lines = [",".join(["id", "amount", "few", "note", "day", "gap"])]
    return "\n".join(lines + [",".join(cell(v) for v in row.values()) for row in rows(records)]) + "\n"


def make_files(folder):
    (folder / "quoted.csv").write_text(csv_text(RECORDS))
    (folder / "lines.jsonl").write_text("".join(json.dumps({**row, "tags": ["x"] * (row["id"] % 3), "at": {"day": row["day"]}}) + "\n"
                                                for row in rows(RECORDS)))
    (folder / "turns.csv").write_text("id,code\n" + "".join(f"{i},{i if i < 5000 else f'x{i % 999}'}\n" for i in range(40_000)))
    run_duckdb(str(LIBRARY), f"COPY (SELECT i AS id, (i * 7919) % 10007 / 8 AS amount, 'w' || (i * i) % 97 AS word, "
                             f"CASE WHEN i % 3 = 0 THEN i END AS gap FROM range(30000) t(i)) TO '{folder}/groups.parquet' "
                             "(FORMAT parquet, ROW_GROUP_SIZE 2048)")
    for number in range(40):
        chunk = "".join(f"{number},{i},{(i * number) % 53}\n" for i in range(1200))
        (folder / f"part_{number:02}.csv").write_text("file,line,value\n" + chunk)


def fields_of(api, datastore):
    """{container: {field: its profile}}"""
    found = {}
    for container in api.call("GET", "/containers/listing", datastore=datastore):
        items = api.items(f"/containers/{container['id']}/field-profiles")
        found[container["name"]] = {item["name"]: item for item in items}
    return found


def profile_files(api, folder, name, **body):
    datastore = api.datastore(name, {"type": "file", "uri": f"file://{folder}"}, root_path="/", **body)
    synced = api.run("sync", datastore)
    assert synced["result"] == "success", synced
    return datastore, api.run("profile", datastore)


class ServeTest(unittest.TestCase):
    """assay serve over SQLite: the same files profiled whole and in splits."""

    @classmethod
    def setUpClass(cls):
        cls.scratch, cls.other = Scratch(), Scratch()
        cls.addClassCleanup(cls.other.close)
        cls.addClassCleanup(cls.scratch.close)
        cls.folder = cls.scratch.folder / "data"
        cls.folder.mkdir()
        make_files(cls.folder)
        cls.role, cls.api = cls.scratch.serve(**{"worker.slots": 2, **SMALL})
        _, cls.whole_api = cls.other.serve(**{"file.roots": str(cls.folder), "worker.slots": 2})

    def compare(self, got, want):
        self.assertEqual(sorted(got), sorted(want))
        for container, fields in want.items():
            self.assertEqual(list(got[container]), list(fields), container)
            for name, field in fields.items():
                for key in EXACT:
                    self.assertEqual(got[container][name].get(key), field.get(key), (container, name, key))
                for key in CLOSE:
                    a, b = got[container][name].get(key), field.get(key)
                    self.assertTrue(a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9), (container, name, key, a, b))

    def test_files_of_all_kinds(self):
        datastore, operation = profile_files(self.api, self.folder, "splits", folder_globbing_enabled=True)
        self.assertEqual((operation["result"], operation["message"]),
                         ("success", "turns.csv: read twice: the values of code are of type String"))
        whole_datastore, whole = profile_files(self.whole_api, self.folder, "whole", folder_globbing_enabled=True)
        self.assertEqual(operation["status"], whole["status"])
        self.assertEqual(len(operation["container_profiles"]), 5)
        self.compare(fields_of(self.api, datastore), fields_of(self.whole_api, whole_datastore))
        ended = [e for e in self.role.events() if e.get("event") == "task ended" and e["operation"] == operation["id"]]
        kinds = [e["kind"] for e in ended]
        self.assertEqual({e["state"] for e in ended}, {"succeeded"})
        self.assertEqual(kinds.count("profile.plan"), 6, "one for each container, and turns.csv once more: its types turn")
        self.assertEqual(kinds.count("profile.merge"), 6)
        self.assertGreater(kinds.count("profile.split"), 20)
        rules = [sorted((c["rule_type"], [f["name"] for f in c["fields"]]) for c in api.items("/quality-checks", datastore=d))
                 for api, d in ((self.api, datastore), (self.whole_api, whole_datastore))]
        self.assertTrue(rules[1])
        self.assertEqual(*rules)

    def test_a_small_container_is_profiled_at_once(self):
        folder = self.scratch.folder / "small"
        folder.mkdir()
        (folder / "few.csv").write_text("id\n1\n2\n")
        _, operation = profile_files(self.api, folder, "small")
        self.assertEqual((operation["result"], operation["status"]["records_processed"]), ("success", 2))
        kinds = [e["kind"] for e in self.role.events() if e.get("event") == "task ended" and e["operation"] == operation["id"]]
        self.assertEqual(kinds, ["profile.plan"])


# The n-th executor that is started waits until the file `limit` says that it may run.
GATE = """#!/bin/sh
cd "{folder}" || exit 1
n=1
while ! mkdir "gate.$n" 2>/dev/null; do n=$((n + 1)); done
while [ "$n" -gt "$(cat limit)" ]; do kill -0 "$1" 2>/dev/null || exit 1; sleep 0.05; done
exec "{executor}" "$@"
"""


@unittest.skipIf(missing_servers(), f"needs {missing_servers()}")
class ClusterTest(unittest.TestCase):
    """Scheduler and two workers on PostgreSQL, Kafka and Redis."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(workers=0, fast=True)
        cls.addClassCleanup(cls.cluster.close)
        cls.api, folder = cls.cluster.api, cls.cluster.scratch.folder
        cls.gate = folder / "gate"
        cls.gate.mkdir()
        script = cls.gate / "assay-execute"
        script.write_text(GATE.format(folder=cls.gate, executor=execute.executor()))
        script.chmod(0o755)
        cls.cluster.shared.update({"worker.split_time": "1ms", "worker.split_records": 2000})
        cls.cluster.environment["ASSAY_EXECUTE"] = str(script)

    def setUp(self):
        self.open_gate(1_000_000)
        self.addCleanup(self.raise_limit, 1_000_000)
        self.cluster.workers[:] = [w for w in self.cluster.workers if w.alive()]
        while len(self.cluster.workers) < 2:
            self.cluster.workers.append(self.cluster.start_worker())

    def open_gate(self, limit):
        """So many executors may run; their numbers begin anew."""
        for gone in self.gate.glob("gate.*"):
            gone.rmdir()
        self.raise_limit(limit)

    def raise_limit(self, limit):
        (self.gate / "limit.new").write_text(str(limit))
        (self.gate / "limit.new").rename(self.gate / "limit")

    def datastore(self, records=12_000):
        folder = self.cluster.scratch.folder / uuid.uuid4().hex
        folder.mkdir()
        (folder / "quoted.csv").write_text(csv_text(records))
        datastore = self.api.datastore(folder.name, {"type": "file", "uri": f"file://{folder}"}, root_path="/")
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return datastore

    def start(self, datastore, limit):
        self.open_gate(limit)
        return self.api.call("POST", "/operations/run", {"type": "profile", "datastore_id": datastore})["id"]

    def tasks(self, operation, kind):
        columns = ("id", "state", "attempts", "crashes")
        return [dict(zip(columns, row)) for row in self.cluster.query(
            f"SELECT {', '.join(columns)} FROM task WHERE op_id = {operation} AND kind = '{kind}' ORDER BY id")]

    def holder(self, operation, kind):
        """The worker that runs a task of that kind."""
        def find():
            owners = self.cluster.query(f"SELECT l.owner FROM task_lease l JOIN task t ON t.id = l.task_id WHERE t.op_id = {operation} "
                                        f"AND t.kind = '{kind}' AND t.state = 'running'")
            return next((w for owner, in owners for w in self.cluster.workers if f":{w.process.pid}:" in owner), None)
        return wait_until(find, WAIT_S, f"a worker runs a {kind}")

    def kill_the_holder_of(self, kind, limit):
        datastore = self.datastore()
        operation = self.start(datastore, limit)
        dead = self.holder(operation, kind)
        dead.kill()
        owner = f":{dead.process.pid}:"
        self.cluster.query(f"UPDATE task_lease SET lease_until = 1 WHERE owner LIKE '%{owner}%'")   # its time runs out
        self.raise_limit(1_000_000)
        done = self.api.wait(operation)
        self.assertEqual((done["result"], done["message"], done["status"]["records_processed"]), ("success", None, 12_000))
        profiled = self.cluster.query(f"SELECT count(*) FROM container_profile WHERE operation_id = {operation}")
        self.assertEqual(profiled, [("1",)])
        self.assertEqual(fields_of(self.api, datastore)["quoted.csv"]["id"]["sum"], str(12_000 * 11_999 // 2))
        return operation

    def test_a_worker_killed_in_a_split_costs_its_own_splits(self):
        operation = self.kill_the_holder_of("profile.split", 1)
        splits = self.tasks(operation, "profile.split")
        self.assertGreater(len(splits), 3)
        self.assertIn(sum(int(s["crashes"]) for s in splits), (1, 2), "those that it ran")
        self.assertEqual([t["attempts"] for t in self.tasks(operation, "profile.plan") + self.tasks(operation, "profile.merge")],
                         ["1", "1"])

    def test_a_worker_killed_in_the_plan_leaves_one_set_of_splits(self):
        operation = self.kill_the_holder_of("profile.plan", 0)
        self.assertEqual([t["attempts"] for t in self.tasks(operation, "profile.plan")], ["2"])
        self.assertEqual(len(self.tasks(operation, "profile.merge")), 1)
        numbers = self.cluster.query(f"SELECT count(*), count(DISTINCT split_no) FROM task WHERE op_id = {operation} AND kind = "
                                     "'profile.split'")
        self.assertEqual(*numbers[0])

    def test_a_worker_killed_in_the_merge_costs_the_merge(self):
        before = self.api.run("profile", self.datastore())   # the same file is cut as it was cut before
        operation = self.kill_the_holder_of("profile.merge", 1 + len(self.tasks(before["id"], "profile.split")))
        self.assertEqual({t["attempts"] for t in self.tasks(operation, "profile.split")}, {"1"})
        self.assertEqual([t["attempts"] for t in self.tasks(operation, "profile.merge")], ["2"])

    def test_abort_among_the_splits(self):
        operation = self.start(self.datastore(), 1)
        self.holder(operation, "profile.split")
        live = self.api.call("GET", f"/operations/{operation}")["status"]
        self.assertEqual((live["total_containers"], live["containers_analyzed"]), (1, 0))
        self.api.call("PUT", f"/operations/abort/{operation}")
        self.raise_limit(1_000_000)
        self.assertEqual(self.api.wait(operation)["result"], "aborted")
        states = self.cluster.query(f"SELECT DISTINCT kind, state FROM task WHERE op_id = {operation} ORDER BY 1")
        self.assertIn(("profile.merge", "cancelled"), states)
        self.assertTrue({state for _, state in states} <= {"cancelled", "succeeded"}, states)

    def test_a_split_that_fails_is_named(self):
        folder = self.cluster.scratch.folder / uuid.uuid4().hex
        folder.mkdir()
        run_duckdb(str(LIBRARY), f"COPY (SELECT i AS id, md5(i::VARCHAR) AS word FROM range(20000) t(i)) TO '{folder}/bad.parquet' "
                                 "(FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd)")
        data = bytearray((folder / "bad.parquet").read_bytes())
        data[len(data) // 2:len(data) // 2 + 2000] = bytes(2000)
        (folder / "bad.parquet").write_bytes(data)
        _, operation = profile_files(self.api, folder, folder.name)
        self.assertEqual(operation["result"], "failure")
        self.assertRegex(operation["message"], r"^bad\.parquet: split \d+ of \d+ \(\S+/bad\.parquet\) did not succeed: .*reading")
        splits = self.tasks(operation["id"], "profile.split")
        self.assertTrue({s["attempts"] for s in splits} <= {"0", "1"}, splits)
        self.assertEqual([s["state"] for s in splits].count("failed"), 1)
        self.assertTrue({s["state"] for s in splits} <= {"failed", "cancelled", "succeeded"}, splits)

    def test_a_postgresql_table_by_blocks(self):
        place, schema = self.cluster.postgres_place(), "s" + uuid.uuid4().hex[:8]
        self.cluster.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.orders AS SELECT i AS id, (i * 7919 % 10007)::numeric / 8 AS "
                         f"amount, CASE WHEN i % 3 = 0 THEN repeat('x', i % 90) END AS note, (i * 11 % 13)::numeric AS free "
                         f"FROM generate_series(1, 20000) i; ALTER TABLE {schema}.orders ALTER amount TYPE numeric(12, 3); "
                         f"DELETE FROM {schema}.orders WHERE id % 10 = 0; ANALYZE {schema}.orders")
        self.addCleanup(self.cluster.sql, f"DROP SCHEMA {schema} CASCADE")
        datastore = self.api.datastore(schema, {"type": "postgresql", **place}, database=place["database"], schema=schema)
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        operation = self.api.run("profile", datastore)
        self.assertEqual((operation["result"], operation["status"]["records_processed"]), ("success", 18_000))
        self.assertGreater(len(self.tasks(operation["id"], "profile.split")), 3)
        kept = [i for i in range(1, 20_001) if i % 10]
        fields = fields_of(self.api, datastore)["orders"]
        self.assertEqual((fields["id"]["min"], fields["id"]["max"], fields["id"]["sum"]), ("1", "19999", str(sum(kept))))
        self.assertEqual(float(fields["amount"]["sum"]), sum(i * 7919 % 10007 for i in kept) / 8)
        self.assertEqual(fields["note"]["null_count"], sum(1 for i in kept if i % 3))
        self.assertEqual(fields["note"]["max_length"], max(i % 90 for i in kept if i % 3 == 0))
        self.assertEqual(fields["free"]["approximate_distinct_values"], 13)


if __name__ == "__main__":
    unittest.main()
