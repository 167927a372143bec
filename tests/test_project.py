"The project's own rules."
import ast, json, subprocess, sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT/"tools"))
from readme import readme

NOTEBOOKS = {p.stem.split("_", 1)[1]: p for p in sorted((ROOT/"nbs").glob("[0-9]*.ipynb"))}


def cells(path): return json.loads(path.read_text(encoding="utf-8"))["cells"]


def imports(path):
    "Modules of this package that any cell of a notebook imports."
    for cell in cells(path):
        if cell["cell_type"] != "code": continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names] if isinstance(node, ast.Import) else []
            yield from (name.split(".")[1] for name in names if name.startswith("gan_augmentation."))


@pytest.mark.parametrize("module", NOTEBOOKS)
def test_a_notebook_imports_only_from_lower_numbers(module):
    for other in imports(NOTEBOOKS[module]): assert NOTEBOOKS[other].name < NOTEBOOKS[module].name, f"{module} imports {other}"


def test_siblings_do_not_import_one_another():
    siblings = {"classifiers", "gans", "diffusion"}
    for module in siblings & set(NOTEBOOKS): assert not siblings & set(imports(NOTEBOOKS[module]))


@pytest.mark.parametrize("path", [*NOTEBOOKS.values(), ROOT/"nbs/index.ipynb"], ids=lambda p: p.stem)
def test_notebooks_store_outputs_and_no_errors(path):
    outputs = [o for c in cells(path) for o in c.get("outputs", [])]
    assert outputs and not [o for o in outputs if o["output_type"] == "error"]
    assert path.stat().st_size < 500_000


def test_readme_is_the_index_notebook():
    assert (ROOT/"README.md").read_text(encoding="utf-8") == readme(), "run `make readme`"


def test_modules_are_what_the_notebooks_export(tmp_path):
    clone = tmp_path/"clone"
    clone.mkdir()
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode: pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if not (ROOT/name).is_file() or name.startswith("gan_augmentation/assets"): continue
        (clone/name).parent.mkdir(parents=True, exist_ok=True)
        (clone/name).write_bytes((ROOT/name).read_bytes())
    subprocess.run([Path(sys.executable).with_name("nbdev_export")], cwd=clone, check=True, capture_output=True)
    for module in (ROOT/"gan_augmentation").glob("*.py"):
        assert (clone/"gan_augmentation"/module.name).read_text() == module.read_text(), f"{module.name}: run nbdev_export"
    assert {p.stem for p in (ROOT/"gan_augmentation").glob("*.py")} == {"__init__", "_modidx", *NOTEBOOKS}


def test_development_pins_stay_out_of_the_requirements():
    cfg = ConfigParser()
    cfg.read(ROOT/"settings.ini")
    runtime = cfg["DEFAULT"]["requirements"]
    assert "nbdev" not in runtime and "<" not in runtime and "==" not in runtime
