"A study, killed and gone on with, shared among processes, and asked wrongly."

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXE = Path(sys.executable).with_name("gan-augment")
ASK = [
    "study",
    "fashion_mnist_mini",
    "--generator",
    "gan:epochs=2",
    "--sizes",
    "10,30",
    "--seeds",
    "6",
    "--epochs",
    "2",
    "--without",
    "classical,noise",
    "--no-robustness",
]


def scores(folder):
    "What a study found, without what differs from run to run."
    record = json.loads((folder / "study.json").read_text())
    return (
        [(c["name"], c["valid"], c["test"]) for c in record["cells"]],
        record["judged"],
        record["exchange_rates"],
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "once"
    done = subprocess.run([EXE, *ASK, "--out", folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_study_says_what_it_found_and_writes_it_down(undisturbed):
    folder, said = undisturbed
    cells, judged, rates = scores(folder)
    assert (
        len(cells) == 2 * 6 * 4
        and [r["size"] for r in judged] == [10, 30]
        and [r["size"] for r in rates] == [10, 30]
    )
    for r in judged:
        assert r["conclusion"] in said and r["verdict"]["n"] == 6
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in page and all(
        r["conclusion"].split(":")[0] in page for r in judged
    )
    assert sum(1 for _ in open(folder / "table.csv")) == 1 + len(cells)


@pytest.mark.nightly
def test_killed_and_begun_again_a_study_comes_to_the_same(undisturbed, tmp_path):
    for wanted in (3, 14):  # cells that are there when the power goes
        with subprocess.Popen(
            [EXE, *ASK, "--out", tmp_path / "study"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while len(list((tmp_path / "study" / "cells").glob("*.json"))) < wanted:
                assert process.poll() is None, "the study ended by itself"
                time.sleep(0.01)
            process.kill()
    assert not (
        tmp_path / "study" / "opened.json"
    ).exists()  # nobody has looked at the test labels yet
    refused = subprocess.run([EXE, "report", tmp_path / "study"], capture_output=True, text=True)
    assert refused.returncode == 2 and "is not finished: start the study again" in refused.stderr
    done = subprocess.run(
        [EXE, *ASK, "--out", tmp_path / "study"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert scores(tmp_path / "study") == scores(undisturbed[0])
    assert not list((tmp_path / "study").rglob("*.tmp")) and not list(
        (tmp_path / "study").rglob(".worker*")
    )


@pytest.mark.nightly
def test_two_processes_come_to_the_same_as_one(undisturbed, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done = subprocess.run(
        [EXE, *ASK, "--processes", "2", "--out", tmp_path / "study"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    mine, theirs = scores(tmp_path / "study"), scores(undisturbed[0])
    assert [(name, valid["accuracy"]) for name, valid, _ in mine[0]] == [
        (name, valid["accuracy"]) for name, valid, _ in theirs[0]
    ]
    assert [r["verdict"] for r in mine[1]] == [r["verdict"] for r in theirs[1]]


def test_a_study_made_with_other_settings_or_data_is_not_gone_on_with(undisturbed, refusal):
    folder = undisturbed[0]
    for more, says in (
        (["--ratios", "2"], "was begun with ratios [1.0], not [2.0]"),
        (["--split-seed", "1"], "was begun with data split_sha256"),
        (["--lr", ".1"], "training lr None, not 0.1"),
        (["--allow-leak"], "allow_leak False, not True"),
    ):
        assert says in refusal(*ASK, *more, "--out", folder)


@pytest.mark.parametrize(
    "args, says",
    [
        (["--generator", "stylegan"], "stylegan"),
        (["--generator", "dcgan:speed=3"], "unknown setting 'speed'"),
        (["--generator", "gan", "--classifier", "resnet"], "choose one of: shallow"),
        (["--generator", "gan", "--seeds", "0"], "give at least one"),
        (
            ["--generator", "gan", "--sizes", "1000"],
            "size is 1000; it must be at least 1 and at most 510",
        ),
        (["--generator", "gan", "--ratios", "1,1"], "each only once"),
        (["--generator", "gan", "--without", "real only"], "every arm is compared with"),
        (["--generator", "gan", "--filters", "pretty"], "choose one of: confidence"),
    ],
)
def test_a_wrong_question_is_refused_before_any_work(args, says, refusal, tmp_path):
    said = refusal("study", "fashion_mnist_mini", *args, "--out", tmp_path / "study")
    assert says in said.splitlines()[-1] and not (tmp_path / "study").exists()


@pytest.mark.nightly
def test_a_cluster_comes_to_the_same_as_one_process(tmp_path, monkeypatch):
    from distributed import LocalCluster
    from joblib import parallel_config

    from gan_augmentation.study import study

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    ask = dict(sizes=[10], seeds=6, epochs=2, robustness=False, device="cpu", without=["classical", "noise"])
    question = "fashion_mnist_mini", ["gan:epochs=2"]
    alone = [EXE, "study", *ASK[1:], "--sizes", "10", "--out", tmp_path / "alone"]
    done = subprocess.run(alone, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        by_address = study(*question, out=tmp_path / "cluster", scheduler=address, **ask)
        with cluster.get_client(), parallel_config(backend="dask"):
            by_backend = study(*question, **ask)
    expected = scores(tmp_path / "alone")
    assert scores(tmp_path / "cluster") == expected
    assert json.loads(json.dumps(by_backend.record["judged"])) == expected[1]
    assert by_address.verdicts == by_backend.verdicts
    assert {c["threads"] for c in by_address.record["cells"]} == {1}


def test_a_scheduler_that_does_not_answer_is_said_in_one_line(refusal, tmp_path):
    said = refusal(*ASK, "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "study")
    assert "no scheduler answered at tcp://127.0.0.1:9 within 10 s" in said.splitlines()[-1]
    assert not (tmp_path / "study" / "config.json").exists()


def test_two_processes_never_work_at_one_study(undisturbed, refusal):
    from gan_augmentation.core.files import locked

    with locked(undisturbed[0] / "study.lock", ""):
        assert "by another process; wait for it" in refusal(*ASK, "--out", undisturbed[0])
