"""What it costs to begin: seconds until `augment_dataset` can be called, against torch and fastai alone, and until
the program has said its help or refused.

    python benchmarks/imports.py

Every reading is a new process; the sides take turns, and the first round, which warms the disk cache, does not count.
"""
import statistics
import subprocess
import sys
import time

from bench import report

ROUNDS = 7
SIDES = {
    "import torch": "import torch",
    "import fastai.basics": "import fastai.basics",
    "augment_dataset": "from gan_augmentation.augment import augment_dataset",
    "gan-augment --help": "from gan_augmentation.cli import main; main(['--help'])",
    "a refusal": "from gan_augmentation.cli import main; main(['evaluate', 'no such run'])",
}


def seconds(code: str) -> float:
    "Run code in a new process and return how long it took inside it, without the start of Python."
    before, after = "start = time.perf_counter()", "sys.stderr.write(f'\\n{time.perf_counter() - start}')"
    timed = "\n".join(["import sys, time", before, code, after])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", timed], capture_output=True, text=True, check=True)
    return float(done.stderr.splitlines()[-1])


def main():
    "Take turns, print and store the medians."
    found = {name: [] for name in SIDES}
    for i in range(ROUNDS + 1):
        for name, code in SIDES.items():
            took = seconds(code)
            if i > 0:
                found[name].append(took)
        time.sleep(.2)
    torch = found["import torch"]
    beyond = [a - b for a, b in zip(found["augment_dataset"], torch)]
    times_torch = {name: statistics.median(a/b for a, b in zip(values, torch)) for name, values in found.items()}
    report("imports", unit="seconds", measured=found, ratios={"seconds beyond torch": beyond},
           target="at most 2 seconds", met=lambda beyond: beyond <= 2, times_torch=times_torch)


if __name__ == "__main__":
    main()
