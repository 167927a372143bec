"""A full disk is one line that names what could not be written; with room again, the same command goes on.

On a small file system where one can be mounted, and everywhere with files that cannot be opened or put on disk."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_works import WORKS, found, gan_augment, make_inputs
from test_kills import check, kill

@pytest.mark.nightly
@pytest.mark.parametrize("work", WORKS)
def test_a_disk_that_is_full_at_any_moment_is_one_line_and_the_end_is_the_same(work, tmp_path):
    every = {"study": 7, "diffusion": 3}.get(work, 1)
    check(kill(tmp_path, {f"full {work}": every})[f"full {work}"])


# a real file system

SIZE = 30_000_000
LEFT = 0, 100, 1_000, 4_096, 8_192, 16_384, 30_000, 60_000, 100_000, 150_000, 250_000, 400_000, 700_000  # bytes


@pytest.fixture
def small(tmp_path):
    "A file system of 30 MB."
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    place = tmp_path_factory.mktemp("inputs")
    make_inputs(place)
    return place


def leave(place: Path, n_bytes: int) -> Path:
    "Fill a file system but for some bytes, rounded to pages."
    free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
    (place / "filling").write_bytes(bytes(max(0, free - n_bytes)))
    return place / "filling"


def refused(code: int, said: str, place: Path):
    "Make sure that a command said in one line what could not be written."
    last = said.strip().splitlines()[-1]
    assert code in (1, 2) and "Traceback" not in said and last.startswith("gan-augment: "), said
    assert str(place) in last and ("o space left on device" in last or "make room" in last), last


@pytest.mark.nightly
@pytest.mark.parametrize("work", [name for name in WORKS if WORKS[name].begins_with is None and name != "diffusion"])
def test_with_room_again_the_same_command_goes_on(work, inputs, small, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10**12))  # others fill it meanwhile
    undisturbed, n_refused = tmp_path / "undisturbed", 0
    WORKS[work].go(inputs, undisturbed)
    for n_bytes in LEFT:
        out = small / "out"
        out.mkdir()
        filling = leave(small, n_bytes)
        code, said = WORKS[work].attempt(inputs, out)
        if code != 0:
            refused(code, said, small)
            n_refused += 1
        filling.unlink()
        WORKS[work].go(inputs, out)
        assert found(out) == found(undisturbed), n_bytes
        subprocess.run(["rm", "-rf", out], check=True)
    assert n_refused > 2


GAN = "gan/generators/DCGANDotsGenerator Run 1"


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["made.npz", "made.png", "made"])
@pytest.mark.parametrize("n_bytes", [0, 1_000, 5_000, 20_000, 60_000])
def test_images_that_have_no_room_are_one_line_and_leave_nothing(name, n_bytes, inputs, small):
    filling = leave(small, n_bytes)
    words = "generate", inputs / GAN, "--per-class", 300, "--quiet", "--out", small / name
    code, said = gan_augment(*words)
    if code != 0:
        refused(code, said, small)
        assert [path.name for path in small.iterdir()] == ["filling"]
        filling.unlink()
        assert gan_augment(*words)[0] == 0


@pytest.mark.nightly
def test_a_report_that_has_no_room_is_one_line(inputs, small):
    WORKS["study"].go(inputs, small)
    for name in ("report.html", "report.md", "table.csv"):
        (small / "study" / name).unlink()
    filling = leave(small, 5_000)
    code, said = gan_augment("report", small / "study")
    refused(code, said, small)
    filling.unlink()
    assert gan_augment("report", small / "study")[0] == 0 and (small / "study/report.html").is_file()


@pytest.mark.nightly
def test_an_export_that_has_no_room_is_one_line(inputs, small):
    (run,) = (inputs / "classifier/classifiers").iterdir()
    filling = leave(small, 10_000)
    code, said = gan_augment("export-onnx", run, "--out", small / "model.onnx")
    refused(code, said, small)
    assert [path.name for path in small.iterdir()] == ["filling"]
    filling.unlink()
    assert gan_augment("export-onnx", run, "--out", small / "model.onnx")[0] == 0
