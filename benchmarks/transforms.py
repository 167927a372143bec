"""Images per second: flip, shift and erase, or RandAugment, on whole batches against torchvision's transforms on each
image, from the same tensors.

    python benchmarks/transforms.py transforms    # flip, shift and erase
    python benchmarks/transforms.py randaugment

Run with `make bench`. Both sides get float batches of 64 real images and give batches back. torchvision's
transforms draw once for all images of a batch, so that they have to be called for each image if the images are to
be changed independently, as data loaders do. The two take turns; every round gives one ratio.
"""

import argparse
from functools import partial

import torch
from bench import report, take_turns
from torchvision.transforms import v2

from gan_augmentation.core import normalize
from gan_augmentation.data import erase, flip, load_data, rand_augment, shift

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


def randaugment_imagewise(x):
    "Draw operations for each image."
    change = v2.RandAugment()
    return torch.stack([change(image) for image in (x + 1) / 2]) * 2 - 1


CASES = {  # ours, torchvision's, and how many times as fast ours is to be
    "transforms": (batchwise, imagewise, 10),
    "randaugment": (rand_augment, randaugment_imagewise, 2),
}


def main():
    "Time both in one run and store the ratios."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    case = parser.parse_args().case
    *both, target = CASES[case]
    images = normalize(load_data("fashion_mnist_mini").train.images)

    def over_all(change):
        for x in images.split(BS):
            change(x)

    sides = dict(zip(("ours", "torchvision"), (partial(over_all, change) for change in both)))
    speeds = take_turns(sides, ROUNDS, len(images))
    ratios = {"ours / torchvision": [a / b for a, b in zip(speeds["ours"], speeds["torchvision"])]}
    report(
        case,
        unit="images/s",
        measured=speeds,
        ratios=ratios,
        target=f"at least {target}",
        met=lambda r: r >= target,
        command=f"python benchmarks/transforms.py {case}",
    )


if __name__ == "__main__":
    main()
