"""One epoch of our Learner against a bare PyTorch loop over the same tensors, with the same network, optimizer
and batches.

    python benchmarks/learner.py learner   # `convolutional`, where the network takes the time
    python benchmarks/learner.py deep      # `deep`, whose steps are so short that the Learner's own work shows

Run with `make bench`. The two take turns and swap who goes first, so that a slow minute of a shared machine hits
both; every round gives one ratio. Neither side validates.
"""

import argparse
import time

import torch
import torch.nn.functional as F
from bench import report
from fastai.basics import Callback, CancelValidException

from gan_augmentation.classifiers import build_classifier, classifier_learner
from gan_augmentation.classifiers.prediction import classifier_spec
from gan_augmentation.data import load_data
from gan_augmentation.training import quiet

CASES = {
    # result    network          bs   images                target: Learner's time, in bare loops
    "learner": ("convolutional", 64, "fashion_mnist_mini", 1.05),
    "deep": ("deep", 250, "fashion_mnist", 1.3),
}
ROUNDS = 6


class NoValidation(Callback):
    "Leave validation out: the bare loop has none."

    def before_validate(self):
        raise CancelValidException


def bare_epoch(net, opt, images, labels, bs):
    "Train for one epoch with nothing but PyTorch."
    net.train()
    for idx in torch.randperm(len(images)).split(bs):
        x = images[idx].float().div_(127.5).sub_(1)
        loss = F.cross_entropy(net(x), labels[idx])
        loss.backward()
        opt.step()
        opt.zero_grad()


def main():
    "Time both in one run and store the ratios."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--root", help="where the images are looked for and put")
    args = parser.parse_args()
    network, bs, images, target = CASES[args.case]
    data, spec = load_data(images, root=args.root), classifier_spec(network)
    learn = classifier_learner(data.dataloaders(bs=bs, device="cpu"), network, cbs=NoValidation())
    net = build_classifier(network, data.train.shape, data.train.n_classes)
    opt = torch.optim.AdamW(net.parameters(), lr=spec.lr, weight_decay=spec.wd, fused=True)

    def ours():
        with quiet(learn):
            learn.fit(1)

    sides = dict(
        learner=ours, bare=lambda: bare_epoch(net, opt, data.train.images, data.train.labels, bs)
    )
    seconds = {side: [] for side in sides}
    for i in range(ROUNDS + 1):
        for side in sorted(sides, reverse=i % 2 == 0):
            start = time.perf_counter()
            sides[side]()
            if i:
                seconds[side].append(time.perf_counter() - start)
    ratios = {"learner / bare": [a / b for a, b in zip(seconds["learner"], seconds["bare"])]}
    report(
        args.case,
        unit=f"seconds an epoch of {len(data.train):,} images",
        network=network,
        bs=bs,
        measured=seconds,
        ratios=ratios,
        target=f"at most {target}",
        met=lambda r: r <= target,
        command=f"python benchmarks/learner.py {args.case}",
    )


if __name__ == "__main__":
    main()
