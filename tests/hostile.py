"""Command lines that nobody should type, and what they name: made from the program's own options, for
`test_command_line.py`."""

import json
import os
import shutil
import typing
from pathlib import Path

import numpy as np
import typer
from handmade import classifier as write_classifier
from handmade import generator as write_generator
from hypothesis import strategies as st
from PIL import Image

from gan_augmentation.cli import program
from gan_augmentation.cli.app import app
from gan_augmentation.core.settings import Settings

assert program.COMMANDS  # they are there
COMMANDS = typer.main.get_command(app).commands
OLD = Path(__file__).with_name("old_directories")
RUNS = {
    "run-c": "classifiers/ShallowGarments2x2Classifier Run 1",
    "run-c2": "classifiers/ShallowGarments2x2Classifier Run 2",
    "run-g": "generators/DCGANGarments8x8Generator Run 1",
    "run-d": "generators/DDPMGarments8x8Generator Run 1",
}
CLASSES = "Bag", "Sneaker", "Trouser"

# What a word may be, whatever it stands for
DIGITS = "9" * 5000  # Python reads no more than 4,300 at once
NUMBERS = ["0", "-1", "1", "2", "3", "7", "0.5", "-0.0", "1e-9", "1e308", "1e309", "-1e308", "nan", "inf", "-inf"]
NUMBERS += ["1000000", str(2**31), str(2**32), str(2**63), str(2**64), "1" + "0" * 400, DIGITS, "1_000", "٣", "0x10"]
TEXTS = ["", " ", "abc", "-", "--", "none", "None", "true", "~", "~nosuchuser", "~nosuchuser/x", "a=b", "=", ":"]
TEXTS += [",", "1,2,3", "0,0", "1,,2", "all", "nan,1", "a" * 300, "x" * 20_000, "é\u202e漢字🙂", "$HOME", "a\nb"]
TEXTS += ["../..", "gan:epochs=abc", "gan:epochs=1e308", "dcgan:nz=-1", "ddpm:size=huge", "gan:=", "gan:epochs"]
TEXTS += ["x=gan:lr=-1", "os:system", "timm:nosuch", "nosuch:thing", "Coat=100", "Bag=1", "Bag=abc", "Bag=1e308"]
TEXTS += ["confidence=abc", "confidence=nan", "topk=0", "flip=2", "shift=1e308", "recall:Hat", "frechet["]
TEXTS += ["frechet[classifier]", "(", "[", "lr=1..2", "lr=2..1:log", "bs=", "lr=0..1:log", "lr=nan..1", "bs=1,1"]
TEXTS += ["x=1,2", "http://[", "0x0", "5x"]
PLACES = ["images", "table.csv", "tiny.npz", "empty", "zero.npz", "text.csv", "noise.png", "good.png", "cut.png"]
PLACES += ["dir.onnx", "text.onnx", "odd.onnx", "c.onnx", "g.onnx", "set", "half set", "study", "nowhere"]
PLACES += ["nowhere/x", "new/x.png", "dangling", "loop", "pipe", "pipe.onnx", "pipe.csv", "pipe.png", "/dev/null"]
PLACES += ["good.toml", "deep.toml", "odd.npz", "text.npz", "wide.npz", "new.png", "new.npz", "results"]
PLACES += ["set/set.json", "zero images", "nul.csv", "latin.csv", "deep.json", "list.json", "bad.toml"]
PLACES += ["latin.toml", "big.json", "good.json", "dup.csv", "no images", *RUNS]

# What may well be right, by the name of a parameter
SETS = ["tiny.npz", "images", "table.csv"] * 2 + ["fashion_mnist_mini", "cifar-10", "fashion_mnist_dcgan", "set"]
ALL_RUNS = [*RUNS, "c.onnx", "g.onnx", *(Path(p).name for p in RUNS.values())]
PLAUSIBLE = dict(
    dataset=SETS,
    run=ALL_RUNS,
    against=["run-c", "run-c2"],
    what=["run-g", "run-d", "images", "tiny.npz", "study", "set", *ALL_RUNS],
    synthetic=["set"],
    folder=["study"],
    models=["c.onnx", "g.onnx", "run-c", "run-g"],
    files=["good.png", "images", "cut.png"],
    out=["new", "new.png", "new.npz", "set", "half set", "study", "new.onnx"],
    generator=["gan", "dcgan", "ddpm", "ddim", "run-g", "run-d", "g.onnx", "gan:epochs=3,loss=hinge", "x=run-g"],
    generators=["gan", "dcgan:epochs=3", "x=ddpm:size=tiny", "run-g", "mine=run-d", "set", "g.onnx"],
    labels=["Bag", "0,1", "Bag,Sneaker", "0"],
    per_class=["1", "2"],
    results=["results"],
    device=["cpu", "cpu", "cuda", "mps", "meta"],
    root=["empty"],
    config=["good.toml", "good.json", "made.toml", "made.json"],
    save_config=["new.toml", "new.json"],
    network=["shallow", "small_cnn", "run-c", "timm:resnet18"],
    classifiers=["shallow", "small_cnn", "run-c"],
    start=["run-c"],
    scheduler=["tcp://127.0.0.1:1", "abc"],
    push_to_hub=["me/it"],
    subset=["5", "0.5"],
    valid=["0.2", "images", "tiny.npz"],
    test=["0.2", "images", "tiny.npz"],
    groups=["^(.)", "label", "file"],
    resize=["8", "8x8"],
    channels=["1", "3"],
    depth=["8", "16"],
    ground=["white", "#808080"],
    real=["tiny.npz"],
    search=["lr=1e-4..1e-2:log", "bs=4,8", "augment=none/flip"],
    measure=["accuracy", "macro-f1", "recall:Bag+Sneaker"],
    recipes=["none", "flip", "flip+balanced-sampling"],
    filters=["none", "confidence=0.5", "agreement,novelty", "topk=2"],
    counts=["Bag=2", "balance", "log"],
    ratio=["1", "0.5", "balance"],
    ratios=["1", "0.5,1", "balance"],
    shares=["0.5", "filled", "filled,0.5"],
    proportions=["natural", "balanced"],
    seeds=["2", "7", "1,2"],
    sizes=["all", "5", "2,all"],
    metrics=["frechet", "kid,copies", "fid", "frechet[pixel]"],
    weights=["run-c"],
    augment=["flip", "flip,shift=1", "mixup=0.2"],
    diff_augment=["color", "color,cutout"],
    interval=["0.1,0.8"],
    mlflow=["http://127.0.0.1:1"],
    split=["train", "valid", "test"],
    fit=["crop", "pad", "stretch"],
    licence=["mit"],
)
MORE_NEEDED = dict(generate=["--labels", "Bag"], study=["--generator", "gan"])


def kind_of(parameter):
    "Find the type that a parameter is read as."
    found = getattr(parameter, "type_descriptor", None)
    kind = found.annotation if found is not None else str
    return typing.get_args(kind)[0] if typing.get_origin(kind) is list else kind


def around(low, high):
    "List numbers at the ends of a range, and beyond."
    ends = [x for x in (low, high) if x is not None]
    return [str(x + d) for x in ends for d in (0, 1, -1)]


def plausible_words(parameter) -> list:
    "List values of a parameter that may be right."
    kind = kind_of(parameter)
    known = PLAUSIBLE.get(parameter.name, [])
    if typing.get_origin(kind) is typing.Literal:
        return [str(x) for x in typing.get_args(kind)]
    if known:
        return known
    low, high = parameter.min, parameter.max
    if kind is int:
        return [str(int(x)) for x in (low or 0, (low or 0) + 1, (low or 0) + 2)]
    if kind is float:
        return [str(low or 0), str(min((low or 0) + 0.5, high or 10)), "0.001"]
    return ["1", "0.5", "flip", "Bag"]


def mad_words(parameter) -> list:
    "List values of a parameter that are at the border, or mad."
    return [*NUMBERS, *around(parameter.min, parameter.max), *TEXTS, *PLACES, *plausible_words(parameter)]


def values(parameter, mad: bool):
    "Draw what is typed for a parameter."
    if not mad:
        return st.sampled_from(plausible_words(parameter))
    listed = st.sampled_from(mad_words(parameter))
    return st.one_of(listed, listed, listed, st.text(max_size=20).filter(lambda t: "\0" not in t))


def sayings(names: list):
    "Draw what a settings file says: of known names, and of others, values of every type."
    number = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -1, 0, 10**30]))
    text = st.sampled_from([*TEXTS, *PLACES])
    leaf = st.one_of(st.none(), st.booleans(), number, text)
    deep = st.recursive(leaf, lambda x: st.lists(x, max_size=3) | st.dictionaries(text, x, max_size=3))
    value = st.one_of(leaf, deep)
    return st.dictionaries(st.sampled_from(names), value, max_size=4)


def all_settings(cls=Settings) -> list:
    "List the settings classes that there are."
    return [c for sub in cls.__subclasses__() for c in (sub, *all_settings(sub))]


KINDS = {c.kind: list(c.__dataclass_fields__) for c in all_settings() if c.kind}


@st.composite
def settings_files(draw, name: str):
    "Draw the content of a settings file for a command: sections, or what stands outside of them."
    options = [p.name for p in COMMANDS[name].params]
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=2, unique=True))
    own = draw(sayings([*options, "nonsense"]))
    said = dict(version=draw(st.sampled_from([1, 1, 1, 1, 2, 0, "1", None, 1.0, True])), **own)
    said |= {"command": name} if draw(st.booleans()) else {}
    for kind in kinds:
        said[kind] = draw(st.one_of(sayings(KINDS[kind]), sayings([*KINDS[kind], "nonsense"]), st.just(3)))
    return said


@st.composite
def command_lines(draw):
    "Draw a command line, and what the files made.toml and made.json say."
    name = draw(st.sampled_from(sorted(COMMANDS)))
    params = COMMANDS[name].params
    mad = draw(st.sampled_from([0, 1, 1, 2, 2, 3]))
    words, said = [name], None
    needed = [p for p in params if p.required]
    options = [p for p in params if not p.required]
    chosen = draw(st.lists(st.sampled_from(options), max_size=5, unique_by=lambda p: p.name)) if options else []
    for p in [*needed, *chosen]:
        is_mad = mad > 0 and draw(st.booleans())
        mad -= is_mad
        if getattr(p, "is_flag", False):
            words.append(draw(st.sampled_from([*p.opts, *p.secondary_opts])))
            continue
        value = draw(values(p, is_mad))
        words += [value] if p.param_type_name == "argument" else [p.opts[0], value]
        if p.name == "config" and value.startswith("made"):
            said = draw(settings_files(name))
    if draw(st.integers(0, 9)) != 7:  # mostly
        words += MORE_NEEDED.get(name, [])
    if draw(st.integers(0, 19)) == 13:  # rarely: a word is missing
        words.pop(draw(st.integers(0, len(words) - 1)))
    return words, said


def make_world(folder: Path):
    "Write what command lines name: images, tables, models, runs, a set, a study; good, odd, and damaged."
    folder.mkdir()
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (36, 8, 8), dtype=np.uint8), np.arange(36) % 3
    np.savez(folder / "tiny.npz", images=x, labels=y, classes=np.array(CLASSES))
    rows = ["file,label"]
    for i, (image, label) in enumerate(zip(x, y)):
        at = folder / "images" / CLASSES[label]
        at.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(at / f"{i}.png")
        rows.append(f"images/{CLASSES[label]}/{i}.png,{CLASSES[label]}")
    (folder / "table.csv").write_text("\n".join(rows))
    Image.fromarray(x[0]).save(folder / "good.png")
    write_models(folder)
    write_runs(folder)
    write_odd(folder, x, y)


def write_models(folder: Path):
    "Write exported models: good ones, and odd ones."
    write_classifier(folder / "c.onnx", list(CLASSES), (1, 8, 8))
    write_generator(folder / "g.onnx", list(CLASSES), (1, 8, 8))
    (folder / "text.onnx").write_text("no model")
    content = (folder / "c.onnx").read_bytes()
    (folder / "odd.onnx").write_bytes(content[: len(content) // 2])
    (folder / "dir.onnx").mkdir()


def write_runs(folder: Path):
    "Copy runs, a set and a study that an earlier version wrote."
    for name, run in RUNS.items():
        shutil.copytree(OLD / "results" / run, folder / "results" / run)
        (folder / name).symlink_to(folder / "results" / run)
    shutil.copytree(OLD / "sets/finished", folder / "set")
    shutil.copytree(OLD / "sets/unfinished", folder / "half set")
    shutil.copytree(OLD / "study", folder / "study")


def write_odd(folder: Path, x, y):
    "Write files that are not what their names say, or that nobody expects."
    (folder / "empty").mkdir()
    np.savez(folder / "zero.npz", images=x[:, :0, :0], labels=y)
    np.savez(folder / "wide.npz", images=np.zeros((12, 1, 5000), np.uint8), labels=np.arange(12) % 3)
    np.savez(folder / "odd.npz", pictures=np.array(["a", "b"]), labels=np.array([1.5, np.nan]))
    for name in ("text.npz", "text.csv", "noise.png", "bad.toml"):
        (folder / name).write_text("neither, this, nor = that [")
    (folder / "nul.csv").write_bytes(b"file,label\n\0\0,\0\n")
    (folder / "dup.csv").write_text("file,file,label\ngood.png,good.png,a\n")
    (folder / "latin.csv").write_bytes("file,label\ngood.png,Tür\n".encode("latin-1"))
    (folder / "latin.toml").write_bytes('version = 1\nout = "Tür"\n'.encode("latin-1"))
    (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:60])
    (folder / "no images" / "a").mkdir(parents=True)
    (folder / "no images" / "a" / "x.txt").write_text("x")
    (folder / "zero images" / "a").mkdir(parents=True)
    (folder / "zero images" / "a" / "x.png").write_bytes(b"")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    for name in ("pipe", "pipe.onnx", "pipe.csv", "pipe.png"):
        os.mkfifo(folder / name)
    (folder / "good.toml").write_text("version = 1\n")
    (folder / "good.json").write_text('{"version": 1}')
    (folder / "deep.json").write_text('{"version": 1, "gan": ' + "[" * 100_000 + "]" * 100_000 + "}")
    (folder / "deep.toml").write_text("version = 1\nx = " + "[" * 5000 + "]" * 5000)
    (folder / "list.json").write_text("[1, 2]")
    (folder / "big.json").write_text('{"version": ' + DIGITS + "}")


def is_wanted(name: str, text: str) -> bool:
    "Tell whether a command line needs something of the world."
    behind = dict(results=["Run ", "runs", "--resume", *RUNS], images=["table.csv"])
    return any(word in text for word in [name, *behind.get(name, [])])


def copy_named(world: Path, here: Path, words: list, said):
    "Copy to a directory what a command line names, so that what it does there harms no other."
    text = " ".join([*words, json.dumps(said, default=str, ensure_ascii=False)])
    for path in filter(lambda p: is_wanted(p.name, text), world.iterdir()):
        if path.is_symlink():
            target = os.readlink(path)
            os.symlink(os.path.relpath(target, world) if target.startswith("/") else target, here / path.name)
        elif path.is_dir():
            shutil.copytree(path, here / path.name)
        elif path.is_fifo():
            os.mkfifo(here / path.name)
        else:
            shutil.copyfile(path, here / path.name)
