# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .config import DiffusionConfig as DiffusionConfig
from .config import DiffusionSampling as DiffusionSampling
from .noise import make_scheduler as make_scheduler
from .unet import SIZES as SIZES
from .unet import build_unet as build_unet
from .solvers import SOLVERS as SOLVERS
from .solvers import denoise as denoise
from .sampler import DiffusionSampler as DiffusionSampler
from .sampler import load_diffusion as load_diffusion
from .train import diffusion_learner as diffusion_learner
from .train import plot_denoising as plot_denoising
from .train import train_diffusion as train_diffusion
