# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .config import GANConfig as GANConfig
from .losses import gradient_penalty as gradient_penalty
from .losses import r1_penalty as r1_penalty
from .networks import DCCritic as DCCritic
from .networks import DCGenerator as DCGenerator
from .callbacks import GANCB as GANCB
from .defaults import GANS as GANS
from .defaults import GAN_LOSSES as GAN_LOSSES
from .sampler import GANSampler as GANSampler
from .sampler import load_gan as load_gan
from .train import gan_learner as gan_learner
from .train import plot_gan_training as plot_gan_training
from .train import train_gan as train_gan
