"""Write navbar and sidebar of the site into _quarto.yml, from the areas and the notebooks that are there.

    python tools/sidebar.py          # write it
    python tools/sidebar.py --check  # say what is missing or out of date
"""
import sys
from pathlib import Path

from areas import AREAS, FOLDERS, numbered
from website import notebooks

ROOT = Path(__file__).resolve().parent.parent
URL = "https://github.com/gan-augmentation/gan_augmentation"
BEGIN = "  # Navbar and sidebar are written by tools/sidebar.py: change areas in tools/areas.py, titles in notebooks.\n"
END = "  # End of navbar and sidebar.\n"


def rooms(nbs: Path, folder: str) -> list:
    "List the pages in a folder, by name."
    return [path.relative_to(nbs).as_posix() for path in notebooks.paths(nbs/folder)] if (nbs/folder).is_dir() else []


def chapter(nbs: Path, area: str) -> list:
    "List the chapter of an area, if it is there, and its rooms."
    page = f"{numbered(area)}.ipynb"
    return [page]*(nbs/page).exists() + rooms(nbs, numbered(area))


def label(nbs: Path, page: str) -> str:
    "Return the title of a page without the area before it: 'Networks' for 'GANs: networks'."
    title = notebooks.title(nbs/page)
    if "/" not in page or not title:
        return title or page
    short = title.split(": ", 1)[-1]
    return short if "_" in short else short[0].upper() + short[1:]


def entry(nbs: Path, page: str, indent: str) -> str:
    "Write one page."
    text = label(nbs, page).replace('"', "'")
    return f'{indent}- text: "{text}"\n{indent}  href: {page}\n'


def section(title: str, entries: str, indent: str, page: str = "") -> str:
    "Write a section with its entries; nothing where there are none, and a plain entry where there is the page alone."
    href = f"{indent}  href: {page}\n" if page else ""
    if entries:
        return f'{indent}- section: "{title}"\n{href}{indent}  contents:\n{entries}'
    return f'{indent}- text: "{title}"\n{href}' if page else ""


def reference(nbs: Path) -> str:
    "Write the chapters in the order of the areas, each with its rooms below it."
    found = ""
    for area in AREAS:
        pages = chapter(nbs, area) if area != "cli" else []
        if pages and "/" not in pages[0]:
            below = "".join(entry(nbs, page, " "*14) for page in pages[1:])
            found += section(label(nbs, pages[0]), below, " "*10, pages[0])
    return found


def navbar(nbs: Path) -> str:
    "Write the navbar: each part of the site by its first page."
    first = {"Start": ["index.ipynb"]}
    first |= {title: rooms(nbs, folder) for folder, title in FOLDERS.items()}
    first["Command line"] = chapter(nbs, "cli")
    first["Reference"] = [page for area in AREAS if area != "cli" for page in chapter(nbs, area)]
    entries = [f'      - text: "{title}"\n        href: {pages[0]}\n' for title, pages in first.items() if pages]
    return "  navbar:\n    background: primary\n    left:\n" + "".join(entries) + tools()


def tools() -> str:
    "Write what stands at the right of the navbar."
    return f"    tools:\n      - icon: github\n        href: {URL}\n        aria-label: GitHub\n"


def sidebar(nbs: Path) -> str:
    "Write navbar and sidebar, between their two comments."
    pages = {title: "".join(entry(nbs, p, " "*10) for p in rooms(nbs, folder)) for folder, title in FOLDERS.items()}
    commands = "".join(entry(nbs, page, " "*10) for page in chapter(nbs, "cli"))
    return (
        BEGIN
        + navbar(nbs)
        + "  sidebar:\n    style: floating\n    collapse-level: 2\n    contents:\n"
        + '      - text: "Start"\n        href: index.ipynb\n'
        + "".join(section(title, entries, " "*6) for title, entries in pages.items())
        + section("Command line", commands, " "*6)
        + section("Reference", reference(nbs), " "*6)
        + END
    )


def replaced(text: str, new: str) -> str:
    "Put a new navbar and sidebar between the two comments of _quarto.yml."
    if BEGIN not in text or END not in text:
        raise ValueError(f"_quarto.yml has lost two comments around what is written; write these lines:\n{BEGIN}{END}")
    before, rest = text.split(BEGIN, 1)
    return before + new + rest.split(END, 1)[1]


def problems(root: Path) -> list:
    "List the pages that do not fit the areas, and say so if the sidebar is not what it should be."
    nbs = root/"nbs"
    new = sidebar(nbs)
    found = []
    for path in notebooks.paths(nbs):
        page = path.relative_to(nbs).as_posix()
        if f"href: {page}\n" not in new:
            found.append(f"nbs/{page}: a page missing from the sidebar; {why(nbs, page)}")
    text = (root/"_quarto.yml").read_text(encoding="utf-8")
    if not found and replaced(text, new) != text:
        found.append("_quarto.yml: its navbar or sidebar is not what the notebooks say; run python tools/sidebar.py")
    return found


def why(nbs: Path, page: str) -> str:
    "Say why a page has no place in the sidebar."
    folder, _, _ = page.rpartition("/")
    area = (folder or page.removesuffix(".ipynb")).partition("_")[2]
    if area not in AREAS:
        return "its name is that of no area in tools/areas.py: move it, or add the area there"
    if folder and not (nbs/f"{folder}.ipynb").exists():
        return f"its chapter nbs/{numbered(area)}.ipynb is not there: write it"
    return f"the area {area} has the number {AREAS.index(area):02}: rename it"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(problems(ROOT)) or None)
    file = ROOT/"_quarto.yml"
    file.write_text(replaced(file.read_text(encoding="utf-8"), sidebar(ROOT/"nbs")), encoding="utf-8")
