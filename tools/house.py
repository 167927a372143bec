"The rules of the house: which notebook stands where, which module comes from it, and who may import whom."

import ast
import re
import sys
from pathlib import Path

from areas import AREAS, FOLDERS, PACKAGE, SIBLINGS, numbered
from website import notebooks
from website.notebooks import default_exp

NAMED_IN_TEXT = {  # modules that may name others in strings, and why
    "generators.find": "the registry of families, loaded on demand",
    "generators.origins": "the reader of exported files, loaded on demand",
    "core.translate": "what earlier versions wrote",
}
OWN_FACE = {
    "data.splits",
    "augment.dataset",
    "study.experiment",
    "runs.classifier",
    "runs.generator",
}  # ask their own face for a later or heavier room when it is needed
DOTTED = re.compile(rf"\b{PACKAGE}\.[a-z]\w*")


def plain_source(source: str) -> str:
    "Put `pass` for shell and magic lines of a cell that is never run here, like the install cell that Colab needs."
    if notebooks.directives(source).get("eval") != ["false"]:
        return source
    return re.sub(r"^( *)[!%].*", r"\1pass", source, flags=re.M)


def nodes(path: Path, exported: bool = False) -> list:
    "Parse the code cells of a notebook, or only those that it exports; raises `ValueError` for one that is no Python."
    code = [cell for cell in notebooks.cells(path) if cell["cell_type"] == "code"]
    found = []
    for cell in notebooks.exported(path) if exported else code:
        try:
            found += list(ast.walk(ast.parse(plain_source(cell["source"]))))
        except SyntaxError as error:
            where = f"{path.parent.name}/{path.name}"
            line = (error.text or "").strip()
            raise ValueError(
                f"{where} has a cell that is no plain Python ({line!r}): write it so that it is"
            ) from None
    return found


def imported(path: Path) -> set:
    "List what any cell of a notebook imports of this package, as dotted names below it: data, data.splits, ..."
    return {name for node in nodes(path) for name in own_names(node)}


def exported_imports(path: Path) -> set:
    "List what the module of a notebook imports of this package."
    return {name for node in nodes(path, exported=True) for name in own_names(node)}


def own_names(node) -> set:
    "List what one import statement takes from this package."
    if isinstance(node, ast.Import):
        found = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
        found = {f"{PACKAGE}.{alias.name}" for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        found = {node.module or ""}
    else:
        found = set()
    return {name.partition(".")[2] for name in found if name.startswith(f"{PACKAGE}.")}


def chapters(root: Path) -> list:
    "List the notebooks that tell of an area."
    return sorted((root / "nbs").glob("[0-9]*.ipynb"))


def rooms(root: Path) -> list:
    "List the notebooks behind the chapters."
    return sorted((root / "nbs").glob("[0-9]*/*.ipynb"))


def strangers(root: Path) -> list:
    "Name every notebook that is neither home, chapter, room nor page of a folder, and every such page that exports."
    nbs, wrong = root / "nbs", []
    pages = sorted(path for folder in FOLDERS for path in (nbs / folder).glob("*.ipynb"))
    known = {nbs / "index.ipynb", *chapters(root), *rooms(root), *pages}
    for path in sorted(set(nbs.rglob("*.ipynb")) - known):
        if not any(part.startswith((".", "_")) for part in path.relative_to(nbs).parts):
            name = path.relative_to(nbs)
            wrong.append(
                f"{name} is no chapter, room or page: rooms lie in the folder of their chapter, "
                f"pages in one of {', '.join(FOLDERS)}"
            )
    exporting = [path for path in pages if default_exp(path)]
    return wrong + [
        f"{p.parent.name}/{p.name} exports {default_exp(p)}; pages outside the areas export nothing"
        for p in exporting
    ]


def misnumbered(root: Path) -> list:
    "Name every folder whose rooms are not numbered 00, 01, ..., and every module that two notebooks export."
    wrong, taken = [], {}
    for folder in sorted({path.parent for path in rooms(root)}):
        numbers = [path.name[:2] for path in sorted(folder.glob("*.ipynb"))]
        if numbers != [f"{i:02}" for i in range(len(numbers))]:
            listed = ", ".join(numbers)
            wrong.append(
                f"{folder.name} has rooms with the numbers {listed}; number them 00, 01, ... without gaps"
            )
    for path in [*chapters(root), *rooms(root)]:
        other = taken.setdefault(default_exp(path), path)
        if other != path:
            wrong.append(
                f"{path.relative_to(root / 'nbs')} exports {default_exp(path)}, as {other.name} does"
            )
    return wrong


def misplaced(root: Path) -> list:
    "Name every notebook whose number, folder or module does not fit the order of the areas."
    wrong = strangers(root)
    for path in chapters(root):
        area = path.stem.partition("_")[2]
        if area not in AREAS or path.stem != numbered(area):
            allowed = ", ".join(map(numbered, AREAS))
            wrong.append(f"{path.name} is no chapter: chapters are called {allowed}")
        elif default_exp(path) != f"{area}.__init__":
            wrong.append(
                f"{path.name} exports {default_exp(path) or 'nothing'}; a chapter exports {area}.__init__"
            )
    wrong += [line for path in rooms(root) for line in misplaced_room(path)]
    return wrong or misnumbered(root)


def misplaced_room(path: Path) -> list:
    "Say what is wrong with the place of a room."
    folder, name = path.parent.name, f"{path.parent.name}/{path.name}"
    area = folder.partition("_")[2]
    if area not in AREAS or folder != numbered(area):
        return [f"{name} lies in a folder of no area; folders are called like chapters"]
    wrong = []
    if not (path.parent.parent / f"{folder}.ipynb").is_file():
        wrong.append(f"{name} is a room without a chapter: {folder}.ipynb is missing")
    room = re.fullmatch(r"\d\d_(\w+)", path.stem)
    if room is None:
        wrong.append(f"{name} has no number: rooms are called 00_name.ipynb, 01_name.ipynb, ...")
    elif default_exp(path) != f"{area}.{room[1]}" and (room[1], default_exp(path)) != (
        "main",
        f"{area}.__main__",
    ):
        wrong.append(
            f"{name} exports {default_exp(path) or 'nothing'}; it should export {area}.{room[1]}"
        )
    return wrong


def order(root: Path) -> dict:
    "Map every module, as `area` or `area.room`, to its place: (number of the area, number of the room; faces last)."
    places = {path.stem.partition("_")[2]: (path.stem[:2], "99") for path in chapters(root)}
    for path in rooms(root):
        places[default_exp(path)] = (path.parent.name[:2], path.stem[:2])
    return places


def upward(root: Path) -> list:
    "Name every import that goes up: to a later area, or to a later room of the same area."
    places, wrong = order(root), []
    for path in [*chapters(root), *rooms(root)]:
        me = default_exp(path).removesuffix(".__init__")
        for other in sorted(imported(path)):
            area = other.partition(".")[0]
            place = places.get(other, (numbered(area)[:2] if area in AREAS else "?", "99"))
            here = places.get(me, ("?", "?"))
            same_area = me.partition(".")[0] == area
            if other == me or same_area and other == area and me in OWN_FACE | {area}:
                continue
            if same_area and other == f"{area}.config":
                continue  # it imports core only, so every room of its area may ask it
            if place >= here:
                wrong.append(
                    f"{path.relative_to(root / 'nbs')} imports {other}, which stands above it"
                )
    return wrong


def by_other_ways(root: Path) -> list:
    "Name what `upward` cannot follow: relative imports, the bare package, and modules named in strings."
    wrong = []
    for path in [*chapters(root), *rooms(root)]:
        name, me = path.relative_to(root / "nbs"), default_exp(path)
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and node.level:
                wrong.append(
                    f"{name} has a relative import; write from {PACKAGE}.area.room import ..."
                )
            if isinstance(node, ast.Import) and any(alias.name == PACKAGE for alias in node.names):
                wrong.append(f"{name} imports the bare package; import what it needs")
        constants = [
            node.value for node in nodes(path, exported=True) if isinstance(node, ast.Constant)
        ]
        texts = [value for value in constants if isinstance(value, str)]
        if me not in NAMED_IN_TEXT and any(DOTTED.search(text) for text in texts):
            allowed = ", ".join(NAMED_IN_TEXT)
            wrong.append(
                f"{name} names a module in a string; only {allowed} may, because nothing can follow it"
            )
    return wrong


def meeting_siblings(root: Path) -> list:
    "Name every import between areas that must not know one another."
    wrong = []
    for path in [*chapters(root), *rooms(root)]:
        area = default_exp(path).partition(".")[0]
        others = {name.partition(".")[0] for name in imported(path)} - {area}
        if area in SIBLINGS:
            name = path.relative_to(root / "nbs")
            wrong += [
                f"{name} imports {other}: {area} and {other} are siblings"
                for other in sorted(others & SIBLINGS)
            ]
    return wrong


def left_behind(root: Path) -> list:
    "Name every module that no notebook exports, and every notebook without its module."
    package = root / PACKAGE
    files = [*package.rglob("*.py"), *package.rglob("*.pyi")]
    written = {path.relative_to(package).with_suffix("").as_posix() for path in files}
    wanted = {default_exp(p).replace(".", "/") for p in [*chapters(root), *rooms(root)]} | {
        "__init__",
        "_modidx",
    }
    wrong = [
        f"{PACKAGE}/{name}.py is exported by no notebook: delete it"
        for name in sorted(written - wanted)
    ]
    return wrong + [
        f"{PACKAGE}/{name}.py is missing: run nbdev_export" for name in sorted(wanted - written)
    ]


def problems(root: Path) -> list:
    "All that is wrong with the house, a line each."
    try:
        return misplaced(root) or [
            *by_other_ways(root),
            *upward(root),
            *meeting_siblings(root),
            *left_behind(root),
        ]
    except ValueError as error:
        return [str(error)]


if __name__ == "__main__":
    found = problems(Path(__file__).resolve().parent.parent)
    print("\n".join(found) or "the house is in order")
    sys.exit(bool(found))
