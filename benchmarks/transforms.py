"""Images per second: flip, shift and erase on whole batches against torchvision's transforms on each image, from
the same tensors.

Run with `make bench`. Both sides get float batches of 64 real images and give batches back. torchvision's
transforms draw once for all images of a batch, so that they have to be called for each image if the images are to
be changed independently, as data loaders do. The two take turns; every round gives one ratio.
"""

import time

import torch
from bench import report
from torchvision.transforms import v2

from gan_augmentation.core import normalize
from gan_augmentation.data import erase, flip, load_data, shift

BS, ROUNDS = 64, 6


def batchwise(x):
    return erase(shift(flip(x), 4))


def imagewise(x):
    "Apply the same three to each image, with the same settings."
    change = v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomCrop(x.shape[-2:], padding=4, fill=-1),
            v2.RandomErasing(0.5, (0.02, 0.2), (0.3, 3.3), value=-1),
        ]
    )
    return torch.stack([change(image) for image in x])


def main():
    "Time both in one run and store the ratios."
    images = normalize(load_data("fashion_mnist_mini").train.images)
    sides = {"ours": batchwise, "torchvision": imagewise}
    speeds = {side: [] for side in sides}
    for i in range(ROUNDS + 1):
        for side in sorted(sides, reverse=i % 2 == 0):
            start = time.perf_counter()
            for x in images.split(BS):
                sides[side](x)
            if i:
                speeds[side].append(len(images) / (time.perf_counter() - start))
    ratios = {"ours / torchvision": [a / b for a, b in zip(speeds["ours"], speeds["torchvision"])]}
    report(
        "transforms",
        unit="images/s",
        measured=speeds,
        ratios=ratios,
        target="at least 10",
        met=lambda r: r >= 10,
    )


if __name__ == "__main__":
    main()
