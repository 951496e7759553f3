"""SQL in the DuckDB that Assay is built with, to make files of any types."""
# SPDX-License-Identifier: Apache-2.0
import ctypes

import execute


def run(sql):
    duck = ctypes.CDLL(str(next((execute.ROOT / ".cache/duckdb/lib").glob("libduckdb.so"))))
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    assert not duck.duckdb_open(None, ctypes.byref(database)) and not duck.duckdb_connect(database, ctypes.byref(connection))
    assert not duck.duckdb_query(connection, sql.encode(), None), sql
    duck.duckdb_disconnect(ctypes.byref(connection))
    duck.duckdb_close(ctypes.byref(database))
