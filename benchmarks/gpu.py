"""Everything that pays on a GPU, in a quarter of an hour: generators, classifiers with and without
their images, and speed.

    python benchmarks/gpu.py --data DIR --out DIR                       # Fashion-MNIST, all steps
    python benchmarks/gpu.py --data DIR --out DIR --dataset cifar-10 --steps judge gans small --train small=150
    python benchmarks/gpu.py --data DIR --out DIR --tiny                # all of it in miniature, on a CPU

Every step is a process of its own (`gpu_side.py`), made ready while earlier ones work. It is given its seconds,
writes `DATASET_STEP.json` as it goes, and can neither stop nor outlive the others. Steps of one stage share the GPU.

- judge: a classifier trained on all real training images. It says how many generated images are what was asked
  (GAN-test).
- gans: the DCGAN and the vanilla GAN with their defaults, and a DCGAN of a size that a GPU can take.
- small: a diffusion model of 6.5 million parameters. 10,000 images by DDIM in 50 steps, timed.
- arms: a classifier trained on real images, on real and generated ones, and on generated ones alone (GAN-train), all
  for the same number of steps. One process a seed. The test images are looked at once, after the last training.
- tiny: a diffusion model of 0.6 million parameters, whose weights are small enough to ship; beside the arms.
- speed: images a second, in fp32 and bf16, with and without `torch.compile`.
- launches: what a training step of the diffusion model asks of the GPU, and how long the GPU is busy with it.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Stage:
    "Processes that work at the same time."

    jobs: tuple  # names of `JOBS` in gpu_side.py; a seed may follow a hyphen
    train: float  # seconds of training, for those that train until told to stop
    most: float  # seconds until they are stopped, whatever they do
    least: float  # do not begin with less time than this


ARMS_SEEDS = range(6)
STAGES = dict(
    #             jobs                                          train most least
    judge=Stage(("judge",), 0, 120, 5),
    gans=Stage(("dcgan", "gan", "dcgan_wide"), 40, 85, 40),
    small=Stage(("small",), 100, 180, 60),
    arms=Stage((*(f"arms-{s}" for s in ARMS_SEEDS), "tiny"), 70, 330, 60),
    launches=Stage(("launches",), 3, 75, 25),
    speed=Stage(("speed",), 2, 80, 20),
)


def start(job, args):
    "Start a process; it gets ready and waits."
    command = [sys.executable, str(Path(__file__).with_name("gpu_side.py")), job]
    command += ["--data", args.data, "--out", args.out, "--work", args.work or args.out]
    command += ["--dataset", args.dataset]
    flags = {"--tiny": args.tiny, "--no-compile": args.no_compile, "--more": "arms" in args.steps}
    command += [flag for flag, on in flags.items() if on]
    log = open(Path(args.out) / f"{args.dataset}_{job}.log", "w")
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)


def work(process, train, deadline):
    "Tell a waiting process to begin."
    try:
        process.stdin.write(json.dumps(dict(train=train, deadline=deadline)) + "\n")
        process.stdin.close()
    except BrokenPipeError:
        pass  # it is dead; its log says why


def finish(processes, deadline):
    "Wait for processes until the deadline, then stop them."
    while any(p.poll() is None for p in processes) and time.time() < deadline:
        time.sleep(0.2)
    for p in processes:
        if p.poll() is None:
            p.kill()
        p.wait()


def run(args):
    "Work through the stages."
    began, stages = time.time(), {k: STAGES[k] for k in args.steps}
    end, log = began + args.budget, []
    names = [job for s in stages.values() for job in s.jobs]
    processes = {job: start(job, args) for job in names}
    for name, stage in stages.items():
        train = args.train.get(name, stage.train)
        least = 0 if args.tiny else stage.least
        if end - time.time() < least:
            log.append(dict(stage=name, skipped=f"{end - time.time():.0f} s left"))
            continue
        mine, here = [processes[job] for job in stage.jobs], time.time()
        deadline = min(end, here + (600 if args.tiny else stage.most + train - stage.train))
        for p in mine:
            work(p, 1.0 if args.tiny else train, deadline - 5)
        finish(mine, deadline)
        log.append(
            dict(
                stage=name,
                began=round(here - began, 1),
                seconds=round(time.time() - here, 1),
                ended={job: p.returncode for job, p in zip(stage.jobs, mine)},
            )
        )
        (Path(args.out) / f"{args.dataset}_stages.json").write_text(
            json.dumps(log, indent=1) + "\n"
        )
        print(json.dumps(log[-1]), flush=True)
    for p in processes.values():
        if p.poll() is None:
            p.kill()


def percent(found):
    return f"{100 * found['hits'] / found['n']:.2f} % of {found['n']:,}" if found else "-"


def hit_rates(arms, split):
    "Say how often the classifiers of an arm were right: mean, least and most; nothing if they were not asked."
    rates = [100 * a[split]["hits"] / a[split]["n"] for a in arms if split in a]
    if not rates:
        return ""
    return f"{split} {sum(rates) / len(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})"


def table(out, dataset):
    "Print what was found."
    files = sorted(Path(out).glob(f"{dataset}_*.json"))
    read = {p.stem.removeprefix(f"{dataset}_"): json.loads(p.read_text()) for p in files}
    for name, r in read.items():
        if name == "stages":
            continue
        if r.get("errors"):
            print(f"{name}: {len(r['errors'])} error(s): {r['errors'][0].strip().splitlines()[-1]}")
        if "training" in r:
            t, s = r["training"], r.get("sampling", {})
            print(
                f"{name}: {t['steps']} steps in {t['seconds']} s, {t['images_per_second']} images/s; "
                f"GAN-test {percent(r.get('gan_test'))}, GAN-train {percent(r.get('gan_train'))}; "
                f"sampling {s.get('images_per_second')} images/s"
            )
        elif "test" in r:
            print(f"{name}: {percent(r['test'])} test images right")
        for row in r.get("rows", []):
            print("  " + ", ".join(f"{k} {v}" for k, v in row.items()))
    arms = [r for name, r in read.items() if name.startswith("arms-")]
    for arm in list(dict.fromkeys(a for r in arms for a in r.get("arms", {}))):
        mine = [r["arms"][arm] for r in arms if arm in r["arms"]]
        line = "  ".join(filter(None, (hit_rates(mine, split) for split in ("valid", "test"))))
        print(f"arm {arm:22} {len(mine)} seeds  {line}")


def main():
    "Read the options, work, print a table."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, help="where the data sets are, in torchvision's layout"
    )
    parser.add_argument("--out", required=True, help="where results go")
    parser.add_argument(
        "--work", help="where what is needed in between goes; default: with the results"
    )
    parser.add_argument("--dataset", default="fashion_mnist", help="fashion_mnist or cifar-10")
    parser.add_argument("--steps", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--budget", type=float, default=800, help="seconds for everything")
    parser.add_argument(
        "--train", nargs="+", default=[], metavar="STEP=SECONDS", help="other seconds of training"
    )
    parser.add_argument("--no-compile", action="store_true", help="do not use torch.compile")
    parser.add_argument("--tiny", action="store_true", help="a few images and steps of everything")
    args = parser.parse_args()
    args.train = {
        name: float(seconds) for name, seconds in (item.split("=") for item in args.train)
    }
    for folder in (args.out, args.work or args.out):
        Path(folder).mkdir(parents=True, exist_ok=True)
    run(args)
    table(args.out, args.dataset)


if __name__ == "__main__":
    main()
