"The project's own rules: notebooks, modules and README agree, and what is installed stays small."

import json
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from gan_augmentation.core.seals import check_files, is_sealed, load_json, read_manifest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from readme import readme

NOTEBOOKS = sorted(
    p
    for p in (ROOT / "nbs").rglob("*.ipynb")
    if not any(part.startswith((".", "_")) for part in p.relative_to(ROOT).parts)
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(ROOT / "nbs")))
def test_notebooks_store_outputs_and_no_errors(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    errors = [o for o in outputs if o["output_type"] == "error"]
    assert not errors, f"{path.name} stores an error: {errors[0]['evalue']}"
    assert path.stat().st_size < 500_000, (
        f"{path.name} is larger than 500 kB: store smaller pictures"
    )
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids), f"{path.name} has two cells of one id"


def test_readme_is_the_index_notebook():
    assert (ROOT / "README.md").read_text(encoding="utf-8") == readme(), "run `make readme`"


def listed(root: Path) -> list:
    "List the files of a checkout, without those that git ignores."
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def test_modules_are_what_the_notebooks_export(tmp_path):
    clone = tmp_path / "clone"
    for name in listed(ROOT):
        if name.startswith(("gan_augmentation/assets", "tests/", "benchmarks/")):
            continue
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [Path(sys.executable).with_name("nbdev_export")], cwd=clone, check=True, capture_output=True
    )
    for module in sorted((clone / "gan_augmentation").rglob("*.py")):
        name = module.relative_to(clone)
        assert (ROOT / name).read_text(encoding="utf-8") == module.read_text(encoding="utf-8"), (
            f"{name}: run nbdev_export"
        )


def test_development_pins_stay_out_of_the_requirements():
    cfg = ConfigParser()
    cfg.read(ROOT / "settings.ini")
    runtime = cfg["DEFAULT"]["requirements"]
    assert "nbdev" not in runtime and "<" not in runtime and "==" not in runtime


def test_the_citation_names_this_version():
    cfg = ConfigParser()
    cfg.read(ROOT / "settings.ini")
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = cfg["DEFAULT"]
    assert said["cff-version"] == "1.2.0" and said["type"] == "software" and said["message"]
    assert (said["title"], said["version"]) == (project["lib_name"], project["version"])
    assert said["authors"] == [{"name": project["author"]}] and said["license"] == "Apache-2.0"
    assert said["repository-code"] == project["git_url"]


def test_what_pages_show_has_its_seal():
    generators = ROOT / "nbs/stored/generators"  # which have manifests
    stored = [path for path in sorted((ROOT / "nbs/stored").rglob("*.json")) if generators not in path.parents]
    unsealed = [path.relative_to(ROOT).as_posix() for path in stored if not is_sealed(path)]
    assert stored and not unsealed, f"write them by core.results.save_results: {unsealed}"
    for path in stored:
        load_json(path, sealed=True)
    for folder in generators.iterdir():
        check_files(folder, read_manifest(folder))
