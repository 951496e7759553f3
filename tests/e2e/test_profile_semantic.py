"""Semantic types of columns: found where they are (recall), and nowhere else (precision), on lists of standards and real data."""
# SPDX-License-Identifier: Apache-2.0
import collections
import csv
import ipaddress
import json
import os
import pathlib
import random
import subprocess
import tempfile
import textwrap
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSAY = os.environ.get("ASSAY") or str(sorted(ROOT.glob("build/*/assay"), key=lambda path: path.stat().st_mtime)[-1])
DATA = pathlib.Path(os.environ.get("ASSAY_SHARED", ROOT.parent / "shared")) / "data"
ROWS = 400
FIRST = "Anna Béatrice Carlos Dmitri Elif Fatima Giovanni Hồng Ines Jürgen Karin Łukasz Mary-Jane Noël O'Brien Priya".split()
LAST = "Müller Smith García Rossi Kowalski Nguyễn Novák Jensen Yılmaz Dubois Andersson Silva".split()
WORDS = "budget table green harvest motor paper silent orbit window candle river market".split()


def luhn(digits):
    total = sum(d if i % 2 else d * 2 - 9 * (d > 4) for i, d in enumerate(reversed(digits)))
    return digits + [-total % 10]


def card(rng):
    first, length = rng.choice([("4", 16), ("51", 16), ("55", 16), ("34", 15), ("6011", 16)])
    return "".join(map(str, luhn([int(c) for c in first] + [rng.randrange(10) for _ in range(length - len(first) - 1)])))


def iban(rng):
    country, length = rng.choice([("DE", 18), ("CH", 17), ("GB", 18), ("FR", 23), ("NO", 11)])
    account = "".join(rng.choice("0123456789") for _ in range(length))
    number = int("".join(str(int(c, 36)) for c in account + country + "00"))
    return f"{country}{98 - number % 97:02}{account}"


def number(rng, shape):
    return "".join(str(rng.randrange(10)) if c == "9" else c for c in shape)


def some(values):
    return lambda rng: rng.choice(values)


# name of the column: what it is, one value. Telling names where shape alone says nothing.
COLUMNS = {
    "c_mail": ("email", lambda r: f"{r.choice(WORDS)}.{r.randrange(999)}@{r.choice(WORDS)}.{r.choice(['com', 'co.uk', 'org'])}"),
    "c_link": ("url", lambda r: f"https://www.{r.choice(WORDS)}.com/{r.choice(WORDS)}?id={r.randrange(99)}"),
    "c_id": ("uuid", lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4))),
    "c_v4": ("ipv4", lambda r: str(ipaddress.IPv4Address(r.getrandbits(32)))),
    "c_v6": ("ipv6", lambda r: str(ipaddress.IPv6Address(r.getrandbits(128) & ~(0xFFFFFFFF << 48)))),
    "c_hw": ("mac_address", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6))),
    "c_account": ("iban", iban),
    "c_card": ("credit_card", card),
    "c_plastic": ("credit_card", lambda r: "-".join(textwrap.wrap(card(r), 4))),
    "c_social": ("ssn", lambda r: f"{r.randrange(1, 600):03}-{r.randrange(1, 99):02}-{r.randrange(1, 9999):04}"),
    "c_call": ("phone", lambda r: number(r, r.choice(["+41 44 999 99 99", "(212) 555-9999", "+4930999999", "212-555-9999"]))),
    "mobile": ("phone", lambda r: number(r, "0799999999")),
    "home_state": ("us_state", some("CA TX NY WA OR FL".split())),
    "c_region": ("us_state", some("AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH".split())),
    "country": ("country_code", some(["CH", "DE", "FR"])),
    "c_land": ("country_code", some("CH DE FR IT AT ES PT NL BE LU DK SE NO FI PL CZ SK HU RO BG GR IE GB US CA MX BR".split())),
    "c_land3": ("country_code", some("CHE DEU FRA ITA AUT ESP PRT NLD BEL LUX DNK SWE NOR FIN POL CZE SVK HUN ROU BGR GRC".split())),
    "c_money": ("currency_code", some(["CHF", "EUR", "USD", "GBP", "JPY"])),
    "zip": ("postcode", lambda r: number(r, "99999")),
    "postcode": ("postcode", some(["SW1A 1AA", "M1 1AE", "EC1A 1BB", "K1A 0B1", "8001"])),
    "lat": ("latitude", lambda r: f"{r.uniform(-90, 90):.5f}"),
    "longitude": ("longitude", lambda r: f"{r.uniform(-180, 180):.5f}"),
    "first_name": ("person_name", some(FIRST)),
    "fullname": ("person_name", lambda r: f"{r.choice(FIRST)} {r.choice(LAST)}"),
    "c_firm": ("company_name", lambda r: f"{r.choice(LAST)} {r.choice(['GmbH', 'Ltd', 'Inc.', 'AG', 'S.A.'])}"),
    "supplier": ("company_name", lambda r: f"{r.choice(LAST)} {r.choice(WORDS)}"),
    # what looks alike and is none
    "n_version": (None, lambda r: f"{r.randrange(9)}.{r.randrange(20)}.{r.randrange(300)}"),
    "n_date": (None, lambda r: f"{r.randrange(1990, 2026)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"),
    "n_time": (None, lambda r: f"{r.randrange(24):02}:{r.randrange(60):02}"),
    "n_hash": (None, lambda r: f"{r.getrandbits(128):032x}"),
    "n_order": (None, lambda r: number(r, "4999999999999999")),  # a tenth of them pass the check digit
    "n_part": (None, lambda r: number(r, "999-99-999")),
    "n_serial": (None, lambda r: number(r, "9999999999")),
    "n_account": (None, lambda r: number(r, "DE99999999999999999999")),
    "n_airport": (None, some("ZRH JFK LHR CDG FRA AMS BCN MAD FCO VIE CPH OSL ARN HEL WAW PRG BUD ATH IST DXB SIN".split())),
    "n_language": (None, some("de fr it en es pt nl sv no da fi pl cs hu ro el tr ru ja zh ko".split())),
    "n_grade": (None, some(["AA", "AB", "BB", "BC", "CC"])),
    "n_size": (None, some(["S", "M", "L", "XL"])),
    "n_word": (None, some(WORDS)),
    "n_sentence": (None, lambda r: " ".join(r.choices(WORDS, k=6))),
    "n_title": (None, lambda r: f"{r.choice(WORDS).title()} {r.choice(WORDS).title()}"),
    "n_city": (None, some(["Zurich", "Paris", "Berlin", "New York", "San Jose"])),
    "n_amount": (None, lambda r: f"{r.uniform(0, 90):.2f}"),
    "n_percent": (None, lambda r: f"{r.uniform(0, 100):.1f}%"),
    "n_five": (None, lambda r: number(r, "99999")),
    "n_handle": (None, lambda r: f"@{r.choice(WORDS)}"),
    "n_path": (None, lambda r: f"/{r.choice(WORDS)}/{r.choice(WORDS)}.html"),
    "n_host": (None, lambda r: f"{r.choice(WORDS)}.example.com"),
    "state_of_order": (None, some(["open", "closed", "paid"])),
    "latest": (None, lambda r: f"{r.uniform(0, 80):.2f}"),
    "platform": (None, some(["web", "app", "shop"])),
    # the head of a name tells, at its end; what stands before it or which one it is does not
    "ship_zip_code": ("postcode", lambda r: number(r, "99999")),
    "homePhoneNumber": ("phone", lambda r: number(r, "0799999999")),
    "phone2": ("phone", lambda r: number(r, "0799999999")),
    "user.name.first": ("person_name", some(FIRST)),
    "Author Name": ("person_name", some(FIRST)),
    "last": ("person_name", some(LAST)),
    "start_lat": ("latitude", lambda r: f"{r.uniform(-90, 90):.5f}"),
    "vendor_name": ("company_name", lambda r: f"{r.choice(LAST)} {r.choice(WORDS)}"),
    "country_iso2": ("country_code", some(["CH", "DE", "FR"])),
    "first_product": (None, some(["Green Apple", "Red Chair", "Blue Table"])),
    "last_status": (None, some(["Active", "Pending", "Closed"])),
    "first_class": (None, some(["Yes", "No"])),
    "director_notes": (None, some(["Great Work", "Needs Review", "See Attached"])),
    "family": (None, some(["Rosaceae", "Felidae", "Canidae"])),
    "vendor_code": (None, some(["ABC", "XYZ", "KLM"])),
    "company_type": (None, some(["Private", "Public"])),
    "company_id": (None, lambda r: number(r, "C9999")),
    "vendor_country": (None, some(["Germany", "France", "Italy"])),
    "market_cap": (None, lambda r: number(r, "59999")),
    "zip_size": (None, lambda r: number(r, "59999")),
    "lat_ms": (None, lambda r: f"{r.uniform(0, 90):.2f}"),
    "lon_dev": (None, lambda r: f"{r.uniform(0, 1):.4f}"),
    "long_position": (None, lambda r: f"{r.uniform(0, 150):.2f}"),
    "cell_id": (None, lambda r: number(r, "79999999")),
    "mobile_id": (None, lambda r: number(r, "7999999999")),
    "cell_count": (None, lambda r: number(r, "7999999")),
    "iso_language": (None, some(["DE", "FR", "IT"])),
    "order_state": (None, some(["OK", "IN"])),
    "n_imei": (None, lambda r: "".join(map(str, luhn([3, 5] + [r.randrange(10) for _ in range(12)])))),
    "n_place": (None, some(["Denver, CO", "Vail, CO", "Aspen, CO", "Golden, CO", "Boulder, CO"])),
}
REAL = {
    "vega/airports.csv": {"state": "us_state", "country": "country_code", "latitude": "latitude", "longitude": "longitude"},
    "vega/birdstrikes.csv": {"Origin State": "us_state"},
    "vega/zipcodes.csv": {"zip_code": "postcode", "latitude": "latitude", "longitude": "longitude", "state": "us_state"},
    "vega/movies.json": {"Director": "person_name"},
    "vega/seattle-weather.csv": {}, "vega/flights-10k.json": {},
    "errors/beers/clean.csv": {"state": "us_state", "brewery-name": "company_name"},
}


def semantic_types(path):
    made = subprocess.run([ASSAY, "profile", "-q", "--format", "json", str(path)], capture_output=True, text=True, check=True)
    return {field["name"]: field["semantic_type"] for field in json.loads(made.stdout)["containers"][0]["fields"]}


class SemanticTest(unittest.TestCase):
    def count(self, wanted, found):
        """Per type: right, missed, wrongly said."""
        counts = collections.defaultdict(lambda: [0, 0, 0])
        for name, got in found.items():
            want = wanted.get(name)
            if want:
                counts[want][0 if got == want else 1] += 1
            if got and got != want:
                counts[got][2] += 1
        return {kind: (right / max(1, right + wrong), right / max(1, right + missed)) for kind, (right, missed, wrong) in counts.items()}

    def test_lists(self):
        """Three columns of each kind: sound, with a tenth of nulls, with one value in fifty spoilt."""
        rng = random.Random(1)
        wanted, columns = {}, {}
        for name, (kind, value) in COLUMNS.items():
            for variant in ("", "_2", "_3"):
                wanted[name + variant] = kind
                columns[name + variant] = ["" if variant == "_2" and i % 10 == 0 else "?!" if variant == "_3" and kind and i % 100 == 7
                                           else value(rng) for i in range(ROWS)]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.csv"
            with open(path, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([list(columns), *zip(*columns.values())])
            found = semantic_types(path)
        figures = self.count(wanted, found)
        wrong = {name: (wanted[name], found[name]) for name in wanted if wanted[name] != found[name]}
        self.assertEqual(wrong, {})
        self.assertEqual(set(figures), {kind for kind, _ in COLUMNS.values() if kind})
        self.assertEqual(set(figures.values()), {(1.0, 1.0)})

    @unittest.skipUnless(DATA.exists(), "the shared test data is not there")
    def test_real_data(self):
        for file, wanted in REAL.items():
            with self.subTest(file):
                found = semantic_types(DATA / file)
                self.assertEqual({name: kind for name, kind in found.items() if kind}, wanted)


if __name__ == "__main__":
    unittest.main()
