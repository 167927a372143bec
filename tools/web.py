"""Build the web page of this project: the models that the repository ships, and test images to pick from.

    python tools/web.py FOLDER
"""
import sys
from pathlib import Path

from gan_augmentation.data import load_data
from gan_augmentation.export.web import build_page

MODELS = Path(__file__).resolve().parent.parent / "nbs/stored/web"


def main(out) -> Path:
    "Write the page."
    generators = [MODELS / "gan.onnx", MODELS / "diffusion.onnx"]
    examples = load_data("fashion_mnist_mini").test
    return build_page(out, MODELS / "classifier.onnx", generators, examples, title="Fashion-MNIST in the browser")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print(f"{main(sys.argv[1])}: serve it with python -m http.server --directory {sys.argv[1]}")
    except (OSError, ValueError) as e:
        sys.exit(f"{e}")
