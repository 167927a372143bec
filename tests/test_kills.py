"Killed at any file operation, and killed again, or on a full disk, a work ends with the bits of one left in peace."

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_works import WORKS

KILLING = Path(__file__).with_name("killing.py")
SAMPLE = {"classifier": 20, "gan": 18, "set": 12, "export": 4, "sweep": 40, "study": 330}  # every so many-th change
FULL = {"full classifier": 40, "full set": 12}


def kill(place, asked: dict) -> dict:  # work -> what came of it
    "Kill works in a process of its own, which has no threads."
    command = [sys.executable, "-W", "ignore", KILLING, place, json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return {found["work"]: found for found in map(json.loads, done.stdout.splitlines())}


def check(found: dict):
    "Show the first three of what went wrong."
    wrong = [f"{moment}: {how}" for moment, how in found["wrong"].items()]
    assert not wrong, f"{len(wrong)} of {found['moments']} moments: " + "\n".join(wrong[:3])
    assert found["moments"]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    return kill(tmp_path_factory.mktemp("sampled"), SAMPLE | FULL)


@pytest.mark.parametrize("work", SAMPLE)
def test_killed_here_and_there_it_ends_the_same(work, sampled):
    check(sampled[work])


@pytest.mark.parametrize("work", FULL)
def test_a_disk_that_is_full_here_and_there_is_one_line_and_the_end_is_the_same(work, sampled):
    check(sampled[work])


@pytest.mark.nightly
@pytest.mark.parametrize("work", WORKS)
def test_killed_at_every_file_operation_it_ends_the_same(work, tmp_path):
    check(kill(tmp_path, {work: 1})[work])
