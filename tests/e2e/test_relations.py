"""Relations between containers: what a made schema has by construction is found, decoys are not, one orphan record takes its relation away."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

ASSAY = os.environ.get("ASSAY") or str(sorted(execute.ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
VEGA = execute.ROOT.parent / "shared/data/vega"
BETWEEN = ("existsIn", "notExistsIn", "isReplicaOf")
SHOP = ["customers.csv", "customers_archive.json", "orders.parquet", "order_lines.csv", "sqlite:shop.db#products", "employees.json"]
# orders → customers by an id that names them, lines → orders and products, a manager is an employee, archived customers are no others
RELATIONS = {
    "orders.parquet.customer_id existsIn customers.csv.id",
    "order_lines.csv.order_id existsIn orders.parquet.id",
    "order_lines.csv.product_id existsIn products.id",
    "employees.json.manager_id existsIn id",
    "customers_archive.json.id notExistsIn customers.csv.id",
}


def write_csv(path, names, rows):
    path.write_text(",".join(names) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))


def hash_of(number):
    return random.Random(number).getrandbits(64)


def customer(rng, number):
    return {"id": number, "name": f"Customer {number}", "age": rng.randrange(18, 90), "active": rng.random() < 0.5,
            "balance": f"{rng.randrange(100, 99999) / 100:.2f}", "since": f"20{rng.randrange(10, 24)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"}


def make_shop(folder, orphan=False):
    rng = random.Random(11)
    customers = [customer(rng, number) for number in range(2, 2002, 2)]
    rng.shuffle(customers)
    names = list(customers[0])
    rows = [[str(value).lower() if isinstance(value, bool) else value for value in row.values()] for row in customers]
    write_csv(folder / "customers.csv", names, rows)
    archived = [customer(rng, number) for number in range(1, 2001, 2)]
    (folder / "customers_archive.json").write_text("".join(json.dumps(row | {"balance": float(row["balance"])}) + "\n" for row in archived))
    orders = [(number, rng.choice(customers)["id"], f"2024-0{rng.randrange(1, 10)}-1{rng.randrange(10)}", rng.randrange(1, 51),
               rng.random() < 0.5, rng.randrange(100, 9999) / 100) for number in range(1, 5001)]
    if orphan:
        orders[2500] = (2501, 1001) + orders[2500][2:]
    write_csv(folder / "orders.tmp", ["id", "customer_id", "ordered", "quantity", "paid", "amount"], orders)
    duck.run(f"COPY (SELECT * FROM read_csv('{folder}/orders.tmp')) TO '{folder}/orders.parquet' (FORMAT parquet)")
    write_csv(folder / "order_lines.csv", ["order_id", "product_id", "line_no", "quantity", "discount"],
              [(rng.randrange(1, 5001), rng.randrange(1, 61), rng.randrange(1, 26), rng.randrange(1, 51), rng.random()) for _ in range(20000)])
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, sku TEXT, price REAL)")
        database.executemany("INSERT INTO products VALUES (?, ?, ?)", [(i, f"SKU-{i * 7919 % 10007:05}", i / 3) for i in range(1, 61)])
    managers = rng.sample(range(100, 500), 40)
    (folder / "employees.json").write_text("".join(
        json.dumps({"id": number, "manager_id": rng.choice(managers) if number > 100 else None, "age": rng.randrange(20, 65),
                    "hired": f"201{rng.randrange(10)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"}) + "\n" for number in range(100, 500)))


class Checks(list):
    """The checks of a file, as dicts."""

    def __init__(self, path):
        for text in path.read_text().split("  - rule: ")[1:]:
            lines = dict(line.strip().split(": ", 1) for line in text.splitlines()[1:])
            self.append({"rule": text.split()[0]} | {key: json.loads(value) for key, value in lines.items()})

    def relations(self):
        found = set()
        for check in self:
            if check["rule"] in BETWEEN:
                properties = check.get("properties", {})
                target = ".".join(filter(None, (properties.get("ref_container"), properties.get("field_name"))))
                found.add(f"{check['container']}.{','.join(check['fields'])} {check['rule']} {target}")
        return found


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def assay(self, *arguments):
        return subprocess.run([ASSAY, *map(str, arguments)], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def profile(self, inputs, *options, level="xhigh", exit_code=0):
        done = self.assay("profile", *inputs, "--infer", level, "--format", "json", "--checks-out", "checks.yaml", *options)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        self.said = done.stderr
        self.document = json.loads(done.stdout)
        return Checks(self.folder / "checks.yaml")

    def scan(self, inputs):
        done = self.assay("scan", *inputs, "--checks", "checks.yaml", "--format", "json")
        return done.returncode, json.loads(done.stdout)


class ShopTest(Folder):
    def test_relations_by_construction(self):
        make_shop(self.folder)
        checks = self.profile(SHOP)
        self.assertEqual(checks.relations(), RELATIONS)
        self.assertIn("5 of them are between containers", self.said)
        for check in checks:
            if check["rule"] in BETWEEN:
                evidence = check["additional_metadata"]["inference"]
                self.assertEqual((evidence["method"], evidence["level"], evidence["held"]), ("overlap", 4, 1))
                self.assertEqual(evidence["tested"], evidence["support"])
                self.assertGreaterEqual(evidence["verified_records"], evidence["support"])
                self.assertTrue(0 < evidence["false_alarm_rate"] < 0.05)
        code, document = self.scan(SHOP)
        self.assertEqual((code, document["outcome"]), (0, "passed"))
        judged = [check for container in document["containers"] for check in container["checks"] if check["rule"] in BETWEEN]
        self.assertEqual([check["outcome"] for check in judged], ["passed"] * len(RELATIONS))
        self.assertNotIn("sketches", self.document["containers"][0])

    def test_one_orphan_record(self):
        make_shop(self.folder, orphan=True)
        self.assertEqual(self.profile(SHOP).relations(), {text for text in RELATIONS if "customer_id" not in text})

    def test_copy(self):
        make_shop(self.folder)
        text = (self.folder / "customers.csv").read_text().splitlines()
        (self.folder / "copy.csv").write_text("\n".join([text[0], *reversed(text[1:])]) + "\n")
        inputs = ["customers.csv", "copy.csv", "customers_archive.json"]
        copied = "copy.csv.id,name,age,active,balance,since isReplicaOf customers.csv"
        apart = "customers_archive.json.id notExistsIn customers.csv.id"
        self.assertEqual(self.profile(inputs).relations(), {copied, apart})
        self.assertEqual(self.scan(inputs)[0], 0)
        changed = text[500].replace("Customer", "Kustomer")  # the same in every sketch but that of a text
        (self.folder / "copy.csv").write_text("\n".join([*text[:500], changed, *text[501:]]) + "\n")
        self.assertNotIn(copied, self.profile(inputs).relations())

    def test_codes_that_never_meet(self):
        """Numbers behind a prefix have a range that chance can be told from; other texts have none."""
        numbers = list(range(10_000))
        random.Random(5).shuffle(numbers)
        for name, own in (("active.csv", numbers[:2000]), ("archived.csv", numbers[2000:4000])):   # 2000² / 10000 would be in both
            write_csv(self.folder / name, ("code", "hash"), [(f"C-{i:05}", f"{hash_of(i):x}") for i in own])
        checks = self.profile(["active.csv", "archived.csv"])
        self.assertEqual(checks.relations(), {"archived.csv.code notExistsIn active.csv.code"})
        write_csv(self.folder / "archived.csv", ("code", "hash"), [(f"C-{i:05}", f"{hash_of(i):x}") for i in numbers[1999:4000]])
        self.assertEqual(self.profile(["active.csv", "archived.csv"]).relations(), set())   # one is in both

    def test_only_of_whole_containers_from_xhigh_on(self):
        make_shop(self.folder)
        self.assertEqual(self.profile(SHOP, level="high").relations(), set())
        self.assertEqual(self.profile(SHOP, "--where", "1 = 1").relations(), set())
        self.assertEqual(self.profile(SHOP, "--limit", "100000").relations(), set())
        self.assertEqual(self.profile(SHOP[:2], "--field", "id").relations(), set())
        self.assertEqual(self.profile(SHOP, level="max").relations(), RELATIONS)

    def test_what_cannot_be_read_does_not_hold_up_the_others(self):
        make_shop(self.folder)
        (self.folder / "broken.parquet").write_bytes(b"PAR1 is not all of it")
        inputs = SHOP[:2] + ["broken.parquet", "missing.csv"] + SHOP[2:]
        self.assertEqual(self.profile(inputs, exit_code=3).relations(), RELATIONS)

    def test_globs_and_names_that_are_not_one(self):
        make_shop(self.folder)
        lines = (self.folder / "order_lines.csv").read_text().splitlines()
        for part in range(2):
            (self.folder / f"lines_{part}.csv").write_text("\n".join([lines[0], *lines[1 + part::2]]) + "\n")
        inputs = ["lines_*.csv", "orders.parquet"]
        self.assertEqual(self.profile(inputs).relations(), {"lines_*.csv.order_id existsIn orders.parquet.id"})
        self.assertEqual(self.scan(inputs)[0], 0)
        (self.folder / "second.db").write_bytes((self.folder / "shop.db").read_bytes())
        inputs = ["order_lines.csv", "sqlite:shop.db#products", "sqlite:second.db#products"]
        self.assertEqual(self.profile(inputs).relations(), set())
        self.assertEqual(self.profile(inputs[:2]).relations(), {"order_lines.csv.product_id existsIn products.id"})


class DatabaseTest(Folder):
    """All tables of a database, with its password."""

    RELATIONS = {"orders.customer_id existsIn customers.id", "employees.manager_id existsIn id"}

    def rows(self):
        rng = random.Random(7)
        managers = rng.sample(range(1, 301), 30)
        return {"customers": [(i, f"C{i * 7919 % 10007:05}") for i in range(1, 801)],
                "orders": [(i, rng.randrange(1, 801)) for i in range(1, 3001)],
                "employees": [(i, rng.choice(managers)) for i in range(1, 301)]}

    COLUMNS = {"customers": "id bigint, code text", "orders": "id bigint, customer_id integer", "employees": "id integer, manager_id smallint"}

    def found(self, location, prefix=""):
        relations = {text.replace(prefix, "") for text in self.profile([location]).relations()}
        self.assertEqual(relations, self.RELATIONS)
        self.assertEqual(self.scan([location])[0], 0)

    def test_sqlite(self):
        with sqlite3.connect(self.folder / "all.db") as database:
            for table, rows in self.rows().items():
                database.execute(f"CREATE TABLE {table} ({self.COLUMNS[table]})")
                database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        self.found("sqlite:all.db")

    @unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "needs ASSAY_TEST_POSTGRES")
    def test_postgresql(self):
        url, name = os.environ["ASSAY_TEST_POSTGRES"], f"relations_{os.getpid()}"

        def psql(sql, address=url):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", address, "-c", sql], check=True, capture_output=True)

        psql(f"CREATE DATABASE {name}")
        self.addCleanup(psql, f"DROP DATABASE {name} WITH (FORCE)")
        parts = urllib.parse.urlsplit(url)
        own = urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))
        for table, rows in self.rows().items():
            psql(f"CREATE TABLE {table} ({self.COLUMNS[table]}); INSERT INTO {table} VALUES " + ", ".join(map(str, rows)), own)
        self.found(own, "public.")


class SketchTest(Folder):
    """Equal columns give equal registers, whatever source and type they come from."""

    RECORDS = (1000, 6000)  # counted exactly, and not

    def sketches(self, source):
        fields = {}
        for chunk in execute.run(execute.task("profile", source, settings={"infer": "xhigh"}))["chunks"]:
            if chunk["t"] == "sketches":
                fields |= {sketch["field"]: sketch for sketch in chunk.get("sketches", [])}
        return {name: {key: sketch[key] for key in ("type", "registers", "distinct", "values", "unique", "min", "max", "shape")}
                for name, sketch in fields.items()}

    def write(self, count):
        path = self.folder / "all.csv"
        write_csv(path, ["k", "t", "d", "s"], [(i * 3 + 1, f"0{i}", f"{1800 + i // 300}-0{1 + i % 9}-1{i % 10}",
                                                f"2020-01-01 {i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}") for i in range(count)])
        rows = f"read_csv('{path}', all_varchar = true)"
        for name, integer in (("int32", "INT"), ("uint64", "UBIGINT"), ("uint16", "USMALLINT"), ("dec18", "DECIMAL(18, 0)"), ("dec38", "DECIMAL(38, 0)")):
            duck.run(f"COPY (SELECT k::{integer} k, t, d::DATE d, s::TIMESTAMP s FROM {rows}) TO '{self.folder}/{name}.parquet' (FORMAT parquet)")
        duck.run(f"COPY (SELECT k::BIGINT k, t, d, s FROM {rows}) TO '{self.folder}/all.json' (FORMAT json)")
        return rows

    def test_files(self):
        for count in self.RECORDS:
            self.write(count)
            wanted = self.sketches(execute.file_source([self.folder / "all.csv"]))
            self.assertEqual({name: sketch["type"] for name, sketch in wanted.items()},
                             {"k": "Integral", "t": "String", "d": "Date", "s": "Timestamp"})
            self.assertEqual([wanted["k"][key] for key in ("distinct", "values", "unique", "min", "max")][1:], [count, True, 1, count * 3 - 2])
            names = ("int32.parquet", "uint64.parquet", "uint16.parquet", "dec18.parquet", "dec38.parquet", "all.json")
            for name in names[-2:] if count < 4096 else names:
                self.assertEqual(self.sketches(execute.file_source([self.folder / name])), wanted, name)

    def test_databases(self):
        self.write(6000)
        rows = [line.split(",") for line in (self.folder / "all.csv").read_text().splitlines()[1:]]
        wanted = self.sketches(execute.file_source([self.folder / "all.csv"]))
        with sqlite3.connect(self.folder / "all.db") as database:
            database.execute("CREATE TABLE a (k INTEGER, t TEXT)")
            database.executemany("INSERT INTO a VALUES (?, ?)", [row[:2] for row in rows])
        sqlite = {"connector": "sqlite", "properties": {"uri": f"sqlite:{self.folder}/all.db"}, "container": {"name": "a", "container_type": "table"}}
        self.assertEqual(self.sketches(sqlite), {name: wanted[name] for name in "kt"})
        url = os.environ.get("ASSAY_TEST_POSTGRES")
        if not url:
            self.skipTest("PostgreSQL: ASSAY_TEST_POSTGRES is not set; SQLite was compared")
        self.compare_postgres(url, wanted)

    def compare_postgres(self, url, wanted):
        def psql(sql, **more):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True, capture_output=True, **more)

        schema = f"relations_{os.getpid()}"
        self.addCleanup(psql, f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        psql(f"CREATE SCHEMA {schema}")
        for integer in ("smallint", "integer", "bigint", "numeric(9, 0)", "numeric(30, 0)", "numeric"):
            psql(f"DROP TABLE IF EXISTS {schema}.a; CREATE TABLE {schema}.a (k {integer}, t text, d date, s timestamp)")
            with open(self.folder / "all.csv") as rows:
                psql(f"COPY {schema}.a FROM STDIN (FORMAT csv, HEADER)", stdin=rows)
            source = {"connector": "postgresql", "properties": {"uri": url, "schema": schema}, "container": {"name": "a", "container_type": "table"}}
            self.assertEqual(self.sketches(source), wanted, integer)

    def test_kept_and_split_states(self):
        self.write(6000)
        source = execute.file_source([self.folder / "all.csv"])
        wanted = self.sketches(source)
        states = []
        size = os.path.getsize(self.folder / "all.csv")
        for split, bounds in enumerate(([[0, 0, size // 2]], [[0, size // 2, size]])):
            spec = execute.task("profile.split", source, split_no=split, split_count=2, split={"parts": bounds})
            states.append({"chunks": [chunk for chunk in execute.run(spec)["chunks"] if chunk["t"] == "state"]})
        merge = execute.task("profile.merge", source, settings={"infer": "xhigh", "states": states})
        chunks = [chunk for chunk in execute.run(merge)["chunks"] if chunk["t"] == "sketches"]
        self.assertEqual({sketch["field"]: sketch["registers"] for chunk in chunks for sketch in chunk.get("sketches", [])},
                         {name: sketch["registers"] for name, sketch in wanted.items()})
        self.assertEqual((chunks[-1]["v"], chunks[-1]["records"]), (1, 6000))


@unittest.skipUnless(VEGA.exists(), f"{VEGA} is missing")
class VegaTest(Folder):
    def test_flights_and_airports(self):
        inputs = [VEGA / name for name in ("airports.csv", "flights-10k.json", "birdstrikes.csv", "movies.json", "seattle-weather.csv", "zipcodes.csv")]
        self.assertEqual(self.profile(inputs).relations(), {f"flights-10k.json.{field} existsIn airports.csv.iata" for field in ("origin", "destination")})
        self.assertEqual(self.scan(inputs)[0], 0)


if __name__ == "__main__":
    unittest.main()
