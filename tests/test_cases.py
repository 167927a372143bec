"""Anybody's images: read right, or refused in one line.

What people do with tools like ours, kind by kind, and the right answer to each. Here: what is read."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from pictures import DIGITS, Grey, Oracle, X, Y, arrays, digits_in, folder, heard, of, refused, told
from PIL import Image, features
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split

from gan_augmentation.augment import augment_dataset
from gan_augmentation.data import ImageDataset, as_dataset, dataloaders, load_data, split_data
from gan_augmentation.data.classes import class_positions, match_classes, same_classes
from gan_augmentation.data.folders import image_files
from gan_augmentation.data.forms import as_images
from gan_augmentation.data.pictures import read_image
from gan_augmentation.evaluate import evaluate_generator
from gan_augmentation.generators import check_unseen

WORDS = np.array(["cat", "dog", "hen", "cow", "pig", "ant", "bee", "fox", "elk", "owl"])
UNCHANGED = "ba14bb2d7687a978"  # SHA-256 of the split of the first 300 digits, as it always was


def total(data) -> dict:
    "Images a class, over all splits."
    return data.describe().drop(index=["total", "groups"], errors="ignore").sum(axis=1).astype(int).to_dict()


def everything(data) -> torch.Tensor:
    "All images of training and validation, in the order of their source."
    index = torch.cat([data.train.index, data.valid.index])
    return torch.cat([data.train.images, data.valid.images])[index.argsort()]


# A. What a class number means


def test_folders_named_by_numbers_are_in_the_order_of_the_numbers(tmp_path):
    numbers = {str(c): c % 10 for c in range(12)}
    ds = as_dataset(folder(tmp_path, numbers, 4))
    assert ds.classes == tuple(map(str, range(12)))
    assert digits_in(ds) == {name: [digit] for name, digit in numbers.items()}


def test_a_perfect_generator_of_numbered_arrays_makes_the_same_numbered_folder(tmp_path):
    real = as_dataset(folder(tmp_path, {str(c): c % 10 for c in range(12)}, 4))
    perfect = Oracle(ImageDataset(*arrays([c % 10 for c in range(12)], 4)))
    made = augment_dataset(real, perfect, counts={"2": 1, "10": 1})
    assert digits_in(made.select(made.synthetic))["2"] == [2]
    assert digits_in(made.select(made.synthetic))["10"] == [0]


def test_numbers_never_mean_places_where_the_classes_are_numbers():
    assert match_classes(["01", "2"], ["1", "2", "10"], "x") == [0, 1]
    assert not same_classes(["1", "2", "3"], ["2", "3", "4"])
    assert "4" in refused(match_classes, ["2", "4"], ["1", "2", "3"], "other images")


@pytest.mark.parametrize("typed, means", [("1,2", [0, 1]), ("3", [2]), ("01,3", [0, 2])])
def test_numbers_typed_for_numbered_classes_are_names_and_that_is_said(typed, means):
    found, said = heard(class_positions, typed.split(","), ("1", "2", "3"))
    assert found == means and said.count("|") == 0
    assert said or typed != "1,2"


def test_a_number_that_is_no_class_is_refused_and_never_taken_for_a_place():
    refused(class_positions, ["0", "1", "2"], ("1", "2", "3"), says=("0", "1, 2, 3"))


def test_one_list_is_read_in_one_way():
    assert class_positions(["0", "2"], ("a", "b", "c")) == [0, 2]
    assert class_positions(["c", "a"], ("a", "b", "c")) == [2, 0]
    refused(class_positions, ["0", "b"], ("a", "b", "c"))
    assert class_positions(["0", "a"], ("a", "0", "5x")) == [1, 0]


def test_labels_by_number_meet_folders_by_name(tmp_path):
    real = load_data(folder(tmp_path, {"1": 1, "2": 2, "10": 0}, 60))
    images, labels = np.concatenate([of(0)[60:80], of(1)[60:80], of(2)[60:80]]), np.repeat([10, 1, 2], 20)
    found = evaluate_generator((images, labels), real, metrics="frechet[pixel]", n=60, device="cpu")
    assert {k: v for k, v in digits_in(found.generated).items()} == {"1": [1], "2": [2], "10": [0]}


def test_an_npz_says_its_own_classes_and_is_believed(tmp_path):
    real = load_data(folder(tmp_path / "real", {"a": 0, "b": 1, "c": 2}, 60))
    images = np.concatenate([of(2)[60:80], of(1)[60:80], of(0)[60:80]])
    np.savez(tmp_path / "made.npz", images=images, labels=np.repeat([0, 1, 2], 20), classes=np.array(["c", "b", "a"]))
    found = evaluate_generator(tmp_path / "made.npz", real, metrics="frechet[pixel]", n=60, device="cpu")
    assert digits_in(found.generated) == {"a": [0], "b": [1], "c": [2]}


def test_an_npz_with_a_class_that_nobody_knows_is_refused(tmp_path):
    real = load_data(folder(tmp_path / "real", {"a": 0, "b": 1}, 40))
    np.savez(tmp_path / "made.npz", images=X[:20], labels=np.arange(20) % 2, classes=np.array(["a", "z"]))
    refused(
        evaluate_generator,
        tmp_path / "made.npz",
        real,
        metrics="frechet[pixel]",
        n=20,
        device="cpu",
        says=("z", "a, b"),
    )


# B. Folders

ENDINGS = [
    ("JPG", "JPEG"),
    ("jfif", "JPEG"),
    ("jpe", "JPEG"),
    ("gif", "GIF"),
    ("tga", "TGA"),
    ("ico", "ICO"),
    ("PNG", "PNG"),
]
ENDINGS += [
    (ext, fmt)
    for ext, fmt, module in (("avif", "AVIF", "avif"), ("jp2", "JPEG2000", "jpg_2000"))
    if features.check(module)
]


def test_every_ending_that_pillow_reads_counts_whatever_its_case(tmp_path):
    root = folder(tmp_path, ["a", "b"], 8)
    for ext, fmt in ENDINGS:
        for i, x in enumerate(of(1)[20:24]):
            sizes = dict(sizes=[(32, 32)]) if fmt == "ICO" else {}
            Image.fromarray(x).save(root / "b" / f"{ext}{i}.{ext}", format=fmt, **sizes)
    assert len(image_files(root)) == 16 + 4 * len(ENDINGS)
    data, _ = heard(load_data, root)
    assert total(data) == {"a": 8, "b": 8 + 4 * len(ENDINGS)}


@pytest.mark.parametrize("ext, fmt", [("jfif", "JPEG"), ("gif", "GIF")])
def test_a_class_of_files_from_a_browser_is_read(tmp_path, ext, fmt):
    root = folder(tmp_path, ["cat", "dog"], 8)
    (root / "bird").mkdir()
    for i, x in enumerate(of(3)[:8]):
        Image.fromarray(x).save(root / "bird" / f"{i}.{ext}", format=fmt)
    data, said = heard(load_data, root)
    assert total(data) == {"bird": 8, "cat": 8, "dog": 8} and not said


def test_litter_is_skipped_and_counted(tmp_path):
    root = folder(tmp_path, ["cat", "dog"], 8)
    for p in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini", "README.txt", "cat/._000.png"):
        (root / p).write_bytes(b"\0\0\0\1Bud1")
    (root / ".git").mkdir()
    data, said = heard(load_data, root)
    assert total(data) == {"cat": 8, "dog": 8} and "skip" in said


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "@eaDir", "__MACOSX", ".thumbnails", "#recycle"])
def test_copies_that_programs_keep_beside_the_pictures_are_no_pictures(tmp_path, name):
    root = folder(tmp_path, ["cat", "dog"], 8)
    for where in (root / "cat" / name, root / name / "cat"):
        where.mkdir(parents=True)
        for f in (root / "cat").glob("*.png"):
            shutil.copy(f, where / f.name)
    data, said = heard(load_data, root)
    assert total(data) == {"cat": 8, "dog": 8} and "skipped" in said and name in said
    assert len(image_files(root)) == 16


@pytest.mark.parametrize("valid", ["val", "valid", "validation", "Val"])
def test_folders_called_train_val_and_test_are_a_split(tmp_path, valid):
    for split, start, n in (("train", 0, 24), (valid, 24, 8), ("test", 32, 9)):
        folder(tmp_path / split, ["cat", "dog"], n, start=start)
    data, _ = heard(load_data, tmp_path)
    assert data.train.classes == ("cat", "dog")
    assert [len(data.train), len(data.valid), len(data.test)] == [48, 16, 18]
    assert digits_in(data.test) == {"cat": [0], "dog": [1]}


def test_train_and_test_alone_leave_validation_to_us(tmp_path):
    for split, start, n in (("train", 0, 24), ("test", 24, 8)):
        folder(tmp_path / split, ["cat", "dog"], n, start=start)
    data, _ = heard(load_data, tmp_path, valid_pct=0.25)
    assert [len(data.train), len(data.valid), len(data.test)] == [36, 12, 16]


def test_a_vehicle_called_train_is_a_class(tmp_path):
    data, _ = heard(load_data, folder(tmp_path, ["car", "test", "train"], 8))
    assert data.train.classes == ("car", "test", "train") and data.test is None


def test_an_only_child_is_entered(tmp_path):
    folder(tmp_path / "dataset" / "images", ["cat", "dog"], 8)
    data, _ = heard(load_data, tmp_path)
    assert total(data) == {"cat": 8, "dog": 8}


def test_an_only_child_is_entered_in_every_part(tmp_path):
    for split, start in (("train", 0), ("test", 12)):
        folder(tmp_path / split / "images", ["cat", "dog"], 12, start=start)
    data, _ = heard(load_data, tmp_path)
    assert data.train.classes == ("cat", "dog") and len(data.test) == 24


def test_parts_without_training_images_are_refused_and_deep_folders_said(tmp_path):
    for split in ("val", "test"):
        folder(tmp_path / "parts" / split, ["cat", "dog"], 8)
    refused(load_data, tmp_path / "parts", says="train")
    folder(tmp_path / "deep" / "cat", ["persian", "siam"], 8)
    folder(tmp_path / "deep", {"dog": 3}, 8)
    told(load_data, tmp_path / "deep", says="cat/persian")


def test_training_measuring_and_predicting_see_the_same_files(tmp_path):
    root = folder(tmp_path, ["a", "b"], 8)
    for p in (root / "a" / ".ipynb_checkpoints", root / "__MACOSX"):
        p.mkdir()
        Image.fromarray(X[0]).save(p / "copy.png")
    Image.fromarray(X[0]).save(root / "b" / "x.jfif", format="JPEG")
    trained, _ = heard(as_dataset, root)
    (measured, labelled), _ = heard(as_images, root)
    assert labelled and len(trained) == len(measured) == len(image_files(root)) == 17


def test_a_flat_folder_is_refused_with_its_cure(tmp_path):
    for i in range(8):
        Image.fromarray(X[i]).save(tmp_path / f"{i}.png")
    refused(load_data, tmp_path, says=(str(tmp_path), "folder"))
    refused(load_data, str(tmp_path), says=str(tmp_path))


@pytest.mark.parametrize("path", ["not/there", "my_pictures/", "./x", "set.npz", "labels.csv", "set.parquet", "a.h5"])
def test_what_is_not_there_is_named_as_a_path(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "there" in refused(load_data, path) or "exist" in refused(load_data, path)
    assert path.strip("./") in refused(load_data, path)


@pytest.mark.parametrize("name", ["set.npz", "set.zip", "set.h5", "set.parquet", "labels.csv", "set.tfrecord"])
def test_an_empty_file_is_refused_by_name(name, tmp_path):
    (tmp_path / name).touch()
    refused(load_data, tmp_path / name, says=name)
    refused(load_data, str(tmp_path / name), says=name)


def test_an_empty_class_is_named(tmp_path):
    root = folder(tmp_path, ["cat", "dog"], 12)
    (root / "bird").mkdir()
    told(load_data, root, says="bird")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_tiny_class_has_a_validation_image_or_a_clear_word(tmp_path, n):
    root = folder(tmp_path, ["cat", "dog"], 12)
    folder(root, {"rare": 5}, n)
    data = told(load_data, root, says="rare")
    if data is not None:
        assert data.describe().loc["rare", "valid"] >= 1 and data.describe().loc["rare", "train"] >= 1


def test_a_name_that_is_not_utf8_is_refused_before_anything_is_read(tmp_path):
    root = folder(tmp_path, ["cat", "dog"], 8)
    try:
        (root / b"caf\xe9".decode("utf8", "surrogateescape")).mkdir()
    except OSError:
        pytest.skip("this file system knows only UTF-8")
    shutil.copy(root / "cat" / "000.png", root / b"caf\xe9".decode("utf8", "surrogateescape") / "0.png")
    line = refused(load_data, root, says="UTF-8")
    line.encode()  # can be printed


@pytest.mark.parametrize(
    "harm", [lambda b: b[:60], lambda b: b"", lambda b: b"<html>404</html>"], ids=["cut", "empty", "page"]
)
def test_all_broken_files_are_named_at_once(tmp_path, harm):
    root = folder(tmp_path, ["cat", "dog"], 12)
    for name in ("cat/005.png", "dog/007.png"):
        (root / name).write_bytes(harm((root / name).read_bytes()))
    refused(load_data, root, says=("005.png", "007.png"))


def test_links_are_followed_broken_ones_named_and_loops_survived(tmp_path):
    real, root = folder(tmp_path / "real", ["cat", "dog"], 12), tmp_path / "links"
    (root / "dog").mkdir(parents=True)
    (root / "cat").symlink_to(real / "cat")
    for p in (real / "dog").iterdir():
        (root / "dog" / p.name).symlink_to(p)
    assert total(heard(load_data, root)[0]) == {"cat": 12, "dog": 12}
    (root / "dog" / "loop").symlink_to(root / "dog")
    assert total(heard(load_data, root)[0]) == {"cat": 12, "dog": 12}
    (root / "dog" / "gone.png").symlink_to("/nowhere.png")
    told(load_data, root, says="gone.png")


def test_mixed_sizes_are_refused_before_much_is_read_with_the_option_that_helps(tmp_path):
    root = folder(tmp_path, ["cat", "dog"], 12)
    Image.new("L", (40, 32)).save(root / "dog" / "big.png")
    refused(load_data, root, says=("big.png", "32x40", "resize=64"))
    data, _ = heard(load_data, root, resize=16, fit="pad")
    assert data.train.shape == (1, 16, 16) and sum(total(data).values()) == 25


# D. Values that cannot be pictures


def test_twelve_bits_in_sixteen_keep_all_their_greys(tmp_path):
    for c in (0, 1):
        (tmp_path / f"class{c}").mkdir()
        for i, x in enumerate(of(c)[:12]):
            Image.fromarray(x.astype(np.uint16) * 16).save(tmp_path / f"class{c}" / f"{i:02}.png")
    data, _ = heard(load_data, tmp_path)
    original = np.concatenate([of(0)[:12], of(1)[:12]])
    assert np.abs(everything(data)[:, 0].numpy().astype(int) - original).max() <= 1
    assert data.train.reading.depth == 12


@pytest.mark.parametrize("bits, factor", [(10, 4), (12, 16), (14, 64), (16, 257)])
def test_the_depth_is_the_smallest_that_holds_the_largest_value(bits, factor):
    ds, said = heard(as_dataset, (X[:50].astype(np.uint16) * factor, Y[:50]))
    assert np.abs(ds.images[:, 0].numpy().astype(int) - X[:50]).max() <= 1
    if bits < 16:
        assert str(bits) in said


def write_modes(d):
    "One picture, as files of many kinds."
    grey = Image.fromarray(of(3)[0])
    rgb = Image.merge("RGB", [grey, grey.rotate(90), grey.rotate(180)])
    turned = Image.Exif()
    turned[0x0112] = 6
    grey16 = np.asarray(grey).astype("u2") * 257
    Image.merge("LA", [grey, Image.new("L", grey.size, 255)]).save(d / "la.png")
    rgb.convert("CMYK").save(d / "cmyk.jpg", quality=95)
    rgb.save(d / "exif.jpg", exif=turned, quality=95)
    Image.fromarray(grey16.astype(">u2")).save(d / "be16.tif")
    Image.fromarray(grey16).save(d / "le16.tif")
    rgb.save(d / "prog.jpg", progressive=True, quality=95)
    rgb.convert("RGBA").save(d / "a.webp", lossless=True)
    return grey, rgb


@pytest.mark.parametrize(
    "name, mode, error",
    [
        ("la.png", "L", 0),
        ("be16.tif", "L", 0),
        ("le16.tif", "L", 0),
        ("a.webp", "RGB", 0),
        ("prog.jpg", "RGB", 120),
        ("cmyk.jpg", "RGB", 120),
        ("exif.jpg", "RGB", 255),
    ],
)
def test_files_of_every_mode_come_as_grey_or_colour(tmp_path, name, mode, error):
    grey, rgb = write_modes(tmp_path)
    found, _ = heard(read_image, tmp_path / name)
    turned = -90 if name == "exif.jpg" else 0
    wanted = grey if mode == "L" else rgb.rotate(turned)
    off = np.abs(np.asarray(found).astype(int) - np.asarray(wanted))
    assert found.mode == mode and off.max() <= error and off.mean() < 12


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_numbers_of_32_bits_are_read_right_or_refused_by_name(tmp_path, kind):
    Image.fromarray(of(3)[0].astype(kind)).save(tmp_path / "x.tif")
    found = told(read_image, tmp_path / "x.tif", says=())
    assert found is None or np.abs(np.asarray(found).astype(int) - of(3)[0]).max() <= 1


def test_ink_on_transparency_can_be_seen(tmp_path):
    for name, ink in (("black", 0), ("white", 255)):
        for i, x in enumerate(of(3)[:12]):
            colour = Image.new("L", (32, 32), ink)
            (tmp_path / name / "ink").mkdir(parents=True, exist_ok=True)
            Image.merge("LA", [colour, Image.fromarray(x)]).save(tmp_path / name / "ink" / f"{i:02}.png")
        ds, said = heard(as_dataset, tmp_path / name)
        wanted = torch.from_numpy(of(3)[:12] if ink else 255 - of(3)[:12])[:, None]
        assert (ds.images.int() - wanted.int()).abs().max() <= 1
        assert ds.reading.ground and "transparen" in said


def test_the_ground_can_be_chosen(tmp_path):
    folder(tmp_path, {"a": 3}, 4)
    for f in (tmp_path / "a").iterdir():
        Image.merge("LA", [Image.new("L", (32, 32), 0), Image.open(f).copy()]).save(f)
    ds, _ = heard(as_dataset, tmp_path)
    grey, _ = heard(load_data, tmp_path, ground="#808080", valid_pct=0.25)
    assert 255 in ds.images and set(everything(grey).unique().tolist()) <= set(range(129)) and 128 in everything(grey)


def test_grey_and_colour_files_together_are_colour_and_that_is_said(tmp_path):
    folder(tmp_path, ["a", "b"], 8)
    Image.merge("RGB", [Image.fromarray(x) for x in of(3)[:3]]).save(tmp_path / "b" / "colour.png")
    data, said = heard(load_data, tmp_path)
    assert data.train.shape == (3, 32, 32) and said


def test_colour_files_that_are_grey_in_fact_are_read_as_grey_or_that_is_said(tmp_path):
    data, said = heard(load_data, folder(tmp_path, ["a", "b"], 20, ext="jpg", mode="RGB"))
    assert data.train.shape == (1, 32, 32) or "R = G = B" in said or "grey" in said
    told(augment_dataset, data, Grey())
    told(load_data, tmp_path, channels=1)


def test_a_palette_of_greys_among_grey_files_stays_grey(tmp_path):
    p = folder(tmp_path, ["a", "b"], 12) / "a" / "003.png"
    Image.open(p).quantize(64).save(p)
    assert Image.open(p).mode == "P"
    data, said = heard(load_data, tmp_path)
    assert data.train.shape == (1, 32, 32) or said


RGB = np.stack([X[:200], X[:200].transpose(0, 2, 1), 255 - X[:200]], -1)


@pytest.mark.parametrize(
    "images",
    [
        X[:200].astype("int64"),
        X[:200] / 255,
        (X[:200] / 255).astype("float16"),
        np.asfortranarray(X[:200]),
        X[199::-1][::-1],
        X[:200].astype("uint16") * 257,
        [Image.fromarray(a) for a in X[:200]],
        X[:200, None],
        X[:200, :, :, None],
        np.clip(X[:200] / 255 * 1.0000001, 0, 2),
        np.where(X[:200] == 0, -1e-8, X[:200] / 255).astype("float32"),
    ],
    ids=[
        "int64",
        "float",
        "float16",
        "Fortran",
        "turned twice",
        "uint16",
        "PIL",
        "(n,1,h,w)",
        "(n,h,w,1)",
        "a hair above 1",
        "a hair below 0",
    ],
)
def test_arrays_that_are_pictures_are_read_exactly(images):
    data = told(load_data, (images, Y[:200]))
    assert np.abs(everything(data)[:, 0].numpy().astype(int) - X[:200]).max() <= 1


def test_colour_is_kept_whatever_the_layout():
    wanted = torch.from_numpy(RGB.transpose(0, 3, 1, 2).copy())
    for images in (
        RGB,
        RGB.transpose(0, 3, 1, 2),
        RGB[..., ::-1][..., ::-1],
        RGB / 255,
        np.concatenate([RGB, np.full_like(RGB[..., :1], 255)], -1),
    ):
        ds, _ = heard(as_dataset, (images, Y[:200]))
        assert torch.equal(ds.images, wanted)


def test_memory_maps_and_read_only_arrays_are_read(tmp_path):
    np.save(tmp_path / "x.npy", X[:200])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = as_dataset((mapped[::2], Y[:200:2]))
    assert torch.equal(ds.images[:, 0], torch.from_numpy(X[:200:2].copy()))


@pytest.mark.parametrize(
    "images, says",
    [
        (X[:200].astype("float32"), "255"),
        (X[:200] / 127.5 - 1, "-1"),
        ((X[:200] > 127).astype("uint8"), "0"),
        (DIGITS.images[:200].astype("uint8"), "16"),
        (X[:200] > 127, "bool"),
        (np.zeros((200, 32, 32), "uint8"), ""),
        (np.full((200, 32, 32), 255, "uint8"), ""),
    ],
    ids=["floats to 255", "-1 to 1", "0 and 1", "0 to 16", "bool", "black", "white"],
)
def test_values_that_are_hardly_pictures_are_read_right_or_refused_but_never_in_silence(images, says):
    data = heard_or_line = None
    try:
        data, heard_or_line = heard(load_data, (images, Y[:200]))
    except (ValueError, TypeError) as e:
        heard_or_line = str(e)
    if data is not None and images.dtype != np.uint8:  # what is stretched is stretched right
        wanted = {np.dtype("bool"): (X[:200] > 127) * 255}.get(images.dtype, X[:200])
        assert np.abs(everything(data)[:, 0].numpy().astype(int) - wanted).max() <= 1
    assert "\n" not in heard_or_line and (heard_or_line or images.dtype == bool)
    assert images.dtype == bool or says in heard_or_line


@pytest.mark.parametrize(
    "images, says",
    [
        (RGB[..., :2], " 2 channels"),
        (RGB.transpose(1, 2, 3, 0), ""),
        ([a[: 32 - i % 2] for i, a in enumerate(X[:200])], "31"),
        (X[:200].reshape(200, -1), "1024"),
        (X[:200] / 255 + 1j, ""),
        (np.where(X[:200] > 9, np.nan, 0.5), "finite"),
        (np.array([[None]] * 200), ""),
        (X[:200].astype("int64") - 9, "-9"),
        (X[:200].astype("int64") * 10**6, ""),
    ],
    ids=["two channels", "(h,w,c,n)", "ragged", "rows", "complex", "nan", "objects", "negative", "huge"],
)
def test_what_cannot_be_pictures_is_refused(images, says):
    refused(load_data, (images, Y[:200]), says=says)


def test_file_names_in_the_place_of_pictures_are_opened_or_refused_by_name():
    refused(load_data, ([f"img_{i}.png" for i in range(200)], Y[:200]), says="img_0.png")


def test_images_that_are_all_alike_are_refused_and_one_such_class_is_noted():
    refused(load_data, (np.repeat(X[:1], 100, 0), np.arange(100) % 2), says="different")
    x, y = np.concatenate([np.repeat(of(0)[:1], 50, 0), of(1)[:50]]), np.repeat([0, 1], 50)
    told(load_data, (x, y), says="0")


# E. The same picture on both sides of the split


def test_equal_pictures_stay_on_one_side_and_are_counted():
    x, y = np.concatenate([X[:300], X[:300]]), np.concatenate([Y[:300], Y[:300]])
    data, said = heard(load_data, (x, y))
    assert not np.isin(data.valid.hashes(), data.train.hashes()).any()
    assert len(data.train) + len(data.valid) == 600 and "300" in said
    assert 0.1 < len(data.valid) / 600 < 0.2 and min(data.valid.counts) >= 1


def test_a_set_without_duplicates_is_split_as_ever():
    data, said = heard(load_data, (X[:300], Y[:300]))
    assert not said
    assert data.sha256.startswith(UNCHANGED)


def test_equal_pictures_with_two_labels_are_named():
    x, y = np.concatenate([X[:300], X[:300]]), np.concatenate([Y[:300], (Y[:300] + 1) % 10])
    told(load_data, (x, y), says="label")


def test_copies_in_a_folder_are_found_too(tmp_path):
    root = folder(tmp_path, ["cat", "dog"], 20)
    for f in sorted((root / "cat").glob("*.png")):
        shutil.copy(f, f.with_stem(f.stem + " copy"))
    data, said = heard(load_data, root)
    assert not np.isin(data.valid.hashes(), data.train.hashes()).any() and said


def test_an_official_split_is_kept_and_what_crosses_it_reported(tmp_path):
    for split, n in (("train", 24), ("val", 8), ("test", 8)):
        folder(tmp_path / split, ["cat", "dog"], n)
    data, said = heard(load_data, tmp_path)
    assert [len(data.train), len(data.valid), len(data.test)] == [48, 16, 16] and "16" in said


def test_the_guard_counts_every_validation_and_test_image_seen(tmp_path):
    for split, n in (("train", 24), ("val", 8), ("test", 6)):
        folder(tmp_path / split, ["cat", "dog"], n)
    data, _ = heard(load_data, tmp_path)

    class Maker(Grey):
        seen, config = data.train.hashes(), None

    guard, _ = heard(check_unseen, Maker(), data, allow_leak=True)
    assert (guard.valid, guard.test) == (16, 12)


def test_groups_are_never_torn_apart(tmp_path):
    root = folder(tmp_path, {"ill": 0, "well": 1}, 40)
    for f in sorted(root.rglob("*.png")):
        f.rename(f.with_name(f"patient{int(f.stem) % 8}_{f.stem}.png"))
    data, _ = heard(load_data, root, groups=r"^(patient\d+)_", valid_pct=0.25)
    assert data.train.n_groups == 6 and data.valid.n_groups == 2
    assert not set(data.train.groups.tolist()) & set(data.valid.groups.tolist())


def test_groups_that_nothing_matches_are_refused(tmp_path):
    root = folder(tmp_path, {"ill": 0, "well": 1}, 8)
    refused(load_data, root, groups=r"^(patient\d+)_", says="000.png")
    refused(load_data, root, groups="(", says="(")


def test_nearly_equal_pictures_are_kept_together_on_request():
    near = X[:300].copy()
    near[:, 0, 0] ^= 1
    x, y = np.concatenate([X[:300], near]), np.concatenate([Y[:300], Y[:300]])
    data, _ = heard(load_data, (x, y), near_duplicates=True)
    sides = {int(i) % 300 for i in data.train.index} & {int(i) % 300 for i in data.valid.index}
    assert not sides


# F. Classes

LABELS = {
    "strings": WORDS[Y],
    "pandas categorical": pd.Series(WORDS[Y]).astype("category"),
    "objects": list(WORDS[Y]),
    "bytes": np.char.encode(WORDS[Y]),
    "floats 3.0": Y.astype("float64"),
    "(n,1)": Y[:, None],
    "big-endian": Y.astype(">i4"),
    "uint8": Y.astype("uint8"),
    "tensor": torch.from_numpy(Y),
    "Series": pd.Series(Y, index=range(100, 100 + len(Y))),
    "from 1": Y + 1,
    "list": Y.tolist(),
    "numbers as text": (Y + 1).astype(str),
    "uint64": Y.astype("uint64"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_kind_mean_the_same(kind):
    labels = LABELS[kind]
    data = told(load_data, (X[:300], labels[:300]), says=())
    assert data is not None or kind == "bytes"
    if data is None:
        return
    word = sorted(WORDS[d] for d in range(10))
    names = [str(i) for i in range(10)]
    if kind in ("from 1", "numbers as text"):
        names = [str(i + 1) for i in range(10)]
    if kind in ("strings", "pandas categorical", "objects", "bytes"):
        names = word
    assert list(data.train.classes) == names
    of_name = {str(WORDS[d]): d for d in range(10)} | (
        {str(d + 1): d for d in range(10)} if names[0] == "1" else {str(d): d for d in range(10)}
    )
    assert digits_in(data.train) == {name: [of_name[name]] for name in names}


@pytest.mark.parametrize(
    "labels",
    [
        np.eye(10)[Y[:200]],
        np.eye(10, dtype=int)[Y[:200]],
        Y[:200] + 0.5,
        [None, *WORDS[Y[1:200]]],
        [float("nan"), *Y[1:200]],
        Y[:200] - 1,
        [[int(y), 3] for y in Y[:200]],
        [WORDS[y] if y else 5 for y in Y[:200]],
        np.array([{}] * 200),
        Y[:199],
    ],
    ids=["one-hot", "one-hot int", "halves", "None", "nan", "-1", "multi-label", "mixed", "objects", "one too few"],
)
def test_labels_that_are_none_are_refused(labels):
    refused(load_data, (X[:200], labels))


def test_names_in_the_place_of_classes_say_which_label_is_which():
    ds = ImageDataset(X[:100], WORDS[Y[:100]], WORDS)
    assert ds.classes == tuple(WORDS) and torch.equal(ds.labels, torch.from_numpy(Y[:100]))
    refused(ImageDataset, X[:100], Y[:100] + 1, WORDS, says="10")
    refused(ImageDataset, X[:100], WORDS[Y[:100]], [*WORDS[:9], "yak"], says="owl")
    ds = ImageDataset(X[:100], Y[:100] + 1, [str(i + 1) for i in range(10)])
    assert digits_in(ds)["10"] == [9]


def test_two_classes_of_one_name_are_refused():
    refused(ImageDataset, X[Y < 3], Y[Y < 3], ["crane", "dog", "crane"], says="crane")


def test_a_class_that_is_missing_in_one_part_is_named():
    x, y = X[:400], Y[:400]
    valid = x[300:][y[300:] < 9], y[300:][y[300:] < 9]
    loaders, said = heard(dataloaders, (x[:300], y[:300]), valid, device="cpu")
    assert "9" in said and loaders.train.dataset.classes == loaders.valid.dataset.classes
    refused(split_data, (x[y < 9], y[y < 9]), test=(x, y), says="9")
    told(split_data, (x, y), test=(x[y < 9], y[y < 9]), says="9")


class Items(Dataset):
    "A torch data set as people write them."

    classes = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

    def __init__(self, make, n=200):
        self.make, self.n = make, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if i >= self.n:
            raise IndexError
        return self.make(i)


class Stream(IterableDataset):
    def __iter__(self):
        return iter([(X[i], int(Y[i])) for i in range(200)])


T = torch.from_numpy(X)
PLAIN = Items(lambda i: (T[i], int(Y[i])))


@pytest.mark.parametrize(
    "ds, classes, n",
    [
        (PLAIN, Items.classes, 200),
        (TensorDataset(T[:200], torch.from_numpy(Y[:200])), list(map(str, range(10))), 200),
        (Subset(PLAIN, range(100)), Items.classes, 100),
        (ConcatDataset([PLAIN, PLAIN]), Items.classes, 400),
        (Subset(ConcatDataset([Subset(PLAIN, range(90)), PLAIN]), range(50, 150)), Items.classes, 100),
        (Items(lambda i: (Image.fromarray(X[i]), np.array([Y[i]]))), Items.classes, 200),
        (random_split(PLAIN, [150, 50], generator=torch.Generator().manual_seed(0))[1], Items.classes, 50),
    ],
    ids=["items", "tensors", "Subset", "ConcatDataset", "Subset of ConcatDataset", "label array", "random_split"],
)
def test_torch_data_sets_hand_their_classes_on(ds, classes, n):
    found, _ = heard(as_dataset, ds)
    assert list(found.classes) == classes and len(found) == n
    assert all(shown == [d] for d, (_, shown) in enumerate(digits_in(found).items()) if shown)


@pytest.mark.parametrize(
    "ds, says",
    [
        (Stream(), "Stream"),
        (Items(lambda i: (T[i], torch.tensor([1, 0, 1]))), ""),
        (Items(lambda i: (T[i], None)), ""),
        (Items(lambda i: T[i]), "label"),
    ],
    ids=["iterable", "multi-label", "None", "images only"],
)
def test_torch_data_sets_that_do_not_fit_are_refused_in_our_words(ds, says):
    refused(as_dataset, ds, says=says)


@pytest.mark.parametrize(
    "ds",
    [
        Items(lambda i: dict(image=T[i], label=int(Y[i]))),
        Items(lambda i: (T[i], int(Y[i]), i)),
        Items(lambda i: ((T[i][None] / 255 - 0.5) / 0.5, int(Y[i]))),
        Items(lambda i: (T[i], Items.classes[Y[i]])),
    ],
    ids=["dict", "triple", "normalised", "text"],
)
def test_torch_data_sets_of_other_shapes_are_read_right_or_refused(ds):
    found = told(as_dataset, ds)
    assert found is None or all(shown == [d] for d, (_, shown) in enumerate(digits_in(found).items()))


def test_a_generator_is_not_asked_for_a_class_that_has_no_image():
    class Letters(Items):
        classes = ["N/A", *"abcdefghij"]

    ds, _ = heard(as_dataset, Letters(lambda i: (T[i], int(Y[i]) + 1)))
    assert digits_in(ds)["a"] == [0]
    told(augment_dataset, ds, Grey(), counts="balance", says="N/A")


def test_pairs_dicts_and_four_arrays_are_read_and_that_is_said():
    a, b = (X[:200], Y[:200]), (X[200:260], Y[200:260])
    for source in ((a, b), [a, b], (*a, *b), dict(train=a, test=b)):
        data, said = heard(load_data, source)
        assert len(data.test) == 60 and digits_in(data.test)["3"] == [3]
        assert said or isinstance(source, dict)
    assert sum(total(heard(load_data, dict(images=X[:200], labels=Y[:200]))[0]).values()) == 200


@pytest.mark.parametrize(
    "source", [5, b"abc", [], {}, "", None, dict(a=1), pd.DataFrame(dict(path=["a.png"], label=["cat"]))], ids=str
)
def test_what_is_no_data_is_refused_in_our_words(source):
    refused(load_data, source)
