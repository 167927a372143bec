"""One step of `gpu.py`, in a process of its own.

It gets ready, waits for its seconds on standard input, and writes down what it finds.
"""

import argparse
import json
import math
import re
import sys
import time
import traceback
from copy import copy, deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from fastai.basics import Callback, CancelFitException
from fastai.callback.schedule import combined_cos
from fastai.metrics import accuracy
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy

from gan_augmentation.classifiers import (
    CLASSIFIERS,
    build_classifier,
    classifier_learner,
    load_classifier,
    predict,
    save_classifier,
    train_classifier,
)
from gan_augmentation.classifiers.recipe import fit_classifier
from gan_augmentation.core import environment, normalize, pick_device, save_json, show_images
from gan_augmentation.core.bundles import save_arrays
from gan_augmentation.data import ImageDataset, dataloaders, load_data, split_data
from gan_augmentation.data.sources import dataset_info
from gan_augmentation.diffusion import train_diffusion
from gan_augmentation.diffusion.train import LR_WARMUP
from gan_augmentation.gans import train_gan

FOR_EVER = 10**6  # epochs of a training that is stopped by the clock
N, STEPS, CHUNK = 10_000, 50, 1000  # images that are measured, steps of DDIM, images at once
JUDGES = {
    "fashion_mnist": ("arch1", dict()),
    "cifar-10": ("vgg_like", dict(bs=128, epochs=20, augment="flip")),
}
ARMS = dict(network="arch1", bs=256, steps=3000)  # 15 passes over 51,000 images
PUPIL = dict(network="arch1", bs=256, steps=1500)  # learns from 10,000 generated images
DIFFUSION = dict(  # size -> images a step, highest learning rate, bytes of half-precision weights that are kept
    small=(512, 1e-3, 5e6),
    tiny=(512, 3e-3, 5e6),
)
GANS = dict(  # name -> generator, settings besides the defaults
    dcgan=("dcgan", {}),
    gan=("gan", {}),
    dcgan_wide=("dcgan", dict(g_channels=256, c_channels=128, bs=128)),
)
GAN_BYTES = 2e6  # of half-precision weights that are kept


def configure_compiler():
    "Compile a program for each size of batches, not a slower one for all; and as many as there are networks."
    torch._dynamo.config.automatic_dynamic_shapes = False
    torch._dynamo.config.recompile_limit = 64


def sync():
    "Wait for the GPU."
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class ClockCB(Callback):
    "Stop when time is up. With a schedule the pace is measured once; then all depends on the number of steps alone."

    order = 90  # after everything else

    def __init__(
        self,
        seconds: float,  # of training after the warm-up
        bs: int,  # images a step
        schedule=None,  # part of the way (0 to 1) -> learning rate; None: as it is
        warm: int = 50,  # steps of the warm-up
        probe: int = 100,  # steps after it in which the pace is measured
    ):
        self.seconds, self.bs, self.schedule, self.warm, self.probe = (
            seconds,
            bs,
            schedule,
            warm,
            probe,
        )

    def before_fit(self):
        self.n, self.total, self.spent, self.start = 0, None, 0.0, None
        self.began = time.perf_counter()

    def before_batch(self):
        if not self.training:
            return
        if self.n == self.warm:
            self.begin()
        if self.schedule and self.n == self.warm + self.probe:
            self.plan()
        if self.schedule:
            self.opt.set_hyper(
                "lr", self.schedule(min(1.0, self.n / self.total) if self.total else 0.0)
            )

    def begin(self):
        sync()
        self.start = time.perf_counter()

    def plan(self):
        sync()
        spent = time.perf_counter() - self.start
        self.total = self.n + max(1, int((self.seconds - spent) * self.probe / spent))

    def after_batch(self):
        if not self.training:
            return
        self.n += 1
        most = self.seconds * (1.2 if self.schedule else 1)
        late = self.n > self.warm and time.perf_counter() - self.start > most
        if late or self.total and self.n >= self.total:
            sync()
            self.spent = time.perf_counter() - self.start
            raise CancelFitException

    def facts(self):
        return dict(
            steps=self.n,
            bs=self.bs,
            seconds=round(self.spent, 2),
            warm_up_seconds=round(self.start - self.began, 2),
            warm_up_steps=self.warm,
            images_per_second=round((self.n - self.warm) * self.bs / self.spent),
        )


class Job:
    "What a step knows, and what it has found so far."

    def __init__(self, args):
        self.name, self.args, self.errors = args.job, args, []
        self.out, self.work, self.tiny = Path(args.out), Path(args.work), args.tiny
        self.device, self.data = pick_device("cpu" if args.tiny else None), load(args)
        self.train, self.deadline, self.began = 1.0, time.time() + 600, time.time()
        self.after = (
            0 if self.name == "speed" else 50
        )  # seconds that are wanted for what comes after training
        self.bs = 8 if self.tiny else None  # of everything, if it is given
        self.n, self.steps, self.chunk = (
            (20, 3, 10) if self.tiny else (min(N, len(self.data.train)), STEPS, CHUNK)
        )
        self.found = dict(
            job=args.job,
            dataset=args.dataset,
            data_sha256=self.data.train.sha256(),
            **{
                f"n_{split}": len(getattr(self.data, split)) for split in ("train", "valid", "test")
            },
            environment={**environment(), "cuda": torch.version.cuda},
            errors=self.errors,
        )

    def wait(self):
        "Wait until it is this step's turn."
        line = sys.stdin.readline()
        if not line:
            sys.exit("not needed")
        self.train, self.deadline = json.loads(line).values()
        self.began = time.time()

    def left(self):
        return self.deadline - time.time()

    def save(self, **more):
        "Write down what was found."
        self.found |= more | dict(seconds=round(time.time() - self.began, 1))
        save_json(self.out / f"{self.args.dataset}_{self.name}.json", finite(self.found))

    def attempt(self, f, *args, **kwargs):
        "Call a function; if that fails, note why and return None."
        try:
            return f(*args, **kwargs)
        except Exception:  # whatever it is, the other measurements go on
            self.errors.append(re.sub('File ".*/', 'File "', traceback.format_exc()))
            traceback.print_exc()

    def clock(self, bs, schedule=None, **kwargs):
        seconds = max(1.0, min(self.train, self.left() - self.after))
        return ClockCB(
            seconds, bs, schedule, **(dict(warm=2, probe=2) if self.tiny else {}) | kwargs
        )

    def judge(self):
        "Load the classifier that knows the real images, as soon as it is there."
        path = self.work / f"{self.args.dataset}_judge_model"
        while not (path / "manifest.json").exists() and self.left() > 20:
            time.sleep(0.5)
        return load_classifier(path, self.device)


def finite(x):
    "Replace numbers that JSON does not have by None."
    if isinstance(x, dict):
        return {k: finite(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [finite(v) for v in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x


def load(args):
    "Load a data set, or the part of it that is there."
    part = (
        Path(args.data) / f"{args.dataset}_part.npz"
    )  # train_images, train_labels, test_images, test_labels
    if not part.exists():
        if args.tiny:
            return load_data("fashion_mnist_mini", subset=20)
        return load_data(args.dataset, root=args.data, download=False)
    with np.load(part, allow_pickle=False) as f:
        arrays = {k: f[k] for k in f.files}
    classes = dataset_info(args.dataset).classes
    train, test = (
        ImageDataset(
            arrays[f"{split}_images"], arrays[f"{split}_labels"], classes, name=args.dataset
        )
        for split in ("train", "test")
    )
    return split_data(train, test=test, subset=20 if args.tiny else None)


def score(model, ds):
    "Count what a classifier gets right."
    right = predict(model, ds.images).argmax(1) == ds.labels
    by_class = {name: int(right[ds.labels == c].sum()) for c, name in enumerate(ds.classes)}
    return dict(hits=int(right.sum()), n=len(ds), hits_by_class=by_class, n_by_class=ds.counts)


def learn_from(job, ds, network, bs, steps, seed, **kwargs):
    "Train a classifier for so many steps."
    bs, steps = (job.bs, 5) if job.tiny else (bs, steps)
    loaders = dataloaders(ds, job.data.valid, bs=bs, n_batches=steps, seed=seed, device=job.device)
    return train_classifier(loaders, network, epochs=1, seed=seed, metrics=[accuracy], **kwargs)


def picture(images, labels, classes, path, rows=5):
    "Draw the first images of each class, unselected."
    chosen = torch.stack(
        [torch.where(labels == c)[0][:rows] for c in range(len(classes))], 1
    ).flatten()
    show_images(
        images[chosen],
        [*classes, *[""] * (len(chosen) - len(classes))],
        ncols=len(classes),
        size=0.5,
        path=path,
    )


# Steps


def judge(job):
    "Train the judge on all real training images, and keep it for the other steps."
    network, settings = JUDGES[job.args.dataset]
    settings = dict(settings)
    bs = settings.pop("bs", CLASSIFIERS[network].bs)
    job.wait()
    begin = time.perf_counter()
    loaders, shorter = (
        job.data.dataloaders(bs=job.bs or bs, device=job.device),
        dict(epochs=1) if job.tiny else {},
    )
    learn = train_classifier(loaders, network, seed=0, metrics=[accuracy], **settings | shorter)
    sync()
    seconds = time.perf_counter() - begin
    save_classifier(learn, job.work / f"{job.args.dataset}_judge_model", network, job.data.train)
    job.save(
        network=network,
        bs=bs,
        settings=settings,
        seed=0,
        training_seconds=round(seconds, 2),
        valid=score(learn, job.data.valid),
        test=score(learn, job.data.test),
    )


def diffusion(job, seed=0):
    "Train a diffusion model, and measure it."
    bs, lr, limit = DIFFUSION[job.name]
    bs, size = (job.bs, "tiny") if job.tiny else (bs, job.name)
    schedule = combined_cos(LR_WARMUP, lr / 25, lr, lr / 100)
    settings = dict(size=size, bs=bs, lr=lr, epochs=FOR_EVER, seed=seed, device=job.device)

    def train(clock, compiled):
        data = job.data.train
        return train_diffusion(data, "ddim", compile=compiled, cbs=clock, **settings)

    def make(sampler, labels, seed, steps):
        return images_of(job, sampler, labels, seed, sampler="ddim", steps=steps)

    def prepare():  # compile while others work
        use_graphs(job.device.type == "cuda")
        clock = ClockCB(1, bs, warm=8, probe=12)
        train(clock, True)
        return clock.facts()

    prepared = None if job.args.no_compile else job.attempt(prepare)
    compiled = prepared is not None
    print("ready", prepared, flush=True)
    job.wait()
    clock = job.clock(bs, schedule)
    sampler = job.attempt(train, clock, compiled)
    if sampler is None:  # once more, without compilation
        compiled, clock = False, job.clock(bs, schedule)
        sampler = train(clock, False)
    graphs = compiled and torch._inductor.config.triton.cudagraphs
    job.save(
        generator="ddim",
        seed=seed,
        compiled=compiled,
        cuda_graphs=graphs,
        **trained(sampler, clock),
    )
    measure(job, sampler, make, limit, dict(sampler="ddim", steps=job.steps))


def use_graphs(on):
    "Compile anew, and launch all kernels of a network at once or one by one."
    if torch._inductor.config.triton.cudagraphs != on:
        torch._dynamo.reset()
    torch._inductor.config.triton.cudagraphs = on


def gan(job, seed=0):
    "Train a GAN, and measure it."
    generator, settings = GANS[job.name]
    job.wait()
    settings = {**settings, **(dict(bs=job.bs) if job.tiny else {})}
    clock = job.clock(settings.get("bs", 64))
    sampler = train_gan(
        job.data.train,
        generator,
        epochs=FOR_EVER,
        seed=seed,
        device=job.device,
        cbs=clock,
        **settings,
    )
    job.save(generator=generator, seed=seed, given=settings, **trained(sampler, clock))
    measure(
        job,
        sampler,
        lambda sampler, labels, seed, steps: images_of(job, sampler, labels, seed),
        GAN_BYTES,
        {},
    )


def trained(sampler, clock):
    "Describe a training."
    n = sum(p.numel() for p in sampler.net.parameters())
    losses = sampler.history.round(5).to_dict("list")
    return dict(config=sampler.config, parameters=n, training=clock.facts(), losses=losses)


def labels_of(job, n):  # the classes in turn
    k = len(job.data.train.classes)
    return torch.arange(k).repeat(-(-n // k))[:n]


def images_of(job, generator, labels, seed, **options):
    "Make images, many at once."
    generator.chunk = job.chunk
    return generator.sample(labels, seed, **options)


def measure(job, sampler, make, limit, options):
    "Time the sampling, judge and draw the images, keep small weights, and make more images for the arms."
    labels, known, classes = labels_of(job, job.n), job.judge(), job.data.train.classes
    make(sampler, labels[: job.chunk], 9, 2)  # to warm up
    sync()
    begin = time.perf_counter()
    images = make(sampler, labels, 1, job.steps)
    seconds = time.perf_counter() - begin
    made = ImageDataset(images, labels, classes, name="generated")
    pace = len(images) / seconds
    facts = dict(
        n=len(images),
        seed=1,
        chunk=job.chunk,
        seconds=round(seconds, 2),
        images_per_second=round(pace, 1),
    )
    job.save(sampling=facts | options, gan_test=score(known, made))
    job.attempt(picture, images, labels, classes, job.out / f"{job.args.dataset}_{job.name}.png")
    job.save(weights=job.attempt(keep, job, sampler, limit, make, known))
    if job.left() > 15:
        begin = time.perf_counter()
        pupil = job.attempt(learn_from, job, made, **PUPIL, seed=0)
        seconds = round(time.perf_counter() - begin, 2)
        if pupil:
            job.save(pupil=PUPIL, pupil_seconds=seconds, gan_train=score(pupil, job.data.valid))
    if job.args.more and job.name != "tiny":
        job.attempt(more, job, sampler, make, images, labels, pace)
    job.save()


def keep(job, sampler, limit, make, known):
    "Save the weights in half precision if they are small, and see whether their images are as good."
    half = {
        k: v.detach().half() if v.is_floating_point() else v
        for k, v in sampler.net.state_dict().items()
    }
    size, labels = (
        sum(v.numel() * v.element_size() for v in half.values()),
        labels_of(job, job.chunk),
    )
    if size > limit:
        return dict(bytes=size, kept=False)
    path = job.out / f"{job.args.dataset}_{job.name}.safetensors"
    metadata = dict(config=json.dumps(finite(sampler.config)))
    save_file({k: v.cpu().contiguous() for k, v in half.items()}, path, metadata)
    twin = copy(sampler)
    twin.net = deepcopy(sampler.net)
    twin.net.load_state_dict(
        {k: v.float() if v.is_floating_point() else v for k, v in half.items()}
    )
    full, rounded = (make(s, labels, 2, job.steps) for s in (sampler, twin))
    scores = [score(known, ImageDataset(x, labels, sampler.classes)) for x in (full, rounded)]
    difference = (full.float() - rounded.float()).abs().mean().item()  # of 255
    return dict(
        bytes=size,
        kept=True,
        mean_difference=difference,
        gan_test_fp32=scores[0],
        gan_test_fp16=scores[1],
    )


def more(job, sampler, make, images, labels, rate):
    "Make as many images as there are real ones, with fewer steps if time is short, and leave them for the arms."
    n, room = len(job.data.train) - len(images), min(job.left() - 15, 45)
    steps = job.steps
    if n / rate >= room and n:
        steps = max(1, int(job.steps * room * rate / n))
    if n and steps >= min(10, job.steps):
        begin, labels_more = time.perf_counter(), labels_of(job, n)
        images, labels = (
            torch.cat([images, make(sampler, labels_more, 3, steps)]),
            torch.cat([labels, labels_more]),
        )
        job.save(more=dict(n=n, seed=3, steps=steps, seconds=round(time.perf_counter() - begin, 2)))
    save_arrays(
        job.work / f"{job.args.dataset}_made_{job.name}.npz",
        images=images.numpy(),
        labels=labels.numpy(),
    )


def join(real, made):
    "Put real and generated images into one set."
    images = torch.cat([real.images, made.images])
    return ImageDataset(images, torch.cat([real.labels, made.labels]), real.classes)


def plans_of(real, made):
    "List what classifiers are trained on: name of the arm -> (images, settings)."
    flip = dict(augment="flip")
    plans = {"real": (real, {})}
    plans |= {f"real + {k}": (join(real, ds), {}) for k, ds in made.items()}
    plans["real, flip"] = real, flip
    if "small" in made:
        plans["real + small, flip"] = join(real, made["small"]), flip
    return plans | {f"only {k}": (ds, {}) for k, ds in made.items()}


def arms(job):
    "Train a classifier with and without generated images, with one seed."
    seed, real = int(job.name.partition("-")[2]), job.data.train
    job.wait()
    made = {}
    for name in ("small", *GANS):
        file = job.work / f"{job.args.dataset}_made_{name}.npz"
        if file.exists():
            with np.load(file) as f:
                made[name] = ImageDataset(f["images"], f["labels"], real.classes)
    plans = plans_of(real, made)
    fitted, found, longest = {}, {}, 0
    for arm, (ds, options) in plans.items():
        if job.left() < 1.3 * longest + 5:
            job.errors.append(f"no time for {arm}")
            continue
        begin = time.perf_counter()
        learn = job.attempt(learn_from, job, ds, **ARMS, seed=seed, **options)
        if learn is None:
            continue
        sync()
        longest = max(longest, seconds := time.perf_counter() - begin)
        fitted[arm], found[arm] = (
            learn,
            dict(n=len(ds), seconds=round(seconds, 2), valid=score(learn, job.data.valid)),
        )
        job.save(seed=seed, given=ARMS, arms=found)
    for arm, learn in fitted.items():
        found[arm]["test"] = score(learn, job.data.test)
    job.save()


def speed(job):
    "Measure images a second."
    job.wait()
    rows, on_gpu = [], job.device.type == "cuda"
    job.save(rows=rows)

    def add(what, f, **facts):
        if job.left() < 12 and not job.tiny:
            return job.errors.append(f"no time for {what} {facts}")
        found = job.attempt(f)
        if found is not None:
            rows.append(dict(what=what, **facts, **found))
        job.save()

    for precision, compiled in (("bf16", False), ("bf16", True), ("fp32", False)):
        if compiled and job.args.no_compile:
            continue
        facts = dict(precision=precision, compiled=compiled)
        for size in ("small", "tiny"):
            add(f"{size} diffusion", partial(diffusion_speed, job, size, **facts), **facts)
        for network in ("convolutional", "arch1"):
            add(network, partial(classifier_speed, job, network, **facts), **facts)
        if not compiled:
            for name in GANS:
                add(name, partial(gan_speed, job, name, precision), **facts)
        for network in ("convolutional", "arch1"):
            add(f"{network}, bare loop", partial(bare_speed, job, network, **facts), **facts)
    job.save(peak_memory=torch.cuda.max_memory_allocated() if on_gpu else None)


def rate(facts, **more):
    return {k: facts[k] for k in ("bs", "images_per_second", "steps", "seconds")} | more


def sampling_rate(job, make, n):
    "Time the making of n images, after a warm-up."
    make(labels_of(job, job.chunk))
    sync()
    begin = time.perf_counter()
    make(labels_of(job, n))
    return round(n / (time.perf_counter() - begin), 1)


def diffusion_speed(job, size, precision, compiled):
    "Train for a moment, and sample with 50 steps of DDIM."
    bs = job.bs or DIFFUSION[size][0]
    clock = job.clock(bs)
    settings = dict(
        size="tiny" if job.tiny else size,
        bs=bs,
        epochs=FOR_EVER,
        precision=precision,
        compile=compiled,
    )
    sampler = train_diffusion(job.data.train, "ddim", device=job.device, cbs=clock, **settings)
    if compiled:
        sampler.net.unet.compile()

    def make(labels):
        return images_of(job, sampler, labels, 0, steps=job.steps, precision=precision)

    pace = sampling_rate(job, make, job.chunk * (1 if size == "small" else 3))
    return rate(clock.facts(), ddim_50_images_per_second=pace)


def gan_speed(job, name, precision):
    "Train for a moment, and sample."
    generator, settings = GANS[name]
    settings = {**settings, **(dict(bs=job.bs) if job.tiny else {})}
    clock = job.clock(settings.get("bs", 64))
    settings |= dict(epochs=FOR_EVER, precision=precision, device=job.device)
    sampler = train_gan(job.data.train, generator, cbs=clock, **settings)
    pace = sampling_rate(job, lambda labels: images_of(job, sampler, labels, 0), job.chunk * 20)
    return rate(clock.facts(), sampling_images_per_second=pace)


def classifier_speed(job, network, precision, compiled, bs=512):
    "Train for a moment, and predict."
    bs = job.bs or bs
    net = build_classifier(network, job.data.train.shape, len(job.data.train.classes))
    if compiled:
        net.compile()
    clock = job.clock(bs)
    loaders = dataloaders(job.data.train, job.data.valid, bs=bs, n_batches=2500, device=job.device)
    settings = dict(precision=precision, epochs=FOR_EVER)
    learn = classifier_learner(loaders, network, model=net, cbs=clock, metrics=[], **settings)
    fit_classifier(learn)
    begin = time.perf_counter()
    predict(learn, job.data.valid.images)
    return rate(
        clock.facts(),
        predicting_images_per_second=round(len(job.data.valid) / (time.perf_counter() - begin)),
    )


def bare_speed(job, network, precision, compiled, bs=512):
    "Train the same network for a moment in plain PyTorch, which waits for nothing."
    bs, ds = job.bs or bs, job.data.train
    net = build_classifier(network, ds.shape, len(ds.classes)).to(job.device).train()
    if compiled:
        net.compile()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
    images, labels = ds.images.to(job.device), ds.labels.to(job.device)

    def step():
        i = torch.randint(len(images), (bs,), device=job.device)
        with torch.autocast(job.device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = cross_entropy(net(normalize(images[i])), labels[i])
        loss.backward()
        opt.step()
        opt.zero_grad()

    for _ in range(2 if job.tiny else 50):
        step()
    sync()
    begin, n = time.perf_counter(), 0
    while time.perf_counter() - begin < min(job.train, 2.0):
        for _ in range(2 if job.tiny else 50):
            step()
        sync()
        n += 2 if job.tiny else 50
    seconds = time.perf_counter() - begin
    return dict(
        bs=bs, images_per_second=round(n * bs / seconds), steps=n, seconds=round(seconds, 2)
    )


class ProfileCB(Callback):
    "Watch a few steps of a training, then stop."

    order = 95

    def __init__(self, warm=15, steps=5):
        self.warm, self.steps = warm, steps

    def before_fit(self):
        self.n = 0

    def after_batch(self):
        self.n += 1
        if self.n == self.warm:
            sync()
            self.profile = torch.profiler.profile()
            self.profile.__enter__()
            self.begin = time.perf_counter()
        if self.n == self.warm + self.steps:
            sync()
            self.seconds = (time.perf_counter() - self.begin) / self.steps
            self.profile.__exit__(None, None, None)
            raise CancelFitException


def launches(job):
    "Count what a training step of the diffusion model asks of the GPU."
    job.wait()
    rows = []
    for compiled, graphs in ((False, False), (True, True), (True, False)):
        if compiled and job.args.no_compile:
            continue
        use_graphs(graphs)
        for size in ("small", "tiny")[: 1 if graphs or compiled else 2]:
            if job.left() < 15:
                job.errors.append(f"no time for {size} {compiled} {graphs}")
            else:
                job.attempt(launches_of, job, size, compiled, graphs, rows)
    job.save(rows=rows)


def launches_of(job, size, compiled, graphs, rows):
    "Time some steps, then watch some."
    bs = job.bs or DIFFUSION[size][0]
    settings = dict(
        size="tiny" if job.tiny else size,
        bs=bs,
        epochs=FOR_EVER,
        compile=compiled,
        device=job.device,
    )
    clock, watch = job.clock(bs, warm=15, probe=15), ProfileCB(*((2, 2) if job.tiny else ()))
    train_diffusion(job.data.train, "ddim", cbs=clock, **settings)
    found = dict(
        what=f"{size} diffusion", compiled=compiled, cuda_graphs=graphs, **rate(clock.facts())
    )
    rows.append(found)
    job.save(rows=rows)
    train_diffusion(job.data.train, "ddim", cbs=watch, **settings)
    found |= dict(watched_seconds_a_step=round(watch.seconds, 4))
    found |= watched(watch.profile.key_averages(), watch.steps)


def watched(events, steps):
    "Sum up what a profiler saw in so many steps: what was launched, and what took longest."
    on_gpu = [e for e in events if e.device_type == torch.autograd.DeviceType.CUDA]

    def count(word):
        return round(sum(e.count for e in events if word in e.key) / steps, 1)

    def milliseconds(microseconds, digits=3):
        return round(microseconds / steps / 1e3, digits)

    longest = sorted(on_gpu, key=lambda e: -e.self_device_time_total)[:12]
    slow = sorted((e for e in events if e not in on_gpu), key=lambda e: -e.self_cpu_time_total)[:12]
    return dict(
        kernel_launches=count("LaunchKernel"),
        graph_launches=count("GraphLaunch"),
        waits=count("Synchronize"),
        items=count("aten::item"),
        gpu_milliseconds=milliseconds(sum(e.self_device_time_total for e in on_gpu), 2),
        gpu={e.key[:60]: [e.count, milliseconds(e.self_device_time_total)] for e in longest},
        cpu={e.key[:60]: [e.count, milliseconds(e.self_cpu_time_total)] for e in slow},
    )


JOBS = dict(
    judge=judge,
    small=diffusion,
    tiny=diffusion,
    **dict.fromkeys(GANS, gan),
    arms=arms,
    launches=launches,
    speed=speed,
)


def main():
    "Do one step."
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", help=", ".join(JOBS) + "; arms with a seed: arms-0")
    for name in ("--data", "--out", "--work", "--dataset"):
        parser.add_argument(name, required=True)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--more", action="store_true")
    args = parser.parse_args()
    configure_compiler()
    job = Job(args)
    job.attempt(JOBS[args.job.partition("-")[0]], job)
    if job.errors:
        job.save()


if __name__ == "__main__":
    main()
