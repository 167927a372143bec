"""Images for the gallery of the site, failures included: `nbs/stored/gallery/NAME.json` with its pictures.

    python benchmarks/gallery.py gan         # a vanilla GAN with its defaults
    python benchmarks/gallery.py collapse    # two DCGANs whose classes lose their variety
    python benchmarks/gallery.py copies      # a DCGAN of ten images a class, and the nearest training images (longest)
    python benchmarks/gallery.py stored      # what the shipped generators make
    python benchmarks/gallery.py emoji RUN  # a DCGAN of a study of emoji.zip: RUN is its generator

The first three train on `fashion_mnist_mini`, with seed 0, on a CPU; each record says how long it took.
"""

import argparse
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from gan_augmentation.core import save_results, show_images
from gan_augmentation.data import load_data
from gan_augmentation.data.images import stratified
from gan_augmentation.evaluate.copies import find_copies
from gan_augmentation.export import OnnxClassifier
from gan_augmentation.gans import train_gan
from gan_augmentation.generators import load_generator

STORED = Path(__file__).parents[1] / "nbs/stored"
ROWS = 4  # images a class


def picture(images, titles=None, **look) -> bytes:
    "Draw a grid and return its PNG file."
    with TemporaryDirectory() as tmp:
        path = Path(tmp) / "grid.png"
        show_images(images, titles, path=path, **look)
        return path.read_bytes()


def class_grid(sampler, rows=ROWS, **look) -> bytes:
    "Draw a column a class, all from seed 1."
    classes = sampler.classes
    labels = torch.arange(len(classes)).repeat(rows)
    titles = [*classes, *[""] * (len(labels) - len(classes))]
    return picture(sampler.sample(labels, seed=1), titles, ncols=len(classes), **look)


def train(data, **settings) -> tuple:  # (sampler, what is said about it)
    "Train on a CPU, and say what it was told and how it ended."
    start = time.perf_counter()
    sampler = train_gan(data, device="cpu", seed=0, **settings)
    seconds = round(time.perf_counter() - start, 1)
    about = dict(n=len(data), settings=settings, seconds=seconds, training=sampler.config["training"])
    return sampler, about


def gan(real) -> tuple:  # (record, pictures)
    "A vanilla GAN after one epoch, and with its defaults."
    runs, pictures = {}, {}
    for name, settings in (("short", dict(epochs=1)), ("gan", {})):
        sampler, runs[name] = train(real, generator="gan", **settings)
        pictures[name] = class_grid(sampler)
    return dict(trainings=runs), pictures


FAILURES = dict(
    slow_critic=dict(lr_ratio=0.02, r1=0.0),
    unlimited_critic=dict(loss="wgan", clip=0.0, lr=2e-3),
)


def collapse(real) -> tuple:
    "A critic that learns too slowly, and one of a Wasserstein GAN whose weights have no limit."
    few = real.select(stratified(real.labels, 100, 0))
    runs, pictures = {}, {}
    for name, settings in FAILURES.items():
        sampler, runs[name] = train(few, epochs=25, bs=64, **settings)
        pictures[name] = class_grid(sampler)
    return dict(trainings=runs), pictures


def flat(images) -> torch.Tensor:
    return images.flatten(1).float() / 255


def copies(real) -> tuple:
    "A DCGAN that saw ten images a class: what it makes, and the training image nearest to it in pixels."
    few = real.select(stratified(real.labels, 10, 0))
    sampler, about = train(few, epochs=1000, bs=64)
    labels = torch.arange(10).repeat(20)
    made = sampler.sample(labels, seed=1)
    held_out = real.select(stratified(real.labels, 100, 1))
    known = torch.isin(held_out.index, few.index)
    held_out = held_out.select(~known)
    found = find_copies(flat(made), flat(few.images), flat(held_out.images), k=10)
    nearest = few.images[found.index[:10]]
    pairs = torch.cat([made[:10], nearest])
    titles = [*few.classes, *["nearest"] * 10]
    shares = {name: getattr(found, name)._asdict() for name in ("share", "real")}
    record = dict(trainings=dict(copies=about), n_generated=len(made), n_held_out=len(held_out), **shares)
    return record, dict(copies=picture(pairs, titles))


def rows_of(name, labels, generator, values, **options) -> bytes:
    "Draw a row for each value of an option, all from the same noise."
    rows = [generator.sample(labels, seed=1, **options, **{name: value}) for value in values]
    words = ["no limit" if value is None else f"{name} {value:g}" for value in values]
    titles = [title for word in words for title in (word, *[""] * (len(labels) - 1))]
    return picture(torch.cat(rows), titles, ncols=len(labels))


LIMITS, STRENGTHS, COUNTS = (None, 1.0, 0.3), (1, 2, 4, 8), (1, 2, 4, 16)
QUICK = dict(sampler="dpm++", steps=12)
WRONG = 10  # shown


def wrong_class(gan, classes) -> tuple:  # (how many of how many, the first of them)
    "Ask for all classes, and draw what a classifier takes for another one."
    asked = torch.arange(len(classes)).repeat(20)
    made = gan.sample(asked, seed=2)
    judge = OnnxClassifier(STORED / "web/classifier.onnx")
    seen = torch.as_tensor(judge.predict(made.numpy()).argmax(1))
    wrong = torch.where(seen != asked)[0]
    titles = [f"{classes[asked[i]]}, seen {classes[seen[i]]}" for i in wrong[:WRONG]]
    return dict(wrong=len(wrong), of=len(made)), picture(made[wrong[:WRONG]], titles, ncols=5, size=1.4)


def stored(real) -> tuple:
    "Real images, a DCGAN and a diffusion model; truncation, guidance, steps; wrong classes."
    classes = real.classes
    first = [torch.where(real.labels == c)[0][:ROWS] for c in range(len(classes))]
    images = real.images[torch.stack(first, 1).flatten()]
    titles = [*classes, *[""] * (len(images) - len(classes))]
    gan, diffusion = [load_generator(STORED / "generators" / name, "cpu") for name in ("dcgan", "diffusion")]
    boots = torch.full((10,), classes.index("Ankle boot"))
    each = torch.arange(len(classes))
    counted, wrong = wrong_class(gan, classes)
    labels = each.repeat(ROWS)
    pictures = dict(
        real=picture(images, titles),
        dcgan=class_grid(gan),
        diffusion=picture(diffusion.sample(labels, seed=1, **QUICK), titles),
        truncation=rows_of("truncation", boots, gan, LIMITS),
        guidance=rows_of("guidance", each, diffusion, STRENGTHS, **QUICK),
        steps=rows_of("steps", each, diffusion, COUNTS, sampler="ddim"),
        wrong=wrong,
    )
    return counted, pictures


def emoji(run) -> tuple:
    "Real pictures of emoji.zip, and those of a DCGAN."
    sampler = load_generator(run, "cpu")
    with TemporaryDirectory() as tmp:
        zipfile.ZipFile(STORED / "emoji.zip").extractall(tmp)
        real = load_data(tmp).train
    labels = [real.classes.index(name) for name in sampler.classes]
    positions = [torch.where(real.labels == c)[0][:ROWS] for c in labels]
    images = real.images[torch.stack(positions, 1).flatten()]
    titles = [*sampler.classes, *[""] * (len(images) - len(labels))]
    look = dict(ncols=len(labels), size=0.9)
    pictures = dict(real=picture(images, titles, **look), dcgan=class_grid(sampler, size=look["size"]))
    return dict(config=sampler.config), pictures


def main(name, run):
    "Make the pictures of one name, and store them."
    start = time.perf_counter()
    if name == "emoji" and run is None:
        raise SystemExit("emoji needs the directory of a generator: python benchmarks/gallery.py emoji RUN")
    if name == "emoji":
        record, pictures = emoji(run)
    else:
        record, pictures = JOBS[name](load_data("fashion_mnist_mini").train)
    command = f"python benchmarks/gallery.py {name}" + (" RUN" if name == "emoji" else "")
    about = dict(command=command, seconds=round(time.perf_counter() - start, 1), threads=torch.get_num_threads())
    path = STORED / "gallery" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    save_results(path, {**about, **record}, pictures)
    print(path, record)


JOBS = dict(gan=gan, collapse=collapse, copies=copies, stored=stored)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[*JOBS, "emoji"])
    parser.add_argument("run", nargs="?", type=Path, help="directory of a trained generator, for emoji")
    main(**vars(parser.parse_args()))
