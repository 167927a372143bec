"Ask exported models where nothing is installed but numpy, pillow, onnxruntime and the command line itself."

import sys

MISSING = "torch", "torchvision", "fastai", "onnx", "pandas", "scipy", "sklearn", "safetensors", "matplotlib"


class Missing:
    "Refuse imports as if the packages were not there."

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ImportError(f"{name} is not there")


def commands(folder):
    "List what is asked of the models in a folder."
    predict = "predict", f"{folder}/classifier.onnx", f"{folder}/picture.png", f"{folder}/more", "--top", "2"
    generate = "generate", f"{folder}/diffusion.onnx", "--seed", "3", "--guidance", "2", "--quiet"
    yield predict
    yield (*predict, "--json")
    yield (*generate, "--per-class", "2", "--out", "grid.png")
    for out in ("made.npz", "made"):
        yield (*generate, "--labels", "Coat,Bag", "--out", out)


def ask(folder) -> int:
    "Run the commands; return the worst exit code."
    from gan_augmentation.cli import main

    return max(map(main, commands(folder)))


if __name__ == "__main__":
    sys.meta_path.insert(0, Missing())
    sys.exit(ask(sys.argv[1]))
