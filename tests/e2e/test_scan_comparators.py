"""Comparators of rules that compare within a record: what lies within them is equal, by hand computation."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

CENT, PERCENT = {"numeric_comparator": {"epsilon": 0.01}}, {"numeric_comparator": {"epsilon": 10, "as_absolute": False}}
SECOND, BLANKS = {"duration_comparator": {"millis": 1000}}, {"string_comparator": {"ignore_whitespace": True}}
NOON = "TIMESTAMP '2024-01-01 12:00:00'"
FIELDS = [  # rule, properties, the field, the other one, does the record pass?
    ("equalToField", {}, "1.00::DECIMAL(9,2)", "1.01::DECIMAL(9,2)", False),
    ("equalToField", CENT, "1.00::DECIMAL(9,2)", "1.01::DECIMAL(9,2)", True),
    ("equalToField", CENT, "1.00::DECIMAL(9,2)", "1.02::DECIMAL(9,2)", False),
    ("equalToField", CENT, "NULL::DECIMAL(9,2)", "1.02::DECIMAL(9,2)", True),
    ("equalToField", dict(CENT, null_safe=True), "NULL::DECIMAL(9,2)", "1.02::DECIMAL(9,2)", False),
    ("equalToField", PERCENT, "200::BIGINT", "220::BIGINT", True), ("equalToField", PERCENT, "200::BIGINT", "221::BIGINT", False),
    ("equalToField", PERCENT, "-200.0::DOUBLE", "-180.0::DOUBLE", True), ("equalToField", PERCENT, "'nan'::DOUBLE", "'nan'::DOUBLE", True),
    ("equalToField", SECOND, NOON, NOON + " + INTERVAL 1 SECOND", True), ("equalToField", SECOND, NOON, NOON + " + INTERVAL 1001 MILLISECOND", False),
    ("equalToField", BLANKS, "' a b'", "'a  b '", True), ("equalToField", BLANKS, "'ab'", "'a b'", False),
    ("greaterThanField", CENT, "1.02::DECIMAL(9,2)", "1.00::DECIMAL(9,2)", True),
    ("greaterThanField", CENT, "1.01::DECIMAL(9,2)", "1.00::DECIMAL(9,2)", False),
    ("greaterThanField", dict(CENT, inclusive=True), "0.99::DECIMAL(9,2)", "1.00::DECIMAL(9,2)", True),
    ("greaterThanField", dict(CENT, inclusive=True), "0.98::DECIMAL(9,2)", "1.00::DECIMAL(9,2)", False),
    ("lessThanField", dict(SECOND, inclusive=True), NOON + " + INTERVAL 1 SECOND", NOON, True),
    ("lessThanField", SECOND, NOON, NOON + " + INTERVAL 1 SECOND", False), ("lessThanField", SECOND, NOON, NOON + " + INTERVAL 2 SECOND", True),
]
CONSTANTS = [  # properties of equalTo, the value, does the record pass?
    ({"value": "10", **CENT}, "10.01::DECIMAL(9,2)", True), ({"value": "10.005", **CENT}, "10.02::DECIMAL(9,2)", False),
    ({"value": "9223372036854775800", "numeric_comparator": {"epsilon": 7}}, "9223372036854775807::BIGINT", True),
    ({"value": "9223372036854775800", "numeric_comparator": {"epsilon": 6}}, "9223372036854775807::BIGINT", False),
    ({"value": "1e3", **PERCENT}, "1100.0::DOUBLE", True), ({"value": "1e3", **PERCENT}, "800.0::DOUBLE", False),
    ({"value": "nan", **CENT}, "'nan'::DOUBLE", True), ({"value": "it's", **CENT}, "'it''s'", True), ({"value": "5", **CENT}, "NULL::BIGINT", True),
]


class Comparators(unittest.TestCase):
    def test_within_a_record(self):
        columns = [f"{left} AS l{i}, {right} AS r{i}" for i, (_, _, left, right, _) in enumerate(FIELDS)]
        columns += [f"{value} AS c{i}" for i, (_, value, _) in enumerate(CONSTANTS)]
        checks = [{"rule": rule, "fields": [f"l{i}"], "properties": dict(properties, field_name=f"r{i}")}
                  for i, (rule, properties, _, _, _) in enumerate(FIELDS)]
        checks += [{"rule": "equalTo", "fields": [f"c{i}"], "properties": row[0]} for i, row in enumerate(CONSTANTS)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.parquet")
            duck.run(f"COPY (SELECT {', '.join(columns)}) TO '{path}' (FORMAT parquet)")
            judged = execute.scan(path, checks)["checks"]
        for check, case in zip(judged, FIELDS + CONSTANTS):
            with self.subTest(case):
                self.assertEqual(check["outcome"], "passed" if case[-1] else "failed", check["message"])


if __name__ == "__main__":
    unittest.main()
