"""Folders and files of any kind, made at random, against the plain truth: what was written is what is read."""

import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_augmentation.core.checks import noted
from gan_augmentation.data import reading as rooms
from gan_augmentation.data.config import Reading
from gan_augmentation.data.folders import image_files, scan_folder
from gan_augmentation.data.pixels import as_uint8
from gan_augmentation.data.reading import read_files

FEW = settings(max_examples=25, deadline=None)
NAMES = st.lists(st.sampled_from("cat dog 2 10 01 Été train x.y".split()), min_size=2, max_size=4, unique=True)
ENDINGS = st.sampled_from("png PNG bmp tif TIFF webp gif pgm tga jp2 Png".split())
LITTER = st.sampled_from(
    ".DS_Store ._a.png Thumbs.db desktop.ini notes.txt .git/a.png __MACOSX/a.png @eaDir/a.png".split()
)
PIXELS = st.integers(0, 2**32 - 1)
LOSSLESS = dict(webp=dict(lossless=True), jp2=dict(irreversible=False))


def quietly(function, *args, **kwargs):
    "Call, and let what is noted be."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def save(x, path: Path):
    "Write an array without loss."
    ending = path.suffix[1:].lower()
    Image.fromarray(x).save(path, **LOSSLESS.get(ending, {}))


@FEW
@given(NAMES, ENDINGS, st.lists(LITTER, max_size=3), st.booleans(), PIXELS)
def test_a_folder_holds_what_was_written(names, ending, litter, nested, seed):
    rng = np.random.default_rng(seed)
    with TemporaryDirectory() as root:
        written = {}
        for name in names:
            folder = Path(root) / name / ("deep" if nested else "")
            folder.mkdir(parents=True)
            for i in range(2):
                x = rng.integers(0, 256, (5, 7), dtype=np.uint8)
                save(x, folder / f"{i}.{ending}")
                written[name, i] = x
        for name in litter:
            path = Path(root) / names[0] / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"litter")
        scan = quietly(scan_folder, root)
        scan.check_classes()
        found = {(c, int(f.stem)): f for c, files in scan.parts["all"].items() for f in files}
        assert found.keys() == written.keys()
        assert bool(scan.skipped) == bool(litter)
        assert sorted(found.values()) == sorted(quietly(image_files, root))
        images, _ = quietly(read_files, list(found.values()))
        for (key, _), image in zip(found.items(), images):
            assert np.abs(image.astype(int) - written[key]).max() == 0


MODES = st.sampled_from("L RGB LA RGBA P 1 I;16 I F".split())


def of_mode(mode: str, rng) -> tuple:  # (Pillow's image, what a reader should see: (h,w) or (h,w,3))
    "Draw an image of a mode, opaque, with the truth beside it."
    grey = rng.integers(0, 256, (6, 4), dtype=np.uint8)
    if mode in ("I;16", "I"):
        deep = grey.astype(np.uint16) * 257
        return Image.fromarray(deep if mode == "I;16" else deep.astype(np.int32)), grey
    if mode == "F":
        return Image.fromarray(grey.astype(np.float32) / 255), grey
    if mode == "1":
        return Image.fromarray(grey > 127), np.where(grey > 127, 255, 0).astype(np.uint8)
    if mode in ("RGB", "RGBA"):
        color = rng.integers(0, 256, (6, 4, 3), dtype=np.uint8)
        return Image.fromarray(color).convert(mode), color
    return Image.fromarray(grey).convert(mode), grey


@FEW
@given(st.lists(MODES, min_size=1, max_size=4), PIXELS)
def test_images_of_all_modes_are_one_set(modes, seed):
    rng = np.random.default_rng(seed)
    drawn = [of_mode(mode, rng) for mode in modes]
    for image, truth in drawn:  # the largest value says the depth
        if image.mode.startswith("I"):
            values = np.asarray(image).copy()
            values.flat[0], truth.flat[0] = 65535, 255
            image.frombytes(values.tobytes())
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.tif" for i in range(len(modes))]
        for (image, _), file in zip(drawn, files):
            image.save(file)
        images, used = quietly(read_files, files)
    is_color = any(truth.ndim == 3 for _, truth in drawn)
    assert images.shape == (len(modes), 3 if is_color else 1, 6, 4)
    assert None not in (used.resize, used.channels, used.depth, used.ground)
    for image, (_, truth) in zip(images, drawn):
        truth = truth if truth.ndim == 3 else truth[..., None]
        assert (image.transpose(1, 2, 0) == truth).all()


@FEW
@given(st.sampled_from((8, 10, 12, 14, 16)), PIXELS)
def test_the_depth_of_training_images_is_that_of_all_others(bits, seed):
    top = 2**bits - 1
    x = np.random.default_rng(seed).integers(0, top + 1, (2, 5, 5), dtype=np.uint16)
    x[0, 0, 0] = top
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.png" for i in range(2)]
        for image, file in zip(x // np.uint16([[[1]], [[4]]]), files):
            Image.fromarray(image).save(file)
        _, used = quietly(read_files, files[:1])
        images, _ = quietly(read_files, files[1:], used)
    assert used.depth == bits
    np.testing.assert_array_equal(images[0, 0], np.rint((x[1] // 4) * 255.0 / top))


DTYPES = st.sampled_from("uint8 int16 >i4 int64 float16 float32 >f8 list".split())
LAYOUTS = st.sampled_from(("plain", "Fortran", "backwards", "strided", "read-only"))


@FEW
@given(DTYPES, LAYOUTS, st.sampled_from((1, 3)), st.booleans(), PIXELS)
def test_arrays_of_all_types_and_layouts_are_the_same_images(dtype, layout, c, last, seed):
    truth = np.random.default_rng(seed).integers(0, 256, (3, c, 8, 9), dtype=np.uint8)
    x = truth.transpose(0, 2, 3, 1) if last else truth
    if dtype != "list":
        x = (x / 255).astype(dtype) if "f" in dtype else x.astype(dtype)
    if layout == "Fortran":
        x = np.asfortranarray(x)
    if layout == "backwards":
        x = x[:, ::-1].copy()[:, ::-1]
    if layout == "strided":
        x = x.repeat(2, 0)[::2]
    if layout == "read-only":
        x.flags.writeable = False
    found = quietly(as_uint8, list(x) if dtype == "list" else x)
    np.testing.assert_array_equal(found.numpy(), truth)


@pytest.fixture
def many(tmp_path, monkeypatch):
    "Write files that are worth keeping, and keep them in a place of their own."
    monkeypatch.setenv("GAN_AUGMENTATION_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(rooms, "WORTH", (4, 2**40))
    files = [tmp_path / f"{i}.png" for i in range(6)]
    for i, file in enumerate(files):
        Image.fromarray(np.full((3, 4), 40 * i, np.uint8)).save(file)
        os.utime(file, (1, 1))
    return files


def kept(tmp_path) -> list:
    return sorted((tmp_path / "cache" / "images").glob("*.npy"))


def test_the_second_time_no_file_is_opened_and_a_changed_one_is_seen(many, tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "SETTLED", -(10**12))
    first, used = read_files(many)
    with monkeypatch.context() as m:
        m.setattr(rooms, "plan_files", None)
        second, again = read_files(many)
    assert (first == second).all() and used == again and len(kept(tmp_path)) == 1
    second[:] = 7  # a map of one's own: the kept array stays
    assert (read_files(many)[0] == first).all()
    Image.fromarray(np.full((3, 4), 199, np.uint8)).save(many[2])
    os.utime(many[2], (1, 1))
    assert read_files(many)[0][2].max() == 199
    assert read_files(many, Reading(resize=2))[0].shape == (6, 1, 2, 2)


def test_young_times_prove_nothing_but_equal_bytes_do(many, tmp_path, monkeypatch):
    read_files(many)
    assert not list((tmp_path / "cache" / "images").glob("*.seen"))
    monkeypatch.setattr(rooms, "read_blocks", None)
    assert read_files(many)[0][5].max() == 200


def test_what_was_noted_is_noted_the_second_time(many, monkeypatch):
    monkeypatch.setattr(rooms, "SETTLED", -(10**12))
    Image.new("RGB", (4, 3), "red").save(many[0])
    said = []
    for _ in range(2):
        with noted() as lines:
            quietly(read_files, many)
        said.append(lines)
    assert said[0] == said[1] and "1 of 6 images are colour" in said[0][0]


def test_old_arrays_make_room_and_a_damaged_one_is_read_anew(many, tmp_path, monkeypatch):
    monkeypatch.setattr(rooms, "SETTLED", -(10**12))
    first = read_files(many)[0].copy()
    kept(tmp_path)[0].write_bytes(b"half")
    assert (read_files(many)[0] == first).all()
    monkeypatch.setattr(rooms, "KEPT_BYTES", 1)
    read_files(many[:5])
    assert len(kept(tmp_path)) == 1


def test_a_full_disk_means_reading_without_keeping(many, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gan_augmentation.core.cache.write_array", full)
    with noted() as lines:
        images, _ = quietly(read_files, many)
    assert images[5].max() == 200 and not kept(tmp_path)
    assert "not kept for the next time" in lines[0]
    assert not list((tmp_path / "cache").rglob("*.tmp"))
