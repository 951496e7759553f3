"""Drives the real assay-execute over its frame protocol (docs/executor-protocol.md): one task in, its chunks out."""
# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import pathlib
import select
import signal
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 300   # against endless waits alone


class Failed(Exception):
    """The E frame: code, retry, text."""

    def __init__(self, body):
        super().__init__(f"{body['code']}: {body['text']}")
        self.code, self.retry, self.text, self.body = body["code"], body["retry"], body["text"], body


class Died(Exception):
    """The executor ended without a D or E frame."""


def executor():
    """Path of assay-execute: $ASSAY_EXECUTE, else the newest build."""
    if os.environ.get("ASSAY_EXECUTE"):
        return os.environ["ASSAY_EXECUTE"]
    built = sorted(ROOT.glob("build/*/assay-execute"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise FileNotFoundError("assay-execute is not built; set ASSAY_EXECUTE")
    return str(built[-1])


def frame(kind, body=b""):
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    return struct.pack("<IB", len(body), ord(kind)) + body


def file_entry(path):
    status = os.stat(path) if os.path.exists(path) else None
    return {"path": str(path), "size_bytes": status.st_size if status else 0,
            "modified_us": int(status.st_mtime * 1e6) if status else 0}


def file_source(paths, name=None):
    """The source of a container of files (absolute paths, or "-")."""
    paths = [str(path) if str(path) == "-" else os.path.abspath(path) for path in paths]
    name = name or os.path.basename(paths[0])
    return {"connector": "file", "properties": {"root": os.path.dirname(paths[0]) or "/"},
            "container": {"name": name, "container_type": "file", "location": name,
                          "files": [file_entry(path) for path in paths]}}


def task(kind, source, **more):
    spec = {"v": 1, "kind": kind, "op_id": 1, "task_id": 1, "attempt": 1, "datastore_id": 0, "container_id": 0,
            "split_no": 0, "split_count": 1, "now": "2026-11-20T10:00:00.000000Z", "timezone": "UTC", "seed": 42,
            "limits": {"memory_bytes": 1 << 30, "threads": 2, "deadline_ms": 0},
            "source": source, "reader": {}, "settings": {}, "checks": [], "fields": []}
    spec.update(more)
    return spec


def high_pipe():
    """A pipe whose ends are far from the fds that the child is given."""
    return [high for low in os.pipe() for high in [fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 20)] if not os.close(low)]


class Execution:
    """One running executor. Give the task, then take frames; close() ends it in any case."""

    def __init__(self, spec, secrets=None, stdin=None, credits=2, env=None):
        control_read, self.control = high_pipe()
        self.frames, frames_write = high_pipe()
        # The child wants its ends as fds 3 and 4: a shell moves them, and exec keeps the process id of our child.
        script = f'exec "$0" {os.getpid()} 3<&{control_read} 4>&{frames_write} {control_read}<&- {frames_write}>&-'
        self.process = subprocess.Popen(["bash", "-c", script, executor()], pass_fds=(control_read, frames_write),
                                        stdin=stdin if stdin is not None else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        os.close(control_read)
        os.close(frames_write)
        self.buffer = b""
        self.send(frame("T", spec) + frame("S", secrets or {}) + frame("C", struct.pack("<I", credits)))

    def send(self, data):
        try:
            os.write(self.control, data) if len(data) < 60000 else self._send_all(data)
        except BrokenPipeError:
            pass

    def _send_all(self, data):
        while data:
            data = data[os.write(self.control, data):]

    def credit(self, count=1):
        self.send(frame("C", struct.pack("<I", count)))

    def cancel(self):
        self.send(frame("X"))

    def next(self, timeout=LIMIT_S):
        """The next frame as (letter, body); None at the end of the stream."""
        end = time.monotonic() + timeout
        while True:
            if len(self.buffer) >= 5:
                size, kind = struct.unpack("<IB", self.buffer[:5])
                if len(self.buffer) >= 5 + size:
                    body, self.buffer = self.buffer[5:5 + size], self.buffer[5 + size:]
                    return chr(kind), json.loads(body)
            if not select.select([self.frames], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("no frame came")
            data = os.read(self.frames, 1 << 20)
            if not data:
                return None
            self.buffer += data

    def close(self):
        """Reap the child; its return code (negative: the signal) and what it printed."""
        os.close(self.control)
        try:
            output = self.process.communicate(timeout=LIMIT_S)[0]
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            output = self.process.communicate()[0]
        os.close(self.frames)
        return self.process.returncode, output.decode(errors="replace")


def run(spec, secrets=None, stdin=None, timeout=LIMIT_S, on_frame=None, env=None):
    """Run a task to its end: {"chunks": […], "progress": […], "logs": […], "done": {…}}. Raises Failed or Died."""
    execution = Execution(spec, secrets, stdin, env=env)
    result = {"chunks": [], "progress": [], "logs": [], "done": None}
    error = None
    try:
        while True:
            got = execution.next(timeout)
            if got is None:
                break
            kind, body = got
            if on_frame:
                on_frame(execution, kind, body)
            if kind == "R":
                result["chunks"].append(body)
                execution.credit()
            elif kind in "PL":
                result["progress" if kind == "P" else "logs"].append(body)
            elif kind == "D":
                result["done"] = body
            else:
                error = body
    finally:
        code, output = execution.close()
    if error:
        raise Failed(error)
    if result["done"] is None:
        raise Died(f"exit {code}: {output[-2000:]}")
    if code != 0:
        raise Died(f"exit {code} after D: {output[-2000:]}")
    return result


def container(result):
    """The container document, its lists put together from the chunks."""
    document = {}
    for chunk in result["chunks"]:
        body = {key: value for key, value in chunk.items() if key != "t"}
        if chunk["t"] == "container":
            document.update(body)
        elif chunk["t"] in ("fields", "checks", "anomalies"):
            document.setdefault(chunk["t"], []).extend(body[chunk["t"]])
    return document


def profile(paths, reader=None, settings=None, **more):
    """Profile files as one container; the document of docs/documents.md."""
    paths = paths if isinstance(paths, (list, tuple)) else [paths]
    spec = task("profile", file_source(paths), reader=reader or {}, settings=settings or {}, **more)
    return container(run(spec))


def scan(paths, checks, reader=None, settings=None, stdin=None, name=None, **more):
    """Scan files as one container; a check's index is its place in the list."""
    paths = paths if isinstance(paths, (list, tuple)) else [paths]
    checks = [dict(check, index=i) for i, check in enumerate(checks)]
    spec = task("scan", file_source(paths, name), checks=checks, reader=reader or {}, settings=settings or {}, **more)
    return container(run(spec, stdin=stdin))


if __name__ == "__main__":
    import sys

    print(json.dumps(profile(sys.argv[1:]), indent=1, ensure_ascii=False))
