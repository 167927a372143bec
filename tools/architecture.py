"""Draw the architecture from the code: the areas of the package, their rooms, and who imports whom.

    python tools/architecture.py            # in words
    python tools/architecture.py --mermaid  # as the picture on the home page
    python tools/architecture.py --write    # put that picture between the two comments in nbs/index.ipynb
"""
import ast
import json
import re
import sys
from pathlib import Path

from areas import AREAS, numbered

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- The picture is written by tools/architecture.py -->"
END = "<!-- End of the picture -->"


def modules(package: Path) -> dict:
    "List the areas of a package with their rooms, {area: [room, ...]}; a module without a folder has no rooms."
    found = {}
    for path in sorted(package.rglob("*.py"), key=source):
        area, *rest = path.relative_to(package).with_suffix("").parts
        if area.startswith("_") or "__pycache__" in rest:
            continue
        found.setdefault(area, [])
        found[area] += [rest[-1]] if rest and not rest[-1].startswith("_") else []
    return found


def source(path: Path) -> str:
    "Return the notebook that a module was exported from, whose number orders the rooms, or else the module."
    written = re.search(r"File to edit: (\S+)", path.read_text(encoding="utf-8")[:1000])
    return written[1] if written else str(path)


def imported(path: Path, package: Path) -> set:
    "Return the areas that one module imports from, anywhere in its code, with the package's own name or with dots."
    here = [package.name, *path.relative_to(package).with_suffix("").parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            start = here[:len(here) - node.level] if node.level else []
            name = ".".join([*start, *filter(None, [node.module])])
            found |= {f"{name}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    parts = [name.split(".") for name in found]
    return {part[1] for part in parts if part[0] == package.name and len(part) > 1}


def arrows(package: Path) -> dict:
    "Say from which other areas each area imports: {area: {area, ...}}."
    areas = modules(package)
    found = {area: set() for area in areas}
    for path in sorted(package.rglob("*.py")):
        area = path.relative_to(package).with_suffix("").parts[0]
        if area in areas:
            found[area] |= imported(path, package) & set(areas) - {area}
    return found


def ordered(areas, order: list) -> list:
    "Sort areas as the list of areas has them; those that it does not know come last."
    return sorted(areas, key=lambda area: (order.index(area) if area in order else len(order), area))


def reachable(area: str, below: dict) -> set:
    "Return the areas that one area imports, itself or through others."
    found = set()
    waiting = [area]
    while waiting:
        new = below[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def reduced(below: dict) -> dict:
    "Leave out every arrow that a path of other arrows makes for, so that the picture is readable."
    found = {}
    for area, others in below.items():
        around = {far for other in others for far in reachable(other, below) if area not in reachable(other, below)}
        found[area] = others - around
    return found


def text(package: Path, order: list) -> str:
    "Write areas, rooms and arrows in words, an area a line."
    areas, below = modules(package), arrows(package)
    wide = max(map(len, areas), default=0)
    lines = []
    for area in ordered(areas, order):
        uses = ", ".join(ordered(below[area], order)) or "nothing"
        lines.append(f"{area:{wide}}  {' · '.join(areas[area]) or '(no rooms)'}\n{'':{wide}}  imports {uses}")
    return "\n".join(lines)


def mermaid(package: Path, order: list) -> str:
    "Draw areas as boxes with their rooms, and an arrow from what is imported to who imports it."
    areas, below = modules(package), reduced(arrows(package))
    boxes, lines = [], []
    for area in ordered(areas, order):
        rooms = "<br/>".join(wrapped(areas[area], 3))
        boxes.append(f'    {area}["{area}<br/>{rooms}"]')
        lines += [f"    {other} --> {area}" for other in ordered(below[area], order)]
    described = f"the areas of {package.name} and their rooms; arrows lead from an area to those that import it"
    return "\n".join(["```mermaid", "flowchart TB", f"    accDescr: {described}", *boxes, *lines, "```"])


def wrapped(rooms: list, n: int) -> list:
    "Put some rooms on each line."
    return [" · ".join(rooms[i:i + n]) for i in range(0, len(rooms), n)]


def links(areas, order: list, nbs: Path) -> str:
    "Link each area to its chapter; what has no chapter is a word."
    found = []
    for area in ordered(areas, order):
        page = f"{numbered(area)}.ipynb" if area in order else ""
        found.append(f"[{area}]({page})" if page and (nbs/page).exists() else area)
    return " · ".join(found)


def picture(root: Path, package: str, order: list) -> str:
    "Write what stands between the two comments: the drawing, and one link to each chapter."
    folder = root/package
    parts = [BEGIN, mermaid(folder, order), links(modules(folder), order, root/"nbs"), END]
    return "\n\n".join(parts)


def find(notebook: dict) -> dict:
    "Return the cell that holds the picture."
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and BEGIN in "".join(cell["source"]):
            return cell
    raise ValueError(f"nbs/index.ipynb: no text cell has the lines {BEGIN} and {END}; add them for the picture")


def replaced(source: str, new: str) -> str:
    "Put a new picture into the text of a cell."
    before, rest = source.split(BEGIN, 1)
    return before + new + rest.split(END, 1)[1]


def problems(root: Path, package: str, order: list = AREAS) -> list:
    "Say so if the picture on the home page is not what the code says."
    notebook = json.loads((root/"nbs/index.ipynb").read_text(encoding="utf-8"))
    try:
        source = "".join(find(notebook)["source"])
    except ValueError as error:
        return [str(error)]
    same = replaced(source, picture(root, package, order)) == source
    advice = "its picture is not what the code says; run python tools/architecture.py --write"
    return [] if same else [f"nbs/index.ipynb: {advice}"]


def write(root: Path, package: str, order: list = AREAS):
    "Put the picture of the code into the home page."
    path = root/"nbs/index.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = find(notebook)
    cell["source"] = replaced("".join(cell["source"]), picture(root, package, order)).splitlines(keepends=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    NAME = "gan_augmentation"
    if "--write" in sys.argv:
        write(ROOT, NAME)
    elif "--mermaid" in sys.argv:
        print(picture(ROOT, NAME, AREAS))
    else:
        print(text(ROOT/NAME, AREAS))
