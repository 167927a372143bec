"What the benchmarks share: a spread, and a results file that is also printed."

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scipy import stats

from gan_augmentation.core import environment
from gan_augmentation.core.seals import save_record

def spread(values) -> dict:
    "Summarise repeated measurements, with a 95 % interval of their mean."
    mean, sem = statistics.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, mean, sem) if sem > 0 else (mean, mean)
    return dict(
        mean=mean,
        sd=statistics.stdev(values),
        low=float(low),
        high=float(high),
        median=statistics.median(values),
        values=list(values),
    )


def peak_memory() -> float:
    "Read how much memory this process has ever held, in MB."
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def take_turns(
    sides: dict, rounds: int, n: int
) -> dict:  # name of a side -> n items a second, by round
    "Run each side once a round, in turn, the first round to warm up."
    speed = {side: [] for side in sides}
    for i in range(rounds + 1):
        for side in sorted(sides, reverse=i % 2 == 0):
            start = time.perf_counter()
            sides[side]()
            if i:
                speed[side].append(n / (time.perf_counter() - start))
    return speed


def versions(python, *names) -> dict:  # name -> version
    "Ask another environment's Python what is installed there."
    command = [python, Path(__file__).with_name("versions.py"), *names]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    return dict(zip(names, done.stdout.split()))


def report(
    name: str,
    *,
    measured: dict,
    ratios: dict,
    target: str,
    met,
    command: str | None = None,
    **facts,
):
    """Print measurements and ratios (one a round), and store them as `benchmarks/results/<name>.json`.

    The program exits with 1 if a target was missed."""
    n = len(next(iter(measured.values())))
    print(f"{name}: {n} rounds, {facts['unit']}")
    for what, values in measured.items():
        print(f"  {what:24}{spread(values)['mean']:12,.4g} +- {spread(values)['sd']:,.2g}")
    ok = True
    for what, values in ratios.items():
        s = spread(values)
        ok = ok and met(s["median"])
        print(
            f"  {what:24}{s['median']:12,.3f}   (median; mean's 95 % interval "
            f"{s['low']:,.3f} to {s['high']:,.3f}; target: {target})"
        )
    found = dict(
        n=n,
        **facts,
        measured={k: spread(v) for k, v in measured.items()},
        ratios={k: spread(v) for k, v in ratios.items()},
        target=target,
        met=ok,
        command=command or f"python benchmarks/{name}.py",
        environment=environment(),
    )
    save_record(Path(__file__).parent / "results" / f"{name}.json", found)
    if not ok:
        sys.exit(f"{name}: target missed ({target})")
