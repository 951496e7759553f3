"""Scan of text files: rows and lines over parallel ranges, rejected records, misfits, the failing file in each format."""
# SPDX-License-Identifier: Apache-2.0
import csv
import json
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import execute  # noqa: E402
import scratch  # noqa: E402

BETWEEN = {"rule": "between", "fields": ["amount"], "properties": {"min": 0, "max": 100}}


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Files(scratch.Case):
    def test_lists_of_more_elements_than_a_batch(self):
        """Two thousand records are read at once; their lists have more elements than that together."""
        records = [{"id": i, "amounts": [f"{i}", None, f"{i + 1}"], "names": [f"a{i}", "a text of more than twelve bytes"], "days": ["2024-01-01"] * (i % 3)}
                   for i in range(5000)]
        path = self.path("lists.json", "".join(json.dumps(record) + "\n" for record in records))
        checks = [{"rule": "lessThan", "fields": ["id"], "properties": {"value": 4990}}, {"rule": "notNull", "fields": ["amounts"]}]
        result = execute.scan(path, checks, settings={"examples": "all", "max_anomalies": 100})
        self.assertEqual([anomaly["record"] for anomaly in result["anomalies"]], records[4990:])
        self.assertEqual([check["outcome"] for check in result["checks"]], ["failed", "passed"])

    def test_rows_and_lines_over_ranges(self):
        """Notes with line breaks: records and lines differ; 12 MB are read in several ranges at once."""
        lines, line, wanted = ["id,amount,note"], 2, []
        for i in range(1, 150001):
            bad, broken = i % 9973 == 0, i % 100 == 0
            note = '"' + "a" * 40 + ("\n" if broken else " ") + "b" * 30 + '"'
            if bad:
                wanted.append((i, line))
            lines.append(f"{i},{500 if bad else i % 100},{note}")
            line += 2 if broken else 1
        path, failing = self.path("big.csv", "\n".join(lines) + "\n"), self.path("failing.csv")
        result = execute.scan(path, [BETWEEN], settings={"failing": failing, "max_anomalies": 1000})
        self.assertEqual(result["records_count"], 150000)
        self.assertEqual([(a["row"], a["line"]) for a in result["anomalies"]], wanted)
        self.assertEqual([int(row["_assay_row"]) for row in rows_of(failing)], [row for row, _ in wanted])
        text = pathlib.Path(path).read_bytes()
        for anomaly in result["anomalies"]:
            self.assertTrue(text[anomaly["byte_offset"]:].startswith(f"{anomaly['row']},500,".encode()))

    def test_failing_file_keeps_source_texts(self):
        text = 'id,amount,zip,note\n1,1.50,01321,"a ""b"", c"\n2,500.0,00042,""\n3,n/a,7,\n'
        path = self.path("t.csv", text)
        reader = {"types.amount": "Fractional", "types.zip": "String"}
        for name in ["f.csv", "f.jsonl", "f.parquet"]:
            with self.subTest(name):
                failing = self.path(name)
                result = execute.scan(path, [BETWEEN, {"rule": "notNull", "fields": ["note"]}], reader, {"failing": failing})
                self.assertEqual([check["anomalous_records_count"] for check in result["checks"]], [2, 1])
                self.assertEqual(sorted(os.listdir(self.folder)), sorted({"t.csv", name}))
                if name == "f.csv":
                    got = pathlib.Path(failing).read_text(encoding="utf-8").splitlines()
                    self.assertEqual(got[0], "_assay_file,_assay_row,_assay_failed_checks,_assay_fingerprint,id,amount,zip,note")
                    self.assertRegex(got[1], r'^t\.csv,2,\[0\],[0-9a-f]{16},2,500\.0,00042,""$')
                    self.assertRegex(got[2], r'^t\.csv,3,"\[0,1\]",[0-9a-f]{16},3,n/a,7,$')
                elif name == "f.jsonl":
                    got = [json.loads(line) for line in pathlib.Path(failing).read_text(encoding="utf-8").splitlines()]
                    self.assertEqual([(row["_assay_row"], row["_assay_failed_checks"]) for row in got], [(2, [0]), (3, [0, 1])])
                    self.assertEqual((got[1]["amount"], got[1]["note"]), ("n/a", None))
                else:
                    again = execute.scan(failing, [{"rule": "minPartitionSize", "properties": {"value": 3}},
                                                   {"rule": "expectedSchema", "properties": {"list": [
                                                       {"name": "_assay_failed_checks", "type": "Array"}, "zip"]}}])
                    self.assertEqual(again["records_count"], 2)
                    self.assertEqual([check["outcome"] for check in again["checks"]], ["failed", "passed"])
                os.remove(failing)

    def test_misfit_and_rejected_records(self):
        path = self.path("t.csv", "id,amount\n1,5\n2,many\n3,4,5\n4,6\n")
        result = execute.scan(path, [BETWEEN], reader={"types.amount": "Integral"})
        self.assertEqual((result["records_count"], result["rejected_records"], result["outcome"]), (3, 1, "failed"))
        misfit, rejected = result["anomalies"]
        self.assertEqual(misfit["failed_checks"][0]["message"], "The value for `amount` of 'many' cannot be read as Integral.")
        self.assertEqual((rejected["line"], rejected["byte_offset"], rejected["raw"]), (4, 21, "3,4,5"))
        self.assertEqual(rejected["failed_checks"], [])

    def test_unknown_type_late_value(self):
        """A field without a value in most of the file is judged where it has one."""
        text = "id,amount\n" + "".join(f"{i},\n" for i in range(3000)) + "3000,-1\n"
        result = execute.scan(self.path("t.csv", text), [BETWEEN])
        self.assertEqual(result["checks"][0]["anomalous_records_count"], 1)
        self.assertEqual(result["anomalies"][0]["row"], 3001)

    def test_json_lines(self):
        text = '{"id": 1, "user": {"age": 17}, "tags": ["a"]}\n{"id": 2, "user": {"age": -1}, "tags": []}\nnot json\n'
        result = execute.scan(self.path("t.jsonl", text), [{"rule": "notNegative", "fields": ["user.age"]},
                                                           {"rule": "minLength", "fields": ["tags"], "properties": {"value": 1}}])
        self.assertEqual([check["anomalous_records_count"] for check in result["checks"]], [1, 1])
        self.assertEqual(result["anomalies"][0]["row"], 2)
        self.assertEqual(result["rejected_records"], 1)

    def test_files_of_one_container(self):
        paths = [self.path("a_1.csv", "id,amount\n1,1\n2,500\n"), self.path("a_2.csv", "id,amount\n3,600\n2,5\n")]
        result = execute.scan(paths, [BETWEEN, {"rule": "unique", "fields": ["id"]}])
        self.assertEqual([(a["file"], a["row"]) for a in result["anomalies"]], [("a_1.csv", 2), ("a_2.csv", 1), (None, None)])
        self.assertEqual(result["checks"][1]["anomalous_records_count"], 2)

    def test_two_runs_are_the_same(self):
        path = self.path("t.csv", "id,amount\n" + "".join(f"{i},{i % 300}\n" for i in range(20000)))
        runs = [execute.scan(path, [BETWEEN, {"rule": "unique", "fields": ["amount"]}]) for _ in range(2)]
        for run in runs:
            run.pop("run")
        self.assertEqual(*runs)

    def test_no_records(self):
        result = execute.scan(self.path("t.csv", "id,amount\n"), [BETWEEN, {"rule": "minPartitionSize", "properties": {"value": 1}}])
        self.assertEqual([check["outcome"] for check in result["checks"]], ["passed", "failed"])

    def test_wrong_ending(self):
        with self.assertRaisesRegex(execute.Failed, "must end in .csv, .jsonl or .parquet"):
            execute.scan(self.path("t.csv", "id,amount\n1,2\n"), [BETWEEN], settings={"failing": self.path("f.xml")})


if __name__ == "__main__":
    unittest.main()
