"""The sample shop of the quickstart: exactly the planted faults are found, through `assay serve` and through `assay scan`."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import ASSAY, ROOT, Scratch  # noqa: E402


def make_sample(folder):
    library = ROOT / ".cache/duckdb/lib/libduckdb.so"
    subprocess.run([sys.executable, ROOT / "deploy/sample.py", folder, library], check=True)
    return json.loads((folder / "faults.json").read_text())


class SampleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.faults = make_sample(cls.scratch.folder)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def test_scan_command_finds_exactly_the_planted_rows(self):
        shop = self.scratch.folder / "shop"
        checks = {"version": 1, "checks": [{k: f[k] for k in ("rule", "container", "fields", "properties")} for f in self.faults]}
        for check in checks["checks"]:
            if not check["fields"]:
                del check["fields"]
        checks_file, failing = self.scratch.folder / "checks.json", self.scratch.folder / "failing.jsonl"
        checks_file.write_text(json.dumps(checks))
        for container in sorted({f["container"] for f in self.faults}):
            mine = [(i, f) for i, f in enumerate(self.faults) if f["container"] == container]
            own = self.scratch.folder / f"{container}.checks.json"
            own.write_text(json.dumps({"version": 1, "checks": [checks["checks"][i] for i, _ in mine]}))
            done = subprocess.run([ASSAY, "scan", str(shop / container), "--checks", str(own), "--format", "json", "--failing",
                                   str(failing), "-q"], capture_output=True, text=True, env=os.environ)
            self.assertEqual(done.returncode, 1, done.stderr)
            report = json.loads(done.stdout)["containers"][0]
            rows = {}
            for line in failing.read_text().splitlines():
                record = json.loads(line)
                failed = record["_assay_failed_checks"]
                for index in json.loads(failed) if isinstance(failed, str) else failed:
                    rows.setdefault(index, []).append(int(record["_assay_row"]))
            for index, (_, fault) in enumerate(mine):
                with self.subTest(container=container, rule=fault["rule"], fields=fault["fields"]):
                    self.assertEqual(sorted(rows.get(index, [])), fault["rows"])
                    self.assertEqual(report["checks"][index]["anomalous_records_count"], len(fault["rows"]))
                    self.assertEqual(report["checks"][index]["outcome"], "failed")

    def test_quickstart_over_rest_finds_exactly_the_planted_counts(self):
        role, api = self.scratch.serve()
        command = [sys.executable, ROOT / "deploy/quickstart.py", f"http://127.0.0.1:{api.port}", self.scratch.folder / "assay.token",
                   self.scratch.folder]
        for run in ("first", "again"):
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{run}: {done.stdout}{done.stderr}{role.text()[-3000:]}")
        self.assertEqual(role.stop(), 0)
        self.assertNotIn((self.scratch.folder / "assay.token").read_text().strip(), role.text())


if __name__ == "__main__":
    unittest.main()
