"""Training images a second of `small_cnn`: one epoch of our Learner against a bare PyTorch loop over the same tensors,
for 28x28 grey and 32x32 colour images.

    python benchmarks/small_cnn.py

Two threads, as an idle machine with two cores has them. The two take turns and swap who goes first; neither side
validates. The colour images are random: only their size counts.
"""

import os

import torch
from bench import report, take_turns
from learner import NoValidation, bare_epoch

from gan_augmentation.classifiers import build_classifier, classifier_learner
from gan_augmentation.classifiers.prediction import classifier_spec
from gan_augmentation.data import ImageDataset, dataloaders, load_data
from gan_augmentation.training import quiet

NETWORK, BS, ROUNDS, TARGET = "small_cnn", 64, 6, 1.2


def two_sides(train) -> dict:  # name -> function that trains for an epoch
    "Make the same training twice."
    spec = classifier_spec(NETWORK)
    dls = dataloaders(train, train.select(range(10)), bs=BS, device="cpu")
    learn = classifier_learner(dls, NETWORK, cbs=NoValidation())
    net = build_classifier(NETWORK, train.shape, train.n_classes)
    opt = torch.optim.AdamW(net.parameters(), lr=spec.lr, weight_decay=spec.wd, fused=True)

    def ours():
        with quiet(learn):
            learn.fit(1)

    def bare():
        bare_epoch(net, opt, train.images, train.labels, BS)

    size = "x".join(map(str, train.shape[::-1]))
    return {f"learner, {size}": ours, f"bare, {size}": bare}


def main():
    "Time both sizes in one run and store images a second and ratios."
    torch.set_num_threads(2)
    grey = load_data("fashion_mnist_mini").train
    pixels = torch.randint(256, (len(grey), 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    speed, ratios = {}, {}
    for train in (grey, ImageDataset(pixels, grey.labels)):
        found = take_turns(two_sides(train), ROUNDS, len(train))
        ours, bare = found.values()
        speed |= found
        ratios[next(iter(found)).replace("learner", "seconds of learner / bare")] = [b / a for a, b in zip(ours, bare)]
    report(
        "small_cnn",
        unit="training images/s",
        network=NETWORK,
        bs=BS,
        threads=2,
        load_average=os.getloadavg()[0],  # about 2 on a machine that does nothing else
        measured=speed,
        ratios=ratios,
        target=f"at most {TARGET}",
        met=lambda r: r <= TARGET,
    )


if __name__ == "__main__":
    main()
