"""Starts the roles of Assay for tests, in a scratch folder on free ports, and speaks to their REST API.
ASSAY names the binary. Standard library only. A server is ready when it answers, never after a sleep."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY", str(ROOT / "build/dev/assay"))
SHARED = ROOT.parent / "shared"
READY_S, WAIT_S, OPERATION_S = 300, 300, 400   # against endless waits alone: what is due comes in a moment
GIVEN_PORTS = set()


def free_port():
    """A port that nobody has. It is not of those that the system hands out, so that no connection takes it before its server does."""
    first_handed_out = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, first_handed_out) if first_handed_out > 12_000 else 0
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            port = s.getsockname()[1]
        if port not in GIVEN_PORTS:
            GIVEN_PORTS.add(port)
            return port


def refusing_port(test):
    """A port that refuses connections until the test has ended: it is bound, and nobody listens."""
    bound = socket.socket()
    test.addCleanup(bound.close)
    bound.bind(("127.0.0.1", 0))
    return bound.getsockname()[1]


def wait_until(condition, seconds, what):
    """The first true value of condition(), asked again every 50 ms."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body


class Api:
    """The REST API with a token; answers are parsed, statuses ≥ 400 raise ApiError."""

    def __init__(self, port, token):
        self.port, self.token = port, token

    def request(self, method, path, body=None, query=(), token=None, headers=None, raw=None):
        """(status, headers, bytes) of one request."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        url = "/api" + path + ("?" + urllib.parse.urlencode(query, True) if query else "")
        all_headers = {"Content-Type": "application/json"}
        if token is not False:
            all_headers["Authorization"] = "Bearer " + (token or self.token)
        all_headers.update(headers or {})
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            conn.request(method, url, data, all_headers)
            answer = conn.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            conn.close()

    def call(self, method, path, body=None, **query):
        status, _, text = self.request(method, path, body, query)
        parsed = json.loads(text) if text else None
        if status >= 400:
            raise ApiError(status, parsed)
        return parsed

    def items(self, path, **query):
        page, found = 1, []
        while True:
            answer = self.call("GET", path, page=page, size=100, **query)
            found += answer["items"]
            if page * 100 >= answer["total"]:
                return found
            page += 1

    def wait(self, operation_id, seconds=OPERATION_S):
        return wait_until(lambda: (lambda o: o if o["end_time"] else None)(self.call("GET", f"/operations/{operation_id}")),
                          seconds, f"end of operation {operation_id}")

    def run(self, kind, datastore_id, **settings):
        return self.wait(self.call("POST", "/operations/run", {"type": kind, "datastore_id": datastore_id, **settings})["id"])

    def datastore(self, name, connection, **body):
        """A connection and a datastore on it, without the first sync."""
        made = self.call("POST", "/connections", {"name": f"{name} connection", **connection})
        return self.call("POST", "/datastores", {"name": name, "connection_id": made["id"], "trigger_sync": False, **body})["id"]


class Role:
    """One running process: serve, scheduler or worker."""

    def __init__(self, command, folder, settings, environment=None):
        self.folder, self.log = folder, folder / f"{command}-{uuid.uuid4().hex[:6]}.log"
        argv = [ASSAY, command]
        for key, value in settings.items():
            argv += ["--set", f"{key}={value}"]
        env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_TEST")}
        env.update(environment or {})
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=env,
                                            start_new_session=True)

    def text(self):
        return self.log.read_text(errors="replace")

    def events(self):
        found = []
        for line in self.text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
        return found

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        os.kill(self.process.pid, number)

    def stop(self, seconds=WAIT_S):
        if self.alive():
            self.signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError("did not stop in time:\n" + self.text()[-3000:])

    def kill(self):
        if self.alive():
            self.process.kill()
        self.process.wait()


class Scratch:
    """A folder that goes with the test, and the roles that were started in it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-", dir=os.environ.get("ASSAY_TEST_DIR")))
        self.roles = []

    def start(self, command, settings, environment=None):
        role = Role(command, self.folder, settings, environment)
        self.roles.append(role)
        return role

    def ready(self, role, port, token_file):
        def answers():
            if not role.alive():
                raise AssertionError("ended while starting:\n" + role.text()[-3000:])
            if not token_file.exists():
                return None
            try:
                return Api(port, token_file.read_text().strip()).request("GET", "/status")[0] < 500
            except OSError:
                return None
        wait_until(answers, READY_S, "the API answers")
        return Api(port, token_file.read_text().strip())

    def serve(self, **settings):
        """assay serve over a new SQLite catalog; files below the scratch folder may be read."""
        port, self.internal = free_port(), free_port()
        role = self.start("serve", {"api.listen": f"127.0.0.1:{port}", "internal.listen": f"127.0.0.1:{self.internal}",
                                    "catalog.url": "sqlite:assay.db", "file.roots": str(self.folder), "log.format": "json",
                                    **settings})
        return role, self.ready(role, port, self.folder / "assay.token")

    def close(self):
        for role in self.roles:
            role.kill()
        if not os.environ.get("ASSAY_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
