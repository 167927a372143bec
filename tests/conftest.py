"Fixtures that the tests share."
import os, subprocess, sys
from pathlib import Path

import pytest

from gan_augmentation import cli
from gan_augmentation.data import load_data


@pytest.fixture(scope="session")
def data(): return load_data("fashion_mnist_mini")


@pytest.fixture
def program(tmp_path):
    "Run the installed `gan-augment` in an empty directory; return the finished process."
    exe = Path(sys.executable).with_name("gan-augment")
    def run(*args, **env):
        return subprocess.run([exe, *args], cwd=tmp_path, capture_output=True, text=True, timeout=300, env={**os.environ, **env})
    return run


@pytest.fixture
def refusal(tmp_path, capsys, monkeypatch):
    "Run `gan-augment` in this process, in an empty directory, and return the one line with which it refuses: what the program itself does, without waiting for its imports."
    monkeypatch.chdir(tmp_path)
    def run(*args):
        assert cli.main([str(a) for a in args]) == 2
        out, err = capsys.readouterr()
        assert err.count("\n") == 1 and not out and "Traceback" not in err
        return err
    return run
