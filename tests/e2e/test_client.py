"""The REST client commands against a server of their own: a newcomer's way from a folder to its anomalies."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import ASSAY, Scratch  # noqa: E402


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.shop = cls.scratch.folder / "shop"
        cls.shop.mkdir()
        (cls.shop / "orders.csv").write_text("id,amount\n1,5.5\n2,\n3,7\n")
        _, cls.api = cls.scratch.serve()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def run_assay(self, *args, exit_code=0, **environment):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_") or k == "ASSAY_EXECUTE"}
        variables = {**kept, "LC_ALL": "C.UTF-8", "ASSAY_SERVER": f"http://127.0.0.1:{self.api.port}",
                     "ASSAY_TOKEN": self.api.token, **environment}
        done = subprocess.run([ASSAY, *args], cwd=self.shop, capture_output=True, text=True, timeout=600, env=variables)
        self.assertEqual(done.returncode, exit_code, f"{args}: {done.stdout}{done.stderr}")
        return done

    def json(self, *args, **more):
        return json.loads(self.run_assay(*args, "--format", "json", **more).stdout)

    def test_a_newcomers_way(self):
        made = self.json("connection", "create", "name=files", "type=file", f"uri=file://{self.shop}")
        self.run_assay("connection", "test", "files")
        self.json("datastore", "create", "name=shop", f"connection_id={made['id']}", "root_path=/")
        self.assertEqual(self.json("operation", "run", "sync", "--datastore", "shop", "--watch")["result"], "success")
        containers = self.json("container", "list", "--datastore", "shop")
        self.assertEqual([c["name"] for c in containers], ["orders.csv"])
        self.json("operation", "run", "profile", "--datastore", "shop", "--container", "orders.csv", "--watch", "ai_effort=off")
        fields = self.run_assay("field", "list", "--datastore", "shop", "--container", "orders.csv").stdout.splitlines()
        self.assertRegex(fields[2], r"amount +Fractional")
        checks = self.scratch.folder / "checks.yaml"
        checks.write_text("version: 1\nchecks:\n  - notNull: [amount]\n  - unique: [id]\n")
        self.assertIn("2 checks made", self.run_assay("check", "import", str(checks), "--datastore", "shop").stdout)
        listed = self.run_assay("check", "list", "--datastore", "shop").stdout
        self.assertRegex(listed, r"notNull +amount +orders.csv")
        self.assertEqual([line for line in listed.splitlines() if len(line) > 80], [])
        scan = self.json("operation", "run", "scan", "--datastore", "shop", "--watch", exit_code=1)
        self.assertEqual(self.json("operation", "watch", str(scan["id"]), exit_code=1)["result"], "success")
        anomalies = self.json("anomaly", "list", "--datastore", "shop", "status=Active")
        self.assertEqual([(a["type"], a["row"]) for a in anomalies], [("record", 2)])
        self.run_assay("anomaly", "update", str(anomalies[0]["id"]), "status=Acknowledged")
        self.assertEqual(self.json("anomaly", "show", anomalies[0]["uuid"])["status"], "Acknowledged")
        renamed = self.json("datastore", "update", "shop", "name=corner shop")
        self.assertEqual(renamed["name"], "corner shop")
        in_use = self.run_assay("connection", "delete", "files", exit_code=3)
        self.assertIn("datastore", in_use.stderr)
        self.run_assay("datastore", "delete", "corner shop")
        self.run_assay("connection", "delete", "files")
        self.assertEqual(self.json("connection", "list"), [])

    def test_wrong_use(self):
        for args, code, says, environment in [
            (["connection", "show", "nothing"], 3, "none of that name", {}),
            (["connection", "show"], 2, "needs an id", {}),
            (["connection", "create"], 2, "nothing was given", {}),
            (["connection", "create", "name"], 2, "KEY=VALUE", {}),
            (["operation", "run", "dance", "--datastore", "x"], 2, "give sync, profile or scan", {}),
            (["operation", "run", "sync"], 2, "--datastore NAME", {}),
            (["field", "list"], 2, "--container NAME", {}),
            (["connection", "list"], 3, "401", {"ASSAY_TOKEN": "nonsense"}),
            (["connection", "list"], 3, "no token was found", {"ASSAY_TOKEN": ""}),
            (["connection", "list", "--server", "http://127.0.0.1:1"], 3, "127.0.0.1:1", {}),
        ]:
            with self.subTest(args=args):
                done = self.run_assay(*args, exit_code=code, **environment)
                self.assertIn(says, done.stderr)
                self.assertNotIn(self.api.token, done.stderr)

    def test_tokens(self):
        token = self.run_assay("token", "create", "--name", "second").stdout.strip()
        self.assertEqual(token.count("."), 2)
        tokens = {t["name"]: t["id"] for t in self.json("token", "list", ASSAY_TOKEN=token)}
        self.run_assay("token", "delete", tokens["second"])
        self.run_assay("token", "list", exit_code=3, ASSAY_TOKEN=token)


if __name__ == "__main__":
    unittest.main()
