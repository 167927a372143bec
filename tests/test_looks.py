"How pages look in Chromium, at the widths of a desk and of a phone, light and dark: all fits, all can be read."

import json
import shutil
import sys
from pathlib import Path

import pytest
from browser import MISSING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from website import build, preview
from website.pages import Site

REAL = "guides/04_promises.ipynb", "tutorials/09_tracking.ipynb", "01_data/19_randaugment.ipynb"
WORD = "a_very_long_name_of_something" * 3
ROW = "".join(f"<td>{WORD[:30]}</td>" for _ in range(9))
HEAD = "".join(f"<th>column {i}</th>" for i in range(9))
TABLE = f'<table class="dataframe"><thead><tr>{HEAD}</tr></thead><tbody><tr>{ROW}</tr></tbody></table>'
PICTURE = '<img alt="wide" width="1500" height="20" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'


@pytest.fixture(scope="module")
def browser():
    if not shutil.which("chromium"):
        pytest.skip(MISSING)
    with preview.chromium() as browser:
        yield browser


def cell(kind: str, source: str, *outputs) -> dict:
    "Write a cell of a made-up page."
    more = dict(execution_count=None, outputs=list(outputs)) if kind == "code" else {}
    return dict(cell_type=kind, id=f"c{abs(hash(source)) % 10**8}", metadata={}, source=source, **more)


def html(text: str) -> dict:
    "Write an output that is HTML."
    return dict(output_type="display_data", data={"text/html": text}, metadata={})


def made_up(cells: list) -> str:
    "Write a notebook."
    return json.dumps(dict(cells=cells, metadata={}, nbformat=4, nbformat_minor=5))


GOOD = [
    cell("markdown", "# A made-up page\n\n> All kinds of things."),
    cell("markdown", f"A word, `{WORD}`, and {WORD}.\n\n| a | `b` |\n|---|---|\n| `{WORD}` | [`c`](index.ipynb) |"),
    cell("markdown", f"```python\nx = '{WORD * 3}'\n```"),
    cell("code", "table", html(TABLE)),
    cell("code", "picture", html(PICTURE)),
]
GROUPS = """<table class="dataframe"><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>
<tr><th rowspan="3">one</th><th rowspan="2" id="x">p</th><td>1 wide</td></tr><tr><td>2</td></tr>
<tr><th>q</th><td>3</td></tr><tr><td>two</td><td>r</td><td>4</td></tr><tr><td></td><td>s</td><td>5</td></tr>
<tr><td>last</td><td colspan="2" rowspan="2">t</td></tr><tr><td>end</td></tr></tbody></table>""".replace(
    "wide", f'<div style="width: 600px">{WORD}</div>'
)
LISTED = ["one p 1", "one p 2", "one q 3", "two r 4", "two s 5", "last t", "end t"]
BAD = [
    cell("markdown", "# A bad page\n\n> Nothing fits."),
    cell("markdown", '<div style="width: 1500px">wide</div>'),
    cell("code", "grey", html('<p style="color: #808080; background: #909090">grey on grey</p>')),
    cell("markdown", '<h3 style="color: #808080; background: #909090">grey</h3>'),
    cell("markdown", '<p><a href="index.ipynb" style="color: #808080; background: #909090">grey</a></p>'),
]
HIDDEN = "<style>details:not([open]) > table { display: none; }</style>"  # as browsers do that give it no width
FOLDED = [
    cell("markdown", "# A folded table\n\n> In groups."),
    cell("code", "groups", html(f"{HIDDEN}<details><summary>More</summary>{GROUPS}</details>")),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    "Make three pages of this project and three that are made up."
    root = tmp_path_factory.mktemp("looks")
    tree = root / "project"
    shutil.copytree(ROOT / "tools", tree / "tools")
    for name in ("settings.ini", "_quarto.yml"):
        shutil.copy2(ROOT / name, tree)
    shutil.copytree(ROOT / "nbs/site", tree / "nbs/site")
    for name in (*REAL, "styles.css", "references.bib"):
        (tree / "nbs" / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy2(ROOT / "nbs" / name, tree / "nbs" / name)
    (tree / "nbs/_quarto.yml").symlink_to("../_quarto.yml")
    (tree / "nbs/index.ipynb").write_text(made_up(GOOD), encoding="utf-8")
    (tree / "nbs/bad.ipynb").write_text(made_up(BAD), encoding="utf-8")
    (tree / "nbs/folded.ipynb").write_text(made_up(FOLDED), encoding="utf-8")
    done = build.process(tree, root / "made")
    assert done.returncode == 0, done.stdout + done.stderr
    return Site(root / "made/tree")


def test_pages_fit_into_their_column_and_can_be_read(site, browser, tmp_path):
    files = preview.write(preview.Preview(site, tmp_path), ["index.ipynb", *REAL])
    found = preview.look(browser, files)
    assert not found, "\n".join(["", *found])


def test_what_does_not_fit_or_cannot_be_read_is_one_line(site, browser, tmp_path):
    found = preview.look(browser, preview.write(preview.Preview(site, tmp_path), ["bad.ipynb"]))
    for mode in ("light", "dark"):
        assert any(f"bad.ipynb, {mode}, 400 pixels: scrolls sideways" in line for line in found)
        for tag in ("p", "h3", "a"):
            assert any(f"bad.ipynb, {mode}, 1300 pixels: {tag} in rgb(128, 128, 128)" in line for line in found)
    assert not any("figure" in line for line in found)


def test_a_wide_table_is_stacked_on_a_phone_alone(site, browser, tmp_path):
    path = preview.write(preview.Preview(site, tmp_path), ["index.ipynb"])["index.ipynb", "light"]
    for width, stacked in ((1300, 0), (400, 1)):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.goto(path.as_uri())
        assert tab.evaluate("document.querySelectorAll('table.dataframe.stacked').length") == stacked
        assert tab.locator("table.dataframe td").first.get_attribute("data-label") == "column 0"
        tab.close()


def test_a_folded_table_is_stacked_when_it_opens_and_each_row_tells_its_group(site, browser, tmp_path):
    path = preview.write(preview.Preview(site, tmp_path), ["folded.ipynb"])["folded.ipynb", "light"]
    cells = "r => [...r.cells].filter(c => c.checkVisibility()).map(c => c.textContent.trim().split(' ')[0]).join(' ')"
    rows = f"[...document.querySelectorAll('tbody tr')].map({cells})"
    tab = browser.new_page(viewport={"width": 400, "height": 800})
    tab.goto(path.as_uri())
    assert tab.locator("table.stacked").count() == 0
    tab.locator("summary").click()
    tab.wait_for_selector("table.stacked")
    assert tab.evaluate(rows) == LISTED
    assert tab.locator("#x").count() == 1 and tab.locator(".repeated").nth(1).get_attribute("data-label") == "b"
    tab.set_viewport_size({"width": 1300, "height": 800})
    tab.wait_for_function("!document.querySelector('table.stacked')")
    assert tab.evaluate(rows) == ["one p 1", "2", "q 3", "two r 4", " s 5", "last t", "end"]
    tab.close()


@pytest.mark.nightly
def test_all_pages_fit_and_can_be_read(browser, tmp_path):
    done = build.process(ROOT, tmp_path / "site")
    assert done.returncode == 0, done.stdout + done.stderr
    site = Site(tmp_path / "site/tree")
    found = preview.look(browser, preview.write(preview.Preview(site, tmp_path / "pages"), list(site.pages)))
    assert not found, "\n".join(["", *found])
