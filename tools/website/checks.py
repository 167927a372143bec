"What must be true of the pages that Quarto gets. Each problem is one line: the page, the cell, what to do."

import ast
import builtins
import posixpath
import re
from urllib.parse import unquote

from . import looks, notebooks
from .citations import FILE, mentions, read_works, readable
from .markdown import CODE, Tags, blocks, links, pictures
from .pages import Page, Site, options, printed, say, shown
from .signatures import symbols

LINK_IN_CODE = re.compile(r"\[[^\[\]]*\]\((?:https?://|[\w./-]+\.(?:ipynb|html|qmd)|#[\w.-]+\))")
WARNING = re.compile(r"\b\w*Warning\b\s*:")
PROGRESS = re.compile(r"<progress|progress-bar|\d+%\s?\|[█▏▎▍▌▋▊▉ ]|\bit/s\b|\r(?!\n)")
DIAGRAM = re.compile(r"^```\{?mermaid\}?\s*\n(.*?)^```", flags=re.M | re.S)
LATER = "web/"  # what `make docs` puts beside the pages when they are made
PICTURES = {"image/png", "image/jpeg", "image/svg+xml", "image/gif", "image/webp"}
DEFINITIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
IMPORTS = ast.Import, ast.ImportFrom
LEAVE = "leave `procs` and `skip_procs` in settings.ini as they are"


def check_pages(site: Site) -> list:
    "Each notebook is a page, and no two pages have one address or one title."
    found = []
    taken = {}
    for name, _ in site.notebooks():
        page = site.pages.get(name)
        if page is None:
            found.append(f"{name}: nbdev made no page of it; delete _proc and run again")
            continue
        for what, value in (("address", page.output), ("title", page.front.get("title"))):
            other = taken.setdefault((what, value), name)
            if other != name:
                found.append(f"{name}: has the {what} of {other}, {value!r}; rename one of them")
    return found


def check_first_cells(site: Site) -> list:
    "The first cell has a title and one line for its description: nbdev drops what else is there."
    found = []
    for name, path in site.notebooks():
        first = next(
            (cell for cell in notebooks.cells(path) if cell["cell_type"] == "markdown"),
            {"source": ""},
        )
        lines = [line for line in first["source"].splitlines() if line.strip()]
        if not lines or not re.match(r"#\s+\S", lines[0]):
            found.append(
                say(name, first, "begin with a text cell that holds '# title' and '> one sentence'")
            )
            continue
        rest = lines[2:] if lines[1:] and lines[1].startswith("> ") else lines[1:]
        if rest:
            text = f"nbdev drops what follows title and description; move {rest[0][:40]!r} to a second cell"
            found.append(say(name, first, text))
    return found


def check_import_cells(site: Site) -> list:
    "In a notebook that exports, a cell with imports needs no cell before it: nbdev may execute it alone."
    found = []
    for name, path in site.notebooks():
        for cell in notebooks.cells(path) if notebooks.module(path) else []:
            needed = ", ".join(sorted(needed_before(cell))[:3])
            if needed:
                text = f"it imports, and needs {needed} from cells before it; put the imports into a cell of their own"
                found.append(say(name, cell, text))
    return found


def check_outputs_of_imports(site: Site) -> list:
    "A cell that only imports has no stored output: one that it has is left from other code."
    found = []
    for name, path in site.notebooks():
        for cell in notebooks.cells(path):
            body = notebooks.parsed(cell["source"]) if cell.get("outputs") else []
            if body and all(isinstance(statement, IMPORTS) for statement in body):
                found.append(say(name, cell, "it only imports, but has an output; run the notebook again"))
    return found


def needed_before(cell: dict) -> set:
    "Return the names that a cell with imports takes from cells before it."
    if cell["cell_type"] != "code" or notebooks.EXPORTED & set(
        notebooks.directives(cell["source"])
    ):
        return set()
    body = notebooks.parsed(cell["source"])
    if not any(isinstance(statement, IMPORTS) for statement in body):
        return set()
    nodes = [node for statement in body for node in ast.walk(statement)]
    used = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return used - bound(nodes) - set(dir(builtins))


def bound(nodes: list) -> set:
    "Return the names that some statements give a value."
    found = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found |= {
        node.name
        for node in nodes
        if isinstance(node, (*DEFINITIONS, ast.ExceptHandler)) and node.name
    }
    found |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, IMPORTS):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return found


def check_symbols(site: Site) -> list:
    "Each public symbol is documented at one place of its page, and its source is below it, folded."
    found = []
    for name, path in site.notebooks():
        page = site.pages.get(name)
        by_id = {cell.get("id"): cell for cell in page.cells} if page else {}
        for cell in notebooks.exported(path) if page else []:
            if "hide" in notebooks.directives(cell["source"]):
                continue
            found += undocumented(page, cell)
            defines = any(
                isinstance(node, DEFINITIONS) for node in notebooks.parsed(cell["source"])
            )
            if defines and options(by_id.get(cell["id"], cell)).get("code-fold") is not True:
                found.append(say(name, cell, f"its source is not folded; {LEAVE}"))
    return found


def undocumented(page: Page, cell: dict) -> list:
    "List the symbols of a cell that their page does not show, or at two places."
    found = []
    for symbol in symbols(cell["source"]) if notebooks.is_public(cell["source"]) else []:
        page.symbols[symbol.anchor] = symbol.name
        places = page.anchors[symbol.anchor]
        if not places:
            found.append(say(page.name, cell, f"{symbol.name} has no place on its page; {LEAVE}"))
        elif places > 1:
            text = f"#{symbol.anchor} is on its page {places} times; define it once, or rename the heading that has it"
            found.append(say(page.name, cell, text))
    return found


def check_links(site: Site) -> list:
    "Each link to a page or a file of the site has its end there."
    found = []
    for page, cell in site.cells():
        for kind, text in shown(cell):
            for address, word in links(text) if kind == "markdown" else Tags(text).links:
                problem = broken(address, word, page, site)
                if problem:
                    found.append(say(page.name, cell, problem))
    return found


def broken(address: str, word: str, page: Page, site: Site) -> str:
    "Say what is wrong with a link, or nothing."
    if address.startswith(site.address):
        return f"links to {address}; write the notebook's name instead, which works before the site is up, too"
    if re.match(r"[a-z][a-z+.-]*:|//", address):
        return ""
    path, _, anchor = unquote(address).partition("#")
    name = (
        path.lstrip("/")
        if path.startswith("/")
        else posixpath.normpath(posixpath.join(page.folder, path))
    )
    target = page if not path else site.pages.get(name, site.outputs.get(name))
    if target is None:
        if name.startswith(LATER):
            return ""
        is_file = not name.startswith("..") and (site.proc / name).is_file()
        return (
            ""
            if is_file
            else f"links to {address}, which is no page and no file of the site; correct or remove it"
        )
    if anchor and anchor not in target.anchors:
        near = [other for other in target.anchors if other.lower().startswith(anchor.lower()[:5])]
        there = ", ".join(f"#{other}" for other in near[:3]) or "no place of a like name"
        return (
            f"links to {address}, but {target.name} has no #{anchor}; correct it (there is {there})"
        )
    return other_thing(word, anchor, target)


def other_thing(word: str, anchor: str, target: Page) -> str:
    "Say that a word in backticks is linked to a symbol of another name, or nothing."
    code = CODE.fullmatch(word.strip())
    if not code or anchor not in target.symbols:
        return ""
    name = code[2].split("(")[0]
    symbol = target.symbols[anchor]
    agrees = name == symbol or name.endswith(f".{symbol}") or symbol.endswith(f".{name}")
    return (
        ""
        if agrees
        else f"links `{name}` to {symbol}, another thing; link it to what it means, or not at all"
    )


def check_pictures(site: Site) -> list:
    "Each picture has a text for those who do not see it."
    found = []
    for page, cell in site.cells():
        for kind, text in shown(cell):
            seen = pictures(text) if kind == "markdown" else Tags(text).pictures
            nameless = [address[:60] for address, alt in seen if not alt.strip()]
            found += [
                say(page.name, cell, f"{p} has no alt text; write ![what is to be seen]({p})")
                for p in nameless
            ]
            gone = [address[:60] for address, _ in seen if missing(address, page, site)]
            advice = "which is no file of the site; add it, or correct the path"
            found += [say(page.name, cell, f"shows {p}, {advice}") for p in gone]
            found += [say(page.name, cell, problem) for problem in diagrams(text)]
        drawn = [
            output for output in cell.get("outputs", []) if PICTURES & set(output.get("data", {}))
        ]
        if drawn and not options(cell).get("fig-alt"):
            text = 'its picture has no alt text; add the line #| fig-alt: "what is to be seen"'
            found.append(say(page.name, cell, text))
    return found


def missing(address: str, page: Page, site: Site) -> bool:
    "Tell whether a picture is named that is not there."
    if re.match(r"[a-z][a-z+.-]*:|//", address):
        return False
    return not (
        site.proc / posixpath.normpath(posixpath.join(page.folder, unquote(address)))
    ).is_file()


def diagrams(text: str) -> list:
    "List the problems of Mermaid diagrams."
    found = []
    for diagram in DIAGRAM.findall(text):
        if not re.search(r"^\s*accDescr\s*[:{]|fig-alt:", diagram, flags=re.M):
            found.append(
                "its diagram has no alt text; add a second line 'accDescr: what is to be seen'"
            )
    if re.search(r"^\s*```mermaid", text, flags=re.M):
        found.append("Quarto does not draw its diagram; move it to a text cell")
    return found


def check_outputs(site: Site) -> list:
    "No stored output is an error, a warning or a progress bar."
    found = []
    for page, cell in site.cells():
        for output in cell.get("outputs", []):
            text = printed(output)
            if output["output_type"] == "error":
                found.append(
                    say(page.name, cell, "its output is an error; correct the code and run again")
                )
            elif PROGRESS.search(text):
                found.append(
                    say(
                        page.name,
                        cell,
                        "its output has a progress bar; switch that off and run again",
                    )
                )
            elif output.get("name") == "stderr" or WARNING.search(text):
                warning = f"its output has a warning, {text.strip()[:60]!r}; remove the cause and run again"
                found.append(say(page.name, cell, warning))
    return found


def check_code(site: Site) -> list:
    "No link is written into code, no docstring is Python's own, and Quarto can read the options of cells."
    found = []
    for page, cell in site.cells():
        texts = [text for kind, text in shown(cell) if kind == "markdown"]
        for match in LINK_IN_CODE.finditer("\n".join(map(blocks, texts))):
            text = f"has the link {match[0][:60]} inside code, where its brackets show; take it out"
            found.append(say(page.name, cell, text))
        if any(
            "Call self as a function" in text
            for text in [*texts, *map(printed, cell.get("outputs", []))]
        ):
            found.append(
                say(
                    page.name,
                    cell,
                    "says 'Call self as a function'; give what it documents a docstring",
                )
            )
        if cell["cell_type"] == "code" and re.search(r"^show_doc\(", cell["source"], flags=re.M):
            found.append(
                say(
                    page.name,
                    cell,
                    "calls show_doc; take that out, pages document what they export anyway",
                )
            )
        unreadable = options(cell).get(None)
        if unreadable:
            text = f"Quarto cannot read {unreadable!r}; put the text in double quotes, in one line"
            found.append(say(page.name, cell, text))
    return found


def check_citations(site: Site) -> list:
    "Each work that a page mentions is in the bibliography, which links it."
    works = read_works(site.nbs)
    found = []
    for page, cell in site.cells():
        text = readable(cell["source"]) if cell["cell_type"] == "markdown" else ""
        for names, year, *_ in mentions(text):
            if (names, year) not in works:
                advice = f"which nbs/{FILE} does not have; add it there, or write names and year as it does"
                found.append(say(page.name, cell, f"mentions {names} {year}, {advice}"))
    return found


def check_site_file(site: Site) -> list:
    "What _quarto.yml names is there."
    text = (site.proc / "_quarto.yml").read_text(encoding="utf-8")
    named = re.findall(r"[\w./-]+\.(?:ipynb|qmd)\b", text)
    return [
        f"_quarto.yml: {name} is no page; correct or remove it"
        for name in named
        if name not in site.pages
    ]


CHECKS = [  # `check_symbols` comes before `check_links`, which asks it what is a symbol
    check_pages,
    check_first_cells,
    check_import_cells,
    check_outputs_of_imports,
    check_symbols,
    check_links,
    check_pictures,
    check_outputs,
    check_code,
    check_citations,
    check_site_file,
    *looks.CHECKS,
]


def problems(site: Site) -> list:
    "List what is wrong with a site."
    return [problem for check in CHECKS for problem in check(site)]
