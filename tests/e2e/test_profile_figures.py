"""Every figure of a profile against another's computing: Python's decimals and integers on text files, DuckDB on Parquet."""
# SPDX-License-Identifier: Apache-2.0
import bisect
import collections
import csv
import datetime
import decimal
import fractions
import itertools
import json
import math
import os
import pathlib
import statistics
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

try:
    import duckdb
except ImportError:
    duckdb = None

DATA = pathlib.Path(os.environ.get("ASSAY_SHARED", execute.ROOT.parent / "shared")) / "data"
CSV_FILES = ("vega/airports.csv", "vega/birdstrikes.csv", "vega/seattle-weather.csv", "vega/zipcodes.csv", "errors/beers/clean.csv",
             "errors/beers/dirty.csv", "nab/artificialNoAnomaly/art_noisy.csv", "nab/artificialWithAnomaly/art_load_balancer_spikes.csv",
             "csv/arrow/aggregate_test_100.csv")
JSON_FILES = ("vega/movies.json", "vega/flights-10k.json")
PARQUET = DATA / "vega/flights-3m.parquet"
QUANTILES = {"0.01": 0.01, "0.05": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "0.95": 0.95, "0.99": 0.99}
DIGITS_EXACT = 15  # of fractions in text, up to which their sum is exact


def csv_columns(path):
    """The texts of each column; None for an empty cell (these files quote no empty ones)."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return {name: [row[i] or None for row in rows[1:]] for i, name in enumerate(rows[0])}


def json_columns(path):
    """The texts of each key, numbers as they are written."""
    rows = json.loads(path.read_text(), parse_float=str, parse_int=str)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def number_of(text):
    try:
        return decimal.Decimal(text) if text and text == text.strip() else None
    except decimal.InvalidOperation:
        return None


def root(value):
    with decimal.localcontext(decimal.Context(prec=50)):
        return float((decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)).sqrt())


def digits_of(text):
    """Significant digits of a plain number."""
    return len(text.lower().split("e")[0].lstrip("+-").replace(".", "").lstrip("0"))


decimal.getcontext().prec = 80


class Figures(unittest.TestCase):
    def close(self, got, want, tolerance=1e-12):
        if want is None:
            self.assertIsNone(got)
        else:
            self.assertTrue(got is not None and math.isclose(got, want, rel_tol=tolerance, abs_tol=tolerance), f"{got} is not {want}")

    # counts of values: distinct, once, entropy, top values, histogram by value

    def check_distinct(self, field, counts):
        distinct, total = len(counts), sum(counts.values())
        once = sum(count == 1 for count in counts.values())
        entropy = sum(-count / total * math.log(count / total) for count in counts.values()) if total else None
        error = field["distinct_standard_error"]
        if error == 0:
            self.assertEqual(field["approximate_distinct_values"], distinct)
            self.close(field["unique_distinct_ratio"], once / distinct if distinct else None)
            self.close(field["entropy"], entropy, 1e-9)
        else:
            self.assertLessEqual(abs(field["approximate_distinct_values"] - distinct), 4 * error * distinct)
            self.assertLessEqual(abs(field["unique_distinct_ratio"] - once / distinct), 4 * field["unique_distinct_ratio_error"])
            self.close(field["entropy"], entropy, 0.03)

    def check_top(self, field, counts, key):
        listed = set()
        for top in field["top_values"]:
            value = key(top["value"])
            listed.add(value)
            self.assertLessEqual(top["count"], counts[value])
            self.assertLessEqual(counts[value], top["count"] + top.get("error", 0))
        if field["distinct_standard_error"] == 0:
            self.assertEqual(len(listed), min(len(counts), 128))
            least = min((counts[value] for value in listed), default=0)
            self.assertTrue(all(count <= least for value, count in counts.items() if value not in listed))

    def check_histogram(self, field, counts, key, number):
        buckets, total = field["histogram_buckets"], sum(counts.values())
        if 0 < len(counts) <= 100:
            self.assertEqual({key(bucket["value"]): bucket["count"] for bucket in buckets}, dict(counts))
            return
        if not number:
            self.assertEqual(buckets, [])
            return
        self.assertEqual(sum(bucket["count"] for bucket in buckets), total)
        rank_error = field["quantile_rank_error"] or 0
        ordered = sorted(counts)
        up_to = [0, *itertools.accumulate(counts[value] for value in ordered)]
        for i, bucket in enumerate(buckets):
            low, high, tail = key(bucket["from"]), key(bucket["to"]), bucket.get("tail", False)
            above = tail and i > 0  # (low, high]; the last one that is no tail is [low, high], all others [low, high)
            closed = above or (not tail and (i + 1 == len(buckets) or buckets[i + 1].get("tail", False)))
            first = (bisect.bisect_right if above else bisect.bisect_left)(ordered, low)
            want = up_to[(bisect.bisect_right if closed else bisect.bisect_left)(ordered, high)] - up_to[first]
            self.assertLessEqual(abs(bucket["count"] - want), 2 * rank_error * total, (field["name"], bucket))

    # numbers

    def check_moments(self, field, units, scale):
        """Power sums of whole numbers, so without any rounding: the values are units / 10^scale."""
        n = len(units)
        p1, p2, p3, p4 = (sum(unit ** k for unit in units) for k in (1, 2, 3, 4))
        mean = fractions.Fraction(p1, n)
        second = p2 - n * mean ** 2
        third = p3 - 3 * mean * p2 + 2 * n * mean ** 3
        fourth = p4 - 4 * mean * p3 + 6 * mean ** 2 * p2 - 3 * n * mean ** 4
        self.close(field["mean"], float(mean / 10 ** scale), 1e-14)
        self.close(field["std_dev"], root(second / (n - 1) / 100 ** scale) if n > 1 else None)
        self.close(field["skewness"], root(fractions.Fraction(n)) * float(third) / root(second) ** 3 if n > 1 and second else None, 1e-9)
        self.close(field["kurtosis"], float(n * fourth / second ** 2 - 3) if n > 1 and second else None, 1e-9)

    def check_quantiles(self, field, units, scale):
        ordered, n = sorted(units), len(units)
        for name, q in QUANTILES.items():
            got = field[name] if name in field else field["quantiles"][name]
            if field["quantile_rank_error"] == 0:
                h = fractions.Fraction(q) * (n - 1)
                low = ordered[math.floor(h)]
                self.close(got, float((low + (h - math.floor(h)) * (ordered[math.ceil(h)] - low)) / 10 ** scale), 1e-12)
                continue
            unit = round(decimal.Decimal(got).scaleb(scale))
            below, up_to = bisect.bisect_left(ordered, unit) / n, bisect.bisect_right(ordered, unit) / n
            self.assertLessEqual(max(below - q, q - up_to), field["quantile_rank_error"], (field["name"], name))

    def check_numbers(self, field, texts, values):
        exact = field["type"] == "Integral" or all(digits_of(text) <= DIGITS_EXACT for text in texts)
        scale = max(0, -min(value.as_tuple().exponent for value in values))
        units = [int(value.scaleb(scale)) for value in values]
        total = decimal.Decimal(sum(units)).scaleb(-scale)
        self.assertEqual(number_of(field["min"]), min(values))
        self.assertEqual(number_of(field["max"]), max(values))
        if exact:
            self.assertEqual(number_of(field["sum"]), total, field["name"])
        else:
            self.close(float(field["sum"]), float(total), 1e-15)
        self.assertEqual(field["zero_count"], sum(value == 0 for value in values))
        self.assertEqual(field["negative_count"], sum(value < 0 for value in values))
        self.check_moments(field, units, scale)
        self.check_quantiles(field, units, scale)
        counts = collections.Counter(values)
        self.check_distinct(field, counts)
        self.check_top(field, counts, number_of)
        self.check_histogram(field, counts, number_of, True)

    # text

    def check_texts(self, field, values):
        lengths = [len(value) for value in values]
        by_bytes = sorted(values, key=lambda value: value.encode())
        self.assertEqual((field["min"], field["max"]), (by_bytes[0], by_bytes[-1]))
        self.assertEqual((field["min_length"], field["max_length"]), (min(lengths), max(lengths)))
        self.close(field["mean_length"], sum(lengths) / len(lengths))
        self.close(field["std_dev_length"], statistics.stdev(lengths))
        self.assertEqual(field["empty_count"], values.count(""))
        self.assertEqual(field["blank_count"], sum(value != "" and not value.strip() for value in values))
        counts = collections.Counter(values)
        self.check_distinct(field, counts)
        self.check_top(field, counts, lambda value: value)
        self.check_histogram(field, counts, lambda value: value, False)
        self.assertEqual(sum(pattern["count"] for pattern in field["patterns"]), min(len(values), field["patterns"] and 1024))

    def check_dates(self, field, values):
        ordered = sorted(values)
        self.assertEqual((field["min"], field["max"]), (ordered[0], ordered[-1]))
        counts = collections.Counter(values)
        self.check_distinct(field, counts)
        self.check_top(field, counts, lambda value: value)

    def check_field(self, field, cells):
        present = [cell for cell in cells if cell is not None]
        self.assertEqual(field["null_count"], len(cells) - len(present))
        self.close(field["completeness"], len(present) / len(cells))
        kind = field["type"]
        if kind in ("Integral", "Fractional"):
            fitting = [(text, value) for text in present for value in [number_of(text)] if value is not None]
            self.assertEqual(field["type_mismatches"]["count"], len(present) - len(fitting))
            self.check_numbers(field, [text for text, _ in fitting], [value for _, value in fitting])
        elif kind == "String":
            self.check_texts(field, present)
        elif kind in ("Date", "Timestamp"):
            iso = [self.iso(value, field) for value in present]
            self.check_dates(field, [value for value in iso if value])
        else:
            self.assertIn(kind, ("Boolean", "Unknown"))

    @staticmethod
    def iso(text, field):
        for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%m/%d/%Y", "%d/%m/%Y", "%b %d %Y"):
            try:
                value = datetime.datetime.strptime(text, form)
            except ValueError:
                continue
            return value.date().isoformat() if field["type"] == "Date" else value.isoformat()
        return None


@unittest.skipUnless(DATA.exists(), "the shared test data is not there")
class TextFiles(Figures):
    def check_file(self, name, columns):
        document = execute.profile(DATA / name)
        self.assertEqual(document["rejected_records"], 0)
        self.assertEqual({field["name"] for field in document["fields"]}, set(columns))
        for field in document["fields"]:
            with self.subTest(file=name, field=field["name"], type=field["type"]):
                self.check_field(field, columns[field["name"]])

    def test_csv(self):
        for name in CSV_FILES:
            self.check_file(name, csv_columns(DATA / name))

    def test_json(self):
        for name in JSON_FILES:
            self.check_file(name, json_columns(DATA / name))

    def test_any_number_of_threads(self):
        limits = {"memory_bytes": 1 << 30, "deadline_ms": 0}
        for name in ("vega/birdstrikes.csv", "vega/flights-10k.json"):
            one, two, three = (execute.profile(DATA / name, limits={**limits, "threads": threads})["fields"] for threads in (1, 2, 3))
            for field, other, third in zip(one, two, three, strict=True):
                for key in ("patterns", "is_not_normal", "sum", "min", "max", "approximate_distinct_values", "unique_distinct_ratio",
                            "null_count", "semantic_type"):
                    self.assertEqual((field[key], field[key]), (other[key], third[key]), (name, field["name"], key))


@unittest.skipUnless(PARQUET.exists(), "the shared test data is not there")
class ThreadsTest(unittest.TestCase):
    def test_parquet_by_any_number_of_threads(self):
        limits = {"memory_bytes": 1 << 30, "deadline_ms": 0}
        one, three = (execute.profile(PARQUET, limits={**limits, "threads": threads})["fields"] for threads in (1, 3))
        for field, other in zip(one, three, strict=True):
            for key in ("patterns", "is_not_normal", "sum", "min", "max", "approximate_distinct_values", "unique_distinct_ratio", "null_count"):
                self.assertEqual(field[key], other[key], (field["name"], key))


@unittest.skipUnless(duckdb and PARQUET.exists(), "DuckDB for Python or the shared test data is not there")
class ParquetFile(Figures):
    """Three million records: sketches and samples against exact answers."""

    @classmethod
    def setUpClass(cls):
        cls.fields = {field["name"]: field for field in execute.profile(PARQUET)["fields"]}
        cls.db = duckdb.connect()
        cls.db.execute(f"CREATE VIEW flights AS FROM '{PARQUET}'")

    def one(self, sql):
        return self.db.execute(sql + " FROM flights").fetchone()

    def counts(self, name):
        return collections.Counter(dict(self.db.execute(f"SELECT {name}, count(*) FROM flights WHERE {name} IS NOT NULL GROUP BY 1").fetchall()))

    def test_numbers(self):
        for name in ("delay", "distance"):
            field = self.fields[name]
            nulls, low, high, total, mean, deviation, zero, negative = self.one(
                f"SELECT count(*) - count({name}), min({name}), max({name}), sum({name}), avg({name}), stddev_samp({name}), "
                f"count(*) FILTER ({name} = 0), count(*) FILTER ({name} < 0)")
            with self.subTest(field=name):
                self.assertEqual((field["null_count"], field["min"], field["max"], field["sum"], field["zero_count"], field["negative_count"]),
                                 (nulls, str(low), str(high), str(total), zero, negative))
                self.close(field["mean"], mean)
                self.close(field["std_dev"], deviation, 1e-11)
                counts = self.counts(name)
                self.check_distinct(field, counts)
                self.check_top(field, counts, int)
                self.check_histogram(field, counts, int, True)
                self.check_ranks(field, counts)
                n = sum(counts.values())
                m2, m3, m4 = (sum(count * (value - mean) ** k for value, count in counts.items()) for k in (2, 3, 4))
                self.close(field["skewness"], math.sqrt(n) * m3 / m2 ** 1.5, 1e-9)
                self.close(field["kurtosis"], n * m4 / m2 ** 2 - 3, 1e-9)

    def check_ranks(self, field, counts):
        n, ordered = sum(counts.values()), sorted(counts)
        up_to_each = list(itertools.accumulate(counts[value] for value in ordered))
        for name, q in QUANTILES.items():
            got = field[name] if name in field else field["quantiles"][name]
            if field["quantile_rank_error"] == 0:  # few different values: type 7 over all of them
                h = fractions.Fraction(q) * (n - 1)
                low, high = (ordered[bisect.bisect_right(up_to_each, rank)] for rank in (math.floor(h), math.ceil(h)))
                self.close(got, float(low + (h - math.floor(h)) * (high - low)))
                continue
            below = sum(count for value, count in counts.items() if value < got) / n
            up_to = sum(count for value, count in counts.items() if value <= got) / n
            self.assertLessEqual(max(below - q, q - up_to), field["quantile_rank_error"], (field["name"], name))

    def test_texts_and_times(self):
        for name in ("origin", "destination"):
            counts = self.counts(name)
            field = self.fields[name]
            with self.subTest(field=name):
                self.assertEqual((field["min"], field["max"]), (min(counts), max(counts)))
                self.assertEqual((field["min_length"], field["max_length"]), self.one(f"SELECT min(length({name})), max(length({name}))"))
                self.check_distinct(field, counts)
                self.check_top(field, counts, lambda value: value)
        field = self.fields["date"]
        low, high = self.one("SELECT min(date), max(date)")
        self.assertEqual((field["min"], field["max"]), (low.isoformat(), high.isoformat()))
        self.check_distinct(field, self.counts("date"))


if __name__ == "__main__":
    unittest.main()
