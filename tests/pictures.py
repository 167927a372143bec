"Small pictures for the tests of what people hand in: scikit-learn's digits, as arrays and as folders."

import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from gan_augmentation.core.checks import Note

DIGITS = load_digits()
X = (DIGITS.images / 16 * 255).astype("uint8").repeat(4, 1).repeat(4, 2)  # (1797,32,32), 17 greys
Y = DIGITS.target
REFUSALS = ValueError, TypeError, FileNotFoundError, FileExistsError, OSError


def of(digit):
    "All pictures of a digit."
    return X[Y == digit]


def folder(root, classes, per_class=12, ext="png", mode="L", start=0):
    "Write class folders: `classes` are names, or name -> digit. Returns the folder."
    names = classes if isinstance(classes, dict) else {c: i % 10 for i, c in enumerate(classes)}
    for name, digit in names.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for i, x in enumerate(of(digit)[start : start + per_class]):
            Image.fromarray(x).convert(mode).save(root / name / f"{start + i:03}.{ext}")
    return root


def arrays(classes, per_class=12, start=0):
    "Pictures and labels: class i shows the digit `classes[i]`."
    parts = [of(digit)[start : start + per_class] for digit in classes]
    return np.concatenate(parts), np.repeat(range(len(parts)), [len(p) for p in parts])


def digits_in(ds):
    "For every class the digits that its pictures really show."
    known = {x.tobytes(): int(y) for x, y in zip(X, Y)}
    shown = [known.get(x[0].numpy().tobytes()) for x in ds.images]
    return {name: sorted({d for d, y in zip(shown, ds.labels) if y == c}, key=str) for c, name in enumerate(ds.classes)}


@contextmanager
def hearing():
    "Collect what is noted, one line each, and let nothing else be said."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lines = []
        yield lines
        lines += [str(w.message) for w in caught if issubclass(w.category, Note)]
    assert not [line for line in lines if "\n" in line]


def heard(make, *args, **kwargs):
    "Call; return what came, and what was noted."
    with hearing() as lines:
        found = make(*args, **kwargs)
    return found, " | ".join(lines)


def refused(make, *args, says=(), **kwargs):
    "Call what must be refused, in one line that says all of `says`; return the line."
    with pytest.raises(REFUSALS) as e, hearing():
        make(*args, **kwargs)
    line = str(e.value)
    assert "\n" not in line, line
    assert len(line) < 700, line
    for word in (says,) if isinstance(says, str) else says:
        assert word in line, f"{word!r} is not in: {line}"
    return line


def told(make, *args, says=(), **kwargs):
    "Call what must be refused or noted with all of `says`; return what came (None if refused)."
    found, lines = None, ""
    try:
        found, lines = heard(make, *args, **kwargs)
    except REFUSALS as e:
        lines = str(e)
        assert "\n" not in lines, lines
    for word in (says,) if isinstance(says, str) else says:
        assert word in lines, f"{word!r} is not in: {lines or 'nothing was said'}"
    return found


class Grey:
    "A generator that makes grey images of a shape."

    def __init__(self, shape=(1, 32, 32)):
        self.shape = shape

    def sample(self, labels, seed):
        return torch.full((len(labels), *self.shape), 128, dtype=torch.uint8)


class Oracle:
    "A perfect generator: the first real picture of each class it is asked for."

    def __init__(self, ds):
        self.ds, self.classes = ds, ds.classes

    def sample(self, labels, seed):
        first = [torch.where(self.ds.labels == int(y))[0][0] for y in labels]
        return self.ds.images[torch.stack(first)]


def here(path) -> Path:
    return Path(path).resolve()
