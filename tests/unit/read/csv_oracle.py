# Oracle of the CSV reader's differential test: every .csv file of a folder read by Python's csv module, written to a .out file.
# SPDX-License-Identifier: Apache-2.0
"""Cells as "size:bytes," and a line end after each record; records of another width are only counted ("rejected N")."""
import csv
import pathlib
import sys

csv.field_size_limit(1 << 30)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.csv")):
    data = path.read_bytes().decode("latin-1")  # bytes one to one
    data = data.removeprefix("\u00ef\u00bb\u00bf")
    text, parts = [], data.split("\n")
    lines = [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    delimiter = path.stem.rsplit("-", 1)[1]
    delimiter = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}[delimiter]
    how = {"escapechar": "\\", "doublequote": False} if "escaped" in path.stem else {"doublequote": True}
    rows = list(csv.reader(lines, delimiter=delimiter, quotechar='"', **how))
    width, rejected = next((len(row) for row in rows if row), 1), 0
    if not any(rows):
        rows = []  # blank lines only: no columns
    for row in rows:
        if not row and width == 1:
            row = [""]
        if not row:
            continue
        if len(row) == width + 1 and row[-1] == "":
            row.pop()
        if len(row) != width:
            rejected += 1
            continue
        text.append("".join(f"{len(cell)}:{cell}," for cell in row) + "\n")
    text.append(f"rejected {rejected}\n")
    path.with_suffix(".out").write_bytes("".join(text).encode("latin-1"))
