"A study that is tracked: what services hold is what its own files hold, and the study is the one it would have been."

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from told import board_told, mlflow_told, numbers_in, wandb_told

from gan_augmentation.core.seals import load_json
from gan_augmentation.study import study
from gan_augmentation.training.config import TrackConfig

ASK = dict(classifiers="shallow", sizes=[10], seeds=7, steps=1, pilots=1, shares="filled", device="cpu")
ASK |= dict(recipes=["none"], robustness=False, retrain=False)
EXE = Path(sys.executable).with_name("gan-augment")
TYPED = """study fashion_mnist_mini --generator gan:epochs=1 --classifier shallow --sizes 10 --seeds 7 --steps 1
    --pilots 1 --shares filled --device cpu --recipe none --no-robustness --no-retrain --track offline
    --tensorboard""".split()
# as they were typed, and what rests on it
DIFFERS = "seconds", "threads", "environment", "time", "command", "generators", "study_sha256"


@pytest.fixture(scope="module")
def settled():
    "Keep W&B's variables of whoever runs the tests out."
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_MODE", "WANDB_DIR", "WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_API_KEY"):
            patch.delenv(name, raising=False)
        yield patch


@pytest.fixture(scope="module")
def untracked(settled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "mine"
    study("fashion_mnist_mini", ["gan:epochs=1"], out=folder, **ASK)
    return folder


@pytest.fixture(scope="module")
def told(settled, tmp_path_factory):
    "Track a study in two services."
    folder = tmp_path_factory.mktemp("studies") / "mine"
    track = TrackConfig(track="offline", tensorboard=True)
    study("fashion_mnist_mini", ["gan:epochs=1"], out=folder, track=track, **ASK)
    return folder


def read(path):
    return load_json(path)


def without(record, *names):
    "Leave out what differs from run to run, at any depth."
    if isinstance(record, dict):
        return {k: without(v, *names) for k, v in record.items() if k not in names}
    return [without(x, *names) for x in record] if isinstance(record, list) else record


def flat(record, before=""):
    "Name every number by its path."
    items = record.items() if isinstance(record, dict) else enumerate(record)
    found = {}
    for name, value in items:
        if isinstance(value, (dict, list)):
            found |= flat(value, f"{before}{name}/")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[f"{before}{name}"] = value
    return found


def rows_of(folder, service):
    "List what the files of trainings hold, in the order in which a service was told of them."
    rows = []
    for line in (folder / "tracked.txt").read_text().splitlines():
        teller, _, what = line.partition(": ")
        if teller == service and what.startswith("generators/"):
            last = pd.read_csv(folder / what / "history.csv").iloc[-1].to_dict()
            rows.append({f"generators/{k}": v for k, v in last.items()})
        elif teller == service and what not in ("outcome", "closed"):
            rows.append(flat({what.partition("/")[0]: read(folder / f"{what}.json")}))
    return rows


def check_told(found, folder, service):
    "Compare what a service holds with the study's own files."
    record, claims = read(folder / "study.json"), read(folder / "verdicts.json")
    rows = rows_of(folder, service)
    assert len(rows) == 1 + len(list((folder / "pilots").glob("*.json"))) + len(record["cells"])
    for i, row in enumerate(rows):
        assert found["rows"][i].items() >= row.items(), i
    for name, value in flat({k: record[k] for k in ("claims", "exchange_rates", "cost", "seconds")}).items():
        assert found["summary"][name] == value, name
    assert claims == record["claims"]
    for row, claim in zip(numbers_in(found["tables"]["claims"]), claims, strict=True):
        mine = {k: v for k, v in flat(claim).items() if not k.startswith("against/")}
        assert row.items() >= mine.items() and row["word"] == claim["word"]
    own = numbers_in(pd.read_csv(folder / "table.csv", dtype=str, keep_default_na=False).to_dict("records"))
    assert numbers_in(found["tables"]["cells"]) == own
    sides = numbers_in(found["tables"]["sides"])
    assert [(x["side"], x["valid"]) for x in sides] == [(x["side"], x["valid"]) for x in record["sides"]]


def same(folder, other):
    "Tell whether two studies found the same, and predict the same, bit for bit."
    one, two = (without(read(f / "study.json"), *DIFFERS) for f in (folder, other))
    cells = list((folder / "cells").glob("*.npz"))
    return one == two and all(path.read_bytes() == (other / "cells" / path.name).read_bytes() for path in cells)


def test_what_is_found_is_what_an_untracked_study_finds(untracked, told):
    assert same(untracked, told)
    assert not any((untracked / name).exists() for name in ("tracking.json", "tracked.txt", "wandb", "tensorboard"))


def test_services_hold_what_the_files_of_a_study_hold(told):
    in_wandb = wandb_told(told)
    check_told(in_wandb, told, "Weights & Biases")
    assert len(in_wandb["ids"]) == 1  # one run, and no worker's
    in_board = board_told(told / "tensorboard" / "mine")
    check_told(in_board, told, "TensorBoard")
    for found in (in_wandb, in_board):
        assert found["pictures"] >= {"differences", "classes", "images/gan", "generators/samples"}


def test_the_test_is_not_spoken_of_before_it_is_opened(told):
    found = wandb_told(told)
    rows = [row for step, row in found["rows"].items() if "n_rows" not in row]
    assert rows and not any("test" in name for row in rows for name in row)
    assert not any(name.startswith("claims") for row in rows for name in row)


def test_begun_again_a_study_says_nothing_twice(told, tmp_path):
    folder = shutil.copytree(told, tmp_path / "mine")
    lines, before = (folder / "tracked.txt").read_text(), board_told(folder / "tensorboard" / "mine")
    track = TrackConfig(track="offline", tensorboard=True)
    study("fashion_mnist_mini", ["gan:epochs=1"], out=folder, track=track, **ASK)
    assert (folder / "tracked.txt").read_text() == lines
    assert board_told(folder / "tensorboard" / "mine") == before
    found = wandb_told(folder)
    assert len(found["ids"]) == 2 and len({*found["ids"]}) == 1  # gone on with under the same name
    check_told(found, folder, "Weights & Biases")


def test_a_service_that_fails_changes_nothing(untracked, tmp_path, monkeypatch):
    def fail(self, numbers, step=None):
        raise ConnectionError("nobody is there")

    monkeypatch.setattr("gan_augmentation.training.tensor_board.TensorBoardService.log", fail)
    with pytest.warns(UserWarning, match="nobody is there.*own files are complete"):
        study("fashion_mnist_mini", ["gan:epochs=1"], out=tmp_path, track=TrackConfig("off", tensorboard=True), **ASK)
    assert same(tmp_path, untracked) and not (tmp_path / "tracked.txt").exists()


@pytest.mark.parametrize(
    "track, says",
    [(TrackConfig("offline"), "needs a directory"), (TrackConfig(mlflow="gopher://here"), "needs a directory")],
)
def test_a_study_without_a_directory_is_not_tracked(track, says):
    with pytest.raises(ValueError, match=says):
        study("fashion_mnist_mini", ["gan:epochs=1"], track=track, **ASK)


def alone():
    "Leave out what W&B tells the children of this process, which would share its service."
    return {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}


@pytest.mark.nightly
def test_all_services_hold_the_numbers_of_the_study(server, untracked, tmp_path):
    folder = tmp_path / "mine"
    track = TrackConfig("offline", tensorboard=True, mlflow=server)
    study("fashion_mnist_mini", ["gan:epochs=1"], out=folder, track=track, **ASK)
    place = read(folder / "tracking.json")["mlflow"]
    in_mlflow = mlflow_told(server, place["run_id"], tmp_path)
    check_told(in_mlflow, folder, "MLflow")
    check_told(board_told(folder / "tensorboard" / "mine"), folder, "TensorBoard")
    check_told(wandb_told(folder), folder, "Weights & Biases")
    assert in_mlflow["status"] == "FINISHED" and "differences.png" in in_mlflow["pictures"]
    assert not any("images" in name or "samples" in name for name in in_mlflow["pictures"])  # they stay here
    assert same(folder, untracked)


@pytest.mark.nightly
def test_processes_leave_speaking_to_their_owner(settled, tmp_path):
    words = [*TYPED, "--processes", "2", "--out", tmp_path / "mine"]
    done = subprocess.run([EXE, *words], env=alone(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "tracked by Weights & Biases" in done.stdout and "tracked by TensorBoard" in done.stdout
    found = wandb_told(tmp_path / "mine")
    assert len(found["ids"]) == 1 and len(list((tmp_path / "mine" / "tensorboard").iterdir())) == 1
    check_told(found, tmp_path / "mine", "Weights & Biases")


@pytest.mark.nightly
def test_killed_and_gone_on_with_a_study_is_told_as_one(settled, untracked, tmp_path):
    folder, quiet = tmp_path / "mine", dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for wanted in (4, 15):  # cells that are there when the power goes
        with subprocess.Popen([EXE, *TYPED, "--out", folder], env=alone(), **quiet) as process:
            while len(list((folder / "cells").glob("*.json"))) < wanted:
                assert process.poll() is None, "the study ended by itself"
                time.sleep(0.01)
            process.kill()
    done = subprocess.run([EXE, *TYPED, "--out", folder], env=alone(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = (folder / "tracked.txt").read_text().splitlines()
    assert len(lines) == len({*lines}) and sum(line.endswith(": closed") for line in lines) == 2
    found = wandb_told(folder)
    assert len(found["ids"]) == 3 and len({*found["ids"]}) == 1
    check_told(found, folder, "Weights & Biases")
    check_told(board_told(folder / "tensorboard" / "mine"), folder, "TensorBoard")
    assert same(folder, untracked)
