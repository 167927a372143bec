"""Anybody's images, used: trained on, measured, resumed, drawn and written, by whatever form they come in.

The kinds of `test_cases.py`, where more than reading is asked for."""

import json
import os
import resource
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from pictures import Grey, X, Y, arrays, digits_in, folder, heard, of, refused, told
from PIL import Image

from gan_augmentation import cli
from gan_augmentation.augment import augment_dataset
from gan_augmentation.classifiers import class_report
from gan_augmentation.core.directories import SCORES
from gan_augmentation.core.seals import MANIFEST
from gan_augmentation.data import ImageDataset, Splits, as_dataset, load_data, split_data, write_chunks
from gan_augmentation.data.splits import is_name
from gan_augmentation.evaluate import evaluate_generator
from gan_augmentation.gans import train_gan
from gan_augmentation.runs import evaluate_run, parse_labels, train_generator, train_run

SMALL = dict(epochs=1, g_channels=8, c_channels=8, device="cpu")
TYPED = ["--epochs", "1", "--g-channels", "8", "--c-channels", "8", "--device", "cpu", "--quiet"]


@pytest.fixture
def do(tmp_path, capsys, monkeypatch):
    "Run `gan-augment` in this process, in a directory of its own; return its code and what it said."
    monkeypatch.chdir(tmp_path)

    def run(*args):
        if args[0].startswith("train-"):
            args = [*args, "--no-export"]
        code = cli.main([str(a) for a in args])
        out, err = capsys.readouterr()
        assert "Traceback" not in err + out
        if code == 2:
            assert [line for line in err.splitlines() if not line.startswith("note: ")] == err.splitlines()[-1:], err
        return code, out + err

    return run


def stopped(run):
    "Make a finished run look like one that was killed."
    for f in (MANIFEST, SCORES, "samples.png", "curves.png"):
        (run / f).unlink(missing_ok=True)
    shutil.rmtree(run / "model", ignore_errors=True)
    return run


@pytest.fixture
def two_pets(tmp_path):
    "Two folders with one name, and an unfinished run of the first."
    for year, digits in (("2023", {"cat": 0, "dog": 1}), ("2024", {"cat": 7, "dog": 8})):
        folder(tmp_path / year / "pets", digits, 40)
    where = dict(results=tmp_path / "results", export=False)
    return stopped(train_generator(str(tmp_path / "2023/pets"), "dcgan", **SMALL, **where))


# C. Which data a run belongs to


def test_a_training_never_goes_on_with_the_pictures_of_another_folder(do, two_pets):
    before = (two_pets / "config.json").read_text()
    code, said = do("train-generator", "--dataset", "2024/pets", "--resume", "--device", "cpu")
    assert code == 2 and "resume" in said
    assert (two_pets / "config.json").read_text() == before
    assert do("train-generator", "--dataset", "2023/pets", "--resume", "--device", "cpu", "--quiet")[0] == 0
    assert json.loads((two_pets / "config.json").read_text())["resumed"] == 1


def test_a_classifier_never_goes_on_with_the_pictures_of_another_folder(do, tmp_path):
    for year, digits in (("2023", {"cat": 0, "dog": 1}), ("2024", {"cat": 7, "dog": 8})):
        folder(tmp_path / year / "pets", digits, 40)
    run = stopped(
        train_run(
            str(tmp_path / "2023/pets"), "shallow", epochs=1, device="cpu", results=tmp_path / "results", export=False
        )
    )
    before = (run / "config.json").read_text()
    code, said = do("train-classifier", "--network", "shallow", "--dataset", "2024/pets", "--resume", "--device", "cpu")
    assert code == 2 and "resume" in said and (run / "config.json").read_text() == before
    assert (
        do(
            "train-classifier",
            "--network",
            "shallow",
            "--dataset",
            "2023/pets",
            "--resume",
            "--device",
            "cpu",
            "--quiet",
        )[0]
        == 0
    )


def test_a_generator_of_another_folder_is_not_found_by_name(do, tmp_path):
    for year, digits in (("2023", {"cat": 0, "dog": 1}), ("2024", {"cat": 7, "dog": 8})):
        folder(tmp_path / year / "pets", digits, 40)
    assert do("train-generator", "--dataset", "2023/pets", *TYPED)[0] == 0
    code, said = do("augment", "2024/pets", "--generator", "dcgan", "--out", "set", "--quiet")
    assert code == 2 and "dcgan" in said and not (tmp_path / "set").exists()
    assert do("augment", "2023/pets", "--generator", "dcgan", "--out", "set", "--quiet", "--device", "cpu")[0] == 0


def test_a_run_can_be_used_from_any_directory(do, tmp_path, monkeypatch):
    folder(tmp_path / "pets", ["cat", "dog"], 40)
    assert do("train-generator", "--dataset", "pets", *TYPED)[0] == 0
    assert (
        do(
            "train-classifier",
            "--dataset",
            "pets",
            "--network",
            "shallow",
            "--epochs",
            "1",
            "--device",
            "cpu",
            "--quiet",
        )[0]
        == 0
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (generator,), (classifier,) = (list((tmp_path / "results" / k).iterdir()) for k in ("generators", "classifiers"))
    assert do("evaluate", classifier, "--split", "valid", "--device", "cpu")[0] == 0
    assert do("measure", generator, "--metrics", "frechet[pixel]", "--device", "cpu", "--quiet")[0] == 0


@pytest.mark.parametrize(
    "change, says",
    [
        (["--bs", "16"], "bs"),
        (["--epochs", "10"], "epochs"),
        ("picture", ""),
        ("renamed", ""),
    ],
)
def test_a_training_goes_on_as_it_was_begun_or_not_at_all(do, two_pets, tmp_path, change, says):
    pets, more = tmp_path / "2023" / "pets", change if isinstance(change, list) else []
    if change == "picture":
        Image.fromarray(X[500]).save(pets / "cat" / "new.png")
    if change == "renamed":
        pets.rename(pets.with_name("animals"))
    code, said = do("train-generator", "--dataset", "2023/pets", "--resume", "--quiet", *more)
    assert code == 2 and says in said
    if change == "renamed":
        code, said = do("train-generator", "--dataset", "2023/animals", "--resume", "--quiet")
        assert code == 0 or "resume" in said


@pytest.mark.parametrize(
    "text, name",
    [
        ("fashion_mnist", True),
        ("cifar-10", True),
        ("pets", False),
        ("./fashion_mnist", False),
        ("a/b", False),
        ("x.npz", False),
    ],
)
def test_a_path_is_never_mistaken_for_a_name(text, name):
    assert is_name(text) == name


def test_a_class_called_model_is_no_generator(tmp_path):
    real, _ = heard(load_data, folder(tmp_path / "real", {"model": 0, "plane": 1}, 60))
    made = folder(tmp_path / "made", {"model": 0, "plane": 1}, 20, start=60)
    found, _ = heard(evaluate_generator, made, real, metrics="frechet[pixel]", n=40, device="cpu")
    assert found.record["n"] == 40 and digits_in(found.generated) == {"model": [0], "plane": [1]}


# F. Classes, in use


@pytest.mark.parametrize("text, means", [("cat,dog", [0, 1]), ("1,0", [1, 0]), (" dog ", [1])])
def test_labels_typed_in_one_way_are_read(text, means):
    assert parse_labels(text, ("cat", "dog")) == means


@pytest.mark.parametrize("text", ["cat,1", "2", "cow", "", ",", "-1", "1.0"])
def test_labels_typed_in_two_ways_or_none_are_refused(text):
    refused(parse_labels, text, ("cat", "dog"))


def test_labels_of_classes_from_one_are_names():
    assert heard(parse_labels, "1,2,3", ("1", "2", "3"))[0] == [0, 1, 2]
    refused(parse_labels, "0,1,2", ("1", "2", "3"), says="0")


def test_a_class_name_with_a_comma_or_an_equals_sign_can_be_typed():
    assert parse_labels("a, b", ("a, b", "c")) == [0]
    real = ImageDataset(X[:40], np.arange(40) % 2, ["x=1", "a, b"])
    assert augment_dataset(real, Grey(), counts="x=1=3").table().synthetic.tolist() == [3, 0]
    assert augment_dataset(real, Grey(), counts="a, b=2").table().synthetic.tolist() == [0, 2]


def test_averages_are_over_the_classes_that_are_there():
    ds = ImageDataset(X[:100], Y[:100], [*map(str, range(10)), "never"])
    logits = torch.nn.functional.one_hot(ds.labels, 11).float()
    report, said = heard(class_report, logits, ds)
    assert report.loc["macro avg", "precision"] == 1 and report.loc["macro avg", "recall"] == 1
    text, _ = heard(class_report, logits, ds, as_text=True)
    assert "never" in said + text


def test_many_images_of_a_class_that_was_hardly_seen_are_made_with_a_warning():
    x, y = np.concatenate([of(0)[:150], of(1)[:2]]), [0] * 150 + [1] * 2
    told(augment_dataset, ImageDataset(x, y, ["many", "rare"]), Grey(), counts={"rare": 1000}, says=("rare", "2"))


def test_few_images_are_measured_with_a_word_beside_the_number():
    data = split_data((X[:400], Y[:400]), valid_pct=0.3)
    found, said = heard(
        evaluate_generator, (X[400:450], Y[400:450]), data, metrics="frechet[pixel]", n=50, device="cpu"
    )
    assert "few" in repr(found) + said


def test_generated_images_of_one_class_only_are_refused_or_that_is_said():
    data = split_data((X[:400], Y[:400]), valid_pct=0.3)
    told(
        evaluate_generator,
        (X[Y == 3][:50], Y[Y == 3][:50]),
        data,
        metrics="frechet[pixel]",
        n=50,
        device="cpu",
        says="0",
    )
    refused(
        evaluate_generator,
        torch.from_numpy(X[400:405])[:, None],
        data,
        metrics="frechet[pixel]",
        device="cpu",
        says="5",
    )


# G. What is drawn can never cost a run


def test_two_hundred_classes_are_drawn_in_a_moment(tmp_path):
    y = np.arange(800) % 200
    data, _ = heard(load_data, (np.concatenate([X] * 3)[:800], y), valid_pct=0.25)
    begin = sum(os.times()[:2])
    heard(data.train.show, path=tmp_path / "many.png")
    assert sum(os.times()[:2]) - begin < 5
    assert Image.open(tmp_path / "many.png").size[1] < 6000


@pytest.mark.parametrize(
    "names",
    [
        ["$1-$5", "b"],
        ["$_$", "b"],
        ["a", "US$^$"],
        ["\\frac", "%s"],
        ["a\nb", "\t"],
        ["猫", "😀"],
        ["", " "],
        ["x" * 300, "y"],
    ],
)
def test_class_names_are_drawn_as_they_are(names, tmp_path):
    ds = ImageDataset(X[:20], np.arange(20) % 2, names)
    heard(ds.show, path=tmp_path / "d.png")
    assert (tmp_path / "d.png").stat().st_size > 500


@pytest.mark.parametrize("what", ["gan", "classifier"])
def test_a_training_survives_pictures_that_cannot_be_drawn(what, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def broken(*args, **kwargs):
        raise RuntimeError("no font")

    monkeypatch.setattr(Figure, "savefig", broken)
    monkeypatch.setattr(Image.Image, "save", broken)
    if what == "gan":
        run, said = heard(train_generator, arrays([0, 1], 40), "dcgan", **SMALL, results=tmp_path, export=False)
    else:
        run, said = heard(
            train_run, split_data(arrays([0, 1], 40)), "shallow", epochs=1, device="cpu", results=tmp_path
        )
    assert (run / SCORES).is_file() and "no font" in said


def test_looking_at_data_overwrites_nothing_of_yours(do, tmp_path):
    folder(tmp_path / "pets", ["cat", "dog"], 20)
    (tmp_path / "pets.png").write_bytes(b"my own picture")
    code, said = do("data", "pets")
    assert (tmp_path / "pets.png").read_bytes() == b"my own picture"
    assert code in (0, 2)


def test_generating_overwrites_nothing_of_yours(do, tmp_path):
    train_gan(arrays([0, 1], 40), **SMALL).save(tmp_path / "gan")
    (tmp_path / "generated.png").write_bytes(b"mine, too")
    do("generate", "gan", "--per-class", "2", "--device", "cpu", "--quiet")
    assert (tmp_path / "generated.png").read_bytes() == b"mine, too"


def test_three_hundred_classes_do_not_delay_the_end_of_a_training(tmp_path):
    y = np.arange(1200) % 300
    begin = sum(os.times()[:2])
    heard(train_generator, (np.concatenate([X] * 3)[:1200], y), "dcgan", **SMALL, results=tmp_path, export=False)
    assert sum(os.times()[:2]) - begin < 60


# H. Full disks and odd errors


@pytest.mark.parametrize("name", ["made.npz", "made", "made.png"])
def test_a_full_disk_is_one_line_and_leaves_nothing_behind(name, tmp_path):
    chunks = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (400, 1, 32, 32), dtype="uint8"))
    labels = torch.arange(400) % 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200 if name == "made" else 50_000, hard))
    try:
        refused(write_chunks, tmp_path / name, chunks.split(64), labels, ("a", "b"), (1, 32, 32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(15, 15), (30, 30), (32, 48), (4, 4), (1, 1), (28, 28, 2)])
def test_images_that_a_generator_cannot_learn_are_refused_before_training(shape):
    images = np.random.default_rng(0).integers(0, 255, (40, *shape), dtype="uint8")
    told(train_gan, (images, np.arange(40) % 2), **SMALL)


def test_a_generator_of_ones_own_is_understood_or_refused_in_one_line():
    real = ImageDataset(np.stack([X[:200]] * 3, -1), Y[:200], [f"c{i}" for i in range(10)])
    for make in (
        lambda y: np.zeros((len(y), 32, 32, 3), "uint8"),
        lambda y: torch.zeros(len(y), 3, 32, 32),
        lambda y: [Image.new("RGB", (32, 32))] * len(y),
        lambda y: torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
        lambda y: None,
        lambda y: "images",
    ):
        generator = type("G", (), dict(sample=lambda self, labels, seed, make=make: make(labels)))()
        told(augment_dataset, real, generator, counts={0: 3})


# I. One's own data are first class

PNG = [
    (f"{i}.png", ["cat", "dog"][i % 2], ["train", "train", "val", "test"][i // 2 % 4], f"p{i % 8}") for i in range(48)
]


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    "A flat folder of pictures, cats are zeros and dogs are ones, with tables beside."
    root = tmp_path_factory.mktemp("flat")
    for i, (name, label, _, _) in enumerate(PNG):
        Image.fromarray(of(0 if label == "cat" else 1)[i]).save(root / name)
    table = pd.DataFrame(PNG, columns=["path", "label", "split", "patient"])
    for only, columns in (("two", ["path", "label"]), ("split", ["path", "label", "split"]), ("all", list(table))):
        table[columns].to_csv(root / f"{only}.csv", index=False)
        table[columns].to_parquet(root / f"{only}.parquet")
    return root


def is_cats_and_dogs(data, n=None):
    assert data.train.classes == ("cat", "dog")
    for ds in (data.train, data.valid, data.test):
        assert ds is None or all(shown in ([d], []) for d, shown in enumerate(digits_in(ds).values())), digits_in(ds)
    if n:
        assert [len(ds) if ds else 0 for ds in (data.train, data.valid, data.test)] == n


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_beside_pictures_is_a_data_set(flat, ending):
    is_cats_and_dogs(heard(load_data, flat / f"two.{ending}")[0], [40, 8, 0])
    is_cats_and_dogs(heard(load_data, flat / f"split.{ending}")[0], [24, 12, 12])
    data, _ = heard(load_data, flat / f"all.{ending}", groups="patient")
    is_cats_and_dogs(data)
    assert data.train.groups is not None


def test_a_flat_folder_with_one_table_is_a_data_set(flat, tmp_path):
    shutil.copytree(flat, tmp_path / "set", ignore=shutil.ignore_patterns("all*", "split*", "*.parquet"))
    is_cats_and_dogs(heard(load_data, tmp_path / "set")[0], [40, 8, 0])


def test_a_data_frame_of_files_is_a_data_set(flat, monkeypatch):
    monkeypatch.chdir(flat)
    is_cats_and_dogs(heard(load_data, pd.read_csv("two.csv"))[0], [40, 8, 0])
    is_cats_and_dogs(heard(load_data, pd.read_csv("split.csv"))[0], [24, 12, 12])


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda t: t.replace("3.png", "gone.png"), "gone.png"),
        (lambda t: t.replace("cat", ""), "label"),
        (lambda t: t.replace("label", "weight"), "label"),
        (lambda t: t.replace("path", "n"), "path"),
        (lambda t: "", "two.csv"),
        (lambda t: "path,label\n", "two.csv"),
        (lambda t: "\x00\xff\x81", "two.csv"),
    ],
    ids=["missing file", "missing label", "no label column", "no path column", "empty", "no rows", "binary"],
)
def test_a_table_that_cannot_be_right_is_refused(flat, tmp_path, change, says):
    shutil.copytree(flat, tmp_path / "set")
    table = tmp_path / "set" / "two.csv"
    table.write_text(change(table.read_text()), encoding="latin-1")
    refused(load_data, table, says=says)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: "\ufeff" + t,
        lambda t: t.replace(",", ";"),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("cat", " cat"),
        lambda t: "\n".join(f"./{line}" if i else line for i, line in enumerate(t.splitlines())),
    ],
    ids=["BOM", "semicolons", "CRLF", "blanks", "./"],
)
def test_a_table_as_programs_write_it_is_read(flat, tmp_path, change):
    shutil.copytree(flat, tmp_path / "set")
    table = tmp_path / "set" / "two.csv"
    table.write_bytes(change(table.read_text()).encode())
    is_cats_and_dogs(heard(load_data, table)[0], [40, 8, 0])


def medmnist(path):
    parts = dict(train=(0, 300), val=(300, 350), test=(350, 400))
    data = {f"{k}_images": X[a:b] for k, (a, b) in parts.items()} | {
        f"{k}_labels": Y[a:b, None] for k, (a, b) in parts.items()
    }
    np.savez(path, **data)
    return path


def test_medmnist_is_read_with_its_split(tmp_path):
    data, _ = heard(load_data, medmnist(tmp_path / "bloodmnist.npz"))
    assert [len(data.train), len(data.valid), len(data.test)] == [300, 50, 50]
    assert all(shown == [d] for d, shown in enumerate(digits_in(data.test).values()))


def test_our_own_arrays_are_read_with_their_classes(tmp_path):
    np.savez(
        tmp_path / "ours.npz", images=X[:200], labels=Y[:200], classes=np.array([f"c{i}" for i in range(10)][::-1])
    )
    data, _ = heard(load_data, tmp_path / "ours.npz")
    assert digits_in(data.train) == {f"c{9 - d}": [d] for d in range(10)}


@pytest.mark.parametrize(
    "bad",
    [
        dict(labels=Y[:20]),
        dict(images=X[:20], labels=Y[:19]),
        dict(images=X[:20].reshape(20, -1), labels=Y[:20]),
        dict(images=X[:20]),
        dict(images=np.array([None] * 20), labels=Y[:20]),
        dict(images=X[:20], labels=Y[:20], classes=np.array(["a"])),
        dict(arr_0=X[:20], arr_1=Y[:20]),
        dict(train_images=X[:20], test_images=X[:20]),
        dict(images=np.zeros((20, 28, 28, 28), "uint8"), labels=Y[:20]),
    ],
    ids=[
        "no images",
        "too few labels",
        "rows",
        "no labels",
        "pickle",
        "few classes",
        "other names",
        "no labels in parts",
        "3D",
    ],
)
def test_arrays_that_cannot_be_right_are_refused_by_name(bad, tmp_path):
    np.savez(tmp_path / "bad.npz", **bad)
    refused(load_data, tmp_path / "bad.npz", says="bad.npz")


def hugging_face(n=40, start=0):
    import datasets

    images = [Image.fromarray(of(i % 2)[start + i]) for i in range(n)]
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=["cat", "dog"]))
    return datasets.Dataset.from_dict(dict(image=images, label=[i % 2 for i in range(n)]), features=features)


def test_hugging_face_data_sets_are_read(tmp_path):
    import datasets

    is_cats_and_dogs(heard(load_data, hugging_face())[0], [34, 6, 0])
    both = datasets.DatasetDict(train=hugging_face(), test=hugging_face(20, 50))
    is_cats_and_dogs(heard(load_data, both)[0], [34, 6, 20])
    both.save_to_disk(tmp_path / "both")
    hugging_face().save_to_disk(tmp_path / "one")
    is_cats_and_dogs(heard(load_data, tmp_path / "both")[0], [34, 6, 20])
    is_cats_and_dogs(heard(load_data, tmp_path / "one")[0], [34, 6, 0])


def test_torchvision_folders_are_read(tmp_path):
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import Grayscale

    root = folder(tmp_path, ["cat", "dog"], 20)
    is_cats_and_dogs(heard(load_data, ImageFolder(root, transform=Grayscale()))[0], [34, 6, 0])
    numbers = {str(c): c % 10 for c in range(12)}
    twelve = ImageFolder(folder(tmp_path / "ten", numbers, 6), transform=Grayscale())
    assert digits_in(heard(as_dataset, twelve)[0]) == {name: [digit] for name, digit in numbers.items()}


@pytest.fixture(scope="module")
def blocks():
    from fastai.vision.all import (
        CategoryBlock,
        DataBlock,
        ImageBlock,
        MultiCategoryBlock,
        PILImageBW,
        RandomResizedCrop,
        RandomSplitter,
        Resize,
        get_image_files,
        parent_label,
    )

    def make(root, multi=False, random=False):
        target = (MultiCategoryBlock, lambda p: [p.parent.name, "all"]) if multi else (CategoryBlock, parent_label)
        splitter = RandomSplitter(seed=1)
        tfm = RandomResizedCrop(32) if random else Resize(32)
        block = DataBlock(
            (ImageBlock(cls=PILImageBW), target[0]),
            get_items=get_image_files,
            get_y=target[1],
            splitter=splitter,
            item_tfms=tfm,
        )
        return block.dataloaders(root, bs=8, num_workers=0)

    return make


def test_fastai_loaders_are_read_with_their_split(blocks, tmp_path):
    loaders = blocks(folder(tmp_path, ["cat", "dog"], 20))
    data, _ = heard(load_data, loaders)
    is_cats_and_dogs(data, [32, 8, 0])
    told(augment_dataset, loaders, Grey(), counts={"cat": 4})
    told(augment_dataset, blocks(tmp_path, random=True), Grey(), counts={"cat": 4})
    refused(augment_dataset, blocks(tmp_path, multi=True), Grey())


def forms(tmp_path, flat):
    return [
        folder(tmp_path / "folders", ["cat", "dog"], 40),
        flat / "two.csv",
        flat / "split.parquet",
        medmnist(tmp_path / "med.npz"),
    ]


def test_every_form_can_be_looked_at_from_the_command_line(do, tmp_path, flat):
    for form in forms(tmp_path, flat):
        code, said = do("data", form, "--out", tmp_path / f"{form.stem}.png")
        assert code == 0, said


def test_every_form_can_be_trained_on_from_the_command_line(do, tmp_path, flat):
    for form in forms(tmp_path, flat):
        code, said = do(
            "train-classifier", "--network", "shallow", "--dataset", form, "--epochs", "1", "--device", "cpu", "--quiet"
        )
        assert code == 0, said


def test_a_kept_set_is_trained_on_with_its_real_images(do, tmp_path):
    folder(tmp_path / "pets", ["cat", "dog"], 40)
    train_gan(load_data(tmp_path / "pets").train, **SMALL).save(tmp_path / "gan")
    assert (
        do("augment", "pets", "--generator", "./gan", "--out", "set", "--ratio", "0.5", "--device", "cpu", "--quiet")[0]
        == 0
    )
    code, said = do(
        "train-classifier", "--network", "shallow", "--dataset", "set", "--epochs", "1", "--device", "cpu", "--quiet"
    )
    assert code == 0, said
    (run,) = (tmp_path / "results" / "classifiers").iterdir()
    assert json.loads((run / "config.json").read_text())["data"]["train"]["n"] == 68 + 34


@pytest.mark.parametrize(
    "what, code, says",
    [
        ("pets", None, "rare"),
        ("pets/", None, "rare"),
        ("nowhere", 2, "nowhere"),
        ("pets/cat", 1, "pets/cat"),
        ("pets/cat/000.png", 2, "000.png"),
    ],
)
def test_the_doctor_says_what_is_the_matter(do, tmp_path, what, code, says):
    folder(tmp_path / "pets", ["cat", "dog"], 40)
    folder(tmp_path / "pets", {"rare": 3}, 3)
    found, said = do("data", what)
    assert says in said and found == (code if code is not None else found)


def test_the_doctor_ends_with_1_where_something_must_be_mended(do, tmp_path):
    root = folder(tmp_path / "pets", ["cat", "dog"], 20)
    assert do("data", "pets")[0] == 0
    (root / "dog" / "007.png").write_bytes(b"<html>404</html>")
    code, said = do("data", "pets")
    assert code == 1 and "007.png" in said


@pytest.mark.nightly
def test_one_s_own_folder_can_be_studied_from_the_command_line(do, tmp_path):
    folder(tmp_path / "pets", ["cat", "dog"], 60)
    dcgan = "dcgan:epochs=1,g_channels=8,c_channels=8"
    what = ["--generator", dcgan, "--classifier", "shallow", "--steps", "10", "--seeds", "7", "--test", "0.2"]
    code, said = do("study", "pets", *what, "--no-retrain", "--no-robustness", "--device", "cpu", "-q", "--out", "s")
    assert code == 0, said
    assert (tmp_path / "s" / "report.md").is_file()


def test_splits_remember_where_they_come_from(tmp_path, monkeypatch):
    folder(tmp_path / "pets", ["cat", "dog"], 20)
    monkeypatch.chdir(tmp_path)
    data, _ = heard(load_data, "pets")
    assert isinstance(data, Splits) and data.source == str(tmp_path / "pets")
    assert load_data("fashion_mnist_mini").source == "fashion_mnist_mini"


def test_an_evaluation_of_other_images_reads_their_classes(tmp_path):
    run = train_run(
        split_data(ImageDataset(X[(Y == 1) | (Y == 2)][:80], Y[(Y == 1) | (Y == 2)][:80])),
        "shallow",
        epochs=1,
        device="cpu",
        results=tmp_path / "results",
        export=False,
    )
    same = folder(tmp_path / "same", {"2": 2, "1": 1}, 10, start=50)
    heard(evaluate_run, run, same)
    refused(evaluate_run, run, folder(tmp_path / "other", {"2": 2, "3": 3}, 10), says="3")
