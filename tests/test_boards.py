"TensorBoard and MLflow hold the same numbers as a run's own files, and no server stops a training."

import json
import random
import socket
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from gan_augmentation.core.checks import noted
from gan_augmentation.core.directories import run_scores
from gan_augmentation.runs import resume_run, train_run
from gan_augmentation.training import ml_flow
from gan_augmentation.training.config import TrackConfig
from gan_augmentation.training.ml_flow import MlflowService, check_mlflow, database_file
from gan_augmentation.training.services import Tracked
from gan_augmentation.training.tensor_board import TensorBoardService
from gan_augmentation.training.tracking import check_tracking, flat_numbers, tracked

ROOT = Path(__file__).resolve().parent.parent
SMALL = dict(subset=60, epochs=2, bs=30, device="cpu", export=False)


def train(results, **track):
    "Train a small classifier; return its directory, and what was noted."
    with warnings.catch_warnings(), noted() as said:
        warnings.simplefilter("ignore")
        run = train_run("fashion_mnist_mini", "small_cnn", **SMALL, results=results, track=TrackConfig(**track))
    return SimpleNamespace(run=run, said=[line for line in said if "MLflow" in line or "TensorBoard" in line])


def own_numbers(run):
    "Read what a run's own files hold: by epoch, and at the end."
    history = pd.read_csv(run / "history.csv", index_col="epoch")
    rows = {name: dict(column) for name, column in history.items()}
    scores = {name: value for name, value in run_scores(run).items() if name != "environment"}
    return rows, flat_numbers(scores)


@pytest.fixture(scope="module")
def untracked(tmp_path_factory):
    return train(tmp_path_factory.mktemp("untracked"), track="off").run


@pytest.fixture(scope="module")
def boarded(tmp_path_factory):
    "A run that TensorBoard was told of."
    return train(tmp_path_factory.mktemp("boarded"), track="off", tensorboard=True)


@pytest.fixture(scope="module")
def events(boarded):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (place,) = (boarded.run.parent.parent / "tensorboard").iterdir()
    assert place.name == boarded.run.name
    return EventAccumulator(str(place), {"tensors": 0}).Reload()


def same_training(run, other):
    "Make sure that two trainings found the same: weights, history and scores."
    ours, theirs = (load_file(r / "model/weights.safetensors") for r in (run, other))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (run / "history.csv").read_bytes() == (other / "history.csv").read_bytes()
    found, expected = own_numbers(run)[1], own_numbers(other)[1]
    assert {k: v for k, v in found.items() if k != "seconds"} == {k: v for k, v in expected.items() if k != "seconds"}


def test_tensorboard_holds_the_numbers_of_the_runs_own_files(boarded, events):
    from tensorboard.util.tensor_util import make_ndarray

    assert boarded.said == []
    names = [name for name in events.Tags()["tensors"] if not name.endswith("text_summary")]
    found = {n: {e.step: make_ndarray(e.tensor_proto).item() for e in events.Tensors(n)} for n in names}
    rows, last = own_numbers(boarded.run)
    assert {name: found[name] for name in rows} == rows
    assert {name: found[name] for name in last} == {name: {SMALL["epochs"] - 1: value} for name, value in last.items()}
    assert found.keys() == rows.keys() | last.keys()


def pixels(png):
    return np.asarray(Image.open(png).convert("RGB"))


def test_tensorboard_shows_the_runs_pictures_as_they_are(boarded, events):
    pictures = {name: BytesIO(events.Images(name)[-1].encoded_image_string) for name in events.Tags()["images"]}
    assert pictures.keys() == {"confusion", "curves"}
    for name, png in pictures.items():
        assert (pixels(png) == pixels(boarded.run / f"{name}.png")).all()


def test_tensorboard_alters_no_training(boarded, untracked):
    same_training(boarded.run, untracked)


class FallsSilent(BaseHTTPRequestHandler):
    "A server that says its version, and then nothing any more."

    over = Event()

    def do_GET(self):
        if self.path != "/version":
            self.over.wait(30)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"3.0.0")

    def log_message(self, *args):
        pass


@contextmanager
def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def test_a_server_that_falls_silent_costs_a_bounded_time_and_nothing_else(tmp_path, untracked, monkeypatch):
    monkeypatch.setattr(MlflowService, "patience", 0.3)
    with serve(FallsSilent) as uri:
        found = train(tmp_path, track="off", mlflow=uri)
        FallsSilent.over.set()
    (line,) = found.said
    assert "messages were not sent (no answer within 0.3 s); the run's own files are complete" in line
    same_training(found.run, untracked)


def test_a_server_that_is_not_there_or_never_answers_is_noted_before_work():
    with warnings.catch_warnings(), noted() as said, socket.create_server(("127.0.0.1", 0)) as silent:
        warnings.simplefilter("ignore")
        assert check_mlflow(f"http://127.0.0.1:{silent.getsockname()[1]}") is None
        assert check_mlflow("http://127.0.0.1:1") is None
    never, dead = said
    assert "does not answer (no answer within 3 s); the run goes on without it" in never
    assert "does not answer (connection refused); the run goes on without it" in dead


def test_trying_again_draws_no_random_number(tmp_path, monkeypatch):
    monkeypatch.setattr(MlflowService, "patience", 0.5)
    state = random.getstate()
    with warnings.catch_warnings(), noted() as said:
        warnings.simplefilter("ignore")
        service = MlflowService(Tracked("Run 1", "classifier", root=tmp_path), TrackConfig(mlflow="http://127.0.0.1:1"))
        service.log(dict(accuracy=0.5), 0)
        service.finish()
    assert random.getstate() == state
    assert service.lost == 3 and "3 of 3 messages were not sent" in said[0]


NO_HOST = "with a port from 1 to 65535: give e.g. http://localhost:5000"
NO_FILE = "names no file that could keep runs: give e.g."
NEITHER = "neither a server nor an SQLite file"
REFUSED = {
    "": "mlflow must be an address, not ''",
    " http://localhost:5000": "mlflow must be an address",
    "http://localhost:5000/#tok=secret": "must not hold a user, a password, a query or a fragment",
    "https://me@localhost": "must not hold a user",
    "http://": NO_HOST,
    "http://:5000": NO_HOST,
    "http:localhost": NO_HOST,
    "http://[": NO_HOST,
    "http://a b": NO_HOST,
    "http://localhost:99999": NO_HOST,
    "http://localhost:abc": NO_HOST,
    "http://localhost:0": NO_HOST,
    "sqlite://": NO_FILE,
    "sqlite:///": NO_FILE,
    "sqlite:///:memory:": NO_FILE,
    "sqlite://runs.db": NO_FILE,
    "sqlite:runs.db": NO_FILE,
    "sqlite:///runs/": NO_FILE,
    "sqlite:///.": "it is a directory",
    "sqlite:////dev/null/runs.db": "MLflow cannot keep runs in /dev/null/runs.db",
    "sqlite:///junk.db": "junk.db (DatabaseError: file is not a database): give e.g.",
    "databricks": NEITHER,
    "mlruns": NEITHER,
    "file:///tmp/mlruns": NEITHER,
    "uc:somewhere": "unknown scheme in 'uc:somewhere'; choose from http, https, sqlite: give e.g.",
    "postgresql://host/runs": "give the address of an MLflow server",
}


@pytest.mark.parametrize("uri", REFUSED)
def test_an_address_that_can_never_work_is_refused_and_leaves_nothing_behind(uri, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("junk.db").write_text("junk" * 1000)
    with noted() as said, pytest.raises(ValueError) as refused:
        check_tracking(TrackConfig("off", mlflow=uri), tmp_path / "results")
    assert REFUSED[uri] in str(refused.value) and "\n" not in str(refused.value) and "secret" not in str(refused.value)
    assert not said and capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["junk.db"]


def test_a_relative_place_is_kept_with_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert database_file("sqlite:///my runs@home.db") == tmp_path / "my runs@home.db"
    assert database_file("sqlite:///../runs.db") == tmp_path.parent / "runs.db"
    assert database_file(f"sqlite:///{tmp_path}/runs.db") == tmp_path / "runs.db"
    assert database_file("sqlite:///~/runs.db") == Path.home() / "runs.db"
    board = TensorBoardService(Tracked("Run 1", "classifier", root=Path("results")), TrackConfig())
    assert board.where()["tensorboard"]["directory"] == str(tmp_path / "results/tensorboard/Run 1")


@pytest.mark.nightly  # a new database takes MLflow some seconds
def test_a_database_is_the_same_one_from_wherever_a_run_goes_on(tmp_path, monkeypatch, capfd):
    there, elsewhere, run = (tmp_path / name for name in ("there", "elsewhere", "Run 1"))
    for folder in (there, elsewhere, run):
        folder.mkdir()
    monkeypatch.chdir(there)
    config = check_tracking(TrackConfig("off", mlflow="sqlite:///my runs@home.db", tensorboard=True), Path("results"))
    assert config.mlflow == f"sqlite:///{there}/my runs@home.db"
    with tracked(config, Tracked("Run 1", "classifier", root=Path("results"), folder=run)) as tracker:
        tracker.log(dict(accuracy=0.5), 0)
    places = json.loads((run / "tracking.json").read_text())
    assert places["mlflow"]["uri"] == config.mlflow and "run_id" in places["mlflow"]
    assert places["tensorboard"]["directory"] == str(there / "results/tensorboard/Run 1")
    monkeypatch.chdir(elsewhere)
    with warnings.catch_warnings(), noted() as said:
        warnings.simplefilter("ignore")
        assert check_mlflow("sqlite:///my runs@home.db", run) == config.mlflow
    assert "the run goes on in" in said[0] and not list(elsewhere.iterdir())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "service, package, extra", [("tensorboard", "tensorboard", True), ("mlflow", "mlflow", "http://127.0.0.1:1")]
)
def test_a_service_that_is_not_installed_is_refused_before_work(tmp_path, monkeypatch, service, package, extra):
    find = ml_flow.importlib.util.find_spec

    def hidden(name, *args):
        return None if name == package else find(name, *args)

    monkeypatch.setattr(ml_flow.importlib.util, "find_spec", hidden)
    with pytest.raises(ImportError, match=rf"pip install 'gan_augmentation\[{service}\]'"):
        train(tmp_path / "results", track="off", **{service: extra})
    assert not (tmp_path / "results").exists()


# --- a real server --------------------------------------------------------------------------------------------------


def read_run(uri, run):
    "Read a run back from a server: its metrics, by step, and the rest."
    client = ml_flow.mlflow_client(uri)
    found = client.get_run(json.loads((run / "tracking.json").read_text())["mlflow"]["run_id"])
    histories = {name: client.get_metric_history(found.info.run_id, name) for name in found.data.metrics}
    steps = {name: [(m.step, m.value) for m in sorted(had, key=lambda m: m.step)] for name, had in histories.items()}
    files = {file.path for file in client.list_artifacts(found.info.run_id)}
    return SimpleNamespace(steps=steps, files=files, **found.to_dictionary())


def check_numbers(found, run):
    "Make sure that a server has the numbers of a run's own files, each once."
    rows, last = own_numbers(run)
    assert {name: found.steps[name] for name in rows} == {name: list(row.items()) for name, row in rows.items()}
    assert {name: found.data["metrics"][name] for name in last} == last
    assert found.steps.keys() == rows.keys() | last.keys()


@pytest.mark.nightly
def test_mlflow_holds_the_numbers_of_the_runs_own_files(server, tmp_path, untracked):
    done = train(tmp_path, track="off", mlflow=server, tensorboard=True)
    found = read_run(server, done.run)
    assert done.said == []
    check_numbers(found, done.run)
    same_training(done.run, untracked)
    assert found.info["status"] == "FINISHED"
    assert found.info["run_name"] == done.run.name
    assert {"confusion.png", "curves.png"} <= found.files
    settings = json.loads((done.run / "config.json").read_text())["settings"]
    assert {name: found.data["params"][name] for name in ("network", "epochs", "lr")} == {
        name: str(settings[name]) for name in ("network", "epochs", "lr")
    }


@pytest.mark.nightly
def test_mlflow_is_told_nothing_of_who_and_where(server, tmp_path):
    done = train(tmp_path, track="off", mlflow=server)
    found = read_run(server, done.run)
    assert found.info["user_id"] in ("unknown", "")
    known = {"run_key", "kind", "group", "mlflow.runName"}
    assert all(name in known or name.startswith(("made/", "from/")) for name in found.data["tags"])
    told = json.dumps([found.data["tags"], found.data["params"]])
    assert str(tmp_path) not in told and str(ROOT) not in told and socket.gethostname() not in told


@pytest.mark.nightly
def test_a_killed_run_goes_on_in_mlflow_and_sends_nothing_twice(server, tmp_path, killed):
    words = "train-classifier --dataset fashion_mnist_mini --network small_cnn --subset 300 --epochs 8 --device cpu"
    run = killed(tmp_path, "history.csv", 1.0, *words.split(), "--mlflow", server)
    resume_run(run, export=False, device="cpu", track=TrackConfig(track="off", mlflow=server, tensorboard=True))
    check_numbers(read_run(server, run), run)
