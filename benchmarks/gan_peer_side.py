"""torchgan's side of `gan_peer.py`: its Trainer is the same training with the same networks. Started by it, in
torchgan's own environment.

    python benchmarks/gan_peer_side.py FOLDER EPOCHS BS
"""

import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SHAPE, N_CLASSES, NZ, LR, BETAS = (1, 28, 28), 10, 64, 5e-4, (0.5, 0.999)


def import_torchgan():
    "Import torchgan's parts; its log for TensorBoard must be switched off before the others are imported."
    from torchgan.logging import backends

    backends.TENSORBOARD_LOGGING = 0
    from torchgan import losses, trainer

    return losses, trainer


def generator():
    from gan_augmentation.gans import DCGenerator

    return adapted(DCGenerator(SHAPE, N_CLASSES, NZ))


def critic():
    from gan_augmentation.gans import DCCritic

    return adapted(DCCritic(SHAPE, N_CLASSES))


def draw_noise(n, device):
    "Draw what the generator is given: noise and labels."
    return [torch.randn(n, NZ, device=device), torch.arange(n, device=device) % N_CLASSES]


def adapted(net):
    "Say what torchgan's Trainer wants to know of a network."
    net.encoding_dims, net.label_type, net.num_classes = NZ, "required", N_CLASSES
    net.sampler = draw_noise
    return net.to(memory_format=torch.channels_last)


def main(folder, epochs, bs):
    torchgan_losses, torchgan_trainer = import_torchgan()
    images = torch.load(folder / "images.pt", weights_only=True)
    labels = torch.load(folder / "labels.pt", weights_only=True)
    adam = {"name": torch.optim.Adam, "args": dict(lr=LR, betas=BETAS)}
    nets = {
        "generator": {"name": generator, "args": {}, "optimizer": adam},
        "discriminator": {"name": critic, "args": {}, "optimizer": adam},
    }
    losses = [
        torchgan_losses.MinimaxGeneratorLoss(),
        torchgan_losses.MinimaxDiscriminatorLoss(),
    ]

    def train(n, x, y, out):
        pairs = torch.utils.data.TensorDataset(x, y)
        loader = torch.utils.data.DataLoader(pairs, bs, shuffle=True, drop_last=True)
        trainer = torchgan_trainer.Trainer(
            nets,
            losses,
            device=torch.device("cpu"),
            epochs=n,
            sample_size=10,
            checkpoints=f"{out}/gan",
            recon=out,
        )
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            trainer(loader)
        return time.perf_counter() - start

    with tempfile.TemporaryDirectory() as out:
        train(1, images[: 4 * bs], labels[: 4 * bs], out)
        print(json.dumps(dict(seconds=train(epochs, images, labels, out))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
