"""Splits: the states of any number of parts, merged, give the profile of the whole."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import pathlib
import statistics
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

EXACT = ("type", "null_count", "zero_count", "negative_count", "nan_count", "empty_count", "blank_count", "completeness", "min", "max", "sum",
         "min_length", "max_length", "approximate_distinct_values", "type_mismatches", "null_like", "patterns", "semantic_type")
CLOSE = ("mean", "std_dev", "skewness", "kurtosis", "mean_length", "entropy", "unique_distinct_ratio")


def csv_text(records):
    words = [f"word {i * i % 97}" for i in range(97)]
    rows = (f"{i},{(i * 7919 % 10007) / 8},{words[i % 97] if i % 11 else ''},2024-{i % 12 + 1:02}-{i % 28 + 1:02},{'NA' if i % 500 == 3 else i % 5}\n"
            for i in range(records))
    return "id,amount,word,day,few\n" + "".join(rows)


class SplitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name) / "all.csv"
        cls.path.write_text(csv_text(30_000))
        cls.whole = execute.profile(cls.path)
        cls.source = execute.file_source([cls.path])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def states(self, splits):
        data = self.path.read_bytes()
        cuts = [0] + [data.index(b"\n", len(data) * i // splits) + 1 for i in range(1, splits)] + [0]
        limits = {"memory_bytes": 1 << 30, "threads": 1, "deadline_ms": 0}
        return [execute.run(execute.task("profile.split", self.source, split_no=i, split_count=splits, limits=limits,
                                         split={"parts": [[0, cuts[i], cuts[i + 1]]]}))["chunks"] for i in range(splits)]

    def merge(self, states):
        return execute.container(execute.run(execute.task("profile.merge", self.source, settings={"states": states})))

    def check(self, merged, exact=EXACT):
        self.assertEqual(merged["records_count"], self.whole["records_count"])
        self.assertEqual(merged["dialect"], self.whole["dialect"])
        self.assertEqual(merged["warnings"], self.whole["warnings"])
        for got, want in zip(merged["fields"], self.whole["fields"], strict=True):
            for key in exact:
                self.assertEqual(got[key], want[key], (want["name"], key))
            for key in CLOSE:
                if want[key] is None:
                    self.assertIsNone(got[key])
                else:
                    self.assertTrue(math.isclose(got[key], want[key], rel_tol=1e-9, abs_tol=1e-9), (want["name"], key))

    def test_any_number_of_splits(self):
        for splits in (2, 3, 7):
            with self.subTest(splits=splits):
                self.check(self.merge([{"chunks": chunks} for chunks in self.states(splits)]))

    def test_any_order_of_splits(self):
        states = [{"chunks": chunks} for chunks in self.states(6)]
        without_rows = [key for key in EXACT if key != "type_mismatches"]   # rows are counted in the order that is given
        for order in ((5, 4, 3, 2, 1, 0), (2, 0, 5, 1, 4, 3)):
            with self.subTest(order=order):
                self.check(self.merge([states[i] for i in order]), without_rows)

    def test_values_beyond_the_squares_of_doubles(self):
        path = pathlib.Path(self.folder.name) / "far.csv"
        lines = ["big,small"] + [f"{(-1) ** i * (i % 5 + 1)}e307,{i % 5 + 1}e-250" for i in range(60)]
        path.write_text("\n".join(lines) + "\n")
        data, source, whole = path.read_bytes(), execute.file_source([path]), execute.profile(path)
        cuts = [0] + [data.index(b"\n", len(data) * i // 4) + 1 for i in range(1, 4)] + [0]
        states = [execute.run(execute.task("profile.split", source, split_no=i, split_count=4,
                                           split={"parts": [[0, cuts[i], cuts[i + 1]]]}))["chunks"] for i in range(4)]
        merged = execute.container(execute.run(execute.task("profile.merge", source, settings={
            "states": [{"chunks": chunks} for chunks in states]})))
        for document in (whole, merged):
            for field, unit, sign in zip(document["fields"], (1e307, 1e-250), (-1, 1)):
                values = [sign ** i * (i % 5 + 1) for i in range(60)]
                want = [statistics.fmean(values), statistics.stdev(values)]
                for key, value in zip(("mean", "std_dev"), want):
                    self.assertTrue(math.isclose(field[key] / unit, value, rel_tol=1e-12, abs_tol=1e-12), (field["name"], key, field[key]))
                self.assertTrue(-2 < field["kurtosis"] < -1, field["kurtosis"])

    def test_states_from_files_and_the_same_bytes_again(self):
        files = []
        for i, chunks in enumerate(self.states(2)):
            path = pathlib.Path(self.folder.name) / f"{i}.jsonl"
            path.write_text("".join(json.dumps(chunk) + "\n" for chunk in chunks))
            files.append({"path": str(path)})
        merged = self.merge(files)
        self.check(merged)
        again = self.merge([{"chunks": chunks} for chunks in self.states(2)])
        self.assertEqual(merged["fields"], again["fields"])

    def test_a_file_that_changes_between_plan_and_split_is_told(self):
        info = self.path.stat()
        key, size = str(self.path), info.st_size

        def split(fingerprint):
            return execute.run(execute.task("profile.split", self.source, split={
                "parts": [[0, 0, 0]], "group": 0, "partitions": [{"key": key, "fingerprint": fingerprint}]}))["chunks"]
        codes = {}
        for name, fingerprint in (("same", f"{size}:{info.st_mtime_ns}"), ("grown", f"{size - 9}:{info.st_mtime_ns - 1}"),
                                  ("touched", f"{size}:{info.st_mtime_ns - 1}")):
            merged = self.merge([{"chunks": split(fingerprint)}])
            codes[name] = [warning["code"] for warning in merged["warnings"] if warning["code"] == "file_changed"]
        self.assertEqual(codes, {"same": [], "grown": ["file_changed"], "touched": ["file_changed"]})
        with self.assertRaises(execute.Failed) as raised:   # its records are not all there
            split(f"{size + 1}:{info.st_mtime_ns - 1}")
        self.assertEqual(raised.exception.code, "INVALID")
        self.assertIn(f"was shortened while it was read in splits, from {size + 1} bytes to {size}", str(raised.exception))

    def test_damaged_states_are_refused(self):
        good = self.states(2)
        for damage in ({"v": 99}, {"data": "no base64!"}, {"data": "AAAA"}, {"target": [99, 0, False, False]}, {"types": {}}, {"field": "new"}):
            broken = json.loads(json.dumps(good))
            broken[1][0].update(damage)
            with self.subTest(damage=damage), self.assertRaises(execute.Failed) as failed:
                self.merge([{"chunks": chunks} for chunks in broken])
            self.assertIn(failed.exception.code, ("FORMAT", "CONFLICT"))
        with self.assertRaises(execute.Failed):
            self.merge([{"chunks": good[0][:-1]}])
        with self.assertRaises(execute.Failed):
            self.merge([])


LIMITS = {"memory_bytes": 1 << 30, "threads": 2, "deadline_ms": 0, "split_ms": 1, "split_records": 100}   # 160 kB of CSV a split


class PlanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        sizes = {"a.csv": 50, "b.csv": 50, "c.csv": 20_000, "d.csv": 50, "e.csv": 4_000, "f.csv": 4_000, "g.csv": 4_000}
        for name, records in sizes.items():
            (folder / name).write_text(csv_text(records))
        cls.paths = [folder / name for name in sizes]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def plan(self, limits=None, reader=None, **settings):
        source = execute.file_source(self.paths, "all")
        spec = execute.task("profile.plan", source, settings=settings, limits={**LIMITS, **(limits or {})})
        return execute.run({**spec, "reader": {**spec.get("reader", {}), **(reader or {})}})["chunks"]

    def test_no_split_mixes_partitions_and_all_of_it_is_in_one(self):
        chunks = self.plan()
        self.assertEqual({chunk["t"] for chunk in chunks}, {"plan"})
        groups = [group for chunk in chunks[1:] for group in chunk["groups"]]
        self.assertEqual(chunks[0]["splits"], sum(len(group["splits"]) for group in groups))
        self.assertEqual(sorted(chunks[0]["beliefs"]), ["amount", "day", "few", "id", "word"])
        names = [[pathlib.Path(p["key"]).name for p in group["partitions"]] for group in groups]
        self.assertEqual(names, [["a.csv", "b.csv"], ["c.csv"], ["d.csv", "e.csv", "f.csv"], ["g.csv"]])
        for group in groups:
            for partition in group["partitions"]:
                status = pathlib.Path(partition["key"]).stat()
                self.assertEqual(partition["fingerprint"], f"{status.st_size}:{status.st_mtime_ns}")
        places = {}
        for group in groups:
            for split in group["splits"]:
                for file, begin, end in split["bounds"]["parts"]:
                    places.setdefault(file, []).append((begin, end))
        for file, path in enumerate(self.paths):
            begins, ends = [b for b, _ in places[file]], [e for _, e in places[file]]
            self.assertEqual((begins[0], ends[-1], begins[1:]), (0, 0, ends[:-1]), path)
            data = path.read_bytes()
            self.assertTrue(all(data[b - 1:b] == b"\n" for b in begins[1:]), "cut between records")
        self.assertGreater(len(places[2]), 3)

    def test_what_is_not_cut(self):
        for limits, settings in (({"split_ms": 0}, {}), ({"split_ms": 120_000}, {}), ({"split_records": 1_000_000}, {}),
                                 ({}, {"limit": 5}), ({}, {"where": "id > 3"}), ({}, {"fields": ["id"]}), ({}, {"sample": 10})):
            with self.subTest(limits=limits, settings=settings):
                self.assertIn("container", {chunk["t"] for chunk in self.plan(limits, **settings)})

    def test_what_a_merge_could_not_hold_is_not_cut(self):
        wide = pathlib.Path(self.folder.name) / "wide.txt"
        fields = 700
        wide.write_text("\n".join([",".join(f"f{i}" for i in range(fields))] + [",".join(["text"] * fields)] * 300) + "\n")
        for memory, kind in ((1 << 30, "plan"), (100 << 20, "container")):
            spec = execute.task("profile.plan", execute.file_source([wide]), limits={**LIMITS, "memory_bytes": memory})
            self.assertIn(kind, {chunk["t"] for chunk in execute.run(spec)["chunks"]})

    def test_damaged_beliefs_and_keys_are_refused(self):
        for belief in ([], [99, 0, False, False, 0, False], "Integral", {"x": 1}):
            with self.subTest(belief=belief), self.assertRaises(execute.Failed) as failed:
                self.plan(beliefs={"id": belief})
            self.assertEqual(failed.exception.code, "FORMAT")
        path = pathlib.Path(self.folder.name) / "x.jsonl"
        path.write_text('{"a": 1}\n')
        deep = [1, [], None]
        for _ in range(200):
            deep = [2, [["k", deep]], None]
        for keys in (deep, [8, [], None], [2, [["a", [1, [], None]], ["a", [1, [], None]]], None], [2, [[7, [1, [], None]]], None], {}, "x"):
            spec = execute.task("profile", execute.file_source([path]))
            with self.subTest(keys=str(keys)[:60]), self.assertRaises(execute.Failed) as failed:
                execute.run({**spec, "reader": {"json_fields": keys}})
            self.assertEqual(failed.exception.code, "FORMAT")


if __name__ == "__main__":
    unittest.main()
