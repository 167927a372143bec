"What must fit: pictures and code into the column, tables onto a phone, tutorials into their form. A line a problem."

import base64
import re
import struct

import yaml
from areas import FOLDERS

from . import notebooks
from .markdown import Tags, lines, links
from .pages import Site, say, shown

COLUMN = 860  # pixels of the column of text, as _quarto.yml has it
LINE = 88  # characters of code that fit into it
COLUMNS = 10  # of a table, the index among them; a wide one is a list on a phone, but a desk has to hold it
INSTALL = """#| eval: false
# Only in Colab: fetch the project and install it.
import sys
from pathlib import Path

if "google.colab" in sys.modules and not Path("../stored").exists():
    !git clone --depth 1 {url}
    !pip install --quiet ./{repo}
    %cd {repo}/nbs/tutorials"""
EXTRA = re.compile(r"^(    !pip install --quiet \./\w+)\[\w+\]$", flags=re.M)  # with what one tutorial needs besides
COLAB = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
BINDER = "[![Launch on Binder](https://mybinder.org/badge_logo.svg)]"
DIAGRAM = re.compile(r"^```mermaid\n.*?^```$", flags=re.M | re.S)
RULER = re.compile(r"^\s*\|?(?:\s*:?-{3,}:?\s*\|)+(?:\s*:?-{3,}:?\s*)?$")


def is_for_everybody(name: str) -> bool:
    "Tell the pages that everybody reads, home, chapters, tutorials, guides and results, from rooms."
    folder = name.rpartition("/")[0]
    return not folder or folder in FOLDERS


def png_width(output: dict) -> int:
    "Return how wide a browser shows the picture of an output, in pixels; 0 where there is none."
    data = output.get("data", {}).get("image/png")
    if not data:
        return 0
    said = output.get("metadata", {}).get("image/png", {}).get("width")
    if said:
        return int(said)
    header = base64.b64decode("".join(data)[:64])
    return struct.unpack(">I", header[16:20])[0] if header.startswith(b"\x89PNG") else 0


def check_picture_widths(site: Site) -> list:
    "No stored picture is wider than the column."
    found = []
    for page, cell in site.cells():
        for output in cell.get("outputs", []):
            width = png_width(output)
            if width > COLUMN:
                advice = "make figsize (inches) times dpi at most 820 and store the notebook again"
                text = f"its picture is {width} pixels wide, the column of text {COLUMN}; {advice}"
                found.append(say(page.name, cell, text))
    return found


def code_lines(cell: dict) -> list:
    "List the lines of code of a cell, without options and diagrams: (number, line)."
    if cell["cell_type"] == "code":
        numbered = enumerate(cell["source"].splitlines(), 1)
        return [(n, line) for n, line in numbered if not line.startswith("#|")]
    drawn = DIAGRAM.sub(lambda fence: "\n" * fence[0].count("\n"), cell["source"])
    return [(n, line) for n, (line, fenced) in enumerate(lines(drawn), 1) if fenced]


def check_code_widths(site: Site) -> list:
    "On the pages that everybody reads, no line of code is wider than the column."
    found = []
    for name, path in site.notebooks():
        if not is_for_everybody(name):
            continue
        for cell in notebooks.cells(path):
            for n, line in code_lines(cell):
                if len(line) > LINE:
                    text = f"line {n} of its code has {len(line)} characters, {LINE} fit; break it: {line.strip()[:40]}"
                    found.append(say(name, cell, text))
    return found


def columns(kind: str, text: str) -> int:
    "Return the number of columns of the widest table in a text, 0 if it has none."
    if kind == "html":
        return Tags(text).columns
    rulers = [line for line, fenced in lines(text) if not fenced and RULER.match(line)]
    return max([line.strip().strip("|").count("|") + 1 for line in rulers], default=0)


def check_tables(site: Site) -> list:
    "On the pages that everybody reads, no table has more columns than can be read."
    found = []
    for page, cell in site.cells():
        for kind, text in shown(cell) if is_for_everybody(page.name) else []:
            n = columns(kind, text)
            if n > COLUMNS:
                text = f"its table has {n} columns, {COLUMNS} can be read; show fewer, or transpose it with .T"
                found.append(say(page.name, cell, text))
    return found


def check_tutorials(site: Site) -> list:
    "Each tutorial has two badges, the cell that Colab needs, three exercises, and says where to go next."
    found = []
    for name, page in site.pages.items():
        if name.startswith("tutorials/"):
            texts = [cell["source"] for cell in page.cells if cell["cell_type"] == "markdown"]
            codes = [cell["source"].strip() for cell in page.cells if cell["cell_type"] == "code"]
            found += [f"{name}: {text}" for text in badges(name, texts, site) + install(codes, site) + ends(texts)]
    return found


def badges(name: str, texts: list, site: Site) -> list:
    "Say which badge a tutorial lacks."
    found = []
    owner = site.url.removeprefix("https://github.com/")
    for badge, address in (
        (COLAB, f"https://colab.research.google.com/github/{owner}/blob/{site.branch}/nbs/{name}"),
        (BINDER, f"https://mybinder.org/v2/gh/{owner}/{site.branch}?labpath=nbs/{name}"),
    ):
        if not any(f"{badge}({address})" in text for text in texts):
            found.append(f"lacks a badge; write {badge}({address})")
    return found


def install(codes: list, site: Site) -> list:
    "Say that a tutorial cannot be opened in Colab."
    wanted = INSTALL.format(url=site.url, repo=site.url.rpartition("/")[2])
    there = any("\n".join(wanted.splitlines()[1:]) in EXTRA.sub(r"\1", code) for code in codes)
    return [] if there else ["lacks the cell that installs the package in Colab; copy it from another tutorial"]


def section(texts: list, heading: str) -> str:
    "Return what stands below a heading, down to the next; None if there is no such heading."
    whole = "\n\n".join(texts)
    match = re.search(rf"^## {heading}\s*$(.*?)(?=^## |\Z)", whole, flags=re.M | re.S)
    return match[1] if match else None


def ends(texts: list) -> list:
    "Say what is wrong with the end of a tutorial."
    found = []
    exercises = section(texts, "Exercises")
    n = len(re.findall(r"^\d+\. ", exercises or "", flags=re.M))
    if n != 3:
        found.append(f"has {n} exercises; write three below '## Exercises', each beginning with its number: '1. '")
    onward = section(texts, "Where to go next")
    if onward is None or not links(onward):
        found.append("does not say where to go next; write '## Where to go next' and a link or two")
    return found


def check_looks(site: Site) -> list:
    "What _quarto.yml names beside pages is there, and its footer says version and licence."
    text = (site.proc / "_quarto.yml").read_text(encoding="utf-8")
    named = re.findall(r"(?<![\w/:.-])[\w/-]+\.(?:css|scss|html|svg|png|js)\b", text)
    found = [
        f"_quarto.yml: {name} is no file of the site; put it into nbs, or correct the name"
        for name in dict.fromkeys(named)
        if not (site.proc / name).is_file()
    ]
    footer = f"{site.version} · {site.licence}"
    if footer not in str(yaml.safe_load(text)["website"].get("page-footer")):
        found.append(f"_quarto.yml: its footer does not say {footer!r}, as settings.ini has it; correct it")
    return found


CHECKS = [check_picture_widths, check_code_widths, check_tables, check_tutorials, check_looks]
