"Exported models where nothing but numpy, pillow and onnxruntime can be imported: each function runs in a new process."

import importlib.abc
import json
import sys
from pathlib import Path

HEAVY = "torch fastai fastcore torchvision diffusers onnx onnxscript scipy sklearn pandas matplotlib".split()


class Refusing(importlib.abc.MetaPathFinder):
    "Let some packages not be imported."

    def __init__(self, packages):
        self.packages = packages

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"{name} is not here")


def use(runtime, folder):
    "Classify and generate, and print what came."
    classifier = runtime.OnnxClassifier(folder / "classifier.onnx", threads=1)
    generator = runtime.OnnxGenerator(folder / "generator.onnx", threads=1)
    images = generator.sample(["Coat", "Bag", "Coat"], seed=7)
    seen = classifier.predict(images)
    files = classifier.predict(sorted(folder.glob("*.png")))
    print(json.dumps([images.tolist(), seen.tolist(), files.tolist()]))


def copied(folder):
    "Use the one file that was copied beside the models."
    sys.meta_path.insert(0, Refusing(["gan_augmentation", "lazy_loader", *HEAVY]))
    sys.path.insert(0, folder)
    import runtime

    assert Path(runtime.__file__).parent == Path(folder)
    use(runtime, Path(folder))


def installed(folder):
    "Use the package as it is installed."
    sys.meta_path.insert(0, Refusing(HEAVY))
    from gan_augmentation import export

    assert export.OnnxClassifier.__module__ == "gan_augmentation.export.runtime"
    use(export, Path(folder))
    assert not [name for name in sys.modules if name.partition(".")[0] in HEAVY]
