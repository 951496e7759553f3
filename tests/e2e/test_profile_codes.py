"""Texts that Parquet holds as dictionaries are counted as codes: every figure is that of the same records without dictionaries."""
# SPDX-License-Identifier: Apache-2.0
import collections
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import duck  # noqa: E402
import execute  # noqa: E402

RECORDS = 60_000
GROUP = 10_240
ONE_THREAD = {"memory_bytes": 1 << 30, "threads": 1, "deadline_ms": 0}
# Expressions over a record's number i.
TEXTS = {
    "few": "'v' || i % 7",
    "constant": "'always'",
    "hundreds": "'value number ' || (i * 7919 % 700)",
    "by_group": f"'group ' || i // {GROUP} || ' value ' || i % 90",
    "nulls": "CASE WHEN i % 3 > 0 THEN 'v' || i % 11 END",
    "nulls_first": f"CASE WHEN i >= {GROUP + 100} THEN 'late ' || i % 5 END",
    "all_null": "CASE WHEN i < 0 THEN 'v' || i % 5 END",
    "odd": "['', ' ', chr(160), 'é', 'a', 'a' || chr(0), chr(128512), 'Zürich', repeat('long ', 40), 'NULL', '-'][1 + i % 11]",
    "dates": "'2024-01-' || lpad((1 + i % 31)::VARCHAR, 2, '0')",
    "blobs": r"[''::BLOB, '\xFF\xFE'::BLOB, '\x00'::BLOB, 'abc'::BLOB, '\xC3'::BLOB][1 + i % 5]",
    "number": "i % 100",
    "nested": "{'word': 'w' || i % 9, 'deep': {'word': 'd' || i % 4}}",
    "list": "['l' || i % 6, 'm' || i % 3]",
    "skewed": "'s' || (sqrt(i * 7919 % 1000000)::INTEGER % 1000)",
    "rows": "'v' || i",
}
# Dictionaries that are small by themselves and too large together: 8,191 texts, 4 KiB for one, 240 KiB for all.
LARGE = {
    "many": f"'g' || (i // {GROUP}) * 2000 || ' ' || i % 2000",
    "long": "CASE WHEN i = 50000 THEN repeat('x', 5000) ELSE 'short ' || i % 9 END",
    "bytes": f"repeat('abcdefgh', 60) || i // {GROUP} || '-' || i % 100",
}


class Codes(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.coded, cls.plain = cls.write("texts", TEXTS)

    @classmethod
    def write(cls, name, columns, records=f"range({RECORDS})"):
        """The same records with dictionaries and without."""
        select = ", ".join(f"{sql} AS {column}" for column, sql in columns.items())
        paths = cls.folder / f"{name}.parquet", cls.folder / f"{name}-plain.parquet"
        for path, options in zip(paths, ("", ", DICTIONARY_SIZE_LIMIT 0")):
            duck.run(f"COPY (SELECT {select} FROM {records} t(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {GROUP}{options})")
        return paths

    def fields(self, paths, **more):
        paths = paths if isinstance(paths, list) else [paths]
        document = execute.profile(paths, **{"limits": ONE_THREAD, **more})
        return {field["name"]: field for field in document["fields"]}

    def assert_equal(self, got, want):
        self.assertEqual(list(got), list(want))
        for name, field in want.items():
            self.assertAlmostEqual(got[name].pop("entropy") or 0, field.pop("entropy") or 0, 12)  # added up in the order of a table
            self.assertEqual(got[name], field, name)

    def assert_same(self, coded, plain, **more):
        got = self.fields(coded, **more)
        self.assert_equal(got, self.fields(plain, **more))
        return got

    def test_every_figure(self):
        fields = self.assert_same(self.coded, self.plain)
        self.assertEqual(fields["few"]["top_values"][0], {"value": "v0", "count": 8572})
        self.assertEqual(fields["nulls"]["null_count"], 20000)
        self.assertEqual(fields["by_group"]["approximate_distinct_values"], 540)
        self.assertEqual(fields["odd"]["empty_count"], 5455)

    def test_threads(self):
        got, want = (self.fields(path, limits={**ONE_THREAD, "threads": 2}) for path in (self.coded, self.plain))
        self.assert_equal(*({name: fields[name] for name in TEXTS if name not in ("rows", "number")} for fields in (got, want)))

    def test_records_left_out(self):
        """Entries of a dictionary that no selected record uses are not there."""
        for settings in ({"where": "number < 3"}, {"where": "few = 'v3'"}, {"limit": 5000}, {"sample": "1000"},
                         {"where": "few <> 'v1'", "limit": 12000}):
            with self.subTest(settings=settings):
                self.assert_same(self.coded, self.plain, settings=settings)

    def test_files_without_dictionaries(self):
        """The first file tells which fields are coded; the others need not have dictionaries."""
        folder = self.folder / "files"
        folder.mkdir()
        paths = [folder / "1.parquet", folder / "2.parquet"]  # their names are in the identities of the records
        paths[1].write_bytes(self.plain.read_bytes())
        fields = []
        for first in (self.coded, self.plain):
            paths[0].write_bytes(first.read_bytes())
            fields.append(self.fields(paths))
        self.assert_equal(*fields)

    def test_dictionaries_too_large(self):
        coded, plain = self.write("large", {**LARGE, "few": TEXTS["few"]})
        fields = self.assert_same(coded, plain)
        self.assertEqual(fields["few"]["approximate_distinct_values"], 7)
        self.assertEqual(fields["long"]["max_length"], 5000)
        self.assertEqual(fields["bytes"]["approximate_distinct_values"], 600)

    def test_more_than_are_exact(self):
        """Between 4,096 texts and what a dictionary holds: counts within their stated bounds, the rest equal."""
        coded, plain = self.write("thousands", {"word": f"'w' || (i * i % 6007 + i // {GROUP} * 200) % 6500"})
        count = collections.Counter(f"w{(i * i % 6007 + i // GROUP * 200) % 6500}" for i in range(RECORDS))
        got, want = self.fields(coded)["word"], self.fields(plain)["word"]
        for value in got["top_values"]:
            self.assertLessEqual(value["count"], count[value["value"]])
            self.assertGreaterEqual(value["count"] + value.get("error", 0), count[value["value"]])
        for key in set(want) - {"top_values", "entropy"}:
            self.assertEqual(got[key], want[key], key)


if __name__ == "__main__":
    unittest.main()
