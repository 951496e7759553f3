#!/usr/bin/env python3
"""Sources look as clang-format writes them; no line is wider than 100 columns; the first line says what the file is for.

Width is checked here because clang-format leaves comments as they were written (pictures, tables, lists).
"""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WIDTH = 100
LICENCE = "SPDX-License-Identifier: Apache-2.0"
FILES_WITHOUT_README = 5


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=SOURCE, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (SOURCE / name).exists()]


def look_of(name):
    """What is wrong with one C file apart from its layout."""
    lines = (SOURCE / name).read_text(encoding="utf-8").splitlines()
    if not lines[0].startswith(("//", "/*")) or LICENCE in lines[0]:
        yield f"{name}:1: the first line does not say what the file is for"
    if not any(line == f"// {LICENCE}" for line in lines[:40]):
        yield f"{name}:1: no line of its own for the SPDX identifier"
    unformatted = False
    for number, line in enumerate(lines, 1):
        unformatted = "clang-format off" in line or (unformatted and "clang-format on" not in line)
        if len(line) > WIDTH and not unformatted:
            yield f"{name}:{number}: {len(line)} columns, {WIDTH} at the most"


def layout_of(names):
    """What clang-format would write differently."""
    tool = shutil.which("clang-format-14")
    if tool is None:
        return ["clang-format-14 is not installed (deploy/deps.sh test)"]
    def check(some):
        run = subprocess.run([tool, "--dry-run", "--Werror", *some], cwd=SOURCE, capture_output=True, text=True)
        return [line for line in run.stderr.splitlines() if ": error:" in line]
    parts = [names[start:start + 40] for start in range(0, len(names), 40)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for found in pool.map(check, parts) for line in found]


def folders_without_readme():
    """Folders of more than five files say what they are for."""
    folders = {}
    for name in tracked():
        folders.setdefault(str(pathlib.PurePosixPath(name).parent), set()).add(pathlib.PurePosixPath(name).name)
    for folder, names in sorted(folders.items()):
        if len(names) > FILES_WITHOUT_README and "README.md" not in names:
            yield f"{folder}: {len(names)} files and no README.md"
        elif "README.md" in names and folder != ".":
            lines = (SOURCE / folder / "README.md").read_text(encoding="utf-8").count("\n")
            if lines > 40:
                yield f"{folder}/README.md: {lines} lines, 40 at the most"


def main():
    sources = tracked("*.c", "*.h")
    found = [text for name in sources for text in look_of(name)] + layout_of(sources) + list(folders_without_readme())
    print("\n".join(found) if found else f"format: {len(sources)} files are clean")
    return 1 if found else 0


sys.exit(main())
