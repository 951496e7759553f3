#!/usr/bin/env python3
"""How often inferred checks alarm on sound data: inferred on a random half of each file, judged on the other half.
usage: false_alarms.py [--seeds N] [--level LEVEL] [--alarms] FILE…     (CSV, or JSON arrays; ASSAY names the binary)
Halves of one file are alike, so every alarm is due to the inference, or to a fault that lies in one half only.
Prints, by level and by rule: checks, alarms, their share, and the mean of the stated false_alarm_rate."""
# SPDX-License-Identifier: Apache-2.0
import argparse
import collections
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY") or str(sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
INFERENCE = re.compile(r'^ +additional_metadata: (\{.*\})$', re.MULTILINE)


def records_of(path):
    """(header or None, records): JSON objects, or raw CSV records with the line breaks inside quotes."""
    if path.suffix == ".json":
        return None, json.loads(path.read_text())
    records, record = [], ""
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            record += line
            if record.count('"') % 2 == 0:
                records.append(record if record.endswith("\n") else record + "\n")
                record = ""
    return records[0], records[1:]


def write(path, header, records):
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        if header is None:
            json.dump(records, file)
        else:
            file.write(header + "".join(records))


def judge(path, seed, level="max"):
    """Checks inferred on one half, judged on the other: [(rule, fields, inference, outcome, message)]."""
    header, records = records_of(path)
    random.Random(seed).shuffle(records)
    with tempfile.TemporaryDirectory() as folder:
        one, other = (pathlib.Path(folder) / part / path.name for part in ("one", "other"))
        checks = pathlib.Path(folder) / "checks.yaml"
        write(one, header, records[:len(records) // 2])
        write(other, header, records[len(records) // 2:])
        subprocess.run([ASSAY, "profile", "-q", "--infer", level, "--checks-out", str(checks), "--format", "json", str(one)],
                       check=True, stdout=subprocess.DEVNULL)
        evidence = [json.loads(text)["inference"] for text in INFERENCE.findall(checks.read_text())]
        scan = subprocess.run([ASSAY, "scan", "-q", "--checks", str(checks), "--format", "json", "--max-anomalies", "1", str(other)],
                              stdout=subprocess.PIPE, text=True)
    judged = json.loads(scan.stdout)["containers"][0]["checks"]
    assert len(judged) == len(evidence), (path, len(judged), len(evidence))
    return [(check["rule"], check["fields"], evidence[check["index"]], check["outcome"], check["message"]) for check in judged]


def table(results):
    """Markdown rows by level, then by rule."""
    groups = collections.defaultdict(list)
    for rule, _, evidence, outcome, _ in results:
        coverage = " with coverage" if evidence["level"] == 5 else ""
        for group in (f"level {evidence['level']}", rule + coverage):
            groups[group].append((outcome != "passed", evidence["false_alarm_rate"]))
    yield "| Checks of | made | alarms | share | stated |"
    yield "|---|---|---|---|---|"
    for group, rows in sorted(groups.items(), key=lambda item: (not item[0].startswith("level"), item[0])):
        alarms, stated = sum(alarm for alarm, _ in rows), sum(rate for _, rate in rows)
        yield f"| {group} | {len(rows)} | {alarms} | {alarms / len(rows):.1%} | {stated / len(rows):.1%} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--level", default="max")
    parser.add_argument("--alarms", action="store_true", help="also each alarm's message")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    results = [(path.name, row) for path in given.files for seed in range(given.seeds) for row in judge(path, seed, given.level)]
    print("\n".join(table([row for _, row in results])))
    for name, (rule, fields, evidence, outcome, message) in results if given.alarms else []:
        if outcome != "passed":
            print(f"{name} {rule}({', '.join(fields)}) {outcome}, stated {evidence['false_alarm_rate']:.2%}: {message}")


if __name__ == "__main__":
    main()
