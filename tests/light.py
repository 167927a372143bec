"What loads which packages: each function is run in a process of its own, and this file imports nothing heavy."

import contextlib
import importlib
import io
import json
import sys

HEAVY = "torch fastai diffusers onnx onnxruntime datasets torchvision timm sklearn".split()
HEAVY += "wandb tensorboard mlflow optuna".split()


def print_loaded(name, *args):
    "Run a function of this file, and print which heavy packages are loaded then."
    with contextlib.redirect_stdout(io.StringIO()):
        globals()[name](*args)
    print(json.dumps([package for package in HEAVY if is_loaded(package)]))


def is_loaded(package):
    "Tell a package that is loaded from one that is only named: lazily, it has no modules yet."
    return any(name.startswith(f"{package}.") for name in sys.modules)


def import_modules(*names):
    for name in names:
        importlib.import_module(name)


class Grey:
    def sample(self, labels, seed):
        import torch

        return torch.full((len(labels), 1, 8, 8), 128, dtype=torch.uint8)


def add_to_arrays(out):
    import numpy as np

    from gan_augmentation.augment import augment_dataset

    images, labels = np.zeros((20, 8, 8), np.uint8), np.arange(20) % 2
    assert len(augment_dataset((images, labels), Grey(), ratio=1.0)) == 40
    assert len(augment_dataset((images, labels), Grey(), ratio=1.0, out=out)) == 40
    assert len(augment_dataset((images, labels), out)) == 40


def run_program(*words):
    from gan_augmentation.cli import main

    main(list(words))


def train_untracked(results):
    import os

    from gan_augmentation.runs import train_generator, train_run

    os.environ.pop("WANDB_MODE", None)
    few = dict(subset=20, epochs=1, results=results, device="cpu", export=False)
    train_run("fashion_mnist_mini", "shallow", **few)
    train_generator("fashion_mnist_mini", "dcgan", g_channels=4, c_channels=4, **few)


def list_runs(results):
    run_program("runs", "--results", results)
    assert not is_loaded("pandas"), "pandas"
