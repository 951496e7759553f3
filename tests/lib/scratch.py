"""A test case with a folder of its own, gone after each test."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import tempfile
import unittest


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name

    def path(self, name, content=None):
        """Where a file of the folder is; written first, if content (text or bytes) is given."""
        path = os.path.join(self.folder, name)
        if content is not None:
            pathlib.Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
