"""How should a critic begin, be told the class, and be kept in bounds? All in `results/critics.json`.

    python benchmarks/critics.py                  # every arm with seeds 0, 1, 2: 40 minutes on a quiet core
    python benchmarks/critics.py --seeds 0        # one seed of each
    python benchmarks/critics.py --arms join cbn
    python benchmarks/critics.py --ring           # clipped class vectors, on eight heaps: 3 minutes

Every arm trains the DCGAN on the same 510 real images a class (fashion_mnist_mini) with the same seeds, for 16 passes
(its default are 36). Arms are compared in pairs of one seed. Nothing is chosen on test images:

- GAN-test: the share of 5,000 generated images that a classifier of 51,000 real training images takes for what was
  asked;
- Fréchet distance of the first 2,000 to the 9,000 validation images, in the features of EfficientNet-Lite0;
- GAN-train: accuracy on the validation images of a classifier that is trained on the 5,000 generated images alone.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from fastai.basics import Callback
from torch import nn

from gan_augmentation.classifiers import classifier_scores, train_classifier
from gan_augmentation.core import environment, save_json
from gan_augmentation.data import ImageDataset, dataloaders, load_data
from gan_augmentation.evaluate import features_of, frechet, gan_test, load_extractor
from gan_augmentation.evaluate.extractors import load_judge
from gan_augmentation.gans import train_gan

OUT = Path(__file__).parent / "results" / "critics.json"
EPOCHS, N = 16, 5_000  # passes over the real images, generated images
N_FRECHET = 2_000  # the first of them
JUDGE = dict(network="arch1", epochs=3, precision="bf16")


class NormalStartCB(Callback):
    "Draw the class vectors from N(0,1), as they began before."

    def after_create(self):
        nn.init.normal_(self.model.critic.embed.weight)


ARMS = {  # name -> settings that differ from the defaults
    "projection": {},
    "projection, normal": {},
    "join": dict(c_condition="join"),
    "cbn": dict(g_condition="cbn"),
    "r1 0": dict(r1=0.0),
    "r1 1": dict(r1=1.0),
    "spectral, r1 0": dict(spectral=True, r1=0.0),
}


def class_share(gan, ds) -> float | None:
    "Measure how large the class's part of the critic's scores is, in the general part (roots of mean squares)."
    critic = gan.critic
    if critic.embed is None:
        return None
    x = ds.images.float() / 127.5 - 1
    with torch.no_grad():
        features = critic.features(x)
        of_class = (critic.embed(ds.labels) * features).sum(1)
        general = critic.verdict(features)
    return (of_class.square().mean() / general.square().mean()).sqrt().item()


def row(arm, seed, mini, full, judge, extractor, real):
    "Train one generator and measure it."
    cbs = [NormalStartCB()] if arm == "projection, normal" else None
    start = time.perf_counter()
    gan = train_gan(mini.train, seed=seed, epochs=EPOCHS, precision="bf16", device="cpu", cbs=cbs, **ARMS[arm])
    seconds = time.perf_counter() - start
    images, labels = gan.sample(torch.arange(10).repeat(N // 10), seed), torch.arange(10).repeat(N // 10)
    made = ImageDataset(images, labels, full.train.classes, name="generated")
    pupil = train_classifier(dataloaders(made, mini.valid, bs=128, seed=seed, device="cpu"), seed=seed, **JUDGE)
    return dict(
        arm=arm,
        seed=seed,
        gan_test=gan_test(judge, images, labels, made.classes)["all"],
        frechet=frechet(real, features_of(made.select(range(N_FRECHET)), extractor)).value,
        gan_train=classifier_scores(pupil, full.valid)["accuracy"],
        class_share=class_share(gan, full.valid.select(range(1000))),
        seconds=round(seconds, 1),
        measuring_seconds=round(time.perf_counter() - start - seconds, 1),
        last=gan.history.iloc[-1].to_dict(),
        settings=gan.config["settings"],
    )


class ZeroStartCB(Callback):
    "Let clipped class vectors begin at zero."

    def after_create(self):
        nn.init.zeros_(self.model.critic.embed.weight)


def heaps_covered(seed: int, cbs) -> int:
    "Train a vanilla GAN with weight clipping on eight heaps of two-pixel images, and count the heaps that it finds."
    torch.manual_seed(29)
    angle, y, sd = torch.arange(8) * torch.pi / 4, torch.arange(8).repeat(250), 0.06
    centres = 0.7 * torch.stack([angle.cos(), angle.sin()], 1)
    points = centres[y] + sd * torch.randn(len(y), 2)
    images = ((points.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).view(-1, 1, 2, 1)
    gan = train_gan(ImageDataset(images, y, name="ring"), "gan", loss="wgan", seed=seed, device="cpu", cbs=cbs)
    off = gan.sample(y, seed=1).view(-1, 2).float() / 127.5 - 1 - centres[y]
    near = (off.norm(dim=1) < 4 * sd).float()
    share = torch.stack([near[y == c].mean() for c in range(8)])
    width = torch.stack([off[y == c].var(0).sum().sqrt() for c in range(8)]) / (sd * 2**0.5)
    return int(((share >= 0.9) & (width > 0.2)).sum())


def ring(seeds):
    "Compare clipped class vectors that begin at zero with those that are drawn."
    command = "python benchmarks/critics.py --ring"
    found = dict(command=command, loss="wgan", heaps=8, seeds=list(seeds), covered={}, environment=environment())
    for name, cbs in (("zero", [ZeroStartCB()]), ("drawn", None)):
        found["covered"][name] = [heaps_covered(seed, cbs) for seed in seeds]
        print(name, found["covered"][name], flush=True)
        save_json(OUT.with_name("critics_ring.json"), found)


def main():
    "Train what is missing from the table."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ring", action="store_true", help="clipped class vectors, on eight heaps")
    args = parser.parse_args()
    if args.ring:
        return ring(args.seeds)
    mini, full = load_data("fashion_mnist_mini"), load_data("fashion_mnist")
    judge = load_judge(full, seed=0, device="cpu", **JUDGE)
    accuracy = classifier_scores(judge, full.valid)["accuracy"]
    extractor = load_extractor("lite0")
    real = features_of(full.valid, extractor, cache=None)
    table = dict(
        command="python benchmarks/critics.py",
        images=dict(real=len(mini.train), generated=N, frechet=N_FRECHET, valid=len(full.valid)),
        judge=dict(JUDGE, valid_accuracy=accuracy),
        extractor=repr(extractor),
        epochs=EPOCHS,
        runs=[],
        environment=environment(),
    )
    if OUT.exists():
        table = json.loads(OUT.read_text())
    for seed in args.seeds:
        for arm in args.arms:
            if any((r["arm"], r["seed"]) == (arm, seed) for r in table["runs"]):
                continue
            found = row(arm, seed, mini, full, judge, extractor, real)
            table["runs"].append(found)
            save_json(OUT, table)
            print(
                f"{arm}, seed {seed}: GAN-test {found['gan_test']:.1%}, Fréchet {found['frechet']:.1f}, "
                f"GAN-train {found['gan_train']:.1%}, {found['seconds']:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
