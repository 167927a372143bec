"A run that is tracked: services hold the numbers of its own files, and nothing else about it is different."

import contextlib
import getpass
import io
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import light
from elsewhere import printed_by
from told import board_told

from gan_augmentation import cli
from gan_augmentation.core.checks import noted
from gan_augmentation.core.directories import run_state
from gan_augmentation.core.seals import load_json
from gan_augmentation.runs import evaluate_saved, generator_summary, resume_run, run_summary, train_generator, train_run
from gan_augmentation.training.config import TrackConfig
from gan_augmentation.training.offline import read_offline
from gan_augmentation.training.services import EpochCB
from gan_augmentation.training.tracking import flat_numbers
from gan_augmentation.training.weights_biases import WandbService

pytestmark = pytest.mark.filterwarnings("ignore")

DATA = "fashion_mnist_mini"
FEW = dict(subset=20, device="cpu", export=False)
SMALL_GAN = dict(epochs=1, g_channels=4, c_channels=4)
BOTH = TrackConfig("offline", tensorboard=True)
SETTINGS = """version = 1
command = "train-classifier"
dataset = "fashion_mnist_mini"

[classifier]
network = "shallow"
epochs = 2

[data]
subset = 20

[tracking]
track = "offline"
tensorboard = true
"""


@pytest.fixture(scope="module", autouse=True)
def no_wandb_settings():
    "Forget what the user of this machine told wandb."
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WANDB_", "MLFLOW_"))]:
            patch.delenv(name)
        yield


def program(*words) -> tuple:  # (exit code, what was printed)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(word) for word in words])
    return code, out.getvalue() + err.getvalue()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def classifier(results):
    "A classifier's run, tracked as a settings file says, and what the program printed."
    file = results / "settings.toml"
    file.write_text(SETTINGS)
    where = ("--results", results, "--device", "cpu", "--quiet", "--no-export")
    code, text = program("train-classifier", "--config", file, *where)
    assert code == 0, text
    (run,) = (results / "classifiers").iterdir()
    return run, text


@pytest.fixture(scope="module")
def generator(results):
    "A DCGAN's run of one epoch, tracked because of WANDB_MODE."
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "offline")
        return train_generator(DATA, "dcgan", results=results, track=TrackConfig(tensorboard=True), **FEW, **SMALL_GAN)


@pytest.fixture(scope="module")
def untracked(tmp_path_factory):
    "The same two trainings, untracked."
    where = dict(results=tmp_path_factory.mktemp("untracked"), track="off", **FEW)
    return train_run(DATA, "shallow", epochs=2, **where), train_generator(DATA, "dcgan", **where, **SMALL_GAN)


def read(path):
    return json.loads(path.read_text())


def history(run):
    return pd.read_csv(run / "history.csv", index_col="epoch").to_dict("index")


def offline(run):
    return read_offline(read(run / "tracking.json")["wandb"]["directory"])


def board(run):
    return board_told(read(run / "tracking.json")["tensorboard"]["directory"])


def by_epoch(kept, log):
    "Choose the columns of a run's own history from that of W&B."
    return kept["history"][[*log[0]]].loc[[step for step in kept["history"].index if step in log]].to_dict("index")


def scores_of(run, log):
    "List what services are told at the end: the numbers of metrics.json that are not in the history."
    scores = read(run / "metrics.json")
    return flat_numbers({k: v for k, v in scores.items() if k not in ("environment", *log[0])})


@pytest.mark.parametrize("kind", ["classifier", "generator"])
def test_services_hold_the_numbers_of_the_runs_own_files(kind, request):
    run = request.getfixturevalue(kind)
    run = run if kind == "generator" else run[0]
    log, kept = history(run), offline(run)
    assert by_epoch(kept, log) == log
    scores = scores_of(run, log)
    assert {"seconds", "rounds"} < {*scores}
    assert {name: kept["summary"][name] for name in scores} == scores
    shown = board(run)
    assert {epoch: {name: shown["rows"][epoch][name] for name in log[0]} for epoch in log} == log
    assert {name: shown["summary"][name] for name in scores} == scores


def test_a_tracked_training_ends_with_the_same_bits(classifier, generator, untracked):
    for tracked, plain in zip((classifier[0], generator), untracked, strict=True):
        weights = [(run / "model/weights.safetensors").read_bytes() for run in (tracked, plain)]
        assert weights[0] == weights[1]
        assert (tracked / "history.csv").read_text() == (plain / "history.csv").read_text()
        mine, theirs = ({**load_json(run / "metrics.json"), "seconds": 0, "command": None} for run in (tracked, plain))
        assert mine == theirs
        assert not (plain / "tracking.json").exists() and "tracking" not in read(plain / "config.json")
        assert not (plain.parent.parent / "wandb").exists()


def test_pictures_tables_and_lineage_are_there(classifier, generator):
    found = offline(classifier[0])
    assert {*found["pictures"]} == {"confusion", "curves"} and not found["failed"]
    assert [row["class"] for row in found["tables"]["classes"]][:2] == ["T-shirt/top", "Trouser"]
    assert [row["class"] for row in board(classifier[0])["tables"]["classes"]][:2] == ["T-shirt/top", "Trouser"]
    assert [(a["kind"], a["is_used"]) for a in found["artifacts"]] == [("data", True), ("classifier", False)]
    found = offline(generator)
    assert {*found["pictures"]} == board(generator)["pictures"] == {"samples by epoch", "samples", "curves"}
    assert [(a["kind"], a["is_used"]) for a in found["artifacts"]] == [("data", True), ("generator", False)]


def test_a_run_says_where_it_is_tracked_and_how(classifier, generator, results):
    run, text = classifier
    for summary in (text, run_summary(run), generator_summary(generator)):
        lines = [line for line in summary.splitlines() if line.startswith("tracked by ")]
        assert [line.split(":")[0] for line in lines] == ["tracked by Weights & Biases", "tracked by TensorBoard"]
        assert f"offline, {results}/wandb/offline-run-" in lines[0] and f"{results}/tensorboard/" in lines[1]
    how = dict(track="offline", track_images=False, tensorboard=True, mlflow=False)
    assert read(run / "config.json")["tracking"] == read(generator / "config.json")["tracking"] == how
    assert "tracked" not in program("runs", "--results", results)[1]


def test_no_path_and_no_user_is_told(classifier, generator, results):
    for run in (classifier[0], generator):
        found = offline(run)
        told = json.dumps([found["config"], found["summary"], found["tables"], found["artifacts"]])
        assert str(results) not in told and str(Path.home()) not in told
        assert f'"{getpass.getuser()}"' not in told


def test_a_run_that_fails_is_marked_failed(tmp_path):
    with pytest.raises(FloatingPointError):
        train_run(DATA, "shallow", lr=1e30, epochs=1, results=tmp_path, track="offline", **FEW)
    (run,) = (tmp_path / "classifiers").iterdir()
    assert run_state(run).startswith("stopped: the loss") and offline(run)["failed"]


def test_a_service_that_fails_alters_nothing(tmp_path, untracked, monkeypatch):
    def fail(*args, **kwargs):
        raise ConnectionError("nobody there")

    for method in ("log", "picture", "summary"):
        monkeypatch.setattr(WandbService, method, fail)
    monkeypatch.setattr(EpochCB, "after_epoch", fail)
    with noted() as said:
        run = train_run(DATA, "shallow", epochs=2, results=tmp_path, track="offline", **FEW)
    failed = "Weights & Biases failed: ConnectionError: nobody there; the run's own files are complete"
    assert said.count(failed) == 1
    assert run_state(run) == "finished" and (run / "curves.png").is_file()
    weights = [(r / "model/weights.safetensors").read_bytes() for r in (run, untracked[0])]
    assert weights[0] == weights[1]


def test_a_run_that_is_resumed_ends_with_the_same_bits_and_all_its_rows(tmp_path, monkeypatch):
    plain = train_run(DATA, "shallow", epochs=4, results=tmp_path / "plain", track="off", **FEW)
    after_epoch = EpochCB.after_epoch

    def stop(self):
        after_epoch(self)
        if self.epoch == 2:
            raise KeyboardInterrupt

    words = ("train-classifier", "--dataset", DATA, "--network", "shallow", "--epochs", 4, "--subset", 20)
    words += ("--results", tmp_path, "--device", "cpu", "--quiet", "--no-export")
    with monkeypatch.context() as patch:
        patch.setattr(EpochCB, "after_epoch", stop)
        assert program(*words, "--track", "offline")[0] == 130  # as after Ctrl-C
    (run,) = (tmp_path / "classifiers").iterdir()
    first = read(run / "tracking.json")["wandb"]
    code, text = program(*words, "--resume", "--track", "offline", "--tensorboard")
    assert code == 0, text
    second = read(run / "tracking.json")["wandb"]
    assert first["id"] == second["id"] and first["directory"] != second["directory"]
    assert (run / "history.csv").read_text() == (plain / "history.csv").read_text()
    weights = [(r / "model/weights.safetensors").read_bytes() for r in (run, plain)]
    assert weights[0] == weights[1]
    log = history(run)
    kept = [by_epoch(read_offline(place["directory"]), log) for place in (first, second)]
    assert kept[0] | kept[1] == log
    assert {epoch: {name: board(run)["rows"][epoch][name] for name in log[0]} for epoch in log} == log


def test_that_a_tracked_run_goes_on_untracked_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(EpochCB, "after_epoch", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        train_run(DATA, "shallow", epochs=1, results=tmp_path, track="offline", **FEW)
    (run,) = (tmp_path / "classifiers").iterdir()
    with noted() as said:
        resume_run(run, device="cpu", export=False)
    assert any("was tracked and goes on untracked" in line for line in said)
    assert "tracking" not in read(run / "config.json")


def test_what_is_measured_is_tracked_under_the_names_of_its_own_file(generator, tmp_path):
    quick = dict(metrics="precision,coverage", extractor="pixel", n=40, cache=tmp_path, device="cpu")
    found, folder = evaluate_saved(generator, track=BOTH, **quick)
    kept = offline(folder)
    metrics = read(folder / "measures.json")["metrics"]
    names = {f"{name}/{key}": m[key] for name, m in metrics.items() for key in ("value", "low", "high", "real")}
    assert {name: kept["summary"][name] for name in names} == names
    assert {name: board(folder)["summary"][name] for name in names} == names
    assert (kept["kind"], kept["group"]) == ("measures", generator.name)
    assert [row["metric"] for row in kept["tables"]["metrics"]] == list(found.table().index)
    assert {*kept["pictures"]} == {"measures", "samples"}
    assert Path(read(folder / "tracking.json")["tensorboard"]["directory"]).parent.parent == generator.parent.parent


BAD = {
    "an unknown mode": (["--track", "maybe"], {}, "off', 'offline', 'online"),
    "an unknown mode in the environment": ([], dict(WANDB_MODE="never"), "never"),
    "a key of the wrong form": (["--track", "online"], dict(WANDB_API_KEY="secret"), "key"),
    "a password in a URI": (["--mlflow", "http://anna:secret@localhost:5000"], {}, "MLFLOW_TRACKING_USERNAME"),
    "a query in a URI": (["--mlflow", "http://localhost:5000?token=secret"], {}, "MLFLOW_TRACKING_USERNAME"),
    "a URI of an unknown scheme": (["--mlflow", "gopher://localhost"], {}, "gopher"),
    "a file in the way": (["--track", "offline"], dict(WANDB_DIR="/proc/1"), "/proc/1"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["train-classifier", "train-generator"])
def test_what_cannot_be_tracked_is_refused_before_anything_is_begun(command, case, refusal, tmp_path, monkeypatch):
    words, env, says = BAD[case]
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("gan_augmentation.runs.classifier.load_training_data", None)  # is not reached
    monkeypatch.setattr("gan_augmentation.runs.generator.load_data", None)
    line = refusal(command, "--dataset", DATA, *words)
    assert says in line and "secret" not in line
    assert not list(tmp_path.rglob("* Run *"))


def test_a_section_of_a_settings_file_is_checked(tmp_path, refusal):
    file = tmp_path / "bad.toml"
    file.write_text(SETTINGS.replace("offline", "sometimes"))
    line = refusal("train-classifier", "--config", file)
    assert "bad.toml, [tracking]: unknown track 'sometimes'" in line


def test_what_is_typed_is_saved_and_nothing_of_tracking_that_was_not(tmp_path):
    for name, words in (("tracked.toml", ["--track", "online", "--track-images"]), ("plain.toml", [])):
        saving = ("train-generator", "--dataset", DATA, *words, "--save-config", tmp_path / name)
        assert program(*saving)[0] == 0
    text = (tmp_path / "tracked.toml").read_text()
    assert '[tracking]\ntrack = "online"\ntrack_images = true\n' in text
    assert "[tracking]" not in (tmp_path / "plain.toml").read_text()


def test_an_untracked_training_loads_no_service(tmp_path):
    loaded = json.loads(printed_by(light.print_loaded, "train_untracked", str(tmp_path)))
    assert "fastai" in loaded and not {"wandb", "tensorboard", "mlflow", "optuna"} & {*loaded}
