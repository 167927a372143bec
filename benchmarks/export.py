"""Exported models against PyTorch, both on one thread of the processor.

    python benchmarks/export.py classifiers  # one image at a time through each of the nine classifiers; images/s
    python benchmarks/export.py dcgan        # 64 images at a time out of a DCGAN; images/s

Run with `make bench`. Both sides begin and end at the same place: pixels to probabilities, or noise and labels to
pixels, with the same noise, drawn before. PyTorch runs as our own classes run it: eager, in channels-last memory, in
inference mode. ONNX Runtime runs the file as our runtime opens it. The two take turns; a ratio is one round's. The
weights are initial ones, which cost what trained ones cost.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch
from bench import report, take_turns

from gan_augmentation.classifiers.prediction import CLASSIFIERS, Classifier, build_classifier
from gan_augmentation.core.arrays import denormalize, image_noise, normalize
from gan_augmentation.core.settings import as_record
from gan_augmentation.export import OnnxClassifier, OnnxGenerator, export_onnx
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import build_generator, fill_gan
from gan_augmentation.gans.sampler import GANSampler

ROUNDS, SECONDS = 12, 0.2  # of a turn, about
TARGETS = dict(classifiers=1.5, dcgan=1.1)
SHAPE, CLASSES = (1, 28, 28), list("0123456789")
OPTIONS = dict(efficientnet=dict(backbone="b0", pretrained=False))


def repeated(call, n: int):
    "Make one turn of many calls."

    def turn():
        for _ in range(n):
            call()

    return turn


def seconds(call) -> float:
    "Time one call."
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(ours, eager, n_images: int) -> tuple:  # (images/s of ours, of PyTorch, ratio of each round)
    "Let two functions take turns."
    n = max(2, round(SECONDS / min(seconds(eager) for _ in range(20))))
    sides = dict(eager=repeated(eager, n), ours=repeated(ours, n))
    speed = take_turns(sides, ROUNDS, n * n_images)
    ratios = [a / b for a, b in zip(speed["ours"], speed["eager"])]
    return speed["ours"], speed["eager"], ratios


def classifier_sides(name: str, folder: Path) -> tuple:  # (with ONNX Runtime, with PyTorch)
    "Classify one image."
    net = build_classifier(name, SHAPE, len(CLASSES), **OPTIONS.get(name, {}))
    classifier = Classifier(net, dict(network=name, shape=SHAPE, classes=CLASSES), "cpu")
    file = OnnxClassifier(export_onnx(classifier, folder / f"{name}.onnx"), threads=1)
    draw = torch.Generator().manual_seed(0)
    image = torch.randint(256, (1, *SHAPE), dtype=torch.uint8, generator=draw)
    feeds = dict(images=image.numpy())

    @torch.inference_mode()
    def eager():
        return classifier.model(normalize(image)).softmax(1)

    return lambda: file.session.run(["probabilities"], feeds), eager


def dcgan_sides(folder: Path, n: int) -> tuple:  # (with ONNX Runtime, with PyTorch)
    "Generate a batch of images."
    config = fill_gan(GANConfig("dcgan"))
    about = dict(generator="dcgan", settings=as_record(config), shape=SHAPE, classes=CLASSES)
    net = build_generator(config, SHAPE, len(CLASSES))
    sampler = GANSampler(net, about | dict(data=dict(name="none")), "cpu")
    file = OnnxGenerator(export_onnx(sampler, folder / "dcgan.onnx"), threads=1)
    noise, labels = image_noise(0, n, config.nz), torch.arange(n) % len(CLASSES)
    feeds = dict(noise=noise.numpy(), labels=labels.numpy())

    @torch.inference_mode()
    def eager():
        return denormalize(sampler.net(noise, labels))

    return lambda: file.session.run(["images"], feeds), eager


def classifiers(folder: Path) -> tuple:  # (measured, ratios, facts)
    "Compare all classifiers."
    measured, ratios = {}, {}
    for name in CLASSIFIERS:
        ours, eager, ratio = compare(*classifier_sides(name, folder), 1)
        measured |= {f"{name}, ONNX": ours, f"{name}, PyTorch": eager}
        ratios[f"{name}: ONNX / PyTorch"] = ratio
    return measured, ratios, dict(bs=1)


def dcgan(folder: Path) -> tuple:
    "Compare the generator."
    n = 64
    ours, eager, ratio = compare(*dcgan_sides(folder, n), n)
    return dict(ONNX=ours, PyTorch=eager), {"dcgan: ONNX / PyTorch": ratio}, dict(bs=n)


CASES = dict(classifiers=classifiers, dcgan=dcgan)


def main():
    "Measure one case and store images a second and ratios."
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=CASES)
    case = parser.parse_args().case
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        measured, ratios, facts = CASES[case](Path(folder))
    least = TARGETS[case]
    report(
        f"export_{case}",
        command=f"python benchmarks/export.py {case}",
        unit="images/s",
        threads=1,
        shape=SHAPE,
        **facts,
        measured=measured,
        ratios=ratios,
        target=f"at least {least:g} each",
        met=lambda ratio: ratio >= least,
    )


if __name__ == "__main__":
    main()
