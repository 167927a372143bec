"""Training images per second: `vgg_like` with our Learner against the same network in Keras (TensorFlow), on the
same images and cores.

    # installs tensorflow-cpu in an environment of its own, .venv-keras
    make .venv-keras/.installed
    python benchmarks/keras_vgg.py --threads 2  # default: 1

Each round starts one process a side, in turn; each warms up on a few batches, then trains whole epochs and times
those itself. Same batches of 128, Adam, float32, no validation. Keras gets float images, made once, channels
last, and its own defaults otherwise; we get uint8 images and make floats of every batch.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench import report
from learner import NoValidation

from gan_augmentation.classifiers import classifier_learner
from gan_augmentation.data import ImageDataset, dataloaders, load_data
from gan_augmentation.training import quiet
from gan_augmentation.training.learner import n_params

HERE, BS, LR, N_PARAMS, TARGET = Path(__file__).parent, 128, 1e-3, 1_677_674, 1.3
KERAS = HERE.parent / ".venv-keras" / "bin" / "python"


def our_side(folder: Path, epochs: int) -> dict:
    "Train with our Learner, as Keras' side does with its own."
    ds = ImageDataset(np.load(folder / "images.npy"), np.load(folder / "labels.npy"))
    dls = dataloaders(ds, ds.select(range(10)), bs=BS, device="cpu")
    learn = classifier_learner(dls, "vgg_like", opt="adam", lr=LR, wd=0.0, cbs=NoValidation())
    few = dataloaders(
        ds.select(range(4 * BS + len(ds) % BS)), ds.select(range(10)), bs=BS, device="cpu"
    )
    with quiet(learn):
        learn.dls = few
        learn.fit(1)
        learn.dls = dls
        start = time.perf_counter()
        learn.fit(epochs)
        seconds = time.perf_counter() - start
    return dict(
        seconds=seconds, n_params=n_params(learn.model), loss=learn.recorder.losses[-1].item()
    )


def one_side(side: str, folder: Path, epochs: int, threads: int) -> dict:
    "Run one side in a new process; both get the same number of threads."
    command = {
        "ours": [sys.executable, __file__, "--side", folder, "--epochs", epochs],
        "keras": [KERAS, HERE / "keras_vgg_side.py", folder, epochs, BS, LR],
    }[side]
    limits = {
        name: str(threads)
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    }
    done = subprocess.run(
        list(map(str, command)),
        env={**os.environ, **limits, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{side} failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n_params"] == N_PARAMS, (
        f"{side} has {found['n_params']:,} trainable parameters, not {N_PARAMS:,}"
    )
    return found


def main():
    "Measure both sides and store the ratios."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=4, help="at least 4 for a result")
    parser.add_argument("--epochs", type=int, default=1, help="timed epochs a round")
    parser.add_argument(
        "--images", type=int, help="use only so many, to try it out; nothing is stored"
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="of both sides; with two, TensorFlow was seen to keep to one core for whole rounds",
    )
    parser.add_argument("--side", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        return print(json.dumps(our_side(args.side, args.epochs)))
    if not KERAS.exists():
        sys.exit(f"{KERAS} is missing; run `make .venv-keras/.installed`")
    train = load_data("fashion_mnist_mini").train
    train = train.select(range(args.images or len(train)))
    speeds = measure(args, train)
    if args.images:
        return
    ratios = {"ours / keras": [a / b for a, b in zip(speeds["ours"], speeds["keras"])]}
    report(
        "keras_vgg",
        unit="training images/s",
        network="vgg_like",
        bs=BS,
        threads=args.threads,
        measured=speeds,
        ratios=ratios,
        target=f"at least {TARGET}",
        met=lambda r: r >= TARGET,
    )


def measure(args, train) -> dict:  # side -> images a second, by round
    "Let the sides take turns."
    speeds = {"ours": [], "keras": []}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", train.images[:, 0].numpy())
        np.save(Path(folder) / "labels.npy", train.labels.numpy())
        for i in range(args.rounds):
            for side in sorted(speeds, reverse=i % 2 == 0):
                found = one_side(side, Path(folder), args.epochs, args.threads)
                pace = args.epochs * len(train) / found["seconds"]
                speeds[side].append(pace)
                print(f"round {i + 1}: {side:6}{pace:8,.0f} images/s, loss {found['loss']:.2f}", flush=True)
    return speeds


if __name__ == "__main__":
    main()
