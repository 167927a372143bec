"""What it costs to begin: seconds until `augment_dataset` can be called, against torch and fastai alone, and until
the program has said its help or refused.

    python benchmarks/imports.py

Every reading is a new process; the sides take turns, and the first round, which warms the disk cache, does not count.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import report
from imports_side import CASES

ROUNDS = 7
SIDE = Path(__file__).with_name("imports_side.py")


def seconds(case: str) -> float:
    "Do it in a new process, and return how long it took inside it, without the start of Python."
    command = [sys.executable, "-W", "ignore", str(SIDE), case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stderr.splitlines()[-1])


def main():
    "Take turns, print and store the medians."
    found = {name: [] for name in CASES}
    for i in range(ROUNDS + 1):
        for name in CASES:
            took = seconds(name)
            if i > 0:
                found[name].append(took)
        time.sleep(0.2)
    torch = found["import torch"]
    beyond = [a - b for a, b in zip(found["augment_dataset"], torch)]
    times_torch = {
        name: statistics.median(a / b for a, b in zip(values, torch))
        for name, values in found.items()
    }
    report(
        "imports",
        unit="seconds",
        measured=found,
        ratios={"seconds beyond torch": beyond},
        target="at most 2 seconds",
        met=lambda beyond: beyond <= 2,
        times_torch=times_torch,
    )


if __name__ == "__main__":
    main()
