"""Write the processed pages as plain HTML that is near to what Quarto makes of them, and look at them in Chromium.

    PYTHONPATH=tools python -m website.preview FOLDER [--themes PACKAGE] [--mermaid FILE] [--only TEXT] [--shots]

PACKAGE is npm's bootswatch, unpacked (`npm pack bootswatch`), for Quarto's themes; without it a short stylesheet stands
in their place. FILE is dist/mermaid.min.js of npm's mermaid; without it diagrams stay text. What is
wrong is printed; with --shots, pictures of the pages lie in FOLDER/shots.
"""

import argparse
import html
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import yaml
from markdown_it import MarkdownIt

from . import build
from .markdown import CODE, headings
from .pages import Page, Site, options, text_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WIDTHS = 1300, 400  # pixels of a window
THEMES = {"light": "cosmo", "dark": "darkly"}
DIV = re.compile(r"^:{3,}\s*(?:\{([^}]*)\})?\s*$", flags=re.M)
SPAN = re.compile(r"\[([^\[\]]*)\]\{#([\w.:-]+)\}")
HEADING = re.compile(r"^(#{1,6}\s.*?)\s*\{#[\w.:-]+[^}]*\}\s*$", flags=re.M)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
BLOCK = '<div class="sourceCode cell-code"><pre class="sourceCode python">'
PANDAS = 'class="dataframe table table-sm table-striped small"'


@dataclass
class Preview:
    "Where a preview is written, and of what."

    site: Site
    folder: Path
    themes: Path | None = None  # npm's bootswatch
    mermaid: Path | None = None  # npm's mermaid.min.js
    page: jinja2.Template = field(init=False)
    navigation: dict = field(init=False)

    def __post_init__(self):
        "Read the template and what _quarto.yml says."
        text = (HERE / "preview.html").read_text(encoding="utf-8")
        self.page = jinja2.Template(text)
        self.navigation = yaml.safe_load((self.site.proc / "_quarto.yml").read_text(encoding="utf-8"))["website"]


def entries(contents: list) -> list:
    "List the entries of a navbar or a sidebar, sections opened: (text, href)."
    found = []
    for entry in contents or []:
        if "href" in entry:
            found.append((entry.get("text", entry.get("section", "")), entry["href"]))
        found += entries(entry.get("contents"))
    return found


def diagram(fence: re.Match) -> str:
    "Write a diagram as text that a script draws; an empty line would end it."
    lines = [line for line in html.escape(fence[1], quote=False).splitlines() if line.strip()]
    return '<pre class="mermaid">\n' + "\n".join(lines) + "\n</pre>\n"


def in_table(row: re.Match) -> str:
    "Protect the bars in code of a table's row, as Pandoc does by itself."
    return CODE.sub(lambda code: code[0].replace("|", "\\|"), row[0])


def to_html(text: str) -> str:
    "Turn Pandoc's Markdown into HTML: the parts of it that our pages have."
    text = re.sub(r"^```\{mermaid\}\n(.*?)^```", diagram, text, flags=re.M | re.S)
    text = re.sub(r"^\|.*$", in_table, text, flags=re.M)
    text = HEADING.sub(r"\1", text)
    text = SPAN.sub(r'<span id="\2">\1</span>', text)
    text = DIV.sub(lambda m: f'<div class="{m[1].strip(". ")}">\n' if m[1] else "\n</div>\n", text)
    done = MARKDOWN.render(text)
    fence = r'<pre><code class="language-(\w+)">(.*?</code></pre>)'
    block = r'<div class="sourceCode"><pre class="sourceCode \1"><code class="sourceCode">\2</div>'
    done = re.sub(fence, block, done, flags=re.S)
    return done.replace("<table>", '<table class="table">')


def code(cell: dict) -> str:
    "Write the source of a cell, folded where it says so, or nothing where it is hidden."
    said = options(cell)
    if said.get("echo") is False or said.get("include") is False:
        return ""
    source = re.sub(r"^#\|.*\n?", "", cell["source"], flags=re.M).strip("\n")
    if not source:
        return ""
    block = f'{BLOCK}<code class="sourceCode">{html.escape(source)}</code></pre></div>'
    if said.get("code-fold"):
        return f"<details><summary>{said.get('code-summary', 'Code')}</summary>{block}</details>"
    return block


def output(cell: dict, each: dict) -> str:
    "Write one output of a cell."
    data = each.get("data", {})
    if "image/png" in data:
        size = each.get("metadata", {}).get("image/png", {})
        written = "".join(f' {name}="{value}"' for name, value in size.items() if name in ("width", "height"))
        alt = html.escape(str(options(cell).get("fig-alt", "")), quote=True)
        address = f"data:image/png;base64,{text_of(each, 'image/png').strip()}"
        shown = f'<figure class="figure"><img src="{address}"{written} alt="{alt}" class="figure-img"></figure>'
    elif "image/svg+xml" in data:
        shown = text_of(each, "image/svg+xml")
    elif "text/markdown" in data:
        shown = to_html(text_of(each, "text/markdown"))
    elif "text/html" in data:
        shown = re.sub(r'(?:border="1" )?class="dataframe[^"]*"', PANDAS, text_of(each, "text/html"))
    else:
        plain = "".join(each.get("text", "")) + text_of(each, "text/plain")
        return f'<div class="cell-output"><pre><code>{html.escape(plain)}</code></pre></div>'
    return f'<div class="cell-output cell-output-display">{shown}</div>'


def body(page: Page) -> str:
    "Write the cells of a page."
    parts = []
    for cell in page.cells:
        if cell["cell_type"] == "markdown":
            parts.append(to_html(cell["source"]))
        elif cell["cell_type"] == "code":
            shown = "" if options(cell).get("include") is False else "".join(output(cell, o) for o in cell["outputs"])
            parts.append(f'<div class="cell">{code(cell)}{shown}</div>')
    return "\n".join(parts)


def write_page(preview: Preview, page: Page, mode: str) -> Path:
    "Write a page, light or dark; return its file."
    path = preview.folder / mode / Path(page.name).with_suffix(".html")
    path.parent.mkdir(parents=True, exist_ok=True)
    up = "../" * page.name.count("/")
    said = preview.navigation
    texts = [cell["source"] for cell in page.cells if cell["cell_type"] == "markdown"]
    path.write_text(
        preview.page.render(
            title=MARKDOWN.renderInline(page.front.get("title", page.name)),
            description=MARKDOWN.renderInline(page.front.get("description") or ""),
            up=up,
            mode=mode,
            theme=THEMES[mode],
            mermaid=preview.mermaid,
            navbar=entries(said.get("navbar", {}).get("left")),
            sidebar=entries(said.get("sidebar", {}).get("contents")),
            headings=[heading for text in texts for heading, _ in headings(text)],
            footer=said.get("page-footer", {}).get("left", ""),
            body=body(page),
            after=(preview.site.proc / "site/tables.html").read_text(encoding="utf-8"),
        ),
        encoding="utf-8",
    )
    return path


def write_styles(preview: Preview):
    "Put stylesheets and pictures beside the pages."
    for mode, theme in THEMES.items():
        where = preview.folder / mode
        for name in ("site", "images", "stored"):
            if (preview.site.proc / name).is_dir():
                shutil.copytree(preview.site.proc / name, where / name, dirs_exist_ok=True)
        shutil.copy2(preview.site.proc / "styles.css", where)
        for name in ("preview.css", "preview_mermaid.js"):
            shutil.copy2(HERE / name, where)
        if preview.mermaid:
            shutil.copy2(preview.mermaid, where / "mermaid.js")
        themed = preview.themes / f"dist/{theme}/bootstrap.min.css" if preview.themes else HERE / "preview_base.css"
        shutil.copy2(themed, where / f"{theme}.css")


def write(preview: Preview, names: list) -> dict:
    "Write some pages in both modes; return their files: {(name, mode): path}."
    found = {(name, mode): write_page(preview, preview.site.pages[name], mode) for name in names for mode in THEMES}
    write_styles(preview)
    return found


def look(browser, files: dict, shots: Path | None = None) -> list:
    "Open pages at the widths of a desk and of a phone; list what does not fit or cannot be read, a line each."
    found = []
    script = (HERE / "preview.js").read_text(encoding="utf-8")
    for width in WIDTHS:
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.route("http*://**", lambda route: route.abort())
        for (name, mode), path in files.items():
            tab.goto(path.resolve().as_uri())
            tab.wait_for_function("window.drawn !== false")
            found += [f"{name}, {mode}, {width} pixels: {problem}" for problem in tab.evaluate(script)]
            if shots:
                shot = shots / f"{name.removesuffix('.ipynb').replace('/', '_')}-{mode}-{width}.png"
                tab.screenshot(path=shot, full_page=True)
        tab.close()
    return found


def main(arguments: list) -> list:
    "Make the pages of this project, write them as HTML, look at them; return what is wrong."
    parser = argparse.ArgumentParser(prog="python -m website.preview")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--themes", type=Path, help="npm's bootswatch, unpacked")
    parser.add_argument("--mermaid", type=Path, help="mermaid.min.js of npm's mermaid")
    parser.add_argument("--only", default="", help="pages whose name has this text")
    parser.add_argument("--shots", action="store_true", help="take pictures of the pages")
    asked = parser.parse_args(arguments)
    shutil.rmtree(asked.folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        done = build.process(ROOT, Path(place) / "site")
        if done.returncode:
            return [done.stdout + done.stderr]
        preview = Preview(Site(Path(place) / "site/tree"), asked.folder, asked.themes, asked.mermaid)
        files = write(preview, [name for name in preview.site.pages if asked.only in name])
    shots = asked.folder / "shots" if asked.shots else None
    if shots:
        shots.mkdir()
    with chromium() as browser:
        return look(browser, files, shots)


@contextmanager
def chromium():
    "Start the system's Chromium through Playwright."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), chromium_sandbox=False)
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit("\n".join(main(sys.argv[1:])) or None)
