"""Types of untyped columns come from all values: a value in the last record of a file of many ranges counts as one in the first."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY") or str(sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
ROWS = 60000  # 5 MB: several ranges, far more than the first belief looks at
PAD = "x" * 64


def profile(path, *options):
    made = subprocess.run([ASSAY, "profile", "-q", "--format", "json", *options, str(path)], capture_output=True, text=True, check=True)
    container = json.loads(made.stdout)["containers"][0]
    warnings = {}
    for warning in container["warnings"]:
        warnings.setdefault(warning["field"], {})[warning["code"]] = warning["message"]
    return {field["name"]: field for field in container["fields"]}, warnings


class LastRecordTest(unittest.TestCase):
    # name: a usual value, the last record's value, type, format, misfits, confidence's misfits, ambiguous
    CASES = {
        "fits": ("7", "8", "Integral", None, 0, False),
        "word": ("7", "seven", "Integral", None, 1, False),
        "fraction": ("7", "7.5", "Fractional", None, 0, False),
        "zero": ("7", "007", "String", None, 0, False),
        "wide": ("7", "9223372036854775808", "Integral", None, 0, False),
        "day": ("2024-01-31", "soon", "Date", "yyyy-MM-dd", 1, False),
        "time": ("2024-01-31", "2024-01-31 10:00:00", "Timestamp", "yyyy-MM-dd HH:mm:ss", 0, False),
        "either": ("01/02/2024", "03/04/2024", "Date", "MM/dd/yyyy", 0, True),
        "european": ("01/02/2024", "31/12/2024", "Date", "dd/MM/yyyy", 0, False),
        "flag": ("true", "maybe", "Boolean", None, 1, False),
        "null": ("7", "N/A", "Integral", None, 1, False),
        "missing": ("7", "", "Integral", None, 0, False),
    }

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.csv"
            usual, last = (",".join(case[i] for case in cls.CASES.values()) for i in (0, 1))
            path.write_text(",".join(cls.CASES) + ",pad\n" + f"{usual},{PAD}\n" * (ROWS - 1) + f"{last},{PAD}\n")
            cls.fields, cls.warnings = profile(path)

    def test_types(self):
        for name, (_, last, want, date_format, misfits, ambiguous) in self.CASES.items():
            field = self.fields[name]
            with self.subTest(name):
                self.assertEqual((field["type"], field["date_format"]), (want, date_format))
                self.assertEqual(field["type_mismatches"], {"count": misfits, "examples": [{"row": ROWS, "value": last}] * misfits})
                self.assertEqual("ambiguous_dates" in self.warnings.get(name, {}), ambiguous)

    def test_confidence(self):
        """The share of values that fit; spellings of null are no values, so they do not lower it."""
        self.assertEqual(self.fields["word"]["type_confidence"], (ROWS - 1) / ROWS)
        self.assertEqual([self.fields[name]["type_confidence"] for name in ("fits", "zero", "null", "missing")], [1, 1, 1, 1])

    def test_nulls(self):
        """Only the empty cell is null; the spelling is listed."""
        self.assertEqual([self.fields[name]["null_count"] for name in ("missing", "null", "word")], [1, 0, 0])
        self.assertEqual(self.fields["null"]["null_like"], [{"value": "N/A", "count": 1}])

    def test_said_aloud(self):
        self.assertIn("MM/dd/yyyy", self.warnings["either"]["ambiguous_dates"])
        self.assertIn("leading_zeros", self.warnings["zero"])
        self.assertIn("null_like", self.warnings["null"])
        self.assertIn("type_mismatches", self.warnings["word"])


class KeyTest(unittest.TestCase):
    def test_measures_and_flags_are_no_keys(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.csv"
            for records, named in ((20, ["id", "code", "day"]), (19, [])):  # a few records differ by chance
                path.write_text("id,code,day,amount,flag\n" + "".join(
                    f"{i},{'abcdefghijklmnopqrstu'[i]},2024-01-{i + 1:02},{i * 0.25},{'true' if i % 2 else 'false'}\n" for i in range(records)))
                _, warnings = profile(path)
                keys = [name for name, codes in warnings.items() if "unique_key_candidate" in codes]
                self.assertEqual(keys, named)


class SpellingsTest(unittest.TestCase):
    def test_inventory_and_candidates(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.csv"
            path.write_text("nulls,price,share\n" + '7,"1,234.50",12 %\nNA,$5.00,3%\nnull,12,5.5 %\n-,(7.25),100%\n"",€ 8,\nNA,999,1%\n' * 50)
            fields, warnings = profile(path)
            self.assertEqual(fields["nulls"]["null_count"], 50)
            self.assertEqual([(item["value"], item["count"]) for item in fields["nulls"]["null_like"]], [("NA", 100), ("-", 50), ("null", 50)])
            self.assertEqual(fields["price"]["type"], "String")  # not converted in silence
            self.assertEqual(fields["price"]["formatted_numbers"],
                             {"computed_field": "convertFormattedNumeric", "separators": 50, "currency": 150, "percent": 0})
            self.assertEqual(fields["share"]["formatted_numbers"]["percent"], 250)
            self.assertIsNone(fields["nulls"]["formatted_numbers"])
            self.assertIn("formatted_numbers", warnings["price"])
            told, _ = profile(path, "--reader", "null_values=NA,null,-")
            self.assertEqual((told["nulls"]["null_count"], told["nulls"]["type"], told["nulls"]["null_like"]), (250, "Integral", []))


if __name__ == "__main__":
    unittest.main()
