"""Values at the ends of their types, in every statistic: what semantics promises for NaN, infinities, −0.0, ages, and nothing at all."""
# SPDX-License-Identifier: Apache-2.0
import decimal
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

decimal.getcontext().prec = 100
NINES = "9" * 38
ASSAY = os.environ.get("ASSAY") or str(sorted(execute.ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
BIG = str(2 ** 127 - 1)


class EdgesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text)
        return path

    def fields(self, path):
        return {field["name"]: field for field in execute.profile(path)["fields"]}

    def parquet(self, columns, *rows):
        path = pathlib.Path(self.folder.name) / "edges.parquet"
        duck.run(f"COPY (SELECT * FROM (VALUES {', '.join(rows)}) t({columns})) TO '{path}' (FORMAT parquet)")
        return self.fields(path)

    def check(self, field, **want):
        for key, value in want.items():
            got = [bucket["value"] for bucket in field["histogram_buckets"]] if key == "values" else field[key]
            self.assertEqual(got, value, (field["name"], key))

    def test_numbers_of_text(self):
        field = self.fields(self.file("x.csv", "x\n1.5\nNaN\ninf\n-inf\n-0.0\n0.0\n0.1\n0.2\n"))["x"]
        self.check(field, type="Fractional", null_count=0, nan_count=1, inf_count=2, zero_count=2, negative_count=1, min="-Infinity",
                   max="Infinity", sum="1.8", mean=0.36, median=0.1, approximate_distinct_values=7, values=["0.0", "0.1", "0.2", "1.5"])
        self.assertAlmostEqual(field["std_dev"], 0.6426507605223855, 15)  # of 0, 0, 0.1, 0.2, 1.5
        self.assertEqual({top["value"]: top["count"] for top in field["top_values"]},
                         {"0.0": 2, "NaN": 1, "Infinity": 1, "-Infinity": 1, "0.1": 1, "0.2": 1, "1.5": 1})

    def test_fractions_of_text_add_up_as_written(self):
        cents = [f"{i * 7919 % 1000000 / 100:.2f}" for i in range(20000)]
        cents.append("0.07")
        total = str(sum(map(decimal.Decimal, cents)))
        for path in (self.file("a.csv", "x\n" + "\n".join(cents) + "\n"),
                     self.file("a.jsonl", "".join(f'{{"x": {cent}}}\n' for cent in cents))):
            field = self.fields(path)["x"]
            self.assertEqual((field["type"], field["sum"]), ("Fractional", total), path.name)
        field = self.fields(self.file("b.csv", "x\n0.1\n0.1234567890123456789\n"))["x"]  # beyond 15 digits: the nearest doubles
        self.assertEqual(field["sum"], "0.22345678901234567")  # math.fsum

    def test_integers_beyond_64_bits(self):
        field = self.fields(self.file("x.csv", f"x\n{BIG}\n-{BIG}\n5\n"))["x"]
        self.check(field, type="Integral", min="-" + BIG, max=BIG, sum="5", values=["-" + BIG, "5", BIG], zero_count=0, negative_count=1)

    def test_decimals_of_38_digits(self):
        fields = self.parquet("x, y", f"({NINES}::DECIMAL(38,0), 0.{'0' * 37}1::DECIMAL(38,38))", f"(-{NINES}, '-0.{NINES}')",
                              f"({NINES}, 0)", "(NULL, NULL)")
        self.check(fields["x"], min="-" + NINES, max=NINES, sum=NINES, null_count=1, approximate_distinct_values=2)
        self.check(fields["y"], min="-0." + NINES, max=f"0.{'0' * 37}1", sum=f"-0.{'9' * 37}8", zero_count=1)
        self.assertEqual(fields["x"]["top_values"][0], {"value": NINES, "count": 2})

    def test_decimals_beyond_38_digits_are_refused(self):
        """The engine gives them as doubles of other values. Thrift writes the precision 38 as 0x4C, 60 as 0x78."""
        path = pathlib.Path(self.folder.name) / "wide.parquet"
        duck.run(f"COPY (SELECT 1::DECIMAL(38,0) AS amount) TO '{path}' (FORMAT parquet)")
        data = path.read_bytes()
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        path.write_bytes(data[:footer] + data[footer:].replace(b"\x15\x4c", b"\x15\x78"))
        real = pathlib.Path(self.folder.name) / "real.parquet"  # what the engine takes the others for
        duck.run(f"COPY (SELECT 1::DOUBLE AS amount) TO '{real}' (FORMAT parquet)")
        for paths in ([path], [real, path]):
            with self.assertRaises(execute.Failed) as failed:
                execute.profile(paths)
            self.assertEqual(failed.exception.code, "UNSUPPORTED")
            self.assertIn("wide.parquet: the column `amount` holds decimals of 60 digits", failed.exception.text)

    def test_bytes_have_checks_that_take_them(self):
        path = pathlib.Path(self.folder.name) / "bytes.parquet"
        duck.run("COPY (SELECT ('k' || i)::BLOB AS key, ('k' || i % 4)::BLOB AS kind, CASE WHEN i % 5 > 0 THEN 'x'::BLOB END AS some "
                 f"FROM range(400) r(i)) TO '{path}' (FORMAT parquet)")
        made = pathlib.Path(self.folder.name) / "checks.yaml"
        subprocess.run([ASSAY, "profile", "-q", "--infer", "max", "--checks-out", made, path], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual({line.split()[-1] for line in made.read_text().splitlines() if "- rule:" in line}, {"notNull"})
        subprocess.run([ASSAY, "scan", "-q", "--checks", made, path], check=True, stdout=subprocess.DEVNULL)

    def test_reals(self):
        fields = self.parquet("f, g", "('nan'::DOUBLE, 1.5::FLOAT)", "('inf', 'nan')", "('-inf', '-0.0')", "('-0.0', 0.0)", "(NULL, NULL)")
        self.check(fields["f"], min="-Infinity", max="Infinity", sum="0.0", mean=0.0, median=0.0, nan_count=1, inf_count=2, zero_count=1,
                   negative_count=1, null_count=1, approximate_distinct_values=4, values=["0.0"], std_dev=None)
        self.check(fields["g"], min="0.0", max="1.5", sum="1.5", mean=0.5, nan_count=1, inf_count=0, zero_count=2, negative_count=0,
                   approximate_distinct_values=3, values=["0.0", "1.5"])

    def test_dates_of_all_ages(self):
        fields = self.parquet("d, t", "(DATE '0001-01-01', TIMESTAMP '0001-01-01 00:00:00')",
                              "(DATE '9999-12-31', TIMESTAMP '9999-12-31 23:59:59.999999')",
                              "(DATE '10000-01-01', TIMESTAMP '10000-01-01 00:00:00')",
                              "(DATE '0044-03-15 (BC)', TIMESTAMP '0044-03-15 (BC) 00:00:00')")
        self.check(fields["d"], min="-0043-03-15", max="+10000-01-01",
                   values=["-0043-03-15", "0001-01-01", "9999-12-31", "+10000-01-01"])
        self.check(fields["t"], min="-0043-03-15T00:00:00", max="+10000-01-01T00:00:00")
        fields = self.parquet("d, t, z", "(DATE 'infinity', TIMESTAMP 'infinity', TIMESTAMPTZ 'infinity')",
                              "(DATE '-infinity', TIMESTAMP '-infinity', TIMESTAMPTZ '-infinity')",
                              "(DATE '2024-01-01', TIMESTAMP '2024-01-01 05:00:00', TIMESTAMPTZ '2024-01-01 00:00:00+00')")
        for name in ("d", "t", "z"):
            self.check(fields[name], min="-infinity", max="infinity", null_count=0, approximate_distinct_values=3)
        field = self.fields(self.file("d.csv", "d\n0001-01-01\n9999-12-31\n1582-10-10\n"))["d"]
        self.check(field, type="Date", min="0001-01-01", max="9999-12-31")

    def test_arrays(self):
        """Elements in any number; their fractions add up as written, decimals of the source stay decimals."""
        rows = [[round(0.1 * (j + 1), 1) for j in range(i % 7)] for i in range(5000)]
        field = self.fields(self.file("a.jsonl", "".join(json.dumps({"a": row}) + "\n" for row in rows)))["a"]
        self.assertEqual((field["min_length"], field["max_length"]), (0, 6))
        flat = [decimal.Decimal(str(value)) for row in rows for value in row]
        elements = field["elements"]
        self.assertEqual((elements["count"], elements["null_count"], elements["min"], elements["max"], elements["sum"]),
                         (len(flat), 0, "0.1", "0.6", str(sum(flat))))
        self.assertAlmostEqual(elements["mean"], float(sum(flat) / len(flat)), 15)
        self.assertEqual({top["value"]: top["count"] for top in elements["top_values"]},
                         {str(value): flat.count(value) for value in set(flat)})
        words = [[f"w{j}" if j % 3 else None for j in range(i % 900)] for i in range(50)]
        elements = self.fields(self.file("w.jsonl", "".join(json.dumps({"a": row}) + "\n" for row in words)))["a"]["elements"]
        flat = [word for row in words for word in row]
        self.assertEqual((elements["count"], elements["null_count"], elements["max"]), (len(flat), flat.count(None), max(filter(None, flat))))
        field = self.parquet("a", "([0.1::DECIMAL(38,2), 0.2])", "([0.3, NULL])", "([])", "(NULL)")["a"]
        self.check(field, null_count=1, min_length=0, max_length=2, mean_length=4 / 3)
        self.check({**field["elements"], "name": "a[]"}, count=4, null_count=1, min="0.10", max="0.30", sum="0.60", mean=0.2)

    def test_long_texts_say_that_they_are_cut(self):
        path = self.file("long.csv", f"s\n{'a' * 200}\n{'a' * 201}\nb{'x' * 70000}\n")
        document = execute.profile(path)
        field = document["fields"][0]
        self.assertEqual((field["min"], field["max"], field["max_length"]), ("a" * 200, "b" + "x" * 65535, 70001))
        self.assertEqual([warning["message"] for warning in document["warnings"] if warning["code"] == "long_texts"],
                         ["max is longer than 65536 bytes: only these are shown and compared"])
        for listed in (field["top_values"], field["histogram_buckets"]):
            self.assertEqual(sorted((value["value"], value["count"], value.get("cut", False)) for value in listed),
                             [("a" * 128, 1, True), ("a" * 128, 1, True), ("b" + "x" * 127, 1, True)])

    def test_nothing(self):
        for name, text, records in (("zero.csv", "a,b\n", 0), ("null.csv", "a,b\n,\n,\n", 2), ("zero.jsonl", "", 0)):
            document = execute.profile(self.file(name, text))
            self.assertEqual(document["records_count"], records)
            for field in document["fields"]:
                self.check(field, type="Unknown", null_count=records, completeness=0.0 if records else None, min=None, max=None, mean=None,
                           approximate_distinct_values=None, entropy=None, histogram_buckets=[], top_values=[], patterns=[])
        one = self.fields(self.file("one.csv", "a,b\n7,x\n"))
        self.check(one["a"], min="7", max="7", sum="7", mean=7.0, std_dev=None, skewness=None, median=7.0, approximate_distinct_values=1,
                   unique_distinct_ratio=1.0, entropy=0.0, values=["7"])
        self.check(one["b"], min="x", max="x", min_length=1, mean_length=1.0, entropy=0.0)


if __name__ == "__main__":
    unittest.main()
