"""Images per second: our loader against fastai's per-image PIL pipeline, on the same 5,100 real images.

Run with `make bench`. Both sides yield float batches of 64 on the CPU. fastai reads PNG files from disk with
`ImageDataLoaders`, its documented way for a folder of images, without workers and with two; a warm-up epoch comes
first, so files are in the page cache.
"""

import tempfile
import time
from pathlib import Path

from bench import report
from fastai.vision.all import ImageDataLoaders, PILImageBW
from PIL import Image

from gan_augmentation.data import load_data

BS, ROUNDS = 64, 5


def images_per_second(dl) -> list:
    "Time passes over a loader, after one to warm up."
    for _ in dl:
        pass
    speeds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        seen = sum(len(y) for _, y in dl)
        speeds.append(seen / (time.perf_counter() - start))
    return speeds


def main():
    "Time the loaders in one run and store the ratios."
    data = load_data("fashion_mnist_mini")
    speeds = {"ours": images_per_second(data.dataloaders(bs=BS, device="cpu").train)}
    with tempfile.TemporaryDirectory() as folder:
        for i, (x, y) in enumerate(zip(data.train.images, data.train.labels)):
            place = Path(folder) / str(int(y))
            place.mkdir(exist_ok=True)
            Image.fromarray(x[0].numpy()).save(place / f"{i}.png")
        for workers in (0, 2):
            dls = ImageDataLoaders.from_folder(
                folder,
                valid_pct=0.01,
                seed=0,
                bs=BS,
                num_workers=workers,
                img_cls=PILImageBW,
                device="cpu",
            )
            speeds[f"fastai, {workers} workers"] = images_per_second(dls.train)
    ratios = {
        f"ours / {k}": [a / b for a, b in zip(speeds["ours"], v)]
        for k, v in speeds.items()
        if k != "ours"
    }
    report(
        "loader",
        unit="images/s",
        measured=speeds,
        ratios=ratios,
        target="at least 20",
        met=lambda r: r >= 20,
    )


if __name__ == "__main__":
    main()
