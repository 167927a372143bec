"Fixtures that the tests share."

import os
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from inside import run_inside

from gan_augmentation import cli
from gan_augmentation.data import load_data

def pytest_configure(config):
    config.addinivalue_line(
        "markers", "nightly: longer than a newcomer waits; `make nightly` runs it"
    )


LONGEST = "test_end_to_end test_web test_site test_diffusion test_augment test_study test_kills test_house".split()


def pytest_collection_modifyitems(items):
    "Begin with the longest files, so that no worker waits for another at the end."
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session")
def data():
    return load_data("fashion_mnist_mini")


ROOT = Path(__file__).resolve().parents[1]
EXE = Path(sys.executable).with_name("gan-augment")


@pytest.fixture(scope="session")
def trained():
    "Run a training to its end; return the only run in `where`, and what was printed."

    def run(where, *args, export=False):
        more = [] if export else ["--no-export"]
        done = run_inside(*args, *more, "--results", where)
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
def inside(tmp_path):
    "Run `gan-augment` as `program` does, in this process: without waiting for its imports."

    def run(*args):
        return run_inside(*args, folder=tmp_path)

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


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    "A real MLflow server on SQLite, with a place for files."
    program = Path(os.environ.get("MLFLOW_SERVER", ROOT / ".venv-mlflow/bin/mlflow"))
    if not program.is_file():
        pytest.skip(f"{program} is not there: `make .venv-mlflow/.installed` installs a server")
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = f"server --backend-store-uri sqlite:///{folder}/runs.db --artifacts-destination {folder}/files"
    words += f" --host 127.0.0.1 --port {port} --workers 1"
    quiet = dict(os.environ, MLFLOW_DISABLE_TELEMETRY="true")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, *words.split()], env=quiet, stdout=log, stderr=log, start_new_session=True)
    uri = f"http://127.0.0.1:{port}"
    try:
        wait_for(uri, process, folder / "log")
        yield uri
    finally:
        process.terminate()
        process.wait(30)


def wait_for(uri, process, log):
    "Wait until a server answers."
    from gan_augmentation.training.ml_flow import check_mlflow

    for _ in range(120):
        assert process.poll() is None, log.read_text()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if check_mlflow(uri):
                return
        time.sleep(1)
    raise AssertionError(log.read_text())
