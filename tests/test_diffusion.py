"Diffusion models as their users meet them: on the command line, killed, asked for too much, and read by diffusers."
import json, os, subprocess, sys

import numpy as np
import pytest
import torch

from gan_augmentation.augment import augment_dataset, load_training_data
from gan_augmentation.generators import load_generator
from gan_augmentation.data import load_data
from gan_augmentation.diffusion import train_diffusion
from gan_augmentation.data import ImageDataset
from gan_augmentation.core import run_state

SMALL = ("train-generator", "--generator", "ddpm", "--dataset", "fashion_mnist_mini", "--subset", "20", "--epochs", "12", "--bs", "16", "--device", "cpu", "--target", "x0")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, trained):
    "A run that was never interrupted."
    run, said = trained(tmp_path_factory.mktemp("undisturbed"), *SMALL)
    assert str(run) in said and "much_noise" in said
    return run


def test_a_run_directory_holds_everything_that_will_be_asked(undisturbed):
    assert undisturbed.name == "DDPMFashionMNISTMiniGenerator Run 1"
    assert {p.name for p in undisturbed.iterdir() if not p.name.startswith(".")} == {"config.json", "history.csv", "metrics.json", "curves.png", "samples.png", "samples", "model.txt", "model"}
    config, found = (json.loads((undisturbed/name).read_text()) for name in ("config.json", "metrics.json"))
    assert config["settings"]["target"] == "x0" and config["settings"]["ema"] and config["data"]["train"]["n"] == 170 and "--subset 20" in config["command"]
    assert {"train_loss", "little_noise", "some_noise", "much_noise", "seconds"} <= set(found)
    assert {p.name for p in (undisturbed/"model").iterdir()} == {"config.json", "manifest.json", "README.md", "seen.npy", "unet", "scheduler"}
    assert not [p for p in undisturbed.rglob("*") if p.suffix in (".pkl", ".pth", ".pt", ".bin", ".ckpt")]


@pytest.mark.nightly
@pytest.mark.parametrize("sign, wait", [("config.json", 0.), ("epoch 1", .3)])
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bits(undisturbed, tmp_path, trained, killed, sign, wait):
    run = killed(tmp_path, sign, wait, *SMALL)
    assert run_state(run) == "died"
    trained(tmp_path, *SMALL, "--resume")
    weights = lambda run: (run/"model"/"unet"/"diffusion_pytorch_model.safetensors").read_bytes()
    assert weights(run) == weights(undisturbed) and (run/"history.csv").read_text() == (undisturbed/"history.csv").read_text()


def test_images_are_made_by_any_sampler_and_are_those_of_the_library(undisturbed, program, tmp_path):
    net, labels = load_generator(undisturbed, "cpu"), torch.arange(10)
    for sampler, more, options in (("ddim", (), {}), ("ddpm", ("--guidance", "2"), dict(guidance=2.)), ("dpm++", ("--guidance", "2", "--interval", "0.2", "0.8", "--rescale", "0.5"), dict(guidance=2., interval=(.2, .8), rescale=.5)), ("ddim", ("--eta", "1"), dict(eta=1.))):
        done = program("generate", undisturbed, "--per-class", "1", "--out", "made.npz", "--seed", "7", "--sampler", sampler, "--steps", "3", *more)
        assert done.returncode == 0 and "10 images" in done.stdout, done.stderr
        with np.load(tmp_path/"made.npz") as f: assert np.array_equal(f["images"], net.sample(labels, 7, sampler=sampler, steps=3, **options).numpy())


def test_one_network_answers_to_two_names(undisturbed):
    results, few = undisturbed.parent.parent, load_data("fashion_mnist_mini", subset=20)
    added = augment_dataset(few, "ddim", counts={"Coat": 2}, results=results)
    assert added.table().synthetic.sum() == 2 and added.provenance["generator"]["config"]["generator"] == "ddim"
    assert torch.equal(added.images[-2:], load_generator(undisturbed).sample([4, 4], 0, sampler="ddim"))
    assert load_training_data("fashion_mnist_mini_ddim", subset=20, ratio=.06, results=results).train.synthetic.sum() == 10
    assert load_generator(undisturbed, generator="ddim").config["generator"] == "ddim"
    with pytest.raises(ValueError, match="choose one of: ddpm, ddim"): load_generator(undisturbed, generator="dcgan")
    with pytest.raises(FileNotFoundError, match="gan-augment train-generator --generator ddim"): augment_dataset(load_data("fashion_mnist_mini", subset=30), "ddim", results=results)


def test_diffusers_reads_what_we_write(undisturbed):
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UNet2DModel
    unet = UNet2DModel.from_pretrained(undisturbed/"model", subfolder="unet")
    assert unet.config.num_class_embeds == 11 and unet(torch.zeros(2, 1, 28, 28), 10, torch.tensor([3, 10])).sample.shape == (2, 1, 28, 28)
    for kind in (DDIMScheduler, DPMSolverMultistepScheduler): assert kind.from_pretrained(undisturbed/"model", subfolder="scheduler").config.prediction_type == "sample"


@pytest.mark.parametrize("args, says", [
    ("--steps 0", "steps is 0; it must be at least 1 and at most 1000"), ("--steps 1001", "at most 1000"), ("--guidance -1", "guidance is -1"), ("--guidance nan", "guidance is nan"), ("--sampler euler", "ddpm, ddim, dpm++, heun"),
    ("--eta 2 --sampler ddim", "eta is 2"), ("--eta 0.5", "choose ddim for it"), ("--interval 0.9 0.1", "give the smaller one first"), ("--rescale 2", "rescale is 2"), ("--precision fp16 --device cpu", "bf16 or fp32"), ("--truncation 1", "truncation"),
])
def test_images_that_cannot_be_had(undisturbed, refusal, tmp_path, args, says):
    assert says in refusal("generate", undisturbed, "--per-class", "1", *args.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options, says", [
    ("--size huge", "tiny, small, base"), ("--target score", "epsilon, x0, v"), ("--schedule sigmoid", "linear, cosine"), ("--loss hinge", "mse, l1, huber, min-snr"), ("--timesteps 0", "timesteps is 0"), ("--label-dropout 1", "label_dropout is 1"),
    ("--n-critic 2", "unknown setting 'n_critic'"), ("--target epsilon --zero-snr", "choose the target v or x0"), ("--bs 6000", "at most 5100"), ("--accumulate 0", "accumulate is 0"), ("--grad-clip -1", "grad_clip is -1"), ("--precision fp8", "fp32"), ("--ema 2", "ema is 2.0"),
])
def test_a_training_that_cannot_be_is_refused_before_it_begins(refusal, tmp_path, options, says):
    assert says in refusal("train-generator", "--generator", "ddpm", "--dataset", "fashion_mnist_mini", *options.split())
    assert not list(tmp_path.rglob("* Run *"))


def test_a_loss_that_is_no_number_stops_the_training(program, tmp_path):
    done = program("train-generator", "--generator", "ddim", "--dataset", "fashion_mnist_mini", "--subset", "20", "--epochs", "3", "--bs", "16", "--lr", "1e30")
    run, = (tmp_path/"results"/"generators").iterdir()
    assert done.returncode == 2 and "try a lower learning rate" in done.stderr and run_state(run).startswith("stopped: the loss became") and not (run/"model").exists()


def test_a_network_only_makes_images_like_those_it_saw(undisturbed):
    rgb = ImageDataset(torch.zeros(20, 3, 32, 32, dtype=torch.uint8), torch.arange(20) % 10)
    with pytest.raises(ValueError, match=r"makes images of \(1, 28, 28\)"): augment_dataset(rgb, load_generator(undisturbed))
    with pytest.raises(ValueError, match="trained without label dropout"): train_diffusion(load_data("fashion_mnist_mini").train.select(range(64)), epochs=1, label_dropout=0.).sample([0], guidance=1.5)


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_number_of_images(undisturbed, tmp_path):
    code = f"""
import resource
from gan_augmentation.generators import load_generator
from gan_augmentation.runs import write_images
from gan_augmentation.runs.generator import every_class
net = load_generator({str(undisturbed)!r}, "cpu")
for n in (13, 200):
    write_images(net, every_class(net, n), {str(tmp_path)!r} + f"/{{n}}.npz", sampler="ddim", steps=1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"""
    few, many = map(int, subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}).stdout.split())
    assert many - few < 32_000  # kB
