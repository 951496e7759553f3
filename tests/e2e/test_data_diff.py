"""dataDiff and isReplicaOf: a container against a reference, judged as Python and DuckDB compare the same records."""
# SPDX-License-Identifier: Apache-2.0
import collections
import csv
import io
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402
import scratch  # noqa: E402

FIELDS = ["id", "name", "amount", "day"]


def diff(fields, rule="dataDiff", check=None, **properties):
    return {"rule": rule, "fields": fields, "properties": dict({"ref_container": "b"}, **properties), **(check or {})}


def text_of(rows):
    out = io.StringIO()
    for row in rows:  # None is an empty cell, '' a quoted one
        out.write(",".join("" if cell is None else '"%s"' % cell if cell == "" else cell for cell in row) + "\n")
    return out.getvalue()


class Case(scratch.Case):
    maxDiff = None

    def scan(self, path, reference, checks, settings=None, **more):
        source = dict(execute.file_source([reference], name="b"), name="B")
        return execute.scan(path, checks, settings=dict({"refs": {"b": source}}, **(settings or {})), name="A", **more)

    def parquet(self, name, select):
        duck.run(f"COPY ({select}) TO '{self.path(name)}' (FORMAT parquet)")
        return self.path(name)

    def one(self, path, reference, check, **more):
        return self.scan(path, reference, [check], **more)["checks"][0]

    def counts(self, check):
        return check["outcome"], check["asserted_records_count"], check["anomalous_records_count"]


class Multisets(Case):
    def records(self, seed, count):
        chance = random.Random(seed)
        names = ["ann", "bob", "", None, "é", "a b"]
        return [(str(chance.randrange(40)), chance.choice(names), chance.choice(["1.5", "2.25", "0.1", None, "-3"]),
                 chance.choice(["2024-01-31", "2024-02-01", None])) for _ in range(count)]

    def files(self):
        ours, theirs = self.records(1, 3000), self.records(2, 2900)
        return ours, theirs, self.path("a.csv", text_of([FIELDS] + ours)), self.path("b.csv", text_of([FIELDS] + theirs))

    def test_counts_and_failing_records(self):
        ours, theirs, a, b = self.files()
        left, right = collections.Counter(ours), collections.Counter(theirs)
        extra, missing = left - right, right - left
        self.assertGreater(min(sum(extra.values()), sum(missing.values())), 300)
        failing = self.path("failing.csv")
        result = self.scan(a, b, [diff(FIELDS), diff(FIELDS, rule="isReplicaOf")], settings={"failing": failing})
        total = sum(extra.values()) + sum(missing.values())
        self.assertEqual([self.counts(check) for check in result["checks"]], [("failed", 3000, total)] * 2)
        self.assertTrue(result["checks"][0]["message"].startswith(
            f"There are {total} records that differ between `A` (3000 records) and `B` (2900 records): "
            f"{sum(missing.values())} missing, {sum(extra.values())} extra. Missing: "), result["checks"][0]["message"])
        self.assertEqual([anomaly["type"] for anomaly in result["anomalies"]], ["shape", "shape"])
        # Of records that are the same as many pass as the reference has: the first ones.
        seen, expected = collections.Counter(), []
        for row, record in enumerate(ours, 1):
            seen[record] += 1
            if seen[record] > right[record]:
                expected.append(str(row))
        with open(failing, encoding="utf-8", newline="") as file:
            self.assertEqual([row["_assay_row"] for row in csv.DictReader(file)], expected)

    def test_duckdb_except_all_agrees(self):
        self.files()
        for name in ("a", "b"):
            self.parquet(f"{name}.parquet", f"FROM read_csv('{self.path(name + '.csv')}', header = true, all_varchar = true)")
        ours, theirs = (f"(FROM '{self.path(name)}')" for name in ("a.parquet", "b.parquet"))
        duck.run(f"COPY (SELECT (SELECT count(*) FROM ({ours} EXCEPT ALL {theirs})), (SELECT count(*) FROM ({theirs} EXCEPT ALL {ours}))) "
                 f"TO '{self.path('counts.csv')}' (HEADER false)")
        extra, missing = map(int, pathlib.Path(self.path("counts.csv")).read_text().split(","))
        check = self.one(self.path("a.parquet"), self.path("b.parquet"), diff(FIELDS))
        self.assertIn(f": {missing} missing, {extra} extra.", check["message"])

    def test_every_format_against_every_other(self):
        a = self.path("a.csv", text_of([["id", "name", "amount"]] + [[str(i), f"n{i % 7}", f"{i}.{i % 10}5"] for i in range(1, 500)]))
        self.parquet("p.parquet", f"FROM read_csv('{a}')")
        duck.run(f"COPY (FROM '{self.path('p.parquet')}') TO '{self.path('j.jsonl')}' (FORMAT json)")
        duck.run(f"COPY (SELECT * REPLACE (amount + (id = 17)::INTEGER AS amount) FROM '{self.path('p.parquet')}') TO "
                 f"'{self.path('other.jsonl')}' (FORMAT json)")
        paths = [a, self.path("p.parquet"), self.path("j.jsonl")]
        for left in paths:
            for right in paths:
                with self.subTest(left=left, right=right):
                    self.assertEqual(self.counts(self.one(left, right, diff(["id", "name", "amount"]))), ("passed", 499, 0))
            check = self.one(left, self.path("other.jsonl"), diff(["amount"], id_field_names=["id"]))
            self.assertEqual(check["message"], "There is 1 record that differs between `A` (499 records) and `B` (499 records): 1 changed. "
                             "Changed: {id: 17}: `amount` is 17.75, in the reference 18.75.")

    def test_itself_and_nothing(self):
        some, none = self.path("a.csv", "id,name\n1,x\n2,\n"), self.path("none.csv", "id,name\n")
        self.assertEqual(self.counts(self.one(some, some, diff(["id", "name"]))), ("passed", 2, 0))
        itself = {"rule": "dataDiff", "fields": ["id", "name"], "properties": {}}
        self.assertEqual(self.counts(self.one(some, some, itself)), ("passed", 2, 0))
        self.assertEqual(self.counts(self.one(some, none, diff(["id", "name"]))), ("failed", 2, 2))
        check = self.one(none, some, diff(["id", "name"], id_field_names=["id"]))
        self.assertEqual(self.counts(check), ("failed", 0, 2))
        self.assertEqual(check["message"], "There are 2 records that differ between `A` (0 records) and `B` (2 records): 2 missing. "
                         "Missing: {id: 1, name: 'x'}; {id: 2, name: null}.")
        check = self.one(none, none, diff(["id"]))
        self.assertEqual((self.counts(check), check["message"]), (("passed", 0, 0), "There was no record to judge."))


class Ids(Case):
    def sides(self):
        a = self.path("a.csv", "id,name,amount,day\n1,ann,1.50,2024-01-01\n2,bob,2.50,2024-01-02\n3,,3.50,\n4,dan,4.00,2024-01-04\n"
                               "5,eve,5.00,2024-01-05\n5,eve,5.00,2024-01-05\n7,gil,7.00,2024-01-07\n,nil,8.00,\n")
        b = self.path("b.csv", "day,amount,name,id\n2024-01-01,1.5,ann,1\n2024-01-03,2.51,bob,2\n,3.5,cyd,3\n2024-01-05,5,eve,5\n"
                               "2024-01-06,6,fay,6\n2024-01-07,7,gil,7\n,8,nil,\n")
        return a, b

    def test_missing_extra_changed(self):
        a, b = self.sides()
        failing = self.path("failing.csv")
        check = self.one(a, b, diff(FIELDS, id_field_names=["id"]), settings={"failing": failing})
        self.assertEqual(self.counts(check), ("failed", 8, 5))
        self.assertEqual(check["message"], "There are 5 records that differ between `A` (8 records) and `B` (7 records): 1 missing, 2 extra, 2 changed. "
                         "Missing: {id: 6, name: 'fay', amount: 6.0, day: 2024-01-06}. "
                         "Extra: {id: 4, name: 'dan', amount: 4.0, day: 2024-01-04}; {id: 5, name: 'eve', amount: 5.0, day: 2024-01-05}. "
                         "Changed: {id: 2}: `amount` is 2.5, in the reference 2.51, `day` is 2024-01-02, in the reference 2024-01-03; "
                         "{id: 3}: `name` is null, in the reference 'cyd'. "
                         "1 of the ids is there more than once: records with such an id are compared as wholes.")
        with open(failing, encoding="utf-8", newline="") as file:
            self.assertEqual([row["_assay_row"] for row in csv.DictReader(file)], ["2", "3", "4", "6"])

    def test_the_anomaly_lists_records(self):
        a, b = self.sides()
        result = self.scan(a, b, [diff(["amount", "name"], id_field_names=["id"]), diff(["amount"]), {"rule": "notNull", "fields": ["id"]}],
                           settings={"max_anomalies": 3})
        paired, whole = [anomaly for anomaly in result["anomalies"] if anomaly["type"] == "shape"]
        self.assertEqual([(record["row"], record["line"], record["message"]) for record in paired["records"]], [
            (2, 3, "{id: 2}: `amount` is 2.5, in the reference 2.51"), (3, 4, "{id: 3}: `name` is null, in the reference 'cyd'"),
            (4, 5, "not in the reference: {id: 4, amount: 4.0, name: 'dan'}")])
        self.assertEqual([(record["row"], record["message"]) for record in whole["records"]],
                         [(2, "not in the reference: {amount: 2.5}"), (4, "not in the reference: {amount: 4.0}"), (6, "not in the reference: {amount: 5.0}")])
        hidden = self.scan(a, b, [diff(["amount"], id_field_names=["id"])], settings={"examples": "none", "max_anomalies": 3})
        self.assertEqual([record["message"] for record in hidden["anomalies"][0]["records"]], ["changed", "not in the reference", "not in the reference"])

    def test_only_what_is_compared_counts(self):
        a, b = self.sides()
        self.assertEqual(self.counts(self.one(a, b, diff(["name"], id_field_names=["id"]))), ("failed", 8, 4))
        self.assertEqual(self.counts(self.one(a, b, diff(["amount"], check={"filter": "id = 1 OR id = 3"}, ref_filter="id in (1, 3)",
                                                         id_field_names=["id"]))), ("passed", 2, 0))

    def test_examples_and_masks(self):
        a, b = self.sides()
        check = diff(["name", "amount"], id_field_names=["id"])
        hidden = self.one(a, b, check, settings={"mask": ["amount"]})["message"]
        self.assertIn("`amount` is ***MASKED***, in the reference ***MASKED***", hidden)
        self.assertIn("{id: 6, name: 'fay', amount: ***MASKED***}", hidden)
        self.assertNotIn("2.5", hidden)
        refs = {"b": dict(execute.file_source([b], name="b"), name="B", mask=["amount"])}
        self.assertEqual(self.one(a, b, check, settings={"refs": refs})["message"], hidden)   # what the reference hides is hidden
        none = self.one(a, b, check, settings={"examples": "none"})["message"]
        self.assertEqual(none, "There are 5 records that differ between `A` (8 records) and `B` (7 records): 1 missing, 2 extra, 2 changed. "
                         "1 of the ids is there more than once: records with such an id are compared as wholes.")
        keys = self.one(a, b, check, settings={"examples": "keys"})["message"]
        self.assertIn("Missing: {id: 6}. Extra: {id: 4}; {id: 5}. Changed: {id: 2}: `amount`; {id: 3}: `name`.", keys)

    def test_repeated_ids_are_not_multiplied(self):
        a = self.path("a.csv", "id,v\n" + "".join(f"{i // 100},{i % 10}\n" for i in range(1000)))
        b = self.path("b.csv", "id,v\n" + "".join(f"{i // 100},{i % 10 if i != 555 else 77}\n" for i in range(1000)))
        check = self.one(a, b, diff(["v"], id_field_names=["id"]))
        self.assertEqual(self.counts(check), ("failed", 1000, 2))
        self.assertIn(": 1 missing, 1 extra. Missing: {id: 5, v: 77}. Extra: {id: 5, v: 5}. 1 of the ids is", check["message"])

    def test_many_ids_as_python_pairs_them(self):
        chance = random.Random(3)
        ours = {i: (chance.randrange(5), chance.choice(["x", "y", None])) for i in range(20000)}
        theirs = {i: ours[i] if chance.random() < 0.9 else (chance.randrange(5), chance.choice(["x", "y", None])) for i in range(500, 20500) if i in ours}
        theirs.update({i: (1, "z") for i in range(30000, 30007)})
        paths = []
        for name, side in (("a.csv", ours), ("b.csv", theirs)):
            rows = [[str(i), str(n), t] for i, (n, t) in side.items()]
            chance.shuffle(rows)
            paths.append(self.path(name, text_of([["id", "n", "t"]] + rows)))
        changed = sum(ours[i] != theirs[i] for i in ours.keys() & theirs.keys())
        check = self.one(*paths, diff(["n", "t"], id_field_names=["id"]))
        self.assertIn(f": 7 missing, 500 extra, {changed} changed. ", check["message"])
        self.assertEqual(self.counts(check), ("failed", 20000, 507 + changed))

    def test_several_id_fields(self):
        a, b = self.path("a.csv", "x,y,v\n1,1,a\n1,2,b\n2,1,c\n"), self.path("b.csv", "x,y,v\n1,1,a\n1,2,B\n2,2,c\n")
        check = self.one(a, b, diff(["v"], id_field_names=["x", "y"]))
        self.assertIn("1 missing, 1 extra, 1 changed. Missing: {x: 2, y: 2, v: 'c'}. Extra: {x: 2, y: 1, v: 'c'}. Changed: {x: 1, y: 2}: `v` is 'b', "
                      "in the reference 'B'.", check["message"])


class Values(Case):
    # The container's values, the reference's, and do they equal? SQL of DuckDB; the expectations are of shared/semantics.md.
    PAIRS = [
        ("null is null only", "NULL::BIGINT", "NULL::BIGINT", True), ("null and zero", "NULL::BIGINT", "0::BIGINT", False),
        ("null and no text", "NULL::VARCHAR", "''", False), ("nan", "'nan'::DOUBLE", "'nan'::DOUBLE", True),
        ("nan and null", "'nan'::DOUBLE", "NULL::DOUBLE", False), ("negative zero", "-0.0::DOUBLE", "0.0::DOUBLE", True),
        ("infinity", "'inf'::DOUBLE", "'-inf'::DOUBLE", False), ("widths", "5::TINYINT", "5::BIGINT", True),
        ("a wide integer", "9223372036854775807::BIGINT", "9223372036854775808::HUGEINT", False),
        ("integer and double", "9007199254740993::BIGINT", "9007199254740992::DOUBLE", False),
        ("integer is double", "9007199254740992::BIGINT", "9007199254740992::DOUBLE", True),
        ("integer and half", "5::BIGINT", "5.5::DOUBLE", False), ("integer is decimal", "5::BIGINT", "5.00::DECIMAL(9,2)", True),
        ("scales", "1.5::DECIMAL(4,1)", "1.5000::DECIMAL(30,4)", True), ("decimals apart", "1.5::DECIMAL(4,1)", "1.5001::DECIMAL(30,4)", False),
        ("decimal is double", "0.1::DECIMAL(4,1)", "0.1::DOUBLE", True), ("float is double", "0.1::FLOAT", "0.1::DOUBLE", True),
        ("float and decimal", "0.1::FLOAT", "0.2::DECIMAL(4,1)", False), ("texts by bytes", "'a'", "'a '", False),
        ("date is midnight", "DATE '2024-03-01'", "TIMESTAMP '2024-03-01 00:00:00'", True),
        ("date and noon", "DATE '2024-03-01'", "TIMESTAMP '2024-03-01 12:00:00'", False),
        ("date in the zone", "DATE '2024-03-01'", "TIMESTAMPTZ '2024-02-29 23:00:00+00'", True),
        ("date not in utc", "DATE '2024-03-01'", "TIMESTAMPTZ '2024-03-01 00:00:00+00'", False),
        ("local time in the zone", "TIMESTAMP '2024-07-01 12:00:00'", "TIMESTAMPTZ '2024-07-01 10:00:00+00'", True),
        ("truth", "TRUE", "FALSE", False), ("lists", "[1, NULL, 3]", "[1, NULL, 3]", True), ("lists apart", "[1, 2]", "[2, 1]", False),
        ("bytes", "'a'::BLOB", "'b'::BLOB", False), ("structs", "{'x': 1, 'y': NULL}", "{'x': 1, 'y': 2}", False),
        ("a decimal without whole digits", "0.5::DECIMAL(38,38)", "0.5::DECIMAL(12,2)", True),
        ("such a zero", "0::DECIMAL(38,38)", "0::BIGINT", True), ("and below", "-0.5::DECIMAL(18,18)", "-0.50::DECIMAL(38,2)", True),
        # As Python reads the text; 98226710866597656 is no double, and a tenth of the nearest one is another.
        ("the nearest double", "9822671086659765.6::DECIMAL(17,1)", "'9822671086659766'::DOUBLE", True),
        ("same structs", "{'x': 1, 'y': NULL::INTEGER}", "{'x': 1, 'y': NULL::INTEGER}", True),
    ]

    def both(self, lefts, rights):
        """Two containers of one record: id, v0, v1, …"""
        return [self.parquet(name, "SELECT 1 AS id, " + ", ".join(f"{value} AS v{i}" for i, value in enumerate(values)))
                for name, values in (("a.parquet", lefts), ("b.parquet", rights))]

    def test_pairs(self):
        a, b = self.both([pair[1] for pair in self.PAIRS], [pair[2] for pair in self.PAIRS])
        checks = [diff([f"v{i}"], **ids) for i in range(len(self.PAIRS)) for ids in ({}, {"id_field_names": ["id"]})]
        checks = self.scan(a, b, checks, timezone="Europe/Zurich")["checks"]
        for i, (label, _, _, same) in enumerate(self.PAIRS):
            with self.subTest(label):
                self.assertEqual([self.counts(check) for check in checks[2 * i:2 * i + 2]],
                                 [("passed", 1, 0)] * 2 if same else [("failed", 1, 2), ("failed", 1, 1)], checks[2 * i]["message"])

    def test_values_as_people_read_them(self):
        a, b = self.both(["DATE '2024-03-01'", "5", "1.50::DECIMAL(9,3)", "TIMESTAMPTZ '2024-03-01 10:00:00+02'", "'it''s ' || repeat('x', 99)"],
                         ["TIMESTAMP '2024-03-01 12:30:00'", "6.50::DECIMAL(9,2)", "2::DECIMAL(9,3)", "TIMESTAMPTZ '2024-03-01 08:00:01Z'", "''"])
        check = self.one(a, b, diff([f"v{i}" for i in range(5)], id_field_names=["id"]))
        self.assertTrue(check["message"].endswith(
            "Changed: {id: 1}: `v0` is 2024-03-01T00:00:00, in the reference 2024-03-01T12:30:00, `v1` is 5.0, in the reference 6.5, "
            "`v2` is 1.5, in the reference 2.0, `v3` is 2024-03-01T08:00:00Z, in the reference 2024-03-01T08:00:01Z, "
            f"`v4` is 'it's {'x' * 55}…', in the reference ''."), check["message"])

    def test_texts_that_do_not_fit_their_type(self):
        rows = "".join(f"{i},{i}.5\n" for i in range(3000))
        a, b = self.path("a.csv", "id,v\n" + rows + "4000,x\n"), self.path("b.csv", "id,v\n" + rows + "4000,y\n")
        result = self.scan(a, b, [diff(["v"], id_field_names=["id"]), diff(["v"], id_field_names=["id"], numeric_comparator={"epsilon": 9})],
                           reader={"types.v": "Fractional"})
        for check in result["checks"]:
            self.assertEqual(self.counts(check), ("failed", 3001, 1), check["message"])
            self.assertIn("Changed: {id: 4000}: `v` is no Fractional, in the reference ", check["message"])

    def test_such_texts_among_many_fields(self):
        """The field that does not fit is named, however many there are."""
        names = [f"v{i}" for i in range(150)]
        texts = []
        for wrong in ({1: 100, 3: 62}, {2: 130, 3: 63}):  # record: its field
            rows = [["id"] + names] + [[str(i)] + ["x" if wrong.get(i) == k else "1.5" for k in range(150)] for i in range(1, 3001)]
            texts.append(text_of(rows))
        files = [self.path(name, text) for name, text in zip(("a.csv", "b.csv"), texts)]
        checks = self.scan(*files, [diff(names, id_field_names=["id"]), diff(["id"] + names)],
                           reader={f"types.{name}": "Fractional" for name in names})["checks"]
        self.assertEqual([self.counts(check) for check in checks], [("failed", 3000, 3), ("failed", 3000, 6)])
        self.assertTrue(checks[0]["message"].endswith(
            ": 3 changed. Changed: {id: 1}: `v100` is no Fractional, in the reference 1.5; {id: 2}: `v130` is 1.5, in the reference no Fractional; "
            "{id: 3}: `v62` is no Fractional, in the reference 1.5, `v63` is 1.5, in the reference no Fractional."), checks[0]["message"])

    def test_parts_of_lists_of_other_types(self):
        """Memory for a part of the records only: equal values are in the same part, whatever their types."""
        files = [self.parquet(name, f"SELECT i AS id, [(-i)::{whole}] AS whole, [(i / 4)::{real}] AS real FROM range(150000) t(i)")
                 for name, whole, real in (("a.parquet", "INTEGER", "FLOAT"), ("b.parquet", "BIGINT", "DOUBLE"))]
        for ids in ([], ["id"], ["whole"]):
            with self.subTest(ids=ids):
                check = self.one(*files, diff(["id", "whole", "real"], **({"id_field_names": ids} if ids else {})),
                                 limits={"memory_bytes": 128 << 20, "threads": 1, "deadline_ms": 0})
                self.assertEqual(self.counts(check), ("passed", 150000, 0), check.get("message"))

    COMPARATORS = [  # comparator, container's value, reference's, the same?
        ({"numeric_comparator": {"epsilon": 0.01}}, "1.00::DECIMAL(9,2)", "1.01::DECIMAL(9,2)", True),
        ({"numeric_comparator": {"epsilon": 0.01}}, "1.00::DECIMAL(9,2)", "1.011::DECIMAL(9,3)", False),
        ({"numeric_comparator": {"epsilon": 0.01}}, "1.00::DOUBLE", "1.005::DOUBLE", True),
        ({"numeric_comparator": {"epsilon": 1, "as_absolute": False}}, "10.10::DECIMAL(9,2)", "10.201::DECIMAL(9,3)", True),
        ({"numeric_comparator": {"epsilon": 1, "as_absolute": False}}, "10.10::DECIMAL(9,2)", "10.202::DECIMAL(9,3)", False),
        ({"numeric_comparator": {"epsilon": 50, "as_absolute": False}}, "100::BIGINT", "150::BIGINT", True),
        ({"numeric_comparator": {"epsilon": 50, "as_absolute": False}}, "150::BIGINT", "100::BIGINT", True),
        ({"numeric_comparator": {"epsilon": 33, "as_absolute": False}}, "150::BIGINT", "100::BIGINT", False),
        ({"numeric_comparator": {"epsilon": 50, "as_absolute": False}}, "0::BIGINT", "1::BIGINT", False),
        ({"numeric_comparator": {"epsilon": 5}}, "9223372036854775807::BIGINT", "(-9223372036854775807)::BIGINT", False),
        ({"numeric_comparator": {"epsilon": 5}}, "9223372036854775807::BIGINT", "9223372036854775802::BIGINT", True),
        ({"numeric_comparator": {"epsilon": 5}}, "7::BIGINT", "NULL::BIGINT", False),
        ({"numeric_comparator": {"epsilon": 5}}, "'inf'::DOUBLE", "1::DOUBLE", False),
        ({"numeric_comparator": {"epsilon": 500, "as_absolute": False}}, "'inf'::DOUBLE", "1::DOUBLE", False),
        ({"numeric_comparator": {"epsilon": 0.001}}, "1.5::FLOAT", "1.5004::DOUBLE", True),
        ({"duration_comparator": {"millis": 1500}}, "TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:01.5'", True),
        ({"duration_comparator": {"millis": 1500}}, "TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMP '2024-01-01 00:00:01.500001'", False),
        ({"duration_comparator": {"millis": 86400000}}, "DATE '2024-01-01'", "DATE '2024-01-02'", True),
        ({"duration_comparator": {"millis": 86400000}}, "DATE '2024-01-01'", "'infinity'::DATE", False),
        ({"string_comparator": {"ignore_whitespace": True}}, "' a  b'", "e'a\\tb\\n'", True),
        ({"string_comparator": {"ignore_whitespace": True}}, "'a b'", "'ab'", False),
        ({"string_comparator": {"ignore_whitespace": False}}, "'a b'", "'a  b'", False),
    ]

    def test_comparators(self):
        a, b = self.both([row[1] for row in self.COMPARATORS], [row[2] for row in self.COMPARATORS])
        checks = self.scan(a, b, [diff([f"v{i}"], id_field_names=["id"], **row[0]) for i, row in enumerate(self.COMPARATORS)])["checks"]
        for check, (comparator, left, right, same) in zip(checks, self.COMPARATORS):
            with self.subTest(comparator=comparator, left=left, right=right):
                self.assertEqual(self.counts(check), ("passed", 1, 0) if same else ("failed", 1, 1), check["message"])


class WrongInput(Case):
    def test_errors_say_what_to_do(self):
        a, b = self.path("a.csv", "id,name,amount\n1,x,1\n"), self.path("b.csv", "id,nam,amount\n1,x,true\n")
        cases = [
            (diff(["nme"]), "the container has no field `nme`: did you mean `name`?"),
            (diff(["name"]), "B has no field `name`: did you mean `nam`?"),
            (diff(["id"], id_field_names=["ids"]), "the container has no field `ids`: did you mean `id`?"),
            (diff(["amount"]), "`amount` is Integral and `amount` of `B` is Boolean: they cannot be compared"),
            (diff(["id"], numeric_comparator={"epsilon": 1}), "numeric_comparator needs id_field_names"),
            (diff(["id"], id_field_names=["id"], numeric_comparator={"epsilon": -1}), "epsilon must be 0 or more"),
            (diff(["id"], id_field_names=["id"], numeric_comparator={"epsilom": 1}), "\"epsilom\" is not known: did you mean \"epsilon\"?"),
            (diff(["id"], id_field_names=["id"], numeric_comparator={}), "property \"numeric_comparator.epsilon\" is missing"),
            (diff(["id"], id_field_names=["id"], duration_comparator={"millis": 1.5}), "millis must be an integer"),
            (diff(["id"], id_field_names=["id"], string_comparator=True), "string_comparator must be a map"),
            (diff(["id"], id_field_names=["id", "id"]), "holds \"id\" twice"),
            (diff(["id"], id_field_names=[]), "id_field_names must be a list of field names"),
            (diff(["id"], ref_container="bb"), "`bb` is not known: did you mean `b`?"),
            (diff(["id"], ref_filter="nam ="), "ref_filter"),
            (diff(["id"], check={"coverage": 0.5}), "takes no coverage"),
        ]
        result = self.scan(a, b, [case[0] for case in cases] + [{"rule": "notNull", "fields": ["id"]}])
        for check, (_, text) in zip(result["checks"], cases):
            with self.subTest(text):
                self.assertEqual((check["outcome"], text in check["message"]), ("errored", True), check["message"])
        self.assertEqual(result["checks"][-1]["outcome"], "passed")

    def test_a_reference_that_cannot_be_read(self):
        a, b = self.path("a.csv", "id\n1\n"), self.path("b.parquet", "no parquet")
        result = self.scan(a, b, [diff(["id"]), {"rule": "notNull", "fields": ["id"]}])
        self.assertEqual([check["outcome"] for check in result["checks"]], ["errored", "passed"], result["checks"])


if __name__ == "__main__":
    unittest.main()
