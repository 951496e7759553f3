"""Kept states: a profile that reads only what changed is the profile of everything."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

sys.path.insert(0, str(execute.ROOT / "deploy"))
from sample import run_duckdb  # noqa: E402

EXACT = ("type", "null_count", "zero_count", "negative_count", "nan_count", "empty_count", "blank_count", "completeness", "min", "max", "sum",
         "min_length", "max_length", "null_like", "type_mismatches", "semantic_type")
CLOSE = ("mean", "std_dev", "skewness", "kurtosis", "mean_length")


def records(seed, count):
    chance = random.Random(seed)
    return [(seed * 100_000 + i, f"{chance.gauss(50, 9):.4f}", f"word {chance.randrange(3000)}" if i % 11 else "",
             f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}", "NA" if i % 500 == 3 else str(i % 5)) for i in range(count)]


def write_csv(path, rows):
    path.write_text("id,amount,word,day,few\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))


def write_json(path, rows):
    names = ("id", "amount", "word", "day", "few")
    path.write_text("".join(json.dumps(dict(zip(names, row))) + "\n" for row in rows))


def write_parquet(path, rows):
    text = path.with_suffix(".text")
    write_csv(text, rows)
    run_duckdb(str(execute.ROOT / ".cache/duckdb/lib/libduckdb.so"),
               f"COPY (SELECT id, amount::DOUBLE AS amount, word, day::DATE AS day, few FROM read_csv('{text}', all_varchar = true)) "
               f"TO '{path}' (FORMAT parquet)")
    text.unlink()


class Catalog:
    """What a server keeps: the states of the last profile, given to the next one as a file on fd 0."""

    def __init__(self):
        self.states, self.parts, self.next_id, self.judged = [], {}, 1, {}

    def take(self, result):
        parts = {}
        for chunk in result["chunks"]:
            if chunk["t"] == "kept_part":
                parts.setdefault(chunk["no"], []).append(chunk)
        states = []
        for state in [state for chunk in result["chunks"] if chunk["t"] == "kept" for state in chunk["states"]]:
            if "id" not in state:
                state = {**state, "id": self.next_id}
                self.next_id += 1
                self.parts[state["id"]] = parts[state["no"]]
            states.append(next((known for known in self.states if known["id"] == state["id"]), state))
        self.states = states
        self.judged = next(chunk for chunk in result["chunks"] if chunk["t"] == "container")["run"].get("judged", {})

    def keep(self, **more):
        return {"states": self.states, "judged": self.judged, "path": "-", **more}

    def spool(self):
        file = tempfile.TemporaryFile()
        for state in self.states:
            file.write(json.dumps({"kept": state["id"]}, separators=(",", ":")).encode() + b"\n")
            for part in self.parts[state["id"]]:
                file.write(json.dumps(part).encode() + b"\n")
        file.seek(0)
        return file


class KeptTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.catalog = Catalog()
        self.clock = 1_700_000_000

    def put(self, name, rows, write=write_csv):
        path = pathlib.Path(self.folder.name) / name
        write(path, rows)
        self.clock += 60
        os.utime(path, (self.clock, self.clock))
        return path

    def profile(self, paths, reader=None, settings=None, **more):
        settings = {**(settings or {}), "keep": self.catalog.keep(**more)}
        with self.catalog.spool() as spool:
            result = execute.run(execute.task("profile", execute.file_source(paths), reader=reader or {}, settings=settings), stdin=spool)
        self.catalog.take(result)
        return execute.container(result)

    def check(self, got, want):
        for key in ("records_count", "records_processed", "rejected_records", "rejections", "dialect", "format"):
            self.assertEqual(got[key], want[key], key)
        for field, full in zip(got["fields"], want["fields"], strict=True):
            self.assertEqual(field["name"], full["name"])
            for key in EXACT:
                self.assertEqual(field[key], full[key], (full["name"], key))
            for key in CLOSE:
                if full[key] is None:
                    self.assertIsNone(field[key])
                else:
                    self.assertTrue(math.isclose(field[key], full[key], rel_tol=1e-9, abs_tol=1e-9), (full["name"], key))
            error = 3 * max(full["distinct_standard_error"] or 0, 0.0081)
            self.assertAlmostEqual(field["approximate_distinct_values"], full["approximate_distinct_values"],
                                   delta=1 + error * full["approximate_distinct_values"])

    def three(self, write=write_csv, suffix="csv"):
        return [self.put(f"{name}.{suffix}", records(i, 4000 + i), write) for i, name in enumerate("abc")]

    def test_only_changed_files_are_read(self):
        for write, suffix in ((write_csv, "csv"), (write_json, "jsonl"), (write_parquet, "parquet")):
            with self.subTest(format=suffix):
                self.catalog = Catalog()
                paths = self.three(write, suffix)
                first = self.profile(paths)
                self.check(first, execute.profile(paths))
                self.assertEqual((first["run"]["partitions"], first["run"]["partitions_read"], first["run"]["notice"]), (3, 3, None))
                self.assertEqual(len(self.catalog.states), 3)
                paths[1] = self.put(f"b.{suffix}", records(9, 5000), write)   # changed
                paths.append(self.put(f"d.{suffix}", records(4, 300), write))  # added
                del paths[0]                                                  # removed
                second = self.profile(paths)
                self.check(second, execute.profile(paths))
                self.assertEqual((second["run"]["partitions_read"], second["run"]["records_read"]), (2, 5300))
                changed = sum(path.stat().st_size for path in (paths[0], paths[2]))
                times = round(second["run"]["bytes_read"] / changed)   # once more for the checks that rest on the sample
                self.assertIn(times, (1, 2))
                self.assertAlmostEqual(second["run"]["bytes_read"], times * changed, delta=200)  # headers
                self.assertEqual(second["run"]["notice"], "read 2 of 3 files; 1 unchanged since 2026-11-20; 1 file is gone")
                third = self.profile(paths)
                self.check(third, execute.profile(paths))
                self.assertEqual((third["run"]["bytes_read"], third["run"]["records_read"]), (0, 0))
                self.assertEqual(third["run"]["notice"], "nothing read: unchanged since 2026-11-20")

    def test_a_single_file(self):
        path = self.put("one.csv", records(1, 3000))
        self.profile([path])
        again = self.profile([path])
        self.check(again, execute.profile([path]))
        self.assertEqual(again["run"]["bytes_read"], 0)

    def test_rejected_records_keep_their_place(self):
        paths = self.three()
        bad = self.put("b.csv", records(1, 10))
        with open(bad, "a") as file:
            file.write("1,2,3,2024-01-01,4,too,many\n")
        os.utime(bad, (self.clock, self.clock))
        self.profile(paths)
        paths.insert(0, self.put("0.csv", records(7, 50)))
        got = self.profile(paths)
        self.check(got, execute.profile(paths))
        self.assertEqual(got["run"]["partitions_read"], 1)
        self.assertEqual(got["rejections"][0]["file"], str(bad))

    def test_a_type_that_changes_reads_all(self):
        paths = self.three()
        self.profile(paths)
        rows = [(f"x{row[0]}", *row[1:]) for row in records(3, 4000)]
        paths.append(self.put("d.csv", rows))
        got = self.profile(paths)
        self.check(got, execute.profile(paths))
        self.assertEqual(got["fields"][0]["type"], "String")
        self.assertIn("the values of id are of type String now", got["run"]["notice"])
        self.assertEqual(got["run"]["partitions_read"], 4)
        self.assertEqual(self.profile(paths)["run"]["bytes_read"], 0)

    def test_fields_that_come_and_go_read_all(self):
        paths = self.three()
        self.profile(paths)
        wider = self.put("d.csv", [])
        wider.write_text("id,amount,word,day,few,more\n1,2,3,2024-01-01,4,5\n")
        os.utime(wider, (self.clock, self.clock))
        got = self.profile([*paths, wider])
        self.check(got, execute.profile([*paths, wider]))
        self.assertIn("the field more is new", got["run"]["full_because"])
        got = self.profile(paths)
        self.check(got, execute.profile(paths))
        self.assertIn("fewer fields", got["run"]["full_because"])

    def test_damaged_states_are_refused(self):
        paths = self.three()
        self.profile(paths)
        good = json.dumps(self.catalog.parts)
        whole = execute.profile(paths)

        def flip(part):
            part["chunk"] = part["chunk"][:60] + chr(ord(part["chunk"][60]) ^ 1) + part["chunk"][61:]

        for name, damage in (("bit", lambda parts: flip(parts[1])), ("cut", lambda parts: parts.pop()), ("gone", lambda parts: parts.clear()),
                             ("sum", lambda parts: parts[0].update(sum="0" * 16)), ("not text", lambda parts: parts[0].update(chunk=7))):
            with self.subTest(damage=name):
                self.catalog.parts = {int(key): value for key, value in json.loads(good).items()}
                damage(self.catalog.parts[self.catalog.states[1]["id"]])
                states = self.catalog.states
                got = self.profile(paths)
                self.check(got, whole)
                self.assertEqual(got["run"]["partitions_read"], 3)
                self.assertIn("kept state", got["run"]["full_because"])
                self.assertIn("kept_state_refused", [warning["code"] for warning in got["warnings"]])
                self.catalog.states = states

    def test_a_file_changed_just_now_is_not_kept(self):
        paths = self.three()
        os.utime(paths[2])
        self.profile(paths)
        self.assertEqual([[key for key, _ in state["partitions"]] for state in self.catalog.states], [[str(paths[0])], [str(paths[1])]])
        self.assertEqual(self.profile(paths)["run"]["partitions_read"], 1)

    def test_many_files_are_kept_as_64_states(self):
        paths = [self.put(f"{i:03}.csv", records(i, 20)) for i in range(100)]
        self.profile(paths)
        self.assertEqual(len(self.catalog.states), 64)
        self.assertEqual([key for state in self.catalog.states for key, _ in state["partitions"]], [str(path) for path in paths])
        paths[99] = self.put("099.csv", records(500, 30))
        got = self.profile(paths)
        self.check(got, execute.profile(paths))
        self.assertEqual((got["run"]["records_read"], len(self.catalog.states)), (30, 64))
        got = self.profile(paths)
        self.check(got, execute.profile(paths))
        self.assertEqual(got["run"]["records_read"], 0)

    def test_parts_of_a_container_are_not_kept(self):
        paths = self.three()
        for settings in ({"limit": 10}, {"sample": 100}, {"where": "few = '1'"}, {"fields": ["id"]}):
            with self.subTest(settings=settings):
                self.assertNotIn("partitions", self.profile(paths, settings=settings)["run"])


if __name__ == "__main__":
    unittest.main()
