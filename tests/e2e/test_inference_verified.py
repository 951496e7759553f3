"""A candidate that rests on the sample is judged over all records: one that fails on the data it came from is never offered."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

ASSAY = os.environ.get("ASSAY") or str(sorted(execute.ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
RECORDS = 200_000
FAULTY = (50_000, 100_000, 150_000)  # none of them is in the sample of a thousand records
RESTING = {("unique", "id"), ("matchesPattern", "code"), ("lessThanField", "low"), ("predictedBy", "tax")}


def csv_text(faulty):
    rng = random.Random(3)
    lines = ["id,code,low,high,price,tax"]
    for i in range(RECORDS):
        low, price = rng.randrange(100_000), rng.randrange(100, 100_000) / 100
        values = [i, f"{rng.choice('ABC')}-{rng.randrange(100_000):05}", low, low + rng.randrange(1, 30_000), price, 2 * price + 5]
        if i in faulty:
            values = [17, "none", values[3], values[2], price, 1]
        lines.append("{},{},{},{},{:.2f},{:.2f}".format(*values))
    return "\n".join(lines) + "\n"


class VerifiedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        for name, faulty in (("sound", ()), ("faulty", FAULTY)):
            (cls.folder / f"{name}.csv").write_text(csv_text(faulty))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def profile(self, location, *options, **more):
        """The checks offered, by rule and first field, and the container."""
        checks = self.folder / "checks.yaml"
        done = subprocess.run([ASSAY, "profile", "-q", "--infer", "xhigh", "--format", "json", "--checks-out", checks, location, *options],
                              check=True, stdout=subprocess.PIPE, cwd=self.folder, **more)
        offered = {}
        for text in checks.read_text().split("  - rule: ")[1:]:
            lines = {key.strip(): value for key, _, value in (line.partition(": ") for line in text.splitlines()[1:])}
            offered[text.split()[0], json.loads(lines["fields"])[0]] = json.loads(lines["additional_metadata"])["inference"]
        return offered, json.loads(done.stdout)["containers"][0]

    def check_sound(self, location, *options, **more):
        offered, container = self.profile(location, *options, **more)
        self.assertLessEqual(RESTING, set(offered))
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {RECORDS})
        for key in RESTING:
            evidence = offered[key]
            self.assertEqual((evidence["support"], evidence["held"]), (RECORDS, 1), key)
            self.assertGreater(evidence["held_interval"][0], 0.9999, key)  # Wilson: 1 / (1 + 1.96² / n)
            self.assertLess(evidence["false_alarm_rate"], 0.04, key)       # 1 − 2^−0.05
        self.assertEqual(container["run"]["passes"], 2)
        if location != "-":
            subprocess.run([ASSAY, "scan", "-q", "--checks", "checks.yaml", location], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def check_faulty(self, location):
        offered, _ = self.profile(location)
        self.assertFalse(RESTING & set(offered))
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {RECORDS})
        subprocess.run([ASSAY, "scan", "-q", "--checks", "checks.yaml", location], check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def test_csv(self):
        self.check_sound("sound.csv")
        self.check_faulty("faulty.csv")
        self.check_where("faulty.csv")
        self.check_sound("sound.csv", "--limit", str(RECORDS + 1))

    def test_parquet(self):
        for name in ("sound", "faulty"):
            duck.run(f"COPY (FROM '{self.folder}/{name}.csv') TO '{self.folder}/{name}.parquet'")
        self.check_sound("sound.parquet")
        self.check_faulty("faulty.parquet")
        self.check_where("faulty.parquet")

    def test_standard_input(self):
        with open(self.folder / "sound.csv", "rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as pipe:
            self.check_sound("-", "--reader", "format=csv", stdin=pipe.stdout)

    def check_part(self, location, options, records, offers):
        """The records that were profiled are judged again, and no others."""
        offered, container = self.profile(location, *options)
        self.assertEqual(RESTING & set(offered), RESTING if offers else set(), (location, options))
        self.assertEqual(container["records_processed"], records)
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {records})
        self.assertNotIn("checks_not_judged", {warning["code"] for warning in container["warnings"]})

    def check_parts(self, location):
        first, last = FAULTY[0] + 1, FAULTY[-1] + 1   # so many records have the first fault, all of them
        self.check_part(location, ["--limit", str(first - 1)], first - 1, True)
        self.check_part(location, ["--limit", str(first)], first, False)
        self.check_part(location, ["--limit", str(last), "--where", "high > low"], last, True)
        self.check_part(location, ["--sample", "190000", "--where", "high > low"], 190_000, True)
        self.check_part(location, ["--sample", "199999"], 199_999, False)  # one of three faults may be left out
        self.check_part(location, ["--sample", "150000", "--limit", "10000"], 10_000, True)

    def test_part_of_csv(self):
        self.check_parts("faulty.csv")

    def test_part_of_parquet(self):
        duck.run(f"COPY (FROM '{self.folder}/faulty.csv') TO '{self.folder}/part.parquet' (ROW_GROUP_SIZE 20000)")
        self.check_parts("part.parquet")

    def test_part_of_json_lines(self):
        duck.run(f"COPY (FROM '{self.folder}/faulty.csv') TO '{self.folder}/part.jsonl' (FORMAT json)")
        self.check_parts("part.jsonl")

    def test_part_of_files(self):
        """A file's records are known by its name, whatever its place among the others."""
        text = (self.folder / "faulty.csv").read_text().splitlines(keepends=True)
        (self.folder / "files").mkdir()
        for i in range(4):
            (self.folder / "files" / f"{i}.csv").write_text("".join(text[:1] + text[1 + i * RECORDS // 4:1 + (i + 1) * RECORDS // 4]))
        self.check_part("files/*.csv", ["--union", "--sample", "199999"], 199_999, False)
        self.check_part("files/*.csv", ["--union", "--sample", "120000", "--where", "high > low"], 120_000, True)

    def check_where(self, location, resting=frozenset(RESTING)):
        """Judged on the records that the expression is true for, and on no others."""
        offered, _ = self.profile(location, "--where", "high > low")
        self.assertLessEqual(resting, set(offered))
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {RECORDS - len(FAULTY)})
        offered, _ = self.profile(location, "--where", "id >= 0")
        self.assertFalse(RESTING & set(offered))
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {RECORDS})

    def test_nothing_rests_on_a_sample_that_is_all(self):
        (self.folder / "small.csv").write_text("\n".join(csv_text(()).split("\n", 901)[:901]) + "\n")
        offered, container = self.profile("small.csv")
        self.assertLessEqual(RESTING, set(offered))
        self.assertEqual({evidence["verified_records"] for evidence in offered.values()}, {900})
        self.assertEqual(container["run"]["passes"], 1)

    def test_splits(self):
        for name in ("sound", "faulty"):
            path = self.folder / f"{name}.csv"
            source, size = execute.file_source([path]), path.stat().st_size
            cut = path.read_bytes().index(b"\n", size // 2) + 1
            states = [execute.run(execute.task("profile.split", source, split_no=i, split_count=2, split={"parts": [[0, begin, end]]}))["chunks"]
                      for i, (begin, end) in enumerate(((0, cut), (cut, 0)))]
            merged = execute.run(execute.task("profile.merge", source, settings={"states": [{"splits": 1, "chunks": part} for part in states],
                                                                                  "infer": "xhigh", "infer_as_draft": True}))
            checks = [check for chunk in merged["chunks"] if chunk["t"] == "inferred" for check in chunk["checks"]]
            resting = {(check["rule"], check["fields"][0]) for check in checks} & RESTING
            self.assertEqual(resting, RESTING if name == "sound" else set())
            self.assertEqual({check["additional_metadata"]["inference"]["verified_records"] for check in checks}, {RECORDS})
            self.assertEqual({check["status"] for check in checks}, {"Draft"})

    @unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "needs ASSAY_TEST_POSTGRES")
    def test_postgresql(self):
        url, schema = os.environ["ASSAY_TEST_POSTGRES"], f"verified_{os.getpid()}"

        def sql(text):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=text, text=True, check=True, capture_output=True)

        try:
            sql(f"CREATE SCHEMA {schema};" + "".join(
                f"CREATE TABLE {schema}.{name} (id int, code text, low int, high int, price numeric, tax numeric);\n"
                f"\\copy {schema}.{name} FROM '{self.folder}/{name}.csv' CSV HEADER\n" for name in ("sound", "faulty")))
            self.check_sound(f"{url}#{schema}.sound")
            self.check_faulty(f"{url}#{schema}.faulty")
            self.check_where(f"{url}#{schema}.faulty", RESTING - {("predictedBy", "tax")})  # of a numeric without scale none is found
        finally:
            sql(f"DROP SCHEMA {schema} CASCADE")


if __name__ == "__main__":
    unittest.main()
