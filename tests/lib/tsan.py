#!/usr/bin/env python3
"""Runs a command under ThreadSanitizer and judges its reports: tsan.py BUILD COMMAND [ARGUMENT]….

DuckDB, librdkafka and the other libraries are not built with the sanitizer: what they hand from thread to thread by
atomics it does not see, and it reports their own memory. No suppression fits: `race:libduckdb.so` would hide all that
our functions do when DuckDB calls them, `called_from_lib` also hides the library's mutexes and makes more reports,
and ignore_noninstrumented_modules stops looking at our memcpy, too. So the place of each access is looked at: a report
counts if both accesses (or a lock's taking) are of our own code. Exit status 1: there was one, or the command failed.
"""
# SPDX-License-Identifier: Apache-2.0
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FRAME = re.compile(r"^ +#\d+ (?P<what>.*) \((?P<module>[^()+ ]+)\+0x[0-9a-f]+\)")
ORIGINS = ("Location is", "Mutex M", "Thread T", "As if synchronized", "Hint:")  # where they came from: no accesses
RUNTIME = "libtsan.so"
RULES = pathlib.Path(__file__).resolve().parent / "tsan.supp"


def reports(text):
    """Each report as its lines, without the rulers."""
    for part in text.split("WARNING: ThreadSanitizer: ")[1:]:
        yield part.split("\nSUMMARY:")[0].splitlines()


def accesses(report):
    """The frames (what, module) of each access or taking of a lock, from the innermost on."""
    stacks, counts = [], False
    for line in report[1:]:
        frame = FRAME.match(line)
        if frame and counts:
            stacks[-1].append((frame["what"], frame["module"]))
        elif line.strip() and not line.lstrip().startswith("#"):
            counts = not line.strip().startswith(ORIGINS) or "acquired here" in line
            if counts:
                stacks.append([])
    return [stack for stack in stacks if stack]


def place(stack):
    """Who did it: the innermost frame outside of the sanitizer."""
    return next((frame for frame in stack if not frame[1].startswith(RUNTIME)), ("", RUNTIME))


def is_ours(report):
    places = [place(stack) for stack in accesses(report)]
    foreign = [module.startswith("lib") for _, module in places]
    return not (any(foreign) if report[0].startswith("data race") else places and all(foreign))


def judge(folder):
    """(our reports as {places: text}, how many of them, how many of libraries)."""
    ours, mine, others = {}, 0, 0
    for path in sorted(pathlib.Path(folder).glob("report.*")):
        for report in reports(path.read_text(errors="replace")):
            if not is_ours(report):
                others += 1
                continue
            mine += 1
            ours.setdefault((report[0].split(" (pid")[0], *map(place, accesses(report))), "\n".join(report))
    return ours, mine, others


def options(build, folder):
    environment = dict(os.environ, TSAN_OPTIONS=f"exitcode=0 history_size=4 suppressions={RULES} log_path={folder}/report " + os.environ.get("TSAN_OPTIONS", ""),
                       ASSAY=str(build / "assay"), ASSAY_EXECUTE=str(build / "assay-execute"))
    preload = build / "libassay-c11-threads.so"
    if preload.exists():
        environment["LD_PRELOAD"] = str(preload)
    return environment


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="assay-tsan.") as folder:
        os.chmod(folder, 0o777)
        status = subprocess.run(sys.argv[2:], env=options(build, folder), check=False).returncode
        ours, mine, others = judge(folder)
    for text in ours.values():
        print(f"\n== {text}")
    print(f"ThreadSanitizer: {mine} reports of our code in {len(ours)} places, {others} of libraries left out")
    sys.exit(1 if status or ours else 0)


if __name__ == "__main__":
    main()
