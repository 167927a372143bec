"""How often does a report say helps, adds or hurts where there is nothing? Simulated studies, judged by today's test
(seeds and images are crossed) and by the one before it (seeds alone), kept in `benchmarks/results/verdict/`.

    python benchmarks/verdict.py                # the whole table, some minutes on one core
    python benchmarks/verdict.py --studies 100  # a quick one, printed and not kept

Worlds are hits, image by image: an image is easy or hard, every arm has a taste of its own (on average all arms are
equally good), every training its luck. `tests/test_verdict_simulations.py` holds the same worlds to their bounds.
"""

import argparse
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gan_augmentation.core import environment, save_json
from gan_augmentation.study.inference import ALPHA, sign_flip_p
from gan_augmentation.study.judgement import ADDS, HELPS, HURTS, ON_THESE, Claim, judge_claims

RESULTS = Path(__file__).parent / "results" / "verdict"
RIVALS = "real only", "oversampling", "noise"
VERDICTS = HELPS, ADDS, HURTS


@dataclass(frozen=True)
class World:
    "How trainings differ, on the scale of an image's difficulty (mean 1.8, standard deviation 2: 82 % are hit)."

    seeds: int = 8
    images: int = 1000
    taste: float = 0.25  # of an arm for an image, whatever the seed
    luck: float = 0.03  # of a training, for all images
    noise: float = 0.6  # of a training for an image
    effect: float = 0.0  # of the arm against each of its rivals


def hits_of(rng, world, easy, effect=0.0) -> np.ndarray:  # bool (seeds, images)
    "Train an arm with every seed, and test it."
    taste = rng.normal(0, world.taste, world.images)
    luck = rng.normal(0, world.luck, (world.seeds, 1))
    noise = rng.standard_normal((world.seeds, world.images), dtype=np.float32)
    return easy + taste + effect + luck + world.noise * noise > 0


def difficulty(rng, world):
    "Draw test images."
    return rng.normal(1.8, 2.0, world.images)


def claim_on(arm, rivals: dict, question=HELPS, generator="g", **more) -> Claim:
    "Put hits into a claim."
    d = {name: arm.astype(np.int8) - hits.astype(np.int8) for name, hits in rivals.items()}
    sums = {name: x.sum(1, dtype=int) for name, x in d.items()}
    unit = 1 / arm.shape[1]
    return Claim(question, generator, "network", "all", "accuracy", "arm", d, sums, unit, **more)


def report_of(rng, world: World, generators: int, questions=(HELPS,)) -> list:  # of `Claim`s
    "Simulate a report: all claims share their images and their rivals."
    easy = difficulty(rng, world)
    rivals = {name: hits_of(rng, world, easy) for name in RIVALS}
    recipe = hits_of(rng, world, easy)
    claims = []
    for g in range(generators):
        if HELPS in questions:
            arm = hits_of(rng, world, easy, world.effect)
            claims.append(claim_on(arm, rivals, generator=f"g{g}"))
        if ADDS in questions:
            arm = hits_of(rng, world, easy, world.effect)
            claims.append(claim_on(arm, {"recipe": recipe}, ADDS, f"g{g}"))
    return claims


def barely_different(rng, world: World) -> Claim:
    "Simulate a collapsed generator whose images change next to nothing: most predictions are the rival's."
    rival = hits_of(rng, world, difficulty(rng, world))
    changed = rng.random(rival.shape) < 2 / rival.size  # two predictions of a whole study
    return claim_on(rival ^ changed, {"real only": rival})


def fold_study(rng, world: World, k: int = 5) -> Claim:
    """Simulate folds, redrawn by seed: every image is tested once a seed, by a network that was trained on the
    rest. What a training image does for one arm and not for the other averages to 0 over the pool."""
    easy, n = difficulty(rng, world), world.images
    arms = []
    for _ in range(2):
        influence = rng.normal(0, 1, n)
        influence -= influence.mean()
        taste = rng.normal(0, world.taste, n)
        hits = np.empty((world.seeds, n), dtype=bool)
        for s in range(world.seeds):
            fold = rng.permutation(n) % k
            left_out = np.bincount(fold, weights=influence, minlength=k) / n**0.5 * 3 * world.luck
            skill = rng.normal(0, world.luck, k) - left_out
            hits[s] = easy + taste + skill[fold] + world.noise * rng.standard_normal(n) > 0
        arms.append(hits)
    return claim_on(arms[0], {"real only": arms[1]}, population="this pool of training images")


def subset_study(rng, world: World, fraction: float, pool: int = 400) -> Claim:
    "Simulate training sets that every seed draws anew from one pool, itself drawn from all images there are."
    easy, arms = difficulty(rng, world), []
    influences = rng.normal(0, 1, (2, pool))
    size = int(fraction * pool)
    drawn = [rng.permutation(pool)[:size] for _ in range(world.seeds)]
    for influence in influences:
        skill = np.array([influence[subset].mean() * size**0.5 for subset in drawn])[:, None]
        taste = rng.normal(0, world.taste, world.images)
        noise = rng.standard_normal((world.seeds, world.images))
        arms.append(easy + taste + 5 * world.luck * skill + world.noise * noise > 0)
    return claim_on(arms[0], {"real only": arms[1]}, redrawn=fraction)


def says_something(claims) -> bool:
    "Tell whether a report of claims about nothing has a false verdict."
    return any(found["word"] in VERDICTS for found in judge_claims(claims))


def said_before(claims) -> bool:
    "Tell the same of the test before: seeds alone, on the mean over images, a generator a family."
    return any(sign_flip_p(next(iter(c.sums.values()))) <= ALPHA for c in claims)


def rate(make, says, studies: int, seed: int) -> float:
    "Count how often simulated studies say something."
    rng = np.random.default_rng(seed)
    return float(np.mean([says(make(rng)) for _ in range(studies)]))


def compare_tests(world: World, generators: int, questions, studies: int, seed: int) -> dict:
    "Count the false reports of both tests in the same studies, and the words for these images only."
    rng, false, before, on_these = np.random.default_rng(seed), 0, 0, 0
    for _ in range(studies):
        claims = report_of(rng, world, generators, questions)
        words = [found["word"] for found in judge_claims(claims)]
        false += any(word in VERDICTS for word in words)
        on_these += ON_THESE in words
        before += said_before(claims)
    shares = dict(before=before / studies, now=false / studies, on_these_images=on_these / studies)
    settings = dict(generators=generators, questions=list(questions), studies=studies, seed=seed)
    errors = {f"{name}_se": (p * (1 - p) / studies) ** 0.5 for name, p in shares.items()}
    return dict(asdict(world), **settings, **shares, **errors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, help="simulated studies a row; default: 1,000, fewer of the large ones")
    asked, start, rows = parser.parse_args(), time.perf_counter(), []
    singles = [(World(s, n, t), 1, (ADDS,)) for n in (100, 1000, 10_000) for s in (6, 8, 16) for t in (0.0, 0.25, 0.6)]
    families = [(World(9, n, t), 4, (HELPS, ADDS)) for n in (100, 1000, 10_000) for t in (0.25, 0.6)]
    for seed, (world, generators, questions) in enumerate(singles + families):
        most = 300 if world.images > 1000 else 1000
        row = compare_tests(world, generators, questions, asked.studies or most // (1 + (generators > 1)), seed)
        rows.append(row)
        shares = ", ".join(f"{k} {100 * row[k]:.1f} %" for k in ("before", "now", "on_these_images"))
        about = f"{row['images']:6} images, {row['seeds']:2} seeds, taste {row['taste']}"
        print(f"{about}, {generators * len(questions)} claims: {shares}", flush=True)
    if asked.studies is None:
        command = "python benchmarks/verdict.py"
        what = "share of studies with a false verdict where all arms are equally good"
        found = dict(what=what, command=command, seconds=time.perf_counter() - start, rows=rows, **environment())
        save_json(RESULTS / "nulls.json", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
