#!/usr/bin/env python3
"""Sync, Profile and Scan of the sample over the REST API, and the findings beside what was planted.
usage: quickstart.py URL TOKEN_FILE FOLDER        exit 0: exactly the planted faults were found; 1: anything else"""
import json
import pathlib
import sys
import textwrap
import time
import urllib.error
import urllib.parse
import urllib.request

WAIT_S = 120
SHOWN = 4   # anomalies


class Api:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None, **query):
        request = urllib.request.Request(f"{self.url}/api{path}" + (f"?{urllib.parse.urlencode(query, True)}" if query else ""),
                                         method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"quickstart: {method} {path}: {error.code} {error.read().decode(errors='replace')}")
        return json.loads(text) if text else None

    def items(self, path, **query):
        page, found = 1, []
        while True:
            answer = self.call("GET", path, page=page, size=100, **query)
            found += answer["items"]
            if page * 100 >= answer["total"]:
                return found
            page += 1

    def wait(self, operation_id):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            operation = self.call("GET", f"/operations/{operation_id}")
            if operation["end_time"]:
                if operation["result"] != "success":
                    sys.exit(f"quickstart: operation {operation_id} ended as {operation['result']}: {operation['message']}")
                return operation
            time.sleep(0.1)
        sys.exit(f"quickstart: operation {operation_id} did not end within {WAIT_S} s")

    def run(self, kind, datastore, **settings):
        started = time.monotonic()
        operation = self.wait(self.call("POST", "/operations/run", {"type": kind, "datastore_id": datastore, **settings})["id"])
        print(f"   {kind:<8} {operation['status'].get('records_processed', 0):>8,} records   {time.monotonic() - started:5.1f} s"
              f"{'   ' + operation['message'] if operation['message'] else ''}")
        return operation


def wait_for_server(url, token_file):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            if token_file.exists():
                urllib.request.urlopen(f"{url}/api/status", timeout=2).close()
                return token_file.read_text().strip()
        except urllib.error.HTTPError:
            return token_file.read_text().strip()
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"quickstart: {url} does not answer")


def datastore_of(api, folder):
    known = [d for d in api.items("/datastores", name="shop") if d["name"] == "shop"]
    if known:
        api.run("sync", known[0]["id"])
        return known[0]["id"]
    connection = api.call("POST", "/connections", {"name": "sample", "type": "file", "uri": f"file://{folder}"})
    datastore = api.call("POST", "/datastores", {"name": "shop", "connection_id": connection["id"], "root_path": "/",
                                                 "trigger_sync": False})
    api.run("sync", datastore["id"])
    return datastore["id"]


def make_checks(api, containers, faults):
    known = {(c["container"]["name"], c["rule_type"], tuple(f["name"] for f in c["fields"])): c["id"]
             for name in containers for c in api.items("/quality-checks", container=containers[name])}
    made = {}
    for fault in faults:
        key = (fault["container"], fault["rule"], tuple(fault["fields"]))
        made[key] = next((i for k, i in known.items() if k[:2] == key[:2] and (k[2] == key[2] or not key[2])), None)
        if made[key] is None:
            made[key] = api.call("POST", "/quality-checks", {
                "container_id": containers[fault["container"]], "rule": fault["rule"], "fields": fault["fields"],
                "properties": fault["properties"], "coverage": 1.0, "filter": None, "tags": [], "status": "Active",
                "additional_metadata": {}, "description": f"planted: {fault['rule']} of {', '.join(fault['fields']) or 'a record'}"})["id"]
    return made


def report(api, datastore, operation, faults, checks):
    scans = {row["quality_check_id"]: row for scan in operation["container_scans"] for row in scan["checks"]}
    good = True
    print(f"\n   {'container':<20} {'rule':<20} {'fields':<14} {'planted':>7} {'found':>7}")
    for fault in faults:
        check = checks[(fault["container"], fault["rule"], tuple(fault["fields"]))]
        found = scans.get(check, {}).get("anomalous_records_count")
        good &= found == len(fault["rows"])
        print(f"   {fault['container']:<20} {fault['rule']:<20} {', '.join(fault['fields']):<14} {len(fault['rows']):>7} "
              f"{'-' if found is None else found:>7}{'' if found == len(fault['rows']) else '   <- differs'}")
    anomalies = api.call("GET", "/anomalies", page=1, size=100, datastore=datastore, status="Active", sort_created="desc")
    lines = {}   # one of each check
    for anomaly in anomalies["items"]:
        failed = anomaly["failed_checks"]
        message = failed[0]["message"] if failed else anomaly["description"]
        lines.setdefault(failed[0]["quality_check"]["id"] if failed else message, f"{anomaly['container']['name']}: {message}")
    print(f"\n   {anomalies['total']} anomalies are open; some of them:")
    for line in list(lines.values())[:SHOWN]:
        print(textwrap.fill(line, 100, initial_indent="   ", subsequent_indent="     "))
    return good


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    url, folder = sys.argv[1], pathlib.Path(sys.argv[3]).resolve()
    api = Api(url, wait_for_server(url, pathlib.Path(sys.argv[2])))
    faults = json.loads((folder / "faults.json").read_text())
    datastore = datastore_of(api, folder / "shop")
    containers = {c["name"]: c["id"] for c in api.call("GET", "/containers/listing", datastore=datastore)}
    api.run("profile", datastore, ai_effort="off")
    checks = make_checks(api, containers, faults)
    good = report(api, datastore, api.run("scan", datastore), faults, checks)
    print(f"\n   API: {url}/api   containers: {', '.join(sorted(containers))}")
    sys.exit(0 if good else "quickstart: the findings differ from what was planted")


if __name__ == "__main__":
    main()
