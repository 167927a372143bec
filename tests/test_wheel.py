"The package as somebody installs it: a wheel in an empty environment, away from this repository."

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.nightly
ROOT = Path(__file__).resolve().parent.parent

USE = """
import importlib, pkgutil
import gan_augmentation
for module in pkgutil.walk_packages(gan_augmentation.__path__, "gan_augmentation."):
    if not module.name.endswith("__main__"): importlib.import_module(module.name)
from gan_augmentation.augment import augment_dataset
from gan_augmentation.classifiers import classifier_scores, train_classifier
from gan_augmentation.data import load_data
from gan_augmentation.gans import train_gan
data = load_data("fashion_mnist_mini", subset=60)
gan = train_gan(data.train, "gan", epochs=1, device="cpu")
train = augment_dataset(data, gan, ratio=.5)
learn = train_classifier(train.dataloaders(bs=64, device="cpu"), "shallow", epochs=2)
print(classifier_scores(learn, data.test)["accuracy"])
"""


def run(*command, **kwargs):
    "Run a command that has to succeed; return what it printed."
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, **kwargs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    "Build a wheel from a clone, and install it into an environment that has nothing."
    folder = tmp_path_factory.mktemp("wheel")
    run("git", "clone", "--quiet", ROOT, folder / "clone")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        folder,
        folder / "clone",
    )
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "venv")
    run(
        folder / "venv/bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        wheel,
    )
    return folder


def test_every_module_is_there_and_the_readme_lines_work(installed):
    said = run(installed / "venv/bin/python", "-W", "ignore", "-c", USE, cwd=installed)
    assert float(said.splitlines()[-1]) > 0.3  # chance is .1


def test_the_program_runs(installed):
    assert "train-generator" in run(installed / "venv/bin/gan-augment", "--help", cwd=installed)
    assert "5100" in run(
        installed / "venv/bin/gan-augment", "data", "fashion_mnist_mini", cwd=installed
    )


def test_editors_find_types_and_faces(installed):
    (package,) = installed.glob("venv/lib/python*/site-packages/gan_augmentation")
    page = ROOT / "gan_augmentation/export/page"
    assert {p.name for p in (package / "export/page").iterdir()} == {p.name for p in page.iterdir()}
    assert (package / "py.typed").is_file()
    assert {p.parent.name for p in package.glob("*/__init__.pyi")} == {
        p.parent.name for p in package.glob("*/__init__.py")
    }
