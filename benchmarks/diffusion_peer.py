"""Against denoising-diffusion-pytorch: training images per second with U-Nets of equal size, and what each side's
images are worth after equal time.

    make .venv-diffusion/.installed            # installs the peer in an environment of its own, .venv-diffusion
    python benchmarks/diffusion_peer.py        # speed, in single and in half precision
    python benchmarks/diffusion_peer.py --minutes 10   # and quality, half an hour

Both sides train on the same 5,100 images with the same targets (v), noise schedule, learning rates, batches,
moving average and clipped gradients. Each round starts one process a side, in turn. For quality each side trains
for the same time, then makes 500 images with DDIM-50, without guidance; the yardsticks are those of
`generators.py`.
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
from generators import JUDGE, MINI, judge, yardsticks

from gan_augmentation.core import environment, save_json
from gan_augmentation.data import load_data, stratified
from gan_augmentation.diffusion import build_unet, diffusion_learner, train_diffusion
from gan_augmentation.diffusion.config import DiffusionConfig
from gan_augmentation.diffusion.train import diffusion_loaders, fill_diffusion
from gan_augmentation.training import quiet

HERE, BS, STEPS, N = Path(__file__).parent, 64, 12, 500
LABELS = torch.arange(10).repeat(N // 10)
PEER = HERE.parent / ".venv-diffusion" / "bin" / "python"
NAME = "denoising-diffusion-pytorch"


def our_speed(precision: str) -> dict:
    "Train with our Learner."
    ds = load_data("fashion_mnist_mini").train
    config = fill_diffusion(DiffusionConfig(bs=BS, precision=precision), ds)
    learn = diffusion_learner(diffusion_loaders(ds, config, "cpu"), config)
    with quiet(learn):
        for learn.dls.train.n_batches in (2, STEPS):
            start = time.perf_counter()
            learn.fit(1)
    return dict(
        parameters=sum(p.numel() for p in build_unet("tiny", ds.shape, 10).parameters()),
        seconds=time.perf_counter() - start,
    )


def run(command, threads: int) -> dict:
    "Run one side in a new process."
    done = subprocess.run(
        list(map(str, command)),
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def speed(args, folder, peer):
    "Let the sides take turns, and store the ratios."
    sides = {
        "ours": [sys.executable, __file__, "--side"],
        NAME: [PEER, HERE / "diffusion_peer_side.py", "speed", folder, STEPS, BS],
    }
    found, pace = {}, {}
    for i in range(args.rounds):
        for precision in ("fp32", "bf16"):
            for side in sorted(sides, reverse=i % 2 == 0):
                found[side] = run([*sides[side], precision], args.threads)
                images_per_second = STEPS * BS / found[side]["seconds"]
                pace.setdefault(f"{side}, {precision}", []).append(images_per_second)
    ratios = {}
    for p in ("fp32", "bf16"):
        both = zip(pace[f"ours, {p}"], pace[f"{NAME}, {p}"])
        ratios[f"ours / {NAME}, {p}"] = [a / b for a, b in both]
    report(
        "diffusion_peer",
        unit="training images/s",
        bs=BS,
        threads=args.threads,
        peer=peer,
        parameters={k: v["parameters"] for k, v in found.items()},
        measured=pace,
        ratios=ratios,
        target="at least 3",
        met=lambda r: r >= 3,
    )


def train_both(args, folder, train) -> dict:  # side -> (images, facts)
    "Train both sides for the same time, and let each make images."
    n_epochs = round(60 * args.minutes * args.images_per_second / len(train))
    settings = dict(bs=BS, epochs=max(1, n_epochs), precision="bf16")
    ours = train_diffusion(train, device="cpu", progress=True, **settings)
    seconds = ours.config["training"]["seconds"]
    start = time.perf_counter()
    made = ours.sample(LABELS, 0, sampler="ddim", steps=50, precision="bf16")
    facts = dict(
        seconds=seconds,
        steps=settings["epochs"] * (len(train) // BS),
        sampling_seconds=time.perf_counter() - start,
    )
    command = [PEER, HERE / "diffusion_peer_side.py", "train", folder, seconds, BS, "bf16", N]
    theirs = run(command, args.threads)
    return {
        "ours": (made, facts),
        NAME: (torch.load(Path(folder) / "made.pt", weights_only=True), theirs),
    }


def quality(args, folder, peer, train, data):
    "Judge what both sides make after the same time."
    known, accuracy = judge(data, args.root, Path("results"))
    torch.set_num_threads(args.threads)
    rows = {}
    for side, (images, facts) in train_both(args, folder, train).items():
        rows[side] = dict(**facts, **yardsticks(images, LABELS, data, known, 0, bs=64))
        print(side, rows[side], flush=True)
    found = dict(
        n=1,
        seed=0,
        n_real=len(train),
        n_generated=N,
        sampler="ddim, 50 steps, guidance 1",
        peer=peer,
        threads=args.threads,
        judge=dict(JUDGE, test_accuracy=accuracy),
        sides=rows,
        command=f"python benchmarks/diffusion_peer.py --minutes {args.minutes:g}",
        environment=environment(),
    )
    save_json(HERE / "results" / "diffusion_peer_quality.json", found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1, help="of both sides")
    parser.add_argument(
        "--minutes",
        type=float,
        help="compare quality after so many minutes of training, instead of speed",
    )
    parser.add_argument(
        "--images-per-second",
        type=float,
        default=270,
        help="of ours, to make it about so many minutes; the peer gets the time that ours took",
    )
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        return print(json.dumps(our_speed(args.side)))
    peer = versions(PEER, NAME, "torch")
    data = load_data("fashion_mnist", root=args.root)
    train = data.train.select(stratified(data.train.labels, MINI, 0))
    with tempfile.TemporaryDirectory() as folder:
        torch.save(train.images.float() / 255, f"{folder}/images.pt")
        torch.save(train.labels, f"{folder}/labels.pt")
        if args.minutes:
            quality(args, folder, peer, train, data)
        else:
            speed(args, folder, peer)


if __name__ == "__main__":
    main()
