"""Documents made from tables in the code are what the code gives now."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import generated  # noqa: E402


class GeneratedTest(unittest.TestCase):
    def test_documents_are_current(self):
        self.assertEqual(generated.differing(), [], "run tests/lib/generated.py --write")


if __name__ == "__main__":
    unittest.main()
