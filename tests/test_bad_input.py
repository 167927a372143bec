"Every bad input ends in one clear error, before any work."

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_augmentation.augment import augment_dataset
from gan_augmentation.classifiers import load_classifier
from gan_augmentation.core import run_state
from gan_augmentation.data import ImageDataset, load_data, sources
from gan_augmentation.gans import train_gan
from gan_augmentation.generators import load_generator
from gan_augmentation.runs import evaluate_run, list_runs, train_generator, train_run

class Grey:
    "A sampler of grey images, which must not be asked in vain."

    def sample(self, labels, seed):
        return torch.full((len(labels), 1, 28, 28), 128, dtype=torch.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, data):
    "A generator that has hardly been trained, and its directory."
    few = data.train.select(range(300))
    return train_gan(few, epochs=1, device="cpu").save(tmp_path_factory.mktemp("saved") / "gan")


@pytest.mark.parametrize(
    "args, says",
    [
        (["data", "fashion_minst"], "choose one of: fashion_mnist, fashion_mnist_mini, cifar-10"),
        (["data"], "Missing argument"),
        (
            ["demo", "--classifier", "resnet"],
            "unknown network 'resnet'; choose one of: shallow, deep",
        ),
        (["demo", "--ratio", "nan"], "'--ratio': Input should be greater than or equal to 0"),
        (["demo", "--ratio", "inf"], "ratio is inf"),
        (["demo", "--seeds", "0"], "'--seeds': Input should be greater than or equal to 7"),
        (["demo", "--epochs", "zero"], "Invalid value"),
        (["demos"], "No such command"),
    ],
)
def test_the_program_says_it_in_one_line(program, args, says):
    done = program(*args)
    assert (
        done.returncode == 2
        and says in done.stderr
        and done.stderr.count("\n") == 1
        and "Traceback" not in done.stderr + done.stdout
    )


@pytest.mark.parametrize(
    "kw, exc, says",
    [
        (dict(ratio=-0.1), ValueError, "ratio is -0.1"),
        (dict(ratio=float("nan")), ValueError, "ratio is nan"),
        (dict(ratio=float("inf")), ValueError, "ratio is inf"),
        (dict(ratio="log2"), ValueError, "balance"),
        (dict(ratio=[1]), TypeError, "ratio must be a number"),
        (dict(counts={"Hat": 1}), ValueError, "there is no class 'Hat'"),
        (dict(counts={10: 1}), ValueError, "there is no class '10'"),
        (dict(counts={-1: 1}), ValueError, "there is no class '-1'"),
        (dict(counts={"Bag": 1, 8: 1}), ValueError, "name the class Bag twice"),
        (dict(counts={0: -1}), ValueError, "counts[0] is -1"),
        (dict(counts={0: 2.5}), TypeError, "whole number"),
        (dict(counts=[1, 2]), TypeError, "must be values by name"),
        (dict(seed=-1), ValueError, "seed is -1"),
        (dict(seed=1.5), TypeError, "whole number"),
    ],
)
def test_numbers_and_counts(data, kw, exc, says):
    with pytest.raises(exc) as e:
        augment_dataset(data, Grey(), **kw)
    assert says in str(e.value)


def test_names(data):
    for name in ("fashion", "fashion_mnist_wgan", "cifar-10_", ""):
        with pytest.raises((ValueError, FileNotFoundError), match="fashion_mnist_mini_dcgan"):
            augment_dataset(name)
    with pytest.raises(ValueError, match="choose one of: gan, dcgan"):
        augment_dataset(data, "stylegan")
    with pytest.raises(FileNotFoundError, match="is no saved generator"):
        augment_dataset(data, "./nowhere")


def test_data(data):
    x, y = data.train.images[:20], torch.arange(20) % 10
    for images, labels, exc, says in (
        (x[:0], y[:0], ValueError, "empty"),
        (x, y - 1, ValueError, "label -1"),
        (x, y[:-1], ValueError, "20 images but 19 labels"),
        (x, y + 0.5, TypeError, "whole numbers"),
        (x[0], y, ValueError, "labels"),
        (x.float() * 2, y, ValueError, r"\[0,1\]"),
        (torch.full(x.shape, float("nan")), y, ValueError, "finite"),
    ):
        with pytest.raises(exc, match=says):
            augment_dataset((images, labels), Grey())
    with pytest.raises(TypeError, match="a torch Dataset"):
        augment_dataset(None, Grey())


def test_nothing_but_a_saved_model_is_ever_replaced(data, saved, program, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("ten years")
    with pytest.raises(FileExistsError, match="something else"):
        load_generator(saved).save(precious)
    assert program("data", "fashion_mnist_mini", "--out", str(precious)).returncode == 2
    assert [p.name for p in precious.iterdir()] == ["thesis.txt"] and (
        precious / "thesis.txt"
    ).read_text() == "ten years"


def test_a_sampler_cannot_relabel_the_training_set(data):
    class Rude(Grey):
        def sample(self, labels, seed):
            return super().sample(labels.zero_(), seed)

    assert augment_dataset(data, Rude(), counts={"Coat": 3}).table().synthetic["Coat"] == 3


def test_synthetic_images_are_never_taken_for_real_ones(data):
    augmented = augment_dataset(data, Grey(), counts={"Coat": 3})
    for use in (
        lambda: augment_dataset(augmented, Grey()),
        lambda: load_data(augmented),
        lambda: train_gan(augmented, epochs=1),
    ):
        with pytest.raises(ValueError, match="only real images"):
            use()


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 28, 28)])
def test_images_of_another_size_or_channel_count(saved, shape):
    images = np.zeros((20, *shape), np.uint8)
    with pytest.raises(ValueError, match="makes images of"):
        augment_dataset((images, np.arange(20) % 10), saved)
    with pytest.raises(ValueError, match="expected"):
        augment_dataset((images, np.arange(20) % 10), Grey())


def test_another_number_of_classes(saved):
    with pytest.raises(ValueError, match="classes"):
        augment_dataset((np.zeros((20, 28, 28), np.uint8), np.arange(20) % 5), saved)


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "manifest.json"])
@pytest.mark.parametrize("harm", ["missing", "altered", "truncated", "empty"])
def test_a_damaged_generator_directory(data, saved, name, harm, tmp_path):
    for f in saved.iterdir():
        (tmp_path / f.name).write_bytes(f.read_bytes())
    raw = (tmp_path / name).read_bytes()
    if harm == "missing":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(
            dict(altered=raw[:-9] + b"#" + raw[-8:], truncated=raw[: len(raw) // 2], empty=b"")[
                harm
            ]
        )
    with pytest.raises((ValueError, FileNotFoundError)) as e:
        load_generator(tmp_path)
    assert str(tmp_path) in str(e.value) and (name in str(e.value) or name == "manifest.json")


def fake_fashion(root, damage):
    "Write four IDX files in torchvision's layout, one of them damaged."
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in sources.fashion_mnist.sha256:
        shape = (4, 28, 28) if "images" in name else (4,)
        content = (
            b"\0\0\x08"
            + bytes([len(shape)])
            + struct.pack(f">{len(shape)}i", *shape)
            + bytes(int(np.prod(shape)))
        )
        (raw / f"{name}.gz").write_bytes(damage(gzip.compress(content)))


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-12], lambda b: b[:30] + b"\xff\xff" + b[32:], lambda b: b, lambda b: b""],
    ids=["truncated", "altered", "other images", "empty"],
)
def test_a_damaged_data_file_is_named_and_the_cache_is_left_as_it_was(tmp_path, damage):
    fake_fashion(tmp_path, damage)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz is truncated or altered"):
        load_data("fashion_mnist", root=tmp_path)
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_an_altered_mini_set_is_refused(tmp_path, monkeypatch):
    damaged = dict(np.load(sources.ASSETS / "fashion_mnist_mini.npz"))
    damaged["test_images"][0, 0, 0] ^= 1
    np.savez_compressed(tmp_path / "fashion_mnist_mini.npz", **damaged)
    monkeypatch.setattr(sources, "ASSETS", tmp_path)
    with pytest.raises(ValueError, match="fashion_mnist_mini.npz is truncated or altered"):
        load_data("fashion_mnist_mini")


@pytest.fixture(scope="module")
def run(tmp_path_factory, data):
    "A classifier's run that has hardly been trained."
    return train_run(
        data,
        "shallow",
        dataset="fashion_mnist_mini",
        epochs=1,
        device="cpu",
        export=False,
        results=tmp_path_factory.mktemp("results"),
    )


@pytest.mark.parametrize(
    "options, says",
    [
        (
            "--network resnet",
            "unknown network 'resnet'; choose one of: shallow, deep, convolutional",
        ),
        ("--dataset fashion", "fashion_mnist_mini_dcgan"),
        ("--dataset fashion_mnist_mini_dcgan", "no dcgan trained on these"),
        ("--bs 0", "'--bs': Input should be greater than or equal to 1"),
        ("--bs 5101", "at most 5100"),
        ("--epochs 0", "'--epochs': Input should be greater than or equal to 1"),
        ("--epochs -3", "'--epochs': Input should be greater than or equal to 1"),
        ("--epochs 1.5", "Invalid value"),
        ("--lr nan", "'--lr': Input should be greater than or equal to 0"),
        ("--lr inf", "lr is inf"),
        ("--lr -1", "'--lr': Input should be greater than or equal to 0"),
        ("--wd nan", "'--wd': Input should be greater than or equal to 0"),
        ("--opt sgd", "'sgd' is not one of 'adamw', 'adam', 'rmsprop'"),
        ("--schedule cosine", "'cosine' is not one of 'one-cycle', 'constant'"),
        ("--patience 0", "'--patience': Input should be greater than or equal to 1"),
        ("--eval-every 0", "'--eval-every': Input should be greater than or equal to 1"),
        ("--monitor f2", "valid_loss"),
        ("--precision fp8", "fp32"),
        ("--augment zoom", "flip, shift, rotate, erase"),
        ("--augment mixup,cutmix", "mix"),
        ("--finetune 1", "starts from nothing"),
        ("--network efficientnet --augment flip", "add finetune"),
        ("--network efficientnet --backbone b7", "b0"),
        ("--backbone b0", "deep starts from nothing: leave it out"),
        ("--seed -1", "'--seed': Input should be greater than or equal to 0"),
        ("--subset 0", "subset is 0"),
        ("--subset half", "'--subset': 'half' is no number"),
        ("--subset 601", "601 images a class"),
        ("--valid-pct 1.5", "'--valid-pct': Input should be less than or equal to 1"),
        ("--ratio 1", "leave it out"),
        ("--resume", "start one without --resume"),
        ("--device abacus", "abacus"),
        ("--network shallow --dataset . ", "no"),
    ],
)
def test_a_training_that_cannot_be_is_refused_before_it_begins(refusal, tmp_path, options, says):
    assert says in refusal(
        "train-classifier", "--dataset", "fashion_mnist_mini", "--network", "deep", *options.split()
    )
    assert not list(tmp_path.rglob("* Run *"))


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_last_good_weights(
    inside, tmp_path
):
    words = "train-classifier --dataset fashion_mnist_mini --network shallow --epochs 2 --lr 1e30"
    done = inside(*words.split())
    last = done.stderr.replace("\r", "\n").splitlines()[-1]
    assert (
        done.returncode == 2
        and "the loss became nan at step" in last
        and "try a lower learning rate" in last
    )
    (run,) = (tmp_path / "results" / "classifiers").iterdir()
    assert run_state(run).startswith("stopped: the loss became nan")


@pytest.mark.parametrize("train", [train_run, train_generator])
def test_what_cannot_be_written_down_makes_no_run(data, tmp_path, train):
    with pytest.raises(TypeError, match="command must be the text that was typed"):
        train(data, results=tmp_path, command=object())
    assert not list(tmp_path.rglob("* Run *"))


@pytest.mark.parametrize("config", [None, 3])
def test_no_generator_is_refused_in_words(tmp_path, config):
    with pytest.raises(TypeError, match="config must be the name of a generator"):
        train_generator("fashion_mnist_mini", config, results=tmp_path)


def test_what_a_killed_writer_set_aside_is_no_run(tmp_path):
    (tmp_path / "classifiers" / ".Shallow Run 1.0123abcd.old").mkdir(parents=True)
    assert list_runs(tmp_path) == []


@pytest.mark.parametrize("harm", ["unwritable", "file", "full"])
def test_results_that_cannot_be_written_are_noticed_before_training(
    data, tmp_path, harm, monkeypatch
):
    results = tmp_path / "results"
    if harm == "full":
        monkeypatch.setattr(
            "shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000)
        )
    if harm == "file":
        results.write_text("in the way")
    if harm == "unwritable":
        results = Path("/proc/results")
    with pytest.raises(OSError, match="MB left" if harm == "full" else "cannot write to"):
        train_run("fashion_mnist_mini", "shallow", results=results)
    assert not list(tmp_path.rglob("* Run *"))


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "manifest.json"])
@pytest.mark.parametrize("harm", ["missing", "altered", "truncated", "empty"])
def test_a_damaged_run_is_refused_by_name(run, name, harm, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "model" / name
    raw = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(
            dict(altered=raw[:-9] + b"#" + raw[-8:], truncated=raw[: len(raw) // 2], empty=b"")[
                harm
            ]
        )
    for use in (load_classifier, evaluate_run):
        with pytest.raises((ValueError, FileNotFoundError)) as e:
            use(tmp_path / "run")
        assert str(tmp_path) in str(e.value) and (name in str(e.value) or name == "manifest.json")


def test_a_directory_that_is_no_run(refusal, tmp_path):
    for command, says in (
        (("evaluate", tmp_path), "missing"),
        (("predict", tmp_path, tmp_path / "x.png"), "missing"),
        (("evaluate", "Nothing Run 1"), "does not exist; give the directory of a run"),
    ):
        assert says in refusal(*command)


def test_a_run_knows_its_own_classes(run, data):
    few = data.test.select(range(30))
    with pytest.raises(ValueError, match="the classifier knows the classes T-shirt/top"):
        evaluate_run(run, ImageDataset(few.images, few.labels, [f"digit {i}" for i in range(10)]))
    with pytest.raises(ValueError, match="takes images of"):
        evaluate_run(run, (few.images[:, :, 2:], few.labels))


def test_files_that_are_no_image(run, refusal, tmp_path, data):
    good = Image.fromarray(data.test.images[0, 0].numpy())
    good.save(tmp_path / "good.png")
    raw = (tmp_path / "good.png").read_bytes()
    for name, content in (
        ("empty.png", b""),
        ("truncated.png", raw[: len(raw) // 2]),
        ("text.png", b"ten years"),
    ):
        (tmp_path / name).write_bytes(content)
        assert f"{name} cannot be read as an image" in refusal("predict", run, name)
    (tmp_path / "bare").mkdir()
    for path, says in (
        ("nothing.png", "nothing.png does not exist"),
        ("bare", "bare has no image files in it"),
    ):
        assert says in refusal("predict", run, path)


def test_of_an_animated_image_the_first_frame_is_used_and_that_is_said(
    run, inside, tmp_path, data
):
    first, second = (Image.fromarray(x) for x in data.test.images[:2, 0].numpy())
    first.save(tmp_path / "still.png")
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    still, moving = (
        inside("predict", run, name, "--top", "10") for name in ("still.png", "moving.gif")
    )
    assert moving.returncode == 0 and moving.stdout == still.stdout
    assert (
        moving.stderr == "note: moving.gif has 2 frames; the first one is used\n"
        and not still.stderr
    )
