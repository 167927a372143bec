"Measuring as a user meets it: torch-fidelity's own numbers, weights from a path, runs, folders, refusals."

import json
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from gan_augmentation.core.files import file_sha256
from gan_augmentation.evaluate import load_extractor
from gan_augmentation.evaluate.distances import (
    frechet,
    inception_score,
    kernel_distance,
    precision_recall,
)
from gan_augmentation.evaluate.extractors import class_logits, features_of
from gan_augmentation.evaluate.inputs import read_images

N = 30


def write_pngs(folder, images):
    folder.mkdir()
    for i, x in enumerate(images.permute(0, 2, 3, 1).numpy()):
        Image.fromarray(x.squeeze(-1)).save(folder / f"{i:03}.png")
    return folder


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory, data):
    """A file of weights in the format of torch-fidelity's Inception: random, but with batch norm fitted to images,
    so that features are of ordinary size."""
    torch.manual_seed(0)
    with (
        mock.patch("torch.load"),
        mock.patch.object(FeatureExtractorInceptionV3, "load_state_dict"),
    ):
        net = FeatureExtractorInceptionV3("", ["2048"], feature_extractor_weights_path="")
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.momentum = 1.0
    with torch.no_grad():
        net.train()(data.train.images[:16].expand(-1, 3, -1, -1))
    path = tmp_path_factory.mktemp("weights") / "stand-in.pth"
    torch.save(net.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory, data):
    where = tmp_path_factory.mktemp("folders")
    return write_pngs(where / "made", data.test.images[:N] // 2), write_pngs(
        where / "real", data.valid.images[:: len(data.valid) // N][:N]
    )


@pytest.mark.nightly
def test_scores_are_those_of_torch_fidelitys_command_line(stand_in, folders, data, tmp_path):
    made, real = folders
    args = [
        "--cpu",
        "--feature-extractor",
        "inception-v3-compat",
        "--isc",
        "--fid",
        "--kid",
        "--prc",
        "--kid-subsets",
        "20",
        "--kid-subset-size",
        "15",
        "--json",
        "--silent",
        "--no-cache",
        "--batch-size",
        "20",
    ]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("fidelity"),
            *args,
            "--input1",
            made,
            "--input2",
            real,
            "--feature-extractor-weights-path",
            stand_in,
        ],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    inception = load_extractor("inception", weights=stand_in, device="cpu")
    a, b = (
        features_of(read_images(folder, data.train)[0], inception)
        for folder in (real, made)
    )
    precision, recall = precision_recall(a, b)
    ours = dict(
        frechet_inception_distance=frechet(a, b),
        inception_score_mean=inception_score(class_logits(inception, b)),
        kernel_inception_distance_mean=kernel_distance(a, b, 2020, 20, 15),
        precision=precision,
        recall=recall,
    )
    assert theirs["frechet_inception_distance"] > 1
    for k, e in ours.items():
        assert e.value == pytest.approx(theirs[k], rel=1e-4, abs=1e-6), k


@pytest.mark.nightly
def test_the_official_pipeline_runs_with_weights_at_a_path_and_is_not_called_fid(
    stand_in, folders, program
):
    done = program(
        "measure",
        folders[0],
        "--dataset",
        "fashion_mnist_mini",
        "--metrics",
        "fid",
        "--extractor",
        "inception",
        "--weights",
        stand_in,
        "--n",
        "20",
        "--device",
        "cpu",
        "--root",
        "kept",
    )
    assert done.returncode == 0, done.stderr
    name = f"frechet[inception-{file_sha256(stand_in)[:8]}]"
    assert name in done.stdout and "FID" not in done.stdout


def test_weights_that_cannot_be_had_are_named_with_the_ways(folders, refusal, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    said = refusal(
        "measure",
        folders[0],
        "--dataset",
        "fashion_mnist_mini",
        "--metrics",
        "fid",
        "--n",
        "20",
    )
    for word in (
        "weights-inception-2015-12-05-6726825d.pth",
        "Put the file there",
        "weights=",
        "lite0, classifier",
    ):
        assert word in said


@pytest.fixture(scope="module")
def run(tmp_path_factory, trained):
    return trained(
        tmp_path_factory.mktemp("run"),
        "train-generator",
        "--generator",
        "gan",
        "--dataset",
        "fashion_mnist_mini",
        "--subset",
        "100",
        "--epochs",
        "2",
        "--device",
        "cpu",
    )[0]


MEASURE = (
    "--n",
    "300",
    "--judge",
    "shallow",
    "--judge-epochs",
    "2",
    "--judges",
    "1",
    "--pupil",
    "shallow",
    "--pupil-epochs",
    "2",
    "--pairs",
    "3",  # a quick look
    "--device",
    "cpu",
    "--root",
    "kept",
)


@pytest.mark.nightly
def test_a_run_is_measured_into_its_own_directory_and_keeps_what_it_learned_of_real_images(
    run, program, tmp_path
):
    metrics = "frechet,kid,density,gan_test,gan_train,copies,copies[classifier]"
    kept = []
    for _ in range(2):
        done = program("measure", run, "--metrics", metrics, *MEASURE)
        assert done.returncode == 0, done.stderr
        files = [p for p in (tmp_path / "kept").rglob("*") if p.is_file()]
        kept.append({p: p.stat().st_mtime_ns for p in files})
    assert kept[0] == kept[1]  # nothing about the real images was computed again
    a, b = (json.loads((run / f"Measures Run {i}" / "measures.json").read_text()) for i in (1, 2))
    assert {k: m["value"] for k, m in a["metrics"].items()} == {
        k: m["value"] for k, m in b["metrics"].items()
    }
    assert {p.name for p in (run / "Measures Run 1").iterdir()} == {
        "measures.json",
        "measures.png",
        "samples.png",
        "classes.png",
        "copies pixel.png",
        "copies classifier.png",
    }
    assert re.search(r"frechet\[lite0\] +\d", done.stdout) and re.search(
        r"copies\[classifier-\w{8}\]", done.stdout
    )
    assert all(
        m["low"] <= m["value"] <= m["high"] and m["real"] is not None for m in a["metrics"].values()
    )


def test_what_cannot_be_measured_is_refused_in_a_line(run, folders, data, tmp_path, refusal):
    Image.fromarray(np.zeros((28, 20), np.uint8)).save(
        write_pngs(tmp_path / "mixed", data.test.images[:12]) / "wide.png"
    )
    write_pngs(tmp_path / "few", data.test.images[:12])
    np.savez(tmp_path / "nan.npz", images=np.full((20, 1, 28, 28), np.nan, np.float32))
    np.savez(tmp_path / "bright.npz", images=np.full((20, 1, 28, 28), 1.5, np.float32))
    np.savez(tmp_path / "code.npz", images=np.array([print], object))
    (tmp_path / "torn.npz").write_bytes((tmp_path / "nan.npz").read_bytes()[:500])
    real = ("--dataset", "fashion_mnist_mini")
    for args, says in (
        ((tmp_path / "mixed", *real), "wide.png is 28x20"),
        ((tmp_path / "nan.npz", *real), "in [0,1]"),
        ((tmp_path / "bright.npz", *real), "in [0,1]"),
        ((tmp_path / "code.npz", *real), "cannot be read as .npz"),
        ((tmp_path / "torn.npz", *real), "cannot be read as .npz"),
        ((tmp_path / "few", *real, "--metrics", "gan_train"), "these have no labels"),
        ((tmp_path / "few",), "does not say which real images"),
        ((tmp_path / "nowhere", *real), "does not exist"),
        ((run, "--n", "2"), "n is 2"),
        ((run, "--metrics", "frechet[resnet]"), "unknown extractor"),
        ((run, "--metrics", ""), "no metric was asked for; choose from: frechet"),
        ((run, "--extractor", "lite0", "--weights", tmp_path / "torn.npz"), "no file of weights"),
        ((run, "--truncation", "0"), "'--truncation': Input should be greater than or equal to 0.001"),
        ((folders[0], *real, "--steps", "5"), "steps is an option of a generator"),
    ):
        assert says in refusal("measure", *args, "--device", "cpu", "--root", tmp_path / "kept"), (
            says
        )
    assert not list(run.glob("Measures Run 3")) and not (tmp_path / "results").exists()


@pytest.mark.nightly
def test_a_judge_of_ones_own_is_asked_for_features(data, tmp_path, program):
    assert (
        program(
            "train-classifier",
            "--dataset",
            "fashion_mnist_mini",
            "--network",
            "shallow",
            "--epochs",
            "1",
            "--no-export",
            "--device",
            "cpu",
        ).returncode
        == 0
    )
    (judge,) = (tmp_path / "results" / "classifiers").iterdir()
    done = program("evaluate", judge, "--robustness", "--device", "cpu")
    assert (
        done.returncode == 0 and "calibration error" in done.stdout and "occlusion" in done.stdout
    )
    assert (judge / "robustness test" / "corruptions.png").is_file()
    np.savez(
        tmp_path / "made.npz", images=data.test.images.numpy(), labels=data.test.labels.numpy()
    )
    done = program(
        "measure",
        "made.npz",
        "--dataset",
        "fashion_mnist_mini",
        "--metrics",
        "frechet,inception_score",
        "--extractor",
        "classifier",
        "--weights",
        judge,
        "--n",
        "300",
        "--root",
        "kept",
        "--device",
        "cpu",
    )
    assert done.returncode == 0 and re.search(r"frechet\[classifier-\w{8}\]", done.stdout), (
        done.stderr
    )
