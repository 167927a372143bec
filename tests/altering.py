"Files that are altered in every way that a disk, an editor or a mistake may alter them."

import random
import re
from pathlib import Path

TEXT = {".json", ".jsonl", ".csv", ".toml", ".yaml", ".txt"}


def alterations(path: Path, root: Path) -> dict:  # name -> (files that it alters, function)
    "List the ways to alter a file: bytes, digits, length, absence, and another file of its kind in its place."
    content, luck = path.read_bytes(), random.Random(str(path.relative_to(root)))
    ways = {f"byte {at}": write(path, flipped(content, at)) for at in regions(len(content))}
    if path.suffix in TEXT:
        digits = [found.start() for found in re.finditer(rb"\d", content)]
        for at in luck.sample(digits, min(3, len(digits))):
            ways[f"digit {at}"] = write(path, other_digit(content, at))
    last = len(content.rstrip()) - 1  # a newline at the end says nothing
    for n in sorted({len(content) // 10, len(content) // 2, last} - {len(content), -1}):
        ways[f"cut to {n}"] = write(path, content[:n])
    ways["emptied"], ways["removed"] = write(path, b""), path.unlink
    found = {name: ([path], alter) for name, alter in ways.items()}
    others = [p for p in siblings(path) if p.read_bytes() != content]
    if others:
        other = luck.choice(others)
        found[f"swapped with {other.relative_to(path.parent.parent)}"] = [path, other], swap(path, other)
    return found


def regions(n: int) -> list:
    "Choose ten places of a file, one in each tenth."
    return sorted({(2 * i + 1) * n // 20 for i in range(10)}) if n else []


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def other_digit(content: bytes, at: int) -> bytes:
    return content[:at] + b"%d" % ((int(content[at : at + 1]) + 1) % 10) + content[at + 1 :]


def siblings(path: Path) -> list:
    "Find files of the same kind: beside it, or of the same name in the directories beside its own."
    beside = [p for p in path.parent.glob(f"*{path.suffix}") if p.is_file() and p != path]
    return sorted(beside) or sorted(p for p in path.parent.parent.glob(f"*/{path.name}") if p != path)


def write(path: Path, content: bytes):
    return lambda: path.write_bytes(content)


def swap(path: Path, other: Path):
    "Make a function that puts two files in one another's place."

    def do():
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)

    return do
