#!/usr/bin/env python3
"""Documents that a table in the code gives. usage: generated.py [--write]    without: exit 1 and name what differs.
ASSAY names the binary (default: the newest build)."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# file: command; openapi.json is the server's own answer and is compared in tests/e2e/test_generated.py
DOCUMENTS = {
    "docs/configuration.md": ["config", "--markdown"],
    "docs/rules.md": ["rules", "--format", "markdown"],
    "docs/connectors.md": ["connectors", "--format", "markdown"],
    "schemas/rules.json": ["rules", "--format", "json"],
}


def binary():
    built = sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)
    return os.environ.get("ASSAY") or str(built[-1])


def generate(command):
    text = subprocess.run([binary(), *command], check=True, capture_output=True, text=True).stdout
    return json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n" if command[-1] == "json" else text


def differing():
    return [path for path, command in DOCUMENTS.items()
            if not (ROOT / path).exists() or (ROOT / path).read_text() != generate(command)]


def main():
    if sys.argv[1:] == ["--write"]:
        for path, command in DOCUMENTS.items():
            (ROOT / path).write_text(generate(command))
        return 0
    wrong = differing()
    print("\n".join(f"{path} differs from what the code gives: tests/lib/generated.py --write" for path in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
