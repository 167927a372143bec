"""Accuracy of the classifiers on full Fashion-MNIST, one row a training, kept in `benchmarks/results/accuracy/`.

    python benchmarks/accuracy.py deep                     # seeds 0, 1, 2; minutes
    python benchmarks/accuracy.py convolutional --seeds 0  # the large ones take an hour or so on two cores

Each row is a run as `gan-augment train-classifier` makes it: the test images are looked at once, after training.
A seed that is already in the table is not trained again; a run that was killed is gone on with.
"""

import argparse
import json
from pathlib import Path

from gan_augmentation.core import save_json
from gan_augmentation.runs import resume_run, train_run
from gan_augmentation.runs.classifier import classifier_run_name
from gan_augmentation.runs.records import newest_unfinished

TABLES = Path(__file__).parent / "results" / "accuracy"
# name -> network, settings besides the network's defaults, test accuracy of the predecessor, and the one aimed at
CASES = {
    "shallow": ("shallow", dict(epochs=40, bs=128, lr=2e-3, augment="mixup"), 0.8430, 0.895),
    "deep": ("deep", dict(epochs=40, augment="mixup"), 0.8787, 0.900),
    "arch1": ("arch1", {}, 0.9134, 0.930),
    "arch1_augmented": ("arch1", dict(augment="flip", precision="bf16"), 0.9134, 0.930),
    "arch2": ("arch2", {}, 0.9302, 0.930),
    "arch2_augmented": ("arch2", dict(augment="flip", precision="bf16"), 0.9302, 0.930),
    "vgg_like": ("vgg_like", {}, 0.948, 0.945),
    "vgg_like_augmented": ("vgg_like", dict(augment="flip", precision="bf16"), 0.948, 0.945),
    "convolutional": ("convolutional", dict(precision="bf16"), 0.9350, 0.945),
    "convolutional_augmented": ("convolutional", dict(augment="flip"), 0.9350, 0.945),
    "efficientnet": ("efficientnet", dict(backbone="lite0"), 0.9164, 0.930),
    "efficientnet_tuned": (
        "efficientnet",
        dict(finetune=2, resolution=64, backbone="lite0"),
        0.9164,
        0.930,
    ),
    "elu_cnn": ("elu_cnn", {}, 0.90, 0.90),
}


def row(run) -> dict:
    "Read what a finished run wrote."
    config, found = (
        json.loads((run / name).read_text()) for name in ("config.json", "metrics.json")
    )
    return dict(
        seed=config["settings"]["seed"],
        **{k: found[k] for k in ("test", "valid", "train", "seconds", "rounds", "resumed")},
        settings=config["settings"],
        pretrained=config["pretrained"],
        data={k: config["data"][k] for k in ("name", "split_sha256", "train", "test")},
        environment=found["environment"],
    )


def train(network, seed, settings, root, results):
    "Go on with a run that was killed, or begin one."
    more = dict(root=root, progress=True, export=False)
    try:
        name = classifier_run_name(network, "fashion_mnist")
        return resume_run(newest_unfinished("classifier", name, results), **more)
    except FileNotFoundError:
        return train_run("fashion_mnist", network, results=results, seed=seed, **more, **settings)


def main():
    "Train what is missing from a case's table."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args = parser.parse_args()
    network, settings, predecessor, goal = CASES[args.case]
    path, results = TABLES / f"{args.case}.json", Path("results") / "accuracy" / args.case
    table = dict(
        case=args.case,
        network=network,
        given=settings,
        predecessor=predecessor,
        goal=goal,
        command=f"python benchmarks/accuracy.py {args.case}",
        runs=[],
    )
    if path.exists():
        table = json.loads(path.read_text())
    for seed in args.seeds:
        if seed in [r["seed"] for r in table["runs"]]:
            continue
        run = train(network, seed, settings, args.root, results)
        table["runs"].append(row(run))
        save_json(path, table)
        last = table["runs"][-1]
        accuracy = 100 * last["test"]["accuracy"]
        print(f"{args.case}, seed {last['seed']}: {accuracy:.2f} % of the test images", flush=True)


if __name__ == "__main__":
    main()
