"""Peak resident memory (VmHWM) is within the budget for every source, wide or tall, or the task is refused before it reads."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

MIB = 1 << 20
RECORDS = 60_000
CHECKS = [{"rule": "unique", "fields": ["id"]}, {"rule": "unique", "fields": ["code"]}, {"rule": "unique", "fields": ["id", "amount"]},
          {"rule": "notNull", "fields": ["note"]}, {"rule": "expectedValues", "fields": ["note"], "properties": {"list": ["x"]}},
          {"rule": "maxValue", "fields": ["amount"], "properties": {"value": 500}}]


def limits(budget):
    return {"memory_bytes": budget * MIB, "threads": 2, "deadline_ms": 0}


class MemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Sanitizers multiply memory: the release build is measured, which tests/run.sh names."""
        released = os.environ.get("ASSAY_EXECUTE_RELEASE")
        if not released:
            raise unittest.SkipTest("ASSAY_EXECUTE_RELEASE is not set")
        patch = unittest.mock.patch.dict(os.environ, {"ASSAY_EXECUTE": released})
        patch.start()
        cls.addClassCleanup(patch.stop)
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        rng = random.Random(11)
        with open(cls.folder / "tall.csv", "w") as out:
            out.write("id,code,amount,note\n")
            for i in range(RECORDS):
                note = "" if i % 3 == 0 else f"note {rng.getrandbits(200):x}"
                out.write(f"{i},k{rng.getrandbits(60):x},{rng.randrange(100_000) / 100:.2f},{note}\n")
        duck.run(f"COPY (FROM '{cls.folder}/tall.csv') TO '{cls.folder}/tall.parquet'")

    def fits(self, kind, source, budget, **more):
        result = execute.run(execute.task(kind, source, limits=limits(budget), **more))
        self.assertLessEqual(result["done"]["peak_bytes"], budget * MIB)
        self.assertGreater(result["done"]["peak_bytes"], 10 * MIB)  # it is measured
        return execute.container(result)

    def profile_and_scan(self, source):
        checks = [{"index": i, **check} for i, check in enumerate(CHECKS)]
        for budget in (64, 128):
            with self.subTest(budget=budget, kind="profile"):
                document = self.fits("profile", source, budget, settings={"infer": "xhigh"})
                self.assertEqual((document["records_count"], len(document["fields"])), (RECORDS, 4))
        with self.assertRaises(execute.Failed) as failed:
            execute.run(execute.task("scan", source, limits=limits(96), checks=checks))
        self.assertEqual((failed.exception.code, "at least 128 MiB are needed" in failed.exception.text), ("LIMIT", True))
        for budget in (128,):
            for failing in (None, "failing.parquet", "failing.csv"):
                settings = {"failing": str(self.folder / failing)} if failing else {}
                with self.subTest(budget=budget, kind="scan", failing=failing):
                    found = self.fits("scan", source, budget, checks=checks, settings=settings)["checks"]
                    self.assertEqual([check["outcome"] for check in found], ["passed"] * 3 + ["failed"] * 3)

    def test_csv(self):
        self.profile_and_scan(execute.file_source([self.folder / "tall.csv"]))

    def test_parquet(self):
        self.profile_and_scan(execute.file_source([self.folder / "tall.parquet"]))

    def lookups(self, source, times=1):
        """Values that the budget does not hold are looked up all the same, exactly; so are many checks at once."""
        path, distinct = self.folder / "values.parquet", 1_600_000
        if not path.exists():
            duck.run(f"COPY (SELECT i * 3 AS id, 'key ' || i AS code FROM range({distinct}) t(i)) TO '{path}'")
        known = lambda i: i % 3 == 0 and i // 3 < distinct
        refs = {"r": execute.file_source([path])}
        rows = [(i * 199 % 6_000_000, i * 61 % 2_000_000) for i in range(RECORDS)]
        there = [sum(known(key) for key, _ in rows), sum(code < distinct for _, code in rows)]
        checks = [{"rule": rule, "fields": [field], "properties": {"ref_container": "r", "field_name": field}}
                  for field in ("id", "code") for rule in ("existsIn", "notExistsIn")]
        checks.append({"rule": "existsIn", "fields": ["code"], "properties": {"ref_container": "r", "field_name": "code", "ref_filter": "id < 300"}})
        checks = [{"index": i, **check} for i, check in enumerate(checks * times)]
        document = self.fits("scan", source, 128, checks=checks, settings={"refs": refs})
        wanted = [RECORDS - there[0], there[0], RECORDS - there[1], there[1], sum(code >= 100 for _, code in rows)]
        self.assertEqual([check["anomalous_records_count"] for check in document["checks"]], wanted * times)

    def asking(self):
        path = self.folder / "asking.csv"
        path.write_text("id,code\n" + "".join(f"{i * 199 % 6_000_000},key {i * 61 % 2_000_000}\n" for i in range(RECORDS)) + ",\n" * 3)
        return path

    def test_values_that_do_not_fit_are_looked_up(self):
        path = self.asking()
        self.lookups(execute.file_source([path]), times=2)
        duck.run(f"COPY (FROM '{path}') TO '{path.with_suffix('.parquet')}'")
        self.lookups(execute.file_source([path.with_suffix(".parquet")]))

    def test_values_that_do_not_fit_are_looked_up_for_a_database(self):
        """Its records are read once: a copy is asked."""
        path = self.folder / "asking.db"
        with sqlite3.connect(path) as base, open(self.asking()) as lines:
            base.execute("CREATE TABLE asking (id INTEGER, code TEXT)")
            next(lines)
            base.executemany("INSERT INTO asking VALUES (nullif(?, ''), nullif(?, ''))", (line.rstrip("\n").split(",") for line in lines))
        self.lookups({"connector": "sqlite", "properties": {"uri": f"sqlite:{path}"},
                      "container": {"name": "asking", "container_type": "table", "location": "asking"}})

    def test_containers_that_differ_more_than_memory_holds(self):
        """They are compared part by part: every record is counted, the first ones are shown."""
        paths = [self.folder / "here.parquet", self.folder / "there.parquet"]
        text = "'a text that is longer than twelve bytes ' || i"
        duck.run(f"COPY (SELECT i AS id, {text} AS note, i % 7 AS n FROM range(60000) t(i)) TO '{paths[0]}'")
        duck.run(f"COPY (SELECT i AS id, {text} AS note, i % 7 + (i % 1000 = 0)::INT AS n FROM range(30000, 430000) t(i)) TO '{paths[1]}'")
        here, there = ({i: i % 7 for i in range(60000)}, {i: i % 7 + (i % 1000 == 0) for i in range(30000, 430000)})
        missing, extra = len(there.keys() - here.keys()), len(here.keys() - there.keys())
        changed = sorted(i for i in here.keys() & there.keys() if here[i] != there[i])
        checks = [{"index": i, "rule": "dataDiff", "fields": ["id", "note", "n"], "properties": {"ref_container": "r", **more}}
                  for i, more in enumerate([{"id_field_names": ["id"]}, {}])]
        document = self.fits("scan", execute.file_source(paths[:1]), 128, checks=checks, settings={"refs": {"r": execute.file_source(paths[1:])}})
        by_id, whole = document["checks"]
        self.assertEqual(by_id["anomalous_records_count"], missing + extra + len(changed))
        self.assertIn(f": {missing} missing, {extra} extra, {len(changed)} changed.", by_id["message"])
        shown = "; ".join(f"{{id: {i}}}: `n` is {here[i]}, in the reference {there[i]}" for i in changed[:3])
        self.assertIn(f"Changed: {shown}.", by_id["message"])
        self.assertEqual(whole["anomalous_records_count"], missing + extra + 2 * len(changed))

    def wide(self, columns, rows):
        path = self.folder / f"wide{columns}.parquet"
        names = ", ".join(f"hash(i + {k}) AS c{k}" for k in range(columns))
        duck.run(f"COPY (SELECT {names} FROM range({rows}) t(i)) TO '{path}'")
        return execute.file_source([path])

    def test_wide_parquet(self):
        source = self.wide(1200, 10)
        for budget in (64, 128):
            with self.subTest(budget=budget):
                document = self.fits("profile", source, budget)
                self.assertEqual((document["records_count"], len(document["fields"])), (10, 1200))

    def test_a_footer_that_does_not_fit_is_refused_before_it_is_read(self):
        source = self.wide(10_000, 1)
        for kind in ("profile", "scan"):
            with self.subTest(kind=kind), self.assertRaises(execute.Failed) as failed:
                execute.run(execute.task(kind, source, limits=limits(64), checks=[{"index": 0, "rule": "notNull", "fields": ["c0"]}]))
            self.assertEqual(failed.exception.code, "LIMIT")
            self.assertRegex(failed.exception.text, "the memory budget of 64 MiB does not hold the 10000 columns .*: at least 192 MiB are needed")
        document = self.fits("profile", source, 256, settings={"infer": "off", "fields": [f"c{k}" for k in range(0, 10_000, 20)]})
        self.assertEqual(len(document["fields"]), 500)

    def test_columns_that_do_not_fit_are_refused_before_they_are_read(self):
        source = self.wide(3000, 10)
        with self.assertRaises(execute.Failed) as failed:
            execute.run(execute.task("profile", source, limits=limits(64)))
        self.assertEqual(failed.exception.code, "LIMIT")
        self.assertRegex(failed.exception.text, "64 MiB does not hold the 3000 columns and the row groups of .*wide3000.parquet: at least 80 MiB are needed")
        self.assertEqual(len(self.fits("profile", source, 80)["fields"]), 3000)

    def test_sqlite(self):
        path = self.folder / "tall.db"
        with sqlite3.connect(path) as base, open(self.folder / "tall.csv") as lines:
            base.execute("CREATE TABLE tall (id INTEGER, code TEXT, amount REAL, note TEXT)")
            next(lines)
            base.executemany("INSERT INTO tall VALUES (?, ?, ?, nullif(?, ''))", (line.rstrip("\n").split(",") for line in lines))
        self.profile_and_scan({"connector": "sqlite", "properties": {"uri": f"sqlite:{path}"},
                               "container": {"name": "tall", "container_type": "table", "location": "tall"}})

    @unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "needs ASSAY_TEST_POSTGRES")
    def test_postgresql(self):
        url, schema = os.environ["ASSAY_TEST_POSTGRES"], f"memory_{os.getpid()}"

        def sql(text):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", url], input=text, text=True, check=True, capture_output=True)

        try:
            sql(f"CREATE SCHEMA {schema};CREATE TABLE {schema}.tall (id int, code text, amount numeric, note text);\n"
                f"\\copy {schema}.tall FROM '{self.folder}/tall.csv' CSV HEADER\n")
            self.profile_and_scan({"connector": "postgresql", "properties": {"uri": url, "schema": schema},
                                   "container": {"name": "tall", "container_type": "table", "location": f"{schema}.tall"}})
        finally:
            sql(f"DROP SCHEMA {schema} CASCADE")


if __name__ == "__main__":
    unittest.main()
