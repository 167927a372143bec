"""What augmentation costs: a set that is counted, recorded and kept against images from the generator alone, and
an epoch over mixed batches against an epoch over plain ones.

    python benchmarks/augment.py overhead   # seconds, augment_dataset against sample, the same 5,100 labels
    python benchmarks/augment.py epoch      # seconds an epoch of the shallow classifier, as many images and steps

Both sides of a comparison take turns in one process. The generators have been trained for one epoch: they are as
fast as any. `in memory` and `to disk` are `augment_dataset` without and with `out`.
"""

import argparse
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import torch
from bench import report, spread
from fastai.basics import Callback, CancelValidException

from gan_augmentation.augment import Mix, augment_dataset
from gan_augmentation.classifiers import classifier_learner
from gan_augmentation.classifiers.prediction import classifier_spec
from gan_augmentation.data import ImageDataset, dataloaders, load_data
from gan_augmentation.gans import train_gan
from gan_augmentation.training import quiet

ROUNDS = dict(overhead=40, epoch=40)


class NoValidation(Callback):
    "Leave validation out: it is the same on all sides."

    def before_validate(self):
        raise CancelValidException


def seconds(sides: dict, rounds: int) -> dict:  # name of a side -> seconds, by round
    "Time each side once a round, in turn, the first round to warm up."
    found, names = {side: [] for side in sides}, list(sides)
    for i in range(rounds + 1):
        for side in names[i % len(names) :] + names[: i % len(names)]:
            start = time.perf_counter()
            sides[side]()
            if i:
                found[side].append(time.perf_counter() - start)
    return found


def ratios(found: dict, pairs: dict) -> dict:
    "Divide two sides round by round."
    return {name: [a / b for a, b in zip(found[x], found[y])] for name, (x, y) in pairs.items()}


def overhead(data):
    """Compare the DCGAN with itself, bare.

    The vanilla GAN stands beside it without a target: it makes 5,100 images in a blink."""
    folder, labels, sides = Path(tempfile.mkdtemp()), data.train.labels.sort().values, {}
    for name in ("dcgan", "gan"):
        gan = train_gan(data.train, name, epochs=1, device="cpu")

        def kept(gan=gan):
            augment_dataset(data, gan, out=folder / "set")
            shutil.rmtree(folder / "set")

        sides |= {
            f"{name} sample": partial(gan.sample, labels),
            f"{name} in memory": partial(augment_dataset, data, gan),
            f"{name} to disk": kept,
        }
    found, shares = seconds(sides, ROUNDS["overhead"]), {}
    for name in ("dcgan", "gan"):
        hows = "in memory", "to disk"
        pairs = {f"{name} {how} / sample": (f"{name} {how}", f"{name} sample") for how in hows}
        shares[name] = ratios(found, pairs)
    report(
        "augment_overhead",
        unit=f"seconds for {len(labels):,} images of 28x28",
        generator="dcgan",
        seeds=[0],
        measured=found,
        ratios=shares["dcgan"],
        no_target={k: spread(v) for k, v in shares["gan"].items()},
        target="at most 1.10",
        met=lambda r: r <= 1.1,
        command="python benchmarks/augment.py overhead",
        threads=torch.get_num_threads(),
    )


def epoch(data):
    """Compare epochs of as many steps over as many images.

    Real and synthetic images that are told apart, and the same tensors as one plain set."""
    augmented = augment_dataset(data, train_gan(data.train, "gan", epochs=1, device="cpu"))
    plain = ImageDataset(augmented.images, augmented.labels, augmented.classes)
    bs = classifier_spec("shallow").bs
    kw = dict(bs=bs, n_batches=-(-len(plain) // bs), device="cpu")
    loaders = {
        "plain": dataloaders(plain, data.valid, **kw),
        "Mix()": augmented.dataloaders(mix=Mix(), **kw),
        "Mix(fraction=.5)": augmented.dataloaders(mix=Mix(fraction=0.5), **kw),
    }

    def train(learn):
        with quiet(learn):
            learn.fit(1)

    found = seconds(
        {
            name: partial(train, classifier_learner(dls, "shallow", cbs=NoValidation()))
            for name, dls in loaders.items()
        },
        ROUNDS["epoch"],
    )
    report(
        "augment_epoch",
        unit=f"seconds an epoch of {len(plain):,} images",
        network="shallow",
        bs=bs,
        steps=kw["n_batches"],
        seeds=[0],
        measured=found,
        ratios=ratios(
            found, {f"{name} / plain": (name, "plain") for name in found if name != "plain"}
        ),
        target="at most 1.05",
        met=lambda r: r <= 1.05,
        command="python benchmarks/augment.py epoch",
        threads=torch.get_num_threads(),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=ROUNDS)
    args = parser.parse_args()
    dict(overhead=overhead, epoch=epoch)[args.case](load_data("fashion_mnist_mini"))
