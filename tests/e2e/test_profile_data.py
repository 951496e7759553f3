"""Profiles of real data against figures that others made: vega (DuckDB and numpy), parquet (pyarrow), NIST (certified)."""
# SPDX-License-Identifier: Apache-2.0
import json
import math
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

DATA = pathlib.Path(os.environ.get("ASSAY_SHARED", execute.ROOT.parent / "shared")) / "data"
NEVER_READ = {  # what the engine cannot decode, with a word of its error
    "byte_stream_split_extended.gzip.parquet": "BYTE_STREAM_SPLIT", "hadoop_lz4_compressed.parquet": "LZ4",
    "non_hadoop_lz4_compressed.parquet": "LZ4", "map_no_value.parquet": "MAP_KEY_VALUE"}
READ_BY_DUCKDB_2 = {"hadoop_lz4_compressed.parquet", "non_hadoop_lz4_compressed.parquet"}
INT96_WRAPS = "int96_from_spark.parquet"  # the expected figures wrapped at 64 bits of nanoseconds


def engine_major():
    """Of the DuckDB that the executor links."""
    version = execute.run(execute.task("inspect", execute.file_source(["-"]), settings={"what": "version"}))["chunks"][0]["duckdb"]
    return int(version.lstrip("v").split(".")[0])


def fields_of(document):
    return {field["name"]: field for field in document["fields"]}


def digits(got, certified):
    """Correct digits: -log10 of the relative error."""
    got, certified = float(got), float(certified)
    return 16 if got == certified else -math.log10(abs(got - certified) / abs(certified))


@unittest.skipUnless(DATA.exists(), "the shared test data is not there")
class VegaTest(unittest.TestCase):
    def check_numbers(self, got, want):
        for key, name in (("mean", "mean"), ("std_sample", "std_dev"), ("skewness_population", "skewness"),
                          ("kurtosis_excess_population", "kurtosis")):
            self.assertTrue(math.isclose(got[name], want[key], rel_tol=1e-8, abs_tol=1e-9), (name, got[name], want[key]))
        for key in ("min", "max", "sum"):
            self.assertTrue(math.isclose(float(got[key]), want[key], rel_tol=1e-12), (key, got[key], want[key]))
        self.assertEqual((got["zero_count"], got["negative_count"]), (want["zeros"], want["negatives"]))
        rank = got["quantile_rank_error"]
        for key in ("q1", "median", "q3"):
            if rank == 0:
                self.assertTrue(math.isclose(got[key], want[key], rel_tol=1e-9, abs_tol=1e-12), (key, got[key], want[key]))

    def check_field(self, got, want, records):
        self.assertEqual(got["null_count"], want["null_count"])
        self.assertAlmostEqual(got["completeness"], want["non_null"] / records, 12)
        error = got["distinct_standard_error"]
        self.assertLessEqual(abs(got["approximate_distinct_values"] - want["distinct"]), 4 * error * want["distinct"])
        if error == 0 and want.get("entropy_nats") is not None:
            self.assertAlmostEqual(got["entropy"], want["entropy_nats"], 9)
            self.assertAlmostEqual(got["unique_distinct_ratio"], want["values_occurring_once"] / want["distinct"], 12)
        if "text" in want and got["type"] == "String":
            for key in ("min_length", "max_length", "empty_count"):
                self.assertEqual(got[key], want["text"][key], key)
        if "numeric" in want and got["type"] in ("Integral", "Fractional"):
            self.check_numbers(got, want["numeric"])
        if "values" in want and got["type"] in ("String", "Boolean") and error == 0:
            top = {value["value"]: value["count"] for value in got["top_values"]}
            self.assertEqual(top, {str(k): v for k, v in want["values"].items()})

    def test_every_column_of_every_file(self):
        for want in json.loads((DATA / "vega/expected.json").read_text())["files"]:
            document = execute.profile(DATA / "vega" / want["file"])
            self.assertEqual(document["records_count"], want["rows"], want["file"])
            got = fields_of(document)
            for column in want["columns"]:
                with self.subTest(file=want["file"], column=column["name"]):
                    self.check_field(got[column["name"]], column, want["rows"])

    def test_histograms_end_at_the_extremes(self):
        """Of floats of 32 bits and of unsigned integers of 64, too."""
        for name in ("byte_stream_split.zstd.parquet", "concatenated_gzip_members.parquet"):
            for field in execute.profile(DATA / "parquet" / name)["fields"]:
                buckets = field["histogram_buckets"]
                with self.subTest(file=name, field=field["name"]):
                    self.assertEqual((buckets[0]["from"], buckets[-1]["to"]), (field["min"], field["max"]))

    def test_zip_codes_are_text(self):
        field = fields_of(execute.profile(DATA / "vega/zipcodes.csv"))["zip_code"]
        self.assertEqual((field["type"], field["min_length"], field["max_length"]), ("String", 5, 5))


def plain(value):
    """A value of expected.json as the profile writes it."""
    if isinstance(value, dict):
        return next(iter(value.values()))
    return str(value).lower() if isinstance(value, bool) else value


@unittest.skipUnless(DATA.exists(), "the shared test data is not there")
class ParquetTest(unittest.TestCase):
    def check_column(self, got, want):
        for key in ("null_count", "nan_count"):
            if key in want:
                self.assertEqual(got[key], want[key], key)
        if "distinct" in want:
            self.assertEqual(got["approximate_distinct_values"], want["distinct"])
        for key in ("min", "max", "sum"):
            value = plain(want.get(key))
            if value is None:
                continue
            if isinstance(value, (int, float)):
                self.assertTrue(math.isclose(float(got[key]), value, rel_tol=1e-6), (key, got[key], value))
            else:
                self.assertEqual(got[key], value, key)

    def test_every_file(self):
        readable = READ_BY_DUCKDB_2 if engine_major() >= 2 else set()
        for name, want in json.loads((DATA / "parquet/expected.json").read_text())["files"].items():
            with self.subTest(file=name):
                if name in NEVER_READ and name not in readable:
                    with self.assertRaises(execute.Failed) as failed:
                        execute.profile(DATA / "parquet" / name)
                    self.assertIn(name, failed.exception.text)
                    self.assertIn(NEVER_READ[name], failed.exception.text)
                    self.assertNotIn("pending query", failed.exception.text)  # the engine's own talk
                    self.assertRegex(failed.exception.text, "write (it|or copy it) again")
                    self.assertEqual(failed.exception.retry, "never")
                    continue
                document = execute.profile(DATA / "parquet" / name)
                if "error" in want or name == INT96_WRAPS:
                    continue
                self.assertEqual(document["records_count"], want["rows"])
                got = fields_of(document)
                for column in want["columns"]:
                    with self.subTest(file=name, column=column["name"]):
                        self.check_column(got[column["name"]], column)

    def test_truncated_files_name_the_file(self):
        whole = (DATA / "parquet/alltypes_plain.parquet").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            for size in (0, 4, 11, len(whole) // 2, len(whole) - 1):
                path = pathlib.Path(folder) / f"cut_{size}.parquet"
                path.write_bytes(whole[:size])
                with self.subTest(size=size), self.assertRaises(execute.Failed) as failed:
                    execute.profile(path)
                self.assertIn(path.name, failed.exception.text)


@unittest.skipUnless(DATA.exists(), "the shared test data is not there")
class NistTest(unittest.TestCase):
    def test_certified_digits(self):
        for want in json.loads((DATA / "nist/certified.json").read_text())["sets"]:
            field = execute.profile(DATA / "nist" / want["file"])["fields"][0]
            exact = want["exact_from_the_data"]
            with self.subTest(file=want["file"]):
                self.assertGreaterEqual(digits(field["mean"], want["certified"]["mean"]), 12)
                self.assertGreaterEqual(digits(field["std_dev"], want["certified"]["std_dev_sample"]), 9)
                self.assertGreaterEqual(digits(field["sum"], exact["sum"]), 15)
                self.assertEqual(field["approximate_distinct_values"], exact["distinct"])


if __name__ == "__main__":
    unittest.main()
