"Run nbdev on a copy of the tree, with something in the place of Quarto, so that its pages can be looked at without it."

import os
import shutil
import subprocess
import sys
from pathlib import Path

TREE = "nbs", "tools", "settings.ini", "_quarto.yml"
QUARTO = "#!/bin/sh\necho 'this is not Quarto: it stands in its place while pages are tested' >&2\nexit 1\n"


def stand_in(folder: Path) -> Path:
    "Write a program named quarto, which nbdev looks for before it begins and does not call."
    program = folder / "quarto"
    program.write_text(QUARTO, encoding="utf-8")
    program.chmod(0o755)
    return folder


def copy_tree(root: Path, where: Path) -> Path:
    "Copy what nbdev needs, without what it made before."
    where.mkdir(parents=True)
    skipped = shutil.ignore_patterns("_proc", "_docs", "results", "__pycache__", ".*", "nbdev.yml")
    for name in TREE:
        if (root / name).is_dir():
            shutil.copytree(root / name, where / name, symlinks=True, ignore=skipped)
        else:
            shutil.copy2(root / name, where / name)
    return where


def process(root: Path, where: Path) -> subprocess.CompletedProcess:
    "Make the pages of a tree in `where/tree/_proc`; return how nbdev ended and what it said."
    if any(part.startswith(".") for part in where.resolve().parts):
        raise ValueError(
            f"{where}: nbdev skips what lies under a folder whose name begins with a dot; choose another"
        )
    tree = copy_tree(root, where / "tree")
    (where / "bin").mkdir()
    bins = [
        str(stand_in(where / "bin")),
        str(Path(sys.executable).parent),
        os.environ.get("PATH", ""),
    ]
    env = {**os.environ, "PATH": os.pathsep.join(bins), "PYTHONPATH": os.pathsep.join([str(tree / "tools"), str(root)])}
    env.pop("IN_TEST", None)
    command = [str(Path(sys.executable).with_name("nbdev_proc_nbs")), "--n_workers", "1"]
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=300)
