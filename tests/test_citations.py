"The bibliography: each work that a page mentions is in it once, and is linked to where it can be read."

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from website import citations
from website.citations import cited, mentions, read_works, uses

NBS = ROOT / "nbs"
ARXIV = r"https://arxiv\.org/abs/\d{4}\.\d{4,5}"
ENTRY = """@article{key_%s,
  author = {%s},
  title = {T},
  journal = {J}, volume = {1}, number = {2}, pages = {3--4},
  year = {%s},
  doi = {10.1/a(b)},
}
"""


def test_each_mention_has_an_entry_and_each_entry_a_mention():
    works, used = read_works(NBS), uses(NBS)
    assert {key: pages for key, pages in used.items() if key not in works} == {}
    assert [each.key for key, each in works.items() if key not in used] == []


def test_entries_are_complete_and_in_order():
    works = read_works(NBS).values()
    for each in works:
        assert each.authors and each.title and each.venue and re.fullmatch(r"\d{4}[a-z]?", each.year), each
        assert re.match(rf"{ARXIV}$|https://doi\.org/10\.|https://|$", each.address), each
    keys = re.findall(r"^@\w+\{(\w+),$", (NBS / citations.FILE).read_text(encoding="utf-8"), flags=re.M)
    assert keys == sorted(keys) and len(keys) == len(works)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("(Ho et al. 2020, alg. 1)", [("Ho et al.", "2020")]),
        ("Naeem et al. (2020) count", [("Naeem et al.", "2020")]),
        ("Lim & Ye 2017; Miyato et al. 2018", [("Lim & Ye", "2017"), ("Miyato et al.", "2018")]),
        ("after Nadeau and\nBengio 2003", [("Nadeau & Bengio", "2003")]),
        ("Satterthwaite's (1946)", [("Satterthwaite", "1946")]),
        ("de Vries et al. 2017", [("de Vries et al.", "2017")]),
        ("Karras et al. 2020a", [("Karras et al.", "2020a")]),
        ("In 2024, on 3 May 2026, 2000 images of Linear(2048)", []),
    ],
)
def test_mentions_are_found_as_they_are_written(text, expected):
    assert [(names, year) for names, year, *_ in mentions(text)] == expected


def test_mentions_become_links_in_prose_alone(tmp_path):
    people = "Ada Lovelace and Charles Babbage", "Jan de Wit and A. B and C. D"
    text = "".join(ENTRY % (i, names, 1990 + i) for i, names in enumerate(people))
    (tmp_path / citations.FILE).write_text(text, encoding="utf-8")
    works = read_works(tmp_path)
    address = "https://doi.org/10.1/a%28b%29"
    assert works["Lovelace & Babbage", "1990"].venue == "J 1(2), 3–4"
    assert cited("see Lovelace and Babbage (1990).", works) == f"see [Lovelace and Babbage (1990)]({address})."
    assert cited("(de Wit et al. 1991)", works) == f"([de Wit et al. 1991]({address}))"
    for kept in (
        "`de Wit et al. 1991`",
        "# de Wit et al. 1991",
        "[de Wit et al. 1991](x)",
        "```\nde Wit et al. 1991\n```",
        "Text.\n\n    de Wit et al. 1991\n\n    de Wit et al. 1991",
        "- a\n\n        de Wit et al. 1991",
        "- a\n\nText.\n\n    de Wit et al. 1991",
        "Somebody 1999",
    ):
        assert cited(kept, works) == kept


@pytest.mark.parametrize(
    "text", ["- a\n    - {}", "1. a\n\n    1. b\n        - {}", "- a\n\n    {}", "- a\n\t- {}", "Text\n    {}"]
)
def test_what_is_indented_in_a_list_or_a_paragraph_is_prose(text, tmp_path):
    (tmp_path / citations.FILE).write_text(ENTRY % (0, "Ada Lovelace", 1990), encoding="utf-8")
    linked = "[Lovelace 1990](https://doi.org/10.1/a%28b%29)"
    assert cited(text.format("Lovelace 1990"), read_works(tmp_path)) == text.format(linked)


def test_two_works_of_one_name_and_year_are_refused(tmp_path):
    twice = "".join(ENTRY % (i, "Ada Lovelace", 1990) for i in range(2))
    (tmp_path / citations.FILE).write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match="key_0 and key_1 are both 'Lovelace 1990'.*2020a and 2020b"):
        read_works(tmp_path)
