"""The longer runs behind the tutorials: each is made once, and its page reads the file.

    python benchmarks/tutorials.py rare_class --seeds 5            # a quarter of an hour
    python benchmarks/tutorials.py own_images --study my_study     # seconds, beside a study of nbs/stored/emoji.zip
    python benchmarks/tutorials.py plans                           # seconds, on a machine that does nothing else

A run writes `nbs/stored/tutorials/NAME.json`, and its pictures beside it; `--out` names another folder.
"""

import argparse
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import torch
from bench import spread
from PIL import Image

from gan_augmentation.augment import augment_dataset, long_tail
from gan_augmentation.classifiers import predict, train_classifier
from gan_augmentation.core import save_results
from gan_augmentation.core.show import show_sides
from gan_augmentation.data import dataloaders, load_data
from gan_augmentation.evaluate import find_copies
from gan_augmentation.gans import train_gan
from gan_augmentation.generators import check_unseen, find_generator, load_generator
from gan_augmentation.study import crossed_test, plan

STORED = Path(__file__).resolve().parent.parent / "nbs" / "stored" / "tutorials"

# rare_class: what is done about a long tail. Everything is fixed beforehand; nothing is chosen by test images.
RARE = dict(factor=50, epochs=25, steps=250, bs=64, network="small_cnn")
SHIFTS = "flip,shift=1"
ARMS = {  # name -> (whether a DCGAN fills every class up to the largest, what the classifier is told)
    "real only": (False, {}),
    "class weights": (False, dict(balance="class-weights")),
    "oversampling": (False, dict(balance="balanced-sampling")),
    "logit adjustment": (False, dict(loss="logit-adjusted")),
    "transforms": (False, dict(augment=SHIFTS)),
    "transforms, logit adjustment": (False, dict(augment=SHIFTS, loss="logit-adjusted")),
    "DCGAN": (True, {}),
    "DCGAN, transforms": (True, dict(augment=SHIFTS)),
}
PARTS = {"rare": [7, 8, 9], "frequent": [0, 1, 2], "all": list(range(10))}  # classes, by size


def arm_hits(data, seed: int) -> dict:  # name of an arm -> bool (test images,)
    "Train every arm on one long tail, with a DCGAN that saw nothing else, and test it."
    tail = long_tail(data, RARE["factor"], seed=seed)
    gan = train_gan(tail.train, "dcgan", epochs=RARE["epochs"], seed=seed, device="cpu")
    filled = augment_dataset(tail, gan, counts="balance", seed=seed, device="cpu")
    hits = {}
    for name, (with_images, settings) in ARMS.items():
        train = filled if with_images else tail.train
        dls = dataloaders(train, tail.valid, bs=RARE["bs"], seed=seed, device="cpu")
        length = dict(steps=RARE["steps"], eval_every=RARE["steps"])
        learn = train_classifier(dls, RARE["network"], seed=seed, **length, **settings)
        hits[name] = (predict(learn, data.test.images).argmax(1) == data.test.labels).numpy()
    return hits


def class_recalls(hits, labels) -> list:  # one a class
    return [float(hits[labels == c].mean()) for c in range(10)]


def against_real(hits: dict, labels, redrawn: float) -> dict:  # name of an arm -> part -> a test
    """Test every arm against real images only, for other seeds, other training images and other test images.

    One fraction of redrawn images stands for all classes, though the largest class is whole in every tail."""
    found = {}
    for name, mine in hits.items():
        if name == "real only":
            continue
        d = 100 * (mine.astype(int) - hits["real only"].astype(int))
        tests = {part: crossed_test(d[:, np.isin(labels, c)], redrawn=redrawn) for part, c in PARTS.items()}
        found[name] = {part: dict(mean=t.mean, low=t.low, high=t.high, p=t.p) for part, t in tests.items()}
    return found


def summarise_arms(data, by_seed: list) -> dict:  # of the seeds that are done
    "Put hits together: recall by class, means over the rare and the frequent ones, differences from real only."
    labels = data.test.labels.numpy()
    hits = {name: np.stack([found[name] for found in by_seed]) for name in ARMS}
    recalls = {name: [class_recalls(row, labels) for row in rows] for name, rows in hits.items()}
    means = {
        name: {part: spread([100 * float(np.mean([r[c] for c in classes])) for r in rows])
               for part, classes in PARTS.items()}
        for name, rows in recalls.items()
    }  # fmt: skip
    tail = long_tail(data, RARE["factor"]).train
    return dict(
        data="fashion_mnist_mini",
        settings=RARE,
        seeds=list(range(len(by_seed))),
        counts=tail.counts,
        classes=list(tail.classes),
        parts=PARTS,
        n_test=len(labels),
        recall=recalls,
        percent=means,
        points_against_real_only=against_real(hits, labels, len(tail) / len(data.train)),
        arms={name: dict(generated=generated, **settings) for name, (generated, settings) in ARMS.items()},
    )


def rare_class(seeds: int = 5):  # yields a record for every number of seeds from 2 on
    "Measure what helps the rare classes of a long tail: equal steps, redrawn tails, test images."
    if seeds < 2:
        raise SystemExit(f"--seeds {seeds}: an interval needs two seeds or more")
    data, by_seed = load_data("fashion_mnist_mini"), []
    for seed in range(seeds):
        by_seed.append(arm_hits(data, seed))
        print(f"{seed + 1} of {seeds} seeds done", flush=True)
        if seed:
            yield summarise_arms(data, by_seed)


def load_emoji(test=0.3):
    "Unpack the emoji of the repository, and split them as their study does."
    with TemporaryDirectory() as folder, ZipFile(STORED.parent / "emoji.zip") as archive:
        archive.extractall(Path(folder) / "my_images")
        return load_data(Path(folder) / "my_images", near_duplicates=True, test=test)


# plans: what two studies of the emoji would cost. With nothing said but the generator, images are tested out of fold.
SMALLER = dict(
    classifiers="small_cnn",
    recipes=["none", "flip", "shift=2", "flip,shift=2", "erase"],
    shares=["filled", 0.5],
    proportions=["natural"],
    seeds=8,
    pilots=2,
    rung=250,
    rungs=4,
    robustness=False,
    bs=32,
)
PLANS = {  # name -> (test images, generator, settings, the same on the command line)
    "default": (None, "dcgan", {}, "--generator dcgan"),
    "smaller": (
        0.3,
        ("dcgan", dict(epochs=200)),
        SMALLER,
        "--test 0.3 --generator dcgan:epochs=200 --classifier small_cnn --seeds 8 --recipe none --recipe flip "
        "--recipe shift=2 --recipe flip,shift=2 --recipe erase --shares filled,0.5 --proportions natural "
        "--rung 250 --rungs 4 --bs 32 --pilots 2 --no-robustness",
    ),
}


def plans():
    "Forecast two studies of the emoji: one of defaults, and the smaller one that was run."
    found = {}
    for name, (test, generator, settings, options) in PLANS.items():
        forecast = plan(load_emoji(test), generator, processes=2, device="cpu", **settings)
        found[name] = dict(
            command=f"gan-augment study my_images --near-duplicates {options} --processes 2 --out my_study --plan",
            trainings={stage.name: [stage.least, stage.most] for stage in forecast.stages},
            minutes=list(forecast.minutes),
            points=[100 * row["now"] for row in forecast.precision],
        )
    yield dict(data="nbs/stored/emoji.zip", processes=2, plans=found)


def as_png(draw) -> bytes:
    "Return what a function draws into the file that it is given, in 256 colours: pages hold half a megabyte."
    small = BytesIO()
    with TemporaryDirectory() as folder:
        draw(Path(folder) / "picture.png")
        Image.open(Path(folder) / "picture.png").convert("RGB").quantize(256).save(small, "png", optimize=True)
    return small.getvalue()


def own_images(study: str):
    "Look at a generator that a study of the emoji has trained: its images beside real ones, and whether it copies."
    data = load_emoji()
    train = data.train
    gan = load_generator(Path(study) / "generators" / "dcgan, all, 0", device="cpu")
    guard = check_unseen(find_generator(gan, train), data)
    labels = torch.arange(train.n_classes).repeat_interleave(100)
    images = gan.sample(labels, seed=1)
    pixels = [x.flatten(1).float().div(255).numpy() for x in (images, train.images, data.valid.images)]
    copies = find_copies(*pixels)
    real, made = ([x.images[x.labels == c][:5] for c in range(train.n_classes)]
                  for x in (train, SimpleNamespace(images=images, labels=labels)))  # fmt: skip
    titles = [f"real: {name}" for name in train.classes], ["generated"] * train.n_classes
    pictures = dict(
        grid=as_png(lambda path: show_sides(real, made, *titles, size=0.5819, path=path)),
        copies=as_png(lambda path: copies.show(images, train.images, 10, path)),
    )
    share = {name: dict(value=x.value, low=x.low, high=x.high) for name, x in
             dict(generated=copies.share, real=copies.real).items()}  # fmt: skip
    seen = dict(training=len(gan.seen), valid=guard.valid, test=guard.test)
    record = dict(
        data="nbs/stored/emoji.zip",
        generator="dcgan",
        epochs=gan.config["settings"]["epochs"],
        training_seconds=gan.config["training"]["seconds"],
        seen=seen,
        n_generated=len(images),
        n_held_out=len(data.valid),
        copies=share,
    )
    yield record, pictures


# name -> what yields records, or (record, pictures)
RUNS = dict(rare_class=rare_class, own_images=own_images, plans=plans)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=RUNS)
    parser.add_argument("--out", default=STORED, type=Path, help="folder of the results file")
    parser.add_argument("--study", help="own_images: directory of a study of the emoji, finished or not")
    parser.add_argument("--seeds", type=int, help="rare_class: how many")
    asked = parser.parse_args()
    start = time.perf_counter()
    options = {k: v for k, v in dict(study=asked.study, seeds=asked.seeds).items() if v is not None}
    for found in RUNS[asked.name](**options):
        record, pictures = found if isinstance(found, tuple) else (found, None)
        said = dict(seeds=len(record["seeds"])) if "seeds" in record else {k: f"my_{k}" for k in options}
        command = " ".join(["python benchmarks/tutorials.py", asked.name, *(f"--{k} {v}" for k, v in said.items())])
        about = dict(command=command, seconds=round(time.perf_counter() - start, 1))
        asked.out.mkdir(parents=True, exist_ok=True)
        save_results(asked.out / f"{asked.name}.json", {**about, **record}, pictures)


if __name__ == "__main__":
    main()
