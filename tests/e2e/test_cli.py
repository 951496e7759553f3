"""The command line: outputs and exit codes of docs, on small files made here, with wrong input first of all."""
import csv
import fcntl
import json
import math
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import WAIT_S, wait_until  # noqa: E402

ASSAY = os.environ.get("ASSAY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/assay"))
ORDERS = 'id,name,amount\n1,a,5.5\n2,b,\n3,"x ""q"" y",7\n4,c\n'
CHECKS = """version: 1
checks:
  - notNull: [amount]
  - rule: between
    fields: [amount]
    properties: {min: 0, max: 6}
    severity: warning
  - unique: [id]
"""


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("PG", "COLUMNS")) and (not k.startswith("ASSAY_") or k == "ASSAY_EXECUTE")}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="assay-cli-")
        self.folder = pathlib.Path(self.scratch.name)
        self.write("orders.csv", ORDERS)
        self.write("good.csv", "id,name,amount\n1,a,5.5\n2,b,6\n")
        self.write("checks.yaml", CHECKS)

    def tearDown(self):
        self.scratch.cleanup()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run_assay(self, *args, stdin=None, exit_code=0, **environment):
        done = subprocess.run([ASSAY, *args], cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=600,
                              env=clean_environment(**environment))
        self.assertEqual(done.returncode, exit_code, f"{args}: {done.stdout}{done.stderr}")
        return done

    def profile(self, *args, exit_code=0, **more):
        return json.loads(self.run_assay("profile", *args, "--format", "json", exit_code=exit_code, **more).stdout)

    def scan(self, *args, exit_code=0, **more):
        return json.loads(self.run_assay("scan", *args, "--format", "json", exit_code=exit_code, **more).stdout)

    def refused(self, *args, says, exit_code=2, **more):
        """A wrong input: its exit code, and `assay: doing: wrong: what to do` on stderr."""
        done = self.run_assay(*args, exit_code=exit_code, **more)
        self.assertRegex(done.stderr, says)
        self.assertTrue(done.stderr.startswith("assay: "), done.stderr)
        return done


class AboutTest(CommandTest):
    def test_version_and_help(self):
        self.assertRegex(self.run_assay("version").stdout, r"^assay \d+\.\d+\.\d+\n$")
        self.assertEqual(self.run_assay("--version").stdout, self.run_assay("version").stdout)
        listed = re.findall(r"^  (\w+)  ", self.run_assay("--help").stdout, re.M)
        self.assertIn("profile", listed)
        for command in listed:
            lines = self.run_assay(command, "--help").stdout.splitlines()
            self.assertTrue(lines[0].startswith(f"Usage: assay {command}"))
            self.assertEqual([line for line in lines if len(line) > 80], [], command)

    def test_the_module_of_the_servers_commands(self):
        """The others need neither it nor its libraries; it is found beside the program and in ../lib."""
        program, module = self.folder / "bin/assay", self.folder / "lib/assay-server.so"
        program.parent.mkdir()
        module.parent.mkdir()
        shutil.copy(ASSAY, program)

        def run(*args):
            return subprocess.run([program, *args], cwd=self.folder, capture_output=True, text=True, timeout=600, env=clean_environment())

        self.assertEqual(run("version").returncode, 0)
        self.assertIn("serve", run("--help").stdout)
        missing = run("doctor")
        self.assertEqual(missing.returncode, 3)
        self.assertIn("assay-server.so: it is neither beside the program nor in ../lib", missing.stderr)
        module.write_bytes(b"no module")
        self.assertRegex(run("doctor").stderr, r"^assay: loading assay-server\.so: .*assay-server\.so")
        shutil.copy(pathlib.Path(ASSAY).parent / module.name, module)
        self.assertIn("configuration", run("doctor").stdout)
        self.assertIn("list", run("connection", "--help").stdout)

    def test_wrong_commands_and_options_name_the_nearest(self):
        for args, says in [
            (["prof"], "did you mean `assay profile`"),
            (["sacn"], "did you mean `assay scan`"),
            (["xyzzy"], "see `assay --help`"),
            (["profile"], "needs INPUT"),
            (["profile", "orders.csv", "--formt", "json"], "did you mean --format"),
            (["profile", "orders.csv", "--format", "xml"], "give one of text|json|html"),
            (["profile", "orders.csv", "--format"], "value is missing"),
            (["profile", "orders.csv", "--union=x"], "takes no value"),
            (["profile", "orders.csv", "--limit", "many"], "not a number of records"),
            (["profile", "orders.csv", "--sample", "200%"], "neither a number"),
            (["profile", "orders.csv", "--memory", "lots"], "not a size"),
            (["profile", "orders.csv", "--threads", "0"], "whole number from 1"),
            (["profile", "orders.csv", "--reader", "delimter=;"], "did you mean delimiter"),
            (["profile", "orders.csv", "--reader", "delimiter"], "KEY=VALUE"),
            (["profile", "orders.csv", "--report", "xml=x"], "write FORMAT=FILE"),
            (["profile", "orders.csv", "-o", "no/such/folder/x"], "name another place"),
            (["profile", "orders.csv", "--set", "log.levl=info"], "did you mean log.level"),
            (["profile", "orders.csv", "--config", "none.yaml"], "none.yaml"),
            (["rules", "notNul"], "did you mean notNull"),
            (["connectors", "postgres"], "see `assay connectors`|did you mean postgresql"),
            (["completion", "tcsh"], "give bash, zsh or fish"),
            (["config", "--explain", "api.listn"], "did you mean api.listen"),
            (["version", "surplus"], "does not take"),
            (["connection", "lst"], "did you mean list"),
        ]:
            with self.subTest(args=args):
                self.refused(*args, says=says)

    def test_lists(self):
        self.assertIn("notNull", self.run_assay("rules").stdout)
        self.assertIn("notNull", json.dumps(json.loads(self.run_assay("rules", "--format", "json").stdout)))
        self.assertIn("notNull", self.run_assay("rules", "notNull").stdout)
        self.assertIn("postgresql", self.run_assay("connectors").stdout)
        self.assertIn("parameters.sslmode", self.run_assay("connectors", "postgresql").stdout)

    def test_config_says_where_a_value_comes_from(self):
        self.write("assay.yaml", "worker:\n  pool: blue\ncatalog.url: postgresql://me:hunter22@db/x\n")
        shown = self.run_assay("config", "--set", "log.level=debug", ASSAY_WORKER_SLOTS="3").stdout
        self.assertRegex(shown, r"worker.pool +blue +file assay.yaml:2")
        self.assertRegex(shown, r"worker.slots +3 +environment ASSAY_WORKER_SLOTS")
        self.assertRegex(shown, r"log.level +debug +--set")
        self.assertRegex(shown, r"catalog.url +postgresql://me:\*\*\*@db/x")
        self.assertNotIn("hunter22", shown)
        self.assertIn("#worker.slots", self.run_assay("config", "--sample").stdout)

    def test_completion_scripts_are_valid(self):
        for shell in ["bash", "zsh", "fish"]:
            script = self.run_assay("completion", shell).stdout
            self.assertIn("profile", script)
            if shell == "bash":
                subprocess.run(["bash", "-n"], input=script, text=True, check=True)
                asked = f'{script}\nCOMP_WORDS=(assay sc); COMP_CWORD=1; _assay; echo "${{COMPREPLY[@]}}"'
                words = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.split()
                self.assertEqual(words, ["scan", "scheduler"])


class ProfileTest(CommandTest):
    def test_json(self):
        document = self.profile("orders.csv")
        self.assertEqual(document["errors"], [])
        container = document["containers"][0]
        self.assertEqual((container["name"], container["location"]), ("orders.csv", "orders.csv"))
        self.assertEqual((container["records_count"], container["rejected_records"]), (3, 1))
        self.assertEqual(container["rejections"][0]["line"], 5)
        self.assertEqual([(f["name"], f["type"], f["null_count"]) for f in container["fields"]],
                         [("id", "Integral", 0), ("name", "String", 0), ("amount", "Fractional", 1)])

    def test_text_fits_80_columns(self):
        columns = "the name of the customer,country_code,the_day_of_the_order,mean"
        rows = "".join(f"Ann {i % 9},{['CH', 'DE', 'FR'][i % 3]},2024-{i % 12 + 1:02}-{i % 28 + 1:02},{-1e7 - i}\n" for i in range(300))
        self.write("wide.csv", columns + "\n" + rows)
        for columns in [60, 69, 70, 80, 109, 110, 200]:
            for name, type_name in (("orders.csv", "Fractional"), ("wide.csv", "country_code")):
                lines = self.run_assay("profile", name, COLUMNS=str(columns)).stdout.splitlines()
                self.assertEqual([line for line in lines if len(line) > columns], [])
                self.assertTrue(any(type_name in line for line in lines))
            if columns >= 80:
                self.assertTrue(any("2024-01-01 … 2024-12-28" in line for line in lines), lines)
        self.assertTrue(any(" -10000150 " in line for line in lines), lines)   # 10,000,149.5, rounded to even
        plain = self.run_assay("profile", "orders.csv", LC_ALL="C").stdout
        self.assertTrue(plain.isascii())
        self.assertNotIn("\033", plain)

    def test_text_tells_what_there_is_to_tell(self):
        """A range where nothing repeats, and warnings with their field even where its name begins the sentence."""
        rows = "".join(f"{'2024-01-%02d' % (i % 28 + 1) if i % 2 else '%02d.02.2024' % (i % 28 + 1)},code {i:03d}\n" for i in range(100))
        self.write("two.csv", "d,code\n" + rows)
        text = self.run_assay("profile", "two.csv", COLUMNS="100").stdout
        self.assertIn("code 000 … code 099", text)
        self.write("long.csv", "address\n" + "".join(f"customer.{i:03d}@somewhere.example.net\n" for i in range(100)))
        self.assertRegex(self.run_assay("profile", "long.csv", COLUMNS="80").stdout, r"customer\.00\S*… … customer\.09\S*…")
        self.assertIn(" d: dates are written in several ways", text)

    def test_arrays_tell_lengths_and_elements(self):
        self.write("a.jsonl", "".join(json.dumps({"tags": ["x", "y", "x"][:i % 4], "n": [i, i + 1]}) + "\n" for i in range(8)))
        text = self.run_assay("profile", "a.jsonl", COLUMNS="100").stdout
        self.assertIn("0 … 3 elements: x 67%, y 33%", text)   # 8 of 12
        self.assertIn("2 elements: 0 … 8", text)
        page = self.run_assay("profile", "a.jsonl", "--format", "html").stdout
        self.assertIn("0 … 3 elements", page)
        self.write("t.csv", "a\nx\nyy\n")
        self.assertNotIn("element", self.run_assay("profile", "t.csv", "--no-values").stdout)
        self.assertIn("Value of an element", page)

    def test_a_few_repeats_are_no_distribution(self):
        self.write("codes.csv", "code\n" + "".join(f"c{i}\n" for i in range(5000)) + "c7\n" * 9)
        self.assertNotIn("<rect x", self.run_assay("profile", "codes.csv", "--format", "html").stdout)

    def test_html_is_self_contained(self):
        self.write("evil.csv", 'a,<script>alert(1)</script>\n<b>,"""&"\n')
        page = self.run_assay("profile", "evil.csv", "--format", "html").stdout
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertNotIn("<script", page)
        self.assertNotIn("<b>", page)
        self.assertNotIn("http://", page)
        self.assertNotIn("https://", page)
        self.assertIn("<svg", page)

    def test_terminal_is_not_steered(self):
        self.write("evil.csv", "a\n\x1b[2J\x1b]0;x\x07\n")
        self.assertNotIn("\x1b", self.run_assay("profile", "evil.csv").stdout)

    def test_reports_and_output(self):
        self.run_assay("profile", "orders.csv", "-o", "out.txt", "--report", "json=r.json", "--report", "html=r.html")
        self.assertIn("orders.csv", (self.folder / "out.txt").read_text())
        self.assertEqual(json.loads((self.folder / "r.json").read_text())["containers"][0]["records_count"], 3)
        self.assertIn("</html>", (self.folder / "r.html").read_text())

    def test_inputs(self):
        self.write("shop/part_1.csv", "id\n1\n")
        self.write("shop/part_2.csv", "id\n2\n")
        self.write("shop/other.jsonl", '{"x": 1}\n')
        self.write("mixed/a_1.csv", "x,y\n1,2\n")
        self.write("mixed/a_2.csv", "x,y\n1,2\n")
        self.write("mixed/a_3.csv", "p,q\n1,2\n")
        names = lambda *args, **more: sorted(c["name"] for c in self.profile(*args, **more)["containers"])
        self.assertEqual(names("shop"), ["other.jsonl", "part_*.csv"])
        self.assertEqual(names("shop/part_*.csv"), ["part_*.csv"])
        self.assertEqual(names("shop/part_1.csv", "shop/part_2.csv"), ["part_1.csv", "part_2.csv"])
        self.assertEqual(len(names("mixed")), 2)
        union = self.profile("shop/part_1.csv", "shop/part_2.csv", "--union")["containers"]
        self.assertEqual([c["records_count"] for c in union], [2])
        grouping = self.run_assay("profile", "shop").stderr
        self.assertIn("part_*.csv: 2 files", grouping)
        self.assertEqual(self.run_assay("profile", "shop", "-q").stderr, "")

    def test_the_same_file_twice_is_read_once(self):
        done = self.run_assay("profile", "good.csv", "./good.csv", "--format", "json")
        self.assertEqual(len(json.loads(done.stdout)["containers"]), 1)
        self.assertIn("given twice", done.stderr)

    def test_files_of_one_name_are_told_apart(self):
        self.write("a/x.csv", "id\n1\n")
        self.write("b/x.csv", "id\n1\n")
        self.assertEqual([c["name"] for c in self.profile("a/x.csv", "b/x.csv")["containers"]], ["a/x.csv", "b/x.csv"])

    def test_standard_input(self):
        container = self.profile("-", "--reader", "format=csv", stdin=ORDERS)["containers"][0]
        self.assertEqual((container["name"], container["records_count"]), ("-", 3))
        self.refused("profile", "-", stdin=ORDERS, says="--reader format=csv")

    def test_wrong_inputs(self):
        (self.folder / "empty").mkdir()
        self.write("broken.parquet", b"PAR1nothing of the kind")
        for args, says, exit_code in [
            (["missing.csv"], "missing.csv", 3),
            (["none*.csv"], "no file matches", 2),
            (["empty"], "no data files", 2),
            (["broken.parquet"], "broken.parquet", 3),
            (["s3://bucket/x.csv"], "no connector", 2),
            (["nosuch#orders"], "no connection nosuch", 2),
            (["sqlite:none.db#t"], "no such file", 3),
            (["postgresql://me@127.0.0.1:1/db#t"], "127.0.0.1", 3),
        ]:
            with self.subTest(args=args):
                self.refused("profile", *args, says=says, exit_code=exit_code)

    def test_what_can_be_read_is_read(self):
        document = self.profile("missing.csv", "good.csv", exit_code=3)
        self.assertEqual([c["name"] for c in document["containers"]], ["good.csv"])
        self.assertEqual([e["container"] for e in document["errors"]], ["missing.csv"])

    def test_an_unreadable_file(self):
        path = self.write("secret.csv", "id\n1\n")
        path.chmod(0)
        if os.access(path, os.R_OK):
            self.skipTest("this user may read every file")
        self.refused("profile", "secret.csv", says="secret.csv", exit_code=3)

    def test_empty_files(self):
        self.write("zero.csv", "")
        self.write("header.csv", "a,b\n")
        counts = [(c["records_count"], len(c["fields"])) for c in self.profile("zero.csv", "header.csv")["containers"]]
        self.assertEqual(counts, [(0, 0), (0, 2)])

    def test_a_password_in_an_address_is_warned_about_and_hidden(self):
        done = self.run_assay("profile", "postgresql://me:hunter22@127.0.0.1:1/db#t", "--format", "json", exit_code=3)
        self.assertIn("a password on the command line", done.stderr)
        self.assertNotIn("hunter22", done.stdout + done.stderr)

    def test_checks_out_can_be_scanned(self):
        rows = "".join(f"{i},{'ab'[i % 2]},{i * 1.5}\n" for i in range(2000))
        self.write("many.csv", "id,kind,amount\n" + rows)
        said = self.run_assay("profile", "many.csv", "--checks-out", "inferred.yaml", "--infer", "medium").stderr
        rules = (self.folder / "inferred.yaml").read_text().count("- rule:")
        self.assertGreater(rules, 3)
        self.assertIn(f"{rules} inferred checks written to inferred.yaml", said)
        scanned = self.scan("many.csv", "--checks", "inferred.yaml")
        self.assertEqual((scanned["outcome"], scanned["summary"]["checks"]), ("passed", rules))

    def test_checks_out_as_json(self):
        """A file named .json holds JSON; the same checks either way, none of them too."""
        rows = "".join(f"{i},{'ab'[i % 2]},{i * 1.5}\n" for i in range(2000))
        self.write("many.csv", "id,kind,amount\n" + rows)
        for level in ("medium", "off"):
            for name in ("inferred.json", "inferred.yaml"):
                self.run_assay("profile", "many.csv", "--checks-out", name, "--infer", level)
            inferred = json.loads((self.folder / "inferred.json").read_text())
            count = (self.folder / "inferred.yaml").read_text().count("- rule:")
            self.assertEqual((list(inferred), inferred["version"], len(inferred["checks"])), (["version", "checks"], 1, count))
        self.run_assay("profile", "many.csv", "--checks-out", "inferred.JSON")
        self.run_assay("profile", "many.csv", "--checks-out", "inferred.yaml")
        of_json, of_yaml = (self.scan("many.csv", "--checks", name) for name in ("inferred.JSON", "inferred.yaml"))
        self.assertGreater(of_yaml["summary"]["checks"], 3)
        strip = lambda result: [dict(c, checks=c["checks"], run=None) for c in result["containers"]]
        self.assertEqual(strip(of_json), strip(of_yaml))

    def test_compare(self):
        before = "".join(f"{i},{i % 7}\n" for i in range(1000))
        after = "".join(f"{i},{i % 7 + 50}\n" for i in range(1000))
        self.write("a.csv", "id,v\n" + before)
        self.write("b.csv", "id,v,new\n" + after.replace("\n", ",1\n"))
        self.run_assay("profile", "a.csv", "--report", "json=old.json")
        same = self.profile("a.csv", "--compare", "old.json")["comparison"]["containers"][0]
        self.assertEqual(same["status"], "same")
        compared = self.profile("b.csv", "--compare", "old.json")["comparison"]["containers"][0]
        fields = {f["name"]: f for f in compared["fields"]}
        self.assertEqual((fields["id"]["status"], fields["new"]["status"]), ("same", "added"))
        self.assertEqual(fields["v"]["drift"], "large")
        self.assertAlmostEqual(fields["v"]["ks"], 1.0, places=6)
        self.assertIn("large drift", self.run_assay("profile", "b.csv", "--compare", "old.json").stdout)
        self.write("c.csv", "id,v\n" + before.replace("7,0\n", "7,seven\n", 1))
        text = self.run_assay("profile", "c.csv", "--compare", "old.json", COLUMNS="200").stdout
        self.assertIn("v: share of its type 1 → 0.999", text)
        for text in ("{}", "{", "[]", '{"assay": "1", "containers": [1]}', '{"assay": "1", "containers": [{"name": "a"}]}',
                     '{"assay": "1", "containers": [{"name": "a", "fields": [{}]}]}'):
            self.write("no.json", text)
            self.refused("profile", "no such file.csv", "--compare", "no.json", says="no profile")   # before anything is read

    def test_compare_says_what_drifted(self):
        self.write("a.csv", "flag,few,code,level\n" + "".join(f"{i % 2 == 0},{i % 10},{i % 7},{i % 90}\n" for i in range(1200)))
        self.write("b.csv", "flag,few,code,level\n" + "".join(f"{i % 4 != 0},{i % 12},c{i % 7},{i % 180 / 2}\n" for i in range(1200)))
        self.run_assay("profile", "a.csv", "--report", "json=old.json")
        fields = {f["name"]: f for f in self.profile("b.csv", "--compare", "old.json")["comparison"]["containers"][0]["fields"]}
        self.assertEqual((fields["flag"]["status"], fields["flag"]["drift"], fields["flag"]["ks"]), ("changed", "large", None))
        self.assertAlmostEqual(fields["flag"]["psi"], 0.25 * math.log(0.75 / 0.5) - 0.25 * math.log(0.25 / 0.5))
        self.assertAlmostEqual(fields["few"]["ks"], 1 - 10 / 12)
        self.assertEqual((fields["level"]["type"]["new"], fields["level"]["drift"]), ("Fractional", "none"))
        self.assertLess(fields["level"]["psi"], 0.05)
        self.assertLess(fields["level"]["ks"], 0.03)
        text = self.run_assay("profile", "b.csv", "--compare", "old.json", COLUMNS="200").stdout
        self.assertIn("code: type Integral → String, native type BIGINT → VARCHAR, ", text)
        self.assertNotIn("→ -", text)
        for columns in (60, 100):
            lines = self.run_assay("profile", "b.csv", "--compare", "old.json", COLUMNS=str(columns)).stdout.splitlines()
            self.assertEqual([line for line in lines if len(line) > columns], [])
        page = self.run_assay("profile", "b.csv", "--compare", "old.json", "--format", "html").stdout
        self.assertRegex(page, r"<strong>few</strong></td><td><span class=\"bad\">large</span></td><td class=\"n\">\d\.\d\d</td>"
                               r"<td class=\"n\">0\.17</td>")
        self.assertNotIn("<pre>", page)
        self.assertIsNone(fields["code"]["drift"])

    def test_an_interrupt_stops_it(self):
        pipe = subprocess.Popen([ASSAY, "profile", "-", "--reader", "format=csv"], cwd=self.folder, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(TMPDIR=str(self.folder)))
        self.addCleanup(pipe.communicate)
        pipe.stdin.write(b"a,b\n1,2\n")
        pipe.stdin.flush()
        unread = lambda: struct.unpack("i", fcntl.ioctl(pipe.stdin, termios.FIONREAD, bytes(4)))[0]
        wait_until(lambda: not unread(), WAIT_S, "its input is read, and it waits for more")
        pipe.send_signal(signal.SIGINT)
        self.assertEqual(pipe.wait(WAIT_S), 130)
        self.assertIn(b"interrupted: 0 of 1", pipe.stderr.read())
        left = sorted(p.name for p in self.folder.iterdir())
        self.assertEqual(left, ["checks.yaml", "good.csv", "orders.csv"])


class ScanTest(CommandTest):
    def test_json(self):
        document = self.scan("orders.csv", "--checks", "checks.yaml", exit_code=1)
        self.assertEqual((document["outcome"], document["exit_code"], document["format_version"]), ("failed", 1, 1))
        self.assertEqual(document["summary"],
                         {"checks": 3, "passed": 1, "failed": 1, "errored": 0, "unasserted": 0, "warnings": 1})
        container = document["containers"][0]
        self.assertEqual([c["outcome"] for c in container["checks"]], ["failed", "failed", "passed"])
        self.assertEqual([c["anomalous_records_count"] for c in container["checks"]], [1, 1, 0])
        records = [a for a in container["anomalies"] if a["failed_checks"]]
        self.assertEqual([(a["row"], a["line"]) for a in records], [(2, 3), (3, 4)])

    def test_exit_codes(self):
        null = ["--check", "{rule: notNull, fields: [amount]}"]
        warning = ["--check", "{rule: notNull, fields: [amount], severity: warning}"]
        none = ["--check", "{rule: notNull, fields: [amount], filter: 'id > 100'}"]
        self.write("rejected.csv", "id,amount\n1,2\n3\n")
        self.write("nulls.csv", "id,amount\n1,2\n3,\n")
        for args, exit_code in [
            (["good.csv", *null], 0),
            (["nulls.csv", *null], 1),
            (["nulls.csv", *warning], 0),
            (["rejected.csv", "--check", "{rule: notNull, fields: [id]}"], 1),
            (["rejected.csv", "--check", "{rule: notNull, fields: [id]}", "--fail-on", "never"], 0),
            (["rejected.csv", "--check", "{rule: notNull, fields: [id]}", "--fail-on", "rejected"], 1),
            (["nulls.csv", *null, "--fail-on", "rejected"], 0),
            (["nulls.csv", *warning, "--fail-on", "warning"], 1),
            (["nulls.csv", *null, "--fail-on", "never"], 0),
            (["good.csv", *none], 0),
            (["missing.csv", *null], 3),
            (["good.csv", "missing.csv", "--check", "{rule: notNull, fields: [amount], container: '*.csv'}"], 3),
            (["good.csv", "--check", "{rule: notNull, fields: [id], container: other.csv}"], 3),
        ]:
            with self.subTest(args=args):
                self.run_assay("scan", *args, exit_code=exit_code)

    def test_wrong_checks_run_nothing(self):
        for check, says in [
            ("{rule: notNul, fields: [id]}", "notNull"),
            ("{rule: notNull, fields: [idd]}", "did you mean id"),
            ("{rule: notNull, feilds: [id]}", "fields"),
            ("{rule: between, fields: [id], properties: {mn: 1}}", "min"),
            ("{rule: notNull, fields: [id], status: Draft}", "no check is active"),
            ("[", "--check"),
        ]:
            with self.subTest(check=check):
                self.assertEqual(self.refused("scan", "good.csv", "--check", check, says=says).stdout, "")
        self.refused("scan", "good.csv", says="--checks FILE")
        self.refused("scan", "good.csv", "--checks", "none.yaml", says="none.yaml")
        self.refused("scan", "good.csv", "orders.csv", "--check", "{rule: notNull, fields: [id]}", says="names no container")
        self.refused("scan", "good.csv", "--checks", "checks.yaml", "--failing", "x.txt", says="end it in")
        self.refused("scan", "good.csv", "--checks", "checks.yaml", "--var", "x", says="K=V")

    def test_reports(self):
        reports = {"junit": "j.xml", "sarif": "s.json", "html": "h.html", "markdown": "m.md", "github": "g.txt", "json": "d.json"}
        options = [f"--report={kind}={name}" for kind, name in reports.items()]
        self.run_assay("scan", "orders.csv", "--checks", "checks.yaml", *options, exit_code=1)
        read = lambda kind: (self.folder / reports[kind]).read_text()
        suite = xml.dom.minidom.parse(str(self.folder / "j.xml")).getElementsByTagName("testsuite")[0]
        self.assertEqual([suite.getAttribute(k) for k in ("name", "tests", "failures")], ["orders.csv", "4", "2"])
        sarif = json.loads(read("sarif"))
        self.assertEqual(sarif["version"], "2.1.0")
        results = sarif["runs"][0]["results"]
        self.assertIn(("assay/notNull", 3), [(r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"])
                                            for r in results])
        rules = [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]]
        self.assertTrue(all(rules[r["ruleIndex"]] == r["ruleId"] for r in results))
        self.assertIn("| notNull(amount) |", read("markdown"))
        self.assertIn("::error file=orders.csv,line=3", read("github"))
        self.assertIn("</html>", read("html"))
        self.assertEqual(json.loads(read("json"))["outcome"], "failed")

    def test_hostile_names_leave_reports_well_formed(self):
        name = 'a]]><&"\x01b'
        self.write("evil.csv", f'id,"{name.replace(chr(34), chr(34) * 2)}"\n1,\n')
        check = json.dumps({"rule": "notNull", "fields": [name]})
        self.run_assay("scan", "evil.csv", "--check", check, "--report", "junit=j.xml", "--report", "sarif=s.json", exit_code=1)
        xml.dom.minidom.parse(str(self.folder / "j.xml"))
        json.loads((self.folder / "s.json").read_text())

    def test_failing_and_baseline(self):
        self.run_assay("scan", "orders.csv", "--checks", "checks.yaml", "--failing", "f.csv", exit_code=1)
        with (self.folder / "f.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(r["_assay_row"], r["id"], r["amount"]) for r in rows], [("2", "2", ""), ("3", "3", "7")])
        self.write("orders.csv", ORDERS.replace("2,b,\n", "2,b,1\n") + "5,e,\n")
        baseline = lambda *more: self.scan("orders.csv", "--checks", "checks.yaml", "--baseline", "f.csv", *more,
                                           exit_code=1)["baseline"]
        found = baseline("--failing", "f2.csv")
        self.assertEqual((found["new"], found["still_failing"], found["gone"]), (1, 1, 1))
        rows = "".join(f"{i},x,\n" for i in range(50))
        self.write("orders.csv", "id,name,amount\n" + rows)
        capped = baseline("--max-anomalies", "3")
        self.assertIsNone(capped["gone"])
        self.refused("scan", "good.csv", "--checks", "checks.yaml", "--baseline", "checks.yaml", says="reading --baseline")

    def test_masked_values_are_nowhere(self):
        self.write("people.csv", "id,iban\n1,CH9300762011623852957\n")
        options = ["--check", "{rule: maxLength, fields: [iban], properties: {value: 3}}", "--mask", "iban", "--failing", "f.csv"]
        done = self.run_assay("scan", "people.csv", *options, "--report", "json=d.json", "--report", "html=d.html", exit_code=1)
        everything = done.stdout + done.stderr + "".join(p.read_text() for p in self.folder.iterdir() if p.name[0] in "df")
        self.assertNotIn("CH9300762011623852957", everything)

    def test_plan(self):
        plan = self.run_assay("scan", "orders.csv", "--checks", "checks.yaml", "--dry-run").stdout
        self.assertIn("orders.csv  3 checks", plan)
        self.assertIn("judges", self.run_assay("scan", "orders.csv", "--checks", "checks.yaml", "--explain").stdout)

    def test_text_fits_80_columns(self):
        lines = self.run_assay("scan", "orders.csv", "--checks", "checks.yaml", exit_code=1).stdout.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        self.assertTrue(any(line.startswith("  FAILED   notNull(amount)") for line in lines))
        self.assertTrue(lines[-1].startswith("failed: 3 checks"))

    def test_two_runs_are_equal(self):
        strip = lambda document: [c.pop("run", None) for c in document["containers"]] and document
        first = strip(self.scan("orders.csv", "--checks", "checks.yaml", exit_code=1))
        self.assertEqual(first, strip(self.scan("orders.csv", "--checks", "checks.yaml", exit_code=1)))

    def test_references(self):
        self.write("customers.csv", "customer_id\n1\n2\n")
        check = "{rule: existsIn, fields: [id], properties: {field_name: customer_id, ref_container: customers.csv}}"
        known = self.run_assay("rules").stdout
        if "existsIn" not in known:
            self.skipTest("this build has no existsIn")
        self.run_assay("scan", "orders.csv", "--check", check, "--ref", "customers.csv=customers.csv", exit_code=1)


@unittest.skipUnless(os.environ.get("ASSAY_TEST_POSTGRES"), "needs ASSAY_TEST_POSTGRES")
class PostgresTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.url = os.environ["ASSAY_TEST_POSTGRES"]
        self.schema = f"cli_{os.getpid()}"
        self.sql(f'CREATE SCHEMA {self.schema}; CREATE TABLE {self.schema}."odd ""name" (id int, v text);'
                 f"""INSERT INTO {self.schema}."odd ""name" VALUES (1, 'a'), (2, NULL)""")

    def tearDown(self):
        self.sql(f"DROP SCHEMA {self.schema} CASCADE")
        super().tearDown()

    def sql(self, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url, "-c", text], check=True, capture_output=True)

    def test_a_table(self):
        container = self.profile(f'{self.url}#{self.schema}."odd ""name"')["containers"][0]
        self.assertEqual((container["name"], container["records_count"]), ('odd "name', 2))
        self.run_assay("scan", f'{self.url}#{self.schema}."odd ""name"', "--check", "{rule: notNull, fields: [v]}", exit_code=1)

    def test_a_connection_of_the_configuration(self):
        self.write("assay.yaml", f"connections:\n  shop: {self.url}\n")
        self.assertEqual(self.profile(f'shop#{self.schema}."odd ""name"')["containers"][0]["records_count"], 2)
        self.refused("profile", "shp#x", says="did you mean shop")

    def test_a_table_that_does_not_exist(self):
        self.refused("profile", f"{self.url}#{self.schema}.nothing", says="nothing", exit_code=3)


if __name__ == "__main__":
    unittest.main()
