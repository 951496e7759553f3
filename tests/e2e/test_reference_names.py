"""References by name on the command line, by id on a server and back in files; masked fields are not shown by aggregates."""
# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import ASSAY, Scratch  # noqa: E402

CUSTOMERS = {"eu": (1, 2, 3), "us": (1, 2, 9)}
ORDERS = (1, 2, 9)


def write(folder, name, ids):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("id,salary,code\n" + "".join(f"{i},{70000 + i},c{i}\n" for i in ids))


def exists_in(**reference):
    return {"rule": "existsIn", "fields": ["id"], "properties": {"field_name": "id", **reference}}


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        for name, ids in CUSTOMERS.items():
            write(self.folder / name, "customers.csv", ids)
        write(self.folder, "orders.csv", ORDERS)

    def scan(self, check, *options, code):
        done = subprocess.run([ASSAY, "scan", "orders.csv", "--format", "json", "--check", json.dumps(check), *options],
                              cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def result(self, check, *options, code):
        return json.loads(self.scan(check, *options, code=code).stdout)["containers"][0]["checks"][0]

    def test_standard_input_is_no_reference(self):
        done = self.scan(exists_in(ref_container="x"), "--ref", "x=-", code=2)
        self.assertRegex(done.stderr, "standard input can be scanned, but not be referred to.*: write it to a file")

    def test_datastores_are_told_apart(self):
        refs = [f"--ref={name}/customers.csv={name}/customers.csv" for name in CUSTOMERS]
        for name, failing in (("eu", 1), ("us", 0)):
            done = self.scan(exists_in(ref_container="customers.csv", ref_datastore=name), *refs, code=1 if failing else 0)
            self.assertEqual(json.loads(done.stdout)["containers"][0]["checks"][0]["anomalous_records_count"], failing)
            self.assertNotIn("ref_datastore", done.stderr)

    def test_a_datastore_without_a_name_is_warned_of(self):
        done = self.scan(exists_in(ref_container="customers.csv", ref_datastore="eu"), "--ref", "customers.csv=us/customers.csv", code=0)
        self.assertRegex(done.stderr, "check 0: no datastore has a name here: ref_datastore eu is passed over, and customers.csv is looked for")

    def compare(self, expression, other, **reference):
        return {"rule": "aggregationComparison", "properties": {"expression": expression, "comparison": "lt", "ref_expression": other, **reference}}

    def test_aggregates_of_masked_fields(self):
        mask = ["--mask", "salary", "--ref", "customers.csv=eu/customers.csv"]
        foreign = {"ref_container": "customers.csv"}
        for check, says in ((self.compare("max(salary)", "100"), "max(salary) is ***MASKED***: it is not less than 100."),
                            (self.compare("count(*) + max(salary) * 0", "max(salary) * 0", **foreign),
                             "count(*) + max(salary) * 0 is ***MASKED***: it is not less than max(salary) * 0 of `customers.csv`, which is ***MASKED***."),
                            (self.compare("count(*)", "min(id)", **foreign), "count(*) is 3: it is not less than min(id) of `customers.csv`, which is 1."),
                            ({"rule": "sum", "fields": ["salary"], "properties": {"value": 5}}, "In `salary`, the sum is ***MASKED***: it is not equal to 5.")):
            self.assertEqual(self.result(check, *mask, code=1)["message"], says)

    def test_failures_do_not_show_a_masked_value(self):
        for check in (self.compare("max(CAST(code AS INTEGER))", "1"), {"rule": "satisfiesExpression", "properties": {"expression": "CAST(code AS INTEGER) > 0"}}):
            self.assertIn("c1", self.result(check, code=3)["message"])
            masked = self.result(check, "--mask", "code", code=3)["message"]
            self.assertNotIn("c1", masked)
            self.assertRegex(masked, "fails on (this record|some value of a masked field)")


class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.role, cls.api = cls.scratch.serve()
        cls.folder = cls.scratch.folder

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def datastore(self, name, files):
        for file, ids in files.items():
            write(self.folder / name, file, ids)
        datastore = self.api.datastore(name, {"type": "file", "uri": f"file://{self.folder / name}"}, root_path="/")
        self.assertEqual(self.api.run("sync", datastore)["result"], "success")
        return datastore, {c["name"]: c["id"] for c in self.api.call("GET", "/containers/listing", datastore=datastore)}

    def client(self, verb, file, datastore="shop", code=0):
        done = subprocess.run([ASSAY, "check", verb, file, "--datastore", datastore, "--server", f"http://127.0.0.1:{self.api.port}"], cwd=self.folder,
                              env={"ASSAY_TOKEN": self.api.token, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_names_become_ids_and_names_again(self):
        shop, own = self.datastore("shop", {"orders.csv": ORDERS, "customers.csv": CUSTOMERS["eu"]})
        other, others = self.datastore("us", {"customers.csv": CUSTOMERS["us"]})
        checks = [{**exists_in(ref_container="customers.csv"), "container": "orders.csv", "description": "own"},
                  {**exists_in(ref_container="customers.csv", ref_datastore="us"), "container": "orders.csv", "description": "elsewhere", "coverage": 0.5}]
        (self.folder / "checks.yaml").write_text(json.dumps({"version": 1, "checks": checks}))
        self.assertEqual(self.client("import", "checks.yaml").stdout, "2 checks made, 0 were there already\n")
        made = {c["description"]: c["properties"] for c in self.api.items("/quality-checks", datastore=shop)}
        for description, datastore, container in (("own", shop, own["customers.csv"]), ("elsewhere", other, others["customers.csv"])):
            self.assertEqual((made[description]["ref_datastore_id"], made[description]["ref_container_id"]), (datastore, container))
            self.assertNotIn("ref_container", made[description])
        self.assertEqual(self.client("export", "first.json").stdout, "2 checks written\n")
        exported = {c["description"]: c for c in json.loads((self.folder / "first.json").read_text())["checks"]}
        self.assertEqual(exported["own"]["properties"], checks[0]["properties"])
        self.assertEqual(exported["elsewhere"]["properties"], checks[1]["properties"])
        self.assertEqual((exported["elsewhere"]["coverage"], exported["elsewhere"]["container"]), (0.5, "orders.csv"))
        for check in self.api.items("/quality-checks", datastore=shop):
            self.api.call("DELETE", f"/quality-checks/{check['id']}")
        self.assertEqual(self.client("import", "first.json").stdout, "2 checks made, 0 were there already\n")
        self.client("export", "second.json")
        by_text = [sorted(map(json.dumps, json.loads((self.folder / name).read_text())["checks"])) for name in ("first.json", "second.json")]
        self.assertEqual(*by_text)
        run = self.api.run("scan", shop)
        self.assertEqual(run["result"], "success", run)
        failed = [a["failed_checks"][0]["quality_check"]["description"] for a in self.api.items("/anomalies", datastore=shop)]
        self.assertEqual(failed, ["own"])

    def test_a_reference_that_is_not_there(self):
        (self.folder / "wrong.yaml").write_text("version: 1\nchecks:\n" + "  - " + json.dumps({**exists_in(ref_container="nowhere.csv"), "container": "orders.csv"}) + "\n")
        self.datastore("bare", {"orders.csv": ORDERS})
        done = self.client("import", "wrong.yaml", "bare", code=3)
        self.assertRegex(done.stderr, r"importing check 0 \(line 3\): its reference nowhere.csv is no container of the datastore")


if __name__ == "__main__":
    unittest.main()
