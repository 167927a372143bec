"""Do the metrics rank generators as usefulness does? A table of many generators, kept in
`benchmarks/results/metrics/ranks.json`.

    # two DCGANs in training, ten moments of each, and every finished generator of benchmarks/generators.py
    # that is there
    python benchmarks/ranks.py
    python benchmarks/ranks.py --seeds 0       # one of them
    python benchmarks/ranks.py --real          # only what real images get

Fashion-MNIST, 510 real images a class for the trainings; measured on 5,000 generated images against 5,000 real
ones of all 51,000 training images. The accuracy of GAN-train is on the 9,000 validation images: nothing here
looks at the test images. A row that is in the table is not made again.
"""

import argparse
import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from fastai.basics import Callback
from generators import BASE, CASES, JUDGE, MEASURE, MINI

from gan_augmentation.core import environment, save_json
from gan_augmentation.data import load_data, stratified
from gan_augmentation.evaluate import evaluate_generator
from gan_augmentation.evaluate.config import MeasureConfig
from gan_augmentation.evaluate.inputs import draw_real_pair
from gan_augmentation.evaluate.measures import Bench, measure_real, parse_metrics
from gan_augmentation.gans import GANSampler, train_gan
from gan_augmentation.generators import load_generator
from gan_augmentation.generators.sampler import describe_sampler

TABLE = Path(__file__).parent / "results" / "metrics" / "ranks.json"
N = 5_000
STEPS = 20, 50, 100, 200, 350, 600, 1000, 1600, 2300
METRICS = "frechet,kid,precision,recall,density,coverage,inception_score"
ASKED = ",".join(
    [
        METRICS,
        *(f"{m}[classifier]" for m in METRICS.split(",")),
        "gan_test,gan_train,copies,copies[classifier]",
    ]
)


class SnapshotCB(Callback):
    "Make images at some steps of a training."

    order = 66

    def __init__(self, folder):
        self.folder, self.n = folder, 0

    def after_step(self):
        self.n += 1
        if self.n in STEPS:
            self.save(self.n)

    def after_fit(self):
        self.save(self.n)

    def save(self, step):
        labels = torch.arange(10).repeat_interleave(N // 10)
        about = describe_sampler(self.learn.settings, self.dls.train_ds, {})
        sampler = GANSampler(deepcopy(self.emacb.net), about, "cpu")
        self.folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            self.folder / f"{step:05}.npz",
            images=sampler.sample(labels, 0).numpy(),
            labels=labels.numpy(),
        )


def moments(data, seed, results):
    "Train a DCGAN, or find the images of one that was trained: step -> file."
    folder = results / f"dcgan {seed}"
    if not (folder / "done").exists():
        train_gan(
            data.train.select(stratified(data.train.labels, MINI, seed)),
            "dcgan",
            seed=seed,
            progress=True,
            cbs=SnapshotCB(folder),
            **BASE,
        )
        (folder / "done").touch()
    return {int(f.stem): f for f in sorted(folder.glob("*.npz"))}


def finished(results):
    "Find trained generators: name -> directory."
    found = {
        case: results / "generators" / f"{case} 0" / "model"
        for case in CASES
        if case != "dcgan" and not case.startswith("few")
    }
    found["ddim"] = results / "generators" / "DDPMFashionMNISTGenerator Run 1" / "model"
    return {k: p for k, p in found.items() if p.is_dir()}


def real_values(data):
    "Measure real images in a generator's place: name of the metric -> value."
    bench = Bench(data, MeasureConfig(**MEASURE), progress=True)
    real, other = draw_real_pair(data.train, N // 10)
    names = [name for name in parse_metrics(ASKED) if name[0] != "copies"]
    return {
        kind if e is None else f"{kind}[{e}]": v
        for (kind, e), v in measure_real(bench, real, real, other, names).items()
    }


def todo(seeds, data, results):
    "List what is to be measured: (source, step or None, images or directory of a generator)."
    for seed in seeds:
        for step, path in moments(data, seed, results / "ranks").items():
            yield f"dcgan, seed {seed}", step, path
    for name, path in finished(results).items():
        yield name, None, path


def row(data, source, step, path):
    "Measure one generator, or images that it made at some step."
    what = path
    if step is None:
        what = load_generator(path, generator="ddim" if source == "ddim" else None)
    found = evaluate_generator(what, data, n=N, metrics=ASKED, **MEASURE, progress=True)
    kept = "value", "seconds", "settings", "by_class"
    metrics = {name: {k: getattr(m, k) for k in kept} for name, m in found.metrics.items()}
    value, seconds = {k: m.value for k, m in found.metrics.items()}, found.record["seconds"]
    print(
        f"{source} {step}: gan_train {value['gan_train']:.3f}, "
        f"frechet[lite0] {value['frechet[lite0]']:.1f}, {seconds} s",
        flush=True,
    )
    return dict(
        source=source,
        step=step,
        metrics=metrics,
        seconds=seconds,
        extractors=found.record["extractors"],
        environment=environment(),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument(
        "--real", action="store_true", help="only what real images get in a generator's place"
    )
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args, results = parser.parse_args(), Path("results")
    data = load_data("fashion_mnist", root=args.root)
    table = dict(n=N, judge=JUDGE, command="python benchmarks/ranks.py", rows=[])
    if TABLE.exists():
        table = json.loads(TABLE.read_text())
    if args.real or "real" not in table:
        table["real"] = real_values(data)
        save_json(TABLE, table)
        if args.real:
            return
    there = [(r["source"], r["step"]) for r in table["rows"]]
    for source, step, path in todo(args.seeds, data, results):
        if (source, step) not in there:
            table["rows"].append(row(data, source, step, path))
            save_json(TABLE, table)


if __name__ == "__main__":
    main()
