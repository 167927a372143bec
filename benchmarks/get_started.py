"""Run every command of the guide "Get started", in its order, and store what each block said and how long it took.

    python benchmarks/get_started.py EMPTY_FOLDER              # clones this repository; installs; ten minutes
    python benchmarks/get_started.py EMPTY_FOLDER --installed  # from after the demo on; its block stays
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from gan_augmentation.core import load_results, save_results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "nbs/guides/00_get_started.ipynb"
RESULT = ROOT / "nbs/stored/get_started.json"
CLONE = "https://github.com/gan-augmentation/gan_augmentation"
BLOCK = re.compile(r"^```sh\n(.*?)^```", flags=re.M | re.S)
PROGRESS = re.compile(r"\d+% \d+/\d+ .*\[")
MARK = "@@@"  # before each block, with the seconds since the beginning


def blocks() -> list:
    "List the blocks of commands on the page, but for those that are for later."
    cells = json.loads(PAGE.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return [block for block in BLOCK.findall(text) if "# later" not in block]


def script(chosen: list) -> str:
    "Join blocks into one script that ends with the first fault, and says when each began."
    text = "set -e\n" + "".join(f'echo "{MARK} $(date +%s.%N)"\n{block}' for block in chosen)
    return text if "git clone" in text else text.replace("source .venv/bin/activate\n", "")


def run(chosen: list, folder: Path) -> list:  # a dict a block: commands, seconds, said
    "Run blocks in an empty folder; raises `SystemExit` with what was said if one fails."
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty; give an empty folder")
    here = dict(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=f"url.{ROOT}.insteadOf", GIT_CONFIG_VALUE_0=CLONE)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, **here, "PATH": path, "COLUMNS": "88"}
    done = subprocess.run(
        ["bash", "-s"],
        input=script(chosen),
        cwd=folder,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\na command of {PAGE.name} ended with {done.returncode}")
    return told(chosen, done.stdout, time.time())


def told(chosen: list, text: str, end: float) -> list:
    "Take apart what a script has said, without bars of progress."
    parts = text.split(f"{MARK} ")[1:]
    begun = [float(part.split("\n", 1)[0]) for part in parts] + [end]
    rows = []
    for i, (block, part) in enumerate(zip(chosen, parts)):
        lines = [line for line in part.split("\n")[1:] if not PROGRESS.search(line)]
        rows.append(dict(commands=block, seconds=begun[i + 1] - begun[i], said="\n".join(lines).strip("\n")))
    return rows


def kept(block: str) -> dict:
    "Return what an earlier run stored of a block; without seconds if there is none of the same commands."
    rows = load_results(RESULT)["blocks"] if RESULT.exists() else []
    same = [row for row in rows if row["commands"] == block]
    return same[0] if same else dict(commands=block, seconds=None, said="")


def main(folder: Path, installed: bool):
    "Run the page and store the result."
    start = time.time()
    chosen = blocks()
    left_out = []
    if installed:
        left_out = [kept(block) for block in chosen[:2]]  # clone and demo
        chosen = chosen[2:]
    rows = run(chosen, folder)
    command = "python benchmarks/get_started.py EMPTY_FOLDER"
    if installed:
        command += " --installed"
    load = os.getloadavg()  # what else the machine did
    facts = dict(command=command, seconds=time.time() - start, n=1, load_average=load)
    save_results(RESULT, dict(facts, blocks=left_out + rows))
    print(*(f"{row['seconds']:8.1f} s  {row['commands'].splitlines()[0]}" for row in rows), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--installed", action="store_true", help="leave out clone and demo")
    main(**vars(parser.parse_args()))
