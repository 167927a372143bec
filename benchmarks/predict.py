"""Seconds from a cold start to an answer: `gan-augment predict RUN image.png` in a process of its own.

Run with `make bench`. Every round starts a new process, which imports the package, loads a saved classifier and
classifies one PNG file; and another, which asks the classifier that was exported, `RUN/model.onnx`, without PyTorch.
Beside them, a process that does nothing but import torch, to tell what of the time is anybody's to save.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import report
from PIL import Image

from gan_augmentation.data import load_data
from gan_augmentation.runs import train_run

ROUNDS = 7
TARGETS = {"predict": 3.0, "predict model.onnx": 1.5}  # seconds
PROGRAM = Path(sys.executable).with_name("gan-augment")


def main():
    "Time both in turn and store the seconds."
    data = load_data("fashion_mnist_mini", subset=100)
    with tempfile.TemporaryDirectory() as folder:
        run = train_run(data, "vgg_like", epochs=1, results=folder)
        picture = Path(folder) / "picture.png"
        Image.fromarray(data.test.images[0, 0].numpy()).save(picture)
        commands = {
            "predict": [PROGRAM, "predict", run, picture],
            "predict model.onnx": [PROGRAM, "predict", run / "model.onnx", picture],
            "import torch": [sys.executable, Path(__file__).with_name("imports_side.py"), "import torch"],
        }
        seconds = {side: [] for side in commands}
        for i in range(ROUNDS + 1):
            for side, command in commands.items():
                start = time.perf_counter()
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                if i:
                    seconds[side].append(time.perf_counter() - start)
                assert side not in TARGETS or done.stdout.startswith("Predicted class: "), done.stdout
    report(
        "predict",
        unit="seconds",
        network="vgg_like",
        measured=seconds,
        ratios={f"{side}, share of {t:g} s": [s / t for s in seconds[side]] for side, t in TARGETS.items()},
        target="at most 1",
        met=lambda share: share <= 1,
    )


if __name__ == "__main__":
    main()
