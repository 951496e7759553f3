#!/usr/bin/env python3
"""Measures `assay profile` beside others on the same files, in one run, and prints tables of ratios.

usage: tests/bench/run.py [--data FOLDER] [--repeat N] [--threads N[,N…]] [--only RUNNER[,…]] [WHAT …]
  default: start wide.csv wide.parquet wide.jsonl
WHAT is a file; or start (times of start-up), records and fields (tables that grow: time per record, per field),
threads (gain of the second thread beside the floor's own), or postgres (10 M records as a stream; needs ASSAY_TEST_POSTGRES
and psql). Files: wide and tall of ../shared/bench/gen.py (Python with numpy, pyarrow, duckdb) as csv, parquet or jsonl;
records-<n>m and fields-<n> (shapes.py) as csv or parquet. What is missing is generated.
Each runner is a process of its own; the runners take turns, round by round, and a ratio is the median of its rounds, so that what
disturbs the machine disturbs both sides. CPU is user and system time, peak is resident memory, both as wait4(2) gives them.
  floor      the DuckDB library that assay-execute links decodes every column under the cheapest aggregate
  assay      assay-execute, all statistics, no inference of checks
  summarize  DuckDB's SUMMARIZE, the same library
  duckdb-py, polars, chdb, qsv   where they are installed
"""
# SPDX-License-Identifier: Apache-2.0
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from runners import RUNNERS, execute, program
from shapes import FIELDS_RECORDS, generate, select_of

STREAM_RECORDS = 10_000_000
GROWING_RECORDS = (1, 10, 100)  # million
GROWING_FIELDS = (10, 100, 1000)
THREAD_FILES = ("wide.csv", "wide.parquet", "wide.jsonl")


class Run:
    """One run of one runner: wall and CPU seconds, peak MiB."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def work(name, path, threads, pipe):
    """In the child: run and tell the peak."""
    try:
        run, _, in_child = RUNNERS[name]
        run(path, threads)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN if in_child else resource.RUSAGE_SELF).ru_maxrss
        os.write(pipe, f"{peak}\n".encode())
        os._exit(0)
    except BaseException as error:  # noqa: BLE001
        print(f"{name}: {error}", file=sys.stderr)
        os._exit(1)


def measure(name, path, threads):
    """A Run in a process of its own (and its children); None when it failed."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        if name == "polars":
            os.environ["POLARS_MAX_THREADS"] = str(threads)
        work(name, str(path), threads, writing)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    os.close(writing)
    told = os.read(reading, 64)
    os.close(reading)
    return None if status else Run(wall, usage.ru_utime + usage.ru_stime, int(told) / 1024)


def rounds(names, path, threads, repeat):
    """Runs of each runner, in turns: {name: [Run or None of each round]}."""
    runs = {name: [] for name in names}
    for _ in range(repeat):
        for name in names:
            runs[name].append(measure(name, path, threads))
    return runs


def ratio(runs, floor, of):
    """Median over the rounds in which both ran."""
    pairs = [of(run) / of(base) for run, base in zip(runs, floor) if run and base]
    return f"{statistics.median(pairs):.2f}" if pairs else ""


def best(runs, of):
    return min(of(run) for run in runs if run)


def usable(path, only):
    return [name for name, (_, can, _) in RUNNERS.items() if can(str(path)) and (not only or name in only)]


def file_table(path, threads, repeat, only):
    print(f"\n{path.name}, {path.stat().st_size / 1e6:.0f} MB, {threads} threads, best of {repeat}, ratios as medians\n")
    print("| | wall s | CPU s | wall / floor | CPU / floor | peak MiB |\n|---|---|---|---|---|---|")
    every = rounds(usable(path, only), path, threads, repeat)
    floor = every.get("floor", [None] * repeat)
    for name, runs in every.items():
        if not any(runs):
            print(f"| {name} | failed | | | | |")
            continue
        print(f"| {name} | {best(runs, lambda r: r.wall):.2f} | {best(runs, lambda r: r.cpu):.2f} | {ratio(runs, floor, lambda r: r.wall)} "
              f"| {ratio(runs, floor, lambda r: r.cpu)} | {best(runs, lambda r: r.peak):.0f} |", flush=True)


def growing_table(folder, title, unit, sizes, threads, repeat):
    """sizes: (name of the file, units in it)."""
    generate(folder, [name for name, _ in sizes])
    print(f"\n{title}, {threads} threads, best of {repeat}\n\n| | wall s | CPU s | wall ns per {unit} | floor's | peak MiB |\n|---|---|---|---|---|---|")
    for name, units in sizes:
        runs = rounds(("floor", "assay"), folder / name, threads, repeat)
        wall, floor = (best(runs[who], lambda r: r.wall) for who in ("assay", "floor"))
        print(f"| {name} | {wall:.2f} | {best(runs['assay'], lambda r: r.cpu):.2f} | {wall * 1e9 / units:.1f} "
              f"| {floor * 1e9 / units:.1f} | {best(runs['assay'], lambda r: r.peak):.0f} |", flush=True)


def records_tables(folder, threads, repeat):
    for kind in ("csv", "parquet"):
        sizes = [(f"records-{millions}m.{kind}", millions * 1_000_000) for millions in GROWING_RECORDS]
        growing_table(folder, f"Records of 3 fields, {kind}", "record", sizes, threads, repeat)


def fields_tables(folder, threads, repeat):
    for kind in ("csv", "parquet"):
        sizes = [(f"fields-{count}.{kind}", count * FIELDS_RECORDS) for count in GROWING_FIELDS]
        growing_table(folder, f"Fields of {FIELDS_RECORDS} records, {kind}", "value", sizes, threads, repeat)


def threads_table(folder, repeat):
    generate(folder, THREAD_FILES)
    print(f"\nFrom 1 to 2 threads, wall, best of {repeat}\n\n| | floor 1 | floor 2 | gain | assay 1 | assay 2 | gain | gain / floor's |\n|---|---|---|---|---|---|---|---|")
    for name in THREAD_FILES:
        one, two = (rounds(("floor", "assay"), folder / name, threads, repeat) for threads in (1, 2))
        walls = {who: [best(runs[who], lambda r: r.wall) for runs in (one, two)] for who in ("floor", "assay")}
        gains = {who: wall[0] / wall[1] for who, wall in walls.items()}
        cells = " | ".join(f"{walls[who][0]:.2f} | {walls[who][1]:.2f} | {gains[who]:.2f}" for who in ("floor", "assay"))
        print(f"| {name} | {cells} | {gains['assay'] / gains['floor']:.2f} |", flush=True)


def spent(*command, times=1, env=None):
    """Mean CPU milliseconds of a command and the median of its wall time."""
    cpu, walls = 0, []
    for _ in range(times):
        before, began = os.times(), time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        after = os.times()
        walls.append(1000 * (time.monotonic() - began))
        cpu += 1000 * (after.children_user + after.children_system - before.children_user - before.children_system)
    return cpu / times, statistics.median(walls)


def start_table():
    print("\nStart-up, means of CPU and medians of wall\n\n| | CPU ms | wall ms |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        small = pathlib.Path(folder) / "small.csv"
        small.write_text("id,name,amount\n" + "".join(f"{i},name {i},{i * 1.5}\n" for i in range(55)))
        for times, command in [(100, ["/bin/true"]), (100, [program(), "version"]), (10, [program(), "profile", str(small)])]:
            cpu, wall = spent(*command, times=times, env={**os.environ, "ASSAY_EXECUTE": execute.executor()})
            print(f"| {pathlib.Path(command[0]).name} {'of 1 KB CSV' if len(command) > 2 else ' '.join(command[1:])} "
                  f"| {cpu:.1f} | {wall:.1f} |", flush=True)


def stream_table(threads):
    url = os.environ.get("ASSAY_TEST_POSTGRES")
    if not url:
        print("\npostgres: ASSAY_TEST_POSTGRES is not set")
        return

    def sql(text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", text], check=True, capture_output=True)

    print(f"\nPostgreSQL stream, {STREAM_RECORDS / 1e6:.0f} M × 5, {threads} threads\n")
    print("| | wall s | CPU s | peak MiB of the executor |\n|---|---|---|---|")
    sql("DROP SCHEMA IF EXISTS assay_bench CASCADE; CREATE SCHEMA assay_bench; CREATE UNLOGGED TABLE assay_bench.stream AS SELECT i AS id, "
        "md5(i::text) AS code, i % 1000 AS class, sqrt(i) AS root, DATE '2020-01-01' + (i % 2000) AS day "
        f"FROM generate_series(1, {STREAM_RECORDS}) AS i")
    try:
        run = measure("stream", url, threads)
        print(f"| assay profile | {run.wall:.1f} | {run.cpu:.1f} | {run.peak:.0f} |" if run else "| assay profile | failed | | |", flush=True)
    finally:
        sql("DROP SCHEMA assay_bench CASCADE")


TABLES = ("start", "threads", "records", "fields", "postgres")


def check_names(parser, options):
    """What could not be made or run is said before anything is."""
    for what in options.what:
        name, _, suffix = what.rpartition(".")
        made = suffix in ("csv", "parquet", "jsonl") and (name in ("wide", "tall") or select_of(what))
        if what not in TABLES and not made and not (options.data / what).is_file():
            parser.error(f"{what} is neither one of {', '.join(TABLES)}, nor a file that is there or can be made")
    for name in options.only or ():
        if name not in RUNNERS:
            parser.error(f"{name} is no runner; there are {', '.join(RUNNERS)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(os.environ.get("ASSAY_BENCH_DATA", "/tmp/assay-bench")))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", default="2", type=lambda text: [int(number) for number in text.split(",")])
    parser.add_argument("--only", type=lambda names: names.split(","), help="runners, such as floor,assay")
    parser.add_argument("what", nargs="*", default=["start", "wide.csv", "wide.parquet", "wide.jsonl"])
    options = parser.parse_args()
    check_names(parser, options)
    options.data.mkdir(parents=True, exist_ok=True)
    print("load", *(f"{load:.1f}" for load in os.getloadavg()))
    for what in options.what:
        if what == "start":
            start_table()
            continue
        if what == "threads":
            threads_table(options.data, options.repeat)
            continue
        for threads in options.threads:
            if what == "postgres":
                stream_table(threads)
            elif what == "records":
                records_tables(options.data, threads, options.repeat)
            elif what == "fields":
                fields_tables(options.data, threads, options.repeat)
            else:
                generate(options.data, [what])
                file_table(options.data / what, threads, options.repeat, options.only)


if __name__ == "__main__":
    main()
