"""torchgan's side of `gan_peer.py`: its Trainer plays the same game with the same networks. Started by it, in torchgan's own environment.

    python benchmarks/gan_peer_side.py FOLDER EPOCHS BS
"""
import contextlib, io, json, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import torch
import torchgan.logging.backends as backends

backends.TENSORBOARD_LOGGING = 0
from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
from torchgan.trainer import Trainer

from gan_augmentation.gans import DCCritic, DCGenerator

SHAPE, N_CLASSES, NZ, LR, BETAS = (1, 28, 28), 10, 64, 5e-4, (.5, .999)


def generator(): return told(DCGenerator(SHAPE, N_CLASSES, NZ))

def critic(): return told(DCCritic(SHAPE, N_CLASSES))

def told(net):
    "Say what torchgan's Trainer wants to know of a network."
    net.encoding_dims, net.label_type, net.num_classes = NZ, "required", N_CLASSES
    net.sampler = lambda n, device: [torch.randn(n, NZ, device=device), torch.arange(n, device=device) % N_CLASSES]
    return net.to(memory_format=torch.channels_last)


def main(folder, epochs, bs):
    images, labels = (torch.load(folder/f"{k}.pt", weights_only=True) for k in ("images", "labels"))
    adam = {"name": torch.optim.Adam, "args": dict(lr=LR, betas=BETAS)}
    with tempfile.TemporaryDirectory() as out:
        nets = {"generator": {"name": generator, "args": {}, "optimizer": adam}, "discriminator": {"name": critic, "args": {}, "optimizer": adam}}
        losses = [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()]
        def train(n, x, y):
            loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), bs, shuffle=True, drop_last=True)
            trainer = Trainer(nets, losses, device=torch.device("cpu"), epochs=n, sample_size=10, checkpoints=f"{out}/gan", recon=out)
            start = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()): trainer(loader)
            return time.perf_counter() - start
        train(1, images[:4*bs], labels[:4*bs])
        print(json.dumps(dict(seconds=train(epochs, images, labels))))


if __name__ == "__main__": main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
