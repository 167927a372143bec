"What a user does, through the installed program and the public functions."
import json

import numpy as np
import pytest
import torch

from gan_augmentation.augment import augment_dataset, load_generator
from gan_augmentation.classifiers import classifier_scores, train_classifier


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from gan_augmentation.study import demo
    return demo(epochs=4, n_seeds=6, results=tmp_path_factory.mktemp("results"), device="cpu")


def test_the_demo_writes_every_number_and_picture(demo):
    outcome, trained, tested = demo
    record = json.loads((tested/"study.json").read_text())
    assert len(record["scores"]) == 6 and record["verdict"]["word"] in ("helps", "hurts", "no evidence")
    assert {"mean", "low", "high", "p"} <= set(record["verdict"]) and record["seconds"] > 0 and record["environment"]["torch"]
    for name in ("real_and_generated.png", "confusion.png", "curves.png", "differences.png"): assert (tested/name).read_bytes().startswith(b"\x89PNG")
    assert str(outcome.verdict) in (tested/"report.txt").read_text()
    differences = [row["real + generated"]["accuracy"] - row["real only"]["accuracy"] for row in record["scores"]]
    assert np.mean(differences) == pytest.approx(record["verdict"]["mean"])


def test_the_generator_saw_only_what_the_classifier_may_see(demo, data):
    outcome, trained, _ = demo
    seen = load_generator(trained).config["data"]
    assert seen["sha256"] == data.train.sha256() and seen["n"] == 5100
    assert not set(data.valid.index.tolist()) & set(data.train.index.tolist())
    assert outcome.record["augmentation"]["real"]["split_sha256"] == data.sha256


def test_even_four_epochs_make_images_of_the_class_that_was_asked_for(demo):
    assert demo[0].record["recognised"]["all"] > .25  # chance is .1


def test_a_saved_generator_augments_by_directory_and_by_name(demo):
    _, trained, _ = demo
    results = trained.parent.parent
    by_name = augment_dataset("fashion_mnist_mini_dcgan", counts={"Coat": 7}, results=results, seed=5)
    by_path = augment_dataset("fashion_mnist_mini", trained, counts={4: 7}, seed=5)
    assert torch.equal(by_name.images, by_path.images) and by_name.table().synthetic.sum() == 7


def test_an_augmented_set_trains_a_classifier_and_serves_torch(demo, data):
    train = augment_dataset(data, demo[1], ratio=.1)
    scores = classifier_scores(train_classifier(train.dataloaders(bs=64, device="cpu"), "shallow", epochs=2), data.test)
    assert scores["accuracy"] > .7
    x, y = next(iter(torch.utils.data.DataLoader(train, batch_size=8)))
    assert x.dtype == torch.uint8 and x.shape == (8, 1, 28, 28) and y.shape == (8,)


@pytest.mark.parametrize("case", range(50))
def test_random_counts_are_met_exactly(case, data):
    rng = np.random.default_rng(case)
    wanted = rng.integers(0, 40, 10)
    class Grey: sample = lambda self, labels, seed: torch.full((len(labels), 1, 28, 28), 128, dtype=torch.uint8)
    counts = {(data.train.classes[c] if rng.random() < .5 else c): int(n) for c, n in enumerate(wanted)}
    augmented = augment_dataset(data, Grey(), counts=counts)
    assert augmented.table().synthetic.tolist() == wanted.tolist()
    assert augmented.counts == (np.array(data.train.counts) + wanted).tolist()


def test_the_program_describes_a_data_set(program, tmp_path):
    done = program("data", "fashion_mnist_mini")
    assert done.returncode == 0 and "5100" in done.stdout and "MIT" in done.stdout and not done.stderr
    assert (tmp_path/"fashion_mnist_mini.png").read_bytes().startswith(b"\x89PNG")
