"""What tests/bench/run.py measures: Assay, a floor, and others of the field, each a function of a file's path and a thread count."""
# SPDX-License-Identifier: Apache-2.0
import ctypes
import importlib.util
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))
import execute  # noqa: E402


def duck(*statements):
    """Run SQL in the library that assay-execute links; the first two columns of the last result as texts."""
    library = ctypes.CDLL(str(ROOT / ".cache/duckdb/lib/libduckdb.so"))
    library.duckdb_value_varchar.restype = ctypes.c_char_p
    library.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
    library.duckdb_row_count.restype = ctypes.c_uint64
    library.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    assert not library.duckdb_open(None, ctypes.byref(database)) and not library.duckdb_connect(database, ctypes.byref(connection))
    rows = []
    for sql in statements:
        result = ctypes.create_string_buffer(256)
        if library.duckdb_query(connection, sql.encode(), result):
            raise RuntimeError(library.duckdb_result_error(result))
        rows = [[library.duckdb_value_varchar(result, c, r) for c in range(2)] for r in range(library.duckdb_row_count(result))]
    return rows


def cheapest(name, kind):
    name = '"' + name.replace('"', '""') + '"'
    if kind == "VARCHAR":
        return f"sum(strlen({name}))"
    if kind == "BOOLEAN":
        return f"count_if({name})"
    return f"max({name})" if kind.startswith(("DATE", "TIME", "UUID")) else f"sum({name})"


def run_floor(path, threads):
    columns = duck(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{path}')")
    aggregates = ", ".join(cheapest(name.decode(), kind.decode()) for name, kind in columns)
    duck(f"SET threads={threads}", f"SELECT {aggregates} FROM '{path}'")


def run_summarize(path, threads):
    duck(f"SET threads={threads}", f"SUMMARIZE FROM '{path}'")


def run_assay(path, threads):
    limits = {"memory_bytes": 1 << 30, "threads": threads, "deadline_ms": 0}
    execute.run(execute.task("profile", execute.file_source([path]), settings={"infer": "off"}, limits=limits), timeout=3600)


def program():
    """assay beside the executor that is measured."""
    return str(pathlib.Path(execute.executor()).with_name("assay"))


def run_stream(url, threads):
    subprocess.run([program(), "profile", f"{url}#assay_bench.stream", "--format", "json", "--threads", str(threads)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_duckdb_py(path, threads):
    import duckdb
    duckdb.execute(f"SET threads={threads}")
    duckdb.execute(f"SUMMARIZE FROM '{path}'").fetchall()


def run_polars(path, threads):
    import polars
    if path.endswith(".jsonl"):
        frame = polars.read_ndjson(path, infer_schema_length=None)
    else:
        frame = polars.read_parquet(path) if path.endswith(".parquet") else polars.read_csv(path, infer_schema_length=None)
    frame.describe()
    [frame[name].n_unique() for name in frame.columns]


def run_chdb(path, threads):
    import chdb
    kind = {".parquet": "Parquet", ".jsonl": "JSONEachRow"}.get(pathlib.Path(path).suffix, "CSVWithNames")
    columns = [line.split("\t")[0] for line in str(chdb.query(f"DESCRIBE file('{path}', {kind})", "TSV")).splitlines()]
    each = ", ".join(f"count(`{c}`), uniq(`{c}`), min(`{c}`), max(`{c}`), topK(10)(`{c}`)" for c in columns)
    chdb.query(f"SELECT {each} FROM file('{path}', {kind}) SETTINGS max_threads={threads}")


def qsv():
    return shutil.which("qsv") or shutil.which("qsvlite")


def run_qsv(path, threads):
    for command in (["stats", "--everything", "--infer-dates", "-j", str(threads)], ["frequency", "-j", str(threads)]):
        subprocess.run([qsv(), *command, path], check=True, stdout=subprocess.DEVNULL)


def has(module):
    return lambda path: importlib.util.find_spec(module) is not None


# Name: what runs, whether it can run on a path, and whether the work is done in a process that the runner starts.
RUNNERS = {
    "floor": (run_floor, lambda path: True, False),
    "assay": (run_assay, lambda path: True, True),
    "summarize": (run_summarize, lambda path: True, False),
    "stream": (run_stream, lambda path: False, True),  # of the PostgreSQL table only
    "duckdb-py": (run_duckdb_py, has("duckdb"), False),
    "polars": (run_polars, has("polars"), False),
    "chdb": (run_chdb, has("chdb"), False),
    "qsv": (run_qsv, lambda path: qsv() and path.endswith(".csv"), True),
}
