"Read notebooks: their cells, directives, titles and modules."

import ast
import json
import re
from pathlib import Path

PUBLIC = {"export", "exports"}
EXPORTED = {*PUBLIC, "exporti"}


def paths(folder: Path) -> list:
    "List the notebooks that become pages, as nbdev finds them: none whose name begins with _ or a dot."
    found = sorted(Path(folder).rglob("*.ipynb"))
    return [p for p in found if not any(part[0] in "._" for part in p.relative_to(folder).parts)]


def cells(path: Path) -> list:
    "Return the cells of a notebook, each with its source as one string."
    found = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    for cell in found:
        cell["source"] = "".join(cell["source"])
    return found


def directives(source: str) -> dict:
    "Return what follows each `#| name` in the first lines of a cell: {name: words}."
    found = {}
    for line in source.splitlines():
        if line.strip() and not line.startswith("#|"):
            break
        words = line[2:].split()
        if words:
            found[words[0].rstrip(":")] = words[1:]
    return found


def title(path: Path) -> str:
    "Return the first heading of a notebook, or an empty string."
    for cell in cells(path):
        match = re.search(r"^#\s+(\S.*?)\s*$", cell["source"], flags=re.M)
        if cell["cell_type"] == "markdown" and match:
            return match[1]
    return ""


def default_exp(path: Path) -> str:
    "Return what a notebook exports to, as it says (`area.room`, `area.__init__`), or an empty string."
    for cell in cells(path):
        match = re.search(r"^#\|\s*default_exp\s+(\S+)", cell["source"], flags=re.M)
        if cell["cell_type"] == "code" and match:
            return match[1]
    return ""


def module(path: Path) -> str:
    "Return the module that a notebook exports to (`area.room`, `area`), or an empty string."
    return default_exp(path).removesuffix(".__init__")


def exported(path: Path) -> list:
    "List the cells of a notebook whose source becomes part of its module."
    return [
        c
        for c in cells(path)
        if c["cell_type"] == "code" and EXPORTED & set(directives(c["source"]))
    ]


def is_public(source: str) -> bool:
    "Say whether what a cell exports is meant for others."
    return bool(PUBLIC & set(directives(source)))


def parsed(source: str) -> list:
    "Return the statements of a cell; none where it is no plain Python, like a cell with magics."
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []
