"""Inferred checks on made data of known truth: sound records raise as few alarms as stated, each planted fault raises its own."""
# SPDX-License-Identifier: Apache-2.0
import csv
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY") or str(sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
os.environ["ASSAY"] = ASSAY
sys.path.insert(0, str(ROOT / "tests/bench"))
import false_alarms  # noqa: E402

RECORDS = 4000
WORDS = "amber birch cedar dune ember fjord grove heath".split()


def record(i, rng):
    created = datetime.date(2015, 1, 1) + datetime.timedelta(days=rng.randrange(1000))
    amount = rng.uniform(20, 80)
    return {
        "id": i + 1, "code": f"{rng.choice('ABC')}{rng.choice('XYZ')}-{rng.randrange(100000):05}",
        "category": rng.choice(["book", "game", "music", "tool"]), "amount": f"{amount:.2f}", "tax": f"{amount * 0.08:.2f}",
        "share": f"{rng.random():.3f}", "income": f"{1000 / (1 - rng.random()):.0f}",  # its tail has no end
        "created": created, "shipped": created + datetime.timedelta(days=rng.randrange(1, 300)),
        "note": " ".join(rng.choices(WORDS, k=rng.randrange(3, 9))), "sparse": rng.choice(WORDS) if rng.random() < 0.02 else "",
        "half": rng.choice(WORDS) if rng.random() < 0.9 else "", "constant": "v1"}


def records(seed, count=RECORDS):
    rng = random.Random(seed)
    return [record(i, rng) for i in range(count)]


def write(path, rows):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


# what is spoilt in record 17 (or in all): the check that must alarm
FAULTS = [
    ({"id": ""}, ("notNull", "id")), ({"id": 5}, ("unique", "id")), ({"code": "A-1"}, ("matchesPattern", "code")),
    ({"category": "toy"}, ("expectedValues", "category")), ({"amount": "-3.00"}, ("notNegative", "amount")),
    ({"amount": "950.00"}, ("between", "amount")), ({"tax": "60.00"}, ("predictedBy", "tax")), ({"share": "1.7"}, ("lessThan", "share")),
    ({"created": "2095-01-01"}, ("notFuture", "created")), ({"created": "1971-01-01"}, ("betweenTimes", "created")),
    ({"shipped": "2015-01-01"}, ("lessThanField", "created")), ({"constant": "v2"}, ("expectedValues", "constant")),
]


class TruthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.checks = cls.folder / "checks.yaml"
        write(cls.folder / "t.csv", records(1))
        subprocess.run([ASSAY, "profile", "-q", "--infer", "max", "--checks-out", cls.checks, cls.folder / "t.csv"], check=True,
                       stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def scan(self, rows):
        """The checks that do not pass, by rule and first field."""
        write(self.folder / "t.csv", rows)
        scan = subprocess.run([ASSAY, "scan", "-q", "--format", "json", "--checks", self.checks, self.folder / "t.csv"],
                              stdout=subprocess.PIPE, text=True)
        checks = json.loads(scan.stdout)["containers"][0]["checks"]
        return {(check["rule"], check["fields"][0]) for check in checks if check["outcome"] != "passed"}, checks

    def test_a_candidate_holds_on_its_own_data(self):
        self.assertEqual(self.scan(records(1))[0], set())

    def test_each_fault_is_found(self):
        sound = records(2)
        self.assertEqual(self.scan(sound)[0], set())
        for fault, check in FAULTS:
            with self.subTest(check=check, fault=fault):
                rows = [dict(row) for row in sound]
                rows[17].update(fault)
                self.assertIn(check, self.scan(rows)[0])

    def test_what_goes_missing_is_found(self):
        rows = [row for row in records(2) if not datetime.date(2016, 3, 1) <= row["created"] <= datetime.date(2016, 5, 31)]
        self.assertIn(("timeDistributionSize", "created"), self.scan(rows)[0])
        rows = [{**row, "half": row["half"] if i % 4 else ""} for i, row in enumerate(records(2))]
        self.assertEqual(self.scan(rows)[0], {("notNull", "half")})  # three quarters where nine tenths were

    def test_what_says_nothing_is_not_offered(self):
        made = {(check["rule"], check["fields"][0]): check for check in self.scan(records(1))[1]}
        for name in ("note", "sparse"):  # prose; two of a hundred
            self.assertEqual([rule for rule, field in made if field == name and rule != "notNull"], [], name)
        self.assertNotIn(("notNull", "sparse"), made)
        self.assertNotIn(("unique", "amount"), made)
        self.assertNotIn(("between", "id"), made)
        text = self.checks.read_text()
        income = [block for block in text.split("  - rule: ") if block.startswith("between") and '["income"]' in block]
        self.assertTrue(all('"max"' not in block for block in income), income)

    def test_keys_have_no_range_and_roundings_no_list(self):
        rng = random.Random(5)
        write(self.folder / "visits.csv", [
            {"brewery_id": rng.randrange(621), "visitors": rng.randrange(621), "speed": rng.choice(range(100, 300, 10)) if i % 7 else
             round(300 / (1 - rng.random())), "cost": 0 if i % 50 else round(300 / (1 - rng.random()))} for i in range(RECORDS)])
        out = self.folder / "visits.yaml"
        subprocess.run([ASSAY, "profile", "-q", "--infer", "max", "--checks-out", out, self.folder / "visits.csv"], check=True,
                       stdout=subprocess.DEVNULL)
        blocks = out.read_text().split("  - rule: ")[1:]
        made = {(block.split("\n")[0], name) for block in blocks for name in ("brewery_id", "visitors", "speed", "cost")
                if f'["{name}"]' in block}
        self.assertEqual({rule for rule, name in made if name == "brewery_id"}, {"notNull", "notNegative"})
        self.assertIn(("between", "visitors"), made)
        self.assertNotIn(("expectedValues", "speed"), made)  # 20 speeds of 86 %
        self.assertIn(("expectedValues", "cost"), made)  # 98 % zero

    def test_fifty_records_give_no_ranges(self):
        write(self.folder / "few.csv", records(3, 50))
        out = self.folder / "few.yaml"
        subprocess.run([ASSAY, "profile", "-q", "--infer", "max", "--checks-out", out, self.folder / "few.csv"], check=True,
                       stdout=subprocess.DEVNULL)
        rules = {line.split(": ")[1] for line in out.read_text().splitlines() if line.startswith("  - rule: ")}
        self.assertEqual(rules, {"notNull", "notNegative", "notFuture", "unique"})

    def test_sound_halves_alarm_as_stated(self):
        write(self.folder / "sound.csv", records(4))
        rows = [row for seed in range(3) for row in false_alarms.judge(self.folder / "sound.csv", seed)]
        alarms = [(rule, fields, message) for rule, fields, _, outcome, message in rows if outcome != "passed"]
        stated = sum(evidence["false_alarm_rate"] for _, _, evidence, _, _ in rows)
        self.assertGreater(len(rows), 60)
        self.assertLess(stated / len(rows), 0.05)
        self.assertLessEqual(len(alarms), stated + 2 * stated ** 0.5, alarms)


if __name__ == "__main__":
    unittest.main()
