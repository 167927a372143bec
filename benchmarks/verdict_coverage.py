"""Do the intervals of a verdict hold the truth? For every measure that a study can judge, kept in
`benchmarks/results/verdict/coverage.json`.

    python benchmarks/verdict_coverage.py                # some minutes on one core
    python benchmarks/verdict_coverage.py --studies 100  # a quick one, printed and not kept

Two arms, five classes (50, 25, 12, 8 and 5 % of the images), one arm better for the two rare ones; the truth is that
of 400,000 images. Beside the crossed test's own degrees of freedom stand those of all images ("all": images - 1).
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

from gan_augmentation.core import environment, save_json
from gan_augmentation.study.inference import ALPHA, check_matrix, crossed_test, satterthwaite, variance_parts
from gan_augmentation.study.scores import contributions

RESULTS = Path(__file__).parent / "results" / "verdict"
SHARES = np.array([0.5, 0.25, 0.12, 0.08, 0.05])
CLASSES = "abcde"
MEASURES = "accuracy", "balanced-accuracy", "recall:d+e", "recall:e", "log-loss", "macro-f1"


def simulate(rng, images: int, seeds: int, luck: float) -> tuple:  # labels, and (predictions, log probabilities) twice
    "Test two arms on the same images."
    labels = rng.choice(5, images, p=SHARES)
    labels[:10] = np.repeat(np.arange(5), 2)
    easy, taste = rng.normal(1.0, 1.5, images), rng.normal(0, 0.5, images)
    mistaken = (labels + rng.integers(1, 5, images)) % 5
    sides = []
    for sign in (1, -1):
        z = easy + sign * (taste + 0.3 * (labels >= 3)) + rng.normal(0, luck, (seeds, 1))
        z = z + rng.normal(0, 0.6, (seeds, images))
        p = np.clip(1 / (1 + np.exp(-1.5 * z)), 1e-6, 1 - 1e-6)
        sides.append((np.where(z > 0, labels, mistaken), np.log(p)))
    return labels, *sides


def difference(measure, labels, arm, rival) -> np.ndarray:
    "Subtract what images contribute to the rival from what they contribute to the arm."
    sides = [contributions(measure, predicted, labels, 5, logs, CLASSES) for predicted, logs in (arm, rival)]
    return sides[0] - sides[1]


def with_all_images(d) -> tuple:  # (low, high)
    "Find the interval as if every image said as much as any other."
    d = check_matrix(d)
    variance, df = satterthwaite(*variance_parts(d), len(d) - 1, d.shape[1] - 1)
    half = stats.t.isf(ALPHA / 2, df) * variance**0.5
    return d.mean() - half, d.mean() + half


def cover(images: int, seeds: int, studies: int, truth: dict, seed: int) -> list:
    "Count how often intervals hold the truth; studies without any difference know nothing and count as holding it."
    rng = np.random.default_rng(seed)
    held = {measure: np.zeros(3) for measure in truth}
    for _ in range(studies):
        study = simulate(rng, images, seeds, 0.1)
        for measure, value in truth.items():
            d = difference(measure, *study)
            found = crossed_test(d)
            if found.low is None:
                held[measure] += 1
                continue
            low, high = with_all_images(d)
            held[measure] += [found.low <= value <= found.high, low <= value <= high, found.high_at(0.01) >= value]
    rows = []
    for measure, counts in held.items():
        share, of_all, bound = (float(c) / studies for c in counts)
        about = dict(images=images, seeds=seeds, measure=measure, truth=truth[measure], studies=studies, seed=seed)
        error = (share * (1 - share) / studies) ** 0.5
        rows.append(dict(**about, held=share, held_se=error, held_with_all_images=of_all, below_99=bound))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, help="simulated studies a row; default: 1,000")
    asked, start, rows = parser.parse_args(), time.perf_counter(), []
    large = simulate(np.random.default_rng(1), 400_000, 2, 0.0)
    truth = {measure: float(difference(measure, *large).mean()) for measure in MEASURES}
    for seed, (images, seeds) in enumerate([(60, 8), (100, 8), (300, 6), (300, 8), (1000, 8), (1000, 16)]):
        found = cover(images, seeds, asked.studies or 1000, truth, seed)
        rows += found
        print(f"{images:5} images, {seeds:2} seeds; in brackets: with images - 1 degrees of freedom")
        for r in found:
            print(f"  {r['measure']}: {100 * r['held']:.1f} % ({100 * r['held_with_all_images']:.1f} %)", flush=True)
    if asked.studies is None:
        command = "python benchmarks/verdict_coverage.py"
        what = "share of 95 % intervals that hold the true difference"
        found = dict(what=what, command=command, seconds=time.perf_counter() - start, rows=rows, **environment())
        save_json(RESULTS / "coverage.json", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
