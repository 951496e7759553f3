"""Scan of fractions: judged by the digits that are written, the same in text and in Parquet."""
# SPDX-License-Identifier: Apache-2.0
import csv
import decimal
import json
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402
import scratch  # noqa: E402

PRODUCT = {"rule": "satisfiesExpression", "properties": {"expression": "amount = price * abs(quantity)"}}
SUM = {"rule": "satisfiesExpression", "properties": {"expression": "a + b = c"}}


def between(field, least, most):
    return {"rule": "between", "fields": [field], "properties": {"min": least, "max": most}}


def counts(result):
    return [(check["outcome"], check["asserted_records_count"], check["anomalous_records_count"]) for check in result["checks"]]


class Decimals(scratch.Case):
    def test_text_and_parquet_agree(self):
        duck.run("COPY (SELECT i AS id, ((i * 7919) % 99991 / 100)::DECIMAL(12,2) AS price, (i % 41 - 20)::INTEGER AS quantity, "
                 "(price * abs(quantity) + CASE WHEN i % 37 = 0 THEN 0.01 ELSE 0 END)::DECIMAL(14,2) AS amount, "
                 "CASE WHEN i % 5 > 0 THEN ((i % 3001) / 1000)::DECIMAL(9,6) END AS rate FROM range(1, 20001) r(i)) "
                 f"TO '{self.path('t.parquet')}' (FORMAT parquet)")
        for name, form in (("t.csv", "csv, header"), ("t.jsonl", "json")):
            duck.run(f"COPY (FROM '{self.path('t.parquet')}') TO '{self.path(name)}' (FORMAT {form})")
        with open(self.path("t.csv"), encoding="utf-8", newline="") as file:
            rows = [{key: decimal.Decimal(value) if value else None for key, value in row.items()} for row in csv.DictReader(file)]
        low, high = decimal.Decimal("0.07"), decimal.Decimal("2.9995")
        wrong = [sum(row["amount"] != row["price"] * abs(row["quantity"]) for row in rows),
                 sum(row["rate"] is not None and not low <= row["rate"] <= high for row in rows),
                 sum(row["price"] > decimal.Decimal("700.1") for row in rows),
                 sum(row["rate"] is not None and row["rate"] not in (decimal.Decimal("0.3"), low) for row in rows)]
        checks = [PRODUCT, between("rate", "0.07", "2.9995"),
                  {"rule": "satisfiesExpression", "properties": {"expression": "price <= 700.1"}},
                  {"rule": "expectedValues", "fields": ["rate"], "properties": {"list": ["0.3", "0.07", "0.00000001"]}},
                  between("price", "-1e300", "1e300")]
        expected = [("failed", 20000, count) for count in wrong] + [("passed", 20000, 0)]
        self.assertGreater(min(wrong), 100)
        results = {name: execute.scan(self.path(name), checks) for name in ("t.parquet", "t.csv", "t.jsonl")}
        for name, result in results.items():
            with self.subTest(name):
                self.assertEqual(counts(result), expected)
        given = execute.scan(self.path("t.csv"), checks, {"types.price": "Fractional", "types.rate": "Fractional"})
        self.assertEqual(counts(given), expected)

    def test_values_are_shown_as_before(self):
        path = self.path("t.csv", "id,amount,b\n1,10001.0,1.0\n2,5.25,x\n3,-007.50,2.0\n")
        result = execute.scan(path, [between("amount", 0, 100), between("b", 0, 9)],
                              {"types.amount": "Fractional", "types.b": "Fractional"})
        self.assertEqual([a["failed_checks"][0]["message"] for a in result["anomalies"]],
                         ["The value for `amount` of 10001.0 is not in [0, 100].", "The value for `b` of 'x' cannot be read as Fractional.",
                          "The value for `amount` of -7.5 is not in [0, 100]."])
        self.assertEqual([json.dumps(a["record"]) for a in result["anomalies"]], ['{"amount": 10001.0}', '{"b": "x"}', '{"amount": -7.5}'])

    def test_late_values_that_no_decimal_holds(self):
        """Beyond the sample: the field is a double from the first record on, the others stay exact."""
        late = ["1e1", "nan", "0.123456789012345678", "12345678901234567890123.5", "bad", "1e400"]
        tail = [f"{value},0.1,0.2,0.3,x\n" for value in late] + ["0.25,0.1,0.2,0.4,x\n"]
        text = "amount,a,b,c,note\n" + ("0.5,0.1,0.2,0.3," + "n" * 400 + "\n") * 45000 + "".join(tail)
        path, rows = self.path("late.csv", text), 45000 + len(tail)
        self.assertGreater(len(text), 16 << 20)  # smaller files are sampled whole
        failing = self.path("failing.csv")
        result = execute.scan(path, [between("amount", 0, 10), SUM, {"rule": "unique", "fields": ["amount"]},
                                     {"rule": "notNull", "fields": ["amount"]}, between("amount", 0, "0.6")],
                              settings={"failing": failing, "max_anomalies": 0})
        self.assertEqual(result["records_count"], rows)
        self.assertEqual(counts(result), [("failed", rows, 4), ("failed", rows, 1), ("failed", rows, 45001),
                                          ("failed", rows, 1), ("failed", rows, 5)])  # 'bad' fails every rule
        self.assertEqual(result.get("warnings") or [], [])
        with open(failing, encoding="utf-8", newline="") as file:
            written = [row["amount"] for row in csv.DictReader(file)]
        self.assertEqual(written[-6:], ["1e1", "nan", "12345678901234567890123.5", "bad", "1e400", "0.25"])

    def test_late_values_of_a_pipe(self):
        """What begins again reads a pipe's records again."""
        path = self.path("late.csv", "amount,note\n" + ("0.5," + "n" * 400 + "\n") * 45000 + "1e1,x\n")
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as pipe:
            result = execute.scan("-", [between("amount", 1, 100)], {"format": "csv"}, stdin=pipe.stdout)
        self.assertEqual(counts(result), [("failed", 45001, 45000)])

    def test_many_digits_are_doubles(self):
        path = self.path("t.csv", "x\n0.1234567890123\n1e-3\n5\n")
        self.assertEqual(counts(execute.scan(path, [between("x", "0.001", "0.2")])), [("failed", 3, 1)])

    def test_two_fields_that_no_type_holds_both_of(self):
        """38 digits before the point beside 30 behind it; compared by Python, and no other check suffers."""
        values = ["0", "-0.5", "0.5", "1", "-1", "1.000000000000000000000000000001", "-1.000000000000000000000000000001", "9" * 8, None]
        wholes = ["0", "1", "-1", "9" * 38, "-" + "9" * 38, "9" * 8, None]
        rows = [(a, b) for a in wholes for b in values]
        text = ", ".join(f"({a or 'NULL'}::DECIMAL(38,0), {b or 'NULL'}::DECIMAL(38,30), "
                         f"{a if a and len(a) < 18 else 'NULL'}::BIGINT)" for a, b in rows)
        duck.run(f"COPY (SELECT * FROM (VALUES {text}) t(a, b, n)) TO '{self.path('t.parquet')}' (FORMAT parquet)")
        compare = {("greaterThanField", False): lambda a, b: a > b, ("greaterThanField", True): lambda a, b: a >= b,
                   ("lessThanField", False): lambda a, b: a < b, ("lessThanField", True): lambda a, b: a <= b,
                   ("equalToField", False): lambda a, b: a == b}
        checks, wrong = [], []
        for (rule, inclusive), holds in compare.items():
            for left, right in (("a", "b"), ("b", "a"), ("n", "b")):
                checks.append({"rule": rule, "fields": [left], "properties": {"field_name": right, **({"inclusive": True} if inclusive else {})}})
                pairs = [(b, a) if left == "b" else (a, b) for a, b in rows if left != "n" or (a and len(a) < 18)]
                wrong.append(sum(not holds(decimal.Decimal(x), decimal.Decimal(y)) for x, y in pairs if x and y))
        result = execute.scan(self.path("t.parquet"), checks)
        self.assertEqual([check["outcome"] for check in result["checks"]], ["failed"] * len(checks))
        self.assertEqual([check["anomalous_records_count"] for check in result["checks"]], wrong)


if __name__ == "__main__":
    unittest.main()
