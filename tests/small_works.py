"""Small works of every kind, a second or so each: what tests kill, starve of room, and alter.

Each is a command; the same command goes on with it. `found` reads what came of it, without what differs from time
to time."""

import contextlib
import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

N_CLASSES, SIDE = 3, 8
TIMES = {"seconds", "seconds_with_generator", "time", "resumed", "command", "earlier"}  # in records
FOR_PEOPLE = ".png", ".html", ".md", ".lock", ".svg"  # endings of files whose bits rest on times, or on nothing
PASSING = ".tmp", ".old", ".part"  # endings of what no finished work leaves


def write_images(folder: Path) -> Path:
    "Write images of three classes, brighter ones in later classes, into a file such as people have."
    rng = np.random.default_rng(0)
    labels = np.arange(60) % N_CLASSES
    images = rng.integers(0, 120, (60, SIDE, SIDE), dtype=np.uint8) + (40 * labels[:, None, None]).astype(np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "dots.npz", images=images, labels=labels)
    return folder / "dots.npz"


def gan_augment(*words) -> tuple:  # exit code, what was said
    "Run the program in this process."
    from gan_augmentation.cli import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([str(word) for word in words])
    return code, said.getvalue()


@dataclass(frozen=True)
class Work:
    "A command, what it needs, and where it writes."

    words: str  # of the command: {inputs} and {out} are directories
    resumed: bool = False  # by --resume, where something was begun
    begins_with: str | None = None  # a directory among the inputs that is there before

    def typed(self, inputs: Path, out: Path) -> list:
        "Split into words; the names of directories may hold blanks."
        words = self.words.replace("{gan}", "{inputs}/gan/generators/DCGANDotsGenerator|Run|1").split()
        return [word.replace("|", " ").format(inputs=inputs, out=out) for word in words]

    def attempt(self, inputs: Path, out: Path) -> tuple:  # exit code, what was said
        "Begin it, or go on with it, as a user would."
        words = self.typed(inputs, out)
        if self.resumed and list(out.glob("*/* Run *")):
            code, said = gan_augment(*words, "--resume")
            if is_finished(out):
                return (0, said) if "no unfinished run" in said else (code, said)
            if "no unfinished run" not in said:
                return code, said
        return gan_augment(*words)

    def go(self, inputs: Path, out: Path):
        "Begin it, or go on with it, to a good end."
        code, said = self.attempt(inputs, out)
        assert code == 0, f"exit code {code}: {said}"


def is_finished(out: Path) -> bool:
    from gan_augmentation.core.directories import run_state

    return any(run_state(run) == "finished" for run in out.glob("*/* Run *"))


SMALL = "--dataset {inputs}/dots.npz --device cpu --quiet"
STUDY = "--classifier shallow --seeds 7 --steps 4 --pilots 1 --shares filled --proportions natural --no-robustness"
STUDY += " --recipe none --recipe flip --valid .25 --test .25 --no-retrain --device cpu --quiet"
GAN = "--generator dcgan --nz 8 --n-embed 4 --g-channels 4 --c-channels 2 --bs 12 --epochs 2"
WORKS = {
    "classifier": Work(
        f"train-classifier {SMALL} --network shallow --epochs 3 --bs 16 --results {{out}} --no-export", resumed=True
    ),
    "gan": Work(f"train-generator {SMALL} {GAN} --results {{out}} --no-export", resumed=True),
    "diffusion": Work(
        f"train-generator {SMALL} --generator ddpm --timesteps 50 --epochs 2 --results {{out}} --no-export",
        resumed=True,
    ),
    "set": Work(
        "augment {inputs}/dots.npz --generator {gan} --ratio 1 --filters critic=-1 --out {out}/set --device cpu -q",
    ),
    "study": Work(f"study {{inputs}}/dots.npz --generator gan:epochs=1 --out {{out}}/study {STUDY}"),
    "sweep": Work(
        "sweep {inputs}/dots.npz --search lr=1e-3,1e-2 --search bs=8,16 --network shallow --epochs 2 --trials 2 "
        "--startup 1 --out {out}/sweep --device cpu --quiet"
    ),
    "export": Work("export-onnx {out}/classifiers/ShallowDotsClassifier|Run|1", begins_with="classifier"),
}


def make_inputs(inputs: Path):
    "Make what works need: images, and a classifier and a generator that were trained on them."
    write_images(inputs)
    for name in ("classifier", "gan"):
        WORKS[name].go(inputs, inputs / name)


# what came of it


def found(out: Path) -> dict:  # name -> what is in it
    "Read all files of a directory but for what is for people, and without what differs from time to time."
    files = {numberless(path.relative_to(out).as_posix()): path for path in sorted(out.rglob("*")) if path.is_file()}
    skipped = *FOR_PEOPLE, *PASSING
    return {name: content(path) for name, path in files.items() if path.suffix not in skipped}


def numberless(text: str) -> str:
    "Take the number of a run out of a text: one that was killed before it began has a number, too."
    return re.sub(r" Run \d+", " Run", text)


def content(path: Path):
    "Read a file: numbers as they are, times not at all, of manifests the names only, and the digest of all else."
    if path.name == "manifest.json":
        return sorted(json.loads(path.read_text()))
    if path.suffix == ".json":
        return timeless(json.loads(path.read_text()))
    if path.suffix == ".jsonl" and path.name == "optuna.jsonl":
        return "a journal"  # what it holds is said by the files of the trials
    if path.suffix == ".csv":
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        return timeless(rows)
    if path.suffix == ".txt":
        return numberless(path.read_text(encoding="utf-8"))
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return {name: hashlib.sha256(arrays[name].tobytes()).hexdigest() for name in arrays.files}
    return hashlib.sha256(path.read_bytes()).hexdigest()


def timeless(record):
    "Take times out of a record, and the digests that rest on them."
    if isinstance(record, dict):
        return {k: timeless(v) for k, v in record.items() if k not in TIMES and not rests_on_times(k)}
    return [timeless(v) for v in record] if isinstance(record, list) else record


def rests_on_times(name: str) -> bool:
    return name in ("record_sha256", "manifest_sha256", "environment") or name.startswith("seconds")


def leftovers(out: Path) -> list:
    "List what no finished work leaves behind."
    names = [path.relative_to(out) for path in out.rglob("*")]
    return sorted(str(name) for name in names if name.name.endswith(PASSING) or {"work", "checkpoints"} & {*name.parts})
