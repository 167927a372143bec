"What the benchmarks share: a spread, and a results file that is also printed."
import statistics
from pathlib import Path

from gan_augmentation.core import environment, save_json


def spread(values) -> dict:
    "Summarise repeated measurements."
    return dict(mean=statistics.mean(values), sd=statistics.stdev(values), median=statistics.median(values), min=min(values), max=max(values))


def report(name: str, **result):
    "Print a result and store it as `benchmarks/results/<name>.json`."
    print(f"{name} ({result['n']} rounds each, {result['unit']})")
    for what, s in result["measured"].items(): print(f"  {what:22}{s['mean']:12,.3g} +- {s['sd']:,.2g}")
    for what, ratio in result["ratios"].items(): print(f"  {what:22}{ratio:12,.3f}   ({result['target']})")
    save_json(Path(__file__).parent/"results"/f"{name}.json", dict(**result, command=f"python benchmarks/{name}.py", environment=environment()))
