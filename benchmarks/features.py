"""Seconds an epoch of a frozen EfficientNet: with kept features, after the first epoch, against computing them
anew every epoch.

Run with `make bench`. Both sides train the same head for one epoch on the same images with the same Learner; only
one of them asks the frozen body about every batch. The features are kept in an empty directory first, and how
long that took is reported, too.
"""

import os
import tempfile
import time
from pathlib import Path

import torch
from bench import report
from learner import NoValidation

from gan_augmentation.classifiers import CrossEntropy, build_classifier, classifier_learner
from gan_augmentation.data import load_data
from gan_augmentation.training import ResumableLearner, optimizer, quiet

PER_CLASS, ROUNDS, TARGET = 120, 4, 20


def main():
    "Time both in one run and store the ratios."
    data = load_data("fashion_mnist_mini", subset=PER_CLASS)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["GAN_AUGMENTATION_DATA"] = cache
        dls = data.dataloaders(bs=64, device="cpu")
        start = time.perf_counter()
        kept = classifier_learner(dls, "efficientnet", cbs=NoValidation())
        first = time.perf_counter() - start
        assert list(Path(cache).rglob("*.npy")), "the features were not kept in the empty directory"
        net = build_classifier("efficientnet", data.train.shape, data.train.n_classes)
        anew = ResumableLearner(
            dls, net, CrossEntropy(), opt_func=optimizer("adamw"), lr=1e-3, cbs=NoValidation()
        )
        seconds = {"kept": [], "computed anew": []}
        for i in range(ROUNDS + 1):
            for side, learn in (("kept", kept), ("computed anew", anew)):
                start = time.perf_counter()
                with quiet(learn):
                    learn.fit(1)
                if i:
                    seconds[side].append(time.perf_counter() - start)
    ratios = {
        "computed anew / kept": [a / b for a, b in zip(seconds["computed anew"], seconds["kept"])]
    }
    report(
        "features",
        unit=f"seconds an epoch of {len(data.train):,} images",
        network=net.body.source,
        first=first,
        threads=torch.get_num_threads(),
        measured=seconds,
        ratios=ratios,
        target=f"at least {TARGET}",
        met=lambda r: r >= TARGET,
    )


if __name__ == "__main__":
    main()
