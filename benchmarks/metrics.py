"""What measuring costs: seconds and memory. Results in `benchmarks/results/metrics/`; each part in a process of
its own, for its peak memory.

    # density and coverage of 10,000 against 10,000 with 1,280 features; target: under 1 GB
    python benchmarks/metrics.py neighbours
    # EfficientNet-Lite0's features of 10,000 images of 28x28; target: at most 4 minutes
    python benchmarks/metrics.py features
    # all metrics, 10,000 images (Fashion-MNIST's test images, in a generator's place) against 10,000, twice:
    # with nothing kept but the judge, and again; target: at most 8 minutes and 2 GB
    python benchmarks/metrics.py everything
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from gan_augmentation.core import environment, save_json
from gan_augmentation.evaluate import density_coverage

RESULTS, N = Path(__file__).parent / "results" / "metrics", 10_000


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GiB, of this process


def neighbours(args):
    "Half a gigabyte is Python and PyTorch alone."
    rng, imported, start = np.random.default_rng(0), peak(), time.perf_counter()
    density_coverage(*(rng.standard_normal((N, 1280), dtype=np.float32) for _ in range(2)))
    found = dict(seconds=time.perf_counter() - start, imported_gib=imported, peak_gib=peak())
    return found, dict(peak_gib=1), found["peak_gib"] < 1


def features(args):
    from gan_augmentation.data import load_data
    from gan_augmentation.evaluate import load_extractor
    from gan_augmentation.evaluate.extractors import features_of

    images = load_data("fashion_mnist", root=args.root).train.images[:N]
    lite0 = load_extractor("lite0")
    start = time.perf_counter()
    features_of(images, lite0)
    found = dict(seconds=time.perf_counter() - start, images=N, peak_gib=peak())
    return found, dict(seconds=240), found["seconds"] <= 240


def everything(args):
    from generators import JUDGE, MEASURE

    from gan_augmentation.data import load_data
    from gan_augmentation.evaluate import evaluate_generator
    from gan_augmentation.evaluate.extractors import load_judge

    data = load_data("fashion_mnist", root=args.root)
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        load_judge(data, **JUDGE, cache=cache)
        found["judge_seconds"] = time.perf_counter() - start
        for name in ("first", "again"):
            start = time.perf_counter()
            e = evaluate_generator(data.test, data, n=N, **MEASURE, cache=cache, progress=True)
            found[name] = dict(
                seconds=time.perf_counter() - start,
                metrics={k: m.seconds for k, m in e.metrics.items()},
            )
    found["peak_gib"] = peak()
    met = found["first"]["seconds"] <= 480 and found["peak_gib"] <= 2
    return found, dict(seconds=480, peak_gib=2), met


PARTS = dict(neighbours=neighbours, features=features, everything=everything)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--root", help="where Fashion-MNIST is looked for")
    args = parser.parse_args()
    found, target, met = PARTS[args.part](args)
    save_json(
        RESULTS / f"{args.part}.json",
        dict(
            **found,
            target=target,
            met=bool(met),
            n=1,
            threads=torch.get_num_threads(),
            command=f"python benchmarks/metrics.py {args.part}",
            environment=environment(),
        ),
    )
    print(
        args.part,
        {k: round(v, 2) if isinstance(v, float) else v for k, v in found.items()},
        "target",
        target,
        "met" if met else "MISSED",
    )
    if not met:
        sys.exit(1)


if __name__ == "__main__":
    main()
