"""Bad, odd and huge input through the real assay-execute: a clear error or a counted finding, never a crash."""
# SPDX-License-Identifier: Apache-2.0
import gzip
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import execute  # noqa: E402

JSON_CASES = pathlib.Path(os.environ.get("ASSAY_SHARED", execute.ROOT.parent / "shared")) / "data/json/test_parsing"


class InputTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, content):
        path = pathlib.Path(self.folder.name) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def fails(self, path, **more):
        with self.assertRaises(execute.Failed) as failed:
            execute.profile(path, **more)
        self.assertIn(pathlib.Path(path).name, failed.exception.text)
        return failed.exception

    def test_missing_file(self):
        self.assertEqual(self.fails(pathlib.Path(self.folder.name) / "no.csv").code, "NOT_FOUND")

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable_file(self):
        path = self.file("closed.csv", "a\n1\n")
        path.chmod(0)
        self.assertEqual(self.fails(path).code, "DENIED")

    def test_empty_file(self):
        for name in ("empty.csv", "empty.jsonl", "empty.json"):
            document = execute.profile(self.file(name, ""))
            self.assertEqual((document["records_count"], document["fields"]), (0, []), name)
            self.assertIn("no_records", [warning["code"] for warning in document["warnings"]], name)
        self.fails(self.file("empty.parquet", ""))

    def test_header_only(self):
        document = execute.profile(self.file("head.csv", "id,name\n"), reader={"header": "true"})
        self.assertEqual([field["name"] for field in document["fields"]], ["id", "name"])
        for field in document["fields"]:
            self.assertEqual((field["type"], field["null_count"], field["completeness"], field["min"]), ("Unknown", 0, None, None))

    def test_ragged_records_are_located(self):
        document = execute.profile(self.file("ragged.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n"), reader={"header": "true", "delimiter": ","})
        self.assertEqual((document["records_count"], document["rejected_records"]), (2, 2))
        places = [(item["line"], item["byte_offset"], item["raw"]) for item in document["rejections"]]
        self.assertEqual(places, [(3, 8, "3"), (4, 10, "4,5,6")])

    def test_rejections_of_ranges_have_the_file_s_lines(self):
        lines = ["id,text"] + [f"{i},{'x' * 40}" for i in range(150_000)]
        bad = [10, 70_001, 149_999]
        for line in bad:
            lines[line - 1] = "only one"
        path = self.file("ranges.csv", "\n".join(lines) + "\n")
        document = execute.profile(path, reader={"header": "true", "delimiter": ","})
        self.assertEqual([item["line"] for item in document["rejections"]], bad)
        offsets = [sum(len(line) + 1 for line in lines[:number - 1]) for number in bad]
        self.assertEqual([item["byte_offset"] for item in document["rejections"]], offsets)

    def test_mismatch_rows_of_ranges_are_the_file_s(self):
        rows = [str(i) for i in range(400_000)]
        bad = [5, 200_000, 399_999]
        for row in bad:
            rows[row - 1] = "none such"
        document = execute.profile(self.file("rows.csv", "id,x\n" + "".join(f"{row},abcdefgh\n" for row in rows)))
        field = document["fields"][0]
        self.assertEqual((field["type"], field["type_mismatches"]["count"]), ("Integral", 3))
        self.assertEqual([example["row"] for example in field["type_mismatches"]["examples"]], bad)
        self.assertEqual((field["null_count"], field["completeness"]), (0, 1))

    def test_a_column_that_changes_its_type_half_way_is_read_again(self):
        content = "k,v\n" + "".join(f"{i},{i if i < 60_000 else 'word %d' % i}\n" for i in range(120_000))
        field = {f["name"]: f for f in execute.profile(self.file("turn.csv", content))["fields"]}["v"]
        self.assertEqual((field["type"], field["null_count"], field["min"], field["max"]), ("String", 0, "0", "word 99999"))

    def test_quoted_newlines_at_every_cut(self):
        record = '%d,"one\ntwo, ""three""\n%s"\n'
        path = self.file("quoted.csv", "id,text\n" + "".join(record % (i, "y" * (i % 97)) for i in range(90_000)))
        document = execute.profile(path)
        field = {f["name"]: f for f in document["fields"]}
        self.assertEqual((document["records_count"], document["rejected_records"]), (90_000, 0))
        self.assertEqual((field["id"]["sum"], field["text"]["max_length"]), (str(sum(range(90_000))), 17 + 96 - 0 + 0))

    def test_invalid_utf8_is_counted(self):
        field = execute.profile(self.file("latin.csv", b"a,b\nx,1\nca\xff\xfe\xffe,2\n"))["fields"][0]
        self.assertEqual(field["invalid_utf8_count"], 1)

    def test_nul_bytes_and_a_lonely_quote(self):
        for name, content in (("nul.csv", b"a,b\n\x00,1\nx\x00y,2\n"), ("quote.csv", b'a,b\n"never closed,1\n2,3\n')):
            execute.profile(self.file(name, content))

    def test_two_thousand_columns(self):
        header = ",".join(f"c{i}" for i in range(2000))
        rows = "".join(",".join(str(r * i) for i in range(2000)) + "\n" for r in range(50))
        result = execute.run(execute.task("profile", execute.file_source([self.file("broad.csv", header + "\n" + rows)])))
        document = execute.container(result)
        self.assertEqual((len(document["fields"]), document["fields"][1999]["max"]), (2000, str(49 * 1999)))
        if not os.environ.get("ASSAY_SANITIZED"):
            self.assertLess(result["done"]["peak_bytes"], 1 << 30)

    def test_a_hundred_megabyte_cell_is_rejected(self):
        path = self.file("cell.csv", b"a,b\n1,2\n" + b"x" * (100 << 20) + b",3\n4,5\n")
        document = execute.profile(path, reader={"header": "true", "delimiter": ","})
        self.assertEqual((document["records_count"], document["rejected_records"]), (2, 1))

    def test_odd_names(self):
        content = 'a"b,"new\nline",a"b,,sélect\n1,2,3,4,5\n'
        document = execute.profile(self.file("odd.csv", content), reader={"header": "true", "delimiter": ","})
        self.assertEqual(document["records_count"], 1)
        self.assertEqual(len({field["name"] for field in document["fields"]}), 5)
        self.assertIn("duplicate_header", [warning["code"] for warning in document["warnings"]])

    def test_compressed_is_the_same(self):
        content = "id,x\n" + "".join(f"{i},{i % 7}\n" for i in range(10_000))
        plain = execute.profile(self.file("p.csv", content))["fields"]
        self.assertEqual(execute.profile(self.file("z.csv.gz", gzip.compress(content.encode())))["fields"], plain)

    def test_truncated_gzip_names_the_file(self):
        self.fails(self.file("cut.csv.gz", gzip.compress(random.Random(1).randbytes(100_000))[:5000]), reader={"format": "csv"})

    def test_standard_input(self):
        path = self.file("in.csv", "id,x\n" + "".join(f"{i},{'t' if i > 5000 else i}\n" for i in range(10_000)))
        want = execute.profile(path)["fields"]
        spec = execute.task("profile", execute.file_source(["-"], "-"), reader={"format": "csv"})
        read, write = os.pipe()
        if os.fork() == 0:
            os.close(read)
            with os.fdopen(write, "wb") as pipe:
                pipe.write(path.read_bytes())
            os._exit(0)
        os.close(write)
        self.assertEqual(execute.container(execute.run(spec, stdin=read))["fields"], want)
        os.close(read)

    def test_dates_and_numbers_at_their_ends(self):
        content = "d,n,f\n0001-01-01,170141183460469231731687303715884105727,-0.0\n9999-12-31,-5,inf\n2020-02-29,0,nan\n"
        field = {f["name"]: f for f in execute.profile(self.file("ends.csv", content))["fields"]}
        self.assertEqual((field["d"]["min"], field["d"]["max"]), ("0001-01-01", "9999-12-31"))
        self.assertEqual((field["n"]["type"], field["n"]["max"]), ("Integral", str(2**127 - 1)))
        self.assertEqual((field["f"]["inf_count"], field["f"]["nan_count"], field["f"]["max"]), (1, 1, "Infinity"))

    def test_unknown_field_names_the_nearest(self):
        self.assertIn("amount", self.fails(self.file("f.csv", "amount,b\n1,2\n"), settings={"fields": ["amuont"]}).text)

    @unittest.skipUnless(JSON_CASES.exists(), "the shared test data is not there")
    def test_every_json_case_ends_cleanly(self):
        for path in sorted(JSON_CASES.glob("*.json"))[:: 1 if os.environ.get("ASSAY_LONG") else 7]:
            try:
                execute.profile(path)
            except execute.Failed as failed:
                self.assertIn(path.name, failed.text)


class ProcessTest(unittest.TestCase):
    """The process itself: cancel, death of the supervisor, secrets, credits."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.big = pathlib.Path(self.folder.name) / "big.csv"
        line = ",".join(["some text %d"] * 20) + "\n"
        with self.big.open("w") as out:
            out.write(",".join(f"c{i}" for i in range(20)) + "\n")
            out.writelines(line % tuple(range(i, i + 20)) for i in range(250_000))

    def start(self, credits=2, env=None, **more):
        return execute.Execution(execute.task("profile", execute.file_source([self.big]), **more), credits=credits, env=env)

    def at_work(self, **more):
        """It cannot end by itself, either: its results wait for credit."""
        execution = self.start(credits=0, **more)
        self.assertEqual(execution.next()[0], "P")
        return execution

    def test_cancel_ends_it(self):
        execution = self.at_work()
        execution.cancel()
        frames = []
        while (got := execution.next()) is not None:
            frames.append(got)
        self.assertEqual((frames[-1][0], frames[-1][1]["code"]), ("E", "CANCELLED"))
        execution.close()

    def test_killed_child_leaves_nothing(self):
        scratch = pathlib.Path(self.folder.name) / "scratch"
        scratch.mkdir()
        execution = self.at_work(env={**os.environ, "TMPDIR": str(scratch)})
        execution.process.send_signal(signal.SIGKILL)
        self.assertIsNone(self.last(execution))
        self.assertEqual(execution.close()[0], -signal.SIGKILL)
        self.assertEqual(list(scratch.iterdir()), [])

    def last(self, execution):
        while (got := execution.next()) is not None:
            if got[0] in "DE":
                return got
        return None

    def test_control_pipe_closed_means_cancel(self):
        execution = self.at_work()
        os.dup2(os.open(os.devnull, os.O_WRONLY), execution.control)
        self.assertEqual(self.last(execution)[1]["code"], "CANCELLED")
        execution.close()

    def test_results_wait_for_credit(self):
        small = pathlib.Path(self.folder.name) / "small.csv"
        small.write_text("a\n1\n")
        execution = execute.Execution(execute.task("profile", execute.file_source([small])), credits=0)
        self.assertEqual([execution.next()[0] for _ in range(2)], ["P", "P"])  # a second: long done, but nothing is sent
        execution.credit(10)
        self.assertEqual(self.last(execution)[0], "D")
        execution.close()

    def test_progress_comes_at_most_twice_a_second(self):
        began, progress = time.monotonic(), 0
        execution = self.start(limits={"memory_bytes": 1 << 30, "threads": 1, "deadline_ms": 0})
        while (got := execution.next()) is not None:
            progress += got[0] == "P"
            if got[0] == "R":
                execution.credit()
        self.assertLessEqual(progress, 2 * (time.monotonic() - began) + 1)
        execution.close()

    def test_malformed_tasks_are_errors(self):
        good = execute.task("profile", execute.file_source([self.big]))
        for change, word in (({"v": 2}, "version"), ({"kind": "bake"}, "bake"), ({"now": "noon"}, "now"),
                             ({"settings": []}, "settings"), ({"limits": {"threads": 0}}, "limits"), ({"source": None}, "container")):
            with self.subTest(change=change), self.assertRaises(execute.Failed) as failed:
                execute.run({**good, **change})
            self.assertIn(word, failed.exception.text)


class MemoryTest(unittest.TestCase):
    """Peak resident memory stays within the budget whatever the number of fields and records."""

    def setUp(self):
        """Sanitizers multiply memory: the release build is measured, which tests/run.sh names."""
        released = os.environ.get("ASSAY_EXECUTE_RELEASE")
        if not released:
            self.skipTest("ASSAY_EXECUTE_RELEASE is not set")
        patch = unittest.mock.patch.dict(os.environ, {"ASSAY_EXECUTE": released})
        patch.start()
        self.addCleanup(patch.stop)

    def test_peak_is_within_the_budget(self):
        with tempfile.TemporaryDirectory() as folder:
            for columns, rows, budget in ((10, 200_000, 256 << 20), (10, 10, 64 << 20), (1000, 2_000, 256 << 20), (10_000, 10, 512 << 20)):
                path = pathlib.Path(folder) / f"{columns}.csv"
                randoms = random.Random(7)
                with path.open("w") as out:
                    out.write(",".join(f"c{i}" for i in range(columns)) + "\n")
                    for _ in range(rows):
                        out.write(",".join(f"{randoms.getrandbits(40):x}" for _ in range(columns)) + "\n")
                spec = execute.task("profile", execute.file_source([path]), limits={"memory_bytes": budget, "threads": 2, "deadline_ms": 0})
                result = execute.run(spec)
                with self.subTest(columns=columns, rows=rows):
                    self.assertLessEqual(result["done"]["peak_bytes"], budget)
                    document = execute.container(result)
                    self.assertEqual((document["records_count"], len(document["fields"])), (rows, columns))
                    grouped = "field_groups" in [warning["code"] for warning in document["warnings"]]
                    passes = document["run"]["passes"]  # one may have judged the inferred checks over all records
                    self.assertTrue(passes >= 2 if grouped else passes <= 2, (grouped, passes))

    def test_a_budget_that_is_too_small_is_said_before_reading(self):
        spec = execute.task("profile", execute.file_source(["/none.csv"]), limits={"memory_bytes": 32 << 20, "threads": 1})
        with self.assertRaises(execute.Failed) as failed:
            execute.run(spec)
        self.assertEqual(failed.exception.code, "INVALID")
        self.assertIn("at least 64 MiB", failed.exception.text)

    def test_wide_parquet_is_read_in_groups(self):
        """Written by the scan's own --failing, since nothing else here writes Parquet."""
        assay = pathlib.Path(os.environ["ASSAY_EXECUTE"]).parent / "assay"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "wide.csv"
            path.write_text(",".join(f"c{i}" for i in range(200)) + "\n" + (",".join("abc" for _ in range(200)) + "\n") * 20)
            wide = pathlib.Path(folder) / "wide.parquet"
            subprocess.run([assay, "scan", path, "-q", "--check", "{rule: expectedValues, fields: [c1], properties: {list: [x]}}",
                            "--failing", wide], capture_output=True, timeout=600, check=False)
            for budget in (96 << 20, 128 << 20):
                spec = execute.task("profile", execute.file_source([wide]), limits={"memory_bytes": budget, "threads": 2, "deadline_ms": 0})
                result = execute.run(spec)
                document = execute.container(result)
                with self.subTest(budget=budget):
                    self.assertEqual((document["records_count"], len(document["fields"])), (20, 204))
                    self.assertGreater(document["run"]["passes"], 1)
                    self.assertLessEqual(result["done"]["peak_bytes"], budget)


if __name__ == "__main__":
    unittest.main()
