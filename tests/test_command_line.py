"""Whatever is typed: the program ends with a code that it knows, says it in one line, and never hangs.

Hypothesis builds command lines from the program's own options. Each is run in this process, in an empty directory, up
to the border where work would start: the first training step, many generated images, tasks for workers, another
process, a connection to another machine. What does this work is replaced by a function that raises `Border`, which
nothing in the program catches; that it was reached is as good as an end with code 0."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import traceback
import warnings
from contextlib import contextmanager
from pathlib import Path

import pytest
import tomli_w
import torch
from conftest import EXE
from fastai.learner import Learner
from hostile import command_lines, copy_named, make_world
from hypothesis import HealthCheck, given, settings
from matplotlib.figure import Figure

from gan_augmentation import cli
from gan_augmentation.cli import app
from gan_augmentation.core import environment, tasks
from gan_augmentation.export.runtime import OnnxGenerator
from gan_augmentation.generators.sampler import Sampler

CODES = 0, 1, 2, 130, 143
SECONDS = 20  # of a processor
WAIT = 60  # seconds by the clock, on a machine that has other work
LONGEST = 2_000  # letters of a refusal
FEW = 16  # images that are generated, so that writing them is tried too
MEMORY = 6 * 2**30  # more than any of these needs


class Border(BaseException):
    "Here work would start."


def border(what):
    def stub(*args, **kwargs):
        if threading.current_thread() is not threading.main_thread():
            raise ConnectionRefusedError(what)  # what services do beside the work
        raise Border(what)

    return stub


def few_chunks(self, labels, seed, progress, options, whole=Sampler.make_chunks):
    "Generate few images, quickly; many are work."
    if len(labels) > FEW or self.passes(**options) > 1:
        raise Border("generation")
    return whole(self, labels, seed, progress, options)


def few_onnx(self, labels, *args, whole=OnnxGenerator.make, **kwargs):
    "Generate few images, quickly; many are work."
    if len(labels) > FEW:
        raise Border("generation")
    return whole(self, labels, *args, **kwargs)


def no_picture(self, file, **how):
    "Draw nothing, which takes no time."
    (file.write if hasattr(file, "write") else Path(file).write_bytes)(b"")


class Hang(BaseException):
    "It took too long before work started."


@contextmanager
def watched():
    "Raise `Hang` in what computes too long, or waits too long."

    def stop(number, frame):
        raise Hang(signal.Signals(number).name)

    clocks = {signal.SIGVTALRM: (signal.ITIMER_VIRTUAL, SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, WAIT)}
    before = {number: signal.signal(number, stop) for number in clocks}
    for clock, seconds in clocks.values():
        signal.setitimer(clock, seconds)
    try:
        yield
    finally:
        for number, (clock, _) in clocks.items():
            signal.setitimer(clock, 0)
            signal.signal(number, before[number])


@pytest.fixture(scope="module")
def borders(tmp_path_factory):
    "Put stubs where work starts, and give what is asked for no more memory than any of it needs."
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    environment()  # asks the system by another process, once
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "fit", border("training"))
        patch.setattr(tasks, "Parallel", border("tasks"))
        patch.setattr(Sampler, "make_chunks", few_chunks)
        patch.setattr(OnnxGenerator, "make", few_onnx)
        patch.setattr(torch.onnx, "export", border("export"))
        patch.setattr(Figure, "savefig", no_picture)
        patch.setattr(subprocess, "Popen", border("another process"))
        patch.setattr(socket, "getaddrinfo", border("network"))
        patch.setattr(socket.socket, "connect", border("network"))
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("WANDB_MODE", raising=False)
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
        yield
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    "What command lines name."
    folder = tmp_path_factory.mktemp("world") / "world"
    make_world(folder)
    return folder


def write_said(said):
    "Write a settings file, as JSON, and as TOML where that can hold it."
    with open("made.json", "w") as f:
        json.dump(said, f)
    try:
        text = tomli_w.dumps(said)
    except (TypeError, ValueError, AttributeError):  # no None there
        text = "version = 1\n"
    with open("made.toml", "w") as f:
        f.write(text)


def run_line(words):
    "Run a command line up to its end, or to the border of work; return the exit code, 0 at the border."
    with watched(), warnings.catch_warnings():
        try:
            return cli.main(words)
        except Border:
            return 0


def own_words(error) -> bool:
    "Tell an error that this package raised from one of a library or of the language, which says nothing to a user."
    if isinstance(error, (OSError, ImportError)) or hasattr(error, "format_message"):
        return True
    if app.is_memory(error) or str(error).startswith("Could not determine home directory"):
        return True  # which the program puts into words of its own
    frames = traceback.extract_tb(error.__traceback__)
    return "gan_augmentation" in frames[-1].filename and (frames[-1].line or "").startswith(("raise", "from", ")"))


def check_end(code, out, err):
    "Check how a command line ended: a code that it knows, and one line if it was refused."
    refusals = [line for line in err.splitlines() if line.startswith("gan-augment: ")]
    assert code in CODES and "Traceback" not in out + err and "a fault of the program" not in err
    assert len(refusals) == (code >= 2), err
    assert all(len(line) < LONGEST for line in refusals), err


@contextmanager
def fresh(folder, world, words, said):
    "Work in an empty directory with what a command line names."
    here = folder / "here"
    here.mkdir()
    os.chdir(here)
    try:
        copy_named(world, here, words, said)
        if said is not None:
            write_said(said)
        yield
    finally:
        os.chdir(folder)
        shutil.rmtree(here)


def check_line(line, world, folder, capsys):
    "Run one command line in a fresh directory, and check how it ended."
    words, said = line
    errors = []

    def explain(error, typed, whole=app.explain):
        errors.append(error)
        return whole(error, typed)

    with fresh(folder, world, words, said), pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "explain", explain)
        code = run_line(words)
    check_end(code, *capsys.readouterr())
    assert all(map(own_words, errors)), traceback.format_exception(errors[0])


@pytest.mark.parametrize(
    "words, code",
    [
        (["study", "tiny.npz", "--out", "new", "--generator", "gan:epochs=abc"], 2),
        (["data", "~nosuchuser"], 2),
        (["train-classifier", "--config", "deep.json"], 2),
        (["predict", "c.onnx", "good.png"], 0),
    ],
)
def test_the_same_in_a_process_of_its_own(world, tmp_path, words, code):
    with fresh(tmp_path, world, words, None):
        done = subprocess.run([EXE, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    check_end(code, done.stdout, done.stderr)


def try_lines(n, world, folder, capsys):
    "Try so many command lines; of one that fails, say the shortest."
    checks = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]

    @settings(max_examples=n, deadline=None, database=None, derandomize=n < 1000, suppress_health_check=checks)
    @given(command_lines())
    def attempt(line):
        check_line(line, world, folder, capsys)

    attempt()


def test_whatever_is_typed(borders, world, tmp_path, capsys):
    try_lines(300, world, tmp_path, capsys)


@pytest.mark.nightly
def test_whatever_is_typed_at_length(borders, world, tmp_path, capsys):
    try_lines(3_000, world, tmp_path, capsys)
