"""Scan against the cases of another project's rules (shared data gx/): outcome, failing records, counts."""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import csv
import json
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import execute  # noqa: E402

CASES = ROOT.parent / "shared" / "data" / "gx" / "cases.jsonl"
ORDER = ["passed", "unasserted", "failed", "errored"]


def known_rules():
    source = (ROOT / "common" / "rules" / "rule_def.c").read_text()
    return {part.split('"')[1] for part in source.split("{.name = ")[1:] if part.startswith('"')}


def cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(value) if isinstance(value, float) else str(value)


def write_csv(path, data):
    names = list(data)
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(",".join('"' + name.replace('"', '""') + '"' for name in names) + "\n")
        for row in zip(*data.values()):
            out.write(",".join(cell(value) for value in row) + "\n")


def scan(folder, case):
    """The outcome of all checks, and the failing records of all of them, counted from 0."""
    path, failing = os.path.join(folder, "data.csv"), os.path.join(folder, "failing.csv")
    write_csv(path, case["data"])
    reader = {f"types.{name}": kind for name, kind in case["types"].items()}
    reader.update(format="csv", delimiter=",", quote='"', header="true", quoted_null="false")
    container = execute.scan(path, case["assay"]["checks"], reader, {"failing": failing})
    with open(failing, encoding="utf-8", newline="") as rows:
        records = sorted(int(row["_assay_row"]) - 1 for row in csv.DictReader(rows))
    outcomes = [check["outcome"] for check in container["checks"]]
    return max(outcomes, key=ORDER.index), records, container


def difference(case, outcome, records):
    """What is not as the case states; None when all is."""
    wanted = case["assay"]
    if outcome != wanted["outcome"] and not (outcome == "unasserted" and wanted["outcome"] == "failed"):
        return f"outcome {outcome}, not {wanted['outcome']}"
    if outcome != "errored" and wanted["rows"] is not None and records != wanted["rows"]:
        return f"records {records}, not {wanted['rows']}"
    if outcome != "errored" and wanted["failing"] is not None and len(records) != wanted["failing"]:
        return f"{len(records)} failing records, not {wanted['failing']}"
    return None


@unittest.skipUnless(CASES.exists(), f"{CASES} is not there")
class GreatExpectations(unittest.TestCase):
    def judge(self, case):
        with tempfile.TemporaryDirectory() as folder:
            outcome, records, container = scan(folder, case)
        wrong = difference(case, outcome, records)
        return wrong and f"{wrong}\n{case['assay']}\n{container['checks']}"

    def test_cases(self):
        rules = known_rules()
        cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
        known = [case for case in cases if all(check["rule"] in rules for check in case["assay"]["checks"])]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = list(pool.map(self.judge, known))
        for case, wrong in zip(known, verdicts):
            with self.subTest(case["id"]):
                self.assertIsNone(wrong, wrong)
        print(f"{len(known)} cases judged, {len(cases) - len(known)} left out", file=sys.stderr)
        self.assertGreater(len(known), 150)


if __name__ == "__main__":
    unittest.main()
