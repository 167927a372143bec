"""How a classifier is best trained on few images: validation accuracy of schedules, and of recipes with strengths.

    python benchmarks/recipes.py schedules           # 1,000 images of Fashion-MNIST: averaged weights, one cycle a rung
    python benchmarks/recipes.py schedules --tail    # a long tail: 500 images of the first class, 10 of the last
    python benchmarks/recipes.py strengths           # 1,000 images: none, flip, shift=1, ..., with averaged weights

The network is `small_cnn`. Each seed draws its own images; all 9,000 validation images are predicted, test images
never. `schedules` compares one training at a constant rate, whose averaged weights are looked at on every rung, with
a whole one-cycle training for each rung. Seeds that are in the results already are not trained again.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from scipy import stats

from gan_augmentation.augment.counts import long_tail
from gan_augmentation.classifiers import train_classifier
from gan_augmentation.classifiers.prediction import predict_logits
from gan_augmentation.core import environment, save_json
from gan_augmentation.data import dataloaders, load_data
from gan_augmentation.training import AtStepsCB

RESULTS = Path(__file__).parent / "results" / "recipes"
NETWORK, RUNGS, STEPS = "small_cnn", (500, 1000, 2000), 500
RECIPE = "flip,shift=1"
STRENGTHS = (
    *(None, "flip", "shift=1", "shift=2", "flip,shift=1", "flip,shift=4"),
    *("rotate=10", "erase", "mixup", "randaugment"),
)


def training_images(data, seed: int, tail: bool):
    "Draw 100 images of each class, or 500 to 10."
    order = torch.Generator().manual_seed(seed)
    n = 500 if tail else 100
    chosen = []
    for c in range(data.train.n_classes):
        mine = torch.where(data.train.labels == c)[0]
        chosen.append(mine[torch.randperm(len(mine), generator=order)[:n]])
    even = data.train.select(torch.cat(chosen))
    return long_tail(even, 50, seed=seed) if tail else even


def train(train_images, data, seed: int, rungs, **settings) -> tuple:  # (accuracy by step, seconds)
    "Train once, and measure after certain steps; the seconds are those of training."
    found, looked = {}, [0.0]

    def measure(step, net):
        start = time.perf_counter()
        hits = predict_logits(net, data.valid.images).argmax(1) == data.valid.labels
        found[step] = hits.double().mean().item()
        looked[0] += time.perf_counter() - start

    few = data.valid.select(range(100))  # what the Learner itself looks at once in 500 steps
    dls = dataloaders(train_images, few, bs=64, seed=seed, device="cpu")
    start = time.perf_counter()
    length = dict(steps=max(rungs), eval_every=500)
    train_classifier(dls, NETWORK, seed=seed, metrics=[], cbs=AtStepsCB(rungs, measure), **length, **settings)
    return found, time.perf_counter() - start - looked[0]


def schedules(data, seed: int, tail: bool) -> dict:
    "One training for all rungs, and one for each."
    images = training_images(data, seed, tail)
    accuracy, seconds = train(images, data, seed, RUNGS, schedule="averaged", augment=RECIPE)
    arms = {"averaged": dict(accuracy=accuracy, seconds=seconds)}
    cycles = [train(images, data, seed, (r,), schedule="one-cycle", augment=RECIPE) for r in RUNGS]
    merged = {step: a for found, _ in cycles for step, a in found.items()}
    arms["one-cycle"] = dict(accuracy=merged, seconds=sum(s for _, s in cycles))
    return dict(seed=seed, n_train=len(images), arms=arms)


def strengths(data, seed: int, tail: bool) -> dict:
    "Every recipe on the same images."
    images = training_images(data, seed, tail)
    arms = {}
    for augment in STRENGTHS:
        accuracy, seconds = train(images, data, seed, (STEPS,), schedule="averaged", augment=augment)
        arms[augment or "none"] = dict(accuracy=accuracy, seconds=seconds)
    return dict(seed=seed, n_train=len(images), arms=arms)


def spread(values) -> dict:
    "Mean, standard deviation, and the 95 % interval of the mean, in points."
    values = torch.tensor(values, dtype=torch.float64)
    mean, sd = values.mean().item(), values.std().item()
    half = stats.t.ppf(0.975, len(values) - 1) * sd / len(values) ** 0.5
    return dict(mean=mean, sd=sd, low=mean - half, high=mean + half, values=values.tolist())


def summary(runs: list, base: str) -> dict:
    "Accuracy (%) by arm and step, and its difference from an arm, seed by seed."
    table = {}
    for arm, found in runs[0]["arms"].items():
        for step in found["accuracy"]:
            own, others = ([100 * r["arms"][a]["accuracy"][step] for r in runs] for a in (arm, base))
            row = dict(accuracy=spread(own))
            if arm != base:
                row["minus " + base] = spread([a - b for a, b in zip(own, others)])
            table[f"{arm}, {step} steps"] = row
    return table


def main():
    "Train what is missing, store all, and print the table."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=("schedules", "strengths"))
    parser.add_argument("--tail", action="store_true", help="uneven classes")
    parser.add_argument("--seeds", type=int, default=5, help="0, 1, ...: how many")
    parser.add_argument("--root", help="where the images are looked for and put")
    args = parser.parse_args()
    name = args.case + ("_tail" if args.tail else "")
    path = RESULTS / f"{name}.json"
    runs = json.loads(path.read_text())["runs"] if path.is_file() else []
    data = load_data("fashion_mnist", root=args.root)
    measure = dict(schedules=schedules, strengths=strengths)[args.case]
    base = "one-cycle" if args.case == "schedules" else "none"
    for seed in range(len(runs), args.seeds):
        run = measure(data, seed, args.tail)
        runs = json.loads(json.dumps([*runs, run]))  # steps become text, as in the file
        facts = dict(network=NETWORK, n_valid=len(data.valid), threads=torch.get_num_threads())
        facts |= dict(environment=environment())
        command = f"python benchmarks/recipes.py {args.case}" + " --tail" * args.tail
        table = summary(runs, base) if len(runs) > 1 else {}
        save_json(path, dict(case=name, command=command, n=len(runs), table=table, **facts, runs=runs))
    for arm, row in json.loads(path.read_text())["table"].items():
        print(f"{arm:32}" + "".join(f"{k} {v['mean']:6.2f} +- {v['sd']:.2f}   " for k, v in row.items()))


if __name__ == "__main__":
    main()
