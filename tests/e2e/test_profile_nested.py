"""Structs and arrays: the same records as JSON lines and as Parquet give the same fields and figures, four levels deep."""
# SPDX-License-Identifier: Apache-2.0
import collections
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import duck  # noqa: E402

ASSAY = os.environ.get("ASSAY") or str(sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
OWN = {"native_type", "type_source"}  # what a typed source says of itself
# every key of a field that tells something of values; a struct has none of them
FIGURES = ("approximate_distinct_values", "entropy", "min", "max", "mean_length", "unique_distinct_ratio")


def records(count=300):
    """Four levels of structs and one beyond, arrays of values, of structs and of arrays, nulls at every level."""
    rng = random.Random(7)
    for i in range(count):
        yield {
            "id": i,
            "user": None if i % 17 == 0 else {
                "name": {"first": rng.choice(["Ann", "Bob", "Cid"]), "last": None if i % 5 == 0 else f"L{i % 9}"},
                "age": i % 70, "born": f"19{i % 90 + 10}-03-0{i % 9 + 1}"},
            "tags": None if i % 11 == 0 else [rng.choice(["a", "b", "c"]) for _ in range(i % 4)],
            "items": [{"sku": f"S{i % 50:03}", "price": {"net": {"amount": j * 1.5 + i, "tax": {"rate": i % 3}}}}
                      for j in range(i % 3)],
            "l1": {"l2": {"l3": {"l4": {"l5": i % 2}, "x": i % 5}}},
            "matrix": [[1, 2], [i]] if i % 2 else [],
        }


COLUMNS = ("id BIGINT, \"user\" STRUCT(name STRUCT(\"first\" VARCHAR, \"last\" VARCHAR), age BIGINT, born DATE), tags VARCHAR[], "
           "items STRUCT(sku VARCHAR, price STRUCT(net STRUCT(amount DOUBLE, tax STRUCT(rate BIGINT))))[], "
           "l1 STRUCT(l2 STRUCT(l3 STRUCT(l4 STRUCT(l5 BIGINT), x BIGINT))), matrix BIGINT[][]")


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}': {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return f"'{value}'" if isinstance(value, str) else repr(value)


def write_parquet(rows, path):
    values = ", ".join("(" + ", ".join(map(literal, row.values())) + ")" for row in rows)
    duck.run(f"CREATE TABLE t ({COLUMNS}); INSERT INTO t VALUES {values}; COPY t TO '{path}' (FORMAT parquet)")


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


class NestedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.rows = list(records())
        cls.files = {"json": folder / "t.jsonl", "parquet": folder / "t.parquet"}
        cls.files["json"].write_text("".join(json.dumps(row) + "\n" for row in cls.rows))
        write_parquet(cls.rows, cls.files["parquet"])
        cls.fields = {}
        for kind, path in cls.files.items():
            made = subprocess.run([ASSAY, "profile", "-q", "--format", "json", str(path)], capture_output=True, text=True, check=True)
            cls.fields[kind] = {field["name"]: field for field in json.loads(made.stdout)["containers"][0]["fields"]}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_names(self):
        want = ["id", "user", "user.name", "user.name.first", "user.name.last", "user.age", "user.born", "tags", "items", "items.sku",
                "items.price", "items.price.net", "items.price.net.amount", "items.price.net.tax",
                "l1", "l1.l2", "l1.l2.l3", "l1.l2.l3.l4", "l1.l2.l3.x", "matrix"]
        for kind, fields in self.fields.items():
            with self.subTest(kind):
                self.assertEqual(list(fields), want)

    def test_same_figures(self):
        for name, field in self.fields["json"].items():
            for key in field.keys() - OWN:
                theirs = self.fields["parquet"][name][key]
                if name == "matrix" and key == "elements":  # inner arrays: their lengths are known of typed sources only
                    field[key], theirs = ({k: v for k, v in figures.items() if not k.endswith("_length")}
                                          for figures in (field[key], theirs))
                if key == "date_format":
                    continue
                self.assertTrue(same(field[key], theirs), (name, key, field[key], theirs))

    def test_against_the_records(self):
        for kind, fields in self.fields.items():
            with self.subTest(kind):
                first = collections.Counter(row["user"]["name"]["first"] for row in self.rows if row["user"])
                self.assertEqual({value["value"]: value["count"] for value in fields["user.name.first"]["top_values"]}, first)
                self.assertEqual(fields["user.born"]["type"], "Date")
                amounts = [item["price"]["net"]["amount"] for row in self.rows for item in row["items"]]
                elements = fields["items.price.net.amount"]["elements"]
                self.assertEqual((elements["count"], float(elements["min"]), float(elements["max"])),
                                 (len(amounts), min(amounts), max(amounts)))
                self.assertTrue(math.isclose(elements["mean"], sum(amounts) / len(amounts)))
                self.assertEqual(fields["items"]["max_length"], 2)
                self.assertEqual(fields["tags"]["null_count"], sum(row["tags"] is None for row in self.rows))

    def test_beyond_four_levels(self):
        """What lies deeper is one field of type Struct, with counts and without figures of its text."""
        for kind, fields in self.fields.items():
            deep, elements = fields["l1.l2.l3.l4"], fields["items.price.net.tax"]["elements"]
            with self.subTest(kind):
                self.assertEqual((deep["type"], deep["null_count"], elements["type"]), ("Struct", 0, "Struct"))
                self.assertEqual([figures[key] for figures in (deep, elements) for key in FIGURES], [None] * 2 * len(FIGURES))
                self.assertEqual(deep["top_values"] + deep["patterns"] + elements["top_values"], [])

    def test_checks_by_dotted_name(self):
        for kind, path in self.files.items():
            scan = subprocess.run([ASSAY, "scan", "-q", "--format", "json", str(path),
                                   "--check", "{rule: between, fields: [user.age], properties: {min: 0, max: 60}}",
                                   "--check", "{rule: notNull, fields: [user.name.last]}"], capture_output=True, text=True)
            checks = json.loads(scan.stdout)["containers"][0]["checks"]
            with self.subTest(kind):
                self.assertEqual([check["anomalous_records_count"] for check in checks],
                                 [sum(bool(row["user"]) and row["user"]["age"] > 60 for row in self.rows),
                                  sum(not row["user"] or row["user"]["name"]["last"] is None for row in self.rows)])


class NamesTest(unittest.TestCase):
    """Names that meet: a column a.b beside the child b of a struct a."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, columns, count=1):
        path = pathlib.Path(self.folder.name) / "names.parquet"
        duck.run(f"COPY (SELECT {columns} FROM range({count}) t(i)) TO '{path}' (FORMAT parquet)")
        return path

    def run_json(self, command, path, *options):
        run = subprocess.run([ASSAY, command, "-q", "--format", "json", str(path), *options], capture_output=True, text=True)
        return run.returncode, json.loads(run.stdout)

    def ranges(self, path):
        return {field["name"]: (field["min"], field["max"]) for field in self.run_json("profile", path)[1]["containers"][0]["fields"]}

    def test_each_has_its_own_values(self):
        path = self.file("1 AS \"a.b\", {'b': 3} AS a, {'b.c': 4, 'b': {'c': 'x'}} AS s")
        self.assertEqual(self.ranges(path), {"a.b": ("1", "1"), "a": (None, None), "a.b_2": ("3", "3"), "s": (None, None),
                                             "s.b.c": ("4", "4"), "s.b": (None, None), "s.b.c_2": ("x", "x")})
        self.assertEqual(self.ranges(self.file("{'b': 3} AS a, 1 AS \"a.b\"")),
                         {"a": (None, None), "a.b": ("3", "3"), "a.b_2": ("1", "1")})

    def test_scans_take_the_same(self):
        path = self.file("{'b': 3} AS a, 1 AS \"a.b\", [{'y': [{'z': 5}]}] AS l")
        checks = [f"{{rule: between, fields: [{name}], properties: {{min: {value}, max: {value}}}}}" for name, value in (("a.b", 3), ("a.b_2", 1))]
        code, made = self.run_json("scan", path, *(word for check in checks for word in ("--check", check)), "--check", "{rule: notNull, fields: [l.y.z]}")
        self.assertEqual((code, made["summary"]["passed"]), (0, 3))

    def test_columns_named_as_places_of_records(self):
        """Their values would be taken for the records' numbers."""
        path = self.file("7 AS file_row_number, i AS n", 300)
        self.assertEqual(self.ranges(path), {"file_row_number": ("7", "7"), "n": ("0", "299")})
        code, made = self.run_json("scan", path, "--check", "{rule: notNull, fields: [n]}")
        self.assertEqual(code, 3)
        self.assertIn("`file_row_number` has the name", made["errors"][0]["message"])
        path = self.file("7 AS _assay_row, 8 AS _ASSAY_PART, i AS n", 3)
        code, made = self.run_json("scan", path, "--check", "{rule: lessThan, fields: [n], properties: {value: 2}}",
                                   "--check", "{rule: between, fields: [_assay_row], properties: {min: 7, max: 7}}")
        self.assertEqual((code, made["summary"]["passed"], made["containers"][0]["anomalies"][0]["row"]), (1, 1, 3))


if __name__ == "__main__":
    unittest.main()
