"""Seconds to read a folder of 50,000 small PNG files: the first time, the second time, and by torchvision.

Run with `make bench`. The files are made on the fly, 32 x 32 pixels in colour, ten classes, and lie in the page cache.
Ours is `as_dataset(folder)`: one array of all images, with labels. The first time an empty cache is filled, the second
time nothing has changed. Torchvision's side is a loop over `ImageFolder` that makes a tensor of every image, alone and
with a `DataLoader` of two workers; it keeps nothing, so its second time is as long as its first.
"""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from bench import report
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import PILToTensor

from gan_augmentation.data import as_dataset

N, CLASSES, SIDE, ROUNDS = 50_000, 10, 32, 3
FIRST, SECOND = 60, 2  # seconds that are allowed


def make_files(folder: Path):
    "Write smooth pictures with some grain, which take about as many bytes as photographs of that size."
    rng = np.random.default_rng(0)
    for c in range(CLASSES):
        (folder / f"class{c}").mkdir()
    for i in range(N):
        rough = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        smooth = np.asarray(rough.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.int16)
        image = np.clip(smooth + rng.integers(-8, 9, smooth.shape), 0, 255).astype(np.uint8)
        Image.fromarray(image).save(folder / f"class{i % CLASSES}" / f"{i:05}.png", compress_level=1)


def seconds(function) -> float:
    "Time a call."
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def read_ours(folder: Path):
    ds = as_dataset(folder)
    assert (len(ds), ds.shape, ds.counts) == (N, (3, SIDE, SIDE), [N // CLASSES] * CLASSES)
    assert ds.images.numpy().max() > 0  # every byte is read, also of an array that is mapped


def read_theirs(folder: Path, workers: int | None):
    items = ImageFolder(str(folder), transform=PILToTensor())
    if workers is not None:
        items = DataLoader(items, batch_size=250, num_workers=workers)
    for images, _ in items:
        images.sum()


def main():
    "Time all sides in one run and store the ratios."
    names = "ours, first time", "ours, second time", "torchvision", "torchvision, 2 workers"
    found = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images"
        images.mkdir()
        make_files(images)
        time.sleep(3)  # times younger than two seconds prove nothing
        for i in range(ROUNDS):
            os.environ["GAN_AUGMENTATION_DATA"] = str(Path(folder) / f"cache{i}")
            found[names[0]].append(seconds(lambda: read_ours(images)))
            found[names[1]].append(seconds(lambda: read_ours(images)))
            found[names[2]].append(seconds(lambda: read_theirs(images, None)))
            found[names[3]].append(seconds(lambda: read_theirs(images, 2)))
    first, second, alone, workers = found.values()
    in_time = median(first) < FIRST and median(second) < SECOND
    ratios = {
        "torchvision / ours, first time": [b / a for a, b in zip(first, alone)],
        "torchvision / ours, second time": [b / a for a, b in zip(second, alone)],
        "2 workers / ours, first time": [b / a for a, b in zip(first, workers)],
    }
    report(
        "reading",
        unit="s",
        files=N,
        measured=found,
        ratios=ratios,
        target=f"first time under {FIRST} s, second under {SECOND} s, whatever the ratio",
        met=lambda ratio: in_time,
    )


if __name__ == "__main__":
    main()
