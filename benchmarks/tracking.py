"""What `--track offline` costs: a whole training that is tracked against the same one that is not, files and all.

    python benchmarks/tracking.py classifier   # small_cnn on 28x28, 20 epochs
    python benchmarks/tracking.py gan          # a DCGAN on 28x28, 10 epochs, with its sample grids

Two threads, as an idle machine with two cores has them. The two take turns and swap who goes first; the first round
warms up. A process that tracks loads wandb and starts its service once: these seconds are measured in new processes,
and stand beside the ratio, because they do not grow with the training.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from bench import report, spread, take_turns

from gan_augmentation.data import load_data
from gan_augmentation.runs import train_generator, train_run
from gan_augmentation.training.config import TrackConfig
from gan_augmentation.training.services import Tracked
from gan_augmentation.training.tracking import tracked

TARGET = 1.02
CASES = dict(classifier=(train_run, "small_cnn", 20), gan=(train_generator, "dcgan", 10))  # what, which, epochs


def sides(case: str, epochs: int, data, folder) -> dict:  # "off", "offline" -> function that trains
    "Make the same training twice."
    train, name, _ = CASES[case]

    def side(track):
        how = dict(results=Path(folder) / track, device="cpu", export=False, track=track)
        return lambda: train(data, name, epochs=epochs, seed=29, **how)

    return {track: side(track) for track in ("off", "offline")}


def opening() -> float:  # seconds
    "Measure, in this process, what is done once: wandb is loaded, its service started, a first run opened."
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        what = Tracked("X", "classifier", root=Path(folder))
        with tracked(TrackConfig("offline"), what) as tracker:
            tracker.callbacks()
            return time.perf_counter() - begun


def opening_elsewhere(times: int = 5) -> dict:
    "Measure it in new processes."
    command = [sys.executable, "-W", "ignore", __file__, "opening"]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(times)]
    return spread(list(map(float, said)))


def main():
    "Time one case and store seconds and ratios."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=[*CASES, "opening"])
    parser.add_argument("--epochs", type=int, help="of each training (default: 20 for the classifier, 10 for the GAN)")
    parser.add_argument("--rounds", type=int, default=8, help="pairs of trainings (default: %(default)s)")
    args = parser.parse_args()
    if args.case == "opening":
        print(opening())
        return
    torch.set_num_threads(2)
    epochs = args.epochs or CASES[args.case][2]
    data = load_data("fashion_mnist_mini")
    with tempfile.TemporaryDirectory() as folder:
        speed = take_turns(sides(args.case, epochs, data, folder), args.rounds, 1)
    seconds = {f"{track}, seconds": [1 / x for x in values] for track, values in speed.items()}
    report(
        f"tracking_{args.case}",
        unit="seconds a training",
        trained=CASES[args.case][1],
        epochs=epochs,
        n_train=len(data.train),
        threads=2,
        load_average=os.getloadavg()[0],  # about 2 on a machine that does nothing else
        opening_seconds=opening_elsewhere(),
        measured=seconds,
        ratios={"seconds offline / off": [off / offline for off, offline in zip(speed["off"], speed["offline"])]},
        target=f"at most {TARGET}",
        met=lambda r: r <= TARGET,
        command=" ".join(["python benchmarks/tracking.py", *sys.argv[1:]]),
    )


if __name__ == "__main__":
    main()
