"Ctrl-C and SIGTERM at any moment of the program: one line, and the exit code that shells know."

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WAYS = {
    "installed": [Path(sys.executable).with_name("gan-augment")],
    "module": [sys.executable, "-m", "gan_augmentation.cli"],
}
SIGNALS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
TRAINING = "train-classifier --dataset fashion_mnist_mini --network shallow --epochs 9 --device cpu --quiet --no-export"


def heed_ctrl_c():
    "Have a process heed Ctrl-C, also where these tests run in the background and do not."
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop(command, place, number, seconds) -> tuple:  # exit code, what was said
    "Begin a training, and send it a signal."
    words = [*command, *TRAINING.split(), "--results", place]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c) as run:
        time.sleep(seconds)
        run.send_signal(number)
        said = run.communicate(timeout=60)[1]
    return run.returncode, said


def check(found, number, way="installed"):
    code, said = found
    by_signal = code == -number and way == "module"  # Python ends `-m` so, which a shell calls 130, too
    assert code == 128 + number or by_signal, said
    assert said.startswith(f"gan-augment: {SIGNALS[number]}") and said.count("\n") == 1


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_to_a_program_that_is_loaded_is_told_in_one_line(number, tmp_path):
    check(stop(WAYS["installed"], tmp_path, number, 0.25), number)


@pytest.mark.nightly
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("way", WAYS)
def test_a_signal_at_any_moment_is_told_in_one_line(way, number, tmp_path):
    for tenths in range(2, 21):
        check(stop(WAYS[way], tmp_path, number, tenths / 10), number, way)
