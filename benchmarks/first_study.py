"""What a first study of about 1,000 images would cost: forecasts of `--plan` for the command that leaves everything
to its defaults, and for the one that the FAQ recommends, at three sizes of images.

    python benchmarks/first_study.py      # two minutes on one core; writes nbs/stored/tutorials/first_study.json
"""

import argparse
import contextlib
import io
import json
import os
import shlex
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from gan_augmentation.cli import main as gan_augment
from gan_augmentation.core import save_results

STORED = Path(__file__).resolve().parent.parent / "nbs" / "stored"
DEFAULT = "gan-augment study my_images --generator dcgan --out my_study"
FIRST = """gan-augment study my_images --resize 32 --test 0.3
  --generator dcgan --classifier small_cnn --pilots 2
  --recipe none --recipe flip --recipe shift=2 --recipe flip,shift=2
  --shares filled,0.5 --proportions natural --rung 250 --rungs 4
  --no-robustness --out my_study"""
SIDES = 32, 64, 128  # pixels


def forecast(command: str) -> dict:
    "Ask the program for a plan, here and on one process of the processor."
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        code = gan_augment([*shlex.split(command)[1:], "--plan", "--json", "--device", "cpu"])
    if code:
        raise RuntimeError(f"{command} ended with {code}")
    found = json.loads(said.getvalue())
    stages = {x["name"]: dict(least=x["least"], most=x["most"], seconds=x["seconds"]) for x in found["stages"]}
    finds = found["precision"][0]["now"]
    return dict(command=command, stages=stages, minutes=found["minutes"], difference=finds)


def measure() -> dict:
    "Forecast all commands in a folder of 903 emoji."
    first = " ".join(FIRST.split())
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        with ZipFile(STORED / "emoji.zip") as archive:
            archive.extractall("my_images")
        n = sum(len(files) for _, _, files in os.walk("my_images"))
        rows = {"default": forecast(DEFAULT)}
        rows |= {f"first, {s}": forecast(first.replace("--resize 32", f"--resize {s}")) for s in SIDES}
    return dict(images=n, forecasts=rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=STORED / "tutorials" / "first_study.json", type=Path, help="results file")
    out = parser.parse_args().out
    start = time.perf_counter()
    found = measure()
    seconds = round(time.perf_counter() - start, 1)
    save_results(out, dict(command="python benchmarks/first_study.py", seconds=seconds, **found))


if __name__ == "__main__":
    main()
