"""The DCGAN's speed: training through our Learner against a bare PyTorch loop with the same networks, and 10,000
images from the sampler.

    python benchmarks/gan.py learner   # training images/s; the two take turns
    python benchmarks/gan.py sampling  # seconds for 10,000 images of 28x28, and how memory grows with their number

Run with `make bench`. The bare loop is the same training: the same networks, batches and optimizer, the lazy R1
penalty and the moving average; it keeps no history, no gradient norms and no checks.
"""

import argparse
import time
from copy import deepcopy

import torch
import torch.nn.functional as F
from bench import peak_memory, report, take_turns

from gan_augmentation.data import load_data
from gan_augmentation.gans import gan_learner, r1_penalty, train_gan
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import build_gan, fill_gan
from gan_augmentation.gans.train import gan_loaders
from gan_augmentation.generators.ema import ema_decay
from gan_augmentation.training import quiet

ROUNDS, N = 8, 10_000


def bare_epoch(gan, average, opt, ds, bs, r1):
    "Train for one epoch with nothing but PyTorch."
    G, C = gan.generator, gan.critic
    for t, idx in enumerate(torch.randperm(len(ds)).split(bs)[: len(ds) // bs]):
        x, y = ds.images[idx].float().div_(127.5).sub_(1), ds.labels[idx]
        with torch.no_grad():
            fake = G(torch.randn(bs, gan.nz), y)
        real, made = C(torch.cat([x, fake]), y.repeat(2)).chunk(2)
        loss = F.softplus(-real).mean() + F.softplus(made).mean()
        if t % 16 == 0:
            loss = loss + 16 * r1 * r1_penalty(C, x, y)
        loss.backward()
        opt.step()
        opt.zero_grad()
        C.requires_grad_(False)
        F.softplus(-C(G(torch.randn(bs, gan.nz), y), y)).mean().backward()
        opt.step()
        opt.zero_grad()
        C.requires_grad_(True)
        torch._foreach_lerp_(
            list(average.parameters()),
            [p.detach() for p in G.parameters()],
            1 - ema_decay(0.995, t),
        )


def learner(data):
    "Compare training."
    ds = data.train
    config = fill_gan(GANConfig(), ds)
    learn = gan_learner(gan_loaders(ds, config, "cpu"), config)
    gan = build_gan(config, ds.shape, ds.n_classes)
    opt = torch.optim.AdamW(
        gan.parameters(), lr=config.lr, betas=(0.5, 0.999), weight_decay=0.0, fused=True
    )
    average = deepcopy(gan.generator).requires_grad_(False)

    def ours():
        with quiet(learn):
            learn.fit(1)

    def bare():
        bare_epoch(gan, average, opt, ds, config.bs, config.r1)

    n_images = len(ds) // config.bs * config.bs
    speed = take_turns(dict(learner=ours, bare=bare), ROUNDS, n_images)
    report(
        "gan_learner",
        unit="training images/s",
        generator="dcgan",
        bs=config.bs,
        measured=speed,
        ratios={"learner / bare": [a / b for a, b in zip(speed["learner"], speed["bare"])]},
        target="at least 0.95",
        met=lambda r: r >= 0.95,
        command="python benchmarks/gan.py learner",
        threads=torch.get_num_threads(),
    )


def sampling(data):
    "Time 10,000 images, and see what memory does when ten times as many are streamed."
    gan = train_gan(data.train, epochs=1, device="cpu")
    labels, seconds = torch.arange(10).repeat(N // 10), []
    for _ in gan.stream(labels[:640]):
        pass
    before = peak_memory()
    for _ in range(4):
        start = time.perf_counter()
        for _ in gan.stream(labels):
            pass
        seconds.append(time.perf_counter() - start)
    for _ in gan.stream(labels.repeat(10)):
        pass
    report(
        "gan_sampling",
        unit=f"seconds for {N:,} images of 28x28",
        generator="dcgan",
        measured={"stream": seconds},
        ratios={"seconds": seconds},
        target="at most 15",
        met=lambda r: r <= 15,
        command="python benchmarks/gan.py sampling",
        threads=torch.get_num_threads(),
        memory_mb=dict(after_640=before, after_100_000=peak_memory()),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=["learner", "sampling"])
    args = parser.parse_args()
    dict(learner=learner, sampling=sampling)[args.case](load_data("fashion_mnist_mini"))
