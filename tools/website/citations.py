"""Mentions of works such as 'Ho et al. 2020', and the entries of `nbs/references.bib` that they name."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from pybtex.database import parse_file

from . import notebooks
from .markdown import LINK, blank, lines, masked

FILE = "references.bib"
NAME = r"(?:(?:de|van|von) )?[A-ZÀ-ÖØ-Þ][\w-]*\w"
NAMES = rf"{NAME}(?:\s(?:et al\.|(?:and|&)\s{NAME}))?"
YEAR = r"(?:18|19|20)\d\d[a-z]?"
MENTION = re.compile(rf"\b({NAMES})(?:['’]s)?,?\s(?:\(({YEAR})\)|({YEAR})\b)")
ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
NO_NAMES = re.compile(  # words that a year follows, too
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Copyright|In|Since|Until|Before|After|By|From|To|Of"
)


@dataclass(frozen=True)
class Work:
    "An entry of the bibliography."

    key: str
    names: str  # as a page writes them: "Holm", "Lim & Ye", "Ho et al."
    year: str  # with a letter where two works have the same names and year
    authors: str
    title: str
    venue: str
    address: str  # of its page at arXiv, behind its DOI, or elsewhere; empty if none is sure


def work(key: str, entry) -> Work:
    "Describe an entry of a .bib file."
    people = entry.persons["author"]
    last = [" ".join(person.prelast_names + person.last_names) for person in people]
    full = [" ".join([*person.first_names, *person.middle_names, name]) for person, name in zip(people, last)]
    fields = entry.fields
    names = f"{last[0]} et al." if len(last) > 2 else " & ".join(last)
    return Work(key, names, fields["year"], ", ".join(full), fields["title"], venue(fields), address(fields))


def venue(fields) -> str:
    "Say where a work appeared: a journal with volume and pages, a conference, a publisher."
    if "journal" not in fields:
        return fields.get("booktitle") or fields["howpublished"]
    return f"{fields['journal']} {fields['volume']}({fields['number']}), {fields['pages'].replace('--', '–')}"


def address(fields) -> str:
    "Return the address of a work: of arXiv, where everybody may read it, or else its DOI, or else its `url`."
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return f"https://doi.org/{quote(fields['doi'], safe='/:')}" if "doi" in fields else fields.get("url", "")


@cache
def read_works(nbs: Path) -> dict:
    "Read the bibliography: {(names, year): work}, in the order of names; raises `ValueError` for two alike."
    path = Path(nbs) / FILE
    entries = parse_file(path, encoding="utf-8").entries if path.is_file() else {}
    found = {}
    for each in sorted((work(key, entry) for key, entry in entries.items()), key=order):
        other = found.setdefault((each.names, each.year), each)
        if other is not each:
            pair = f"{other.key} and {each.key} are both '{each.names} {each.year}'"
            raise ValueError(f"{FILE}: {pair}; give their years letters, 2020a and 2020b")
    return found


def order(each: Work) -> tuple:
    "Sort works by name, then by year."
    return each.names.casefold(), each.year


def mentions(text: str) -> list:
    "List the mentions of works in plain text: (names, year, start, end)."
    found = []
    for match in MENTION.finditer(text):
        if not NO_NAMES.fullmatch(match[1]):
            names = " ".join(match[1].split()).replace(" and ", " & ")
            found.append((names, match[2] or match[3], *match.span()))
    return found


def code_lines(text: str) -> list:
    "Say of each line whether it is code, fenced or indented; the items of a list are indented, too: (line, is code)."
    found = []
    was_blank, was_code, in_list = True, False, False
    for line, fenced in lines(text):
        body = line.expandtabs(4).lstrip()
        indent = len(line.expandtabs(4)) - len(body)
        starts = indent >= (8 if in_list else 4) and not (in_list and ITEM.match(line))
        is_code = fenced or (bool(body) and starts and (was_blank or was_code))
        if body and not is_code and ITEM.match(line):
            in_list = True
        elif body and indent == 0 and (was_blank or body.startswith("#")):
            in_list = False
        if body:
            was_code = is_code and not fenced
        was_blank = not body
        found.append((line, is_code))
    return found


def readable(text: str) -> str:
    "Blank out of Markdown what is no prose: code, formulas, headings, links; the rest stays where it was."
    parts = []
    for line, is_code in code_lines(text):
        skipped = is_code or line.startswith(("#", ":::"))
        parts.append("·" * len(line) if skipped else line)
    return LINK.sub(blank, masked("\n".join(parts)))


def cited(text: str, works: dict) -> str:
    "Link the mentions of works in Markdown to where they can be read."
    parts = []
    end = 0
    for names, year, start, stop in mentions(readable(text)):
        known = works.get((names, year))
        if known and known.address:
            parts += [text[end:start], f"[{text[start:stop]}]({known.address})"]
            end = stop
    return "".join([*parts, text[end:]])


def uses(nbs: Path) -> dict:
    "Find the notebooks that mention each work, in text or in code: {(names, year): [page]}."
    found = {}
    for path in notebooks.paths(nbs):
        page = path.relative_to(nbs).as_posix()
        for cell in notebooks.cells(path):
            for names, year, *_ in mentions(cell["source"]):
                pages = found.setdefault((names, year), [])
                if page not in pages:
                    pages.append(page)
    return found
