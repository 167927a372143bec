"Whatever is altered in what was written: it is refused in one line that names it, or makes no difference."

import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from altering import alterations
from PIL import Image
from small_works import WORKS, content, found, gan_augment, make_inputs

from gan_augmentation.core.seals import read_manifest, save_record

FOR_PEOPLE = "README.md", "*.png", "report.html", "report.md", "*.lock", ".lock"  # nothing is read from these
CLASSIFIER = "classifier/classifiers/ShallowDotsClassifier Run 1"
GAN = "gan/generators/DCGANDotsGenerator Run 1"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    "Make one of everything; return its place, where it is altered, and a copy of it."
    place = tmp_path_factory.mktemp("world") / "here"
    make_inputs(place)
    for name in ("set", "sweep", "study"):
        WORKS[name].go(place, place)
    with np.load(place / "dots.npz") as arrays:
        Image.fromarray(arrays["images"][5]).save(place / "picture.png")
    leave_unfinished(place)
    shutil.copytree(place, place.parent / "pristine")
    return place


def leave_unfinished(place: Path):
    "Leave a study as it is before its last cells are there and its test labels are read."
    shutil.copytree(place / "study", place / "unfinished/study")
    folder = place / "unfinished/study"
    gone = ["study.json", "verdicts.json", "opened.json", "report.md", "report.html", "table.csv"]
    gone += [f"cells/{path.name}" for path in sorted((folder / "cells").iterdir())[:4]]
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    if (folder / "manifest.json").is_file():
        listed = read_manifest(folder)
        save_record(folder / "manifest.json", {name: digest for name, digest in listed.items() if name not in gone})


# what a user reads, and what comes of it


def reader(words: str, *results):
    "Make a reader: it runs a command, and returns its exit code, what was said, and what came of it."

    def read(place: Path):
        typed = [word.replace("|", " ").format(place=place) for word in words.split()]
        code, said = gan_augment(*typed)
        files = [path for name in results for path in sorted(place.glob(name))]
        return code, said, {path.name: content(path) for path in files} if code == 0 else None

    read.words = words.split()[0]
    return read


def goes_on(name: str, folder: str = ""):
    "Make a reader: the command that made something, once more."

    def read(place: Path):
        out = place / folder if folder else place
        code, said = gan_augment(*WORKS[name].typed(place, out))
        return code, said, found(out / name) if code == 0 else None

    read.words = f"{name} again"
    return read


CLASSIFIER_AT, GAN_AT = ("{place}/" + name.replace(" ", "|") for name in (CLASSIFIER, GAN))
MEASURE = "--metrics frechet --extractor pixel --n 12 --quiet --results {place}/more"
READERS = {
    CLASSIFIER: [
        reader(f"predict {CLASSIFIER_AT} {{place}}/picture.png --json"),
        reader(f"evaluate {CLASSIFIER_AT} --split valid --json"),
        reader("runs --results {place}/classifier --json"),
        reader(f"lineage {CLASSIFIER_AT} --json"),
    ],
    GAN: [
        reader(f"generate {GAN_AT} --per-class 1 --out {{place}}/made.npz --quiet", "made.npz"),
        reader("runs --results {place}/gan --json"),
        reader(f"lineage {GAN_AT} --json"),
        reader(f"augment {{place}}/dots.npz --generator {GAN_AT} --ratio 1 --out {{place}}/new -q", "new/labels.npy",
               "new/shards/*"),
        reader(f"measure {GAN_AT} {MEASURE}", "more/*/*/*.json"),
    ],
    "set": [
        goes_on("set"),
        reader("export {place}/set {place}/images.npz", "images.npz"),
        reader("train-classifier --dataset {place}/set --network shallow --epochs 1 --results {place}/more --no-export "
               "--quiet", "more/*/*/model/weights.safetensors"),
        reader(f"measure {{place}}/set --dataset {{place}}/dots.npz {MEASURE}", "more/*/*/*.json"),
        reader("lineage {place}/set --json"),
    ],
    "sweep": [goes_on("sweep"), reader("lineage {place}/sweep --json")],
    "study": [
        goes_on("study"),
        reader("lineage {place}/study --json"),
    ],
    "unfinished": [goes_on("study", "unfinished"), reader("lineage {place}/unfinished/study --json")],
}  # fmt: skip
DEAR = {  # readers that take seconds
    CLASSIFIER: [reader(f"export-onnx {CLASSIFIER_AT} --out {{place}}/again.onnx", "again.onnx")],
    GAN: [reader(f"export-onnx {GAN_AT} --out {{place}}/again.onnx", "again.onnx")],
    "study": [reader("report {place}/study", "study/table.csv", "study/verdicts.json", "study/study.json")],
    "exported": [
        reader("predict {place}/exported/model.onnx {place}/picture.png --json"),
        reader("evaluate {place}/exported/model.onnx --dataset {place}/dots.npz --split valid --json"),
        reader("lineage {place}/exported/model.onnx --json"),
    ],
}


def plain(said: str) -> str:
    "Take times out of what was said."
    said = re.sub(r'"(seconds|time)[^"]*": ("[^"]*"|[\d.]+)', "", said)
    return re.sub(r"\b\d+(\.\d+)? (seconds|s)\b", "", said)


@pytest.fixture(scope="module")
def expected(world):
    "What every reader says of what nobody altered."
    return {thing: [ask_afresh(read, world, thing) for read in readers] for thing, readers in READERS.items()}


def ask_afresh(read, world, thing):
    "Ask a reader of what nobody altered, and no reader before it went on with."
    answer = ask(read, world)
    restore(world, thing)
    return answer


def ask(read, world):
    "Ask a reader."
    try:
        return read(world)
    except Exception as e:
        return "raised", f"{type(e).__name__}: {e}", None


def restore(world: Path, thing: str):
    "Put a thing back as it was."
    shutil.rmtree(world / thing)
    shutil.copytree(world.parent / "pristine" / thing, world / thing)
    for name in ("new", "more"):
        shutil.rmtree(world / name, ignore_errors=True)
    for name in ("again.onnx", "made.npz", "images.npz"):
        (world / name).unlink(missing_ok=True)


def judge(altered: list, read, answer, before) -> str:  # what is wrong with it
    "Tell whether a reader noticed an alteration, or came to the same."
    (code, said, result), (code_before, said_before, result_before) = answer, before
    named = any(is_named(path, said) for path in altered)
    if code == "raised" or "Traceback" in said or "fault of the program" in said:
        return f"{read.words}: {said[-600:]}"
    if code in (1, 2) and named:
        return "" if last_line_only(said) or "altered" in said.lower() else f"{read.words} said several lines: {said}"
    if named and "altered" in said.lower():
        return ""
    if is_unfinished(said) and any(path.name == "manifest.json" for path in altered):
        return ""  # without it a run or a sweep is not finished: it is gone on with, to the same end
    other = differing(result, result_before)
    if code != code_before or other or not result and plain(said) != plain(said_before):
        return f"{read.words} ended with {code}, another result in {other}, and said {said[-300:]}"
    return ""


def is_unfinished(said: str) -> bool:
    "Tell whether something is said to be no finished one, or of which images alone could be compared."
    return any(words in said for words in ('"died"', "is not finished", '"images as written"'))


LISTS = "manifest.json", "set.json"  # without which a directory is not the one that it was


def is_named(path: Path, said: str) -> bool:
    "Tell whether a message names a file: itself, or the directory, or its manifest, in whose manifest it stands."
    if path.name in said or path.name in LISTS and path.parent.name in said:
        return True
    above = [folder for folder in path.parents if (folder / "manifest.json").is_file()]
    listing = [folder for folder in above if path.relative_to(folder).as_posix() in listed(folder / "manifest.json")]
    return any(str(folder) in said or f"{folder.name}/manifest.json" in said for folder in listing)


def listed(manifest: Path) -> list:
    "Read the names in a manifest, if it can be read."
    try:
        return list(read_manifest(manifest.parent))
    except ValueError:
        return []


def differing(one, other) -> list:
    "Name the results that differ."
    return sorted(name for name in {*(one or ()), *(other or ())} if (one or {}).get(name) != (other or {}).get(name))


def last_line_only(said: str) -> bool:
    return said.strip().count("gan-augment: ") == 1


def cases(world: Path, thing: str) -> list:  # of (files, name of the way, function)
    "List all ways to alter all files of a thing that are not for people only; of directories and files alike, three."
    alike = {}
    for path in sorted((world / thing).rglob("*")):
        if path.is_file() and not any(path.match(pattern) for pattern in FOR_PEOPLE):
            kind = re.sub(r", \d+", "", str(path.parent.relative_to(world)))
            many = path.parent.name in ("cells", "pilots")
            alike.setdefault((kind, path.suffix if many else path.name), []).append(path)
    files = [path for paths in alike.values() for path in paths[:: 1 + len(paths) // 3]]
    return [(altered, way, alter) for path in files for way, (altered, alter) in alterations(path, world).items()]


def alter_and_read(world: Path, thing: str, altered: list, way: str, alter, readers: list) -> list:
    "Alter a thing, and list what its readers, pairs of (reader, what it said before), did wrong."
    wrong = []
    for read, before in readers:
        restore(world, thing)
        alter()
        if problem := judge(altered, read, ask(read, world), before):
            wrong.append(f"{altered[0].relative_to(world)}, {way}: {problem}")
    restore(world, thing)
    return wrong


@pytest.mark.parametrize("thing", READERS)
def test_alterations_here_and_there_are_noticed_or_make_no_difference(thing, world, expected):
    luck, wrong = random.Random(thing), []
    for case in luck.sample(cases(world, thing), 10):
        which = luck.randrange(len(READERS[thing]))
        wrong += alter_and_read(world, thing, *case, [(READERS[thing][which], expected[thing][which])])
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong)


@pytest.mark.nightly
@pytest.mark.parametrize("thing", READERS)
def test_every_alteration_is_noticed_or_makes_no_difference(thing, world, expected):
    readers = list(zip(READERS[thing], expected[thing]))
    wrong = [line for case in cases(world, thing) for line in alter_and_read(world, thing, *case, readers)]
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong)


@pytest.mark.nightly
@pytest.mark.parametrize("thing", DEAR)
def test_what_takes_seconds_notices_alterations(thing, world):
    if thing == "exported" and not (world / thing).exists():
        assert gan_augment("export-onnx", world / CLASSIFIER, "--out", world / "exported/model.onnx")[0] == 0
        shutil.copytree(world / thing, world.parent / "pristine" / thing)
    chosen = cases(world, thing)
    readers = [(read, ask(read, world)) for read in DEAR[thing]]
    few = chosen if thing == "exported" else chosen[::7]
    wrong = [line for case in few for line in alter_and_read(world, thing, *case, readers)]
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong)
