# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .losses import gradient_penalty as gradient_penalty
from .losses import r1_penalty as r1_penalty
from .networks import DCCritic as DCCritic
from .networks import DCGenerator as DCGenerator
from .callbacks import GANCB as GANCB
from .train import GANS as GANS
from .train import GAN_LOSSES as GAN_LOSSES
from .train import GANSampler as GANSampler
from .train import gan_learner as gan_learner
from .train import load_gan as load_gan
from .train import plot_game as plot_game
from .train import train_gan as train_gan
