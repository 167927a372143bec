"One's own images, in every form they come in, and one's own classifiers: from the command line to a finished run."

import json
import sys

import datasets
import numpy as np
import pandas as pd
import pytest
from altered import change
from PIL import Image
from sklearn.datasets import load_digits

from gan_augmentation import cli
from gan_augmentation.classifiers import ClassifierConfig, build_classifier, load_classifier, save_classifier
from gan_augmentation.core.checks import noted
from gan_augmentation.data import load_data
from gan_augmentation.runs import train_run
from gan_augmentation.study import load_study
from gan_augmentation.study.config import study_config
from gan_augmentation.study.entrants import plan_study

SHALLOW = "--network shallow --epochs 1 --quiet --device cpu --no-export".split()


def digits(n, classes=3):
    "The first n pictures of each of some digits, 8x8, and their labels."
    found = load_digits()
    at = np.concatenate([np.flatnonzero(found.target == c)[:n] for c in range(classes)])
    return (found.images[at] * 15).astype(np.uint8), found.target[at]


def write_pictures(folder, images, names):
    "Write pictures, one folder a class; return their paths below the folder."
    paths = []
    for i, (x, name) in enumerate(zip(images, names)):
        paths.append(f"{name}/{i:03}.png")
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(x).save(folder / paths[-1])
    return paths


NAMES = np.array(["ant", "bee", "cat"])


def class_folders(base):
    images, labels = digits(12)
    write_pictures(base / "pets", images, NAMES[labels])
    return base / "pets"


def split_folders(base):
    images, labels = digits(12)
    for part, of in dict(train=0, valid=1, test=2).items():
        write_pictures(base / "pets" / part, images[of::3], NAMES[labels[of::3]])
    return base / "pets"


def table(base):
    images, labels = digits(12)
    paths = write_pictures(base, images, ["pictures"] * len(images))
    splits = np.array(["train", "val", "test"])[np.arange(36) % 3]
    rows = dict(path=paths, label=NAMES[labels], split=splits)
    pd.DataFrame(rows).to_csv(base / "pets.csv", index=False)
    return base / "pets.csv"


def parquet(base):
    path = table(base)
    pd.read_csv(path).to_parquet(base / "pets.parquet")
    return base / "pets.parquet"


def our_arrays(base):
    images, labels = digits(12)
    np.savez(base / "pets.npz", images=images, labels=labels, classes=NAMES)
    return base / "pets.npz"


def medmnist(base):
    images, labels = digits(12)
    parts = {}
    for part, of in dict(train=0, val=1, test=2).items():
        parts |= {f"{part}_images": images[of::3], f"{part}_labels": labels[of::3, None]}
    np.savez(base / "pets.npz", **parts)
    return base / "pets.npz"


def hugging_face(base):
    images, labels = digits(12)
    rows = dict(image=[Image.fromarray(x) for x in images], label=labels.tolist())
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=NAMES.tolist()))
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(str(base / "pets"))
    return base / "pets"


FORMS = class_folders, split_folders, table, parquet, our_arrays, medmnist, hugging_face


def call(*words):
    assert cli.main([str(w) for w in words]) == 0


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_a_classifier_is_trained_on_every_form(form, tmp_path):
    path, results = form(tmp_path), tmp_path / "results"
    call("train-classifier", "--dataset", path, *SHALLOW, "--results", results)
    (run,) = (results / "classifiers").iterdir()
    known = json.loads((run / "config.json").read_text())["data"]
    assert (run.name, known["dataset"]) == ("ShallowPetsClassifier Run 1", str(path.resolve()))
    expected = ("0", "1", "2") if form is medmnist else tuple(NAMES)
    assert load_classifier(run, "cpu").classes == expected
    assert ("test" in known) == (form in (split_folders, table, parquet, medmnist))


def test_pictures_of_many_sizes_are_read_as_they_were_trained(tmp_path, capsys):
    path = class_folders(tmp_path)
    Image.new("L", (20, 9), 200).save(path / "ant" / "large.png")
    assert cli.main(["train-classifier", "--dataset", str(path), *SHALLOW, "--results", str(tmp_path / "r")]) == 2
    assert "--resize" in capsys.readouterr().err
    call("train-classifier", "--dataset", path, "--resize", 16, "--fit", "pad", *SHALLOW, "--results", tmp_path / "r")
    (run,) = (tmp_path / "r" / "classifiers").iterdir()
    assert load_classifier(run, "cpu").shape == (1, 16, 16)
    call("evaluate", run, "--split", "valid")


def test_a_kept_synthetic_set_is_joined_to_its_real_images(tmp_path, capsys):
    path, results = class_folders(tmp_path), ("--results", tmp_path / "results")
    small = "--epochs 1 --g-channels 8 --c-channels 8 --quiet --device cpu --no-export".split()
    call("train-generator", "--dataset", path, *small, *results)
    (trained,) = (tmp_path / "results" / "generators").iterdir()
    made = tmp_path / "made"
    call("augment", path, "--generator", trained, "--ratio", 0.5, "--out", made, "--quiet", *results)
    call("train-classifier", "--dataset", made, *SHALLOW, *results)
    (run,) = (tmp_path / "results" / "classifiers").iterdir()
    record = json.loads((run / "config.json").read_text())["data"]
    real = load_data(path)
    assert record["dataset"] == str(made) and record["valid"]["sha256"] == real.valid.sha256()
    assert record["train"]["n"] == len(real.train) + record["provenance"]["synthetic"]["n"] > len(real.train)
    path.rename(tmp_path / "elsewhere")
    capsys.readouterr()
    assert cli.main(["train-classifier", "--dataset", str(made), *SHALLOW, "--results", str(tmp_path / "r")]) == 2
    assert "--real DATASET" in capsys.readouterr().err
    call("train-classifier", "--dataset", made, "--real", tmp_path / "elsewhere", *SHALLOW, *results)


MY_NETWORKS = """
from torch import nn

def wide(shape, n_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0]*shape[1]*shape[2], 300), nn.ReLU(), nn.Linear(300, n_classes))
"""


@pytest.fixture
def my_networks(tmp_path, monkeypatch):
    "A file with a network in the working directory."
    (tmp_path / "my_networks.py").write_text(MY_NETWORKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    yield "my_networks:wide"
    sys.modules.pop("my_networks", None)


def test_a_network_of_ones_own_is_trained_kept_and_trained_anew(tmp_path, my_networks):
    path = our_arrays(tmp_path)
    own = "--epochs 1 --lr 0.01 --quiet --device cpu --no-export --results r".split()
    call("train-classifier", "--dataset", path, "--network", my_networks, *own)
    run = tmp_path / "r/classifiers/WidePetsClassifier Run 1"
    model = load_classifier(run, "cpu")
    assert model.config["network"] == my_networks and len(model.seen) == len(load_data(path).train)
    call("train-classifier", "--dataset", path, "--network", run.name, "--epochs", 2, *own[4:])
    again = json.loads((run.with_name("WidePetsClassifier Run 2") / "config.json").read_text())["settings"]
    assert (again["network"], again["lr"], again["epochs"]) == (my_networks, 0.01, 2)
    import my_networks as module

    assert ClassifierConfig(module.wide).network == my_networks
    small = dict(epochs=1, results=tmp_path / "t", device="cpu", export=False)
    assert train_run(path, "timm:mobilenetv3_small_050", **small).is_dir()


def test_code_that_came_with_a_saved_model_is_not_run(tmp_path, monkeypatch):
    data = load_data(our_arrays(tmp_path))
    net = build_classifier("shallow", data.train.shape, data.train.n_classes)
    for place in ("dl", "far/a/b"):
        save_classifier(net, tmp_path / place, "shallow", data.train)
    for place in ("dl/evil.py", "evil_beside.py", "far/own_net.py"):
        (tmp_path / place).write_text("from gan_augmentation.classifiers.networks import shallow as net")
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    for cwd, model, network in (("dl", ".", "evil:net"), ("", "dl", "evil_beside:net"), ("", "dl", "dl.evil:net")):
        monkeypatch.chdir(tmp_path / cwd)
        change(tmp_path / "dl/config.json", network=network)
        for use in (load_classifier, lambda path: ClassifierConfig(network=str(tmp_path / "dl"))):
            with pytest.raises(ValueError, match="is not run; if you trust it, put its folder on PYTHONPATH"):
                use(model)
    assert not {"evil", "evil_beside", "dl.evil"} & set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path / "dl")
    change(tmp_path / "dl/config.json", network="evil:net")
    load_classifier(tmp_path / "dl")
    monkeypatch.chdir(tmp_path / "far")
    change(tmp_path / "far/a/b/config.json", network="own_net:net")
    with noted() as said:
        load_classifier("a/b")
    assert [line for line in said if "names code of its own, own_net:net: it is imported from" in line]
    for name in ("evil", "own_net"):
        del sys.modules[name]


def test_functions_that_a_saved_model_names_get_shapes_and_nothing_else(tmp_path):
    data = load_data(our_arrays(tmp_path))
    net = build_classifier("shallow", data.train.shape, data.train.n_classes)
    save_classifier(net, tmp_path / "dl", "shallow", data.train)
    change(tmp_path / "dl/config.json", network="subprocess:call", shape=["touch", str(tmp_path / "ran")])
    with pytest.raises(ValueError, match="its shape is"):
        load_classifier(tmp_path / "dl")
    assert not (tmp_path / "ran").exists()
    change(tmp_path / "dl/config.json", network=str(tmp_path / "other"))
    with pytest.raises((ValueError, FileNotFoundError), match="is no"):
        load_classifier(tmp_path / "dl")


GAN = ("gan", dict(epochs=1))
QUICK = "--generator gan:epochs=1 --epochs 1 --recipe none --recipe flip --shares filled --seeds 7 --rungs 2 --out s"


def test_a_study_of_a_folder_is_planned_out_of_fold_and_says_so(tmp_path, capsys, my_networks):
    path = class_folders(tmp_path)
    words = f"study {path} {QUICK} --classifier my_networks:wide --plan --json --device cpu"
    assert cli.main(words.split()) == 0
    out, err = capsys.readouterr()
    assert "tested out of fold, in 5 folds" in err and err.count("no test images") == 1
    assert {stage["name"] for stage in json.loads(out)["stages"]} >= {"generators", "judged trainings"}
    wrong = {"resnet": "unknown network", "my_networks:deep": "cannot be imported", "json:dumps": "builds no network"}
    for bad, says in wrong.items():
        assert cli.main([bad if w == my_networks else w for w in words.split()]) == 2
        assert says in capsys.readouterr().err


def test_test_images_of_ones_own_are_taken(tmp_path):
    path, (images, labels) = class_folders(tmp_path), digits(20)
    new = np.arange(len(labels)) % 20 >= 12  # none of the first twelve of each class
    write_pictures(tmp_path / "later", images[new], NAMES[labels[new]])
    data = load_data(path, test=tmp_path / "later")
    planned, found, _ = plan_study(data, GAN, study_config(classifiers="shallow", seeds=7, shares="filled"))
    assert (planned.folds, planned.data["n_test"], found.test.sha256()) == (None, 24, data.test.sha256())


@pytest.mark.nightly
def test_a_study_of_a_folder_comes_to_a_verdict(program, tmp_path):
    path = class_folders(tmp_path)
    done = program(*f"study {path} {QUICK} --classifier shallow --folds 2 --no-robustness --device cpu".split())
    assert done.returncode == 0, done.stderr
    record = load_study(tmp_path / "s").record
    data = record["config"]["data"]
    assert (data["folds"], data["n_test"], data["dataset"]) == (2, 36, str(path))
    said = (tmp_path / "s" / "report.md").read_text()
    assert str(path) in said.replace("\\", "") and all(c["sentence"].split(":")[0] in said for c in record["claims"])


@pytest.mark.nightly
def test_the_demo_takes_few_pictures_of_ones_own(program, tmp_path):
    path = class_folders(tmp_path)
    small = "--generator gan --epochs 1 --classifier shallow --steps 10 --processes 1"
    done = program(*f"demo --dataset {path} {small}".split())
    assert done.returncode == 0, done.stderr
    assert "tested out of fold, in 3 folds" in done.stderr and "trained in the study" in done.stdout
