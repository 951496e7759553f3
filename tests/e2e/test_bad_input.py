"""Wrong files through `assay profile` and `assay scan`: an error that names file, place and remedy; never a crash."""
# SPDX-License-Identifier: Apache-2.0
import bz2
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

ASSAY = os.environ.get("ASSAY", str(execute.ROOT / "build/release/assay"))
DATA = pathlib.Path(os.environ.get("ASSAY_SHARED", execute.ROOT.parent / "shared")) / "data"
DIED = ("died of signal", "ended with status", "was killed", "INTERNAL", "Sanitizer", "runtime error")
ANY_CHECK = ["--check", "{rule: minPartitionSize, properties: {value: 0}}"]


def run(*args, cwd=None):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_") or k == "ASSAY_EXECUTE"}
    return subprocess.run([ASSAY, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=600, errors="replace",
                          env={**kept, "LC_ALL": "C.UTF-8"})


class Files(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="assay-bad-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def profile(self, *args, exit_code=0):
        done = run("profile", "--format", "json", "-q", *args, cwd=self.folder)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        return json.loads(done.stdout) if exit_code in (0, 3) else done.stderr

    def container(self, *args):
        return self.profile(*args)["containers"][0]

    def scan(self, *args, exit_code=0):
        done = run("scan", "--format", "json", "-q", *args, cwd=self.folder)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        return json.loads(done.stdout) if exit_code != 2 else done.stderr

    def no_crash(self, done, what):
        for word in DIED:
            self.assertNotIn(word, done.stderr, what)
        self.assertIn(done.returncode, (0, 1, 2, 3), what)


@unittest.skipUnless(DATA.exists(), "the shared test data is not there")
class SharedDataTest(Files):
    """Every file of the shared data ends in a profile or in an error that names it."""

    def sweep(self, folder, suffixes, step=1, sampled=False):
        paths = sorted(path for path in (DATA / folder).rglob("*") if path.is_file() and path.name.endswith(suffixes))[::step]
        self.assertTrue(paths)
        done = run("profile", "--format", "json", "-q", *(["--limit", "1000"] if sampled else []), *paths)
        self.no_crash(done, folder)
        document = json.loads(done.stdout)
        self.assertEqual(len(document["containers"]) + len(document["errors"]), len(paths), folder)
        for error in document["errors"]:
            self.assertIn(pathlib.Path(error["container"]).name, error["message"])
            self.assertNotIn(error["code"], ("INTERNAL", "NO_MEMORY"), error["message"])
        return document, paths

    def test_text_files(self):
        for folder, suffixes in (("csv", (".csv", ".csv.gz", ".json")), ("errors", (".csv",)), ("nist", (".txt", ".csv", ".json"))):
            if (DATA / folder).exists():
                self.sweep(folder, suffixes)

    def test_json(self):
        step = 1 if os.environ.get("ASSAY_LONG") else 9
        document, _ = self.sweep("json", (".json",), step)
        for container in document["containers"]:
            if container["name"].startswith("n_"):
                self.assertTrue(container["rejected_records"] or container["records_count"] == 0, container["name"])
                for rejection in container["rejections"]:
                    self.assertGreaterEqual(rejection["line"], 1)
                    self.assertTrue(rejection["reason"])

    def test_what_is_no_text_is_said(self):
        for folder, suffix, word in (("xlsx", (".xlsx",), "workbook"), ("avro", (".avro",), "Avro")):
            document, paths = self.sweep(folder, suffix, 5)
            self.assertEqual(len(document["errors"]), len(paths))
            for error in document["errors"]:
                self.assertIn(word, error["message"])
                self.assertIn("byte 0", error["message"])

    def test_parquet_scanned(self):
        step = 1 if os.environ.get("ASSAY_LONG") else 6
        paths = sorted((DATA / "parquet").glob("*.parquet"))[::step]
        done = run("scan", "--format", "json", "-q", *paths, "--check",
                   "{rule: minPartitionSize, properties: {value: 0}, container: '*'}")
        self.no_crash(done, "parquet")

    def test_damaged_parquet(self):
        """Bytes changed and cut off, seeded: an error that names the file, or a profile; never a crash."""
        chance = random.Random(5)
        for name in ("alltypes_plain.parquet", "delta_byte_array.parquet", "nested_lists.snappy.parquet"):
            whole = (DATA / "parquet" / name).read_bytes()
            for i in range(30 if os.environ.get("ASSAY_LONG") else 5):
                damaged = bytearray(whole)
                for _ in range(chance.randrange(1, 12)):
                    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
                if i % 3 == 2:
                    damaged = damaged[:chance.randrange(12, len(damaged))] + damaged[-8:]
                self.write(f"{i}_{name}", bytes(damaged))
        files = sorted(path.name for path in self.folder.glob("*.parquet"))
        done = run("profile", "--format", "json", "-q", *files, cwd=self.folder)
        self.no_crash(done, "damaged")
        document = json.loads(done.stdout)
        self.assertEqual(len(document["containers"]) + len(document["errors"]), len(files))
        for error in document["errors"]:
            self.assertIn(error["container"], error["message"])


class WrongFilesTest(Files):
    def error(self, *args, code=3):
        document = self.profile(*args, exit_code=code)
        return document["errors"][0]["message"] if code == 3 else document

    def test_compressed_otherwise(self):
        self.write("a.csv.gz", bz2.compress(b"a,b\n1,2\n"))
        self.assertIn("bzip2", self.error("a.csv.gz"))
        self.assertIn("decompress", self.error("a.csv.gz"))
        self.write("plain.csv.gz", "a,b\n1,2\n")
        self.assertEqual(self.container("plain.csv.gz")["records_count"], 1)
        self.write("zipped.csv", gzip.compress(b"a,b\n1,2\n"))
        self.assertEqual(self.container("zipped.csv")["records_count"], 1)
        self.write("cut.csv.gz", gzip.compress(random.Random(1).randbytes(50_000))[:9000])
        self.assertIn("byte 9000", self.error("cut.csv.gz"))

    def test_parquet_says_what_to_do(self):
        self.write("empty.parquet", "")
        self.write("text.parquet", "a,b\n1,2\n3,4\n5,6\n")
        for name in ("empty.parquet", "text.parquet"):
            message = self.error(name)
            self.assertIn(name, message)
            self.assertIn("--reader format=csv", message)
            self.assertNotIn("Invalid Input Error", message)

    def test_what_cannot_be_read(self):
        (self.folder / "folder.csv").mkdir()
        os.mkfifo(self.folder / "pipe.csv")
        self.assertIn("no data files", self.error("folder.csv", code=2))
        self.assertIn("standard input", self.error("pipe.csv"))
        self.assertIn("no regular file", self.error("/dev/zero"))
        self.assertIn("check its name", self.error("none.csv"))
        if os.geteuid():
            self.write("closed.csv", "a\n1\n").chmod(0)
            self.assertIn("closed.csv", self.error("closed.csv"))

    def test_deep_nesting(self):
        self.write("deep.jsonl", '{"a":' * 5000 + "1" + "}" * 5000 + '\n{"a":1}\n{"a":' + "[" * 100_000 + "]" * 100_000 + "}\n")
        got = self.container("deep.jsonl")
        self.assertEqual((got["records_count"], [item["line"] for item in got["rejections"]]), (1, [1, 3]))

    def test_encodings(self):
        text = "name,city\n" + "José,Zürich\nÅsa,Malmö\n" * 3
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            self.write("e.csv", text.encode(encoding))
            field = self.container("e.csv")["fields"][0]
            self.assertEqual((field["name"], field["min"], field["max"], field["invalid_utf8_count"]), ("name", "José", "Åsa", 0), encoding)
        self.write("l.csv", text.encode("latin-1"))
        got = self.container("l.csv")
        advice = [warning["message"] for warning in got["warnings"] if warning["code"] == "encoding"]
        self.assertEqual(len(advice), 1)
        self.assertIn("--reader encoding=latin-1", advice[0])
        self.assertEqual(self.container("l.csv", "--reader", "encoding=latin-1")["fields"][0]["max"], "Åsa")

    def test_byte_offsets_are_the_file_s(self):
        """Records of UTF-16, Latin-1 and UTF-32 files are found in the file's own bytes."""
        lines = ["id,name"] + [f"{i},Zürich {'é' * (i % 40)}" for i in range(5000)]
        lines[3000] = "no such record"
        lines[4000] = "4000,"
        for encoding, option in (("utf-16", []), ("latin-1", ["--reader", "encoding=latin-1"]), ("utf-32", []), ("utf-8", [])):
            with self.subTest(encoding=encoding):
                encode = lambda text: text.encode({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding))
                mark = {"utf-16": b"\xff\xfe", "utf-32": b"\xff\xfe\0\0"}.get(encoding, b"")
                data = mark + encode("\n".join(lines) + "\n")
                self.write("o.csv", data)
                found = [item["byte_offset"] for item in self.container("o.csv", *option)["rejections"]]
                self.assertEqual(found, [len(mark + encode("\n".join(lines[:3000]) + "\n"))])
                scanned = self.scan("o.csv", *option, "--check", "{rule: notNull, fields: [name]}", exit_code=1)
                places = [a["byte_offset"] for a in scanned["containers"][0]["anomalies"] if a["failed_checks"]]
                self.assertEqual(places, [len(mark + encode("\n".join(lines[:4000]) + "\n"))])

    def test_values_at_their_ends(self):
        self.write("v.csv", "d,n,x\n0001-01-01,99999999999999999999999999999999999999,NaN\n9999-12-31,-1,-Infinity\n,,-0.0\n")
        fields = {field["name"]: field for field in self.container("v.csv")["fields"]}
        self.assertEqual((fields["d"]["type"], fields["d"]["min"], fields["d"]["max"]), ("Date", "0001-01-01", "9999-12-31"))
        self.assertEqual(fields["n"]["max"], "9" * 38)
        self.assertEqual((fields["x"]["nan_count"], fields["x"]["inf_count"], fields["x"]["zero_count"]), (1, 1, 1))
        self.write("beyond.csv", "d\n2020-01-01\n10000-01-01\n-0044-03-15\n0000-00-00\n")
        self.assertEqual(self.container("beyond.csv")["records_count"], 4)

    def test_a_file_that_shrinks_or_grows(self):
        """Changed between the listing and the reading, or during it: what is said is about one file, and nothing dies."""
        path = self.write("moving.csv", "a,b\n" + "1,2\n" * 400_000)
        process = subprocess.Popen([ASSAY, "profile", "--format", "json", "-q", "--threads", "1", path.name], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with path.open("r+b") as file:
            for size in (800_000, 200_000, 12, 1_200_000):
                file.truncate(size)
        out, said = process.communicate(timeout=600)
        self.assertIn(process.returncode, (0, 3), said)
        for word in DIED:
            self.assertNotIn(word, said)
        self.assertTrue(json.loads(out))

    def test_a_huge_cell_costs_its_bytes_once(self):
        """Cuts that fall into one cell must not each look through it: 1.3 s of CPU before, 0.2 s since."""
        self.write("cell.csv", b"a,b\n1,2\n" + b"x" * (40 << 20) + b",3\n4,5\n")
        got = self.container("cell.csv")
        self.assertEqual((got["records_count"], [item["line"] for item in got["rejections"]]), (2, [3]))
        wide = self.container("cell.csv", "--reader", "max_cell=64MiB")
        self.assertEqual((wide["records_count"], wide["fields"][0]["max_length"]), (3, 40 << 20))


class ManyFieldsTest(Files):
    def test_ten_thousand_fields_of_one_kind(self):
        """Each of them may be a key: the warnings are told by some and a number, and fit into a result."""
        count = 10_000 if not os.environ.get("ASSAY_SANITIZED") else 500
        self.write("f.csv", ",".join(f"c{i}" for i in range(count)) + "\n" + "".join(
            ",".join(str(i * k) for i in range(1, count + 1)) + "\n" for k in range(1, 21)))
        got = self.container("f.csv")
        keys = [warning for warning in got["warnings"] if warning["code"] == "unique_key_candidate"]
        self.assertEqual((len(got["fields"]), len(keys), keys[-1]["further_fields"]), (count, 51, count - 50))
        self.assertIn(f"{count - 50} further fields", keys[-1]["message"])

    def test_a_memory_budget_below_the_least(self):
        self.write("a.csv", "id\n1\n")
        self.assertIn("64MiB", self.profile("a.csv", "--memory", "32MiB", exit_code=2))


class OddNamesTest(Files):
    def test_lines_of_a_report_fit_whatever_the_script(self):
        """Columns of a terminal: two for CJK, none for a combining mark; control characters are not passed on."""
        columns = lambda text: sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
        self.write("w.csv", "とても長い日本語の列の名前はここにあるので折り返される,e\u0301\n" + "".join(
            f'"日本語テキストの長い値です{i}","\x1b[31mred{i}\x1b[0m\u202e"\n' for i in range(40)))
        done = run("profile", "w.csv", "-q", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        self.assertIn("it may be a key", " ".join(done.stdout.split()))
        for line in done.stdout.splitlines():
            self.assertLessEqual(columns(line), 80, line)

    def test_a_page_needs_no_network_and_fits_a_telephone(self):
        self.write("w.csv", "<script>alert(1)</script>,b\n1,2\n")
        run("profile", "w.csv", "-q", "--report", "html=w.html", cwd=self.folder)
        page = (self.folder / "w.html").read_text()
        self.assertNotIn("<script", page)
        self.assertEqual([at for at in re.findall(r"""(?:src|href)=["']?([^"' >]+)""", page) if not at.startswith("#")], [])
        for word in ("@media(max-width:40rem)", "prefers-color-scheme:dark"):
            self.assertIn(word, page)


class ScanTest(Files):
    def test_an_input_that_cannot_be_read_lists_its_checks(self):
        self.write("good.csv", "id\n1\n")
        self.write("cut.parquet", "PAR1")
        check = ["--check", "{rule: notNull, fields: [id], container: '*'}"]
        document = self.scan("good.csv", "cut.parquet", "none.csv", *check, exit_code=3)
        self.assertEqual({c["name"]: [x["outcome"] for x in c["checks"]] for c in document["containers"]},
                         {"good.csv": ["passed"], "cut.parquet": ["errored"], "none.csv": ["errored"]})
        self.assertEqual((document["outcome"], document["summary"]["errored"], len(document["errors"])), ("errored", 2, 2))
        for container in document["containers"]:
            if container["name"] != "good.csv":
                self.assertIn(container["name"], container["checks"][0]["message"])
        lone = self.scan("none.csv", "--check", "{rule: notNull, fields: [id]}", exit_code=3)
        self.assertEqual(lone["summary"]["errored"], 1)

    def test_no_record_is_said(self):
        self.write("head.csv", "id,name\n")
        done = run("scan", "head.csv", "--check", "{rule: notNull, fields: [id]}", cwd=self.folder)
        self.assertEqual((done.returncode, "no record was there to be judged" in done.stdout), (0, True), done.stdout)

    def test_a_check_of_the_command_line_has_no_line(self):
        self.write("a.csv", "id\n1\n")
        for check in ("{rule: notNul, fields: [id]}", "{rule: between, fields: [id], properties: {min: x}}", "notNull: [idd]"):
            said = self.scan("a.csv", "--check", check, exit_code=2)
            self.assertIn("--check", said)
            self.assertNotIn("line 1", said)

    def test_unknown_time_zone(self):
        self.write("a.csv", "id\n1\n")
        for command in (["profile"], ["scan", *ANY_CHECK]):
            done = run(command[0], "a.csv", *command[1:], "--timezone", "Mars/Base", cwd=self.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn('"Mars/Base" is not known: give a name such as UTC or Europe/Zurich', done.stderr)
            self.assertEqual(run(command[0], "a.csv", *command[1:], "--timezone", "Europe/Zurich", cwd=self.folder).returncode, 0)

    def test_a_failed_cast_is_told_whole(self):
        self.write("cast.csv", 'x,y\n"12\nab",1\n')
        document = self.scan("cast.csv", "--check", "{rule: satisfiesExpression, properties: {expression: 'CAST(x AS INTEGER) > 0'}}",
                             exit_code=3)
        message = document["containers"][0]["checks"][0]["message"]
        for word in ("line 2", "12", "ab", "INT32"):
            self.assertIn(word, message)


if __name__ == "__main__":
    unittest.main()
