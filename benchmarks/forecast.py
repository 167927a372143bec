"""Does a forecast hold? Small studies are forecast and then run; kept in `benchmarks/results/verdict/forecast.json`.

    python benchmarks/forecast.py             # every study that is not there yet, some minutes on one core
    python benchmarks/forecast.py gan folds   # these, anew

A forecast gives a span, because pilots decide how many trainings there are. Two things are asked of it: are the
trainings that took place within the numbers that were said, and do they take as long as is forecast for just them?
"""

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from gan_augmentation.core import environment, save_json
from gan_augmentation.core.translate import read_json
from gan_augmentation.data import fold_splits, load_data
from gan_augmentation.study import StudyConfig, plan, study
from gan_augmentation.study.directory import join_pool
from gan_augmentation.study.entrants import plan_study
from gan_augmentation.study.forecast import cell_seconds, forecast_making, measure_all, pilot_seconds

RESULTS = Path(__file__).parent / "results" / "verdict"
WITHIN = 1.5  # a forecast holds if it is off by no more than this factor
SMALL = dict(seeds=7, pilots=2, rungs=3, rung=100, recipes=("none", "flip", "shift=1"), shares=("filled", 0.5))
STUDIES = dict(
    gan=dict(data=dict(subset=60), generators=("gan", dict(epochs=40)), asked=dict(classifiers="shallow")),
    dcgan=dict(
        data=dict(subset=60),
        generators=("dcgan", dict(epochs=4)),
        asked=dict(classifiers="small_cnn", rung=50, rungs=2, shares="filled", robustness=False),
    ),
    folds=dict(
        data=dict(subset=40),
        generators=("gan", dict(epochs=10)),
        asked=dict(classifiers="shallow", folds=3, robustness=False, rungs=2),
    ),
)


def measure(name: str) -> dict:
    "Forecast a study, run it, and compare."
    about = STUDIES[name]
    data, asked = load_data("fashion_mnist_mini", **about["data"]), SMALL | about["asked"]
    if "folds" in asked:
        data = replace(data, test=None)
    start = time.perf_counter()
    said = plan(data, about["generators"], device="cpu", **asked)
    took = time.perf_counter() - start
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        record = study(data, about["generators"], out=folder, device="cpu", **asked).record
        seconds = time.perf_counter() - start
        ran = [read_json(path) for path in Path(folder).glob("pilots/*.json")]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    same = forecast_same(data, about["generators"], StudyConfig(**asked), ran, record["cells"])
    counts = {stage.name: (stage.least, stage.most) for stage in said.stages}
    trainings = {"pilots": len(ran), "judged trainings": len(record["cells"])}
    return dict(
        asked={k: v for k, v in about.items()} | dict(asked=asked),
        forecast=dict(asdict(said), minutes=said.minutes, seconds=round(took, 1)),
        trainings=trainings,
        counted=all(counts[k][0] <= n <= counts[k][1] for k, n in trainings.items()),
        seconds=round(seconds, 1),
        same_trainings=same,
        pilots=dict(forecast=same["pilots"], seconds=record["cost"]["pilots"]["seconds"]),
        judged=dict(forecast=same["judged"], seconds=record["cost"]["judged"]["seconds"]),
        ratio=seconds / sum(same.values()),
        disk=dict(forecast=said.disk, bytes=size),
    )


def forecast_same(data, generators, config, pilots: list, cells: list) -> dict:  # stage -> seconds
    "Forecast just the trainings that took place."
    planned, images, live = plan_study(data, generators, config, device="cpu")
    if planned.folds:
        images = fold_splits(join_pool(images), planned.folds)[0]
    costs = measure_all(planned, images, live, torch.device("cpu"))
    made = sum(stage.seconds[0] for stage in forecast_making(costs, lambda task: True))
    corrupting = costs.corrupting * (len(config.seeds) if planned.folds else 1)
    judged = corrupting + sum(cell_seconds(costs, task) for task in cells)
    return dict(made=made, pilots=sum(pilot_seconds(costs, task) for task in pilots), judged=judged)


def main():
    "Measure what is asked for, and print how far forecasts were off."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(STUDIES)}; default: those that are not there")
    args = parser.parse_args()
    path = RESULTS / "forecast.json"
    found = json.loads(path.read_text())["studies"] if path.is_file() else {}
    for name in args.names or [name for name in STUDIES if name not in found]:
        found[name] = measure(name)
        facts = dict(n=len(found), within=WITHIN, threads=torch.get_num_threads(), environment=environment())
        met = all(x["counted"] and 1 / WITHIN < x["ratio"] < WITHIN for x in found.values())
        save_json(path, dict(command="python benchmarks/forecast.py", met=met, **facts, studies=found))
    for name, x in found.items():
        low, high = (60 * m for m in x["forecast"]["minutes"])
        print(
            f"{name:8}forecast {low:.0f} to {high:.0f} s; took {x['seconds']:.0f} s, {x['ratio']:.2f} of what is "
            f"forecast for the {sum(x['trainings'].values())} trainings that took place; numbers hold: {x['counted']}"
        )


if __name__ == "__main__":
    main()
