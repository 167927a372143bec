"The pages that Quarto gets: their cells, their texts, and the places in them that can be linked to."

import posixpath
import re
from collections import Counter
from configparser import ConfigParser
from pathlib import Path

import yaml

from . import notebooks
from .markdown import Tags, headings, identifier, spans

LICENCES = {"apache2": "Apache-2.0"}  # as nbdev names them -> as everybody does


class Page:
    "A processed notebook."

    def __init__(self, path: Path, proc: Path):
        self.name = path.relative_to(proc).as_posix()
        self.folder = posixpath.dirname(self.name)
        self.cells = notebooks.cells(path)
        front = next((c["source"] for c in self.cells if c["cell_type"] == "raw"), "")
        self.front = yaml.safe_load(front.strip().strip("-")) or {}
        self.output = posixpath.join(
            self.folder, self.front.get("output-file", posixpath.basename(self.name))
        )
        self.symbols = {}  # anchor -> name, filled by `check_symbols`
        self.anchors = Counter()
        for cell in self.cells:
            self.find_anchors(cell)

    def find_anchors(self, cell: dict):
        "Count the places in a cell that can be linked to."
        for kind, text in shown(cell):
            if kind == "html":
                self.anchors.update(Tags(text).identifiers)
                continue
            for heading, own in headings(text):
                self.anchors[own or self.free(identifier(heading))] += 1
            self.anchors.update(spans(text))
        label = options(cell).get("label")
        self.anchors.update([label] if label else [])

    def free(self, name: str) -> str:
        "Number a heading's identifier that is taken, as Pandoc does."
        number = 0
        found = name
        while found in self.anchors:
            number += 1
            found = f"{name}-{number}"
        return found


def say(name: str, cell: dict, text: str) -> str:
    "Write a problem in one line: the page, the cell in its notebook, what to do."
    return (
        f"{name}, cell {re.sub(r'_doc[0-9]+$', '', cell.get('id', '?'))}: {' '.join(text.split())}"
    )


def text_of(output: dict, kind: str) -> str:
    "Return one representation of an output as a string."
    return "".join(output.get("data", {}).get(kind, ""))


def printed(output: dict) -> str:
    "Return all that a reader can read of an output."
    parts = [text_of(output, f"text/{kind}") for kind in ("plain", "html", "markdown")]
    return "".join(output.get("text", "")) + "".join(parts)


def shown(cell: dict) -> list:
    "List the texts of a cell that are read as Markdown or as HTML: (kind, text)."
    if cell["cell_type"] == "markdown":
        return [("markdown", cell["source"])]
    found = []
    for output in cell.get("outputs", []):
        kinds = [kind for kind in ("markdown", "html") if text_of(output, f"text/{kind}")]
        found += [(kind, text_of(output, f"text/{kind}")) for kind in kinds[:1]]
    return found


def options(cell: dict) -> dict:
    "Return the options that Quarto reads from the first lines of a code cell; under None, what it cannot read."
    if cell["cell_type"] != "code":
        return {}
    first = re.match(r"(?:#\|.*(?:\n|$))*", cell["source"])[0]
    try:
        found = yaml.safe_load(re.sub(r"^#\|", "", first, flags=re.M))
    except yaml.YAMLError:
        return {None: first}
    return found if isinstance(found, dict) else {}


class Site:
    "A tree in which nbdev has made the pages."

    def __init__(self, tree: Path):
        self.proc, self.nbs = tree / "_proc", tree / "nbs"
        found = [Page(path, self.proc) for path in notebooks.paths(self.proc)]
        self.pages = {page.name: page for page in found}
        self.outputs = {page.output: page for page in found}
        cfg = ConfigParser()
        cfg.read(tree / "settings.ini", encoding="utf-8")
        said = cfg["DEFAULT"]
        self.address = said["doc_host"] + said["doc_baseurl"]
        self.url = said.get("git_url", f"https://github.com/{said['user']}/{said['repo']}")
        self.branch, self.version = said["branch"], said.get("version", "")
        self.licence = LICENCES.get(said.get("license"), said.get("license", ""))

    def cells(self):
        "Go through the cells of all pages."
        for page in self.pages.values():
            for cell in page.cells:
                yield page, cell

    def notebooks(self):
        "Go through the notebooks: (name, path)."
        for path in notebooks.paths(self.nbs):
            yield path.relative_to(self.nbs).as_posix(), path
