"The rules of the house: order, faces, and what an import may cost."

import ast
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import architecture
import house
import light
import stubs
from areas import AREAS, PACKAGE
from elsewhere import printed_by

def test_every_notebook_stands_in_its_place_and_imports_downward():
    assert house.problems(ROOT) == []


def notebook(path, module, *code):
    "Write a small notebook."
    sources = [f"#| default_exp {module}", *code]
    cells = [
        dict(cell_type="code", id=f"c{i}", metadata={}, outputs=[], execution_count=None, source=s)
        for i, s in enumerate(sources)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)))
    if module:
        root = next(folder.parent for folder in path.parents if folder.name == "nbs")
        target = root / PACKAGE / (module.replace(".", "/") + ".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()


@pytest.fixture
def small(tmp_path):
    "A house of two areas in which everything is right."
    for module in ("__init__", "_modidx"):
        (tmp_path / PACKAGE).mkdir(exist_ok=True)
        (tmp_path / PACKAGE / f"{module}.py").touch()
    nbs = tmp_path / "nbs"
    notebook(nbs / "00_core.ipynb", "core.__init__")
    notebook(nbs / "00_core/00_checks.ipynb", "core.checks")
    notebook(
        nbs / "00_core/01_arrays.ipynb",
        "core.arrays",
        "from gan_augmentation.core.checks import check_range",
    )
    notebook(nbs / "05_gans.ipynb", "gans.__init__")
    notebook(
        nbs / "05_gans/00_networks.ipynb",
        "gans.networks",
        "import gan_augmentation.core as core_face",
    )
    assert house.problems(tmp_path) == []
    return nbs


def wrong(nbs):
    (line,) = house.problems(nbs.parent)
    return line


def test_a_chapter_with_a_wrong_number_is_named(small):
    (small / "05_gans.ipynb").rename(small / "04_gans.ipynb")
    assert any(
        line.startswith("04_gans.ipynb is no chapter: chapters are called 00_core, 01_data")
        for line in house.problems(small.parent)
    )


def test_a_folder_with_a_wrong_number_is_named(small):
    (small / "05_gans").rename(small / "06_gans")
    assert wrong(small).startswith("06_gans/00_networks.ipynb lies in a folder of no area")


def test_a_room_without_a_chapter_is_named(small):
    (small / "05_gans.ipynb").unlink()
    assert (
        wrong(small)
        == "05_gans/00_networks.ipynb is a room without a chapter: 05_gans.ipynb is missing"
    )


def test_a_room_that_exports_something_else_is_named(small):
    notebook(small / "05_gans/01_losses.ipynb", "gans.loss")
    assert wrong(small) == "05_gans/01_losses.ipynb exports gans.loss; it should export gans.losses"


def test_a_room_without_a_number_is_named(small):
    notebook(small / "05_gans/losses.ipynb", "gans.losses")
    assert wrong(small).startswith("05_gans/losses.ipynb has no number")


@pytest.mark.parametrize(
    "place, line",
    [
        ("00_core/00_checks", "import gan_augmentation.gans"),
        ("00_core/00_checks", "def f():\n    from gan_augmentation.gans.networks import Critic"),
        ("00_core/00_checks", "from gan_augmentation.core.arrays import fingerprint"),
        ("00_core/01_arrays", "from gan_augmentation import gans"),
    ],
)
def test_an_import_upward_is_named_wherever_it_stands(small, place, line):
    notebook(small / f"{place}.ipynb", f"core.{place[-6:]}", line)
    assert "which stands above it" in wrong(small) and wrong(small).startswith(place)


@pytest.mark.parametrize(
    "line, says",
    [
        ("from ..gans import train_gan", "has a relative import"),
        ("from .arrays import fingerprint", "has a relative import"),
        ("import gan_augmentation", "imports the bare package"),
        (
            "#| export\nfrom importlib import import_module\ngans = import_module('gan_augmentation.gans')",
            "names a module in a string",
        ),
        ("files = !ls", "no plain Python"),
    ],
)
def test_what_no_tool_can_follow_is_named(small, line, says):
    notebook(small / "00_core/00_checks.ipynb", "core.checks", line)
    assert says in wrong(small) and "00_checks.ipynb" in wrong(small)


def test_the_install_cell_of_a_tutorial_may_speak_to_the_shell_and_hides_no_import(small):
    install = "#| eval: false\nif True:\n    !git clone https://example.org/x\n    %cd x\n"
    notebook(small / "tutorials/first.ipynb", "", install)
    assert not house.problems(small.parent)
    notebook(small / "00_core/00_checks.ipynb", "core.checks", install + "import gan_augmentation.gans")
    assert "which stands above it" in wrong(small)


@pytest.mark.parametrize(
    "place, module, says",
    [
        ("05_gans/deep/00_x", "", "05_gans/deep/00_x.ipynb is no chapter, room or page"),
        ("notes", "", "notes.ipynb is no chapter, room or page"),
        (
            "tutorials/first",
            "gans.first",
            "tutorials/first.ipynb exports gans.first; pages outside the areas export nothing",
        ),
        (
            "05_gans/02_losses",
            "gans.losses",
            "05_gans has rooms with the numbers 00, 02; number them 00, 01, ... without gaps",
        ),
        ("05_gans/00_losses", "gans.losses", "05_gans has rooms with the numbers 00, 00"),
        (
            "05_gans/01_networks",
            "gans.networks",
            "05_gans/01_networks.ipynb exports gans.networks, as 00_networks.ipynb does",
        ),
        (
            "05_gans/01_init",
            "gans.__init__",
            "05_gans/01_init.ipynb exports gans.__init__; it should export gans.init",
        ),
    ],
)
def test_a_notebook_out_of_place_is_named(small, place, module, says):
    notebook(small / f"{place}.ipynb", module)
    assert any(line.startswith(says) for line in house.problems(small.parent))


def test_a_room_asks_its_own_face_only_where_that_is_known(small):
    notebook(
        small / "00_core/00_checks.ipynb",
        "core.checks",
        "import gan_augmentation.core as core_face",
    )
    assert wrong(small) == "00_core/00_checks.ipynb imports core, which stands above it"


def test_siblings_that_meet_are_named(small):
    notebook(small / "03_classifiers.ipynb", "classifiers.__init__")
    notebook(
        small / "05_gans/01_losses.ipynb",
        "gans.losses",
        "from gan_augmentation.classifiers import predict",
    )
    assert (
        wrong(small)
        == "05_gans/01_losses.ipynb imports classifiers: gans and classifiers are siblings"
    )


def test_a_module_left_behind_is_named(small):
    (small.parent / PACKAGE / "core/old.py").touch()
    assert wrong(small) == "gan_augmentation/core/old.py is exported by no notebook: delete it"
    (small.parent / PACKAGE / "core/old.py").unlink()
    (small.parent / PACKAGE / "core/checks.py").unlink()
    assert wrong(small) == "gan_augmentation/core/checks.py is missing: run nbdev_export"


def test_the_surface_changes_only_on_purpose():
    listed = (ROOT / "tests/public_names.txt").read_text(encoding="utf-8")
    assert listed == stubs.public_names(), (
        "public names have changed: if that is meant, run `make faces` and say so in CHANGELOG.md"
    )


@pytest.mark.parametrize("area", stubs.faces())
def test_a_face_hands_out_what_it_promises(area):
    face = importlib.import_module(f"{PACKAGE}.{area}")
    promised = stubs.faces()[area]
    assert (
        set(face.__all__) == {name for names in promised.values() for name in names}
        and face.__doc__
    )
    for room, names in promised.items():
        module = importlib.import_module(f"{PACKAGE}.{area}.{room}")
        for name in names:
            assert getattr(face, name) is getattr(module, name)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = face.nonsense
    written = (ROOT / PACKAGE / area / "__init__.pyi").read_text(encoding="utf-8")
    assert written == stubs.stub(promised), "run `make faces`"


@pytest.mark.parametrize("area", stubs.faces())
def test_no_room_is_called_like_a_function_of_its_area(area):
    there = {p.stem for p in (ROOT / PACKAGE / area).glob("*.py")}
    trees = [ast.parse(p.read_text(encoding="utf-8")) for p in (ROOT / PACKAGE / area).glob("*.py")]
    defined = {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    assert not there & defined


def room_name(module):
    "The name of a room as it stands in a picture: losses of gans.losses, main of cli.__main__."
    return module.partition(".")[2].strip("_")


@pytest.mark.parametrize("path", house.chapters(ROOT), ids=lambda p: p.stem)
def test_the_picture_of_a_chapter_shows_its_imports(path):
    area = path.stem.partition("_")[2]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    drawn = {tuple(arrow) for arrow in re.findall(r"^\s*(\w+) --> (\w+)\s*$", text, re.M)}
    paths = [p for p in house.rooms(ROOT) if house.default_exp(p).startswith(f"{area}.")]
    rooms = {house.default_exp(p): house.exported_imports(p) for p in paths}
    below = {
        room_name(room): {room_name(other) for other in others & set(rooms)}
        for room, others in rooms.items()
    }
    arrows = {
        (other, room) for room, others in architecture.reduced(below).items() for other in others
    }
    assert drawn == arrows, f"{path.name}: draw the arrows as the rooms import"


def loaded_by(function, *args):
    "Say which heavy packages are loaded after a function of light.py ran in a new process."
    return set(json.loads(printed_by(light.print_loaded, function.__name__, *args)))


def test_faces_load_nothing_before_they_are_asked():
    faces = [f"{PACKAGE}.{area}" for area in AREAS if area in stubs.faces()]
    assert loaded_by(light.import_modules, *faces) == set()


def test_adding_images_to_arrays_needs_torch_and_no_trainer(tmp_path):
    assert loaded_by(light.add_to_arrays, str(tmp_path / "set")) == {"torch"}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["train-generator", "--help"],
        ["augmnet"],
        ["study"],
        ["generate", "run", "--steps", "many"],
        ["generate", "no such run", "--per-class", "1"],
        ["evaluate", "no such run"],
        ["predict", "no such run", "x.png"],
        ["measure", "nowhere"],
        ["export", "nowhere", "x.npz"],
        ["report", "nowhere"],
        ["lineage", "nowhere"],
        ["data", "nowhere"],
        ["sweep", "nowhere", "--out", "s"],
        ["sweep", "fashion_mnist_mini", "--out", "s", "--search", "lrr=1,2"],
        ["sweep", "fashion_mnist_mini", "--out", "s", "--search", "lr=1..2", "--lr", "1"],
        ["study", "no/where", "--generator", "dcgan", "--out", "s"],
        ["study", "fashion_mnist_mini", "--generator", "gan", "--classifier", "resnet", "--out", "s"],
        ["demo", "--dataset", "nowhere.csv"],
        ["train-classifier", "--dataset", "setup.py"],
        ["train-classifier", "--dataset", "fashion_mnist_mini", "--network", "resnet"],
    ],
)
def test_help_and_refusals_of_the_program_load_no_torch(words):
    assert loaded_by(light.run_program, *words) == set()


def test_runs_are_listed_without_libraries():
    assert loaded_by(light.list_runs, str(ROOT / "tests/old_directories/results")) == set()
