"""Training images per second: a DCGAN with our Learner against torchgan's Trainer, with the same networks (ours),
loss, optimizer and batches, on the same images and cores.

    make .venv-gan/.installed       # installs torchgan in an environment of its own, .venv-gan
    python benchmarks/gan_peer.py

torchgan has no R1 penalty, so ours is left out, too; our moving average, history and checks stay. Each round
starts one process a side, in turn; each warms up on a few batches, then times whole epochs itself. torchgan gets
float images, made once; we get uint8 images and make floats of every batch.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from bench import report, versions

from gan_augmentation.core import normalize
from gan_augmentation.data import load_data
from gan_augmentation.gans import gan_learner
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import fill_gan
from gan_augmentation.gans.train import gan_loaders
from gan_augmentation.training import quiet

HERE, BS = Path(__file__).parent, 64
PEER = HERE.parent / ".venv-gan" / "bin" / "python"


def our_side(epochs: int) -> dict:
    "Train with our Learner."
    ds = load_data("fashion_mnist_mini").train
    config = fill_gan(GANConfig(bs=BS, r1=0.0), ds)
    learn = gan_learner(gan_loaders(ds, config, "cpu"), config)
    with quiet(learn):
        learn.dls.train.n_batches = 4
        learn.fit(1)
        learn.dls.train.n_batches = len(ds) // BS
        start = time.perf_counter()
        learn.fit(epochs)
        return dict(seconds=time.perf_counter() - start)


def one_side(side: str, folder: Path, epochs: int, threads: int) -> dict:
    "Run one side in a new process; both get the same number of threads."
    command = {
        "ours": [sys.executable, __file__, "--side", "--epochs", epochs],
        "torchgan": [PEER, HERE / "gan_peer_side.py", folder, epochs, BS],
    }[side]
    done = subprocess.run(
        list(map(str, command)),
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    "Let the sides take turns and store the ratios."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4, help="timed epochs a round")
    parser.add_argument("--threads", type=int, default=2, help="of both sides")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        return print(json.dumps(our_side(args.epochs)))
    ds, sides = load_data("fashion_mnist_mini").train, ("ours", "torchgan")
    n, speed = len(ds) // BS * BS * args.epochs, {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        torch.save(normalize(ds.images), f"{folder}/images.pt")
        torch.save(ds.labels, f"{folder}/labels.pt")
        for i in range(args.rounds):
            for side in sorted(sides, reverse=i % 2 == 0):
                speed[side].append(
                    n / one_side(side, Path(folder), args.epochs, args.threads)["seconds"]
                )
    report(
        "gan_peer",
        unit="training images/s",
        generator="dcgan",
        bs=BS,
        threads=args.threads,
        peer=versions(PEER, "torchgan", "torch"),
        measured=speed,
        ratios={"ours / torchgan": [a / b for a, b in zip(speed["ours"], speed["torchgan"])]},
        target="at least 1",
        met=lambda r: r >= 1,
    )


if __name__ == "__main__":
    main()
