"The whole protocol, pilots and lengths included, held against generators whose answer is known."

import numpy as np
import pytest
import torch

from gan_augmentation.data import load_data
from gan_augmentation.data.images import ImageDataset
from gan_augmentation.study import study

N_CLASSES = 10


class HeldOut:
    "Hands out real images that nobody has seen: as good as a generator can be."

    def __init__(self, ds: ImageDataset):
        self.by_class = [ds.images[ds.labels == c] for c in range(N_CLASSES)]

    def sample(self, labels, seed):
        rng = np.random.default_rng(seed)
        return torch.stack([self.by_class[y][rng.integers(len(self.by_class[y]))] for y in labels])


class Parrot(HeldOut):
    "Repeats the training images."


class Noise:
    "Hands out grey noise."

    def sample(self, labels, seed):
        rng = np.random.default_rng(seed)
        return torch.from_numpy(rng.integers(0, 256, (len(labels), 1, 28, 28), dtype=np.uint8))


def unseen_images(few):
    "Take the training images of the full mini set that a small one has not."
    ds = load_data("fashion_mnist_mini").train
    used = set(few.train.index.tolist() + few.valid.index.tolist())
    return ds.select([i for i, at in enumerate(ds.index.tolist()) if at not in used])


@pytest.fixture(scope="module")
def outcome():
    few = load_data("fashion_mnist_mini", subset=20)
    players = {"held out": HeldOut(unseen_images(few)), "parrot": Parrot(few.train), "noisy": Noise()}
    return study(
        few,
        players,
        classifiers="shallow",
        ratios=4.0,
        shares=["filled", 0.5],
        recipes=["none", "flip", "flip,shift=1"],
        seeds=8,
        pilots=2,
        rungs=3,
        robustness=False,
        device="cpu",
    )


@pytest.mark.nightly
def test_the_protocol_knows_a_perfect_generator_from_a_parrot_and_from_noise(outcome):
    words = {(c["generator"], c["question"]): (c["word"], c["reason"]) for c in outcome.claims}
    assert words["held out", "helps"] == ("helps", None)
    assert words["held out", "adds"] == ("adds", None)
    for player in ("parrot", "noisy"):
        assert words[player, "helps"][0] not in ("helps", "adds"), (player, words)
        assert words[player, "adds"][0] not in ("helps", "adds"), (player, words)


@pytest.mark.nightly
def test_pilots_cost_at_most_twice_the_judged_trainings(outcome):
    cost = outcome.record["cost"]
    assert cost["pilots"]["steps"] <= 2 * cost["judged"]["steps"]
