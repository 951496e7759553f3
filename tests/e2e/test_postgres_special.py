"""NaN in numeric(p,s) and infinite dates are values in PostgreSQL too: what the same data as Parquet gives. Needs a server."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

URL = os.environ.get("ASSAY_TEST_POSTGRES")
TIMES = ["2024-01-01", "infinity", "-infinity", "2024-02-29", "1999-12-31", "infinity"]
AMOUNTS = ["1.50", "NaN", "2.00", "-0.25", "NaN", "1.50", "1234567.89"]
FINITE = [value for value in AMOUNTS if value != "NaN"]
# Counts of records and what depends on them; NaN is a value among them in one of two columns only.
OF_RECORDS = ("nan_count", "completeness", "approximate_distinct_values", "distinct_ratio", "top_values", "native_type")


def rule(name, field, **properties):
    return {"rule": name, "fields": [field], "properties": properties}


def verdicts(document):
    return [tuple(check[key] for key in ("outcome", "asserted_records_count", "null_records_count", "anomalous_records_count", "message"))
            for check in document["checks"]]


@unittest.skipUnless(URL, "needs ASSAY_TEST_POSTGRES")
class SpecialTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = f"special_{os.getpid()}"
        cls.sql(f"CREATE SCHEMA {cls.schema}")

    @classmethod
    def tearDownClass(cls):
        cls.sql(f"DROP SCHEMA {cls.schema} CASCADE")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    @classmethod
    def sql(cls, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", URL, "-c", text], check=True, capture_output=True)

    def table(self, name, columns, rows):
        self.sql(f"CREATE TABLE {self.schema}.{name} ({columns}); INSERT INTO {self.schema}.{name} VALUES {rows}")
        return {"connector": "postgresql", "properties": {"uri": URL, "schema": self.schema},
                "container": {"name": name, "container_type": "table", "location": f"{self.schema}.{name}"}}

    def parquet(self, name, types, rows):
        """types: one cast for each column c0, c1, …"""
        path = self.folder / f"{name}.parquet"
        columns = ", ".join(f"col{i}::{kind} AS c{i}" for i, kind in enumerate(types))
        duck.run(f"COPY (SELECT {columns} FROM (VALUES {rows}) t({', '.join(f'col{i}' for i in range(len(types)))})) "
                 f"TO '{path}' (FORMAT parquet)")
        return execute.file_source([path])

    def run_task(self, kind, source, **more):
        return execute.container(execute.run(execute.task(kind, source, **more)))

    def fields(self, source, **more):
        document = self.run_task("profile", source, **more)
        self.assertEqual([w for w in document["warnings"] if w["code"] in ("out_of_range", "not_decimal")], [])
        return {field["name"]: field for field in document["fields"]}

    def times(self):
        rows = ", ".join(f"('{value}', '{value}', '{value}')" for value in TIMES) + ", (NULL, NULL, NULL)"
        return (self.table(f"times_{self._testMethodName}", "c0 date, c1 timestamp, c2 timestamptz", rows),
                self.parquet("times", ("DATE", "TIMESTAMP", "TIMESTAMPTZ"), rows))

    def amounts(self, values, kind="numeric(12,2)"):
        return self.table(f"amounts_{len(values)}_{self._testMethodName}", f"c0 {kind}",
                          ", ".join(f"('{value}')" for value in values) + ", (NULL)")

    def test_profile_of_infinite_times(self):
        ours, theirs = self.times()
        ours, theirs = self.fields(ours), self.fields(theirs)
        for name, field in ours.items():
            self.assertEqual((field["min"], field["max"], field["null_count"]), ("-infinity", "infinity", 1), name)
            self.assertEqual(field["top_values"][0], {"value": "infinity", "count": 2}, name)
            self.assertEqual({key: value for key, value in field.items() if key != "native_type"},
                             {key: value for key, value in theirs[name].items() if key != "native_type"})

    def test_scan_of_infinite_times(self):
        checks = [dict(check, index=i) for i, check in enumerate(
            rule(name, field, **properties) for field in ("c0", "c1", "c2") for name, properties in (
                ("afterDateTime", {"datetime": "9999-12-31T00:00:00Z"}), ("beforeDateTime", {"datetime": "0001-01-01T00:00:00Z"}),
                ("betweenTimes", {"min_time": "2000-01-01T00:00:00Z", "max_time": "2030-01-01T00:00:00Z"}), ("notFuture", {}), ("notNull", {}),
                ("unique", {})))]
        ours_document, theirs_document = (self.run_task("scan", source, checks=checks, settings={"max_anomalies": 100})
                                          for source in self.times())
        self.assertEqual(verdicts(ours_document), verdicts(theirs_document))
        ours, theirs = ([anomaly["record"] for anomaly in document["anomalies"]] for document in (ours_document, theirs_document))
        self.assertEqual(sorted(map(str, ours)), sorted(map(str, theirs)))
        self.assertIn("-infinity", [record.get("c0") for record in ours if record])
        for i in (0, 6, 12):  # of six values 2 are after the year 9999, 1 before the year 1, 3 outside of 2000 … 2030 but for 1999
            self.assertEqual([check["anomalous_records_count"] for check in ours_document["checks"]][i:i + 6], [4, 5, 4, 2, 1, 2])

    def test_profile_of_nan(self):
        """The numbers' figures are those of the same column without NaN, and exact."""
        for kind in ("numeric(12,2)", "numeric(30,2)"):
            with self.subTest(kind):
                mine = self.fields(self.amounts(AMOUNTS, kind))["c0"]
                plain = self.fields(self.parquet("finite", (kind.replace("numeric", "DECIMAL"),),
                                                 ", ".join(f"('{value}')" for value in FINITE) + ", (NULL)"))["c0"]
                self.assertEqual((mine["nan_count"], mine["inf_count"], mine["null_count"], mine["sum"], mine["min"], mine["max"]),
                                 (2, 0, 1, "1234572.64", "-0.25", "1234567.89"))
                self.assertEqual(mine["approximate_distinct_values"], 5)
                self.assertEqual({top["value"]: top["count"] for top in mine["top_values"]},
                                 {"1.50": 2, "NaN": 2, "2.00": 1, "-0.25": 1, "1234567.89": 1})
                for key in ("type", "null_count", "zero_count", "negative_count", "min", "max", "sum", "mean", "std_dev", "skewness",
                            "kurtosis", "median", "q1", "q3", "histogram_buckets"):
                    self.assertEqual(mine[key], plain[key], key)
                self.sql(f"DROP TABLE {self.schema}.amounts_{len(AMOUNTS)}_{self._testMethodName}")

    def test_scan_of_nan(self):
        """Judged as doubles, whose NaN Parquet has too; all NaN at the end, behind many batches."""
        values = [f"{i}.25" for i in range(5000)] + AMOUNTS
        checks = [dict(check, index=i) for i, check in enumerate((
            rule("between", "c0", min=0.25, max=5000), rule("notNull", "c0"), rule("lessThan", "c0", value=100), rule("unique", "c0"),
            rule("equalTo", "c0", value=1.5), rule("sum", "c0", value=5), rule("satisfiesExpression", "c0", expression="c0 > 1e9"),
            rule("expectedValues", "c0", list=[0.25, 1.25]), rule("notNegative", "c0")))]
        ours = self.run_task("scan", self.amounts(values), checks=checks)
        theirs = self.run_task("scan", self.parquet("doubles", ("DOUBLE",), ", ".join(f"('{value}')" for value in values) + ", (NULL)"),
                               checks=checks)
        self.assertEqual(verdicts(ours), verdicts(theirs))
        by_check = [(check["outcome"], check["null_records_count"], check["anomalous_records_count"]) for check in ours["checks"]]
        self.assertEqual(by_check[:3], [("failed", 1, 4), ("failed", 1, 1), ("failed", 1, 4903)])

    def test_profile_where(self):
        """NaN is greater than every number in expressions; what passes is counted as it is, exactly."""
        for kind in ("numeric(12,2)", "numeric(38,2)"):
            source = self.amounts(AMOUNTS, kind)
            for where, nan, least, total in (
                    ("c0 > 1.75", 2, "2.00", "1234569.89"), ("c0 < 1.75", 0, "-0.25", "2.75"), ("c0 IS NOT NULL", 2, "-0.25", "1234572.64"),
                    ("c0 * 2 > 3.5", 2, "2.00", "1234569.89"), ("c0 + 1 < 2.7512345", 0, "-0.25", "2.75"), ("isnan(c0)", 2, None, None),
                    ("round(c0) = 2", 0, "1.50", "5.00"), ("c0 = 1.5", 0, "1.50", "3.00")):
                field = self.fields(source, settings={"where": where})["c0"]
                self.assertEqual((field["nan_count"], field["min"], field["sum"]), (nan, least, total), (kind, where))
            for sample in (1, 100):
                document = self.run_task("profile", source, settings={"where": "c0 > 1.75", "sample": sample})
                self.assertEqual((document["records_processed"], document["records_count"]), (min(sample, 4), len(AMOUNTS) + 1))
            self.sql(f"DROP TABLE {source['container']['location']}")


if __name__ == "__main__":
    unittest.main()
