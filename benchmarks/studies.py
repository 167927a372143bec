"The stored studies: each answers both questions about one DCGAN on few Fashion-MNIST images, in under two hours."

import argparse
import json
from pathlib import Path

from gan_augmentation.augment import long_tail
from gan_augmentation.data import load_data
from gan_augmentation.study import study, write_report

STORED = Path(__file__).parents[1] / "nbs/stored"
# Less than the defaults of seeds, pilots, images a batch and steps, so that a study takes minutes on two cores.
LESS = dict(seeds=7, pilots=2, rungs=4, bs=16)
STUDIES = dict(
    study_mini=dict(generators=[("dcgan", dict(epochs=60))], sizes=100, **LESS),
    fifty=dict(
        generators=[("dcgan", dict(epochs=250))],
        sizes=50,
        retrain=False,  # one generator, for a claim about this one
        join_unused=True,
        **LESS,
    ),
    long_tail=dict(
        generators=[("dcgan", dict(epochs=60, balanced=True))],
        retrain=False,
        measure="balanced-accuracy",
        **LESS,
    ),
)


def load_images(name):
    "Load the images of a study: the mini set, or a long tail of it, with imbalance 50."
    images = load_data("fashion_mnist_mini")
    return long_tail(images, 50) if name == "long_tail" else images


def main(name, out, processes):
    "Run a study, or go on with it, and store its record."
    command = f"python benchmarks/studies.py {name} --out DIR --processes {processes}"
    how = dict(out=out, processes=processes, device="cpu", progress=True, command=command)
    outcome = study(load_images(name), **STUDIES[name], **how)
    print(outcome)
    print(write_report(out))
    path = STORED / name / "study.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(outcome.record))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=STUDIES)
    parser.add_argument("--out", type=Path, required=True, help="directory of the study, to be gone on with")
    parser.add_argument("--processes", type=int, default=2)
    main(**vars(parser.parse_args()))
