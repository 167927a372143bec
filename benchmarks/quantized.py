"""What int8 costs: size, accuracy on real test images, and latency, of `vgg_like` and `convolutional`.

    python benchmarks/quantized.py                  # trains both for a minute or two on the mini set
    python benchmarks/quantized.py --runs results   # takes the newest trained runs below this directory

Every round calibrates on 500 other training images. Latency is batch 1 on one thread, the median of calls of both
files in turn. Beside method static with percentiles, the one that is aimed at, the others are measured once.
"""

import argparse
import json
import tempfile
from pathlib import Path

from bench import report

from gan_augmentation.classifiers import load_classifier, train_classifier
from gan_augmentation.classifiers.prediction import Classifier
from gan_augmentation.data import load_data
from gan_augmentation.export.exporter import export_onnx
from gan_augmentation.export.quantize import quantize_onnx
from gan_augmentation.runs.records import load_run_data

EPOCHS = dict(vgg_like=3, convolutional=2)
ROUNDS, N_IMAGES = 5, 500
SIZE, LOSS = 0.3, 0.5  # of the size in fp32; points
OTHERS = {
    "static, entropy": dict(calibration="entropy", n_images=N_IMAGES),
    "dynamic": dict(method="dynamic"),
    "fp16": dict(method="fp16"),
}


def train(network):
    "Train a classifier on the mini set."
    data = load_data("fashion_mnist_mini")
    learn = train_classifier(data.dataloaders(bs=64), network, epochs=EPOCHS[network])
    about = dict(network=network, shape=data.train.shape, classes=data.train.classes)
    return Classifier(learn.model, about, "cpu"), data


def load(network, runs):
    "Load the newest trained run of a network, and the images that it was trained and tested on."
    found = []
    for config in Path(runs).rglob("config.json"):
        settings = json.loads(config.read_text()).get("settings", {})
        if (config.parent / "metrics.json").is_file() and settings.get("network") == network:
            found.append(config.parent)
    if not found:
        raise SystemExit(f"no trained run of {network} below {runs}: train one, or leave --runs out")
    run = max(found, key=lambda path: (path / "config.json").stat().st_mtime)
    return load_classifier(run, "cpu"), load_run_data(run)


def measure(model, data, folder) -> tuple:  # (a dict for each round, the other methods)
    "Make a classifier smaller, with other calibration images each time."
    path = export_onnx(model, Path(folder) / "model.onnx", images=data.test.images[:256])
    given = dict(test=(data.test.images, data.test.labels), limit=100)
    rounds = []
    for i in range(ROUNDS):
        images = data.train.images[i::ROUNDS]
        n_images = min(N_IMAGES, len(images))
        rounds.append(found_in(quantize_onnx(path, images=images, n_images=n_images, **given)))
    others = {}
    for name, changes in OTHERS.items():
        others[name] = found_in(quantize_onnx(path, images=data.train.images, **given, **changes))
    return rounds, others


def found_in(found) -> dict:
    "Write down what was measured."
    before, after = found.accuracy
    return dict(
        size=found.size[1] / found.size[0],
        bytes=found.size,
        loss=found.loss,
        loss_interval=found.lost[1:],
        accuracy=(before.value, after.value),
        fp32_ms=found.ms[0],
        ms=found.ms[1],
        latency=found.ms[1] / found.ms[0],
        test_images=found.n,
    )


def main():
    "Measure both networks and store what was found."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", help="directory with runs of trained classifiers")
    runs = parser.parse_args().runs
    measured, ratios, facts = {}, {}, {}
    for network in EPOCHS:
        model, data = load(network, runs) if runs else train(network)
        with tempfile.TemporaryDirectory() as folder:
            rounds, others = measure(model, data, folder)
        for key in ("size", "loss", "latency", "fp32_ms", "ms"):
            measured[f"{network}, {key}"] = [found[key] for found in rounds]
        ratios[f"{network}, size / {SIZE}"] = [found["size"] / SIZE for found in rounds]
        ratios[f"{network}, loss / {LOSS}"] = [found["loss"] / LOSS for found in rounds]
        facts[network] = dict(
            data=data.train.name, epochs=None if runs else EPOCHS[network], rounds=rounds, others=others
        )
    report(
        "quantized",
        unit="size and latency of int8 as shares of fp32's; loss in points; milliseconds for one image",
        method="int8, static, percentile",
        networks=facts,
        measured=measured,
        ratios=ratios,
        target=f"size at most {SIZE} of fp32 and loss under {LOSS} points: both shares at most 1, the loss below",
        met=lambda share: share < 1,
        command="python benchmarks/quantized.py" + (" --runs DIRECTORY" if runs else ""),
    )


if __name__ == "__main__":
    main()
