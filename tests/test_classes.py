"""What a label means: any kind of label, any order of classes, compared with the plain truth."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan_augmentation.augment.counts import by_class
from gan_augmentation.classifiers.recipe import prediction_scores
from gan_augmentation.core.checks import Note, noted
from gan_augmentation.data.classes import class_positions, match_classes, name_labels, natural_order, same_classes
from gan_augmentation.data.images import ImageDataset, with_classes, without_empty
from gan_augmentation.data.loaders import dataloaders

pytestmark = pytest.mark.filterwarnings("ignore::gan_augmentation.core.checks.Note")
few = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
WORDS = ["cat", "dog", "hen", "cow", "Coat", "T-shirt/top", "café", "class 2", "class 10", "a b"]

NUMBERS = {
    "list": list,
    "tuple": tuple,
    **{kind: lambda y, kind=kind: np.array(y, kind) for kind in ("u1", "i2", ">i4", "u8", "f4", ">f8", "O")},
    **{str(t): lambda y, t=t: torch.tensor(y).to(t) for t in (torch.uint8, torch.int32, torch.float64)},
    "column": lambda y: np.array(y)[:, None],
    "tensors": lambda y: list(torch.tensor(y)),
    "arrays of one": lambda y: [np.array([i]) for i in y],
    "series": lambda y: pd.Series(y, index=np.arange(len(y))[::-1]),
    "Int64": lambda y: pd.Series(y, dtype="Int64"),
    "categorical": lambda y: pd.Categorical(y),
    "frame": lambda y: pd.DataFrame({"label": y}),
    "every other": lambda y: np.repeat(y, 2)[::2],
}
TEXTS = {
    "list": list,
    "array": np.array,
    "objects": lambda y: np.array(y, dtype=object),
    "bytes": lambda y: [name.encode() for name in y],
    "series": lambda y: pd.Series(y, index=np.arange(len(y))[::-1]),
    "string": lambda y: pd.Series(y, dtype="string"),
    "categorical": lambda y: pd.Series(y).astype("category"),
    "column": lambda y: np.array(y)[:, None],
}


def pictures(labels):
    "One picture a label that shows the number of its place in the list."
    return torch.arange(len(labels), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 4, 4)


@few
@given(st.lists(st.integers(0, 120), min_size=1, max_size=40), st.sampled_from(sorted(NUMBERS)))
def test_numbers_name_the_classes_that_are_there(labels, form):
    found, classes = name_labels(NUMBERS[form](labels))
    assert classes == tuple(map(str, sorted(set(labels))))
    assert [int(classes[i]) for i in found] == labels and found.dtype == torch.int64


@few
@given(st.data(), st.permutations(WORDS), st.sampled_from(sorted(TEXTS)))
def test_names_are_found_whatever_they_come_as(data, classes, form):
    labels = data.draw(st.lists(st.sampled_from(classes[:7]), min_size=1, max_size=40))
    found, names = name_labels(TEXTS[form](labels), classes)
    assert names == tuple(classes) and [names[i] for i in found] == labels
    found, names = name_labels(TEXTS[form](labels))
    assert [names[i] for i in found] == labels and set(names) == set(labels)
    assert list(names) == natural_order(names)


@few
@given(st.data(), st.permutations(WORDS), st.sampled_from(sorted(NUMBERS)))
def test_numbers_are_positions_of_names(data, classes, form):
    labels = data.draw(st.lists(st.integers(0, len(classes) - 1), min_size=1, max_size=40))
    found, names = name_labels(NUMBERS[form](labels), classes)
    assert found.tolist() == labels and names == tuple(classes)


@few
@given(st.data(), st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True), st.sampled_from(sorted(NUMBERS)))
def test_numbers_are_names_where_classes_are_called_by_numbers(data, called, form):
    labels = data.draw(st.lists(st.sampled_from(called), min_size=1, max_size=40))
    for classes in (called, list(map(str, called)), [f"{c:03}" for c in called], np.array(called)):
        found, _ = name_labels(NUMBERS[form](labels), classes)
        assert [called[i] for i in found] == labels
    other = max(called) + 1
    with pytest.raises(ValueError, match=f"there is no class '{other}'"):
        name_labels(NUMBERS[form]([*labels, other]), called)


@few
@given(st.data(), st.permutations(range(12)), st.booleans())
def test_sets_in_any_order_of_classes_mean_the_same(data, order, numbered):
    names = [str(i) if numbered else WORDS[i % 10] + str(i) for i in range(12)]
    labels = data.draw(st.lists(st.sampled_from(range(12)), min_size=1, max_size=30))
    here = ImageDataset(pictures(labels), [names[i] for i in labels], names)
    there = ImageDataset(pictures(labels), [order.index(i) for i in labels], [names[i] for i in order], positions=True)
    assert same_classes(here.classes, there.classes) == (list(order) == list(range(12)))
    back = with_classes(there, here.classes)
    assert back.labels.tolist() == labels and back.classes == here.classes
    loaded = dataloaders(here, there, bs=1, device="cpu").valid_ds
    assert loaded.labels.equal(here.labels)
    some = there.select(range(0, len(there), 2))
    assert [here.classes[i] for i in with_classes(some, here.classes).labels] == [names[i] for i in labels[::2]]


@few
@given(st.lists(st.integers(0, 30), min_size=2, max_size=8, unique=True), st.data())
def test_what_people_type_is_read_in_one_way(called, data):
    words = data.draw(st.lists(st.sampled_from(called), min_size=1, max_size=6))
    typed = [data.draw(st.sampled_from([w, str(w), f"0{w}"])) for w in words]
    assert [called[i] for i in class_positions(typed, called)] == words
    counts = {str(c): 3 * i for i, c in enumerate(called)}
    assert by_class(counts, tuple(map(str, called))) == [3 * i for i in range(len(called))]
    names = [f"n{c}" for c in called]
    places = [i % len(names) for i in words]
    assert class_positions(map(str, places), names) == places
    with pytest.raises(ValueError, match="all names or all positions"):
        class_positions([names[0], 0], names)


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_means_are_over_the_classes_that_are_there(labels, seed):
    labels = torch.tensor(labels)
    logits = torch.randn(len(labels), 10, generator=torch.Generator().manual_seed(seed))
    predicted, there = logits.argmax(1), labels.unique().tolist()
    recalls = [(predicted[labels == c] == c).float().mean().item() for c in there]
    right = [(predicted[labels == c] == c).sum().item() for c in there]
    precisions = [r / max(1, (predicted == c).sum().item()) for r, c in zip(right, there)]
    with noted() as said:
        found = prediction_scores(logits, labels)
    assert found["recall"] == pytest.approx(np.mean(recalls))
    assert found["precision"] == pytest.approx(np.mean(precisions))
    assert bool(said) == (len(there) < 10)


@few
@given(st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_classes_that_nobody_has_are_left_out(labels):
    names = ["N/A", "a", "b", "c", "d", "e"]
    ds = ImageDataset(pictures(labels), labels, names)
    half, none, rest = without_empty(ds.select(range(1)), None, ds)
    assert none is None and half.classes == rest.classes == tuple(natural_order({names[y] for y in labels}))
    assert [rest.classes[y] for y in rest.labels] == [names[y] for y in labels]


@few
@given(st.sampled_from(WORDS), st.sampled_from(["two", "02"]), st.integers(0, 1))
def test_a_name_that_stands_twice_is_refused(name, kind, way):
    classes = [name, "fox", name] if kind == "two" else ["2", "fox", "02"]
    with pytest.raises(ValueError, match="two classes of"):
        (name_labels([0], classes), match_classes(["fox"], classes))[way]


@pytest.mark.parametrize(
    "labels, exc, says",
    [
        (np.eye(3), ValueError, "one-hot"),
        ([[1, 0, 1]] * 3, ValueError, "one class an image"),
        ([torch.tensor([1, 0, 1])] * 3, ValueError, "one class an image"),
        ([[0], [1, 2], [0]], ValueError, "one class an image"),
        ([0, None, 1], ValueError, "image 1"),
        ([0, float("nan"), 1], ValueError, "image 1"),
        (["cat", None, "dog"], ValueError, "image 1"),
        (["cat", "", "dog"], ValueError, "image 1"),
        (pd.Series([0, None, 1], dtype="Int64"), ValueError, "image 1"),
        ([3.5, 1, 2], TypeError, "whole numbers"),
        ([0, "cat", 1], TypeError, "several kinds"),
        (np.array([True, False, True]), TypeError, "True and False"),
        ([1, 2, 3], ValueError, "subtract 1"),
        ([0, 1, -1], ValueError, "-1"),
        (["cat", "dog", "elk"], ValueError, "elk"),
        ({0: 1, 1: 2, 2: 0}, TypeError, "dict"),
        ("cat", TypeError, "str"),
    ],
)
def test_what_is_not_one_class_an_image_is_refused_in_one_line(labels, exc, says):
    with pytest.raises(exc) as e:
        ImageDataset(pictures([0, 1, 2]), labels, ["cat", "dog", "hen"])
    assert says in str(e.value) and "\n" not in str(e.value)


def test_a_class_that_only_validation_images_have_is_refused_by_name():
    train, valid = (ImageDataset(pictures(y), y) for y in ([1, 2, 3, 3], [3, 1, 4]))
    with pytest.raises(ValueError, match="validation images: there is no class '4'; the classes are 1, 2, 3"):
        dataloaders(train, valid, bs=2)
    with pytest.warns(Note, match="none of class 1, 2"):
        assert dataloaders(train, valid.select([0]), bs=2, device="cpu").valid_ds.labels.tolist() == [2]
