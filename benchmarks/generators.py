"""How good are the generators, and which settings are best? Tables are kept in `benchmarks/results/generators/`.

    python benchmarks/generators.py dcgan                  # one case, seeds 0, 1, 2
    python benchmarks/generators.py dcgan_full --seeds 0   # full Fashion-MNIST; half an hour on two cores
    python benchmarks/generators.py --list

Two yardsticks (Shmelkov et al. 2018; Ravuri & Vinyals 2019), both with the network `arch1`:

- GAN-test: the share of generated images that a classifier trained on all real training images takes for what was
  asked. High if images are clear.
- GAN-train (classification accuracy score): accuracy on real images of a classifier trained on generated images
  only. High if they are clear *and* as varied as real ones.

Settings are chosen by GAN-train on the 9,000 validation images; the test images are looked at once a row. A seed
that is already in the table is not trained again.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from gan_augmentation.classifiers import classifier_scores, load_classifier, train_classifier
from gan_augmentation.core import environment, save_json, show_images
from gan_augmentation.core.files import remove
from gan_augmentation.data import ImageDataset, dataloaders, load_data, stratified
from gan_augmentation.evaluate import gan_test
from gan_augmentation.gans import train_gan
from gan_augmentation.runs import train_run

TABLES = Path(__file__).parent / "results" / "generators"
IMAGES = Path(__file__).parent.parent / "nbs" / "images"
# bf16 is as good, and 1.5 to 2 times as fast on a CPU that has it; "auto" would take it on a GPU only
JUDGE = dict(network="arch1", precision="bf16")
# the same, as evaluate says it: single runs, one judge and one pair, as what is stored
MEASURE = dict(judge="arch1", judges=1, pupil="arch1", pairs=1, judge_precision="bf16")
BASE = dict(precision="bf16")
MINI, FEW = 510, 100  # real images a class: as in fashion_mnist_mini, and hardly any
# name -> generator, real images a class (None: all, 5,100), generated images for GAN-train, other settings
CASES = {
    "dcgan": ("dcgan", MINI, 10_000, {}),
    "gan": ("gan", MINI, 10_000, {}),
    "dcgan_hinge": ("dcgan", MINI, 10_000, dict(loss="hinge")),
    "dcgan_wgan": ("dcgan", MINI, 10_000, dict(loss="wgan")),
    "dcgan_wgan-gp": ("dcgan", MINI, 10_000, dict(loss="wgan-gp")),
    "dcgan_cbn": ("dcgan", MINI, 10_000, dict(g_condition="cbn")),
    "dcgan_join": ("dcgan", MINI, 10_000, dict(c_condition="join")),
    "dcgan_cbn_join": ("dcgan", MINI, 10_000, dict(g_condition="cbn", c_condition="join")),
    "dcgan_spectral": ("dcgan", MINI, 10_000, dict(spectral=True, r1=0.0)),
    "few": ("dcgan", FEW, 10_000, {}),
    "few_color": ("dcgan", FEW, 10_000, dict(diff_augment="color")),
    "few_translation": ("dcgan", FEW, 10_000, dict(diff_augment="translation")),
    "few_free": ("dcgan", FEW, 10_000, dict(r1=0.0)),
    "few_free_translation": ("dcgan", FEW, 10_000, dict(r1=0.0, diff_augment="translation")),
    "dcgan_full": ("dcgan", None, 50_000, {}),
    "gan_full": ("gan", None, 50_000, {}),
}


def judge(data, root, results):
    "Load the classifier that knows all real training images, or train it: minutes."
    runs = [
        p
        for p in sorted((results / "judge" / "classifiers").glob("* Run *"))
        if (p / "metrics.json").is_file()
    ]
    if runs:
        run = runs[-1]
    else:
        where = dict(dataset="fashion_mnist", results=results / "judge")
        run = train_run(data, **where, progress=True, export=False, **JUDGE)
    found = json.loads((run / "metrics.json").read_text())
    return load_classifier(run), found["test"]["accuracy"]


def yardsticks(images, labels, data, known, seed, bs=128) -> dict:
    "Judge generated images: are they recognised, and does a classifier learn from them?"
    made = ImageDataset(images, labels, data.train.classes, name="generated")
    loaders = dataloaders(made, data.valid, bs=bs, seed=seed)
    pupil = train_classifier(loaders, seed=seed, progress=True, export=False, **JUDGE)
    asked = gan_test(known, made.images, made.labels, made.classes)
    splits = dict(valid=data.valid, test=data.test)
    learned = {k: classifier_scores(pupil, ds)["accuracy"] for k, ds in splits.items()}
    return dict(gan_test=asked["all"], gan_train=learned, gan_test_by_class=dict(asked))


def row(data, known, case, settings, seed, folder):
    "Train one generator of a case and measure it."
    generator, per_class, n, _ = case
    train = data.train
    if per_class is not None:
        train = train.select(stratified(train.labels, per_class, seed))
    start = time.perf_counter()
    gan = train_gan(train, generator, seed=seed, folder=folder, progress=True, **settings)
    seconds = time.perf_counter() - start
    labels = torch.arange(10).repeat(n // 10)
    start = time.perf_counter()
    images = gan.sample(labels, seed)
    sampling = time.perf_counter() - start
    return dict(
        seed=seed,
        **yardsticks(images, labels, data, known, seed),
        seconds=round(seconds, 1),
        sampling_seconds=round(sampling, 1),
        n_real=len(train),
        n_generated=n,
        last=gan.history.iloc[-1].to_dict(),
        settings=gan.config["settings"],
        training=gan.config["training"],
        data=gan.config["data"],
        environment=environment(),
    ), gan


def picture(gan, path):
    "Draw the first images of each class, unselected."
    labels = torch.arange(10).repeat(6)
    show_images(gan.sample(labels, 0), [gan.classes[y] for y in labels[:10]] + [""] * 50, path=path)


def main():
    "Train what is missing from a case's table."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", nargs="?", choices=CASES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--set",
        default="{}",
        help="more settings, as JSON; the table is then called CASE with them",
    )
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    parser.add_argument("--list", action="store_true", help="list the cases")
    args = parser.parse_args()
    if args.list or args.case is None:
        return print("\n".join(CASES))
    case, more, results = CASES[args.case], json.loads(args.set), Path("results")
    settings = {**BASE, **case[-1], **more}
    name = "_".join([args.case, *(f"{k}={v}" for k, v in more.items())])
    command = f"python benchmarks/generators.py {args.case}"
    if more:
        command += f" --set '{args.set}'"
    path, data = TABLES / f"{name}.json", load_data("fashion_mnist", root=args.root)
    known, accuracy = judge(data, args.root, results)
    table = dict(case=name, generator=case[0], given=settings)
    table |= dict(judge=dict(JUDGE, test_accuracy=accuracy), command=command, runs=[])
    if path.exists():
        table = json.loads(path.read_text())
    for seed in args.seeds:
        if seed in [r["seed"] for r in table["runs"]]:
            continue
        folder = results / "generators" / f"{name} {seed}"
        remove(folder)
        found, gan = row(data, known, case, settings, seed, folder)
        table["runs"].append(found)
        save_json(path, table)
        gan.save(folder / "model")
        if case[1] is None:
            picture(gan, IMAGES / f"{name}.png")
        learned = found["gan_train"]
        print(
            f"{name}, seed {seed}: GAN-test {found['gan_test']:.1%}, GAN-train {learned['valid']:.1%} (valid) "
            f"{learned['test']:.1%} (test), {found['seconds']:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
