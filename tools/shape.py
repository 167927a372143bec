"""The shape of the notebooks: how long their export cells are when formatted at 100 columns, and how much prose
and how many tests stand beside them.
"""

import argparse
import ast
import functools
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from website import notebooks

LINE_LENGTH = 100
LIMITS = {"median": 12, "p90": 28, "max": 45}  # lines of an export cell, formatted
FUNCTION_LIMIT = 45  # lines of a function's body, formatted

EXCEPTIONS = {  # (notebook, first name that a cell defines): why it may be longer; at most ten
}


def formatted(codes: list) -> list:
    "Format pieces of code as the measure asks for, all by one process."
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.py" for i in range(len(codes))]
        for file, code in zip(files, codes):
            file.write_text(code, encoding="utf-8")
        ruff = Path(sys.executable).with_name("ruff")
        command = [ruff, "format", "--quiet", "--isolated", "--no-cache", f"--line-length={LINE_LENGTH}", folder]
        subprocess.run(command, check=True)
        return [file.read_text(encoding="utf-8").rstrip("\n") for file in files]


def first_name(code: str) -> str:
    "Name the first thing that a cell defines."
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            return node.name
        if isinstance(node, ast.Assign):
            return ast.unparse(node.targets[0])
    return ""


def long_functions(code: str) -> list:
    "List the functions of formatted code whose body is too long, as (name, lines)."
    functions = [
        n
        for n in ast.walk(ast.parse(code))
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    lengths = [(f.name, f.end_lineno - f.body[0].lineno + 1) for f in functions]
    return [(name, n) for name, n in lengths if n > FUNCTION_LIMIT]


def is_import_cell(code: str) -> bool:
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(code).body)


def pages(root: Path, area: str = "") -> list:
    "List the notebooks that export something, of all areas or of one."
    found = sorted([*(root / "nbs").glob("[0-9]*.ipynb"), *(root / "nbs").glob("[0-9]*/*.ipynb")])
    return [p for p in found if area in p.relative_to(root / "nbs").parts[0]]


@functools.cache
def export_cells(path: Path) -> list:
    "Read the export cells of a notebook, formatted, as (first name, code); imports are left out."
    sources = [cell["source"].splitlines() for cell in notebooks.exported(path)]
    codes = formatted(["\n".join(x for x in lines if not x.startswith("#|")) for lines in sources])
    return [(first_name(code), code) for code in codes if not is_import_cell(code)]


def count_cells(path: Path) -> tuple:
    "Count cells of prose, exported ones and the others (use and tests)."
    cells = notebooks.cells(path)
    prose = sum(c["cell_type"] == "markdown" for c in cells)
    exported = len(notebooks.exported(path))
    return prose, exported, len(cells) - prose - exported


def measure(root: Path, area: str = "") -> tuple:
    "Measure notebooks; returns (lengths of export cells, complaints, cells of prose, export and test)."
    lengths, complaints, totals = [], [], [0, 0, 0]
    for path in pages(root, area):
        page = path.relative_to(root / "nbs").as_posix()
        totals = [a + b for a, b in zip(totals, count_cells(path))]
        for name, code in export_cells(path):
            n = len(code.splitlines())
            lengths.append(n)
            excused = (page, name) in EXCEPTIONS
            if n > LIMITS["max"] and not excused:
                complaints.append(
                    f"{page}: the cell of {name} has {n} lines; {LIMITS['max']} are allowed"
                )
            if not excused:
                complaints += [
                    f"{page}: {f} has a body of {k} lines" for f, k in long_functions(code)
                ]
    return lengths, complaints, totals


def summary(lengths: list, totals: list) -> dict:
    "Put lengths and cells into a few numbers."
    p90 = statistics.quantiles(lengths, n=10)[-1]
    return {
        "cells": len(lengths),
        "median": statistics.median(lengths),
        "p90": p90,
        "max": max(lengths),
        "prose": totals[0],
        "export": totals[1],
        "test": totals[2],
    }


def too_much(found: dict) -> list:
    "Say which limits are passed; single cells are named elsewhere."
    return [
        f"{k} is {found[k]:g}; {LIMITS[k]} is allowed"
        for k in ("median", "p90")
        if found[k] > LIMITS[k]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--area", default="", help="only this one, e.g. gans")
    args = parser.parse_args()
    lengths, complaints, totals = measure(args.root, args.area)
    found = summary(lengths, totals)
    print(
        "export cells: {cells}, lines median {median:g}, p90 {p90:g}, max {max}; "
        "cells of prose : export : test {prose} : {export} : {test}".format(**found)
    )
    wrong = complaints + too_much(found)
    if len(EXCEPTIONS) > 10:
        wrong.append(f"{len(EXCEPTIONS)} exceptions; ten are allowed")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
