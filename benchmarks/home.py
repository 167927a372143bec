"""Draw the picture of the home page: real garments, and those of the generator that a demo has trained.

    make demo
    python benchmarks/home.py "results/generators/DCGANFashionMNISTMiniGenerator Run 1"
"""

import argparse
import time
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from gan_augmentation.core import save_results
from gan_augmentation.data import load_data
from gan_augmentation.generators import load_generator

ROOT = Path(__file__).resolve().parents[1]
FONT = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
SIDE, LEFT, TOP = 58, 70, 22  # pixels: of a cell, of the words on the left, of the names above
SEED = 0


def garments(run: Path) -> tuple:  # two arrays (2,10,28,28): real, generated
    "Take the first two real training images of each class, and the first two generated ones of a seed."
    train = load_data("fashion_mnist_mini").train
    labels = torch.arange(10).repeat(2)
    first = [torch.where(train.labels == c)[0][:2] for c in range(10)]
    real = train.images[torch.stack(first, 1).ravel()]
    made = load_generator(run).sample(labels, seed=SEED)
    return tuple(np.asarray(x).reshape(2, 10, 28, 28) for x in (real, made))


def drawn(real, made, names: list) -> bytes:  # a PNG file
    "Draw four rows of ten garments, with the names of the classes above."
    picture = Image.new("L", (LEFT + 10 * SIDE, TOP + 4 * SIDE + 4), 255)
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(str(FONT), 12)
    for c, name in enumerate(names):
        pen.text((LEFT + c * SIDE + 28, 4), name.split("/")[0].split()[-1].capitalize(), font=font, fill=0, anchor="mt")
        for row, x in enumerate([*real[:, c], *made[:, c]]):
            gap = 4 * (row > 1)
            picture.paste(Image.fromarray(x).resize((56, 56)), (LEFT + c * SIDE, TOP + row * SIDE + gap))
    pen.text((LEFT - 8, TOP + SIDE), "real", font=font, fill=0, anchor="rm")
    pen.text((LEFT - 8, TOP + 3 * SIDE + 4), "generated", font=font, fill=0, anchor="rm")
    file = BytesIO()
    picture.save(file, "png", optimize=True)
    return file.getvalue()


def main(run: Path):
    "Draw and store."
    start = time.time()
    names = load_data("fashion_mnist_mini").train.classes
    picture = drawn(*garments(run), names)
    command = f'make demo && python benchmarks/home.py "results/generators/{run.name}"'
    record = dict(command=command, seconds=time.time() - start, seed=SEED, n=20, chosen="the first of each class")
    save_results(ROOT / "nbs/stored/home.json", record, {"garments": picture})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="directory of a trained generator")
    main(**vars(parser.parse_args()))
