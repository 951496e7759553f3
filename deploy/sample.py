#!/usr/bin/env python3
"""Makes the sample of the quickstart: a small shop as CSV, JSON lines and Parquet, some 200,000 records, with known faults.
usage: sample.py FOLDER DUCKDB_LIBRARY      writes FOLDER/shop/{customers.csv,products.jsonl,orders.csv,order_lines.parquet}
and FOLDER/faults.json, the list of what was planted, from which the checks and the tests' expectations come.
Seeded: the same files every time. Only the standard library; Parquet is written by the DuckDB library that Assay uses."""
import csv
import ctypes
import json
import pathlib
import random
import sys

CUSTOMERS, PRODUCTS, ORDERS, LINES = 10_000, 500, 60_000, 130_000
SEED = 20261120
FIRST = "Anna Ben Clara David Elena Felix Greta Hugo Ida Jonas Karin Luca Mara Nils Olga Paul Rosa Sven Tina Urs".split()
LAST = "Meier Keller Schmid Weber Huber Rossi Moreau Novak Lindqvist Okafor Tanaka Silva Brown Garcia Dubois".split()
COUNTRIES = "CH DE FR IT AT".split()
CATEGORIES = "books games garden kitchen music sports toys".split()
STATUSES = ["new", "paid", "shipped", "returned"]


def day(number):
    """A date of 2025 by its day number from 0."""
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    month = 0
    while number >= lengths[month]:
        number -= lengths[month]
        month += 1
    return f"2025-{month + 1:02d}-{number + 1:02d}"


class Faults:
    """What is planted: file, rule, fields and the record numbers (from 1) that must be found."""

    def __init__(self):
        self.items = []

    def plant(self, container, rule, fields, rows, **properties):
        self.items.append({"container": container, "rule": rule, "fields": fields, "rows": sorted(rows),
                           "properties": properties})
        return set(rows)


def customers(folder, rng, faults):
    rows = []
    no_email = faults.plant("customers.csv", "notNull", ["email"], rng.sample(range(1, CUSTOMERS + 1), 12))
    odd_country = faults.plant("customers.csv", "expectedValues", ["country"], rng.sample(range(1, CUSTOMERS + 1), 7),
                               list=COUNTRIES)
    bad_email = faults.plant("customers.csv", "matchesPattern", ["email"],
                             rng.sample(sorted(set(range(1, CUSTOMERS + 1)) - no_email), 9),
                             pattern="^[^@ ]+@[^@ ]+[.][a-z]+$")
    for number in range(1, CUSTOMERS + 1):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        email = f"{first}.{last}{number}@example.{rng.choice(['com', 'org', 'net'])}".lower()
        if number in bad_email:
            email = email.replace("@", " at ")
        rows.append([number, first, last, "" if number in no_email else email,
                     "XX" if number in odd_country else rng.choice(COUNTRIES),
                     f"{rng.randrange(1000, 9999):05d}", day(rng.randrange(0, 180))])
    twins = rng.sample(range(2, CUSTOMERS), 3)   # the id of the record before: two records each are not unique
    for number in twins:
        rows[number - 1][0] = rows[number - 2][0]
    faults.plant("customers.csv", "unique", ["customer_id"], sorted({n for t in twins for n in (t - 1, t)}))
    with open(folder / "customers.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["customer_id", "first_name", "last_name", "email", "country", "zip", "since"])
        writer.writerows(rows)


def products(folder, rng, faults):
    free = faults.plant("products.jsonl", "between", ["price"], rng.sample(range(1, PRODUCTS + 1), 4),
                        min=0.01, inclusive_min=True, max=1000, inclusive_max=True)
    with open(folder / "products.jsonl", "w") as out:
        for number in range(1, PRODUCTS + 1):
            price = -1.0 if number in free else round(rng.uniform(1, 500), 2)
            json.dump({"product_id": number, "name": f"{rng.choice(CATEGORIES)} article {number}", "price": price,
                       "category": rng.choice(CATEGORIES), "stock": {"warehouse": rng.choice("AB"), "count": rng.randrange(0, 900)}},
                      out)
            out.write("\n")


def orders(folder, rng, faults):
    future = faults.plant("orders.csv", "notFuture", ["ordered_on"], rng.sample(range(1, ORDERS + 1), 5))
    early = faults.plant("orders.csv", "satisfiesExpression", [],
                         rng.sample(sorted(set(range(1, ORDERS + 1)) - future), 11),
                         expression="shipped_on IS NULL OR shipped_on >= ordered_on")
    with open(folder / "orders.csv", "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["order_id", "customer_id", "ordered_on", "shipped_on", "status", "note"])
        for number in range(1, ORDERS + 1):
            at = rng.randrange(10, 350)
            status = rng.choice(STATUSES)
            shipped = "" if status in ("new", "paid") and number not in early else day(at - 3 if number in early else at + rng.randrange(0, 9))
            ordered = "2099-01-01" if number in future else day(at)
            note = 'asked for "gift" wrapping,\nplease' if number % 997 == 0 else ""
            writer.writerow([number, rng.randrange(1, CUSTOMERS + 1), ordered, "" if number in future else shipped, status, note])


def order_lines(folder, rng, faults, library):
    negative = faults.plant("order_lines.parquet", "between", ["quantity"], rng.sample(range(1, LINES + 1), 21),
                            min=1, inclusive_min=True, max=100, inclusive_max=True)
    source = folder.parent / "order_lines.csv"
    with open(source, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["order_id", "line", "product_id", "quantity", "unit_price"])
        for number in range(1, LINES + 1):
            quantity = -rng.randrange(1, 5) if number in negative else rng.randrange(1, 20)
            writer.writerow([1 + (number * ORDERS) // (LINES + 1), number, rng.randrange(1, PRODUCTS + 1), quantity,
                             f"{rng.uniform(1, 500):.2f}"])
    copy = (f"COPY (SELECT order_id, line, product_id, quantity::INTEGER quantity, unit_price::DECIMAL(10,2) unit_price "
            f"FROM read_csv('{source}')) TO '{folder / 'order_lines.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 40960)")
    run_duckdb(library, copy)
    source.unlink()


def run_duckdb(library, sql):
    """One statement through the C API (duckdb.h)."""
    duck = ctypes.CDLL(library)
    db, conn = ctypes.c_void_p(), ctypes.c_void_p()
    if duck.duckdb_open(None, ctypes.byref(db)) or duck.duckdb_connect(db, ctypes.byref(conn)):
        sys.exit("sample: DuckDB does not open")
    if duck.duckdb_query(conn, sql.encode(), None):
        sys.exit("sample: DuckDB could not write the Parquet file")
    duck.duckdb_disconnect(ctypes.byref(conn))
    duck.duckdb_close(ctypes.byref(db))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]).resolve() / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    rng, faults = random.Random(SEED), Faults()
    customers(folder, rng, faults)
    products(folder, rng, faults)
    orders(folder, rng, faults)
    order_lines(folder, rng, faults, sys.argv[2])
    (folder.parent / "faults.json").write_text(json.dumps(faults.items, indent=1) + "\n")


if __name__ == "__main__":
    main()
