"Write gan_augmentation/AREA/__init__.pyi: what the lazy faces hand out, for editors and type checkers."

import ast
import sys
from pathlib import Path

from areas import AREAS, PACKAGE

ROOT = Path(__file__).resolve().parent.parent
NOTE = "# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.\n"


def handed_out(face: Path) -> dict:
    "Read what a face attaches: room -> names."
    for node in ast.walk(ast.parse(face.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            return {room.arg: ast.literal_eval(room.value) for room in node.value.keywords}
    raise ValueError(
        f"{face} attaches nothing: a chapter's exported cell calls lazy_loader.attach(...)"
    )


def faces() -> dict:
    "Map every area to what its face hands out."
    found = {area: ROOT / PACKAGE / area / "__init__.py" for area in AREAS}
    return {area: handed_out(path) for area, path in found.items() if path.is_file()}


def stub(names: dict) -> str:
    "Say the same in the words of a type checker."
    lines = [
        f"from .{room} import {name} as {name}" for room, listed in names.items() for name in listed
    ]
    return NOTE + "\n".join(lines) + "\n"


def public_names() -> str:
    "List all public names, one a line: area.name."
    return "".join(
        f"{area}.{name}\n"
        for area, rooms in faces().items()
        for name in sorted(sum(rooms.values(), []))
    )


if __name__ == "__main__":
    for area, names in faces().items():
        (ROOT / PACKAGE / area / "__init__.pyi").write_text(stub(names), encoding="utf-8")
    if "--list" in sys.argv:
        (ROOT / "tests/public_names.txt").write_text(public_names(), encoding="utf-8")
