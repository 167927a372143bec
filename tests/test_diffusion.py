"Diffusion models as their users meet them: on the command line, asked for too much, and read by diffusers."

import json
import resource

import numpy as np
import pytest
import torch
from elsewhere import printed_by

from gan_augmentation.augment import augment_dataset, load_training_data
from gan_augmentation.core import run_state
from gan_augmentation.data import ImageDataset, load_data
from gan_augmentation.diffusion import train_diffusion
from gan_augmentation.diffusion.sampler import DiffusionSampler
from gan_augmentation.generators import load_generator
from gan_augmentation.runs import write_images
from gan_augmentation.runs.generator import every_class

SMALL = (
    "train-generator --generator ddpm --dataset fashion_mnist_mini --subset 20 "
    "--epochs 4 --bs 16 --device cpu --target x0"
).split()


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    "Make ten images at once instead of 64: fewer are padded to so many, and cost as much."
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiffusionSampler, "chunk", 10)
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, trained):
    "A run that was never interrupted."
    run, said = trained(tmp_path_factory.mktemp("undisturbed"), *SMALL)
    assert str(run) in said and "high_noise" in said
    return run


def names(folder):
    "Names of the files in a folder, but for hidden ones."
    return {p.name for p in folder.iterdir() if not p.name.startswith(".")}


def test_a_run_directory_holds_everything_that_will_be_asked(undisturbed):
    assert undisturbed.name == "DDPMFashionMNISTMiniGenerator Run 1"
    files = "config.json history.csv metrics.json manifest.json curves.png samples.png samples model.txt model"
    assert names(undisturbed) == set(files.split())
    config = json.loads((undisturbed / "config.json").read_text())
    assert config["settings"]["target"] == "x0" and config["settings"]["ema"]
    assert config["data"]["train"]["n"] == 170
    assert "--subset 20" in config["command"]
    found = json.loads((undisturbed / "metrics.json").read_text())
    assert {"train_loss", "low_noise", "mid_noise", "high_noise", "seconds"} <= set(found)
    files = "config.json manifest.json README.md seen.npy unet scheduler"
    assert names(undisturbed / "model") == set(files.split())
    pickles = ".pkl", ".pth", ".pt", ".bin", ".ckpt"
    assert not [p for p in undisturbed.rglob("*") if p.suffix in pickles]


def test_images_are_made_by_any_sampler_and_are_those_of_the_library(
    undisturbed, inside, tmp_path
):
    net, labels = load_generator(undisturbed, "cpu"), torch.arange(10)
    for args, options in (
        ("--sampler ddim", dict(sampler="ddim")),
        ("--sampler ddpm --guidance 2", dict(sampler="ddpm", guidance=2.0)),
        (
            "--sampler dpm++ --guidance 2 --interval 0.2,0.8 --rescale 0.5",
            dict(sampler="dpm++", guidance=2.0, interval=(0.2, 0.8), rescale=0.5),
        ),
        ("--sampler ddim --eta 1", dict(sampler="ddim", eta=1.0)),
    ):
        asked = f"--per-class 1 --out made.npz --seed 7 --steps 3 {args}"
        done = inside("generate", undisturbed, *asked.split())
        assert done.returncode == 0 and "10 images" in done.stdout, done.stderr
        with np.load(tmp_path / "made.npz") as f:
            assert np.array_equal(f["images"], net.sample(labels, 7, steps=3, **options).numpy())


def test_one_network_answers_to_two_names(undisturbed):
    results, few = undisturbed.parent.parent, load_data("fashion_mnist_mini", subset=20)
    added = augment_dataset(few, "ddim", counts={"Coat": 2}, results=results)
    assert added.table().synthetic.sum() == 2
    assert added.provenance["generator"]["config"]["generator"] == "ddim"
    made = load_generator(undisturbed).sample([4, 4], 0, sampler="ddim")
    assert torch.equal(added.images[-2:], made)
    asked = dict(subset=20, ratio=0.06, results=results)
    assert load_training_data("fashion_mnist_mini_ddim", **asked).train.synthetic.sum() == 10
    assert load_generator(undisturbed, generator="ddim").config["generator"] == "ddim"
    with pytest.raises(ValueError, match="choose one of: ddpm, ddim"):
        load_generator(undisturbed, generator="dcgan")
    with pytest.raises(FileNotFoundError, match="gan-augment train-generator --generator ddim"):
        augment_dataset(load_data("fashion_mnist_mini", subset=30), "ddim", results=results)


def test_diffusers_reads_what_we_write(undisturbed):
    from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UNet2DModel

    model = undisturbed / "model"
    unet = UNet2DModel.from_pretrained(model, subfolder="unet")
    assert unet.config.num_class_embeds == 11
    x = torch.zeros(2, 1, 28, 28)
    assert unet(x, 10, torch.tensor([3, 10])).sample.shape == x.shape
    for kind in (DDIMScheduler, DPMSolverMultistepScheduler):
        scheduler = kind.from_pretrained(model, subfolder="scheduler")
        assert scheduler.config.prediction_type == "sample"


@pytest.mark.parametrize(
    "args, says",
    [
        ("--steps 0", "'--steps': Input should be greater than or equal to 1"),
        ("--steps 1001", "at most 1000"),
        ("--guidance -1", "'--guidance': Input should be greater than or equal to 0"),
        ("--guidance nan", "'--guidance': Input should be less than or equal to 100"),
        ("--sampler euler", "'euler' is not one of 'ddpm', 'ddim', 'dpm++', 'heun'"),
        ("--eta 2 --sampler ddim", "'--eta': Input should be less than or equal to 1"),
        ("--eta 0.5", "choose ddim for it"),
        ("--interval 0.9,0.1", "give the smaller one first"),
        ("--rescale 2", "'--rescale': Input should be less than or equal to 1"),
        ("--sampling-precision fp16 --device cpu", "bf16 or fp32"),
        ("--truncation 1", "truncation"),
    ],
)
def test_images_that_cannot_be_had(undisturbed, refusal, tmp_path, args, says):
    assert says in refusal("generate", undisturbed, "--per-class", "1", *args.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options, says",
    [
        ("--size huge", "'huge' is not one of 'tiny', 'small', 'base'"),
        ("--target score", "'score' is not one of 'epsilon', 'x0', 'v'"),
        ("--schedule sigmoid", "'sigmoid' is not one of 'linear', 'cosine'"),
        ("--loss hinge", "mse, l1, huber, min-snr"),
        ("--timesteps 0", "'--timesteps': Input should be greater than or equal to 50"),
        ("--label-dropout 1", "'--label-dropout': Input should be less than or equal to 0.99"),
        ("--n-critic 2", "--n-critic is for GANs, not for ddpm"),
        ("--target epsilon --zero-snr", "choose the target v or x0"),
        ("--loss min-snr --zero-snr", "choose the loss mse, l1 or huber"),
        ("--bs 6000", "at most 5100"),
        ("--accumulate 0", "'--accumulate': Input should be greater than or equal to 1"),
        ("--grad-clip -1", "'--grad-clip': Input should be greater than or equal to 0"),
        ("--precision fp8", "fp32"),
        ("--ema 2", "'--ema': Input should be less than or equal to 1"),
    ],
)
def test_a_training_that_cannot_be_is_refused_before_it_begins(refusal, tmp_path, options, says):
    command = f"train-generator --generator ddpm --dataset fashion_mnist_mini {options}"
    assert says in refusal(*command.split())
    assert not list(tmp_path.rglob("* Run *"))


def test_a_loss_that_is_no_number_stops_the_training(inside, tmp_path):
    command = "train-generator --generator ddim --dataset fashion_mnist_mini --subset 20 --epochs 3 --bs 16 --lr 1e30"
    done = inside(*command.split())
    (run,) = (tmp_path / "results" / "generators").iterdir()
    assert done.returncode == 2 and "try a lower learning rate" in done.stderr
    assert run_state(run).startswith("stopped: the loss became")
    assert not (run / "model").exists()


def test_a_network_only_makes_images_like_those_it_saw(undisturbed):
    rgb = ImageDataset(torch.zeros(20, 3, 32, 32, dtype=torch.uint8), torch.arange(20) % 10)
    with pytest.raises(ValueError, match=r"makes images of \(1, 28, 28\)"):
        augment_dataset(rgb, load_generator(undisturbed))
    few = load_data("fashion_mnist_mini").train.select(range(64))
    deaf = train_diffusion(few, epochs=1, label_dropout=0.0)
    with pytest.raises(ValueError, match="trained without label dropout"):
        deaf.sample([0], guidance=1.5)


def write_few_and_many(run, folder):
    "Print how much memory was taken after 13 and after 200 images of each class."
    net = load_generator(run, "cpu")
    for n in (13, 200):
        write_images(net, every_class(net, n), f"{folder}/{n}.npz", sampler="ddim", steps=1)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_number_of_images(undisturbed, tmp_path):
    few, many = map(int, printed_by(write_few_and_many, str(undisturbed), str(tmp_path)).split())
    assert many - few < 32_000  # kB
