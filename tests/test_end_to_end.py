"What a user does, through the installed program and the public functions."

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from inside import run_inside

from gan_augmentation.augment import augment_dataset
from gan_augmentation.classifiers import classifier_scores, train_classifier
from gan_augmentation.generators import load_generator

EXE = Path(sys.executable).with_name("gan-augment")


DEMO = dict(images=50, classifier="shallow", steps=40, seeds=7)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from gan_augmentation.runs import run_demo

    results = tmp_path_factory.mktemp("results")
    return run_demo(epochs=40, **DEMO, results=results, processes=1, device="cpu")


@pytest.fixture(scope="module")
def trained_on_all(tmp_path_factory):
    "A DCGAN that is found by the name of its images: it was trained on all of them, for one epoch."
    from gan_augmentation.runs import train_generator

    results = tmp_path_factory.mktemp("trained")
    small = dict(g_channels=8, c_channels=8, epochs=1, device="cpu", export=False)
    return train_generator("fashion_mnist_mini", "dcgan", results=results, **small)


def test_the_demo_writes_every_number_and_picture(demo):
    outcome, trained, tested = demo
    record = json.loads((tested / "study.json").read_text())
    claims = record["claims"]
    assert [c["question"] for c in claims] == ["helps", "adds"] and claims == outcome.claims
    assert json.loads((tested / "verdicts.json").read_text()) == claims
    assert {c["seeds"] for c in claims} == {7} and {c["test_images"] for c in claims} == {1000 + 5100 - 500}
    assert [r["kind"] for r in record["sides"]] == ["base", "free", "generator", "added", "control", "control"]
    assert len(record["scores"]) == 7 * 6 and {r["finished"] for r in record["sides"]} == {None}
    assert record["seconds_with_generator"] > record["seconds"] > 0 and record["environment"]["torch"]
    for name in ("differences.png", "pilots.png", "classes.png", "pictures/dcgan.png"):
        assert (tested / name).read_bytes().startswith(b"\x89PNG")
    said = (tested / "report.md").read_text(encoding="utf-8")
    for words in ("joined the test images", "this one model of dcgan", "A training of fixed length"):
        assert words in said
    for claim in claims:
        assert claim["word"] in said and claim["sentence"].split(":")[1][:30] in (tested / "report.html").read_text()
    scores = {}
    for x in record["scores"]:
        scores.setdefault(x["side"], {})[x["seed"]] = x["accuracy"]
    gained = np.mean([scores["dcgan"][s] - scores["real only"][s] for s in range(7)])
    (base,) = [r for r in claims[0]["against"] if r["rival"] == "real only"]
    assert gained == pytest.approx(base["difference"])


@pytest.mark.nightly
def test_the_demo_is_a_command_and_its_study_is_reported_again(program, tmp_path):
    asked = "demo --generator gan --epochs 1 --seeds 7 --images 10 --classifier shallow --steps 20 --processes 1"
    done = program(*asked.split(), "--results", "results")
    assert done.returncode == 0, done.stderr
    tested = tmp_path / "results/studies/ShallowFashionMNISTMiniStudy Run 1"
    record = json.loads((tested / "study.json").read_text())
    said = " ".join(done.stdout.split())
    assert all(claim["sentence"] in said for claim in record["claims"]) and "This demo tries" in said
    asked = record["config"]["asked"]
    assert (asked["seeds"], asked["ratios"], asked["sizes"]) == (list(range(7)), [1.0], [10])
    (tested / "report.html").unlink()
    assert program("report", tested).returncode == 0 and (tested / "report.html").is_file()
    assert "is no study" in program("report", tmp_path).stderr


def test_the_exported_generator_makes_the_same_images(demo):
    from gan_augmentation.export.runtime import OnnxGenerator

    trained, labels = demo[1], np.arange(10).repeat(3)
    images = load_generator(trained).sample(labels, seed=5).numpy().astype(int)
    assert abs(images - OnnxGenerator(trained / "model.onnx").sample(labels, seed=5)).max() <= 1


def test_the_generator_saw_only_what_the_classifier_may_see(demo, data):
    outcome, trained, _ = demo
    seen, about = load_generator(trained), outcome.record["config"]["data"]
    assert seen.config["data"]["sha256"] == about["train_sha256"] and len(seen.seen) == about["n_train"] == 500
    assert set(seen.seen) <= set(data.train.hashes()) and about["split_sha256"] == data.sha256
    guards = outcome.record["guards"].values()
    unseen = dict(valid=0, test=0)
    assert all(g == dict(known="every image", **unseen, allow_leak=False, in_train=unseen) for g in guards)


def test_a_short_training_makes_images_of_the_class_that_was_asked_for(demo):
    shares = [c["recognised"]["dcgan"] for c in demo[0].record["cells"] if c.get("recognised")]
    assert min(shares) > 0.25  # chance is .1


def test_a_saved_generator_augments_by_directory_and_by_name(trained_on_all):
    results = trained_on_all.parent.parent
    by_name = augment_dataset("fashion_mnist_mini_dcgan", counts={"Coat": 7}, results=results, seed=5)
    by_path = augment_dataset("fashion_mnist_mini", trained_on_all, counts={4: 7}, seed=5)
    assert torch.equal(by_name.images, by_path.images) and by_name.table().synthetic.sum() == 7


def test_an_augmented_set_trains_a_classifier_and_serves_torch(demo, data):
    train = augment_dataset(data, demo[1], ratio=0.1)
    scores = classifier_scores(
        train_classifier(train.dataloaders(bs=64, device="cpu"), "shallow", epochs=2), data.test
    )
    assert scores["accuracy"] > 0.7
    x, y = next(iter(torch.utils.data.DataLoader(train, batch_size=8)))
    assert x.dtype == torch.uint8 and x.shape == (8, 1, 28, 28) and y.shape == (8,)


@pytest.mark.parametrize("case", range(50))
def test_random_counts_are_met_exactly(case, data):
    rng = np.random.default_rng(case)
    wanted = rng.integers(0, 40, 10)

    class Grey:
        def sample(self, labels, seed):
            return torch.full((len(labels), 1, 28, 28), 128, dtype=torch.uint8)

    counts = {
        (data.train.classes[c] if rng.random() < 0.5 else c): int(n) for c, n in enumerate(wanted)
    }
    augmented = augment_dataset(data, Grey(), counts=counts)
    assert augmented.table().synthetic.tolist() == wanted.tolist()
    assert augmented.counts == (np.array(data.train.counts) + wanted).tolist()


def test_the_program_describes_a_data_set(program, tmp_path):
    done = program("data", "fashion_mnist_mini")
    assert (
        done.returncode == 0 and "5100" in done.stdout and "MIT" in done.stdout and not done.stderr
    )
    assert (tmp_path / "fashion_mnist_mini.png").read_bytes().startswith(b"\x89PNG")


SMALL = (
    "train-classifier",
    "--network",
    "deep",
    "--dataset",
    "fashion_mnist_mini",
    "--subset",
    "50",
    "--epochs",
    "12",
    "--patience",
    "11",
    "--augment",
    "flip",
    "--device",
    "cpu",
)


def weights(run):
    return (run / "model" / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, trained):
    "A run that was never interrupted."
    return trained(tmp_path_factory.mktemp("undisturbed"), *SMALL, export=True)[0]


def test_a_run_directory_holds_everything_that_will_be_asked(undisturbed):
    assert undisturbed.name == "DeepFashionMNISTMiniClassifier Run 1"
    names = {
        "config.json",
        "history.csv",
        "metrics.json",
        "manifest.json",
        "report.txt",
        "confusion.png",
        "curves.png",
        "model.txt",
        "model",
        "model.onnx",
        "README.md",
    }
    assert {p.name for p in undisturbed.iterdir() if not p.name.startswith(".")} == names
    config, found = (
        json.loads((undisturbed / name).read_text()) for name in ("config.json", "metrics.json")
    )
    assert (
        config["settings"]["seed"] == 0
        and config["environment"]["torch"]
        and len(config["data"]["split_sha256"]) == 64
    )
    assert {"loss", "accuracy", "precision", "recall"} <= set(found["train"]) & set(
        found["valid"]
    ) & set(found["test"])
    assert (
        "Pullover" in (undisturbed / "report.txt").read_text()
        and "218,618" in (undisturbed / "model.txt").read_text()
    )
    assert not [p for p in undisturbed.rglob("*") if p.suffix in (".pkl", ".pth", ".pt")]


@pytest.fixture(scope="module")
def died(tmp_path_factory, killed):
    "The results of a training that was killed after its third epoch."
    results = tmp_path_factory.mktemp("died")
    killed(results, "epoch 3", 0.1, *SMALL)
    return results


def finish(results, undisturbed):
    "Go on with the run that is not finished, and compare it with one that was never interrupted."
    (run,) = results.glob("*/* Run *")
    said = ""
    if not (run / "manifest.json").exists():
        assert "died" in run_inside("runs", "--results", results).stdout
        done = run_inside(*SMALL, "--no-export", "--results", results, "--resume")
        assert done.returncode == 0, done.stderr
        said = done.stderr
    assert weights(run) == weights(undisturbed)
    assert (run / "history.csv").read_text() == (undisturbed / "history.csv").read_text()
    return said


def test_killed_and_resumed_it_ends_with_the_same_bits(undisturbed, died, tmp_path):
    finish(shutil.copytree(died, tmp_path / "results"), undisturbed)


def test_a_checkpoint_that_a_kill_left_half_written_is_never_loaded(undisturbed, died, tmp_path):
    (run,) = shutil.copytree(died, tmp_path / "results").glob("*/* Run *")
    for file in max(
        (run / "checkpoints").glob("epoch *"), key=lambda p: p.stat().st_mtime
    ).iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert "the training begins anew" in finish(tmp_path / "results", undisturbed)


@pytest.mark.nightly
def test_two_runs_started_at_once_do_not_meet(undisturbed, tmp_path):
    processes = [
        subprocess.Popen(
            [EXE, *SMALL, "--no-export", "--results", tmp_path], stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    assert [p.communicate(timeout=300) and p.returncode for p in processes] == [0, 0]
    found = sorted((tmp_path / "classifiers").iterdir())
    assert [run.name[-1] for run in found] == ["1", "2"] and weights(found[0]) == weights(
        found[1]
    ) == weights(undisturbed)


def test_a_trained_classifier_answers_about_any_image_file(undisturbed, program, inside, tmp_path, data):
    from PIL import Image

    photo = Image.fromarray(data.test.images[0, 0].numpy()).resize((90, 140))
    folder = tmp_path / "photos"
    folder.mkdir()
    for mode, name in (
        ("L", "grey.jpg"),
        ("RGB", "colour.webp"),
        ("P", "palette.gif"),
        ("RGBA", "alpha.png"),
        ("1", "bits.tif"),
        ("LA", "grey alpha.png"),
    ):
        photo.convert(mode).save(folder / name)
    (folder / "notes.txt").write_text("no image, and not taken for one")
    one = program("predict", undisturbed, folder / "grey.jpg")
    assert (
        one.returncode == 0
        and one.stdout.startswith("Predicted class: ")
        and one.stdout.count("\n") == 1
        and not one.stderr
    )
    many = inside("predict", undisturbed, folder, "--top", "3")
    assert (
        many.returncode == 0
        and many.stdout.count("Predicted class: ") == 6
        and many.stdout.count("%") == 18
    )
    assert f"{folder / 'alpha.png'}: Predicted class: " in many.stdout
    exported = undisturbed / "model.onnx"
    assert inside("predict", exported, folder, "--top", "3").stdout == many.stdout, "the same without PyTorch"


def test_a_run_is_measured_again_with_the_same_result(undisturbed, inside):
    done = inside("evaluate", undisturbed)
    accuracy = json.loads((undisturbed / "metrics.json").read_text())["test"]["accuracy"]
    assert (
        done.returncode == 0
        and f"accuracy {accuracy:.2%}" in done.stdout
        and "weighted avg" in done.stdout
    )
    listed = inside("runs", "--results", undisturbed.parent.parent)
    assert undisturbed.name in listed.stdout and f"{accuracy:.2%}" in listed.stdout


def test_a_run_on_an_augmented_data_set_is_called_so(trained_on_all, inside):
    results = trained_on_all.parent.parent
    words = "train-classifier --network shallow --dataset fashion_mnist_mini_dcgan --ratio .1 --epochs 1 --no-export"
    done = inside(*words.split(), "--results", results)
    assert done.returncode == 0, done.stderr
    run = results / "classifiers" / "ShallowFashionMNISTMiniDCGANClassifier Run 1"
    known = json.loads((run / "config.json").read_text())["data"]
    assert known["train"]["n"] == 5610 and known["provenance"]["synthetic"]["n"] == 510
    assert inside("evaluate", run).returncode == 0


def test_the_same_in_a_few_lines_of_python(undisturbed, data):
    from gan_augmentation.classifiers import classifier_learner, load_classifier, predict

    learn = classifier_learner(data.dataloaders(bs=64, device="cpu"), "shallow")
    learn.fit(1)
    assert predict(learn, data.test.images).shape == (1000, 10)
    assert load_classifier(undisturbed).predict(data.test.images[:3]).sum(
        1
    ).tolist() == pytest.approx([1.0, 1.0, 1.0])
