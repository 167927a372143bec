"A study, killed and gone on with, shared among processes, and asked wrongly."

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from inside import run_inside

from gan_augmentation.core.checks import noted
from gan_augmentation.core.files import file_sha256
from gan_augmentation.core.seals import read_manifest
from gan_augmentation.generators import lineage_of
from gan_augmentation.study import load_study, study
from gan_augmentation.study.directory import list_files, load_real, note_unlisted, read_plan
from gan_augmentation.study.execute import check_kept, run_stage
from gan_augmentation.study.grid import generator_tasks, set_tasks

EXE = Path(sys.executable).with_name("gan-augment")
ASK = [
    *("study", "fashion_mnist_mini", "--generator", "gan:epochs=2", "--sizes", "10,30", "--seeds", "8"),
    *("--classifier", "shallow", "--steps", "10", "--pilots", "1", "--shares", "filled"),
    *("--recipe", "none", "--recipe", "flip,shift=1", "--no-robustness"),
]


def scores(folder):
    "What a study found, without what differs from run to run."
    record = json.loads((folder / "study.json").read_text())
    return [record[name] for name in ("scores", "choices", "claims", "exchange_rates")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "once"
    done = run_inside(*ASK, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_study_says_what_it_found_and_writes_it_down(undisturbed):
    folder, said = undisturbed
    found, choices, claims, rates = scores(folder)
    sides = {c["side"] for c in choices}
    assert sides == {"real only", "free", "gan", "gan + free", "oversampling for gan", "noise for gan"}
    assert len(found) == 2 * 8 * len(sides) and [r["size"] for r in rates] == [10, 30]
    assert [(c["question"], c["size"]) for c in claims] == [
        *(("helps", 10), ("adds", 10)),
        *(("helps", 30), ("adds", 30)),
    ]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in page
    for claim in claims:
        assert claim["sentence"] in " ".join(said.split()) and claim["seeds"] == 8 and claim["test_images"] == 1000
    assert json.loads((folder / "verdicts.json").read_text()) == claims
    assert sum(1 for _ in open(folder / "table.csv")) == 1 + len(found)


@pytest.mark.nightly
def test_pilots_are_never_judged_and_the_labels_stay_sealed_until_all_is_chosen(undisturbed):
    folder, _ = undisturbed
    pilots = [json.loads(path.read_text()) for path in (folder / "pilots").glob("*.json")]
    cells = json.loads((folder / "study.json").read_text())["cells"]
    assert {p["seed"] for p in pilots} == {8} and {c["seed"] for c in cells} == set(range(8))
    opened = (folder / "opened.json").stat().st_mtime
    assert all(path.stat().st_mtime <= opened for path in (folder / "cells").glob("*"))
    assert "labels" not in np.load(folder / "data/test.npz").files


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
    assert scores(tmp_path / "study") == scores(undisturbed[0])


def test_a_study_made_with_other_settings_or_data_is_not_gone_on_with(undisturbed, refusal):
    folder = undisturbed[0]
    for more, says in (
        (["--ratios", "2"], "was begun with ratios [1.0], not [2.0]"),
        (["--split-seed", "1"], "was begun with data split_sha256"),
        (["--lr", ".1"], "training lr None, not 0.1"),
        (["--measure", "macro-f1"], "measure accuracy, not macro-f1"),
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
        (["--generator", "gan", "--seeds", "6"], "6 seeds cannot decide on 2 claims"),
        (["--generator", "gan", "--recipe", "flip"], "none must be one of them"),
        (["--generator", "gan", "--recipe", "none", "--recipe", "flip"], "3 candidates and the free side 2"),
        (["--generator", "gan", "--measure", "luck"], "luck"),
        (["--generator", "gan", "--folds", "5"], "has test images: leave folds out"),
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
    ask = dict(classifiers="shallow", sizes=[10], seeds=8, steps=10, pilots=1, shares="filled", device="cpu")
    ask |= dict(recipes=["none", "flip,shift=1"], robustness=False)
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
    assert json.loads(json.dumps(by_backend.record["claims"])) == expected[2]
    assert by_address.words == by_backend.words
    assert {c["threads"] for c in by_address.record["cells"]} == {1}


def test_a_scheduler_that_does_not_answer_is_said_in_one_line(refusal, tmp_path):
    said = refusal(*ASK, "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "study")
    assert "no scheduler answered at tcp://127.0.0.1:9 within 10 s" in said.splitlines()[-1]
    assert not (tmp_path / "study" / "config.json").exists()


def test_two_processes_never_work_at_one_study(undisturbed, refusal):
    from gan_augmentation.core.files import locked

    with locked(undisturbed[0] / "study.lock", ""):
        assert "by another process; wait for it" in refusal(*ASK, "--out", undisturbed[0])


def swap(folder, *names):
    "Let two files, or two directories, change places."
    a, b = (folder / name for name in names)
    a.rename(folder / "between")
    b.rename(a)
    (folder / "between").rename(b)


def swap_first(kind):
    "Let the first two of a kind change places, a cell with its predictions."

    def alter(folder):
        first, second = sorted({path.stem for path in (folder / kind).iterdir()})[:2]
        for path in (folder / kind).glob(f"{first}*"):
            if path.stem == first:
                swap(folder / kind, path.name, second + path.suffix if path.is_file() else second)

    return alter


def edit(pattern, old, new):
    "Edit the first file that fits."

    def alter(folder):
        path = sorted(folder.glob(pattern))[0]
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return alter


def turn(name, key):
    "Turn an array round."

    def alter(folder):
        with np.load(folder / name) as arrays:
            found = dict(arrays)
        np.savez(folder / name, **{**found, key: found[key][::-1]})

    return alter


def flip(pattern):
    "Flip a bit in the middle of the first file that fits."

    def alter(folder):
        path = sorted(folder.glob(pattern))[0]
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    return alter


ALTERED = {
    "two cells": (swap_first("cells"), "remove both files of this cell"),
    "two pilots": (swap_first("pilots"), "pilots/.* was altered: remove it"),
    "two sets": (swap_first("sets"), "remove its directory in sets"),
    "two generators": (swap_first("generators"), "remove its directory in generators"),
    "a bit of a set": (flip("sets/*/shards/*.npy"), "shards/00000.npy was altered.*remove its directory in sets"),
    "a shard is gone": (lambda f: sorted(f.glob("sets/*/shards/*"))[0].unlink(), "is missing.*its directory in sets"),
    "a bit of weights": (flip("generators/*/model/weights.safetensors"), "altered.*its directory in generators"),
    "a score": (edit("cells/*.json", '"accuracy": 0.', '"accuracy": 0.9'), "remove both files of this cell"),
    "other labels": (turn("data/sealed.npz", "labels"), "sealed.npz was altered: remove it"),
    "other test images": (turn("data/test.npz", "images"), "test.npz was altered: remove it"),
    "other places of images": (turn("data/train.npz", "index"), "train.npz was altered: remove it"),
    "the choice": (edit("opened.json", '"steps": 10', '"steps": 20'), "opened.json was altered: run the study again"),
    "a word": (edit("verdicts.json", '"word": "', '"word": "h'), "verdicts.json was altered: remove it"),
    "the settings": (edit("config.json", '"pilots": 1', '"pilots": 2'), "config.json was altered: restore it"),
    "the choice is gone": (lambda folder: (folder / "opened.json").unlink(), "opened.json is missing"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_what_was_altered_is_neither_read_nor_gone_on_with(what, undisturbed, tmp_path):
    folder, (alter, says) = Path(shutil.copytree(undisturbed[0], tmp_path / "s")), ALTERED[what]
    alter(folder)
    for use in (load_study, check_kept if what != "the settings" else read_plan):
        with pytest.raises((ValueError, FileNotFoundError), match=says):
            use(folder)


@pytest.mark.parametrize("kind, tasks", [("generators", generator_tasks), ("sets", set_tasks)])
def test_what_changed_places_while_nobody_looked_is_no_result(kind, tasks, undisturbed, tmp_path):
    folder = Path(shutil.copytree(undisturbed[0], tmp_path / "s"))
    (folder / "manifest.json").unlink()  # killed before it was written
    run_stage(folder, tasks(read_plan(folder)))  # all is done, and taken up
    (folder / "manifest.json").unlink()
    swap_first(kind)(folder)
    with pytest.raises(ValueError, match="its seed is 1, not 0; remove its directory"):
        run_stage(folder, tasks(read_plan(folder)))


def test_images_that_are_altered_meanwhile_are_noticed(undisturbed, tmp_path):
    folder = Path(shutil.copytree(undisturbed[0], tmp_path / "s"))
    load_real(folder)
    turn("data/test.npz", "images")(folder)
    with pytest.raises(ValueError, match="test.npz was altered"):
        load_real(folder)


def test_a_study_whose_manifest_is_gone_is_taken_up_with_a_note(undisturbed, tmp_path):
    folder = Path(shutil.copytree(undisturbed[0], tmp_path / "s"))
    (folder / "manifest.json").write_text("{}")  # no manifest that the program wrote
    with pytest.raises(ValueError, match="manifest.json was altered: remove it, and start the study again"):
        note_unlisted(folder)
    (folder / "manifest.json").unlink()
    with noted() as notes:
        note_unlisted(folder)
    assert len(notes) == 1 and "what is there is compared with its tasks, and taken" in notes[0]
    list_files(folder, ["config.json"])
    with noted() as notes:
        note_unlisted(folder)
    assert not notes


@pytest.mark.parametrize("name", ["data/train.npz", "cells/mine.json", "notes.txt"])
def test_a_study_is_never_begun_beside_something_else(name, refusal, tmp_path):
    mine = tmp_path / "proj" / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_bytes(b"mine")
    assert "holds something else than a study" in refusal(*ASK, "--out", tmp_path / "proj")
    assert [path for path in (tmp_path / "proj").rglob("*.*")] == [mine] and mine.read_bytes() == b"mine"


def test_the_report_says_which_manifest_it_rests_on(undisturbed):
    folder = undisturbed[0]
    digest = file_sha256(folder / "manifest.json")
    assert lineage_of(folder, follow_parents=False).sha256 == digest
    assert all(digest in (folder / name).read_text() for name in ("report.md", "report.html", "table.csv"))
    listed = read_manifest(folder)
    kinds = {name.partition("/")[0] for name in listed}
    files = {"config.json", "opened.json", "study.json", "verdicts.json"}
    assert kinds == files | {"data", "generators", "sets", "pilots", "cells", "pictures"}


def test_who_interrupts_is_told_what_is_kept(tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("gan_augmentation.study.experiment.run_study", stop)
    with pytest.raises(KeyboardInterrupt) as e:
        study("fashion_mnist_mini", "gan", classifiers="shallow", sizes=10, steps=1, seeds=8, out=tmp_path / "s")
    assert "0 finished trainings are kept in" in e.value.__notes__[0] and "goes on" in e.value.__notes__[0]
    assert not list((tmp_path / "s").rglob("*.tmp"))
