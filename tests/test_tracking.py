"Tracking with Weights & Biases: what is kept, what is sent, what is refused, and that nobody waits for it."

import getpass
import json
import random
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import wandb
from elsewhere import start
from fake_wandb import FakeWandb
from fastai.basics import CrossEntropyLossFlat, DataLoader, DataLoaders, accuracy
from PIL import Image
from torch import nn
from wandb.sdk.lib import wbauth

from gan_augmentation.core.checks import noted
from gan_augmentation.training import weights_biases
from gan_augmentation.training.callbacks import history
from gan_augmentation.training.config import TrackConfig
from gan_augmentation.training.learner import ResumableLearner, quiet
from gan_augmentation.training.offline import read_offline
from gan_augmentation.training.services import Service, Tracked
from gan_augmentation.training.tracking import Tracker, check_tracking, tracked

KEY = "0123456789" * 4
DATA = dict(kind="data", name="anna's patients", sha256="1f" * 32, facts={"n": 64}, parents=[])
MADE = dict(kind="classifier", name="SmallCNN Run 1", sha256="ab" * 32, facts={}, parents=[DATA])
SETTINGS = dict(lr=1e-3, dataset=str(Path.home() / "my patients"), command=f"{Path.cwd()}/train.py")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    "Nothing of who runs the tests, and of earlier tests, is known to wandb."
    wbauth.unauthenticate_session()
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path))
    for name in ("MODE", "DISABLED", "API_KEY", "PROJECT", "DIR", "RUN_GROUP", "TAGS", "NAME", "RUN_ID"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)


def learner():
    torch.manual_seed(29)
    x = torch.randn(64, 4)
    pairs = list(zip(x, (x[:, 0] > 0).long(), strict=True))
    loaders = DataLoaders(DataLoader(pairs, bs=16, shuffle=True), DataLoader(pairs, bs=16))
    loss = CrossEntropyLossFlat()
    return ResumableLearner(loaders, nn.Linear(4, 2), loss_func=loss, metrics=accuracy)


def picture(path):
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(path)
    return path


def track(root, config, n_epoch=2, **about):
    "Train for some epochs and tell all that a run can tell; returns learner, tracker, directory of the run, notes."
    run = root / "classifiers" / "SmallCNN Run 1"
    run.mkdir(parents=True, exist_ok=True)
    learn, image = learner(), picture(root / "picture.png")
    what = Tracked("SmallCNN Run 1", "classifier", SETTINGS, root, run, **about)
    with noted() as notes, tracked(TrackConfig(*config), what) as tracker, quiet(learn):
        learn.fit(n_epoch, 0.1, cbs=tracker.callbacks())
        tracker.summary(dict(test=dict(accuracy=0.875)))
        tracker.picture("samples", image, of_images=True)
        tracker.picture("confusion", image)
        tracker.table("classes", [dict(name="boot", source=str(Path.home() / "boots"))])
        tracker.lineage(MADE)
    return learn, tracker, run, notes


def place(run) -> dict:
    return json.loads((run / "tracking.json").read_text())["wandb"]


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    root = tmp_path_factory.mktemp("offline")
    learn, tracker, run, notes = track(root, ["offline"], group="a group")
    assert not notes
    return learn, run, read_offline(place(run)["directory"])


def test_offline_holds_the_numbers_of_the_history(offline):
    learn, run, kept = offline
    wanted = history(learn)
    assert list(kept["history"].index) == list(kept["history"]["epoch"]) == [0, 1]
    for name in wanted:
        assert list(kept["history"][name]) == list(wanted[name]), name
    assert set(kept["history"]) == {*wanted, "epoch"}
    assert kept["summary"]["test/accuracy"] == 0.875


def test_offline_holds_pictures_tables_and_lineage(offline):
    _, run, kept = offline
    assert [len(kept["pictures"][name]) for name in ("samples", "confusion")] == [1, 1]
    assert kept["tables"] == dict(classes=[dict(name="boot", source="boots")])
    said = [(a["name"], a["is_used"], a["references"]) for a in kept["artifacts"]]
    data = "anna-s-patients", True, ["sha256:" + "1f" * 32]
    assert said == [data, ("SmallCNN-Run-1", False, ["sha256:" + "ab" * 32])]
    assert [kept[k] for k in ("name", "group", "kind", "project")] == [
        "SmallCNN Run 1",
        "a group",
        "classifier",
        "gan_augmentation",
    ]
    assert place(run)["mode"] == "offline" and kept["failed"] is False


def secrets() -> list:
    "What must not leave: home, user, host, working directory, and where this package and the tests keep files."
    names = [Path.home().name, getpass.getuser(), socket.gethostname()]
    folders = [str(Path.home()), str(Path.cwd()), sys.prefix, "/tmp/", "site-packages", "my_mail"]
    texts = {name for name in names if len(name) > 4} | {x for x in folders if len(x) > 4}
    return [text.encode() for text in texts]


def test_nothing_of_the_machine_is_kept_in_what_would_be_sent(offline):
    _, run, kept = offline
    directory = Path(place(run)["directory"])
    sent = [p for p in directory.rglob("*") if p.is_file() and "logs" not in p.parts]
    assert len(sent) > 3
    for path in sent:
        content = path.read_bytes()
        assert not [secret for secret in secrets() if secret in content], path
    assert kept["config"] == dict(lr=1e-3, dataset="my patients", command="train.py")


@pytest.fixture(scope="module")
def online(tmp_path_factory):
    "A training that was sent to a server on this machine: the run, its notes, and all that was sent."
    with pytest.MonkeyPatch.context() as patch, FakeWandb() as server:
        patch.setenv("WANDB_BASE_URL", server.url)
        patch.setenv("WANDB_API_KEY", KEY)
        patch.setenv("WANDB_USER_EMAIL", "my_mail@example.org")
        patch.setenv("WANDB_USERNAME", "my_mail")
        patch.setenv("WANDB_HOST", "my_mail")
        learn, tracker, run, notes = track(tmp_path_factory.mktemp("online"), ["online"])
    return learn, run, notes, server


def test_online_sends_the_numbers_of_the_history(online):
    learn, run, notes, sent = *online[:3], online[3].sent
    assert not notes and place(run)["mode"] == "online"
    streams = [json.loads(content) for _, path, content in sent if path.endswith("file_stream")]
    lines = [line for s in streams for line in s["files"].get("wandb-history.jsonl", {}).get("content", [])]
    rows = [row for row in map(json.loads, lines) if "train_loss" in row]
    wanted = history(learn)
    for name in wanted:
        assert [row[name] for row in rows] == list(wanted[name]), name


def test_online_sends_nothing_of_the_machine_and_no_images(online):
    sent, headers = online[3].sent, online[3].headers
    for (method, path, content), header in zip(sent, headers, strict=True):
        said = path.encode() + header.encode() + content
        assert not [secret for secret in secrets() if secret in said], (method, path, header, content)
    names = [path for method, path, _ in sent if method == "PUT"]
    assert [name for name in names if "confusion" in name]
    assert not [name for name in names if "samples" in name]


def test_online_sends_images_where_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(weights_biases, "open_run", lambda tracked, mode: mode)
    monkeypatch.setattr(weights_biases.WandbService, "open_online", lambda self: None)
    what = Tracked("X", "classifier", root=tmp_path)
    said = [TrackConfig("online"), TrackConfig("online", True), TrackConfig("offline")]
    assert [weights_biases.WandbService(what, c).images for c in said] == [False, True, True]


def test_weights_and_random_states_are_the_same_without_tracking(tmp_path):
    def states():
        return [torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())]

    random.seed(1)
    np.random.seed(1)
    learn = learner()
    with quiet(learn):
        learn.fit(2, 0.1)
    wanted = states()
    random.seed(1)
    np.random.seed(1)
    told, *_ = track(tmp_path, ["offline"])
    assert states() == wanted
    for a, b in zip(learn.model.parameters(), told.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert history(learn).equals(history(told))


def dead(monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:1")


def test_a_dead_server_costs_a_note_and_what_is_kept_is_complete(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    dead(monkeypatch)
    learn, _, run, notes = track(tmp_path, ["online"])
    assert len(notes) == 1 and "cannot be reached" in notes[0] and "tracked offline" in notes[0]
    kept = read_offline(place(run)["directory"])
    assert list(kept["history"]["train_loss"]) == list(history(learn)["train_loss"])
    assert "samples" not in kept["pictures"], "wandb sync would send it"


def test_a_server_that_never_answers_is_waited_for_three_seconds(tmp_path, monkeypatch):
    with FakeWandb() as server:
        server.silent.set()
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        _, _, run, notes = track(tmp_path, ["online"], n_epoch=1)
    assert [path for _, path, _ in server.sent] == ["/healthz"]
    assert len(notes) == 1 and "no answer" in notes[0]
    assert place(run)["mode"] == "offline"


@pytest.mark.nightly
@pytest.mark.parametrize("how", ["silent", "closed"])
def test_a_server_that_dies_while_it_is_sent_to_ends_nothing(how, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    server = FakeWandb()
    monkeypatch.setenv("WANDB_BASE_URL", server.__enter__().url)
    begun = time.monotonic()
    process = start(train_while_it_dies, str(tmp_path))
    while not (tmp_path / "half way").exists():
        assert process.poll() is None
        time.sleep(0.05)
    server.silent.set() if how == "silent" else server.__exit__()
    (tmp_path / "go on").touch()
    assert process.wait(120) == 0
    assert time.monotonic() - begun < 100
    (said,) = json.loads((tmp_path / "notes.json").read_text())
    assert "did not take everything" in said and "wandb sync" in said
    (directory,) = (tmp_path / "wandb").glob("run-*")
    assert list(read_offline(directory)["history"]["a"]) == list(range(20))


def train_while_it_dies(root):
    root = Path(root)
    what = Tracked("SmallCNN Run 1", "classifier", root=root)
    with noted() as notes, tracked(TrackConfig("online"), what) as tracker:
        for step in range(20):
            tracker.log(dict(a=step), step)
            if step == 10:
                (root / "half way").touch()
                while not (root / "go on").exists():
                    time.sleep(0.05)
        tracker.lineage(MADE)
    (root / "notes.json").write_text(json.dumps(notes))


def test_a_run_of_the_user_is_neither_closed_nor_written_to(tmp_path):
    mine = wandb.init(mode="offline", dir=tmp_path, project="mine", settings=wandb.Settings(silent=True))
    mine.log(dict(a=1))
    _, _, run, _ = track(tmp_path, ["offline"], n_epoch=1)
    assert wandb.run is mine
    wandb.log(dict(a=2))
    directory = mine.settings.sync_dir
    wandb.finish()
    assert place(run)["id"] != mine.id
    kept = read_offline(directory)
    assert list(kept["history"]) == ["a"] and list(kept["history"]["a"]) == [1, 2]


def test_what_the_user_told_wandb_comes_first(tmp_path, monkeypatch):
    said = dict(PROJECT="p", ENTITY="e", RUN_GROUP="g", NAME="n", NOTES="text", JOB_TYPE="j", DIR=str(tmp_path / "w"))
    for name, value in {**said, "TAGS": "a,b", "SWEEP_ID": "s", "RUN_ID": "r"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    user = weights_biases.user_settings()
    found = weights_biases.run_settings(Tracked("X", "study", root=tmp_path, group="ours"), user, "offline")
    names = "project entity run_group run_name run_notes run_job_type root_dir".split()
    assert [getattr(found, name) for name in names] == list(said.values())
    assert (found.run_tags, found.sweep_id, found.run_id) == (("a", "b"), "s", "r")
    assert found.console == "off" and found.host == "" and found.program == ""


def test_a_resumed_run_goes_on_under_its_identity(tmp_path):
    _, _, run, _ = track(tmp_path, ["offline"], n_epoch=1)
    before = place(run)
    _, tracker, _, _ = track(tmp_path, ["offline"], n_epoch=1)
    assert place(run)["id"] == before["id"] and place(run)["directory"] != before["directory"]
    assert tracker.services[0].is_resumed
    assert place(run)["directories"] == [before["directory"], place(run)["directory"]]
    assert before["closed"] and place(run)["closed"]


@pytest.mark.parametrize(
    ("before", "mode", "holds"),
    [
        (dict(id="a", mode="offline", closed=True), "offline", True),
        (dict(id="a", mode="online", closed=True), "offline", True),
        (dict(id="a", mode="offline", closed=True), "online", False),  # it was never sent
        (dict(id="a", mode="offline", closed=False), "offline", False),  # it was killed
        (dict(id="a", mode="online"), "online", False),  # of an earlier version
        (dict(id="b", mode="offline", closed=True), "offline", False),  # WANDB_RUN_ID says another
        ({}, "offline", False),
    ],
)
def test_earlier_rows_are_told_again_unless_they_are_there(before, mode, holds):
    run = SimpleNamespace(id="a", settings=SimpleNamespace(mode=mode))
    assert weights_biases.holds_rows(before, run) is holds


def test_a_killed_run_is_told_again_when_it_is_resumed(tmp_path):
    _, _, run, _ = track(tmp_path, ["offline"], n_epoch=1)
    record = json.loads((run / "tracking.json").read_text())
    record["wandb"]["closed"] = False  # as a kill leaves it
    (run / "tracking.json").write_text(json.dumps(record))
    what = Tracked("SmallCNN Run 1", "classifier", root=tmp_path, folder=run)
    with tracked(TrackConfig("offline"), what) as tracker:
        assert not place(run)["closed"] and not tracker.services[0].is_resumed


@pytest.mark.nightly
def test_what_is_killed_and_resumed_is_whole(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_SERVICE", raising=False)  # its own, which ends with it
    process = start(train_until_killed, str(tmp_path))
    while not (tmp_path / "half way").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    learn, _, run, _ = track(tmp_path, ["offline"], n_epoch=3)
    assert len(place(run)["directories"]) == 2
    kept = read_offline(place(run)["directory"])
    assert list(kept["history"]["train_loss"]) == list(history(learn)["train_loss"])


def train_until_killed(root):
    root = Path(root)
    run = root / "classifiers" / "SmallCNN Run 1"
    run.mkdir(parents=True)
    what = Tracked("SmallCNN Run 1", "classifier", root=root, folder=run)
    with tracked(TrackConfig("offline"), what) as tracker:
        tracker.log(dict(train_loss=1.0), 0)
        (root / "half way").touch()
        time.sleep(600)


@pytest.mark.parametrize(
    ("said", "mode"),
    [("offline", "offline"), ("dryrun", "offline"), ("disabled", "off"), ("", "off"), (None, "off")],
)
def test_the_environment_chooses_where_nothing_is_said(said, mode, tmp_path, monkeypatch):
    if said is not None:
        monkeypatch.setenv("WANDB_MODE", said)
    assert check_tracking(None, tmp_path).track == mode
    assert check_tracking("off", tmp_path).track == "off"


def test_online_without_a_key_stays_here_and_says_so_once(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")
    dead(monkeypatch)  # another server, whose key nobody has
    with noted() as notes:
        config = check_tracking(None, tmp_path)
    assert config.track == "online"
    assert len(notes) == 1 and "no key for Weights & Biases was found" in notes[0]
    assert "images are left out" in notes[0]
    monkeypatch.setattr(weights_biases, "within", lambda *args: pytest.fail("a server was asked"))
    with noted() as notes:
        assert weights_biases.WandbService.open_online(service(tmp_path, config)) is None
    assert not notes


def service(root, config):
    found = object.__new__(weights_biases.WandbService)
    found.tracked, found.config = Tracked("X", "classifier", root=root), config
    return found


@pytest.mark.parametrize("key", ["short", "with a space" * 5, "local-" + "a" * 39])
def test_a_key_of_the_wrong_form_is_refused_and_not_shown(key, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", key)
    dead(monkeypatch)
    with pytest.raises(ValueError, match="wrong form") as caught:
        check_tracking("online", tmp_path)
    assert key not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "refusal"),
    [
        (dict(WANDB_MODE="sometimes"), "unknown mode in WANDB_MODE 'sometimes'; choose one of: offline"),
        (dict(WANDB_BASE_URL="nonsense"), "wandb refuses its settings .base_url"),
        (dict(WANDB_DIR="/proc/nowhere"), "WANDB_DIR: cannot write to /proc/nowhere .*; set it to another"),
        (dict(WANDB_MODE="shared"), "shared, which is not used here"),
    ],
)
def test_what_cannot_work_is_refused_before_work(variables, refusal, tmp_path, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises((ValueError, OSError), match=refusal) as caught:
        check_tracking(None if "WANDB_MODE" in variables else "offline", tmp_path / "results")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "results").exists()


def test_what_has_no_effect_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_DISABLED", "true")
    with noted() as notes:
        assert check_tracking(TrackConfig(track_images=True), tmp_path).track == "off"
        assert check_tracking("offline", tmp_path).track == "offline"
    assert ["track_images has no effect" in notes[0], "WANDB_DISABLED is set" in notes[1]] == [True, True]
    monkeypatch.setenv("WANDB_MODE", "online")
    assert check_tracking(None, tmp_path).track == "off"


def test_wandb_that_is_missing_is_named_with_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(weights_biases, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install wandb"):
        check_tracking("offline", tmp_path)


def test_a_service_that_fails_is_left_out_and_said_once(tmp_path, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(weights_biases.WandbService, "log", broken)
    with noted() as notes, tracked(TrackConfig("offline"), Tracked("X", "study", root=tmp_path)) as tracker:
        for step in range(3):
            tracker.log(dict(a=1), step)
    assert notes == ["Weights & Biases failed: RuntimeError: two lines; the run's own files are complete"]
    monkeypatch.setattr(weights_biases, "open_run", broken)
    with noted() as notes, tracked(TrackConfig("offline"), Tracked("X", "study", root=tmp_path)) as tracker:
        assert tracker.services == [] and isinstance(tracker, Tracker)
    assert len(notes) == 1 and "could not be opened" in notes[0]


def test_what_is_told_of_a_run_names_no_place_in_any_service(tmp_path):
    heard = []

    class Heard(Service):
        def log(self, *said):
            heard.extend(said)

        picture = table = summary = log

    tracker = Tracker([Heard(Tracked("X", "study"), TrackConfig())])
    tracker.log({"/home/anna/x": 1}, 0)
    tracker.picture("/home/anna/cells", picture(tmp_path / "x.png"))
    tracker.table("~anna/rows", [{"/home/anna/y": "a"}])
    tracker.summary({"cells": {"/home/anna/g": 0.5}})
    assert [x for x in heard if isinstance(x, (dict, list))] == [{"x": 1}, [{"y": "a"}], {"g": 0.5}]
    assert "anna" not in str([x for x in heard if not isinstance(x, Path)])


def test_nothing_is_printed(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with FakeWandb() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        track(tmp_path, ["online"], n_epoch=1)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
