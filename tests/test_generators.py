"Generators as their users meet them: on the command line, killed, asked for too much, watched by callbacks of others."

import json
import resource
import shutil
import time

import numpy as np
import pytest
import torch
from elsewhere import printed_by
from fastai.basics import Callback
from inside import run_inside

from gan_augmentation.augment import augment_dataset
from gan_augmentation.core import run_state
from gan_augmentation.data import ImageDataset, as_dataset, load_data
from gan_augmentation.gans import GAN_LOSSES, GANConfig, gan_learner, train_gan
from gan_augmentation.gans.defaults import fill_gan
from gan_augmentation.gans.train import gan_loaders
from gan_augmentation.generators import load_generator
from gan_augmentation.runs import resume_generator, write_images
from gan_augmentation.runs.generator import every_class

SMALL = (
    "train-generator --generator dcgan --dataset fashion_mnist_mini --subset 60 "
    "--epochs 6 --bs 32 --r1 0.05 --device cpu"
).split()
RUN_FILES = {
    *("config.json", "history.csv", "metrics.json", "curves.png", "samples.png", "model.txt"),
    *("samples", "model", "manifest.json"),
}
MODEL_FILES = {
    *("config.json", "weights.safetensors", "manifest.json", "README.md"),
    *("seen.npy", "critic.safetensors"),
}
METRICS = {
    *("train_loss", "critic_loss", "real_accuracy", "fake_accuracy"),
    *("generator_grad", "critic_grad", "diversity", "seconds"),
}


def weights(run):
    return (run / "model" / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, trained):
    "A run that was never interrupted."
    run, said = trained(tmp_path_factory.mktemp("undisturbed"), *SMALL)
    assert str(run) in said and "diversity" in said
    return run


def test_a_run_directory_holds_everything_that_will_be_asked(undisturbed):
    assert undisturbed.name == "DCGANFashionMNISTMiniGenerator Run 1"
    assert {p.name for p in undisturbed.iterdir() if not p.name.startswith(".")} == RUN_FILES
    assert {p.name for p in (undisturbed / "model").iterdir()} == MODEL_FILES
    record = json.loads((undisturbed / "config.json").read_text())
    assert record["asked"]["r1"] == record["settings"]["r1"] == 0.05
    assert record["asked"]["ema"] is None and record["settings"]["ema"] == 0.995
    assert record["data"]["train"]["n"] == 510 and "--subset 60" in record["command"]
    assert METRICS <= set(json.loads((undisturbed / "metrics.json").read_text()))
    assert not [p for p in undisturbed.rglob("*") if p.suffix in (".pkl", ".pth", ".pt")]


@pytest.mark.nightly
def test_a_killed_run_goes_on_with_its_own_settings_only(undisturbed, tmp_path, killed):
    run = killed(tmp_path, "epoch 1", 0.3, *SMALL)
    assert run_state(run) == "died"
    assert "died" in run_inside("runs", "--results", tmp_path).stdout
    again = ("--no-export", "--results", tmp_path, "--resume")
    other = run_inside(*SMALL[:-4], "--lr", "0.1", *again)
    assert other.returncode == 2 and "begun with lr 0.0005, not 0.1" in other.stderr
    foreign = run_inside(*SMALL, *again, "--target", "v")
    assert foreign.returncode == 2 and "--target is for diffusion models" in foreign.stderr
    done = run_inside(*SMALL, *again)
    assert done.returncode == 0, done.stderr
    assert weights(run) == weights(undisturbed)
    assert (run / "history.csv").read_text() == (undisturbed / "history.csv").read_text()


def test_a_run_does_not_go_on_with_other_images(undisturbed, tmp_path, data):
    later = shutil.ignore_patterns("metrics.json", "manifest.json", "model")
    run = shutil.copytree(undisturbed, tmp_path / undisturbed.name, ignore=later)
    done = run_inside("generate", run, "--per-class", "1", "--out", tmp_path / "x.png")
    assert done.returncode == 2 and "has no trained generator yet (died)" in done.stderr
    with pytest.raises(ValueError, match="not those that this run was begun with"):
        resume_generator(run, data=data)


def test_images_come_out_as_a_grid_as_arrays_and_as_folders(undisturbed, inside, tmp_path):
    for out, says in (
        ("grid.png", "30 images: grid.png"),
        ("made.npz", "30 images"),
        ("made", "30 images"),
    ):
        done = inside("generate", undisturbed, "--per-class", "3", "--out", out, "--seed", "7")
        assert done.returncode == 0 and says in done.stdout, done.stderr
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    gan, labels = load_generator(undisturbed, "cpu"), torch.arange(10).repeat_interleave(3)
    expected = gan.sample(labels, 7)
    with np.load(tmp_path / "made.npz") as f:
        assert np.array_equal(f["images"], expected.numpy())
        assert f["labels"].tolist() == labels.tolist()
    assert torch.equal(as_dataset(tmp_path / "made").images, expected)
    words = ("--results", undisturbed.parent.parent, "--labels", "0,4,9", "--truncation", "1")
    done = inside("generate", undisturbed.name, *words, "--out", "three.npz")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "three.npz") as f:
        assert np.array_equal(f["images"], gan.sample([0, 4, 9], truncation=1.0).numpy())


@pytest.mark.parametrize(
    "args, says",
    [
        ("", "--labels"),
        ("--labels 0 --per-class 1", "--labels"),
        ("--labels 10", "the classes are T-shirt/top"),
        ("--labels Hat", "the classes are T-shirt/top"),
        ("--per-class 0", "'--per-class'"),
        ("--per-class 1 --truncation 0", "'--truncation'"),
        ("--per-class 1 --truncation nan", "'--truncation'"),
        ("--per-class 1 --seed -1", "'--seed'"),
        ("--per-class 300 --out big.png", "is no picture"),
        ("--per-class 1 --out x.jpg", "give FILE.png"),
    ],
)
def test_images_that_cannot_be_had(undisturbed, refusal, tmp_path, args, says):
    assert says in refusal("generate", undisturbed, *args.split())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_not_written_into(undisturbed, refusal, tmp_path):
    (tmp_path / "made").mkdir()
    assert "made exists" in refusal("generate", undisturbed, "--per-class", "1", "--out", "made")
    said = refusal("generate", "Nothing Run 1", "--per-class", "1")
    assert "does not exist; give the directory of a run" in said


@pytest.mark.parametrize(
    "options, says",
    [
        ("--generator biggan", "gan, dcgan"),
        ("--loss mse", "bce, hinge, wgan, wgan-gp"),
        ("--n-critic 0", "'--n-critic'"),
        ("--bs 1", "bs is 1; it must be at least 2"),
        ("--bs 5101", "at most 5100"),
        ("--epochs 0", "'--epochs'"),
        ("--lr nan", "'--lr'"),
        ("--lr-ratio -1", "'--lr-ratio'"),
        ("--ema 2", "'--ema'"),
        ("--clip -1", "'--clip'"),
        ("--diff-augment zoom", "color, translation, cutout"),
        ("--smooth 0.9", "less than or equal to 0.5"),
        ("--smooth 0.1 --loss hinge", "choose the loss bce"),
        ("--g-condition film", "'embed', 'cbn'"),
        ("--c-condition film", "'projection', 'join'"),
        ("--precision fp8", "fp32"),
        ("--dataset fashion_mnist_mini_dcgan", "choose one of"),
        ("--dataset nowhere", "choose one of"),
        ("--resume", "start one without --resume"),
        ("--device abacus", "abacus"),
        ("--seed -1", "'--seed'"),
    ],
)
def test_a_training_that_cannot_be_is_refused_before_it_begins(refusal, tmp_path, options, says):
    assert says in refusal("train-generator", "--dataset", "fashion_mnist_mini", *options.split())
    assert not list(tmp_path.rglob("* Run *"))


def test_images_that_no_gan_can_learn_from(data):
    x, y = data.train.images[:40], torch.arange(40) % 10
    for images, labels, says in (
        (x[:, :, 2:], y, "26x28"),
        (x, torch.where(y == 3, 4, y).where(torch.arange(40) != 3, 3), "class 3 has 1 image"),
        (x, torch.full((40,), 0.5), "whole numbers"),
    ):
        with pytest.raises((ValueError, TypeError), match=says):
            train_gan((images, labels))
    with pytest.raises(ValueError, match="needs labels"):
        train_gan(ImageDataset(x, [0] * 40, data.train.classes))
    with pytest.raises(ValueError, match="without labels"):
        train_gan(x)


def test_a_loss_that_is_no_number_stops_the_training(inside, tmp_path):
    words = "--generator gan --dataset fashion_mnist_mini --subset 60 --epochs 40 --lr 1e30"
    done = inside("train-generator", *words.split())
    (run,) = (tmp_path / "results" / "generators").iterdir()
    assert done.returncode == 2 and "at step" in done.stderr
    assert run_state(run).startswith("stopped: the loss became")
    assert not (run / "model").exists()


def test_of_a_generator_that_broke_the_last_good_average_is_kept(tmp_path, data):
    class Ruin(Callback):
        def before_step(self):
            if self.train_iter == 70:
                self.model.generator.net[0].weight.grad.fill_(float("nan"))

    few = data.train.select(range(320))
    with pytest.raises(FloatingPointError, match="with the weights from before epoch 1"):
        train_gan(few, "gan", epochs=40, folder=tmp_path, device="cpu", cbs=Ruin())
    assert load_generator(tmp_path, "cpu").sample([0, 1]).float().std() > 0
    with pytest.raises(FloatingPointError, match="no longer finite"):
        train_gan(few, "gan", epochs=1, device="cpu", cbs=Spoil())


class Spoil(Callback):
    "A gradient that is not finite, in the last step, when no loss can show it any more."

    def before_step(self):
        if self.train_iter == 4:
            self.model.generator.net[0].weight.grad.fill_(float("inf"))


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json", "README.md"])
def test_an_altered_generator_is_refused(undisturbed, data, name, tmp_path):
    shutil.copytree(undisturbed, tmp_path / "run")
    path = tmp_path / "run" / "model" / name
    path.write_bytes(path.read_bytes()[:-1] + b"#")
    with pytest.raises(ValueError, match=f"{name} was altered"):
        augment_dataset(data, tmp_path / "run")


def test_what_a_generator_saw_decides_whom_it_may_augment_by_name(undisturbed, data):
    results = undisturbed.parent.parent
    few = load_data("fashion_mnist_mini", subset=60)
    augmented = augment_dataset(few, "dcgan", counts={"Coat": 2}, results=results)
    assert augmented.table().synthetic.sum() == 2
    with pytest.raises(FileNotFoundError, match="gan-augment train-generator --generator dcgan"):
        augment_dataset(data, "dcgan", results=results)


def ring(n=250, sd=0.06):
    "Two-pixel images around eight points on a ring; the label says which."
    angle, y = torch.arange(8) * torch.pi / 4, torch.arange(8).repeat(n)
    centres = 0.7 * torch.stack([angle.cos(), angle.sin()], 1)
    points = centres[y] + sd * torch.randn(len(y), 2, generator=torch.Generator().manual_seed(29))
    images = ((points.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).view(-1, 1, 2, 1)
    return ImageDataset(images, y, name="ring"), centres, sd


@pytest.mark.nightly
@pytest.mark.parametrize("loss", GAN_LOSSES)
def test_every_loss_with_its_defaults_covers_eight_of_eight_heaps(loss):
    ds, centres, sd = ring()
    start = time.perf_counter()
    gan = train_gan(ds, "gan", loss=loss, device="cpu")
    points = gan.sample(ds.labels, seed=1).view(-1, 2).float() / 127.5 - 1
    assert time.perf_counter() - start < 60
    off = points - centres[ds.labels]
    for c in range(8):
        mine = off[ds.labels == c]
        assert (mine.norm(dim=1) < 4 * sd).float().mean() >= 0.9, f"heap {c} is missed"
        assert mine.var(0).sum().sqrt() > sd * 2**0.5 / 5, f"heap {c} has collapsed"


def test_weights_and_biases_watches_gan_training(data, tmp_path, monkeypatch):
    import wandb
    from fastai.callback.wandb import WandbCallback

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    few = data.train.select(range(320))
    wandb.init(dir=tmp_path, project="test")
    loaders = gan_loaders(few, fill_gan(GANConfig(), few), "cpu")
    learn = gan_learner(loaders, cbs=WandbCallback(log_preds=False))
    learn.fit(2)
    summary = dict(wandb.run.summary)
    wandb.finish()
    assert np.isfinite(summary["critic_loss"]) and np.isfinite(summary["train_loss"])
    assert 0 < summary["diversity"] < 2


def write_few_and_many(path, folder):
    "Print how much memory was taken after 100 and after 4,000 images of each class."
    gan = load_generator(path, "cpu")
    for n in (100, 4000):
        write_images(gan, every_class(gan, n), f"{folder}/{n}.npz")
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_number_of_images(undisturbed, tmp_path):
    few, many = map(int, printed_by(write_few_and_many, str(undisturbed), str(tmp_path)).split())
    assert many - few < 64_000  # kB; the images alone are 31 MB, mapped from a file
