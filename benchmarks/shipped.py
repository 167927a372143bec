"""Turn the weights that `benchmarks/gpu.py` left into the generators that the pages load, in half precision.

    python benchmarks/shipped.py DIR    # DIR has fashion_mnist_dcgan.safetensors and fashion_mnist_tiny.safetensors
"""

import argparse
import json
from pathlib import Path

from safetensors import safe_open

from gan_augmentation.core.translate import translate_generator
from gan_augmentation.diffusion import DiffusionConfig, DiffusionSampler, build_unet, make_scheduler
from gan_augmentation.diffusion.unet import Denoiser
from gan_augmentation.gans import GANConfig, GANSampler
from gan_augmentation.gans.defaults import build_generator

SHIPPED = Path(__file__).resolve().parents[1] / "nbs/stored/generators"


def read(path: Path) -> tuple:  # weights, and what is known about them
    "Read weights with the description that was written beside them."
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["config"])
        weights = {name: file.get_tensor(name) for name in file.keys()}
    return weights, translate_generator(about)


def gan(weights: dict, about: dict) -> GANSampler:
    "Make a GAN of its weights."
    net = build_generator(GANConfig(**about["settings"]), tuple(about["shape"]), len(about["classes"]))
    net.load_state_dict(weights)
    return GANSampler(net.half(), about, "cpu")


def diffusion(weights: dict, about: dict) -> DiffusionSampler:
    "Make a diffusion model of its weights."
    config = DiffusionConfig(**about["settings"])
    net = Denoiser(build_unet(config.size, tuple(about["shape"]), len(about["classes"])))
    net.load_state_dict(weights)
    scheduler = make_scheduler(config.schedule, config.target, config.timesteps)
    return DiffusionSampler(net.half(), scheduler, about, "cpu")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what benchmarks/gpu.py has written")
    folder = parser.parse_args().folder
    gan(*read(folder / "fashion_mnist_dcgan.safetensors")).save(SHIPPED / "dcgan")
    diffusion(*read(folder / "fashion_mnist_tiny.safetensors")).save(SHIPPED / "diffusion")
