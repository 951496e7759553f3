"""Profiles in splits, end to end: plan, splits on any worker, merge; equal to the profile of the whole, whatever dies meanwhile."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import random
import signal
import sys
import unittest
import uuid

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[1] / "lib"))
from cluster import Cluster, missing_servers  # noqa: E402
from server import ROOT, Scratch, wait_until  # noqa: E402

sys.path.insert(0, str(ROOT / "deploy"))
from sample import run_duckdb  # noqa: E402

LIBRARY = ROOT / ".cache/duckdb/lib/libduckdb.so"
SMALL = {"worker.split_time": "1ms", "worker.split_records": 500}   # 200 kB of CSV a split
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


class SplitsMixin:
    """Needs self.api, self.folder (readable by the workers), self.count(kind) and self.whole_of(datastore body)."""

    def profile(self, api, name, **body):
        datastore = api.datastore(name, {"type": "file", "uri": f"file://{self.folder}"}, root_path="/", **body)
        self.assertEqual(api.run("sync", datastore)["result"], "success")
        return datastore, api.run("profile", datastore)

    @staticmethod
    def fields_of(api, datastore):
        found = {}
        for container in api.call("GET", "/containers/listing", datastore=datastore):
            items = api.items(f"/containers/{container['id']}/field-profiles")
            found[container["name"]] = {item["name"]: item for item in items}
        return found

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


class ServeTest(SplitsMixin, unittest.TestCase):
    """assay serve over SQLite: the same files profiled whole and in splits."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.folder = cls.scratch.folder / "data"
        cls.folder.mkdir()
        make_files(cls.folder)
        cls.role, cls.api = cls.scratch.serve(**{"worker.slots": 2, **SMALL})
        cls.other = Scratch()
        cls.addClassCleanup(cls.other.close)
        cls.addClassCleanup(cls.scratch.close)
        _, cls.whole_api = cls.other.serve(**{"file.roots": str(cls.folder), "worker.slots": 2})

    def events(self, kind):
        return [e for e in self.role.events() if e.get("event") == "task ended" and e.get("kind") == kind]

    def test_files_of_all_kinds(self):
        datastore, operation = self.profile(self.api, "splits", folder_globbing_enabled=True)
        self.assertEqual((operation["result"], operation["message"]), ("success", None))
        whole_datastore, whole = self.profile(self.whole_api, "whole", folder_globbing_enabled=True)
        self.assertEqual(operation["status"], whole["status"])
        self.compare(self.fields_of(self.api, datastore), self.fields_of(self.whole_api, whole_datastore))
        self.assertGreaterEqual(len(self.events("profile.split")), 20)
        self.assertGreaterEqual(len(self.events("profile.merge")), 5)
        self.assertEqual({e["state"] for e in self.role.events() if e.get("event") == "task ended"}, {"succeeded"})
        inferred = [[c["rule_type"] for c in api.items("/quality-checks", datastore=d)] for api, d in
                    ((self.api, datastore), (self.whole_api, whole_datastore))]
        self.assertEqual(sorted(inferred[0]), sorted(inferred[1]))


if __name__ == "__main__":
    unittest.main()
