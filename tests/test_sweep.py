"A sweep searches a classifier's settings on validation images: resumed, in parallel, refused, tracked, and sealed."

import json
import shlex
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_augmentation.classifiers.config import ClassifierConfig
from gan_augmentation.classifiers.prediction import build_classifier, save_classifier, weights_sha256
from gan_augmentation.cli import main
from gan_augmentation.cli.app import run_program
from gan_augmentation.core.checks import noted
from gan_augmentation.core.directories import run_scores
from gan_augmentation.core.files import save_json
from gan_augmentation.core.settings import load_settings
from gan_augmentation.data.splits import Splits, split_data
from gan_augmentation.study import sweep
from gan_augmentation.study.archive import confirmed_file, trial_file

N_TRIALS = 4
SPACE = {"lr": "1e-4..1e-1:log", "bs": [8, 16], "augment": [None, "flip"]}
QUICK = dict(network="shallow", epochs=2, trials=N_TRIALS, startup=2, device="cpu")


def tiny_images(n=100, seed=0):
    "Images of two classes, one of them brighter."
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    images = rng.integers(0, 160, (n, 8, 8), dtype=np.uint8) + (60 * labels[:, None, None]).astype(np.uint8)
    return images, labels


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    "A file of images, as a user has them."
    images, labels = tiny_images()
    path = tmp_path_factory.mktemp("images") / "dots.npz"
    np.savez(path, images=images, labels=labels)
    return path


@pytest.fixture(scope="module")
def done(source, tmp_path_factory):
    "A finished sweep."
    return sweep(str(source), SPACE, out=tmp_path_factory.mktemp("sweep") / "s", **QUICK)


def timeless(record):
    "A record without seconds."
    if isinstance(record, dict):
        return {k: timeless(v) for k, v in record.items() if k != "seconds"}
    return [timeless(x) for x in record] if isinstance(record, list) else record


def findings(found):
    return timeless({k: found.record[k] for k in ("rows", "best", "importances", "search", "settings")})


def test_best_settings_are_taken_by_other_commands(done, tmp_path, monkeypatch):
    best = done.folder / "best.toml"
    assert load_settings(ClassifierConfig, best) == done.best
    assert main(["train-classifier", "--config", str(best), "--results", str(tmp_path), "--no-export", "-q"]) == 0
    run = next((tmp_path / "classifiers").iterdir())
    assert run_scores(run)["valid"]["accuracy"] == pytest.approx(done.record["best"]["score"], abs=1e-6)
    heard = []
    monkeypatch.setattr("gan_augmentation.study.plan", lambda *args, **kwargs: heard.append((args, kwargs)) or 1 / 0)
    words = ["study", "--config", str(best), "--generator", "gan", "--out", str(tmp_path / "s"), "--plan"]
    assert run_program(words) == 1  # as far as the forecast
    config = heard[0][0][2]
    training = {"epochs": 2, **{k: v for k, v in done.record["best"]["params"].items() if k != "augment"}}
    assert config.classifiers == ("shallow",) and config.training == training


class Sealed:
    "Test images that nobody may look at."

    shape, classes = (1, 8, 8), ("0", "1")

    def __getattr__(self, name):
        raise AssertionError(f"a sweep looked at the test images: {name}")


def test_images_to_test_on_are_not_looked_at(tmp_path):
    data = split_data(tiny_images())
    sealed = Splits(data.train, data.valid, None, data.sha256)
    object.__setattr__(sealed, "test", Sealed())
    with pytest.raises(AssertionError, match="looked at"):
        len(sealed.test.images)  # the seal works
    found = sweep(sealed, {"lr": [1e-3, 1e-2]}, out=tmp_path / "s", **{**QUICK, "trials": 2})
    assert sorted(p.name for p in (tmp_path / "s/data").iterdir()) == ["train.npz", "valid.npz"]
    assert not [k for k in found.record["data"] if "test" in k]
    other = split_data(tiny_images(seed=1), valid=(data.valid.images, data.valid.labels))
    with_other_test = replace(data, test=other.valid)
    again = sweep(with_other_test, {"lr": [1e-3, 1e-2]}, **{**QUICK, "trials": 2})
    assert findings(again) == findings(found)


def test_stopped_anywhere_it_ends_the_same(done, source, tmp_path):
    out = tmp_path / "s"
    sweep(str(source), SPACE, out=out, **{**QUICK, "trials": 2})  # the first two
    lines = (out / "optuna.jsonl").read_bytes().splitlines(keepends=True)
    (out / "optuna.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:5])  # torn, and of trial 1 nothing was told
    again = sweep(str(source), SPACE, out=out, **QUICK)
    assert findings(again) == findings(done)
    assert (out / "best.toml").read_text() == (done.folder / "best.toml").read_text()


@pytest.mark.nightly
def test_several_processes_share_the_trials(source, tmp_path):
    found = sweep(str(source), SPACE, out=tmp_path / "s", processes=2, **QUICK)
    assert len(found.table) == N_TRIALS and found.record["processes"] == 2
    assert [trial_file(tmp_path / "s", n).is_file() for n in range(N_TRIALS + 1)] == [True] * N_TRIALS + [False]


def test_trials_that_diverge_fail_and_the_sweep_goes_on(source):
    wild = {**QUICK, "trials": 3, "network": "deep"}
    with noted() as heard:
        found = sweep(str(source), {"lr": [1e-3, 1e30]}, seed=1, **wild)
    states = [row["state"] for row in found.record["rows"]]
    assert "failed" in states and found.best.lr == 1e-3
    assert sum("failed: the loss became" in text for text in heard) == states.count("failed")
    with pytest.raises(FloatingPointError, match="all 3 trials failed .* search lower learning rates"):
        sweep(str(source), {"lr": [1e29, 1e30]}, **wild)


def test_the_best_few_are_confirmed_with_other_seeds(source, tmp_path):
    ask = {**QUICK, "trials": 3, "confirm": 2, "confirm_seeds": 2}
    found = sweep(str(source), {"lr": "1e-3..1e-1:log"}, out=tmp_path / "s", pruner="none", **ask)
    assert {row["seed"] for row in found.record["confirmed"]} == {1, 2}
    best = found.record["best"]
    assert best["mean"] == pytest.approx(np.mean(best["scores"])) and len(best["scores"]) == 2
    assert "with other seeds" in str(found)


def test_global_random_states_stay(source):
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    sweep(str(source), {"lr": [1e-3, 1e-2]}, **{**QUICK, "trials": 2, "epochs": 1})
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == np.random.get_state()[1].tolist()


REFUSED = [
    ("--search lrr=1,2", "did you mean 'lr'?"),
    ("--search lr=2..1", "an empty range"),
    ("--search lr=1e-4...1e-2", "two numbers with two dots between"),
    ("--search bs=8," + 400 * "9", "a whole number of about 400 digits"),
    ("--search lr=0..1:log", "begins above 0"),
    ("--search lr=fast,slow", "'fast' is no number"),
    ("--search lr=-1..1", "lr is -1"),
    ("--search opt=adam,sgd", "unknown opt 'sgd'"),
    ("--search bs=16,32 --search bs=64,128", "bs is searched twice"),
    ("--search bs=16,32 --bs 16", "--bs 16 fixes what bs=16,32 searches"),
    ("--search bs=16", "no search"),
    ("--search bs", "'bs' is no search"),
    ("--search seed=1,2", "is luck"),
    ("--search epochs=1,2 --steps 9", "both say how long"),
    ("--search bs=16,9999", "at most "),
    ("--lr 1 --wd 1 --bs 8", "nothing is left to search"),
    ("--trials 0", "--trials"),
    ("--trials many", "--trials"),
    ("--confirm 30", "at most as many"),
    ("--network resnet", "unknown network"),
    ("--monitor valid_loss --search loss=focal,cross-entropy", "another thing with every loss"),
]


@pytest.mark.parametrize(("words", "says"), REFUSED)
def test_what_cannot_be_searched_is_refused_in_one_line(words, says, source, tmp_path, capsys):
    out = tmp_path / "s"
    assert main(["sweep", str(source), "--out", str(out), "-q", *shlex.split(words)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert says in said and not out.exists()


def test_another_sweep_in_the_same_place_is_refused(done, source, tmp_path):
    same = dict(out=done.folder, **QUICK)
    for change, says in (
        (dict(epochs=3), "settings epochs 2, not 3"),
        (dict(seed=1), "was begun with settings seed 0, not 1"),
        (dict(trials=2), "give at least as many"),
        (dict(subset=20), "was begun with data n_train"),
    ):
        with pytest.raises(ValueError, match=says):
            sweep(str(source), SPACE, **{**same, **change})
    with pytest.raises(ValueError, match="was begun with search"):
        sweep(str(source), {"lr": "1e-4..1e-1:log"}, **same)
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else than a sweep"):
        sweep(str(source), SPACE, out=tmp_path, **QUICK)


def altered_row(**changes):
    "A change of a trial's file."
    return lambda text: json.dumps({**json.loads(text), **changes})


ALTERED = [
    ("trials/000.json", altered_row(score=7.5), "000.json was altered: remove it, and the trial is done again"),
    ("trials/000.json", altered_row(params={"lr": 9.0}), "000.json was altered: remove it"),
    ("trials/001.json", altered_row(number=0), "001.json was altered: remove it"),
    ("trials/001.json", altered_row(state="fine"), "001.json was altered: remove it"),
    ("trials/001.json", lambda text: "[]", "001.json was altered: remove it"),
    ("optuna.jsonl", lambda text: text + "mine\n", "remove it, and it is made again from the files of the trials"),
    ("optuna.jsonl", lambda text: text + '{"op_code": 77}\n', "optuna.jsonl was altered .*remove it"),
    ("config.json", lambda text: "{}", "holds something else than a sweep"),
    ("config.json", altered_row(format="x"), "config.json was altered: begin the sweep again in another directory"),
    ("sweep.json", lambda text: "[]", "sweep.json was altered: remove it, and it is written again"),
]


@pytest.mark.parametrize(("name", "alter", "says"), ALTERED)
def test_a_file_that_was_altered_is_named_and_not_believed(name, alter, says, done, source, tmp_path):
    out = Path(shutil.copytree(done.folder, tmp_path / "s"))
    (out / name).write_text(alter((out / name).read_text()))
    with pytest.raises(ValueError, match=says):
        sweep(str(source), SPACE, out=out, **QUICK)


@pytest.mark.parametrize("name", ["trials/001.json", "optuna.jsonl", "sweep.json", "data/train.npz"])
def test_a_file_that_is_gone_is_made_again(name, done, source, tmp_path):
    out = Path(shutil.copytree(done.folder, tmp_path / "s"))
    (out / name).unlink()
    with noted() as heard:
        again = sweep(str(source), SPACE, out=out, **QUICK)
    assert findings(again) == findings(done) and (out / name).is_file()
    assert any(name in line for line in heard) == (name in ("trials/001.json", "optuna.jsonl"))


def test_weights_to_begin_with_must_not_have_seen_what_is_chosen_by(tmp_path):
    data = split_data(tiny_images())
    net = build_classifier("shallow", data.train.shape, 2)
    for name, seen in (("honest", data.train), ("cheat", data.valid), ("mute", None)):
        hashes = None if seen is None else seen.hashes()
        save_classifier(net, tmp_path / name, "shallow", data.train, seen=hashes)
    for name, says in (("cheat", "have seen 16 of the 16 validation images"), ("mute", "nobody knows which images")):
        with pytest.raises(ValueError, match=f"{says}.*by which a sweep chooses"):
            sweep(data, {"lr": [1e-3, 1e-2]}, start=str(tmp_path / name), out=tmp_path / "s", **QUICK)
    assert not (tmp_path / "s").exists()
    ask = dict(start=str(tmp_path / "honest"), out=tmp_path / "s", **{**QUICK, "trials": 2, "epochs": 1})
    found = sweep(data, {"lr": [1e-3, 1e-2]}, **ask)
    assert found.record["start_sha256"] == weights_sha256(net)
    other = build_classifier("shallow", data.train.shape, 2)
    torch.nn.init.ones_(next(other.parameters()))
    save_classifier(other, tmp_path / "honest", "shallow", data.train, seen=data.train.hashes())
    with pytest.raises(ValueError, match="was begun with start_sha256"):
        sweep(data, {"lr": [1e-3, 1e-2]}, **ask)


@pytest.mark.parametrize("place", ["", "mine.txt", "mine.txt/s", "."])
def test_a_place_that_holds_something_else_stays_as_it_is(place, source, tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("mine.txt", "data/train.npz"):
        (tmp_path / name).write_text("mine")
    with pytest.raises((OSError, ValueError), match="empty text|is a file|something else"):
        sweep(str(source), SPACE, out=tmp_path / place if place else "", **QUICK)
    left = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"mine.txt": "mine", "train.npz": "mine"}


def test_a_scheduler_that_does_not_answer_leaves_nothing_behind(source, tmp_path, monkeypatch):
    monkeypatch.setattr("gan_augmentation.core.tasks.ANSWER_SECONDS", 0.2)
    with pytest.raises((ConnectionError, ImportError)):
        sweep(str(source), SPACE, out=tmp_path / "s", scheduler="tcp://127.0.0.1:1", **QUICK)
    assert not (tmp_path / "s").exists()


def test_a_best_that_nothing_confirms_is_said_to_be_one(source, tmp_path, monkeypatch):
    def fail(task, folder, device=None):
        row = dict(number=task[0], seed=task[1], state="failed", reason="it broke", score=None, rounds=None, seconds=0)
        save_json(confirmed_file(folder, *task), row)

    monkeypatch.setattr("gan_augmentation.study.tuning.run_confirmation", fail)
    ask = {**QUICK, "trials": 2, "epochs": 1, "confirm": 1, "confirm_seeds": 1}
    with noted() as heard:
        found = sweep(str(source), {"lr": [1e-3, 1e-2]}, pruner="none", **ask)
    assert any("trained again, failed with seed 1: it broke" in line for line in heard)
    assert any("failed with another seed" in line for line in heard)
    assert found.record["best"]["scores"] is None and "nothing confirms" in str(found)


def test_what_tables_filled_in_is_not_pinned(tmp_path):
    images, labels = tiny_images(40)
    for number, (image, label) in enumerate(zip(images, labels)):
        place = tmp_path / f"dots/{label}/{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place)
    ask = {**QUICK, "trials": 2, "epochs": 1}
    for asked, said in ((dict(), set()), (dict(resize=6), {"resize"})):
        out = tmp_path / f"s{len(said)}"
        sweep(tmp_path / "dots", {"lr": [1e-3, 1e-2]}, out=out, **asked, **ask)
        section = tomllib.loads((out / "best.toml").read_text())["data"]
        assert set(section) - {"dataset"} == said


def test_the_definition_for_agents_holds_no_path_and_its_words_are_taken(done, source, tmp_path, monkeypatch):
    import yaml
    from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

    text = (done.folder / "sweep.yaml").read_text()
    assert str(source.parent) not in text and "dots" not in text
    definition = yaml.safe_load(text)
    assert definition["method"] == "bayes" and definition["metric"] == dict(name="accuracy", goal="maximize")
    assert set(definition["parameters"]) == {"lr", "bs", "augment"}
    monkeypatch.setenv("GAN_AUGMENT_DATASET", str(source))
    chosen = {"lr": 0.01, "bs": 8, "augment": "none"}
    args = create_sweep_command_args(dict(args={k: dict(value=v) for k, v in chosen.items()}))
    command = create_sweep_command(list(definition["command"]))
    words = [w for chunk in command for w in (args[chunk[2:-1]] if chunk.startswith("${") else [chunk])]
    words[words.index("online")] = "off"
    assert main([*words[1:], "--results", str(tmp_path), "--no-export", "-q"]) == 0
    record = json.loads(next((tmp_path / "classifiers").glob("*/config.json")).read_text())
    settings = dict(network="shallow", epochs=2, lr=0.01, bs=8, augment=None)
    assert {k: record["settings"][k] for k in settings} == settings


def test_a_tracked_sweep_shows_what_its_files_hold(done, source, tmp_path, monkeypatch):
    for name in ("WANDB_MODE", "WANDB_DIR", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    from gan_augmentation.training.offline import read_offline

    out = tmp_path / "s"
    found = sweep(str(source), SPACE, out=out, track="offline", **QUICK)
    assert findings(found) == findings(done)  # nobody who looks on changes anything
    said = read_offline(next((out / "wandb").glob("offline-run-*")))
    rows = found.record["rows"]
    scores = said["history"]["trial/score"].dropna().tolist()
    assert scores == [row["score"] for row in rows if row["score"] is not None]
    assert said["history"]["trial/lr"].dropna().tolist() == [row["params"]["lr"] for row in rows]
    assert [row["lr"] for row in said["tables"]["trials"]] == [row["params"]["lr"] for row in rows]
    assert said["kind"] == "sweep"
    assert said["summary"]["best/score"] == found.record["best"]["score"]
    assert str(tmp_path) not in json.dumps(said["config"]) and str(source.parent) not in json.dumps(said["config"])
    assert any("sweep" in artifact["kind"] for artifact in said["artifacts"])
