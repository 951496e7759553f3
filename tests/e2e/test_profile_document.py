"""The container document of docs/documents.md, key by key, for the same seven records as CSV, JSON lines and Parquet."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

CONTAINER_KEYS = {"name", "location", "format", "dialect", "records_count", "records_processed", "rejected_records", "rejections",
                  "sampled", "run", "warnings", "fields"}
FIELD_KEYS = {
    "name", "type", "native_type", "type_source", "semantic_type", "type_confidence", "type_mismatches", "date_format", "null_like", "formatted_numbers",
    "null_count", "zero_count", "negative_count", "nan_count", "inf_count", "empty_count", "blank_count", "invalid_utf8_count",
    "completeness", "approximate_distinct_values", "distinct_standard_error", "unique_distinct_ratio",
    "unique_distinct_ratio_error", "entropy", "entropy_method", "min", "max", "sum",
    "mean", "std_dev", "skewness", "kurtosis", "is_not_normal", "q1", "median", "q3", "quantiles", "quantile_rank_error",
    "min_length", "max_length", "mean_length", "std_dev_length", "histogram_buckets", "top_values", "patterns", "elements"}
NUMBERS_ONLY = {"zero_count", "negative_count", "nan_count", "inf_count", "sum", "mean", "std_dev", "skewness", "kurtosis", "q1", "median",
                "q3", "quantiles", "quantile_rank_error"}

CSV = """id,amount,name,day,ok
1,10.5,ann,2024-01-31,true
2,-2.25,bob,2024-02-29,false
3,0,"",2024-02-29,true
4,,ann,2023-12-01,true
5,7.75,  ,2024-01-31,
6,10.5,ann,,false
7,0.5,d\xefv\xe9,2024-03-01,true
"""
RECORDS = [(1, 10.5, "ann", "2024-01-31", True), (2, -2.25, "bob", "2024-02-29", False), (3, 0, "", "2024-02-29", True),
           (4, None, "ann", "2023-12-01", True), (5, 7.75, "  ", "2024-01-31", None), (6, 10.5, "ann", None, False),
           (7, 0.5, "d\xefv\xe9", "2024-03-01", True)]
NAMES = ("id", "amount", "name", "day", "ok")

# amount: 10.5 −2.25 0 7.75 10.5 0.5, mean 4.5, squares about it 36 45.5625 20.25 10.5625 36 16 = 164.375
EXPECTED = {
    "id": {"type": "Integral", "null_count": 0, "zero_count": 0, "negative_count": 0, "completeness": 1.0, "min": "1", "max": "7", "sum": "28",
           "mean": 4.0, "std_dev": math.sqrt(28 / 6), "skewness": 0.0, "kurtosis": -1.25, "q1": 2.5, "median": 4.0, "q3": 5.5,
           "approximate_distinct_values": 7, "distinct_standard_error": 0.0, "unique_distinct_ratio": 1.0, "entropy": math.log(7),
           "quantile_rank_error": 0.0, "min_length": None, "max_length": None, "mean_length": None, "std_dev_length": None},
    "amount": {"type": "Fractional", "null_count": 1, "zero_count": 1, "negative_count": 1, "nan_count": 0, "inf_count": 0,
               "completeness": 6 / 7, "min": "-2.25", "max": "10.5", "sum": "27.0", "mean": 4.5, "std_dev": math.sqrt(164.375 / 5),
               "approximate_distinct_values": 5, "unique_distinct_ratio": 4 / 5,
               "entropy": -(4 / 6 * math.log(1 / 6) + 2 / 6 * math.log(2 / 6)), "q1": 0.125, "median": 4.125, "q3": 9.8125},
    "name": {"type": "String", "null_count": 0, "empty_count": 1, "blank_count": 1, "invalid_utf8_count": 0, "completeness": 1.0,
             "min": "", "max": "d\xefv\xe9", "min_length": 0, "max_length": 4, "mean_length": 18 / 7,
             "std_dev_length": math.sqrt((56 - 18 * 18 / 7) / 6), "approximate_distinct_values": 5,
             "unique_distinct_ratio": 4 / 5},
    "day": {"type": "Date", "null_count": 1, "completeness": 6 / 7, "min": "2023-12-01", "max": "2024-03-01",
            "approximate_distinct_values": 4, "unique_distinct_ratio": 2 / 4},
    "ok": {"type": "Boolean", "null_count": 1, "completeness": 6 / 7, "min": "false", "max": "true", "approximate_distinct_values": 2},
}
TOP = {"name": [("ann", 3), ("", 1), ("  ", 1), ("bob", 1), ("d\xefv\xe9", 1)], "ok": [("true", 4), ("false", 2)],
       "day": [("2024-01-31", 2), ("2024-02-29", 2), ("2023-12-01", 1), ("2024-03-01", 1)]}


class DocumentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        (folder / "seven.csv").write_text(CSV)
        lines = [json.dumps(dict(zip(NAMES, record))) for record in RECORDS]
        (folder / "seven.jsonl").write_text("\n".join(lines) + "\n")
        duck.run(f"COPY (SELECT id, amount::DOUBLE AS amount, name, day::DATE AS day, ok FROM read_json('{folder}/seven.jsonl', "
                   f"columns={{id: 'BIGINT', amount: 'DOUBLE', name: 'VARCHAR', day: 'DATE', ok: 'BOOLEAN'}})) "
                   f"TO '{folder}/seven.parquet' (FORMAT parquet)")
        cls.documents = {path.suffix[1:]: execute.profile(path) for path in sorted(folder.iterdir())}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def each(self):
        for form, document in self.documents.items():
            for field in document["fields"]:
                with self.subTest(form=form, field=field["name"]):
                    yield form, field

    def test_container(self):
        for form, document in self.documents.items():
            with self.subTest(form=form):
                self.assertEqual(set(document), CONTAINER_KEYS)
                self.assertEqual((document["name"], document["location"], document["format"]), (f"seven.{form}", f"seven.{form}", form))
                self.assertEqual((document["records_count"], document["records_processed"], document["rejected_records"]), (7, 7, 0))
                self.assertEqual((document["rejections"], document["sampled"]), ([], False))
                self.assertRegex(document["run"]["started_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
                self.assertGreaterEqual(document["run"]["duration_ms"], 0)
                self.assertGreater(document["run"]["bytes_read"], 0)
                self.assertEqual([field["name"] for field in document["fields"]], list(NAMES))
        self.assertEqual(self.documents["csv"]["dialect"]["delimiter"], ",")
        self.assertEqual((self.documents["csv"]["dialect"]["header"], self.documents["csv"]["dialect"]["quote"]), (True, '"'))
        self.assertIsNone(self.documents["parquet"]["dialect"])

    def test_every_key_is_there(self):
        for _, field in self.each():
            self.assertEqual(set(field), FIELD_KEYS)

    def test_figures(self):
        for _, field in self.each():
            for key, value in EXPECTED[field["name"]].items():
                if isinstance(value, float):
                    self.assertTrue(math.isclose(field[key], value, rel_tol=1e-12, abs_tol=1e-12), (key, field[key], value))
                else:
                    self.assertEqual(field[key], value, key)

    def test_what_has_no_meaning_is_null(self):
        for _, field in self.each():
            for key in NUMBERS_ONLY if field["type"] not in ("Integral", "Fractional") else ():
                self.assertIsNone(field[key], key)
            self.assertIsNone(field["elements"])

    def test_where_types_come_from(self):
        for form, field in self.each():
            self.assertEqual(field["type_source"], "declared" if form == "parquet" else "inferred")
            self.assertEqual(field["type_confidence"], 1.0)
            self.assertEqual(field["type_mismatches"], {"count": 0, "examples": []})
            self.assertEqual(field["date_format"], "yyyy-MM-dd" if field["name"] == "day" and form != "parquet" else None)

    def test_values_are_strings(self):
        for _, field in self.each():
            for item in field["top_values"] + field["histogram_buckets"]:
                self.assertIsInstance(item["value"], str)
            if field["name"] in TOP:
                self.assertEqual(sorted((v["value"], v["count"]) for v in field["top_values"]), sorted(TOP[field["name"]]))
                self.assertEqual(field["top_values"][0]["count"], TOP[field["name"]][0][1])

    def test_no_values_hides_them(self):
        path = pathlib.Path(self.folder.name) / "seven.csv"
        text = json.dumps(execute.profile(path, settings={"no_values": True})["fields"])
        for secret in ("ann", "bob", "2024-01-31", "d\\u00efv"):
            self.assertNotIn(secret, text)
        path = pathlib.Path(self.folder.name) / "one.csv"
        path.write_text("salary\n76543.25\n")
        for count in (1, 2):
            (field,) = execute.profile(path, settings={"no_values": True})["fields"]
            self.assertNotIn("76543", json.dumps(field))
            self.assertEqual((field["type"], field["approximate_distinct_values"], field["median"], field["quantiles"]),
                             ("Fractional", 1, None, None))
            path.write_text("salary\n76543.25\n76543.25\n")

    def test_given_types_win(self):
        path = pathlib.Path(self.folder.name) / "seven.csv"
        fields = {f["name"]: f for f in execute.profile(path, reader={"types.id": "String", "null_values": "ann,bob"})["fields"]}
        self.assertEqual((fields["id"]["type"], fields["id"]["type_source"], fields["id"]["max_length"]), ("String", "given", 1))
        self.assertEqual(fields["name"]["null_count"], 4)

    def test_chosen_fields(self):
        path = pathlib.Path(self.folder.name) / "seven.csv"
        fields = execute.profile(path, settings={"fields": ["day", "id"]})["fields"]
        self.assertEqual([field["name"] for field in fields], ["id", "day"])
        for name, says in (("nmae", "there is no field nmae: do you mean name?"),
                           ("nosuch", "there is no field nosuch: it has id, amount, name, day, ok")):
            with self.assertRaises(execute.Failed) as failed:
                execute.profile(path, settings={"fields": ["id", name]})
            self.assertTrue(failed.exception.text.endswith(says), failed.exception.text)


class NestedTest(unittest.TestCase):
    RECORDS = [{"user": {"name": "ann", "tags": ["a", "b"]}, "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}]},
               {"user": {"name": None, "tags": []}, "items": []},
               {"user": None, "items": [{"sku": "x", "n": 5}]}]

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        (folder / "n.jsonl").write_text("".join(json.dumps(record) + "\n" for record in cls.RECORDS))
        columns = "{user: 'STRUCT(name VARCHAR, tags VARCHAR[])', items: 'STRUCT(sku VARCHAR, n BIGINT)[]'}"
        duck.run(f"COPY (FROM read_json('{folder}/n.jsonl', columns={columns})) TO '{folder}/n.parquet' (FORMAT parquet)")
        cls.fields = {path.suffix[1:]: {f["name"]: f for f in execute.profile(path)["fields"]} for path in sorted(folder.iterdir())}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_projected_fields(self):
        for form, fields in self.fields.items():
            with self.subTest(form=form):
                self.assertEqual([(n, f["type"]) for n, f in fields.items() if n.startswith("user")],
                                 [("user", "Struct"), ("user.name", "String"), ("user.tags", "Array")])
                self.assertEqual((fields["user"]["null_count"], fields["user.name"]["null_count"]), (1, 2))
                self.assertEqual(fields["user.name"]["top_values"], [{"value": "ann", "count": 1}])

    def test_arrays_count_lengths_and_elements(self):
        for form, fields in self.fields.items():
            with self.subTest(form=form):
                tags, skus, numbers = fields["user.tags"], fields["items.sku"], fields["items.n"]
                self.assertEqual((tags["min_length"], tags["max_length"], tags["mean_length"]), (0, 2, 1.0))
                self.assertEqual((skus["min_length"], skus["max_length"], skus["mean_length"]), (0, 2, 1.0))
                self.assertEqual((skus["elements"]["type"], skus["elements"]["approximate_distinct_values"]), ("String", 2))
                self.assertEqual((numbers["elements"]["min"], numbers["elements"]["max"], numbers["elements"]["sum"]), ("1", "5", "8"))


class ManyStringsTest(unittest.TestCase):
    """Nested texts in dictionaries over several vectors: what DuckDB hands over is flat."""

    def test_struct_texts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/d.parquet"
            duck.run("COPY (SELECT {'a': 'word ' || (i % 17), 'b': {'c': 'a longer word ' || (i % 5)}} AS s, ['t' || (i % 3)] AS l "
                       f"FROM range(50000) t(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 10000)")
            fields = {f["name"]: f for f in execute.profile(path)["fields"]}
            for name, distinct in (("s.a", 17), ("s.b.c", 5)):
                self.assertEqual(fields[name]["approximate_distinct_values"], distinct)
                self.assertEqual(sum(v["count"] for v in fields[name]["top_values"]), 50000)
            self.assertEqual((fields["s.b.c"]["min"], fields["s.b.c"]["max"]), ("a longer word 0", "a longer word 4"))
            self.assertEqual(fields["l"]["elements"]["approximate_distinct_values"], 3)


if __name__ == "__main__":
    unittest.main()
