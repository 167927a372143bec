"The documentation site: nbdev makes its pages without Quarto, and they are as Quarto needs them."

import ast
import base64
import json
import re
import runpy
import struct
import sys
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import architecture
import card
import house
import sidebar
from website import build, checks, looks, markdown, signatures
from website.pages import Site
from website.processors import Index, linked, relative

NAME = "gan_augmentation"
SETTINGS = """[DEFAULT]
lib_name = made_up
repo = made_up
user = nobody
title = made_up
description = A made-up package
branch = main
doc_host = https://nobody.github.io
doc_baseurl = /made_up
nbs_path = nbs
recursive = True
custom_sidebar = True
version = 0.1.0
license = apache2
"""
QUARTO = f"project:\n  type: website\nwebsite:\n{sidebar.BEGIN}{sidebar.END}metadata-files: [nbdev.yml]\n"
FOOTER = """  favicon: gone.svg
  page-footer:
    left: "0.0.9 · Apache-2.0"
"""


def cell(name: str, source: str, *outputs) -> dict:
    "Write a code cell with its outputs, or a text cell if the source begins with 'text:'."
    if source.startswith("text:"):
        return dict(cell_type="markdown", id=name, metadata={}, source=source.removeprefix("text:"))
    return dict(
        cell_type="code",
        id=name,
        metadata={},
        source=source,
        execution_count=1,
        outputs=list(outputs),
    )


def notebook(path: Path, *cells):
    "Write a notebook."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5)), encoding="utf-8"
    )


def result(kind: str, content: str) -> dict:
    "Write an output of a cell."
    return dict(output_type="execute_result", data={kind: content}, metadata={}, execution_count=1)


def png(width: int) -> str:
    "Write the beginning of a PNG, which says how wide it is."
    header = struct.pack(">I4sII", 13, b"IHDR", width, 10)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + header + bytes(32)).decode()


def stream(name: str, text: str) -> dict:
    "Write what a cell has printed."
    return dict(output_type="stream", name=name, text=text)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    "Make the pages of this project."
    where = tmp_path_factory.mktemp("site") / "project"
    return build.process(ROOT, where), Site(where / "tree")


def test_nbdev_makes_the_pages_without_a_complaint(made):
    done, _ = made
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not any(word in said for word in ("Error", "Traceback", "Warning", "Found cells")), said


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_the_pages_are_what_quarto_needs(made, check):
    _, site = made
    found = check(site)
    assert not found, "\n".join(["", *found])


def test_every_page_is_in_the_sidebar():
    found = sidebar.problems(ROOT)
    assert not found, "\n".join(["", *found])


def test_the_home_page_shows_the_architecture_of_the_code():
    assert architecture.problems(ROOT, NAME) == []


# What follows looks at the tools themselves, with notebooks made up for it.

GOOD = """#| export
def long_tail(
    images,          # of each class, *most* first
    factor: int|str=10, # a number, or a name in `WAYS`
    *,
    seed=0,
) -> dict:           # class -> images
    "Thin out as `apportion` says; raises what `Filter` raises."

class Filter(dict):
    "Choose among images."
    def fit(self, data): return self # learn from data

def apportion(total): "Share out."

def steps(n): "Count steps."
"""


@pytest.fixture(scope="session")
def made_up(tmp_path_factory):
    "Make the pages of a made-up project with one of each fault."
    root = tmp_path_factory.mktemp("made_up") / "root"
    nbs = root / "nbs"
    title = cell("t0", "text:# Home\n\n> What it is for.")
    diagram = "text:```mermaid\nflowchart LR\n  accDescr: core, then data\n  core --> data\n```"
    plain = "`data`, `steps`, `core()`, `core.arrays`, `core.steps`, `total`, `n`"
    words = f"{plain}, `core.arrays.long_tail`, `made_up.core`, `long_tail`, `Filter.fit`, [`Filter`](x.md)"
    notebook(
        nbs / "index.ipynb",
        title,
        cell("t1", diagram),
        cell("t2", f"text:{words}\n\n    `long_tail`"),
        cell("t3", "text:```python\n`long_tail`\n```"),
    )
    notebook(
        nbs / "00_core.ipynb",
        cell("c0", "text:# Core"),
        cell("c1", "#| default_exp core.__init__"),
        cell(
            "c3",
            "#| export\nimport lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__)",
        ),
        cell(
            "c2", "text:See [rooms](00_core/00_arrays.ipynb#long_tail), `apportion`, `apportion()`."
        ),
    )
    notebook(
        nbs / "00_core/00_arrays.ipynb",
        cell("r0", "text:# Core: arrays\n\n> Of numbers."),
        cell("r1", "#| default_exp core.arrays"),
        cell("r2", "#| export\nimport os"),
        cell("r3", GOOD),
        cell("r4", "#| exports\nWAYS = dict( # how\n    log = 1,\n)\nMOST = 5"),
        cell("r5", "text:## Long tail"),
        cell("r6", "text:## `apportion`\n\nand `apportion`"),
        cell("r7", "#| exporti\ndef helper(): pass"),
    )
    picture = result("image/png", "aGVsbG8=")
    notebook(
        nbs / "01_bad.ipynb",
        cell("b0", "text:# Home\n\n> One line.\n\nAnd more."),
        cell("b1", "#| default_exp bad"),
        cell("b2", "import os\nprint(os.sep, hello)"),
        cell("b3", "text:[there](00_core.ipynb#nowhere)"),
        cell("b4", "text:[gone](02_gone) and [site](https://nobody.github.io/made_up/core.html)"),
        cell("b5", "text:[`Filter`](00_core/00_arrays.ipynb#apportion)"),
        cell("b6", "text:![](x.png)"),
        cell("b7", "plot()", picture),
        cell("b8", '#| fig-alt: "two lines: up and down"\nplot()', picture),
        cell("b9", "#| fig-alt: two lines: up\nplot()"),
        cell("b10", "f()", stream("stderr", "oh")),
        cell("b11", "g()", stream("stdout", "  5%|█   ")),
        cell("b12", "h()", result("text/markdown", "```python\nf([`x`](core.html#x))\n```")),
        cell("b15", "show_doc(f)"),
        cell("b13", "i()", result("text/plain", "Call self as a function.")),
        cell("b14", "text:```mermaid\nflowchart LR\n  a --> b\n```"),
        cell("b16", "text:![a picture](gone.png)"),
        cell("b17", "text:As Nobody & Noone 2020 say."),
        cell("b19", f"#| fig-alt: wide\n# {'x' * 87}\nplot()", result("image/png", png(861))),
        cell("b20", "import os\nfrom sys import path", stream("stdout", "of before")),
        cell("b18", f"text:```sh\nls\nls {'x' * 90}\n```\n\n|{'a|' * 11}\n|{'---|' * 11}\n|{'1|' * 11}"),
    )
    notebook(
        nbs / "tutorials/00_bad.ipynb",
        cell("u0", "text:# A tutorial"),
        cell("u1", "text:## Exercises\n\n1. Do this.\n2. Do that.\n\n## Where to go next\n\nNowhere."),
    )
    (nbs / "x.png").touch()
    (root / "tools").mkdir()
    (root / "tools/website").symlink_to(ROOT / "tools/website")
    settings = (ROOT / "settings.ini").read_text().splitlines()
    procs = [line for line in settings if line.startswith(("procs", "skip_procs"))]
    (root / "settings.ini").write_text(SETTINGS + "\n".join(procs))
    (root / "_quarto.yml").write_text(QUARTO.replace("metadata", f"{FOOTER}# 09_no.ipynb\nmetadata"))
    (nbs / "_quarto.yml").symlink_to("../_quarto.yml")
    done = build.process(root, root.parent / "made")
    assert done.returncode == 0, done.stdout + done.stderr
    return Site(root.parent / "made/tree")


def page(site: Site, name: str) -> dict:
    "Return the sources of a page: {cell id: source}."
    return {cell["id"]: cell["source"] for cell in site.pages[name].cells}


def test_each_fault_is_one_line_that_names_page_and_cell(made_up):
    found = checks.problems(made_up)
    assert not [line for line in found if "\n" in line]
    expected = {
        "index.ipynb, cell t2": "links to x.md, which is no page",
        "index.ipynb": "has the title of 01_bad.ipynb",
        "01_bad.ipynb, cell b0": "move 'And more.' to a second cell",
        "01_bad.ipynb, cell b2": "needs hello from cells before it",
        "01_bad.ipynb, cell b3": "00_core.ipynb has no #nowhere",
        "01_bad.ipynb, cell b4": "links to 02_gone, which is no page",
        "01_bad.ipynb, cell b5": "links `Filter` to apportion, another thing",
        "01_bad.ipynb, cell b6": "x.png has no alt text",
        "01_bad.ipynb, cell b16": "shows gone.png, which is no file of the site",
        "01_bad.ipynb, cell b7": "its picture has no alt text",
        "01_bad.ipynb, cell b9": "Quarto cannot read '#| fig-alt: two lines: up",
        "01_bad.ipynb, cell b10": "its output has a warning, 'oh'",
        "01_bad.ipynb, cell b11": "its output has a progress bar",
        "01_bad.ipynb, cell b12": "inside code, where its brackets show",
        "01_bad.ipynb, cell b13": "says 'Call self as a function'",
        "01_bad.ipynb, cell b15": "calls show_doc",
        "01_bad.ipynb, cell b14": "its diagram has no alt text",
        "01_bad.ipynb, cell b17": "mentions Nobody & Noone 2020, which nbs/references.bib does not have",
        "01_bad.ipynb, cell b19": "its picture is 861 pixels wide, the column of text 860; make figsize",
        "01_bad.ipynb, cell b20": "it only imports, but has an output",
        "01_bad.ipynb, cell b18": "line 3 of its code has 93 characters, 88 fit",
        "tutorials/00_bad.ipynb": "has 2 exercises",
        "_quarto.yml": "09_no.ipynb is no page",
    }
    for where, what in expected.items():
        assert any(line.startswith(f"{where}: ") and what in line for line in found), (
            f"{where}: {what}"
        )
    more = [
        "https://nobody.github.io/made_up/core.html",
        "01_bad.ipynb, cell b19: line 2 of its code has 89 characters",
        "01_bad.ipynb, cell b18: its table has 11 columns, 10 can be read",
        "lacks a badge; write [![Open in Colab]",
        "?labpath=nbs/tutorials/00_bad.ipynb)",
        "tutorials/00_bad.ipynb: lacks the cell that installs the package in Colab",
        "tutorials/00_bad.ipynb: does not say where to go next",
        "_quarto.yml: gone.svg is no file of the site",
        "_quarto.yml: its footer does not say '0.1.0 · Apache-2.0'",
    ]
    for text in more:
        assert any(text in line for line in found), text
    assert {line.split(":")[0] for line in found} == set(expected)


@pytest.mark.parametrize("text", ["", "  page-footer:\n    left: '0.0.9 · X'\n", "# page-footer: 0.1.0 · X\n"])
def test_a_site_without_its_footer_is_refused(text, tmp_path):
    site = SimpleNamespace(proc=tmp_path, version="0.1.0", licence="X")
    start = "website:\n  title: a\n"
    (tmp_path / "_quarto.yml").write_text(f"{start}  page-footer:\n    left: 'a 0.1.0 · X'\n", encoding="utf-8")
    assert looks.check_looks(site) == []
    (tmp_path / "_quarto.yml").write_text(start + text, encoding="utf-8")
    assert ["its footer does not say '0.1.0 · X'" in line for line in looks.check_looks(site)] == [True]


def test_rooms_may_have_longer_lines_and_a_picture_says_how_wide_it_is_shown():
    assert [looks.is_for_everybody(name) for name in ("index.ipynb", "07_evaluate.ipynb", "guides/05_faq.ipynb")]
    assert not looks.is_for_everybody("07_evaluate/01_intervals.ipynb")
    output = result("image/png", png(1600))
    assert looks.png_width(output) == 1600
    output["metadata"] = {"image/png": {"width": 800}}
    assert looks.png_width(output) == 800
    assert looks.png_width(result("text/plain", "1")) == 0


def colours(css: str, selector: str) -> dict:
    "Return the colours that a rule gives names: {name: (red, green, blue)}."
    rule = css.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    found = re.findall(r"--([\w-]+): #(..)(..)(..);", rule)
    return {name: [int(part, 16) for part in parts] for name, *parts in found}


def luminance(colour) -> float:
    "Return the relative luminance of a colour, as WCAG 2 defines it."
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other) -> float:
    "Return the contrast of two colours, as WCAG 2 defines it."
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("selector", ["\nbody", "body.quarto-dark"])
def test_code_names_of_columns_and_diagrams_can_be_read_in_light_and_dark(selector):
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)
    named = colours((ROOT / "nbs/styles.css").read_text(encoding="utf-8"), selector)
    pairs = [("code-ink", "code-ground"), ("code-ink", "page"), ("code-link", "code-ground"), ("note", "page")]
    pairs.append(("navbar-ink", "navbar-ground"))
    grounds = "node-bg-color", "fg-color--lightest", "label-bg-color"
    pairs += [("mermaid-label-fg-color", f"mermaid-{ground}") for ground in grounds] + [("mermaid-edge-color", "page")]
    for ink, ground in pairs:
        found = contrast(named[ink], named[ground])
        assert found >= 4.5, f"{selector} --{ink} on --{ground}: the contrast is {found:.1f}, it must be 4.5"


def test_the_card_is_what_its_script_draws_and_networks_accept():
    stored = Image.open(ROOT / "nbs/site/card.png")
    assert stored.size == (1200, 630) and (ROOT / "nbs/site/card.png").stat().st_size < 300_000
    difference = ImageStat.Stat(ImageChops.difference(stored, card.card()))  # letters differ by the version of Pillow
    assert max(difference.mean) < 1, "run python tools/card.py"


def closure(names: list) -> set:
    "List distributions and all that they need, by their plain names."
    found = set()
    while names:
        name = canonicalize_name(names.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        names += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def binder(lines: list) -> set:
    "List the distributions that Binder installs."
    said = ConfigParser()
    said.read(ROOT / "settings.ini", encoding="utf-8")
    asked = said["DEFAULT"]["requirements"].split()
    for line in lines:
        extras = re.fullmatch(r"-e \.(?:\[([\w,]+)\])?", line)
        if extras:
            for extra in filter(None, (extras[1] or "").split(",")):
                asked += said["DEFAULT"][f"{extra}_requirements"].split()
        elif line and not line.startswith("-"):
            asked.append(line)
    return closure([Requirement(text).name for text in asked])


def test_binder_installs_what_the_tutorials_import():
    lines = (ROOT / "binder/requirements.txt").read_text().splitlines()
    assert any(re.match(r"-e \.(\[|$)", line) for line in lines)
    homes = metadata.packages_distributions()
    there = binder(lines)
    missing = []
    for path in sorted((ROOT / "nbs/tutorials").glob("*.ipynb")):
        for name in sorted(imported_anywhere(path) - sys.stdlib_module_names - {NAME}):
            if not there & {canonicalize_name(home) for home in homes.get(name, [name])}:
                missing.append(f"{path.name}: {name}")
    assert not missing, f"add to binder/requirements.txt what {missing} import"
    assert "tensorboard" not in binder(["-e ."]) and "ipywidgets" not in binder(["-e .[tensorboard]"])


def imported_anywhere(path: Path) -> set:
    "List the packages that the cells of a notebook import."
    found = set()
    for node in house.nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


def test_the_install_cell_does_something_in_colab_alone_and_once(tmp_path, monkeypatch):
    text = looks.INSTALL.format(url="https://example.org/x", repo="x")
    code = tmp_path / "cell.py"
    code.write_text(TransformerManager().transform_cell(text), encoding="utf-8")
    asked = []
    shell = SimpleNamespace(system=asked.append, run_line_magic=lambda name, line: asked.append(f"{name} {line}"))
    here = tmp_path / "nbs/tutorials"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    runpy.run_path(code, {"get_ipython": lambda: shell})
    assert not asked
    monkeypatch.setitem(sys.modules, "google.colab", shell)
    runpy.run_path(code, {"get_ipython": lambda: shell})
    assert [each.split()[0] for each in asked] == ["git", "pip", "cd"]
    (tmp_path / "nbs/stored").mkdir()
    runpy.run_path(code, {"get_ipython": lambda: shell})
    assert len(asked) == 3


def test_an_install_cell_may_ask_for_more():
    site = SimpleNamespace(url="https://example.org/x")
    text = looks.INSTALL.format(url=site.url, repo="x")
    assert looks.install([text], site) == looks.install([text.replace("./x", "./x[tensorboard]")], site) == []
    assert looks.install([text.replace("./x", "./y[tensorboard]")], site)


def test_options_diagrams_and_text_are_no_lines_of_code():
    text = "Text.\n\n```mermaid\nflowchart LR\n  a --> b\n```\n\n```sh\nls\n```"
    code = [line for line in looks.code_lines(cell("m0", f"text:{text}")) if "`" not in line[1]]
    assert [(n, line) for n, line in code if line] == [(9, "ls")]
    assert looks.code_lines(cell("c0", "#| fig-alt: long\nplot()")) == [(2, "plot()")]


def test_tables_have_the_columns_that_their_rows_and_rulers_have():
    assert looks.columns("html", '<table><tr><th colspan="3">a</th><td>b</td></tr><tr><td>1</td></tr></table>') == 4
    assert looks.columns("markdown", "a | b\n:--- | ---:\n1 | 2\n\n```\n|---|---|---|\n```") == 2
    assert looks.columns("markdown", "one\n\n---\n\ntwo") == 0


def test_a_page_links_the_words_that_are_sure(made_up):
    home = page(made_up, "index.ipynb")
    room = "00_core/00_arrays.ipynb"
    assert home["t2"] == (
        f"`data`, `steps`, `core()`, `core.arrays`, `core.steps`, `total`, `n`, "
        f"[`core.arrays.long_tail`]({room}#long_tail), [`made_up.core`](00_core.ipynb), "
        f"[`long_tail`]({room}#long_tail), [`Filter.fit`]({room}#Filter.fit), [`Filter`](x.md)\n\n    `long_tail`"
    )
    assert home["t3"] == "```python\n`long_tail`\n```"
    assert page(made_up, "00_core.ipynb")["c2"].endswith(
        f"`apportion`, [`apportion()`]({room}#apportion)."
    )
    assert (
        page(made_up, room)["r6"]
        == "## `apportion` {#about-apportion}\n\nand [`apportion`](#apportion)"
    )


def test_a_symbol_is_a_heading_a_signature_and_a_table_over_its_folded_source(made_up):
    shown = page(made_up, "00_core/00_arrays.ipynb")
    assert "r2" not in shown and "r4" not in shown
    assert (
        shown["r3_doc0"]
        == r"""### `long_tail` {#long_tail}

```python
long_tail(images, factor=10, *, seed=0)
```

Thin out as [`apportion`](#apportion) says; raises what [`Filter`](#Filter) raises.

::: {.parameters}

| name | type | default | meaning |
|:-----|:-----|:----|:----------|
| `images` |  |  | of each class, \*most\* first |
| `factor` | `int|str` | `10` | a number, or a name in [`WAYS`](#WAYS) |
| `seed` |  | `0` |  |
| *returns* | `dict` |  | class -> images |

:::"""
    )
    assert "| [`fit(data)`]{#Filter.fit} | learn from data |" in shown["r3_doc1"]
    assert shown["r3"].startswith(
        '#| code-fold: true\n#| code-summary: "Exported source"\ndef long_tail('
    )
    assert shown["r4_doc0"].startswith("[]{#WAYS} []{#MOST}\n\n```python\nWAYS = dict( # how\n")
    assert shown["r7"].startswith("#| code-fold: true\n") and "r7_doc0" not in shown


def test_a_chapter_shows_its_face_folded(made_up):
    face = page(made_up, "00_core.ipynb")["c3"]
    assert face.startswith('#| code-fold: true\n#| code-summary: "Exported source"\nimport lazy')


def test_a_diagram_is_one_that_quarto_draws(made_up):
    assert page(made_up, "index.ipynb")["t1"].startswith("```{mermaid}\nflowchart LR\n")


@pytest.mark.parametrize(
    "heading, expected",
    [
        ("The split guard", "the-split-guard"),
        ("`how_many`: five ways", "how_many-five-ways"),
        ("5. What's new?", "whats-new"),
        ("From *noise* to [images](x.ipynb)", "from-noise-to-images"),
        ("FID, $d^2$ & more", "fid-d2-more"),
        ("2024", "section"),
    ],
)
def test_headings_have_the_identifiers_that_pandoc_gives(heading, expected):
    assert markdown.identifier(heading) == expected


@pytest.mark.parametrize(
    "source, signature, rows",
    [
        (
            "def f(a, /, b: int = 1, *args, c, **kw): pass",
            "f(a, /, b=1, *args, c, **kw)",
            ["a", "b", "*args", "c", "**kw"],
        ),
        ("@patch\ndef show(self: Study, n=3): pass", "Study.show(n=3)", ["n"]),
        ("@patch(as_prop=True)\ndef shape(self: Study): pass", "Study.shape", []),
        ("class A:\n    def __init__(self, x, *, y=2e-4): pass", "A(x, *, y=2e-4)", ["x", "y"]),
        (
            "@dataclass\nclass C:\n    lr: float = option(2e-4, 'rate', low=0)\n"
            "    x: list = field(default_factory=list)",
            "C(lr=2e-4, x=list())",
            ["lr", "x"],
        ),
        ("class Loss(Enum):\n    BCE = 'bce' # binary", "class Loss(Enum)", ["BCE"]),
    ],
)
def test_signatures_are_read_from_source(source, signature, rows):
    (symbol,) = signatures.symbols(source)
    assert symbol.signature == signature
    assert [p.name for p in symbol.parameters] == rows


def test_the_meaning_of_a_parameter_is_its_comment():
    lines = [
        "def f(",
        "    # above",
        "    a,",
        "    b, # behind",
        "    c: Annotated[int, Option(help='by help')]=1,",
    ]
    (symbol,) = signatures.symbols("\n".join([*lines, "): # what is returned", "    pass"]))
    assert [p.meaning for p in symbol.parameters] == ["above", "behind", "by help"]
    assert symbol.returns.meaning == "what is returned"


def test_words_that_mean_something_else_are_not_linked():
    index = Index(ROOT / "nbs", NAME)
    for word in "data steps interval again replace runs study".split():
        assert linked(f"`{word}`", index, "index.ipynb") == f"`{word}`"


def test_addresses_are_written_as_seen_from_the_page():
    assert (
        relative("00_core/00_arrays.ipynb#f", "01_data/02_splits.ipynb")
        == "../00_core/00_arrays.ipynb#f"
    )
    assert relative("00_core/00_arrays.ipynb#f", "00_core/00_arrays.ipynb") == "#f"
    assert relative("00_core.ipynb", "00_core/00_arrays.ipynb") == "../00_core.ipynb"


def test_the_navbar_leads_to_the_first_page_of_each_part(tmp_path):
    areas_made_up(tmp_path)
    for number in (3, 1):
        notebook(tmp_path / f"guides/0{number}_words.ipynb", cell("g0", "text:# Words"))
    lines = [line.strip() for line in sidebar.navbar(tmp_path).splitlines()]
    texts = [line.split('"')[1] for line in lines if line.startswith("- text")]
    assert texts == ["Start", "Guides", "Command line", "Reference"]
    pages = [line.removeprefix("href: ") for line in lines if line.startswith("href: ")]
    assert pages[:4] == ["index.ipynb", "guides/01_words.ipynb", "12_cli.ipynb", "00_core.ipynb"]


def areas_made_up(nbs: Path):
    "Write notebooks of two areas."
    titles = {
        "index": "Home",
        "00_core": "Core",
        "00_core/00_arrays": "Core: arrays",
        "12_cli": "Commands",
    }
    for name, title in titles.items():
        notebook(nbs / f"{name}.ipynb", cell("a0", f"text:# {title}"))


def test_the_sidebar_has_the_areas_in_order_and_no_empty_section(tmp_path):
    areas_made_up(tmp_path)
    written = sidebar.sidebar(tmp_path)
    assert [line.strip() for line in written.splitlines() if "section" in line] == [
        '- section: "Command line"',
        '- section: "Reference"',
        '- section: "Core"',
    ]
    assert '- text: "Arrays"\n                href: 00_core/00_arrays.ipynb\n' in written
    assert "Tutorials" not in written


def test_a_page_missing_from_the_sidebar_is_named(tmp_path):
    nbs = tmp_path / "nbs"
    areas_made_up(nbs)
    (tmp_path / "_quarto.yml").write_text(QUARTO)
    (stale,) = sidebar.problems(tmp_path)
    assert (
        stale
        == "_quarto.yml: its navbar or sidebar is not what the notebooks say; run python tools/sidebar.py"
    )
    (tmp_path / "_quarto.yml").write_text(sidebar.replaced(QUARTO, sidebar.sidebar(nbs)))
    assert sidebar.problems(tmp_path) == []
    faults = {
        "03_data": "has the number 01",
        "05_gans/00_losses": "chapter nbs/05_gans.ipynb",
        "20_attic": "no area",
    }
    for name, why in faults.items():
        notebook(nbs / f"{name}.ipynb", cell("a0", "text:# New"))
        (line,) = sidebar.problems(tmp_path)
        assert line.startswith(f"nbs/{name}.ipynb: a page missing from the sidebar") and why in line
        (nbs / f"{name}.ipynb").unlink()


def test_the_architecture_is_drawn_from_imports(tmp_path):
    package = tmp_path / "house"
    for name, code in {
        "__init__": "",
        "core/__init__": "",
        "core/arrays": "import os",
        "data/images": "from ..core.arrays import f",
        "gans/train": "from house.data.images import g\nfrom house.core import arrays\ndef f(): from .. import study",
        "study/run": "import house.gans.train",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / f"{name}.py").write_text(code)
    order = ["core", "data", "gans", "study"]
    assert architecture.modules(package) == dict(
        core=["arrays"], data=["images"], gans=["train"], study=["run"]
    )
    below = dict(core=set(), data={"core"}, gans={"core", "data", "study"}, study={"gans"})
    assert architecture.arrows(package) == below
    (package / "gans/train.py").write_text(
        "from house.data.images import g\nfrom house.core import arrays"
    )
    assert architecture.reduced(architecture.arrows(package))["gans"] == {"data"}
    drawn = architecture.mermaid(package, order).splitlines()
    assert [line.strip() for line in drawn if "-->" in line] == [
        "core --> data",
        "data --> gans",
        "gans --> study",
    ]
    assert architecture.text(package, order).splitlines()[4:6] == [
        "gans   train",
        "       imports core, data",
    ]
    home = f"text:# Home\n\n{architecture.BEGIN}\n{architecture.END}\n\nMore."
    notebook(tmp_path / "nbs/index.ipynb", cell("a0", home))
    assert "run python tools/architecture.py" in architecture.problems(tmp_path, "house", order)[0]
    architecture.write(tmp_path, "house", order)
    assert architecture.problems(tmp_path, "house", order) == []
