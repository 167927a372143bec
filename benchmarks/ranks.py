"""Do the metrics rank generators as usefulness does? A table of many generators, kept in `benchmarks/results/metrics/ranks.json`.

    python benchmarks/ranks.py                 # two DCGANs in training, ten moments of each, and every finished generator of benchmarks/generators.py that is there
    python benchmarks/ranks.py --seeds 0       # one of them
    python benchmarks/ranks.py --real          # only what real images get

Fashion-MNIST, 510 real images a class for the trainings; measured on 5,000 generated images against 5,000 real ones of all 51,000 training images.
The accuracy of GAN-train is on the 9,000 validation images: nothing here looks at the test images. A row that is in the table is not made again.
"""
import argparse, json
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from fastai.basics import Callback
from generators import BASE, CASES, JUDGE, MINI

from gan_augmentation.generators import load_generator
from gan_augmentation.core import environment, save_json
from gan_augmentation.data import load_data, stratified
from gan_augmentation.evaluate.measures import Bench, floors, metric_names
from gan_augmentation.evaluate import evaluate_generator
from gan_augmentation.evaluate.inputs import real_pairs
from gan_augmentation.gans import GANSampler, train_gan
from gan_augmentation.gans.train import network_sizes
from gan_augmentation.generators.sampler import describe_sampler

TABLE, N, STEPS = Path(__file__).parent/"results"/"metrics"/"ranks.json", 5_000, (20, 50, 100, 200, 350, 600, 1000, 1600, 2300)
METRICS = "frechet,kid,precision,recall,density,coverage,inception_score"
ASKED = ",".join([METRICS, *(f"{m}[classifier]" for m in METRICS.split(",")), "gan_test,gan_train,copies,copies[classifier]"])


class SnapshotCB(Callback):
    "Make images at some steps of a training."
    order = 66
    def __init__(self, folder): self.folder, self.n = folder, 0
    def after_step(self):
        self.n += 1
        if self.n in STEPS: self.save(self.n)
    def after_fit(self): self.save(self.n)
    def save(self, step):
        s, labels = self.learn.settings, torch.arange(10).repeat_interleave(N//10)
        sampler = GANSampler(deepcopy(self.emacb.net), describe_sampler("dcgan", self.dls.train_ds, network_sizes(s), {}), "cpu")
        self.folder.mkdir(parents=True, exist_ok=True)
        np.savez(self.folder/f"{step:05}.npz", images=sampler.sample(labels, 0).numpy(), labels=labels.numpy())


def moments(data, seed, results):
    "Train a DCGAN, or find the images of one that was trained: step -> file."
    folder = results/f"dcgan {seed}"
    if not (folder/"done").exists():
        train_gan(data.train.select(stratified(data.train.labels, MINI, seed)), "dcgan", seed=seed, progress=True, cbs=SnapshotCB(folder), **BASE)
        (folder/"done").touch()
    return {int(f.stem): f for f in sorted(folder.glob("*.npz"))}


def finished(results):
    "Find trained generators: name -> directory."
    found = {case: results/"generators"/f"{case} 0"/"model" for case in CASES if case != "dcgan" and not case.startswith("few")}
    found["ddim"] = results/"generators"/"DDPMFashionMNISTGenerator Run 1"/"model"
    return {k: p for k, p in found.items() if p.is_dir()}


def real_values(data):
    "Measure real images in a generator's place: name of the metric -> value."
    bench, (real, other) = Bench(data, training=JUDGE, progress=True), real_pairs(data.train, N//10)
    names = [name for name in metric_names(ASKED) if name[0] != "copies"]
    return {kind if e is None else f"{kind}[{e}]": v for (kind, e), v in floors(bench, real, real, other, names).items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--real", action="store_true", help="only what real images get in a generator's place")
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args, results = parser.parse_args(), Path("results")
    data = load_data("fashion_mnist", root=args.root)
    table = json.loads(TABLE.read_text()) if TABLE.exists() else dict(n=N, judge=JUDGE, command="python benchmarks/ranks.py", rows=[])
    if args.real or "real" not in table:
        table["real"] = real_values(data)
        save_json(TABLE, table)
        if args.real: return
    todo = [(f"dcgan, seed {s}", step, f) for s in args.seeds for step, f in moments(data, s, results/"ranks").items()]
    for source, step, what in [*todo, *((name, None, path) for name, path in finished(results).items())]:
        if (source, step) in [(r["source"], r["step"]) for r in table["rows"]]: continue
        what = load_generator(what, generator="ddim" if source == "ddim" else None) if step is None else what
        found = evaluate_generator(what, data, n=N, metrics=ASKED, training=JUDGE, progress=True)
        metrics = {k: {f: v for f, v in asdict(m).items() if f in ("value", "seconds", "settings", "by_class")} for k, m in found.metrics.items()}
        table["rows"].append(dict(source=source, step=step, metrics=metrics, seconds=found.record["seconds"], extractors=found.record["extractors"], environment=environment()))
        save_json(TABLE, table)
        print(f"{source} {step}: gan_train {found['gan_train'].value:.3f}, frechet[lite0] {found['frechet[lite0]'].value:.1f}, {found.record['seconds']} s", flush=True)


if __name__ == "__main__": main()
