"Fixtures that the tests share."
import os, subprocess, sys
from pathlib import Path

import pytest

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
