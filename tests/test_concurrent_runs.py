"Many starts at once, and others that look: every start gets its own run, and nobody sees a state that is not so."

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gan_augmentation.core.directories import RECORD, SCORES, finish_run, new_run, recording
from gan_augmentation.core.seals import save_record
from gan_augmentation.runs import list_runs

EXE = Path(sys.executable).with_name("gan-augment")
ORDER = "not begun", "running", "finished"
NAME = "QuickPetsClassifier"


def train(results, made, fails):
    "Do what a training does with its directory, and nothing else."
    try:
        run = new_run(results / "classifiers", NAME)
        made.append(run.name)
        with recording(run):
            save_record(run / RECORD, dict(settings={}))
            (run / "history.csv").write_text("epoch,loss\n0,1.0\n")
            (run / "model").mkdir()
            (run / "model/manifest.json").write_text("{}")
            save_record(run / SCORES, dict(valid=dict(accuracy=0.5), rounds=1, seconds=0.1))
            finish_run(run)
    except Exception as e:
        fails.append(repr(e))


class Listing(threading.Thread):
    "List runs again and again; remember which states each was seen in."

    def __init__(self, results):
        super().__init__(daemon=True)
        self.results, self.seen, self.wrong, self.ended, self.times = results, {}, [], False, 0

    def run(self):
        while not self.ended:
            self.times += 1
            for row in list_runs(self.results):
                self.look(row)
            time.sleep(0.01)

    def look(self, row):
        states = self.seen.setdefault(row["run"], [ORDER[0]])
        if row["state"] not in ORDER or ORDER.index(row["state"]) < ORDER.index(states[-1]):
            self.wrong.append((row["run"], states[-1], row["state"]))
        elif row["state"] != states[-1]:
            states.append(row["state"])
        if (row["state"] == "finished") != (row["valid"] is not None):
            self.wrong.append(row)


def listed(results, work):
    "Do work under two listing loops; return them."
    loops = [Listing(results) for _ in range(2)]
    for loop in loops:
        loop.start()
    work()
    for loop in loops:
        loop.ended = True
        loop.join()
    return loops


def test_ten_starts_at_once_are_ten_runs_whoever_looks(tmp_path):
    made, fails = [], []

    def work():
        for _ in range(2):
            starts = [threading.Thread(target=train, args=(tmp_path, made, fails)) for _ in range(10)]
            for start in starts:
                start.start()
            for start in starts:
                start.join()

    loops = listed(tmp_path, work)
    assert not fails and sorted(made) == sorted(f"{NAME} Run {i}" for i in range(1, 21))
    assert [loop.wrong for loop in loops] == [[], []] and all(loop.times for loop in loops)
    assert {row["state"] for row in list_runs(tmp_path)} == {"finished"}


@pytest.mark.nightly
def test_ten_trainings_at_once_are_ten_whole_runs(tmp_path):
    words = "train-classifier --dataset fashion_mnist_mini --network shallow --subset 20 --epochs 2".split()
    words += ["--device", "cpu"]

    def work():
        started = []
        for seed in range(10):
            more = ["--seed", str(seed), "--no-export", "--quiet", "--results", tmp_path]
            started.append(subprocess.Popen([EXE, *words, *more], stdout=subprocess.DEVNULL))
        while any(process.poll() is None for process in started):
            time.sleep(0.1)
        assert [process.returncode for process in started] == [0] * 10

    loops = listed(tmp_path, work)
    assert [loop.wrong for loop in loops] == [[], []] and min(loop.times for loop in loops) > 10
    rows = list_runs(tmp_path)
    assert len(rows) == 10 and {row["state"] for row in rows} == {"finished"}
    records = [json.loads((tmp_path / "classifiers" / row["run"] / RECORD).read_text()) for row in rows]
    seeds = [record["settings"]["seed"] for record in records]
    assert sorted(seeds) == list(range(10))
