"""The REST API as a client written for the platform uses it: config-as-code in its order of calls (an export after an import
shows no difference), runs polled to their end, anomalies handled, and what is not built answered with 422."""
import base64
import json
import pathlib
import sys
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import WAIT_S, ApiError, Scratch, free_port, refusing_port, wait_until  # noqa: E402

ORDERS = "id,amount,country,created\n" + "".join(
    f"{i},{'-5.00' if i == 17 else f'{i % 90}.50'},{'CH' if i % 3 else 'DE'},2026-01-{1 + i % 28:02d}\n" for i in range(1, 301))
CUSTOMERS = '{"id": 1, "email": "a@b.ch"}\n{"id": 2, "email": null}\n{"id": 3, "email": "c@d.ch"}\n'
CHECKS = [
    {"container": "orders.csv", "rule": "between", "description": "amounts are sane", "fields": ["amount"], "coverage": 1.0,
     "filter": "country = 'CH'", "properties": {"min": 0, "inclusive_min": True, "max": 10000, "inclusive_max": False},
     "tags": ["finance"], "additional_metadata": {"_qualytics_check_uid": "orders.csv__between__amount"}, "status": "Active"},
    {"container": "orders.csv", "rule": "notNull", "description": "keys", "fields": ["id", "country"], "coverage": 1.0,
     "filter": None, "properties": {}, "tags": [], "additional_metadata": {}, "status": "Active"},
    {"container": "orders.csv", "rule": "expectedValues", "description": "known countries", "fields": ["country"], "coverage": 0.9,
     "filter": None, "properties": {"list": ["CH", "DE"]}, "tags": ["finance", "geo"], "additional_metadata": {"severity": "warning"},
     "status": "Draft"},
    {"container": "customers.jsonl", "rule": "notNull", "description": "mail", "fields": ["email"], "coverage": 1.0, "filter": None,
     "properties": {}, "tags": [], "additional_metadata": {}, "status": "Active"},
]


class Client:
    """What the platform's command line does, call by call."""

    def __init__(self, api):
        self.api = api

    def by_name(self, path, name):
        found, page = [], 1
        while True:
            items = self.api.call("GET", path, name=name, page=page, size=50)["items"]
            found += items
            if len(items) < 50:
                break
            page += 1
        return next((item for item in found if item["name"] == name), None)

    def upsert(self, path, body):
        known = self.by_name(path, body["name"])
        if not known:
            return self.api.call("POST", path, body)
        whole = self.api.call("GET", f"{path}/{known['id']}")
        return self.api.call("PUT", f"{path}/{known['id']}", {**self.flat(whole), **body})

    @staticmethod
    def flat(whole):
        """A GET answer as it goes back: names instead of objects, connection as its id."""
        body = {k: v for k, v in whole.items() if v is not None and k not in ("id", "connection", "datastores")}
        for key in ("teams", "tags"):
            if key in body:
                body[key] = [member["name"] if isinstance(member, dict) else member for member in body[key]]
        return body

    def export(self, name):
        datastore = self.api.call("GET", f"/datastores/{self.by_name('/datastores', name)['id']}")
        connection = self.api.call("GET", f"/connections/{datastore['connection']['id']}")
        containers = self.api.items("/containers", datastore=datastore["id"])
        checks = self.api.items("/quality-checks", datastore=datastore["id"])
        return {
            "connection": {k: connection.get(k) for k in ("name", "type", "connection_type", "uri", "parameters", "secrets_manager")},
            "datastore": {k: datastore.get(k) for k in (
                "name", "type", "store_type", "description", "root_path", "enrichment_only", "enrichment_remediation_strategy",
                "enrichment_source_record_limit", "high_count_rollup_threshold", "enrich_datastore", "tags")}
            | {"teams": [team["name"] for team in datastore["teams"]], "connection": datastore["connection"]["name"]},
            "containers": sorted((c["name"], c["container_type"], tuple(t["name"] for t in c["global_tags"])) for c in containers),
            "checks": sorted(({
                "container": c["container"]["name"], "rule": c["rule_type"], "description": c["description"],
                "fields": [f["name"] for f in c["fields"]], "coverage": c["coverage"], "filter": c["filter"],
                "properties": c["properties"], "tags": [t["name"] for t in c["global_tags"]], "status": c["status"],
                "additional_metadata": c["additional_metadata"]} for c in checks), key=lambda c: json.dumps(c, sort_keys=True))}

    def restore(self, exported, secrets):
        connection = {k: v for k, v in exported["connection"].items() if v is not None and k != "connection_type"}
        self.upsert("/connections", {**connection, **secrets})
        connection_id = self.by_name("/connections", connection["name"])["id"]
        datastore = {k: v for k, v in exported["datastore"].items() if k not in ("connection", "type", "store_type")}
        made = self.upsert("/datastores", {**datastore, "connection_id": connection_id, "trigger_sync": False})
        run = self.api.run("sync", made["id"])
        assert (run["result"], run["message"]) == ("success", None), run
        names = {c["name"]: c["id"] for c in self.api.call("GET", "/containers/listing", datastore=made["id"])}
        patches = [{"id": names[name], "tags": list(tags)} for name, _, tags in exported["containers"] if name in names]
        self.api.call("PATCH", "/containers", patches)
        known = {(c["container"]["name"], c["rule_type"], tuple(sorted(f["name"] for f in c["fields"])), c["coverage"], c["filter"]): c["id"]
                 for c in self.api.items("/quality-checks", datastore=made["id"])}
        for check in exported["checks"]:
            body = {k: v for k, v in check.items() if k != "container"}
            key = (check["container"], check["rule"], tuple(sorted(check["fields"])), check["coverage"], check["filter"])
            if key in known:
                self.api.call("GET", f"/quality-checks/{known[key]}")
                del body["rule"]
                self.api.call("PUT", f"/quality-checks/{known[key]}", body)
            else:
                self.api.call("POST", "/quality-checks", {**body, "container_id": names[check["container"]]})
        return made["id"]


class RestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        shop = cls.scratch.folder / "shop"
        shop.mkdir()
        (shop / "orders.csv").write_text(ORDERS)
        (shop / "customers.jsonl").write_text(CUSTOMERS)
        cls.shop = shop
        cls.role, cls.api = cls.scratch.serve()
        cls.client = Client(cls.api)
        connection = cls.api.call("POST", "/connections", {"type": "file", "name": "disk", "uri": f"file://{shop}"})
        made = cls.api.call("POST", "/datastores", {
            "name": "shop", "connection_id": connection["id"], "enrichment_only": False, "enrichment_remediation_strategy": "none",
            "tags": ["gold"], "teams": None, "description": "a small shop", "root_path": "/"})
        cls.datastore = made["id"]
        first = wait_until(lambda: cls.api.call("GET", "/operations", datastore=made["id"], operation_type="catalog")["items"], WAIT_S,
                           "the first Sync")
        cls.first_sync = cls.api.wait(first[0]["id"])
        cls.profile = cls.api.run("profile", made["id"], ai_effort="off")
        names = {c["name"]: c["id"] for c in cls.api.call("GET", "/containers/listing", datastore=made["id"])}
        for check in CHECKS:
            body = {k: v for k, v in check.items() if k != "container"}
            cls.api.call("POST", "/quality-checks", {**body, "container_id": names[check["container"]]})
        cls.names = names

    @classmethod
    def tearDownClass(cls):
        cls.scratch.close()

    def refused(self, status, method, path, body=None, **query):
        with self.assertRaises(ApiError) as caught:
            self.api.call(method, path, body, **query)
        self.assertEqual(caught.exception.status, status, caught.exception.body)
        return caught.exception.body

    def test_the_first_sync_ran_by_itself(self):
        self.assertEqual((self.first_sync["result"], self.first_sync["message"]), ("success", None))
        self.assertEqual(set(self.names), {"orders.csv", "customers.jsonl"})

    def test_profile_is_polled_to_its_end_and_gives_field_profiles(self):
        self.assertEqual((self.profile["result"], self.profile["message"]), ("success", None))
        self.assertEqual(self.profile["status"]["total_containers"], 2)
        self.assertEqual(self.profile["status"]["records_processed"], 303)
        profiles = self.api.items(f"/containers/{self.names['orders.csv']}/field-profiles")
        self.assertEqual([p["name"] for p in profiles], ["id", "amount", "country", "created"])
        self.assertEqual(profiles[1]["min"], "-5.0")
        fields = self.api.call("GET", f"/containers/{self.names['orders.csv']}/fields")
        self.assertEqual([f["type"] for f in fields], ["Integral", "Fractional", "String", "Date"])

    def test_an_export_after_an_import_shows_no_difference(self):
        before = self.client.export("shop")
        self.assertEqual(len(before["checks"]), len(CHECKS))
        other = Scratch()
        try:
            _, api = other.serve(**{"file.roots": str(self.shop)})
            client = Client(api)
            for _ in ("into nothing", "over itself"):
                made = client.restore(before, {})
                self.assertEqual(api.run("profile", made, ai_effort="off")["result"], "success")
                self.assertEqual(client.export("shop"), before)
        finally:
            other.close()

    def test_scan_finds_what_is_wrong_and_anomalies_are_handled(self):
        run = self.api.run("scan", self.datastore, incremental=False)
        self.assertEqual(run["result"], "success")
        outcomes = {(s["container_name"], c["rule_type"]): c["outcome"] for s in run["container_scans"] for c in s["checks"]}
        self.assertEqual(outcomes, {("orders.csv", "between"): "failed", ("orders.csv", "notNull"): "passed",
                                    ("customers.jsonl", "notNull"): "failed"})
        found = self.api.items("/anomalies", datastore=self.datastore, sort_created="desc")
        self.assertEqual(sorted((a["container"]["name"], a["row"]) for a in found if a["type"] == "record"),
                         [("customers.jsonl", 2), ("orders.csv", 17)])
        wrong = next(a for a in found if a["container"]["name"] == "orders.csv")
        self.assertEqual(wrong["failed_checks"][0]["quality_check"]["rule_type"], "between")
        self.assertEqual(self.api.call("GET", f"/anomalies/{wrong['uuid']}")["id"], wrong["id"])
        changed = self.api.call("PUT", f"/anomalies/{wrong['id']}", {"status": "Acknowledged", "tags": ["seen"]})
        self.assertEqual((changed["status"], changed["tags"]), ("Acknowledged", ["seen"]))
        self.api.call("PATCH", "/anomalies", [{"id": wrong["id"], "status": "Active"}])
        self.api.call("DELETE", f"/anomalies/{wrong['id']}", archive="true", status="Resolved")
        self.assertEqual([a["status"] for a in self.api.items("/anomalies", container=self.names["orders.csv"], archived="only")],
                         ["Resolved"])
        self.api.call("DELETE", "/anomalies", [{"id": a["id"], "archive": False, "status": "Discarded"} for a in found])
        self.assertEqual(self.api.items("/anomalies", archived="include"), [])

    def test_connections_are_tested_by_the_worker(self):
        connection = self.client.by_name("/connections", "disk")
        self.assertIsNone(self.api.call("POST", f"/connections/{connection['id']}/test"))
        self.assertTrue(self.api.call("POST", f"/datastores/{self.datastore}/connection")["connected"])
        for uri in ("/nothing/here", "/etc"):
            body = self.refused(400, "POST", "/connections/test", {"type": "file", "name": "x", "uri": f"file://{uri}"})
            self.assertIn("message", body)
        self.refused(400, "PUT", f"/connections/{connection['id']}", {"name": "disk", "type": "file", "uri": "file:///nothing"})
        self.assertEqual(self.api.call("GET", f"/connections/{connection['id']}")["uri"], f"file://{self.shop}")
        self.refused(409, "DELETE", f"/connections/{connection['id']}")

    def test_no_secret_is_returned_or_logged(self):
        made = self.api.call("POST", "/connections", {"type": "postgresql", "name": "secret", "host": "127.0.0.1", "port": 1,
                                                      "username": "u", "password": "hunter2-s3cret"})
        self.refused(400, "POST", f"/connections/{made['id']}/test")
        self.assertNotIn("hunter2", json.dumps(self.api.call("GET", f"/connections/{made['id']}")) + self.role.text())
        self.assertNotIn(b"hunter2", b"".join(p.read_bytes() for p in self.scratch.folder.glob("assay.db*")))
        self.api.call("DELETE", f"/connections/{made['id']}")

    def test_the_token_is_a_jwt_and_needed(self):
        header, claims, _ = self.api.token.split(".")
        self.assertEqual(json.loads(base64.urlsafe_b64decode(header + "=="))["alg"], "HS256")
        self.assertIn("jti", json.loads(base64.urlsafe_b64decode(claims + "==")))
        for path in ("/connections", "/operations/1", "/anomalies"):
            self.assertEqual(self.api.request("GET", path, token=False)[0], 401)
        for path in ("/status", "/openapi.json", "/docs"):
            self.assertEqual(self.api.request("GET", path, token=False)[0], 200)

    def test_a_browser_login_ends_in_a_redirect(self):
        form = urllib.parse.urlencode({"redirect_uri": "http://127.0.0.1:1/callback", "state": "a&b", "hostname": "h",
                                       "token": self.api.token}).encode()
        status, headers, _ = self.api.request("POST", "/cli/authorize", raw=form, token=False,
                                              headers={"Content-Type": "application/x-www-form-urlencoded"})
        answer = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)
        self.assertEqual((status, answer["state"]), (302, ["a&b"]))
        self.assertEqual(self.api.request("GET", "/connections", token=answer["token"][0])[0], 200)

    def test_what_is_not_built_says_so_and_is_not_in_openapi(self):
        paths = self.api.call("GET", "/openapi.json")["paths"]
        for method, path, body in (
                ("POST", "/containers", {"container_type": "computed_table", "name": "x", "query": "select 1"}),
                ("POST", "/computed-fields", {"name": "x"}), ("POST", "/quality-check-templates", {"rule": "notNull"}),
                ("PATCH", f"/datastores/{self.datastore}/enrichment/1", None), ("POST", "/export/anomalies", None)):
            self.assertIn("detail", self.refused(422, method, path, body))
            self.assertNotIn(method.lower(), paths.get("/api" + path, {}))
        self.refused(422, "POST", "/operations/run", {"type": "export", "datastore_id": self.datastore, "asset_type": "checks"})

    def test_a_watcher_hears_of_an_operation_until_its_end(self):
        run = self.api.call("POST", "/operations/run", {"type": "profile", "datastore_id": self.datastore, "ai_effort": "off"})
        status, headers, body = self.api.request("GET", f"/operations/{run['id']}/events")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/event-stream"))
        events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
        self.assertEqual((events[-1]["id"], events[-1]["result"]), (run["id"], "success"))
        self.assertTrue(events[-1]["end_time"])

    def test_an_operation_is_aborted_or_was_over(self):
        run = self.api.call("POST", "/operations/run", {"type": "profile", "datastore_id": self.datastore, "ai_effort": "off"})
        self.api.call("PUT", f"/operations/abort/{run['id']}")
        self.assertIn(self.api.wait(run["id"])["result"], ("aborted", "success"))
        self.assertEqual(self.api.call("PUT", f"/operations/abort/{self.profile['id']}")["result"], "success")

    def test_a_source_that_is_down_is_said_while_the_operation_waits(self):
        down = self.api.datastore("down", {"type": "postgresql", "host": "127.0.0.1", "port": refusing_port(self), "username": "u",
                                           "password": "p"}, database="d", schema="s")
        run = self.api.call("POST", "/operations/run", {"type": "sync", "datastore_id": down})
        said = wait_until(lambda: (lambda o: o if o["message"] else None)(self.api.call("GET", f"/operations/{run['id']}")), WAIT_S,
                          "the reason of the wait")
        self.assertIsNone(said["end_time"])
        self.assertRegex(said["message"], r"^waiting: .*refused.*; tried again after 20\d\d-.*Z$")
        listed = next(o for o in self.api.items("/operations", datastore=down) if o["id"] == run["id"])
        self.assertTrue(listed["message"].startswith("waiting: "), listed)
        self.api.call("PUT", f"/operations/abort/{run['id']}")
        self.assertEqual(self.api.wait(run["id"])["result"], "aborted")

    def test_reasons_beyond_the_first_are_counted(self):
        folder = self.scratch.folder / "many"
        folder.mkdir()
        headers = "abcdefg"
        for name in headers:
            (folder / f"{name}{name}.csv").write_text(f"{name},id\n1,2\n")
        many = self.api.datastore("many", {"type": "file", "uri": f"file://{folder}"}, root_path="/")
        self.assertEqual(self.api.run("sync", many)["result"], "success")
        for path in folder.iterdir():
            path.unlink()
        ended = self.api.run("profile", many)
        self.assertEqual(ended["result"], "failure")
        self.assertTrue(ended["message"].endswith("; and 2 more"), ended["message"])

    def test_one_serve_a_catalog(self):
        second = self.scratch.start("serve", {"api.listen": f"127.0.0.1:{free_port()}", "internal.listen": f"127.0.0.1:{free_port()}",
                                              "catalog.url": "sqlite:assay.db"})
        self.assertNotEqual(second.process.wait(WAIT_S), 0)
        self.assertIn("another assay serve works on sqlite:assay.db", second.text())
        self.assertTrue(self.role.alive())

    def test_figures_where_a_door_is_named(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.scratch.internal}/metrics") as answer:
            self.assertRegex(answer.read().decode(), r"(?m)^assay_datastores [1-9]\d*$")

    def test_the_catalog_is_its_owners_alone(self):
        for path in self.scratch.folder.glob("assay.*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_container_has_every_key_that_clients_read(self):
        whole = self.api.call("GET", f"/containers/{self.names['orders.csv']}")
        for key in ("query", "select_clause", "where_clause", "group_by_clause", "source_container_id", "left_container_id",
                    "right_container_id"):
            self.assertIsNone(whole[key])
        self.assertEqual((whole["sources"], whole["computed_fields"]), ([], []))


if __name__ == "__main__":
    unittest.main()
