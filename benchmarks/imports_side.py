"""One reading of `imports.py`, in a process of its own: the seconds stand on the last line of standard error.

    python benchmarks/imports_side.py "import torch"
"""

import sys
import time
from functools import partial
from importlib import import_module

def ask(*words):
    "Give words to the program, as they are typed."
    from gan_augmentation.cli import main

    main(list(words))


def find_augment_dataset():
    from gan_augmentation.augment import augment_dataset

    return augment_dataset


CASES = {
    "import torch": partial(import_module, "torch"),
    "import fastai.basics": partial(import_module, "fastai.basics"),
    "augment_dataset": find_augment_dataset,
    "gan-augment --help": partial(ask, "--help"),
    "a refusal": partial(ask, "evaluate", "no such run"),
}


if __name__ == "__main__":
    start = time.perf_counter()
    CASES[sys.argv[1]]()
    sys.stderr.write(f"\n{time.perf_counter() - start}")
