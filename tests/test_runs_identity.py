"Which data a run belongs to, what a full disk leaves behind, and what is drawn: the corners of runs."

import json
import os
import shutil
import subprocess
import warnings

import numpy as np
import pytest
import torch
from altered import unfinish
from PIL import Image

from gan_augmentation import cli
from gan_augmentation.classifiers import plot_confusions
from gan_augmentation.core.bundles import save_array, save_arrays, save_bundle
from gan_augmentation.core.directories import SCORES
from gan_augmentation.core.seals import SEAL
from gan_augmentation.core.show import show_images
from gan_augmentation.data import ImageDataset, load_data, write_chunks
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.generators.find import find_generator
from gan_augmentation.runs import evaluate_run, evaluate_saved, resume_generator, train_generator, unfinished_generator

SMALL = dict(epochs=1, g_channels=4, c_channels=4, device="cpu", export=False)


def pets(root, seed=0, n=12, size=8):
    "A folder of two classes of noise, darker and lighter."
    rng = np.random.default_rng(seed)
    for name, low in (("cat", 0), ("dog", 120)):
        (root / name).mkdir(parents=True)
        for i in range(n):
            Image.fromarray(rng.integers(low, low + 120, (size, size), dtype=np.uint8)).save(root / name / f"{i}.png")
    return root


def read(run):
    return json.loads((run / "config.json").read_text())


def write(run, record):
    record = {k: v for k, v in record.items() if k != SEAL}  # as earlier versions, without a seal
    (run / "config.json").write_text(json.dumps(record))


def heard(f, *args, **kwargs):
    "Call; return what came and all that was noted."
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = f(*args, **kwargs)
    return found, "\n".join(str(w.message) for w in said)


@pytest.fixture
def begun(tmp_path):
    "A run of 2023/pets that looks as if it had been killed, beside other pictures of that name."
    pets(tmp_path / "2024/pets", seed=1)
    run = train_generator(pets(tmp_path / "2023/pets"), "dcgan", **SMALL, results=tmp_path / "results")
    unfinish(run)
    shutil.rmtree(run / "model")
    return run


def unfinished(dataset, results):
    return unfinished_generator(GANConfig("dcgan"), dataset, results)


def test_a_record_says_where_the_images_lie_and_how_they_were_read(begun, tmp_path):
    data = read(begun)["data"]
    assert data["dataset"] == str(tmp_path / "2023/pets") and data["loading"]["valid_pct"] == 0.15
    assert data["train"]["n"] == 20 and data["valid"]["n"] == 4 and data["notes"] == []
    assert "dataset" not in data["loading"] and "root" not in data["loading"]


def test_other_pictures_of_the_same_name_are_refused_in_one_line(begun, tmp_path):
    with pytest.raises(FileNotFoundError) as e:
        unfinished(tmp_path / "2024/pets", tmp_path / "results")
    said = f"no unfinished run on {tmp_path}/2024/pets; {begun.name} was begun with {tmp_path}/2023/pets"
    assert said in str(e.value) and "\n" not in str(e.value)
    with pytest.raises(ValueError, match="not those that this run was begun with"):
        resume_generator(begun, dataset=tmp_path / "2024/pets")
    assert read(begun)["resumed"] == 0


def test_a_folder_that_was_moved_is_gone_on_with_and_said(begun, tmp_path):
    (tmp_path / "2023").rename(tmp_path / "archive")
    found, said = heard(unfinished, tmp_path / "archive/pets", tmp_path / "results")
    assert found == begun and f"was begun with {tmp_path}/2023/pets" in said
    resume_generator(begun, dataset=tmp_path / "archive/pets", export=False)
    record = read(begun)
    assert (record["resumed"], record["data"]["dataset"]) == (1, str(tmp_path / "archive/pets"))
    assert (begun / SCORES).is_file()
    assert evaluate_saved(begun, config="frechet[pixel]", n=10, device="cpu")[0].record["n"] == 10


def test_a_folder_in_which_a_picture_was_changed_is_not(begun, tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "2023/pets/cat/0.png")
    assert unfinished(tmp_path / "2023/pets", tmp_path / "results") == begun
    with pytest.raises(ValueError, match="not those that this run was begun with"):
        resume_generator(begun, export=False)


@pytest.mark.parametrize("here", [".", "elsewhere"])
def test_a_relative_path_that_an_earlier_version_wrote_is_found(begun, tmp_path, monkeypatch, here):
    record = read(begun)
    data = {**record["data"], **record["data"]["loading"], "dataset": "2023/pets"}
    early = {k: data[k] for k in ("name", "dataset", "subset", "valid_pct", "split_seed", "split_sha256")}
    early |= {k: record["data"][k] for k in ("train", "valid")}
    write(begun, {**record, "data": early})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / here)
    assert unfinished(tmp_path / "2023/pets", tmp_path / "results") == begun
    assert read(resume_generator(begun, export=False))["resumed"] == 1


def test_an_unfinished_generator_is_named_where_one_is_looked_for(begun, tmp_path):
    real = load_data(tmp_path / "2023/pets").train
    with pytest.raises(FileNotFoundError, match=rf"{begun.name} is not finished \(died\): go on with gan-augment"):
        find_generator("dcgan", real, tmp_path / "results")
    with pytest.raises(FileNotFoundError, match="has no trained generator yet"):
        evaluate_saved(begun, str(tmp_path / "2023/pets"))
    resume_generator(begun, export=False)
    assert find_generator("dcgan", real, tmp_path / "results").shape == (1, 8, 8)
    other = load_data(tmp_path / "2024/pets").train
    with pytest.raises(FileNotFoundError, match="no dcgan trained on these"):
        find_generator("dcgan", other, tmp_path / "results")


def test_another_data_set_is_evaluated_by_its_test_part(tmp_path):
    from gan_augmentation.runs import train_run

    few = dict(epochs=1, device="cpu", export=False)
    run = train_run(pets(tmp_path / "pets"), "shallow", results=tmp_path / "results", **few)
    for part, seed in (("train", 1), ("val", 2), ("test", 3)):
        pets(tmp_path / "split" / part, seed, n=6)
    (scores, _), said = heard(evaluate_run, run, str(tmp_path / "split"))
    assert scores["n"] == 12 and "12 test images are measured" in said
    assert evaluate_run(run, str(tmp_path / "split/train"))[0]["n"] == 12


# What cannot be written


@pytest.fixture
def full(tmp_path):
    "A file system of 128 KiB."
    place = tmp_path / "full"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


NOISE = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (600, 1, 32, 32), dtype=np.uint8))


def write_images(path):
    write_chunks(path, NOISE.split(64), torch.arange(600) % 2, ("a", "b"), (1, 32, 32))


@pytest.mark.parametrize(
    "write",
    [
        lambda place: write_images(place / "made.npz"),
        lambda place: write_images(place / "made.png"),
        lambda place: write_images(place / "made"),
        lambda place: save_array(place / "x.npy", NOISE.numpy()),
        lambda place: save_arrays(place / "x.npz", x=NOISE.numpy()),
        lambda place: save_bundle(place / "model", dict(w=NOISE.float()), {}),
    ],
    ids=["npz", "png", "folder", "array", "arrays", "safetensors"],
)
def test_a_full_disk_is_one_line_and_nothing_is_left(full, write):
    with pytest.raises(OSError) as e:
        write(full)
    said = str(e.value)
    assert "could not be written (no space left on device), nothing of it was kept: make room" in said
    assert "\n" not in said and not list(full.iterdir())


def test_what_was_there_before_is_untouched(full):
    save_array(full / "x.npy", np.arange(3))
    with pytest.raises(OSError, match="what was there before is untouched"):
        save_array(full / "x.npy", NOISE.numpy())
    assert np.load(full / "x.npy").tolist() == [0, 1, 2]


def test_a_training_that_has_no_room_is_refused_before_it_begins(full, tmp_path):
    with pytest.raises(OSError, match="make room, or choose another directory"):
        train_generator(pets(tmp_path / "pets"), "dcgan", **SMALL, results=full)
    assert not list((full / "generators").iterdir())


# What is drawn


def test_a_picture_of_many_classes_is_small_and_says_how_many_there_are(tmp_path):
    ds = ImageDataset(NOISE, torch.arange(600) % 300, [f"${i}_" for i in range(300)])
    fig = ds.show(per_class=2)
    assert fig._suptitle.get_text().endswith("40 of 300 classes") and len(fig.axes) == 1
    logits = torch.eye(300)[ds.labels]
    fig = plot_confusions({"a $model$": logits}, ds)
    assert len(fig.axes[0].texts) == 0 and "300 classes" in fig.axes[0].get_xlabel()
    fig.savefig(tmp_path / "confusion.png")


def test_a_grid_takes_any_shape(tmp_path):
    for shape in ((1, 1, 1), (3, 5, 90), (1, 200, 3)):
        show_images(torch.zeros(7, *shape, dtype=torch.uint8), list("abcdefg"), 3, title="$", path=tmp_path / "x.png")
        assert Image.open(tmp_path / "x.png").size[0] > 5


def test_generate_finds_a_free_name(begun, tmp_path, monkeypatch, capsys):
    resume_generator(begun, export=False)
    monkeypatch.chdir(tmp_path)
    for name in ("generated.png", "generated-2.png", "generated-3.png"):
        assert cli.main(["generate", str(begun), "--per-class", "1", "--device", "cpu", "--quiet"]) == 0
        assert name in capsys.readouterr().out and os.path.exists(name)
