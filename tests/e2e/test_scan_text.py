"""The text of a scan: failing records whole within 80 columns, their file only where there are several, plural forms."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_cli import CommandTest  # noqa: E402

LONG = "a value that is longer than what is left of one line so that it goes on in the next"


class ScanTextTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("shop/a_1.csv", f"id,note\n1,{LONG}\n")
        self.write("shop/a_2.csv", "id,note\n2,\n")

    def text(self, *args, exit_code=1):
        lines = self.run_assay("scan", *args, exit_code=exit_code).stdout.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        return lines

    def test_a_message_is_wrapped_and_the_only_file_is_not_repeated(self):
        lines = self.text("shop/a_1.csv", "--check", "{rule: expectedValues, fields: [note], properties: {list: [x]}}")
        self.assertEqual(lines[0], "a_1.csv  1 record")
        said = " ".join(line.strip() for line in lines)
        self.assertIn(f"line 2: The value for `note` of '{LONG}' is not one of", said)
        self.assertNotIn("shop/", said)
        self.assertNotIn("{note:", said)

    def test_a_file_of_several_is_named(self):
        said = self.text("shop/*.csv", "--check", "{notNull: [note]}", "--examples", "all")
        self.assertIn("shop/a_2.csv, line 2: The value for `note` is null. {id: 2, note: null}",
                      " ".join(line.strip() for line in said))

    def test_files_are_named_as_they_were_given(self):
        for inputs in (["shop/*.csv"], ["shop/a_1.csv", "shop/a_2.csv", "--union"], ["shop/*_2.csv"]):
            found = self.scan(*inputs, "--check", "{notNull: [note]}", exit_code=1)["containers"][0]["anomalies"]
            self.assertEqual([a["file"] for a in found if a["row"]], ["shop/a_2.csv"], inputs)

    def test_rejected_records_are_in_the_summary(self):
        self.write("ragged.csv", "a,b\n1,2\n1\n")
        lines = self.text("ragged.csv", "--check", "{notNull: [a]}")
        self.assertEqual(lines[-1], "failed: 1 check, 1 passed, 1 record rejected")


if __name__ == "__main__":
    unittest.main()
