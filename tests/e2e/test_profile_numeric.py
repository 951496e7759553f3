"""PostgreSQL's numeric without precision is profiled as exact decimals; other extremes of its types. Needs a server."""
# SPDX-License-Identifier: Apache-2.0
import decimal
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

URL = os.environ.get("ASSAY_TEST_POSTGRES")
decimal.getcontext().prec = 100
LONG = ["12345678901234567.890123456789", "-0.000000000000000001", "99999999999999999999.5", "0.1", "0.2", "150.00"]  # beyond any double
LONGER = ["1234567890.1234567890123456789012345678", "-0.5", "3"]  # 38 digits, with more than 18 behind the point
BEYOND = ["0.1", "NaN", "123456789012345678901234567890123456789", "2.5"]  # NaN, and 39 digits: no decimal holds them together
WHOLE = ["3", "170141183460469231731687303715884105727", "-7"]


@unittest.skipUnless(URL, "needs ASSAY_TEST_POSTGRES")
class NumericTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = f"numeric_{os.getpid()}"
        cls.sql(f"CREATE SCHEMA {cls.schema}")

    @classmethod
    def tearDownClass(cls):
        cls.sql(f"DROP SCHEMA {cls.schema} CASCADE")

    @classmethod
    def sql(cls, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", URL, "-c", text], check=True, capture_output=True)

    def profile(self, name, values, kind="numeric", **more):
        self.sql(f"CREATE TABLE {self.schema}.{name} (v {kind}); INSERT INTO {self.schema}.{name} VALUES "
                 + ", ".join(f"('{value}')" for value in values) + ", (NULL)")
        source = {"connector": "postgresql", "properties": {"uri": URL, "schema": self.schema},
                  "container": {"name": name, "container_type": "table", "location": f"{self.schema}.{name}"}}
        document = execute.container(execute.run(execute.task("profile", source, **more)))
        return document["fields"][0], [warning["message"] for warning in document["warnings"]
                                       if warning["code"] in ("not_decimal", "out_of_range")]

    def check_exact(self, field, values):
        numbers = [decimal.Decimal(value) for value in values]
        self.assertEqual((field["null_count"], field["type_mismatches"]["count"]), (1, 0))
        for key, want in (("min", min(numbers)), ("max", max(numbers)), ("sum", sum(numbers))):
            self.assertEqual(decimal.Decimal(field[key]), want, key)
        self.assertEqual({decimal.Decimal(top["value"]) for top in field["top_values"]}, set(numbers))
        self.assertEqual({decimal.Decimal(bucket["value"]) for bucket in field["histogram_buckets"]}, set(numbers))
        self.assertAlmostEqual(field["mean"] / float(sum(numbers) / len(numbers)), 1, 14)
        self.assertEqual(field["approximate_distinct_values"], len(set(numbers)))

    def test_decimals(self):
        field, warnings = self.profile("long", LONG)
        self.assertEqual((field["type"], field["native_type"], warnings), ("Fractional", "numeric", []))
        self.check_exact(field, LONG)
        self.assertEqual(field["max"], "99999999999999999999.5")
        self.assertIn("150", [top["value"] for top in field["top_values"]])

    def test_more_digits_behind_the_point(self):
        field, warnings = self.profile("longer", LONGER)
        self.assertEqual((field["type"], warnings), ("Fractional", []))
        self.check_exact(field, LONGER)

    def test_long_ones_among_many_short_ones(self):
        """The type is believed from a sample and decided from all values."""
        values = [f"{i}.25" for i in range(9000)] + ["0." + "1" * 30]
        field, warnings = self.profile("late", values)
        self.assertEqual((field["sum"], warnings, field["type_mismatches"]["count"]), (str(sum(map(decimal.Decimal, values))), [], 0))

    def test_whole_numbers(self):
        field, _ = self.profile("whole", WHOLE)
        self.assertEqual(field["type"], "Integral")
        self.check_exact(field, WHOLE)

    def test_without_inference(self):
        field, _ = self.profile("stated", LONG, reader={"infer_datatypes": False})
        self.assertEqual(field["type"], "Fractional")
        self.check_exact(field, LONG)

    def test_splits(self):
        """Parts that have not seen each other agree on the scale; their merged figures are exact."""
        values = [f"{i}.{i % 97:02}" for i in range(9000)] + ["12345678901234567.890123456789012345"]
        whole, _ = self.profile("parts", values)
        source = {"connector": "postgresql", "properties": {"uri": URL, "schema": self.schema},
                  "container": {"name": "parts", "container_type": "table", "location": f"{self.schema}.parts"}}
        relation = {"schema": self.schema, "name": "parts"}
        states = [execute.run(execute.task("profile.split", source, split_no=i, split_count=2, split={"relation": relation, "from": begin, "to": end}))
                  ["chunks"] for i, (begin, end) in enumerate(((0, 9), (9, None)))]
        merged = execute.container(execute.run(execute.task("profile.merge", source, settings={"states": [{"chunks": chunks} for chunks in states]})))
        field = merged["fields"][0]
        self.assertEqual(merged["records_count"], 9002)
        for key in ("type", "null_count", "min", "max", "sum", "approximate_distinct_values", "type_mismatches"):
            self.assertEqual(field[key], whole[key], key)
        self.assertEqual(decimal.Decimal(field["sum"]), sum(map(decimal.Decimal, values)))

    def test_fallback_is_said(self):
        field, warnings = self.profile("beyond", BEYOND)
        self.assertEqual((field["type"], field["nan_count"], field["null_count"]), ("Fractional", 1, 1))
        self.assertEqual(warnings, ["2 values are no decimal of up to 38 digits (NaN, infinite or longer): the statistics are those of the nearest doubles"])
        self.assertEqual(float(field["max"]), 1.2345678901234568e38)
        _, warnings = self.profile("apart", ["1234567890123456789012345", "0.12345678901234"])
        self.assertEqual(warnings, ["38 digits do not hold the greatest and the finest value together: the statistics are those of the "
                                    "nearest doubles"])
        field, warnings = self.profile("beyond_one", ["0.5", "Infinity"])
        self.assertEqual((field["inf_count"], field["max"], field["sum"]), (1, "Infinity", "0.5"))
        self.assertEqual(warnings, ["1 value is no decimal of up to 38 digits (NaN, infinite or longer): the statistics are those of the nearest doubles"])

    def test_declared_precision_and_nan(self):
        field, warnings = self.profile("money", ["1.50", "NaN", "2"], "numeric(10,2)")
        self.assertEqual((field["min"], field["max"], field["sum"], field["null_count"], field["nan_count"]), ("1.50", "2.00", "3.50", 1, 1))
        self.assertEqual(warnings, [])

    def test_dates_of_all_ages(self):
        days = ["0001-01-01", "9999-12-31", "10000-01-01", "4713-01-01 BC", "5874897-12-31", "2024-02-29"]
        field, warnings = self.profile("days", days, "date")
        self.assertEqual((field["type"], field["min"], field["max"], warnings), ("Date", "-4712-01-01", "+5874897-12-31", []))
        self.assertEqual([bucket["value"] for bucket in field["histogram_buckets"]],
                         ["-4712-01-01", "0001-01-01", "2024-02-29", "9999-12-31", "+10000-01-01", "+5874897-12-31"])
        field, warnings = self.profile("moments", ["0001-01-01 00:00:00.000001", "infinity", "-infinity", "10000-01-01", "0044-03-15 BC"],
                                       "timestamp")
        self.assertEqual((field["min"], field["max"], field["null_count"], warnings), ("-infinity", "infinity", 1, []))
        field, warnings = self.profile("latest", ["294246-12-31", "294276-12-31"], "timestamp")
        self.assertEqual((field["max"], field["null_count"]), ("+294246-12-31T00:00:00", 2))
        self.assertEqual(warnings, ["1 value is beyond our range; it is read as NULL"])


if __name__ == "__main__":
    unittest.main()
