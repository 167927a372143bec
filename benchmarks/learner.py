"""One epoch of the `convolutional` Learner against a bare PyTorch loop over the same tensors, with the same network, optimizer and batches.

Run with `make bench`. The two take turns and swap who goes first, so that a slow minute of a shared machine hits both; every round gives one ratio.
Neither side validates.
"""
import time

import torch
import torch.nn.functional as F
from fastai.basics import Callback, CancelValidException

from bench import report
from gan_augmentation.classifiers import build_classifier, classifier_learner, classifier_spec
from gan_augmentation.core import quiet
from gan_augmentation.data import load_data

NETWORK, BS, ROUNDS = "convolutional", 64, 6


class NoValidation(Callback):
    "Leave validation out: the bare loop has none."
    def before_validate(self): raise CancelValidException


def bare_epoch(net, opt, images, labels):
    "Train for one epoch with nothing but PyTorch."
    net.train()
    for idx in torch.randperm(len(images)).split(BS):
        x = images[idx].float().div_(127.5).sub_(1)
        loss = F.cross_entropy(net(x), labels[idx])
        loss.backward()
        opt.step()
        opt.zero_grad()


def main():
    "Time both in one run and store the ratios."
    data, spec = load_data("fashion_mnist_mini"), classifier_spec(NETWORK)
    learn = classifier_learner(data.dataloaders(bs=BS, device="cpu"), NETWORK, cbs=NoValidation())
    net = build_classifier(NETWORK, data.train.shape, data.train.n_classes)
    opt = torch.optim.AdamW(net.parameters(), lr=spec.lr, weight_decay=spec.wd, fused=True)
    def ours():
        with quiet(learn): learn.fit(1)
    sides = dict(learner=ours, bare=lambda: bare_epoch(net, opt, data.train.images, data.train.labels))
    seconds = {side: [] for side in sides}
    for i in range(ROUNDS + 1):
        for side in sorted(sides, reverse=i % 2 == 0):
            start = time.perf_counter()
            sides[side]()
            if i: seconds[side].append(time.perf_counter() - start)
    ratios = {"learner / bare": [a/b for a, b in zip(seconds["learner"], seconds["bare"])]}
    report("learner", unit=f"seconds an epoch of {len(data.train):,} images", measured=seconds, ratios=ratios, target="at most 1.05", met=lambda r: r <= 1.05)


if __name__ == "__main__": main()
