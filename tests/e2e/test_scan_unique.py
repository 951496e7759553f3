"""unique in a scan: which keys come twice is asked of all checks in one reading; verdicts and counts are Python's, whatever fits into memory."""
# SPDX-License-Identifier: Apache-2.0
import collections
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

CASES = [  # fields, filter as SQL and as Python, coverage
    (["id"], None, lambda r: True, 1), (["code"], None, lambda r: True, 1), (["code"], "id < 20000", lambda r: r["id"] < 20000, 1),
    (["code"], None, lambda r: True, 0.9), (["part", "place"], None, lambda r: True, 1), (["part"], None, lambda r: True, 1),
    (["part"], "id < 7", lambda r: r["id"] < 7, 1), (["code"], "10 / (id - 79999) < 1", None, 1), (["nothing"], None, lambda r: True, 1),
    (["id"], "id >= 0", lambda r: True, 0.5), (["real"], None, lambda r: True, 1)]

FILL = [(["id"], "id < 20000", lambda r: r["id"] < 20000, 1)] * 128  # of few keys: they only take memory


def record(i):
    code = "k20001" if i == 77_000 else f"k{i}"
    return {"id": i, "code": None if i % 10 == 9 else code, "part": i % 7, "place": i // 7, "nothing": None, "real": -0.0 if i == 5 else float(i)}


class UniqueTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.failing = {}
        cls.records = [record(i) for i in range(80_000)]
        with open(cls.folder / "keys.csv", "w") as out:
            out.write(",".join(cls.records[0]) + "\n")
            for one in cls.records:
                out.write(",".join("" if value is None else str(value) for value in one.values()) + "\n")
        duck.run(f"COPY (FROM read_csv('{cls.folder}/keys.csv', all_varchar=false)) TO '{cls.folder}/keys.parquet'")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def expected(self, fields, where, holds, coverage):
        """(outcome, failing records): keys of the filtered records, those with a null left out; -0.0 is 0.0."""
        key = (*fields, where)
        if key not in self.failing:
            self.failing[key] = self.count(fields, holds)
        failing, count = self.failing[key]
        return "passed" if failing <= (1 - coverage) * count else "failed", failing

    def count(self, fields, holds):
        keys = [tuple(one[field] for field in fields) for one in self.records if holds(one)]
        counts = collections.Counter(key for key in keys if None not in key)
        return sum(count for count in counts.values() if count > 1), len(keys)

    def judge(self, name, cases, **limits):
        checks = [{"rule": "unique", "fields": fields, "coverage": coverage, **({"filter": where} if where else {})}
                  for fields, where, _, coverage in cases]
        limits = {"memory_bytes": 128 << 20, "threads": 2, "deadline_ms": 0, **limits}
        found = {check["index"]: check for check in execute.scan(self.folder / name, checks, limits=limits)["checks"]}
        for i, case in enumerate(cases):
            if case in cases[:i]:
                self.assertEqual({**found[i], "index": 0}, {**found[cases.index(case)], "index": 0})
                continue
            fields, where, holds, coverage = case
            with self.subTest(name=name, fields=fields, where=where, coverage=coverage):
                got = (found[i]["outcome"], found[i]["anomalous_records_count"])
                self.assertEqual(got, ("errored", 0) if holds is None else self.expected(fields, where, holds, coverage))

    def test_one_reading(self):
        for name in ("keys.csv", "keys.parquet"):
            self.judge(name, CASES)
            self.judge(name, CASES[:1])
            self.judge(name, CASES[1:2])

    def test_several_readings(self):
        """A lane keeps 8,192 hashes of each of 130 checks: two of them need some readings."""
        self.judge("keys.parquet", FILL + CASES[1:3])

    def test_too_many_keys_for_readings(self):
        """One lane alone would need too many readings: the engine's own tables are asked."""
        self.judge("keys.parquet", FILL + CASES[1:3], threads=1)


if __name__ == "__main__":
    unittest.main()
