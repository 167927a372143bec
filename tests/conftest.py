"Fixtures that the tests share."

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gan_augmentation import cli
from gan_augmentation.data import load_data

def pytest_configure(config):
    config.addinivalue_line(
        "markers", "nightly: longer than a newcomer waits; `make nightly` runs it"
    )


@pytest.fixture(scope="session")
def data():
    return load_data("fashion_mnist_mini")


EXE = Path(sys.executable).with_name("gan-augment")


@pytest.fixture(scope="session")
def trained():
    "Run a training to its end in a new process; return the only run in `where`, and what was printed."

    def run(where, *args, export=False):
        more = [] if export else ["--no-export"]
        done = subprocess.run(
            [EXE, *args, *more, "--results", where], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        (found,) = where.glob("*/* Run *")
        return found, done.stdout

    return run


@pytest.fixture(scope="session")
def killed():
    "Begin a training, kill it some time after the first file with a certain name is there, and return its run."

    def run(where, sign, wait, *args):
        with subprocess.Popen(
            [EXE, *args, "--no-export", "--results", where], stderr=subprocess.DEVNULL
        ) as process:
            while not list(where.rglob(sign)):
                assert process.poll() is None, "the training ended by itself"
                time.sleep(0.005)
            time.sleep(wait)
            process.kill()
        (found,) = where.glob("*/* Run *")
        return found

    return run


@pytest.fixture
def program(tmp_path):
    "Run the installed `gan-augment` in an empty directory; return the finished process."

    def run(*args, **env):
        return subprocess.run(
            [EXE, *args],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **env},
        )

    return run


@pytest.fixture
def refusal(tmp_path, capsys, monkeypatch):
    """Run `gan-augment` in this process, in an empty directory, and return the one line with which it refuses:
    what the program itself does, without waiting for its imports."""
    monkeypatch.chdir(tmp_path)

    def run(*args):
        assert cli.main([str(a) for a in args]) == 2
        out, err = capsys.readouterr()
        assert err.count("\n") == 1 and not out and "Traceback" not in err
        return err

    return run
