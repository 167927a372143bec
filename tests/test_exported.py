"Exported models on the command line: asked without PyTorch, refused in one line, and written again from any run."

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import handmade
import numpy as np
import pytest
from altered import unfinish
from PIL import Image

from gan_augmentation import cli
from gan_augmentation.core import run_state
from gan_augmentation.core.checks import noted
from gan_augmentation.data.sources import GARMENTS
from gan_augmentation.export.metadata import read_onnx, write_onnx
from gan_augmentation.export.runtime import read_about
from gan_augmentation.generators.find import find_generator
from gan_augmentation.runs import export_run, quantize_run

OLD = Path(__file__).with_name("old_directories") / "results"
OLD_RUNS = dict(
    classifier=OLD / "classifiers/ShallowGarments2x2Classifier Run 1",
    gan=OLD / "generators/DCGANGarments8x8Generator Run 1",
    ddpm=OLD / "generators/DDPMGarments8x8Generator Run 1",
)
SHAPE = [1, 28, 28]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    "A classifier, two generators, and what is none of them."
    folder = tmp_path_factory.mktemp("files")
    classifier = handmade.classifier(folder / "classifier.onnx", list(GARMENTS), SHAPE)
    handmade.generator(folder / "gan.onnx", list(GARMENTS), SHAPE)
    handmade.generator(folder / "diffusion.onnx", list(GARMENTS), SHAPE, guidance=True, steps=4)
    handmade.classifier(folder / "pets.onnx", ["cat", "dog"], SHAPE)
    handmade.generator(folder / "pets_gan.onnx", ["cat", "dog"], SHAPE)
    handmade.classifier(folder / "colour.onnx", list(GARMENTS), [3, 28, 28])
    handmade.generator(folder / "colour_gan.onnx", list(GARMENTS), [3, 28, 28])
    content = classifier.read_bytes()
    (folder / "text.onnx").write_text("ten years")
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "truncated.onnx").write_bytes(content[: len(content) // 2])
    (folder / "altered.onnx").write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    (folder / "directory.onnx").mkdir()
    (folder / "more").mkdir()
    for name in ("picture.png", "more/picture.png"):
        Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28)).save(folder / name)
    return folder


COMMANDS = dict(
    predict=("predict", "FILE", "picture.png"),
    generate=("generate", "FILE", "--per-class", "1"),
    evaluate=("evaluate", "FILE", "--dataset", "fashion_mnist_mini"),
    web=("web", "FILE", "--out", "page"),
)


def typed(command, file, *more):
    words = [str(file) if word == "FILE" else word for word in COMMANDS[command]]
    return [*(str(file.parent / word) if word == "picture.png" else word for word in words), *more]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name, says",
    [
        ("text", "text.onnx is no ONNX file"),
        ("empty", "empty.onnx is no ONNX file"),
        ("truncated", "truncated.onnx"),
        ("altered", "altered"),
        ("missing", "missing.onnx does not exist"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_in_one_line(refusal, files, tmp_path, command, name, says):
    assert says in refusal(*typed(command, files / f"{name}.onnx"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command, name, more, says",
    [
        ("predict", "directory", "", "directory.onnx"),
        ("predict", "picture.png", "", "is no exported model"),
        ("predict", "gan", "", "is a generator, no classifier"),
        ("predict", "classifier", "--device cpu", "leave --device out"),
        ("predict", "classifier", "--top 11", "top is 11; it must be at least 1 and at most 10"),
        ("predict", "classifier", "--fit squeeze", "pad, crop"),
        ("generate", "classifier", "", "is a classifier, no generator"),
        ("generate", "gan", "--labels 1", "give either --labels"),
        ("generate", "gan", "--guidance 2", "guidance is for diffusion models"),
        ("generate", "diffusion", "--truncation 1", "truncation is for GANs"),
        ("generate", "diffusion", "--steps 9", "steps is no option of an ONNX file"),
        ("generate", "gan", "--out x.jpg", "give FILE.png"),
        ("evaluate", "gan", "", "is a generator, no classifier"),
        ("evaluate", "pets", "", "the classifier knows the classes cat, dog"),
        ("evaluate", "colour", "", "takes images of (3, 28, 28)"),
        ("evaluate", "classifier", "--robustness", "are for runs"),
        ("evaluate", "classifier", "--split all", "train, valid, test"),
    ],
)
def test_what_does_not_fit_a_file_is_refused_in_one_line(refusal, files, tmp_path, command, name, more, says):
    assert says in refusal(*typed(command, files / (name if "." in name else f"{name}.onnx"), *more.split()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "labels, says",
    [
        ("10", "the classes are T-shirt/top"),
        ("-1", "the classes are T-shirt/top"),
        ("Hat", "no class 'Hat'"),
        ("Coat,4", "give all names or all positions"),
    ],
)
def test_labels_that_are_none_are_refused(refusal, files, labels, says):
    assert says in refusal("generate", files / "gan.onnx", f"--labels={labels}")


def test_a_file_holds_no_images(refusal, files):
    assert "give --dataset" in refusal("evaluate", files / "classifier.onnx")


def test_a_newer_file_is_refused(refusal, files, tmp_path):
    from gan_augmentation.export import metadata

    graph, about = metadata.read_onnx(files / "classifier.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metadata, "check_about", lambda about, path: None)  # as a later version writes it
        newer = write_onnx(graph, {**about, "format": 2}, tmp_path / "newer.onnx")
    says = refusal(*typed("predict", newer)[:2], files / "picture.png")
    assert "newer.onnx" in says and "2" in says


@pytest.mark.parametrize(
    "name, says",
    [
        ("pets_gan", "cat, dog"),
        ("colour_gan", "(3, 28, 28)"),
        ("text", "text.onnx cannot be read as ONNX"),
        ("classifier", "is a classifier, no generator"),
    ],
)
def test_a_generator_that_does_not_fit_a_training_set_is_refused(capsys, files, tmp_path, name, says):
    words = "augment", "fashion_mnist_mini", "--generator", files / f"{name}.onnx", "--out", tmp_path / "set", "--quiet"
    assert cli.main(list(map(str, words))) == 2
    *notes, last = capsys.readouterr().err.splitlines()
    assert says in last and all(line.startswith("note: ") for line in notes)
    assert not (tmp_path / "set").exists()


def test_a_generator_may_end_in_capitals(files, tmp_path, data):
    file = Path(shutil.copy(files / "gan.onnx", tmp_path / "gan.ONNX"))
    assert find_generator(str(file), data.train).path == file


def test_a_page_shows_no_training_images(capsys, files, tmp_path):
    for k, name in enumerate(["cat", "dog"] * 10):
        (tmp_path / "pets" / name).mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(k).integers(0, 256, (28, 28), np.uint8)
        Image.fromarray(picture).save(tmp_path / "pets" / name / f"{k}.png")
    words = "web", files / "pets.onnx", "--dataset", tmp_path / "pets", "--out", tmp_path / "page"
    assert cli.main(list(map(str, words))) == 2
    *notes, last = capsys.readouterr().err.splitlines()
    assert "has no test images" in last and "test part" in last
    assert all(line.startswith("note: ") for line in notes) and not (tmp_path / "page").exists()


def test_a_file_is_asked_without_pytorch(files, tmp_path):
    "Nothing but numpy, pillow, onnxruntime and the command line itself is there."
    command = [sys.executable, Path(__file__).with_name("torchless.py"), files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Predicted class: ") == 2 and done.stdout.count("%") == 4
    assert Image.open(tmp_path / "grid.png").size == (2 * 29 + 1, 10 * 29 + 1)
    with np.load(tmp_path / "made.npz") as made:
        assert made["images"].shape == (2, *SHAPE) and made["labels"].tolist() == [4, 8]
    assert sorted(p.parent.name for p in (tmp_path / "made").rglob("*.png")) == ["4 Coat", "8 Bag"]


def test_a_file_is_measured_on_images_that_are_given(files, capsys):
    assert cli.main(["evaluate", str(files / "classifier.onnx"), "--dataset", "fashion_mnist_mini", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1000


# Runs


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    "Runs that an earlier version made, with what is exported of them now."
    folder, found = tmp_path_factory.mktemp("old"), {}
    for kind in ("classifier", "gan"):
        run = Path(shutil.copytree(OLD_RUNS[kind], folder / OLD_RUNS[kind].name))
        with noted() as said:
            found[kind] = export_run(run).parent, said
    return found


@pytest.mark.parametrize("kind", ["classifier", "gan"])
def test_a_run_of_an_earlier_version_is_exported(exported, kind):
    run, said = exported[kind]
    about = read_about(run / "model.onnx")
    assert about["classes"] == ["Bag", "Sneaker", "Trouser"] and about["data"]["n"] > 0
    assert [line for line in said if "is compared on random images alone" in line], "its images are gone"
    assert run_state(run) == "finished" and not list(run.glob(".*.tmp"))
    assert str(run) not in json.dumps(about)


@pytest.mark.nightly
def test_a_diffusion_run_of_an_earlier_version_is_exported_with_its_sampler(tmp_path):
    run = Path(shutil.copytree(OLD_RUNS["ddpm"], tmp_path / "run"))
    about = read_about(export_run(run, steps=4))
    assert (about["kind"], about["sampling"]["steps"]) == ("generator", 4)
    assert read_about(run / "denoiser.onnx")["kind"] == "denoiser"


@pytest.mark.parametrize(
    "options, says",
    [
        ("--out x.pt", ".onnx"),
        ("--out .", "is a directory"),
        ("--out /proc/x/model.onnx", "/proc/x"),
        ("--steps 4", "steps is for diffusion models, not for"),
        ("--sampler euler", "'euler' is not one of"),
        ("--guidance -1", "--guidance"),
        ("--rgb", "rgb is for generators of grey images, not for"),
        ("--push-to-hub me/mine --out x.onnx", "leave --out out"),
        ("--push-to-hub me/mine/more", "Give NAME or USER/NAME"),
        ("--push-to-hub me/mine", "no token for the Hugging Face Hub"),
    ],
)
def test_an_export_that_cannot_be_is_refused(refusal, exported, tmp_path, monkeypatch, options, says):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    monkeypatch.setattr("gan_augmentation.runs.exporting.write_model", None)  # is not reached
    run = exported["classifier"][0]
    before = (run / "model.onnx").read_bytes()
    said = refusal("export-onnx", run, *options.split())
    assert says in said and (run / "model.onnx").read_bytes() == before and not list(tmp_path.iterdir())


@pytest.mark.parametrize("harm, says", [("unfinished", "is not finished (died)"), ("model", "is a saved model")])
def test_what_is_no_finished_run_is_not_exported(refusal, exported, tmp_path_factory, harm, says):
    run = Path(shutil.copytree(exported["gan"][0], tmp_path_factory.mktemp("harmed") / "run"))
    if harm == "unfinished":
        unfinish(run)
    for command in ("export-onnx", "quantize"):
        assert says in refusal(command, run / "model" if harm == "model" else run)
    assert "is no run in results" in refusal("export-onnx", "Nothing Run 1")


def test_a_run_without_test_images_is_not_made_smaller(refusal, exported):
    record = json.loads((exported["classifier"][0] / "config.json").read_text())
    assert "test" not in record["data"]
    assert "has no test images" in refusal("quantize", exported["classifier"][0])


def test_an_altered_model_is_exported_anew_before_it_is_made_smaller(exported):
    run = exported["gan"][0]
    (run / "model.onnx").write_bytes((run / "model.onnx").read_bytes()[:-1])
    with noted() as said:
        found = quantize_run(run)
    assert said[0].endswith("model.onnx cannot be read: it is exported anew, with the default settings")
    assert read_about(run / "model.onnx")["precision"] == "fp32"
    assert found.path is None or read_about(found.path)["precision"] == "fp16"


def test_a_model_that_is_smaller_already_is_left_as_it_is(refusal, exported, tmp_path):
    run = Path(shutil.copytree(exported["gan"][0], tmp_path / "run"))
    graph, about = read_onnx(run / "model.onnx")
    write_onnx(graph, {**about, "precision": "fp16"}, run / "model.onnx")
    before = {path: path.read_bytes() for path in run.glob("*.onnx")}
    said = refusal("quantize", run)
    assert "model.onnx is fp16 already: write it anew with gan-augment export-onnx" in said
    assert {path: path.read_bytes() for path in run.glob("*.onnx")} == before


STUBBORN = """
from torch import nn

class Stubborn(nn.Module):
    "Which way the images take depends on what is in them: no graph can say that."

    def __init__(self, pixels, n_classes):
        super().__init__()
        self.layer = nn.Linear(pixels, n_classes)

    def forward(self, x):
        if float(x.sum()) > 1e9:
            x = -x
        return self.layer(x.flatten(1))

def network(shape, n_classes):
    c, h, w = shape
    return Stubborn(c * h * w, n_classes)
"""


def test_a_network_that_cannot_be_exported_costs_no_training(tmp_path, monkeypatch, capsys):
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    words = "train-classifier --dataset fashion_mnist_mini --subset 20 --network stubborn:network --epochs 1 --quiet"
    assert cli.main([*words.split(), "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    (run,) = (tmp_path / "results/classifiers").iterdir()
    assert run_state(run) == "finished" and not list(run.glob("*.onnx"))
    (line,) = [line for line in err.splitlines() if "was not exported" in line]
    assert "gan-augment export-onnx" in line and "onnx" not in out


@pytest.mark.nightly
def test_killed_while_it_is_exported_a_run_is_finished(tmp_path):
    exe = Path(sys.executable).with_name("gan-augment")
    words = "train-classifier --network deep --dataset fashion_mnist_mini --subset 50 --epochs 1 --device cpu".split()
    with subprocess.Popen([exe, *words, "--results", tmp_path], stderr=subprocess.DEVNULL) as process:
        while not list(tmp_path.glob("classifiers/*/curves.png")):  # the last picture before the export
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
    (run,) = tmp_path.glob("classifiers/*")
    assert run_state(run) == "finished" and not list(run.glob("*.onnx"))
    assert subprocess.run([exe, "export-onnx", run]).returncode == 0
    assert read_about(run / "model.onnx")["kind"] == "classifier"
