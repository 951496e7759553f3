"""Files that tests/bench/run.py measures: the tables of ../shared/bench, and tables of one shape in growing sizes."""
# SPDX-License-Identifier: Apache-2.0
import os
import re
import subprocess
import sys

from runners import ROOT, duck

MILLION = 1_000_000
FIELDS_RECORDS = 20_000  # of the tables that grow in fields
# records-<n>m: an integer, a text and a fraction, n million records; fields-<n>: n fields, a third of each kind, FIELDS_RECORDS records
RECORDS = re.compile(r"records-(\d+)m\.(csv|parquet)")
FIELDS = re.compile(r"fields-(\d+)\.(csv|parquet)")
KINDS = ("hash({0}, i) % 100000 AS f{0}", "'item ' || hash({0}, i) % 5000 AS f{0}", "(hash({0}, i) % 1000000) / 100.0 AS f{0}")


def select_of(name):
    """SQL of a generated table; None: not of these."""
    if match := RECORDS.fullmatch(name):
        return (f"SELECT i AS id, 'customer ' || hash(i) % 1000000 AS customer, (hash(i, 1) % 10000000) / 100.0 AS amount "
                f"FROM range({int(match[1]) * MILLION}) AS t(i)")
    if match := FIELDS.fullmatch(name):
        return f"SELECT {', '.join(KINDS[f % 3].format(f) for f in range(int(match[1])))} FROM range({FIELDS_RECORDS}) AS t(i)"
    return None


def write(sql, path):
    """In a process of its own, so that its memory is not that of the processes forked later."""
    child = os.fork()
    if child == 0:
        kind = {".csv": "(FORMAT csv, HEADER)", ".parquet": "(FORMAT parquet)", ".jsonl": "(FORMAT json)"}[path.suffix]
        duck(f"COPY ({sql}) TO '{path}' {kind}")
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"{path} could not be made")


def generate(folder, names):
    """Make those of the files `names` that are missing."""
    missing = [name for name in names if not (folder / name).exists()]
    of_script = {name.split(".")[0] for name in missing if not select_of(name)}
    of_script = {name for name in of_script if not (folder / f"{name}.parquet").exists() or f"{name}.csv" in missing}
    if of_script:
        subprocess.run([sys.executable, ROOT.parent / "shared/bench/gen.py", *sorted(of_script)], check=True,
                       env={**os.environ, "ASSAY_BENCH_DATA": str(folder)})
    for name in missing:
        path = folder / name
        if not path.exists():
            write(select_of(name) or f"FROM '{path.with_suffix('.parquet')}'", path)
