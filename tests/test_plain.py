"Code is plain: ruff's rules, what ruff does not see, and the shape of the notebooks."

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import plain
import shape

def is_list_of_names(found: dict) -> bool:
    "Tell a line that nbdev writes: it wraps `__all__` at 130 columns."
    if found["code"] != "E501":
        return False
    code = Path(found["filename"]).read_text(encoding="utf-8")
    assigned = [n for n in ast.parse(code).body if isinstance(n, ast.Assign)]
    lists = [n for n in assigned if getattr(n.targets[0], "id", "") == "__all__"]
    return any(n.lineno <= found["location"]["row"] <= n.end_lineno for n in lists)


def test_ruff_finds_nothing():
    ruff = Path(sys.executable).with_name("ruff")
    command = [ruff, "check", "--no-cache", "--output-format", "json", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = [f for f in json.loads(done.stdout) if not is_list_of_names(f)]
    assert [(f["filename"], f["location"]["row"], f["message"]) for f in found] == []


def test_statements_are_plain():
    assert plain.complaints(ROOT) == []


@pytest.mark.parametrize(
    "code, says",
    [
        ("a(), b()", "two statements in one"),
        ("x = 'note'*(n > 1)", "text or list times a truth value"),
        ("x = [cb]*(not n)", "text or list times a truth value"),
        ("x = 1 if a else 2 if b else 3", "a choice within a choice"),
        ("double = lambda x: 2*x", "a lambda with a name"),
        ("a, b = 1, lambda x: x", "a lambda with a name"),
        ("run([python, '-c', code])", "code in a string"),
        ("eval('1')", "code in a string"),
        ("Sampler.check = check", "an attribute set at import"),
    ],
)
def test_what_is_not_plain_is_named(code, says):
    (found,) = plain.faults(code)
    assert found[0] == 1 and says in found[1]


def test_plain_code_is_left_alone():
    lines = [
        "line = '-'*20",
        "zeros = [0]*n",
        "x = 1 if a else 2",
        "key = sorted(xs, key=lambda x: -x)",
        "class A:\n    a = b = 1",
    ]
    assert plain.faults("\n".join(lines)) == []


def test_notebooks_have_a_readers_shape():
    lengths, complaints, totals = shape.measure(ROOT)
    found = shape.summary(lengths, totals)
    assert complaints + shape.too_much(found) == []
    assert len(shape.EXCEPTIONS) <= 10
    named = {(page, name) for page, name in shape.EXCEPTIONS}
    cells = {
        (p.relative_to(ROOT / "nbs").as_posix(), name)
        for p in shape.pages(ROOT)
        for name, _ in shape.export_cells(p)
    }
    assert named <= cells  # no exception for what is gone


def notebook(path: Path, *cells):
    "Write a notebook of code cells."
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [dict(cell_type="code", source=c, id=str(i), metadata={}, outputs=[]) for i, c in enumerate(cells)]
    path.write_text(json.dumps(dict(cells=made, metadata={}, nbformat=4, nbformat_minor=5)))


def test_a_long_cell_and_a_long_function_are_named(tmp_path):
    body = "\n".join(f"    x{i} = {i}" for i in range(50))
    notebook(tmp_path / "nbs/01_data/00_sources.ipynb", "#| export\nimport os", f"#| export\ndef long():\n{body}")
    lengths, complaints, _ = shape.measure(tmp_path)
    assert lengths == [51]
    assert complaints == [
        "01_data/00_sources.ipynb: the cell of long has 51 lines; 45 are allowed",
        "01_data/00_sources.ipynb: long has a body of 50 lines",
    ]
    found = dict(median=13, p90=28, max=45)
    assert shape.too_much(found) == ["median is 13; 12 is allowed"]
