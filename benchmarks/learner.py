"""One epoch of the `convolutional` Learner against a bare PyTorch loop over the same tensors, with the same network, optimizer and batches.

Run with `make bench`. The two take turns, so that a slow minute of a shared machine hits both; the ratio is that of the medians.
"""
import time

import torch
import torch.nn.functional as F
from fastai.basics import Callback, CancelValidException

from bench import report, spread
from gan_augmentation.classifiers import build_classifier, classifier_learner, classifier_spec
from gan_augmentation.core import quiet
from gan_augmentation.data import load_data

NETWORK, BS, N_BATCHES, ROUNDS = "convolutional", 64, 15, 9


class NoValidation(Callback):
    "Leave validation out: the bare loop has none."
    def before_validate(self): raise CancelValidException


def bare_epoch(net, opt, images, labels):
    "Train on `N_BATCHES` batches with nothing but PyTorch."
    net.train()
    for idx in torch.randperm(len(images)).split(BS)[:N_BATCHES]:
        x = images[idx].float().div_(127.5).sub_(1)
        loss = F.cross_entropy(net(x), labels[idx])
        loss.backward()
        opt.step()
        opt.zero_grad()


def main():
    "Time both in one run and store the ratio."
    data = load_data("fashion_mnist_mini")
    learn = classifier_learner(data.dataloaders(bs=BS, n_batches=N_BATCHES, device="cpu"), NETWORK)
    learn.create_opt()
    net = build_classifier(NETWORK, data.train.shape, data.train.n_classes)
    opt = torch.optim.AdamW(net.parameters(), lr=classifier_spec(NETWORK).lr, weight_decay=classifier_spec(NETWORK).wd, fused=True)
    with quiet(learn), learn.added_cbs(NoValidation()): learn.fit(1)
    bare_epoch(net, opt, data.train.images, data.train.labels)
    seconds = dict(learner=[], bare=[])
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with quiet(learn), learn.added_cbs(NoValidation()): learn.fit(1)
        middle = time.perf_counter()
        bare_epoch(net, opt, data.train.images, data.train.labels)
        seconds["learner"].append(middle - start), seconds["bare"].append(time.perf_counter() - middle)
    ratios = {"learner / bare": spread(seconds["learner"])["median"]/spread(seconds["bare"])["median"]}
    report("learner", unit=f"seconds for {N_BATCHES} batches of {BS}", n=ROUNDS, measured={k: spread(v) for k, v in seconds.items()}, ratios=ratios, target="at most 1.05")


if __name__ == "__main__": main()
