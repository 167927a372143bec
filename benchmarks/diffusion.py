"""Diffusion models: which loss, which solver, how fast? Tables are kept in `benchmarks/results/diffusion/`.

    # three targets, three losses, equal budgets: an hour and a half on one core
    python benchmarks/diffusion.py losses --seeds 0 1 2
    python benchmarks/diffusion.py solvers RUN            # steps against quality and time, for one trained network
    python benchmarks/diffusion.py pictures RUN           # the same noise through four solvers, and guidance swept
    python benchmarks/diffusion.py learner                # training images/s, against a bare loop with the same U-Net
    python benchmarks/diffusion.py sampling               # DDIM-50 against DDPM-1000, and memory

The yardsticks are those of `generators.py`: GAN-test (is it recognised as what was asked for?) and GAN-train
(does a classifier learn from it?), both with the network `arch1`. Everything is chosen on the 9,000 validation
images; the test images are looked at once a row. A row that is already in a table is not measured again.
"""

import argparse
import itertools
import json
import time
from copy import deepcopy
from pathlib import Path

import torch
from bench import peak_memory, report, take_turns
from generators import JUDGE, MINI, judge, yardsticks

from gan_augmentation.core import environment, save_json, show_images
from gan_augmentation.data import load_data, stratified
from gan_augmentation.diffusion import build_unet, diffusion_learner, train_diffusion
from gan_augmentation.diffusion.config import DiffusionConfig
from gan_augmentation.diffusion.train import diffusion_loaders, fill_diffusion
from gan_augmentation.diffusion.unet import Denoiser
from gan_augmentation.generators import load_generator
from gan_augmentation.generators.ema import ema_decay
from gan_augmentation.training import quiet

HERE = Path(__file__).parent
TABLES, IMAGES = HERE / "results" / "diffusion", HERE.parent / "nbs" / "images"
EPOCHS = 6  # of the loss question: 474 steps of 64 images
N, N_SOLVERS = 2000, 1000  # generated images that are judged, and for each solver
SOLVER_CASES = [  # name, steps, guidance
    ("dpm++", 15, 1.0),
    ("ddim", 50, 1.0),
    ("heun", 18, 1.0),
    ("ddim", 50, 2.0),
    *(("dpm++", 15, w) for w in (1.5, 2.0, 3.0)),
    *(("ddim", n, 1.0) for n in (5, 10, 20, 100)),
    *(("dpm++", n, 1.0) for n in (5, 10, 25)),
    *(("heun", n, 1.0) for n in (8, 13)),
    ("ddpm", 100, 1.0),
    ("ddpm", 1000, 1.0),
]


def table(name: str, **facts) -> tuple:
    "Open a table, or begin one."
    path = TABLES / f"{name}.json"
    if path.exists():
        return path, json.loads(path.read_text())
    return path, dict(name=name, **facts, runs=[])


def add(path, found, what, **row):
    "Add a row to a table, and print it."
    found["runs"].append(dict(**row, environment=environment()))
    save_json(path, found)
    learned, seconds = row["gan_train"]["valid"], row.get("seconds", row["sampling_seconds"])
    print(f"{what}: GAN-test {row['gan_test']:.1%}, GAN-train {learned:.1%}, {seconds:.0f} s", flush=True)


def measure(net, data, known, n: int, seed: int, **options) -> dict:
    "Sample as many of every class, and apply both yardsticks."
    labels, start = torch.arange(10).repeat(n // 10), time.perf_counter()
    images = net.sample(labels, seed, **options)
    seconds = time.perf_counter() - start
    return dict(
        **yardsticks(images, labels, data, known, seed),
        n_generated=n,
        sampling_seconds=round(seconds, 1),
        sampler=options,
    )


def losses(args):
    "Train every target with every loss for the same number of steps."
    data = load_data("fashion_mnist", root=args.root)
    known, accuracy = judge(data, args.root, Path("results"))
    path, found = table(
        "losses",
        settings=dict(epochs=EPOCHS, precision="bf16", n_real=10 * MINI),
        judge=dict(JUDGE, test_accuracy=accuracy),
        command="python benchmarks/diffusion.py losses --seeds 0 1 2",
    )
    there = [(r["seed"], r["target"], r["loss"]) for r in found["runs"]]
    cases = itertools.product(args.seeds, ("epsilon", "x0", "v"), ("mse", "huber", "min-snr"))
    for seed, target, loss in cases:
        if (seed, target, loss) in there:
            continue
        train = data.train.select(stratified(data.train.labels, MINI, seed))
        asked = dict(target=target, loss=loss, seed=seed)
        net = train_diffusion(train, epochs=EPOCHS, precision="bf16", device="cpu", **asked)
        add(
            path,
            found,
            f"{target} {loss}, seed {seed}",
            **asked,
            **measure(net, data, known, N, seed, sampler="dpm++", precision="bf16"),
            seconds=net.config["training"]["seconds"],
            settings=net.config["settings"],
            training=net.config["training"],
            data=net.config["data"],
        )


def solvers(args):
    "Sample one network in many ways."
    data, net = load_data("fashion_mnist", root=args.root), load_generator(args.run, "cpu")
    known, accuracy = judge(data, args.root, Path("results"))
    path, found = table(
        "solvers",
        network=net.config,
        judge=dict(JUDGE, test_accuracy=accuracy),
        command="python benchmarks/diffusion.py solvers RUN",
    )
    asked = [r["sampler"] for r in found["runs"]]
    there = [(options["sampler"], options["steps"], options["guidance"]) for options in asked]
    for sampler, steps, guidance in SOLVER_CASES:
        if (sampler, steps, guidance) in there:
            continue
        options = dict(sampler=sampler, steps=steps, guidance=guidance, precision="bf16")
        row = measure(net, data, known, N_SOLVERS, 0, **options)
        add(path, found, f"{sampler} {steps}, guidance {guidance}", seed=0, **row)


def grid(net, rows, name):
    "Draw an image of each class in rows that were asked for in different ways."
    images = [net.sample(torch.arange(10), 29, precision="bf16", **options) for options in rows.values()]
    titles = []
    for row in rows:
        titles.append(f"{row}\n{net.classes[0]}")
        titles += net.classes[1:] if len(titles) == 1 else [""] * 9
    show_images(torch.cat(images), titles, size=0.85, path=IMAGES / name)


def pictures(args):
    "Draw the grids of the notebook: the first images of some seed, unselected."
    net = load_generator(args.run, "cpu")
    default_steps = {"ddpm": 1000, "ddim": 50, "dpm++": 15, "heun": 18}
    rows = {f"{s}, {n} steps": dict(sampler=s, steps=n) for s, n in default_steps.items()}
    grid(net, rows, "diffusion_solvers.png")
    rows = {f"guidance {w:g}": dict(sampler="ddim", guidance=w) for w in (0.0, 1.0, 2.0, 4.0, 8.0)}
    grid(net, rows, "diffusion_guidance.png")
    many = torch.arange(10).repeat(6)
    show_images(
        net.sample(many, 0, sampler="ddim", precision="bf16"),
        [net.classes[y] for y in many[:10]] + [""] * 50,
        path=IMAGES / "ddpm_full.png",
    )


def bare_epoch(net, average, opt, scheduler, ds, bs):
    "Train one epoch with nothing but PyTorch and diffusers' scheduler."
    for step, idx in enumerate(torch.randperm(len(ds)).split(bs)[: len(ds) // bs]):
        x, y = ds.images[idx].float().div_(127.5).sub_(1), ds.labels[idx]
        t, noise = torch.randint(0, 1000, (bs,)), torch.randn_like(x)
        y = torch.where(torch.rand(bs) < 0.1, net.null, y)
        target = scheduler.get_velocity(x, noise, t)
        error = net(scheduler.add_noise(x, noise, t), t, y) - target
        error.square().mean().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        opt.zero_grad()
        torch._foreach_lerp_(
            list(average.parameters()),
            [p.detach() for p in net.parameters()],
            1 - ema_decay(0.999, step),
        )


def learner(args):
    "Compare training with a bare loop; the two take turns."
    ds = load_data("fashion_mnist_mini").train.select(range(1280))
    config = fill_diffusion(DiffusionConfig(), ds)
    learn = diffusion_learner(diffusion_loaders(ds, config, "cpu"), config)
    net = Denoiser(build_unet("tiny", ds.shape, 10))
    opt = torch.optim.AdamW(net.parameters(), lr=config.lr, weight_decay=0.0, fused=True)
    average = deepcopy(net).requires_grad_(False)
    scheduler = deepcopy(learn.noising_cb.scheduler)

    def ours():
        with quiet(learn):
            learn.fit(1)

    sides = dict(learner=ours, bare=lambda: bare_epoch(net, average, opt, scheduler, ds, config.bs))
    speed = take_turns(sides, args.rounds, len(ds) // config.bs * config.bs)
    report(
        "diffusion_learner",
        unit="training images/s",
        size="tiny",
        bs=config.bs,
        measured=speed,
        ratios={"learner / bare": [a / b for a, b in zip(speed["learner"], speed["bare"])]},
        target="at least 0.95",
        met=lambda r: r >= 0.95,
        command="python benchmarks/diffusion.py learner",
        threads=torch.get_num_threads(),
    )


def sampling(args):
    "Compare DDIM-50 with DDPM-1000, and see what memory does when many images are streamed."
    few = load_data("fashion_mnist_mini").train.select(range(640))
    net, labels = train_diffusion(few, epochs=1, device="cpu"), torch.arange(16) % 10
    cases = dict(
        ddim_50=dict(sampler="ddim", steps=50), ddpm_1000=dict(sampler="ddpm", steps=1000)
    )
    seconds = {name: [] for name in cases}
    for _ in range(3):
        for name, options in cases.items():
            start = time.perf_counter()
            net.make(labels, 0, 0, **options)
            seconds[name].append(time.perf_counter() - start)
    for _ in net.stream(labels.repeat(4), sampler="ddim", steps=2):
        pass
    before = peak_memory()
    for _ in net.stream(labels.repeat(400), sampler="ddim", steps=2):
        pass
    report(
        "diffusion_sampling",
        unit="seconds for 16 images of 28x28",
        size="tiny",
        measured=seconds,
        ratios={
            "ddpm-1000 / ddim-50": [a / b for a, b in zip(seconds["ddpm_1000"], seconds["ddim_50"])]
        },
        target="at least 15",
        met=lambda r: r >= 15,
        command="python benchmarks/diffusion.py sampling",
        threads=torch.get_num_threads(),
        memory_mb=dict(after_64=before, after_6_400=peak_memory()),
    )


CASES = dict(
    losses=losses, solvers=solvers, pictures=pictures, learner=learner, sampling=sampling
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=CASES)
    parser.add_argument("run", nargs="?", help="directory of a trained diffusion model")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args = parser.parse_args()
    CASES[args.case](args)
