"""Checks that refer to a second container, on the command line: every pair of formats, judged as Python judges the same values, and faults of references."""
# SPDX-License-Identifier: Apache-2.0
import itertools
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import duck  # noqa: E402
from server import WAIT_S, wait_until  # noqa: E402

ASSAY = os.environ.get("ASSAY", str(ROOT / "build/release/assay"))
POSTGRES = os.environ.get("ASSAY_TEST_POSTGRES")
FIELDS = ["id", "name", "amount", "day"]
NAMES = ["ann", "bob", "Bob", "é", "a b", "x'y\"z", None]


def records(seed, count, ids):
    chance = random.Random(seed)
    return [(chance.choice([None, *range(ids)]), chance.choice(NAMES[seed % 3:] + [f"n{chance.randrange(60)}"]),
             chance.choice([None, chance.randrange(4000) / 100]),
             f"20{chance.randrange(10, 13)}-0{chance.randrange(1, 10)}-{chance.randrange(10, 29)}") for _ in range(count)]


def psql(text):
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", POSTGRES, "-f", "-"], input=text, text=True, check=True, capture_output=True)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="assay-references-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def run_assay(self, *args, exit_code=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "ASSAY_TEST"))}
        done = subprocess.run([ASSAY, "scan", *args], cwd=self.folder, capture_output=True, text=True, timeout=600, env=environment)
        if exit_code is not None:
            self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return done

    def containers(self, *args, checks):
        self.write("checks.json", json.dumps({"version": 1, "checks": checks}))
        done = self.run_assay(*args, "--checks", "checks.json", "--format", "json")
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout)["containers"]

    def one(self, *args, checks):
        return self.containers(*args, checks=checks)[0]

    def exists(self, field, of, ref="other", rule="existsIn", **more):
        return {"rule": rule, "fields": [field], "properties": {"field_name": of, "ref_container": ref, **more}}

    def outcome(self, check):
        return check["outcome"], check["null_records_count"], check["anomalous_records_count"]


class PairTest(Case):
    """The same records in every format, each against each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = {"own": records(1, 500, 90), "other": records(2, 300, 60)}
        cls.inputs = {}
        for name, rows in cls.rows.items():
            cls.inputs[name] = {"csv": cls.csv(name, rows), "jsonl": cls.jsonl(name, rows), "parquet": cls.parquet(name),
                                "sqlite": cls.sqlite(name, rows)}
            if POSTGRES:
                cls.inputs[name]["postgresql"] = cls.postgres(name, rows)

    @classmethod
    def csv(cls, name, rows):
        quoted = lambda cell: "" if cell is None else '"%s"' % str(cell).replace('"', '""')
        text = "".join(",".join(quoted(cell) for cell in row) + "\n" for row in [FIELDS] + rows)
        (cls.folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return f"{name}.csv"

    @classmethod
    def jsonl(cls, name, rows):
        (cls.folder / f"{name}.jsonl").write_text("".join(json.dumps(dict(zip(FIELDS, row))) + "\n" for row in rows))
        return f"{name}.jsonl"

    @classmethod
    def parquet(cls, name):
        duck.run(f"COPY (SELECT CAST(id AS SMALLINT) AS id, name, CAST(amount AS DOUBLE) AS amount, CAST(day AS DATE) AS day FROM "
                 f"read_csv('{cls.folder}/{name}.csv', all_varchar = true)) TO '{cls.folder}/{name}.parquet' (FORMAT parquet)")
        return f"{name}.parquet"

    @classmethod
    def sqlite(cls, name, rows):
        with sqlite3.connect(cls.folder / f"{name}.db") as database:
            database.execute("CREATE TABLE t (id INTEGER, name TEXT, amount REAL, day DATE)")
            database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
        database.close()
        return f"sqlite:{name}.db#t"

    @classmethod
    def postgres(cls, name, rows):
        schema = f"references_{os.getpid()}"
        quoted = lambda cell: "NULL" if cell is None else "'%s'" % str(cell).replace("'", "''")
        values = ", ".join("(" + ", ".join(quoted(cell) for cell in row) + ")" for row in rows)
        psql(f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE TABLE {schema}.{name} (id bigint, name text, amount numeric(10,2), day date);"
             f"INSERT INTO {schema}.{name} VALUES {values};")
        cls.addClassCleanup(psql, f"DROP TABLE {schema}.{name}; DROP SCHEMA IF EXISTS {schema};" if name == "own"
                            else f"DROP TABLE {schema}.{name};")
        return f"{POSTGRES}#{schema}.{name}"

    def expected(self):
        own, other = self.rows["own"], self.rows["other"]
        for i, field in enumerate(FIELDS):
            known = {row[i] for row in other} - {None}
            nulls = sum(row[i] is None for row in own)
            found = sum(row[i] in known for row in own)
            yield self.exists(field, field), ("failed", nulls, len(own) - nulls - found)
            yield self.exists(field, field, rule="notExistsIn"), ("failed", nulls, found)
        known = {row[0] for row in other if row[2] is not None and row[2] < 20} - {None}
        nulls = sum(row[0] is None for row in own)
        yield (self.exists("id", "id", ref_filter="amount < 20"),
               ("failed", nulls, sum(row[0] is not None and row[0] not in known for row in own)))
        yield ({"rule": "aggregationComparison", "properties": {
            "expression": "count(*)", "comparison": "eq", "ref_expression": "count(*) + 200", "ref_container": "other"}}, ("passed", 0, 0))

    def test_all_pairs(self):
        checks, expected = zip(*self.expected())
        for own, other in itertools.product(self.inputs["own"], repeat=2):
            with self.subTest(own=own, other=other):
                container = self.one(self.inputs["own"][own], "--ref", f"other={self.inputs['other'][other]}", checks=list(checks))
                for check, (wanted, found) in zip(checks, zip(expected, container["checks"])):
                    self.assertEqual(self.outcome(found), wanted, (check, found["message"]))
                self.assertEqual(container["records_count"], 500)

    def test_inputs_of_a_run_refer_to_each_other(self):
        checks = [dict(self.exists("id", "id", ref="other.csv"), container="own.csv"),
                  dict(self.exists("name", "name", ref="own.csv"), container="other.csv")]
        own, other = self.containers("own.csv", "other.csv", checks=checks)
        names = {row[1] for row in self.rows["own"]}
        self.assertEqual(self.outcome(own["checks"][0]), next(wanted for _, wanted in self.expected()))
        self.assertEqual(other["checks"][0]["anomalous_records_count"], sum(row[1] not in names for row in self.rows["other"]))

    def test_several_files_are_one_reference(self):
        for part in range(3):
            self.write(f"part_{part}.csv", "id,name\n" + "".join(f"{i},x\n" for i in range(part, 60, 3)))
        container = self.one("own.csv", "--ref", "parts=part_*.csv", checks=[self.exists("id", "id", ref="parts")])
        self.assertEqual(container["checks"][0]["anomalous_records_count"],
                         sum(row[0] is not None and row[0] >= 60 for row in self.rows["own"]))

    def test_fractions_that_turn_out_to_be_no_decimals(self):
        """Beyond the sample of a large reference: the scan begins again with doubles on that side."""
        with open(self.folder / "large.csv", "w", encoding="utf-8") as file:
            file.write("amount,fill\n")
            file.writelines(f"{i / 4},xxxxxxxxxx\n" for i in range(1_000_000))
            file.write("nan,x\n0.123456789012345,x\n")
        self.write("small.csv", "amount\n0.25\n0.123456789012345\nnan\n0.1\n")
        container = self.one("small.csv", "--ref", "large=large.csv", checks=[self.exists("amount", "amount", ref="large")])
        self.assertEqual(self.outcome(container["checks"][0]), ("failed", 0, 1))
        self.assertEqual(container["anomalies"][0]["line"], 5)

    @unittest.skipUnless(POSTGRES, "needs ASSAY_TEST_POSTGRES")
    def test_special_values_of_a_database(self):
        table = f"special_{os.getpid()}"
        psql(f"CREATE TABLE {table} AS SELECT * FROM (VALUES (1::numeric(10,2), 'infinity'::date), ('NaN', '2024-01-01'), (2.5, NULL)) t (v, d)")
        self.addCleanup(psql, f"DROP TABLE {table}")
        self.write("special.csv", "v,d\nnan,2024-01-01\n2.5,\n3,2024-01-02\n")
        container = self.one("special.csv", "--ref", f"other={POSTGRES}#public.{table}", checks=[self.exists("v", "v"), self.exists("d", "d")])
        self.assertEqual([self.outcome(check) for check in container["checks"]], [("failed", 0, 1), ("failed", 1, 1)])

    def test_message_and_place(self):
        self.write("few.csv", "customer_id\n1\n17\n")
        self.write("known.csv", "id\n1\n2\n")
        container = self.one("few.csv", "--ref", "customers=known.csv", checks=[self.exists("customer_id", "id", ref="customers")])
        anomaly = container["anomalies"][0]
        self.assertEqual((anomaly["line"], anomaly["record"]), (3, {"customer_id": 17}))
        self.assertEqual(anomaly["failed_checks"][0]["message"], "The value for `customer_id` of 17 does not exist in `id` of `customers`.")


class FaultTest(Case):
    def setUp(self):
        self.write("own.csv", "id,name\n1,a\n2,b\n,c\n")

    def faulty(self, reference, *more, field="id"):
        """Only the check that needs the reference is errored; its message."""
        container = self.one("own.csv", "--ref", f"other={reference}", *more, checks=[
            self.exists("id", field), {"rule": "notNull", "fields": ["id"]}, self.exists("name", "name", ref="own.csv")])
        self.assertEqual([check["outcome"] for check in container["checks"]], ["errored", "failed", "passed"])
        self.assertEqual(container["outcome"], "errored")
        return container["checks"][0]["message"]

    def test_gone_when_it_is_read(self):
        """It is there when the command line looks at it, and gone when the executor reads it."""
        self.write("other.csv", "id\n1\n")
        self.write("checks.json", json.dumps({"version": 1, "checks": [self.exists("id", "id"), {"rule": "notNull", "fields": ["id"]}]}))
        self.write("wrapper", f"#!/bin/sh\nrm -f {self.folder}/other.csv\nexec {os.environ.get('ASSAY_EXECUTE') or pathlib.Path(ASSAY).parent / 'assay-execute'} \"$@\"\n")
        (self.folder / "wrapper").chmod(0o700)
        done = subprocess.run([ASSAY, "scan", "own.csv", "--ref", "other=other.csv", "--checks", "checks.json", "--format", "json"],
                              cwd=self.folder, capture_output=True, text=True, timeout=WAIT_S,
                              env={**os.environ, "ASSAY_EXECUTE": str(self.folder / "wrapper")})
        checks = json.loads(done.stdout)["containers"][0]["checks"]
        self.assertEqual([check["outcome"] for check in checks], ["errored", "failed"])
        self.assertRegex(checks[0]["message"], "the reference `other` cannot be read: .*other.csv")

    def test_damaged_in_the_middle(self):
        duck.run(f"COPY (SELECT i AS id, repeat('x', 200) || i AS name FROM range(60000) t(i)) TO '{self.folder}/other.parquet' "
                 "(FORMAT parquet, COMPRESSION zstd)")
        path = self.folder / "other.parquet"
        data = bytearray(path.read_bytes())
        data[1000:200000] = bytes(199000)
        path.write_bytes(data)
        self.assertRegex(self.faulty("other.parquet"), "the reference `other` cannot be read: ")

    def test_no_such_table(self):
        with sqlite3.connect(self.folder / "other.db") as database:
            database.execute("CREATE TABLE t (id INTEGER)")
        database.close()
        done = self.run_assay("own.csv", "--ref", "other=sqlite:other.db#nothing", "--check", json.dumps(self.exists("id", "id")))
        self.assertIn("nothing", done.stdout + done.stderr)
        self.assertIn(done.returncode, (2, 3))

    @unittest.skipUnless(POSTGRES, "needs ASSAY_TEST_POSTGRES")
    def test_wrong_password(self):
        scheme, rest = POSTGRES.split("://")
        address = f"{scheme}://{rest.split(':')[0]}:wrong@{rest.split('@')[1]}"
        message = self.faulty(f"{address}#information_schema.tables", field="table_name")
        self.assertIn("the reference `other` cannot be read: ", message)
        self.assertNotIn("wrong@", message)

    def test_records_that_cannot_be_read(self):
        self.write("other.csv", "id,name\n1,a\n2,b,c\n3,d\n")
        container = self.one("own.csv", "--ref", "other=other.csv", checks=[self.exists("id", "id")])
        self.assertEqual(self.outcome(container["checks"][0]), ("failed", 1, 1))
        self.assertEqual([w["code"] for w in container["warnings"]], ["reference_rejected"])
        self.assertRegex(container["warnings"][0]["message"], "^1 record of `other`, .* line 3")
        self.assertEqual(container["rejected_records"], 0)
        said = self.run_assay("own.csv", "--ref", "other=other.csv", "--check", json.dumps(self.exists("id", "id"))).stderr
        self.assertIn("assay: warning: own.csv: 1 record of `other`", said)

    def test_names(self):
        self.write("customers.csv", "id\n1\n")
        for ref, says in (("custmers.csv", "did you mean `customers.csv`"), ("zebra", "--ref zebra=INPUT")):
            check = self.one("own.csv", "--ref", "customers.csv=customers.csv", checks=[self.exists("id", "id", ref=ref)])["checks"][0]
            self.assertEqual(check["outcome"], "errored")
            self.assertIn(says, check["message"])
        for text, says in (("customers.csv", "--ref customers.csv=data/customers.csv"), ("=customers.csv", "NAME=INPUT"),
                           ("other=none.csv", "none.csv"), ("other=.", "not one container")):
            done = self.run_assay("own.csv", "--ref", text, "--check", "{rule: notNull, fields: [id]}")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(says, done.stderr)

    def test_types_are_given(self):
        """Numbers of one container are texts in the other, until they are said to be numbers."""
        self.write("other.csv", "code\n001\n002\n")
        check = self.exists("id", "code")
        errored = self.one("own.csv", "--ref", "other=other.csv", checks=[check])["checks"][0]
        self.assertEqual(errored["message"], "`id` is Integral and `code` of `other` is String: they cannot be compared (the reader "
                                             "option types.id gives another type)")
        judged = self.one("own.csv", "--ref", "other=other.csv", "--reader", "types.code=Integral", checks=[check])["checks"][0]
        self.assertEqual(self.outcome(judged), ("passed", 1, 0))

    def test_many_lookups_on_many_cores(self):
        """Each lookup is a join that all columns pass: threads are as many as the memory holds."""
        names = "abcdefghijklmnopqrstuvwx"
        self.write("wide.csv", ",".join(names) + "\n" + "".join(",".join(str(100 * i + j) for j in range(24)) + "\n" for i in range(40000)))
        checks = [self.exists(name, name, ref="r") for name in names[:16]]
        judged = self.one("wide.csv", "--ref", "r=wide.csv", "--threads", "16", "--memory", "256MiB", checks=checks)["checks"]
        self.assertEqual([self.outcome(check) for check in judged], [("passed", 0, 0)] * 16, judged[0]["message"])

    @unittest.skipUnless(POSTGRES, "needs ASSAY_TEST_POSTGRES")
    def test_interrupted_while_the_reference_is_read(self):
        """Ctrl-C ends it, though the reference takes hours."""
        view = f"endless_{os.getpid()}"
        psql(f"CREATE VIEW {view} AS SELECT i AS id, pg_sleep(0.001 * (i % 2)) IS NULL AS slept FROM generate_series(1, 100000000) i")
        self.addCleanup(psql, f"DROP VIEW {view}")
        running = lambda: subprocess.run(["psql", "-qXAt", POSTGRES, "-c", "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                                          f"AND query LIKE '%{view}%' AND pid <> pg_backend_pid() AND query LIKE '%slept%'"],
                                         capture_output=True, text=True, check=True).stdout.strip() != "0"
        check = self.exists("id", "id", ref_filter="slept IS NOT NULL")
        process = subprocess.Popen([ASSAY, "scan", "own.csv", "--ref", f"other={POSTGRES}#public.{view}", "--check", json.dumps(check)],
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(running, WAIT_S, "the reference is read")
        process.send_signal(signal.SIGINT)
        self.assertNotEqual(process.wait(WAIT_S), 0)
        wait_until(lambda: not running(), WAIT_S, "the source is not asked any more")


if __name__ == "__main__":
    unittest.main()
