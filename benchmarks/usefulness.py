"""How sure is GAN-train? One small DCGAN, many pairs; results in `benchmarks/results/metrics/`.

    # a DCGAN trained briefly, 12 pairs of a sample and a pupil; the interval of one pair over real images (as it was
    # reported before) and that of nine pairs over everything, and how often each holds the truth
    python benchmarks/usefulness.py pairs
    # what each network costs and how well it learns from 1,000 real images: judge, pupil and filter are chosen by it
    python benchmarks/usefulness.py networks

The truth is the mean over all pairs and all real images that were looked at. Draws from them, with replacement, are
draws of independent pairs and images, so the share of intervals that hold it can be counted. Validation images only.
Seconds are of one processor, whatever else it did meanwhile.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from gan_augmentation.classifiers import classifier_scores, train_classifier
from gan_augmentation.classifiers.prediction import CLASSIFIERS
from gan_augmentation.core import environment, save_json
from gan_augmentation.data import ImageDataset, dataloaders, load_data
from gan_augmentation.evaluate import gan_train
from gan_augmentation.evaluate.intervals import estimate_crossed_share, estimate_share
from gan_augmentation.evaluate.usefulness import balance
from gan_augmentation.gans import train_gan

RESULTS = Path(__file__).parent / "results" / "metrics"
EPOCHS = 3  # of the DCGAN, on 5,100 images
N, PAIRS = 500, 12
IMAGES = 900  # real images of an evaluation, as fashion_mnist_mini has
TIMES = 2_000  # evaluations drawn for each coverage
NETWORKS = "shallow", "deep", "elu_cnn", "small_cnn", "arch1", "arch2"


def unseen(data, train):
    "Take the validation images of the whole set that the generator has not seen."
    new = ~np.isin(data.valid.hashes(), train.hashes())
    return data.valid.select(torch.from_numpy(new))


def coverage(hits, labels, repeats, n) -> dict:
    "Draw evaluations from all answers and count the intervals that hold the mean of all."
    rng, truth, held = np.random.default_rng(0), hits.mean(), []
    by_class = [np.where(labels == c)[0] for c in np.unique(labels)]
    for _ in range(TIMES):
        rows = rng.integers(0, len(hits), repeats)
        columns = np.concatenate([rng.choice(k, round(n * len(k) / len(labels))) for k in by_class])
        drawn = hits[rows][:, columns]
        new, old = estimate_crossed_share(drawn, labels[columns]), estimate_share(drawn[0])
        held.append([(e.low <= truth <= e.high, e.high - e.low) for e in (new, old)])
    (crossed, width), (single, single_width) = np.mean(held, 0).tolist()
    found = dict(crossed=crossed, crossed_width=width, single=single, single_width=single_width)
    return dict(repeats=repeats, n=n, times=TIMES, **found)


def pairs(args):
    data, whole = load_data("fashion_mnist_mini"), load_data("fashion_mnist", root=args.root)
    start = time.process_time()
    gan = train_gan(data.train, "dcgan", epochs=EPOCHS, seed=0, device="cpu")
    found = dict(gan_cpu_seconds=time.process_time() - start, gan_epochs=EPOCHS, n_generated=N, pairs=PAIRS)
    labels = torch.arange(10).repeat_interleave(N // 10)
    real = unseen(whole, data.train)
    splits = type(data)(data.train, real, None, "validation images of all")

    def sample(seed):
        return ImageDataset(gan.sample(labels, seed), labels, data.train.classes)

    start = time.process_time()
    learned = gan_train(sample(0), splits, resample=sample, pairs=PAIRS, device="cpu", progress=True)
    found["cpu_seconds_a_pair"] = (time.process_time() - start) / PAIRS
    nine, one = learned.hits[:9], learned.hits[0]
    found["gan_train"] = dict(
        single_runs=learned.singles,
        all_pairs=estimate_crossed_share(learned.hits, learned.labels),
        nine_pairs=estimate_crossed_share(nine, learned.labels),
        one_pair=estimate_share(one),
        coverage=[coverage(learned.hits, learned.labels, r, n) for r in (9, 3) for n in (IMAGES, len(real))],
    )
    return found | dict(n_real=len(real))


def networks(args):
    data = load_data("fashion_mnist", root=args.root)
    train, rows = balance(data.train, 1_000), {}
    for name in NETWORKS:
        spec = CLASSIFIERS[name]
        loaders = dataloaders(train, data.valid.select(range(100)), bs=spec.bs, seed=0, device="cpu")
        start = time.process_time()
        learn = train_classifier(loaders, name, seed=0)
        seconds = time.process_time() - start
        accuracy = classifier_scores(learn, data.valid)["accuracy"]
        rows[name] = dict(epochs=spec.epochs, cpu_seconds=seconds, accuracy=accuracy)
        print(name, rows[name], flush=True)
    return dict(n_train=len(train), networks=rows, repeats=1)


PARTS = dict(pairs=pairs, networks=networks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args = parser.parse_args()
    start = time.process_time()
    found = PARTS[args.part](args)
    found |= dict(
        cpu_seconds=time.process_time() - start,
        threads=torch.get_num_threads(),
        command=f"python benchmarks/usefulness.py {args.part}",
        environment=environment(),
    )
    save_json(RESULTS / f"usefulness_{args.part}.json", found)
    print({k: v for k, v in found.items() if k != "environment"})


if __name__ == "__main__":
    main()
