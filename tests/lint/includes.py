#!/usr/bin/env python3
"""Holds the includes to one direction (docs/architecture.md): each room may include itself and the rooms listed for it;
and the headers of outside libraries stand only in the rooms that wrap them. Exit 1 with a line per broken edge."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# room: rooms it may include (common/base is open to all)
EXECUTOR = "worker/executor"
ALLOWED = {
    "common/base": [],
    "common/json": [],
    "common/crypto": ["common/json"],
    "common/http": ["common/json"],
    "common/yaml": ["common/json"],
    "common/config": ["common/json", "common/yaml"],
    "common/db": [],
    "common/msg": ["common/json"],
    "common/queue": ["common/json", "common/msg", "common/config"],
    "common/progress": ["common/json"],
    "common/job": ["common/db", "common/msg", "common/json", "common/crypto"],
    "common/rules": ["common/json", "common/yaml"],
    "common/connectors": ["common/json"],
    "common/relate": ["common/json"],
    "scheduler": ["common", "scheduler"],
    "worker/supervise": ["common/json", "common/msg"],
    "worker": ["common", "worker/supervise"],
    f"{EXECUTOR}/batch": [],
    f"{EXECUTOR}/kernels": [f"{EXECUTOR}/batch"],
    f"{EXECUTOR}/read": [f"{EXECUTOR}/batch", "common/json"],
    f"{EXECUTOR}/engine": [f"{EXECUTOR}/batch", f"{EXECUTOR}/read", f"{EXECUTOR}/infer", "common/json"],
    f"{EXECUTOR}/infer": [f"{EXECUTOR}/batch", f"{EXECUTOR}/read", f"{EXECUTOR}/kernels", "common/json", "common/rules"],
    f"{EXECUTOR}/connect": [f"{EXECUTOR}/batch", f"{EXECUTOR}/read", f"{EXECUTOR}/engine", "common/connectors", "common/json"],
    f"{EXECUTOR}/lookup": [f"{EXECUTOR}/batch", f"{EXECUTOR}/engine"],
    f"{EXECUTOR}/rules": [f"{EXECUTOR}/batch", f"{EXECUTOR}/engine", f"{EXECUTOR}/infer", f"{EXECUTOR}/lookup", "common/rules", "common/json"],
    EXECUTOR: ["common", EXECUTOR],   # the rooms that run a task, and main
    "cli": ["common", "scheduler", "worker", "cli"],
    "tests": ["common", "scheduler", "worker", "cli", "tests"],
}
NOT_BELOW_COMMON = ("common/db",)     # the executor never touches the catalog

# outside header → rooms that may include it
OUTSIDE = {
    r"duckdb(_extension)?\.h": [EXECUTOR],
    r"sql(ext|types|ucode)?\.h": [EXECUTOR],
    r"libpq-fe\.h|postgres.*\.h": ["common/db", f"{EXECUTOR}/connect"],
    r"sqlite3\.h": ["common/db", f"{EXECUTOR}/connect"],
    r"librdkafka/.*": ["common/queue"],
    r"hiredis/.*|hiredis\.h": ["common/progress"],
    r"curl/.*": ["common/http"],
    r"microhttpd\.h": ["scheduler/api"],
    r"openssl/.*": ["common/crypto", "scheduler/api"],
    r"yaml\.h": ["common/yaml"],
    r"zlib\.h|zstd\.h": [f"{EXECUTOR}/read"],
    r"re2/.*": [EXECUTOR, "common/rules"],
}


def room_of(path):
    for name in sorted(ALLOWED, key=len, reverse=True):
        if path == name or path.startswith(name + "/"):
            return name
    return None


def below(path, rooms):
    return any(path == r or path.startswith(r + "/") for r in rooms)


def broken_edges(source, include, system):
    room = room_of(source)
    if system:
        for pattern, rooms in OUTSIDE.items():
            if re.fullmatch(pattern, include) and not below(source, rooms + ["tests"]):
                yield f"{source}: <{include}> belongs only in {', '.join(rooms)}"
        return
    if not (ROOT / include).exists() and "/" not in include:
        yield f'{source}: "{include}": name it from the top of the tree'
        return
    if below(include, ["common/base"]) or room_of(include) == room:
        return
    if room == EXECUTOR and below(include, list(NOT_BELOW_COMMON)):
        yield f"{source}: the executor must not include {include}"
    elif not below(include, ALLOWED[room]):
        yield f"{source}: {room} may not include {include}"


def main():
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.c", "*.h", "*.cc"],
                           cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    broken = []
    for source in files:
        if not (ROOT / source).exists() or room_of(source) is None:
            continue
        for line in (ROOT / source).read_text(errors="replace").splitlines():
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                broken += broken_edges(source, match.group(2), match.group(1) == "<")
    print("\n".join(broken) if broken else f"includes: {len(files)} files, every edge allowed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
