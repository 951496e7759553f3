"""A scheduler and workers on the real PostgreSQL, Kafka and Redis that tests/run.sh started (ASSAY_TEST_POSTGRES, _KAFKA, _REDIS)."""
import os
import subprocess
import urllib.parse
import uuid

from server import ASSAY, Scratch, free_port

NEEDS = ("ASSAY_TEST_POSTGRES", "ASSAY_TEST_KAFKA", "ASSAY_TEST_REDIS")


def missing_servers():
    return ", ".join(name for name in NEEDS if not os.environ.get(name))


class Cluster:
    def __init__(self, workers=1, fast=False, lease_s=30):
        """fast: workers look for work at once. A lease of some seconds is for tests that wait for its end."""
        self.scratch = Scratch()
        self.admin = os.environ["ASSAY_TEST_POSTGRES"]
        self.name = "assay_" + uuid.uuid4().hex[:10]
        self.sql(f"CREATE DATABASE {self.name}")
        self.catalog_url = self.admin.rsplit("/", 1)[0] + "/" + self.name
        self.port, self.internal = free_port(), free_port()
        folder = self.scratch.folder
        (folder / "passphrase").write_text("a passphrase for the tests, long enough\n")
        os.chmod(folder / "passphrase", 0o600)
        self.shared = {"queue.url": "kafka://" + os.environ["ASSAY_TEST_KAFKA"], "queue.topic_prefix": self.name,
                       "queue.partitions": 4, "queue.replication": 1, "progress.url": os.environ["ASSAY_TEST_REDIS"],
                       "log.format": "json"}
        if fast:
            self.shared.update({"worker.lease_ttl": f"{lease_s}s", "worker.heartbeat": "1500ms", "worker.drain": "1s",
                                "worker.steal_age": "300ms", "worker.steal_every": "200ms"})
        self.environment = {"ASSAY_CATALOG_URL": self.catalog_url}   # not in argv: it holds a password
        self.scheduler_settings = {"api.listen": f"127.0.0.1:{self.port}", "internal.listen": f"127.0.0.1:{self.internal}",
                                   "api.insecure": "true", "secrets.passphrase_file": "passphrase", **self.shared}
        self.run("migrate")
        (folder / "assay.token").write_text(self.run("token", "create", "--admin").strip() + "\n")
        (folder / "worker.token").write_text(self.run("token", "create", "--worker").strip() + "\n")
        self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(workers)]

    def run(self, *command):
        """One command on the catalog; its output."""
        argv = [ASSAY, *command, "--set", "secrets.passphrase_file=passphrase"]
        done = subprocess.run(argv, cwd=self.scratch.folder, env={**os.environ, **self.environment}, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def start_scheduler(self):
        self.scheduler = self.scratch.start("scheduler", self.scheduler_settings, self.environment)
        self.api = self.scratch.ready(self.scheduler, self.port, self.scratch.folder / "assay.token")

    def start_worker(self, slots=2):
        return self.scratch.start("worker", {"control.url": f"http://127.0.0.1:{self.internal}", "control.token_file": "worker.token",
                                             "worker.slots": slots, "file.roots": str(self.scratch.folder), **self.shared},
                                  self.environment)

    def sql(self, statements):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.admin, "-c", statements], check=True, capture_output=True)

    def query(self, statement):
        """Rows of the catalog as tuples of texts."""
        text = subprocess.run(["psql", "-At", "-F", "\t", "-d", self.catalog_url, "-c", statement], check=True, capture_output=True,
                              text=True).stdout
        return [tuple(line.split("\t")) for line in text.splitlines()]

    def postgres_place(self):
        """The test server as the body of a connection."""
        parts = urllib.parse.urlsplit(self.admin)
        return {"host": parts.hostname, "port": parts.port, "username": parts.username, "password": parts.password,
                "database": parts.path.lstrip("/"), "parameters": {"sslmode": "disable"}}

    def close(self):
        self.scratch.close()
        self.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
