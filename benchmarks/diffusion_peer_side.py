"""denoising-diffusion-pytorch's side of `diffusion_peer.py`: its class-conditional U-Net and diffusion, trained
by the loop that its README shows. Started by it, in an environment of its own.

    python benchmarks/diffusion_peer_side.py speed FOLDER STEPS BS PRECISION
    python benchmarks/diffusion_peer_side.py train FOLDER SECONDS BS PRECISION N
"""

import json
import math
import sys
import time
from pathlib import Path

import torch
from denoising_diffusion_pytorch.classifier_free_guidance import GaussianDiffusion, Unet
from ema_pytorch import EMA

DIM = 14  # gives about as many parameters as our `tiny`
LR, WARMUP = 2e-3, 0.05  # ours


def build():
    "A U-Net with three levels, as ours; v and the cosine schedule, as ours; DDIM-50 without fresh noise."
    torch.manual_seed(0)
    net = Unet(DIM, num_classes=10, cond_drop_prob=0.1, dim_mults=(1, 2, 4), channels=1)
    return GaussianDiffusion(
        net,
        image_size=28,
        timesteps=1000,
        sampling_timesteps=50,
        objective="pred_v",
        ddim_sampling_eta=0.0,
    )


def rate(done):
    "Raise the learning rate and let it fall like a cosine, as ours does."
    if done < WARMUP:
        return done / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (done - WARMUP) / (1 - WARMUP)))


def fit(diffusion, images, labels, bs, precision, share):
    "Train until `share(step)`, the part that is done, reaches 1; return the moving average and the number of steps."
    opt = torch.optim.AdamW(diffusion.parameters(), lr=LR, weight_decay=0.0, fused=True)
    ema = EMA(diffusion, beta=0.999, update_every=1, update_after_step=0)
    step = 0
    while (done := share(step)) < 1:
        opt.param_groups[0]["lr"] = LR * rate(done)
        i = torch.randint(0, len(images), (bs,))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = diffusion(images[i], classes=labels[i])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
        opt.step()
        opt.zero_grad()
        ema.update()
        step += 1
    return ema.ema_model, step


def main(what, folder, amount, bs, precision, n=0):
    folder = Path(folder)
    images = torch.load(folder / "images.pt", weights_only=True)  # in [0,1]
    labels = torch.load(folder / "labels.pt", weights_only=True)
    diffusion = build()
    facts = dict(parameters=sum(p.numel() for p in diffusion.model.parameters()))
    fit(diffusion, images, labels, bs, precision, lambda step: step / 2)
    start = time.perf_counter()
    if what == "speed":
        fit(diffusion, images, labels, bs, precision, lambda step: step / amount)
        return print(json.dumps(dict(**facts, seconds=time.perf_counter() - start)))

    def spent(step):
        return (time.perf_counter() - start) / amount

    net, steps = fit(build(), images, labels, bs, precision, spent)
    facts.update(steps=steps, seconds=time.perf_counter() - start)
    start = time.perf_counter()
    made = sample(net.eval(), int(n) // 10, precision)
    torch.save(made, folder / "made.pt")
    print(json.dumps(dict(**facts, sampling_seconds=time.perf_counter() - start)))


def sample(net, per_class, precision):
    "Make as many images of every class with DDIM-50, without guidance."
    unet = net.model

    def conditional(x, t, classes, **kwargs):
        return unet(x, t, classes, cond_drop_prob=0.0), None

    # with a scale of 1 its own method returns one value where its sampler expects two
    unet.forward_with_cond_scale = conditional
    blocks = []
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        for y in torch.arange(10).repeat(per_class).split(100):
            blocks.append(net.ddim_sample(y, (len(y), 1, 28, 28), cond_scale=1.0))
    return torch.cat(blocks).float().clamp(0, 1).mul(255).round().byte()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
