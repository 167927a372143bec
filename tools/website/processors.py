"""What nbdev runs on every page, named in settings.ini by `procs`, instead of its own processors in `skip_procs`.

nbdev's own documentation of symbols executes the exported cells and shows a signature as commented code; these read the
source and execute nothing. nbdev's own links go by name alone and into fenced code; these link what is sure.
"""

import os
import re
from functools import cache
from pathlib import Path

from execnb.nbio import mk_cell
from nbdev.config import get_config
from nbdev.process import Processor

from . import live, notebooks
from .citations import cited, read_works
from .markdown import CODE, LINK, headings, identifier, lines, masked
from .signatures import constants, markdown, symbols

LONG = 45  # lines of constants that a page shows; more are folded
FOLD = '#| code-fold: true\n#| code-summary: "Exported source"\n'


class Documentation(Processor):
    "Before each exported cell, put the documentation of what it defines, and fold its source."

    def begin(self):
        "Replace the cells of a page."
        taken = anchors(self.nb.cells)
        module = notebooks.module(Path(self.nb.path_))
        for cell in self.nb.cells:
            if cell.cell_type == "markdown" and cell.source:
                cell.source = move_headings(cell.source, taken)
        self.nb.cells = [new for cell in self.nb.cells for new in documented(cell, module)]


def anchors(cells: list) -> set:
    "Return the places that the symbols of a page take."
    found = [symbol for cell in cells if is_public(cell) for symbol in symbols(cell.source)]
    return {each.anchor for symbol in found for each in [symbol, *symbol.methods]}


def is_public(cell) -> bool:
    "Say whether a cell exports what belongs to the documentation."
    return cell.cell_type == "code" and bool(notebooks.PUBLIC & set(cell.directives_ or {}))


def move_headings(text: str, taken: set) -> str:
    "Give a heading such as 'Flip' a place of its own where the function `flip` has that place."
    found = []
    for line, fenced in lines(text):
        heading = [] if fenced else headings(line)
        name = identifier(heading[0][0]) if heading and not heading[0][1] else ""
        found.append(f"{line} {{#about-{name}}}" if name in taken else line)
    return "\n".join(found)


def documented(cell, module: str) -> list:
    "Return what a page has in the place of a cell."
    kinds = set(cell.directives_ or {})
    if cell.cell_type != "code" or not kinds & {*notebooks.EXPORTED, "default_exp"}:
        return [cell]
    statements = {type(statement).__name__ for statement in notebooks.parsed(cell.source)}
    if statements <= {"Import", "ImportFrom"}:
        return []
    found = [live.completed(s, module) for s in symbols(cell.source)] if is_public(cell) else []
    if found and statements <= {"Assign", "AnnAssign"} and len(cell.source.splitlines()) <= LONG:
        return [mk_cell(constants(found, cell.source), "markdown", id=f"{cell.id}_doc0")]
    cell.source = FOLD + cell.source
    shown = [
        mk_cell(markdown(symbol), "markdown", id=f"{cell.id}_doc{i}")
        for i, symbol in enumerate(found)
    ]
    return [*shown, cell]


class Links(Processor):
    "Link words in backticks to the symbols of this package that they name."

    def begin(self):
        "Find out which page this is."
        nbs = Path(get_config().nbs_path)
        self.page = Path(self.nb.path_).resolve().relative_to(nbs.resolve()).as_posix()
        self.index = index(nbs, get_config().lib_name)

    def cell(self, cell):
        "Link the words of one cell."
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, self.index, self.page)


def citations(cell):
    "Link each 'Ho et al. 2020' to the work itself."
    if cell.cell_type == "markdown":
        cell.source = cited(cell.source, read_works(Path(get_config().nbs_path)))


def mermaid(cell):
    "Turn the fences that JupyterLab and GitHub draw into Quarto's."
    if cell.cell_type == "markdown":
        cell.source = re.sub(r"^(\s*```)mermaid\s*$", r"\1{mermaid}", cell.source, flags=re.M)


class Index:
    "Where the public symbols and the modules of the package are documented."

    def __init__(self, nbs: Path, package: str):
        self.package = package
        self.modules = {}  # module -> page
        self.places = {}  # name -> [(module, page, anchor)]
        self.doubtful = (
            set()
        )  # names that have another meaning: of parameters, commands and modules
        for path in notebooks.paths(nbs):
            module = notebooks.module(path)
            page = path.relative_to(nbs).as_posix()
            if module:
                self.modules[module] = page
                self.doubtful.update(module.split("."))
                self.add(path, module, page)

    def add(self, path: Path, module: str, page: str):
        "Enter the symbols of one notebook."
        for cell in notebooks.exported(path):
            for symbol in symbols(cell["source"]):
                self.doubtful.update(p.name.lstrip("*") for p in symbol.parameters)
                if symbol.command:
                    self.doubtful.add(symbol.name.replace("_", "-"))  # as it is typed
                elif notebooks.is_public(cell["source"]):
                    for each in [symbol, *symbol.methods]:
                        self.places.setdefault(each.name, []).append((module, page, each.anchor))

    def find(self, word: str, page: str) -> str | None:
        "Return the address of what a word on a page names, page#anchor, or None where that is not sure."
        name = word.removesuffix("()").removeprefix(f"{self.package}.")
        full = word.startswith(f"{self.package}.")
        if full and name in self.modules:
            return self.modules[name]
        places = self.places.get(name) or self.qualified(name)
        own = [place for place in places if place[1] == page]
        places = own or places
        if len(places) != 1 or not (full or own or self.is_sure(word)):
            return None
        return None if name in self.doubtful else f"{places[0][1]}#{places[0][2]}"

    def qualified(self, name: str) -> list:
        "List the places of `area.name`, `area.room.name` and `area.Class.name`."
        found = []
        words = name.split(".")
        for n in range(1, len(words)):
            area, rest = ".".join(words[:n]), ".".join(words[n:])
            found += [
                place
                for place in self.places.get(rest, [])
                if f"{place[0]}.".startswith(f"{area}.")
            ]
        return found

    def is_sure(self, word: str) -> bool:
        "Say whether a word can only be a name; `steps` can be a number of steps, `study.table` that of a variable."
        last = word.removesuffix("()").rpartition(".")[2]
        called = word.endswith("()") and "." not in word
        return called or "_" in last or last != last.lower() or word[0].isupper()


@cache
def index(nbs: Path, package: str) -> Index:
    "Read all notebooks once."
    return Index(nbs, package)


def linked(text: str, index: Index, page: str) -> str:
    "Link the words in backticks of a text, outside of fences, headings, links and what is indented like code."
    found = []
    for line, fenced in lines(text):
        skipped = fenced or line.startswith(("    ", "\t", "#", ":::"))
        found.append(line if skipped else linked_line(line, index, page))
    return "\n".join(found)


def linked_line(line: str, index: Index, page: str) -> str:
    "Link the words in backticks of one line."
    taken = [match.span() for match in LINK.finditer(masked(line))]
    parts = []
    end = 0
    for match in CODE.finditer(line):
        inside = any(start <= match.start() < stop for start, stop in taken) or line[
            match.end() :
        ].startswith("]{#")
        address = None if inside or len(match[1]) > 1 else index.find(match[2], page)
        if address:
            parts += [line[end : match.start()], f"[{match[0]}]({relative(address, page)})"]
            end = match.end()
    return "".join([*parts, line[end:]])


def relative(address: str, page: str) -> str:
    "Write an address as seen from a page."
    target, mark, anchor = address.partition("#")
    if target == page:
        return mark + anchor or Path(page).name
    return os.path.relpath(target, Path(page).parent).replace(os.sep, "/") + mark + anchor
