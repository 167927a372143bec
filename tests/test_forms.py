"The same few pictures, written in every form that people use, come back as they were."

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset, random_split

from gan_augmentation.core.checks import Note
from gan_augmentation.data.config import Reading
from gan_augmentation.data.forms import as_dataset, as_images, as_parts

pytestmark = pytest.mark.filterwarnings("ignore::gan_augmentation.core.checks.Note", "ignore:Length of split")

NAMES = ["cat", "dog", "Żółw", "a b", "N/A", "None", "10", "9", "2", "1", "0 - zero", "train", "model", "x,y;z"]
INTEGERS = "uint8", "int8", "int16", ">i4", "int64", "uint16", "float32", "float64"


@dataclass
class World:
    "What is true of some pictures, whatever they are written in."

    images: np.ndarray  # uint8 (n,h,w) or (n,h,w,3)
    labels: list  # names, one an image
    parts: list  # "train", "valid" or "test", one an image
    groups: list  # names, one an image
    classes: list  # names, in any order

    def of(self, part):
        return [i for i, p in enumerate(self.parts) if p == part]

    @property
    def there(self):
        return [p for p in ("train", "valid", "test") if p in self.parts]

    def positions(self, at):
        return np.array([self.classes.index(self.labels[i]) for i in at])


@st.composite
def worlds(draw, names=NAMES, split=True):
    "Draw pictures: every class is in the training part, which comes first; the others have any classes."
    classes = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    more = draw(st.lists(st.tuples(st.sampled_from(classes), st.sampled_from(["train", "valid", "test"])), max_size=8))
    items = [(name, "train") for name in classes] + [(name, part if split else "train") for name, part in more]
    items = draw(st.permutations(items))
    shape = draw(st.integers(4, 6)), draw(st.integers(4, 6)), *draw(st.sampled_from([(), (3,)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    images = rng.integers(0, 256, (len(items), *shape)).astype(np.uint8)
    groups = [f"p{rng.integers(3)}" for _ in items]
    return World(images, [name for name, _ in items], [part for _, part in items], groups, classes)


def told(images, labels, classes) -> Counter:
    "Count pictures by what they show and are called, whatever their order."
    pictures = (np.asarray(x).reshape(-1).tobytes() for x in images)
    return Counter(zip(pictures, [classes[y] for y in labels]))


def check(parts, world, grouped=False):
    "Compare what was read with what is true: pictures, names, parts and groups."
    found = {p: getattr(parts, p) for p in ("train", "valid", "test") if getattr(parts, p) is not None}
    assert sorted(found) == sorted(world.there)
    pairs = set()
    for part, ds in found.items():
        at = world.of(part)
        names = [world.labels[i] for i in at]
        truth = Counter((world.images[i].tobytes(), name) for i, name in zip(at, names))
        images = ds.images if world.images.ndim == 3 else ds.images.permute(0, 2, 3, 1)
        assert told(images, ds.labels.tolist(), ds.classes) == truth
        assert ds.classes == parts.train.classes and set(ds.classes) >= set(names)
        where = {world.images[i].tobytes(): world.groups[i] for i in at}
        if grouped:
            pairs |= {(where[np.asarray(x).tobytes()], int(g)) for x, g in zip(images, ds.groups)}
    for side in zip(*pairs):
        assert len(set(side)) == len(pairs)  # one number a group in all parts, and one group a number


# Files --------------------------------------------------------------------------------------------------


def save(folder, world, i, name=None):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{world.groups[i]}_{i}.png")
    Image.fromarray(world.images[i]).save(path)
    return path


def write_folders(root, world, draw):
    "Class folders, in folders of the parts if there are any others."
    words = dict(train="Train", valid=draw(st.sampled_from(["val", "valid", "Validation"])), test="TEST")
    for i, (label, part) in enumerate(zip(world.labels, world.parts)):
        save(root / words[part] / label if len(world.there) > 1 else root / label, world, i)
    return root


def write_table(root, world, draw, absolute=False):
    "A table of files that lie anywhere below it, its columns in any order and case."
    columns = dict(
        path=[str(save(root / world.parts[i] / "deep", world, i).relative_to(root)) for i in range(len(world.labels))],
        label=world.labels,
    )
    if absolute:
        columns["path"] = [str(root / path) for path in columns["path"]]
    columns[draw(st.sampled_from(["note", "Unnamed: 0"]))] = range(len(world.labels))
    if len(world.there) > 1:
        words = dict(train="TRAIN", valid=draw(st.sampled_from(["val", "dev"])), test="Test ")
        columns["split"] = [words[part] for part in world.parts]
    columns["group"] = world.groups
    path = draw(st.sampled_from(["path", "file_name", "filename", "file", "image", "image_path"]))
    label = draw(st.sampled_from(["label", "class", "category", "target"]))
    change = draw(st.sampled_from([str, str.upper, str.title]))
    table = pd.DataFrame(columns).rename(columns=dict(path=path, label=label)).rename(columns=change)
    return table[draw(st.permutations(list(table)))]


def write_text_table(root, world, draw):
    sep, suffix = draw(st.sampled_from([(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "CSV")]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig"]))
    write_table(root, world, draw).to_csv(root / f"labels.{suffix}", index=False, sep=sep, encoding=encoding)
    return root / f"labels.{suffix}"


def write_parquet(root, world, draw):
    table = write_table(root, world, draw)
    table.to_parquet(root / "labels.parquet")
    return root / "labels.parquet"


def write_frame(root, world, draw):
    return write_table(root, world, draw, absolute=True)


def arrays_of(world, part, draw, named=False):
    "Images in one of the usual layouts, and labels of one of the usual types."
    at = world.of(part)
    images = world.images[at]
    if images.ndim == 4 and draw(st.booleans()):
        images = np.moveaxis(images, -1, 1)
    elif images.ndim == 3 and draw(st.booleans()):
        images = images[..., None]
    if named:
        names = [world.labels[i] for i in at]
        ways = [list, np.array, pd.Series, pd.Categorical, lambda x: np.array(x, dtype=object)]
        return images, draw(st.sampled_from(ways))(names)
    labels = world.positions(at).astype(draw(st.sampled_from(INTEGERS)))
    return images, labels[:, None] if draw(st.booleans()) else labels


def write_npz(root, world, draw):
    "An .npz of ours, or, if it is split, of MedMNIST's or of Keras' kind."
    found, classes = {}, np.array(world.classes)
    keras = draw(st.booleans())
    for part in world.there:
        images, labels = arrays_of(world, part, draw)
        word = dict(valid="val").get(part, part)
        if len(world.there) == 1:
            found |= dict(images=images, labels=labels, groups=np.array(world.groups))
        elif keras:
            found |= {f"x_{word}": images, f"y_{word}": labels}
        else:
            found |= {f"{word}_images": images, f"{word}_labels": labels}
    np.savez(root / "set.npz", **found, classes=classes)
    return root / "set.npz"


# In memory ----------------------------------------------------------------------------------------------


def write_arrays(root, world, draw):
    "(images, names), or pairs of them by name of the part."
    pairs = {part: arrays_of(world, part, draw, named=True) for part in world.there}
    if world.there == ["train", "test"] and draw(st.booleans()):
        return pairs["train"], pairs["test"]
    if len(pairs) == 3 and draw(st.booleans()):
        return tuple(pairs.values())
    return pairs["train"] if len(pairs) == 1 else pairs


def write_four(root, world, draw):
    "x, y, x_test, y_test in one of two orders; validation images count as training images here."
    world.parts = ["test" if part == "test" else "train" for part in world.parts]
    (x, y), test = arrays_of(world, "train", draw, named=True), world.of("test")
    if not test:
        return dict(images=x, labels=y)
    x_test, y_test = arrays_of(world, "test", draw, named=True)
    return (x, y, x_test, y_test) if draw(st.booleans()) else (x, x_test, y, y_test)


class Items(Dataset):
    "A data set as people write them."

    def __init__(self, world, at, draw):
        self.classes, self.world, self.at = list(world.classes), world, at
        ways = [Image.fromarray, np.asarray, torch.from_numpy, lambda x: torch.from_numpy(x / np.float32(255))]
        self.image = draw(st.sampled_from(ways))
        self.label = draw(st.sampled_from([int, str, np.int64, torch.tensor, lambda y: np.array([y]), float]))
        self.item = draw(st.sampled_from([tuple, lambda p: [*p, 7], lambda p: dict(image=p[0], label=p[1])]))

    def __len__(self):
        return len(self.at)

    def __getitem__(self, i):
        i = self.at[i]
        label = self.world.labels[i] if self.label is str else self.label(self.world.positions([i])[0])
        return self.item((self.image(self.world.images[i]), label))


def write_torch(root, world, draw):
    "Data sets, cut and joined; one of each part."
    sets = {}
    for part in world.there:
        at = world.of(part)
        ds = Items(world, at, draw)
        if draw(st.booleans()):
            order = draw(st.permutations(range(len(ds))))
            ds = Subset(ds, order)
        if draw(st.booleans()):
            cut = draw(st.integers(0, len(ds)))
            halves = random_split(ds, [cut, len(ds) - cut], generator=torch.Generator().manual_seed(0))
            ds = ConcatDataset([half for half in halves if len(half)])
        sets[part] = ds
    return sets["train"] if len(sets) == 1 else sets


def write_hugging_face(root, world, draw):
    "A Dataset or DatasetDict with images and ClassLabels, or names; in memory or saved."
    import datasets

    named, sets = draw(st.booleans()), {}
    label = datasets.Value("string") if named else datasets.ClassLabel(names=world.classes)
    image, target = draw(st.sampled_from([("image", "label"), ("img", "labels")]))
    features = datasets.Features({image: datasets.Image(), target: label, "group": datasets.Value("string")})
    for part in world.there:
        at = world.of(part)
        labels = [world.labels[i] for i in at] if named else world.positions(at).tolist()
        columns = {image: [Image.fromarray(world.images[i]) for i in at], target: labels}
        columns["group"] = [world.groups[i] for i in at]
        sets[dict(valid="validation").get(part, part)] = datasets.Dataset.from_dict(columns, features)
    found = sets["train"] if len(sets) == 1 else datasets.DatasetDict(sets)
    if draw(st.booleans()):
        return found
    found.save_to_disk(str(root / "saved"))
    return root / "saved"


WAYS = dict(
    folders=(write_folders, r"^(p\d)_"),
    text_table=(write_text_table, None),
    parquet=(write_parquet, "group"),
    frame=(write_frame, None),
    npz=(write_npz, False),
    arrays=(write_arrays, False),
    four=(write_four, False),
    torch=(write_torch, False),
    hugging_face=(write_hugging_face, None),
)


@pytest.mark.parametrize("way", WAYS)
def test_every_form_gives_the_same_pictures(way, tmp_path_factory):
    write, groups = WAYS[way]

    @settings(
        max_examples=12 if way == "hugging_face" else 25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds(), st.data())
    def run(world, data):
        source = write(tmp_path_factory.mktemp(way), world, data.draw)
        check(as_parts(source, groups=groups or None), world, grouped=groups is not False)

    run()


# What cannot be right ------------------------------------------------------------------------------------

X = np.arange(6 * 25, dtype=np.uint8).reshape(6, 5, 5)
Y = [0, 1, 2, 0, 1, 2]


class Made(Dataset):
    "Six items of any kind."

    def __init__(self, item, **more):
        self.item = item
        self.__dict__.update(more)

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return self.item(i)


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        yield X[0], 0


TORCH = {
    "multi-label": (Made(lambda i: (X[i], torch.tensor([1, 0, 1]))), "item 0 of Made has a label of shape (3,)"),
    "several names": (Made(lambda i: (X[i], ["cat", "dog"])), "item 0 of Made has a label of shape (2,)"),
    "no label": (Made(lambda i: (X[i], None if i == 3 else 0)), "item 3 of Made has no label (None)"),
    "a box for a label": (Made(lambda i: (X[i], dict(box=3))), "item 0 of Made has a label of type dict"),
    "images only": (Made(lambda i: X[i]), "item 0 of Made is ndarray of shape (5, 5); give (image, label)"),
    "dict of others": (Made(lambda i: dict(picture=X[i], y=0)), "item 0 of Made has picture, y; call them image"),
    "normalised": (Made(lambda i: (X[i] / 127.5 - 1, 0)), "Made: float images must be in [0,1]"),
    "sizes": (Made(lambda i: (X[i, : 3 + i % 2], 0)), "the images of Made have 2 shapes"),
    "text for an image": (Made(lambda i: (["a"], 0)), "item 0 of Made has a list for an image"),
    "an error inside": (Made(lambda i: (X[i], {}["gone"])), "item 0 of Made cannot be read (KeyError: 'gone')"),
    "no length": (type("Odd", (Dataset,), dict(__getitem__=lambda self, i: (X[0], 0)))(), "Odd is a stream without"),
    "a stream": (Stream(), "Stream is a stream without a length"),
    "a name that is no class": (Made(lambda i: (X[i], "cow"), classes=["cat"]), "there is no class 'cow'"),
    "unlike classes": (
        ConcatDataset([Made(lambda i: (X[i], 0), classes=["cat"]), Made(lambda i: (X[i], 0), classes=["dog"])]),
        "the joined data sets have unlike classes, ['cat'] and ['dog']",
    ),
    "contradiction": (
        Made(lambda i: (X[i], 0), classes=["cat", "dog"], class_to_idx=dict(cat=1, dog=0)),
        "classes and class_to_idx disagree about 'cat'",
    ),
}


@pytest.mark.parametrize("source, says", TORCH.values(), ids=TORCH)
def test_items_that_are_no_labelled_images(source, says):
    with pytest.raises((TypeError, ValueError)) as e:
        as_dataset(source)
    assert says in str(e.value) and "\n" not in str(e.value)


def test_classes_of_items():
    from_dict = Made(lambda i: (X[i], Y[i]), classes={0: "cat", 1: "dog", 2: "hen"})
    assert as_dataset(from_dict).classes == ("cat", "dog", "hen")
    synonyms = Made(lambda i: (X[i], Y[i]), classes=[("cat", "felis"), ("dog",), ("hen",)])
    assert as_dataset(synonyms).classes == ("cat", "dog", "hen")
    by_text = Made(lambda i: (X[i], Y[i]), classes=["1", "10", "2"])  # an ImageFolder sorts its folders so
    assert [as_dataset(by_text).classes[y] for y in as_dataset(by_text).labels] == ["1", "10", "2"] * 2
    assert as_dataset(TensorDataset(torch.from_numpy(X), torch.tensor(Y))).classes == ("0", "1", "2")
    with_groups = as_dataset((X, Y)).select(range(6))
    with_groups.groups = torch.tensor([5, 5, 6, 6, 7, 7])
    assert as_dataset(Subset(with_groups, [1, 2])).groups.tolist() == [5, 6]


def table(tmp_path, text, name="t.csv", **kw):
    for name_ in ("a.png", "b.png"):
        Image.fromarray(X[0]).save(tmp_path / name_)
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path / name


TABLES = {
    "no path": ("name,label\na.png,0\n", "has no column path or file_name"),
    "no label": ("path,kind\na.png,0\n", "has no column label or class"),
    "no lines": ("path,label\n", "is empty"),
    "nothing": ("", "cannot be read as a table"),
    "missing file": ("path,label\na.png,0\nc.png,1\n", "1 of 2 files are not there: c.png"),
    "outside": ("path,label\n../a.png,0\n", "names that lead out of its folder, which is refused: ../a.png"),
    "absolute": ("path,label\n/no/such/x.png,0\n", "1 of 1 files are not there: /no/such/x.png"),
    "no class": ("path,label\na.png,0\nb.png,\n", "1 of 2 lines have no 'label', the first is line 3"),
    "no name": ("path,label\n,0\nb.png,1\n", "1 of 2 lines have no 'path', the first is line 2"),
    "no part": ("path,label,split\na.png,0,train\nb.png,1,\n", "have no 'split', the first is line 3"),
    "unknown part": ("path,label,split\na.png,0,fold1\n", "'fold1' is no part of a split"),
    "two labels": ("path,label\na.png,0\na.png,1\n", "has two labels, or two parts of the split, for"),
    "two parts": ("path,label,split\na.png,0,train\na.png,0,test\n", "has two labels, or two parts"),
    "only a test": ("path,label,split\na.png,0,test\n", "has only test images"),
    "half a class": ("path,label\na.png,0.5\n", "has the label 0.5"),
    "latin": ("path,label\na.png,caf\u00e9\n".encode("latin-1"), "is not UTF-8 text"),
    "other class in a part": ("path,label,split\na.png,0,train\nb.png,1,test\n", "test images: "),
    "no group": ("path,label,group\na.png,0,x\nb.png,1,\n", "image 1 has no group"),
}


@pytest.mark.parametrize("text, says", TABLES.values(), ids=TABLES)
def test_tables_that_will_not_do(tmp_path, text, says):
    with pytest.raises((ValueError, FileNotFoundError)) as e:
        as_parts(table(tmp_path, text))
    assert says in str(e.value) and "\n" not in str(e.value)


def test_tables_say_what_they_do(tmp_path):
    path = table(tmp_path, "Path;Label;image\na.png;2.0;7\nb.png;10;8\na.png;2.0;9\n")
    with pytest.warns(Note) as said:
        ds = as_dataset(path)
    assert ds.classes == ("2", "10") and len(ds) == 2
    lines = "".join(str(w.message) for w in said)
    assert "1 lines stand there twice" in lines and "'image' is not" in lines
    with pytest.warns(Note, match="is read through the table t.csv"):
        assert as_dataset(tmp_path).classes == ("2", "10")
    (tmp_path / "u.tsv").write_text("path\tlabel\na.png\t1\n")
    with pytest.raises(ValueError, match="has several tables .t.csv, u.tsv.: give the one to be read"):
        as_dataset(tmp_path)


def test_parquet_with_the_pictures_in_it(tmp_path):
    import datasets

    features = datasets.Features(dict(image=datasets.Image(), label=datasets.ClassLabel(names=["dog", "cat", "hen"])))
    rows = dict(image=[Image.fromarray(x) for x in X], label=Y)
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "set.parquet")
    ds = as_dataset(tmp_path / "set.parquet")
    assert ds.classes == ("dog", "cat", "hen") and ds.labels.tolist() == Y and (ds.images[:, 0].numpy() == X).all()


NPZ = {
    "neither": (dict(pictures=X), "has no images and labels, but pictures"),
    "no labels": (dict(images=X), "has no labels: add an array called labels"),
    "no images": (dict(train_labels=Y), "has train_labels, but no images for them"),
    "two of a kind": (dict(images=X, x=X, labels=Y), "has 'images' and 'x'"),
    "several labels": (dict(train_images=X, train_labels=np.ones((6, 14), int)), "labels of"),
    "volumes": (dict(images=np.zeros((6, 9, 9, 9), np.uint8), labels=Y), "set.npz: images of shape (6, 9, 9, 9)"),
    "other length": (dict(images=X, labels=Y[:5]), "set.npz: 6 images but 5 labels"),
    "objects": (dict(images=X, labels=Y, classes=np.array(list("abc"), dtype=object)), "np.array(names, dtype=str)"),
}


@pytest.mark.parametrize("arrays, says", NPZ.values(), ids=NPZ)
def test_npz_files_that_will_not_do(tmp_path, arrays, says):
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises((TypeError, ValueError)) as e:
        as_parts(tmp_path / "set.npz")
    assert says in str(e.value) and "\n" not in str(e.value)


def test_files_that_are_no_npz(tmp_path):
    np.save(tmp_path / "a.npy", X)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_text("hello")
    for name in ("a.npz", "b.npz"):
        with pytest.raises(ValueError, match=f"{name} cannot be read as .npz .it is no such file."):
            as_parts(tmp_path / name)
    for empty in ("", " "):
        with pytest.raises(ValueError, match="the path of the images is empty"):
            as_parts(empty)


OTHERS = "a.zip a.tar.gz a.h5 a.mat a.pt a.pkl a.npy a.json a.xlsx a.png a.doc a a.npz a.csv"


@pytest.mark.parametrize("name", OTHERS.split())
def test_other_files_are_refused_with_the_cure(tmp_path, name):
    (tmp_path / name).touch()
    for path in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises((ValueError, FileNotFoundError)) as e:
            as_parts(path)
        assert name in str(e.value) and "\n" not in str(e.value)


def test_images_without_labels_can_be_measured(tmp_path):
    np.savez(tmp_path / "set.npz", images=X)
    (tmp_path / "flat").mkdir()
    for i, x in enumerate(X):
        Image.fromarray(x).save(tmp_path / "flat" / f"{i}.png")
    for source in (tmp_path / "set.npz", tmp_path / "flat", torch.from_numpy(X), X):
        ds, labelled = as_images(source)
        assert not labelled and (ds.images[:, 0].numpy() == X).all()
        with pytest.raises((TypeError, ValueError)):
            as_dataset(source)
    assert as_images((X, Y))[1]


def test_tensors_of_any_kind():
    for change in (lambda x: x.requires_grad_(), lambda x: x.bfloat16(), lambda x: x.half()):
        made = Made(lambda i, change=change: (change(torch.from_numpy(X[i]) / 255), Y[i]))
        assert (as_dataset(made).images[:, 0].int() - torch.from_numpy(X).int()).abs().max() < 2


def test_a_list_of_items_is_no_row_of_arrays():
    for n in (1, 2, 3, 4, 6):
        for make in (Image.fromarray, np.asarray, torch.from_numpy):
            ds = as_dataset([(make(x), y) for x, y in zip(X[:n], Y)])
            assert ds.labels.tolist() == Y[:n] and (ds.images[:, 0].numpy() == X[:n]).all()
        assert as_dataset([dict(image=x, label=y) for x, y in zip(X[:n], Y)]).labels.tolist() == Y[:n]
    assert as_dataset([[Image.fromarray(X[0]), Image.fromarray(X[1])], ["a", "b"]]).classes == ("a", "b")


MEMORY = {
    "six": ((X, Y, X, Y, X, Y), "from 6 values in a row"),
    "two sets": ((Made(lambda i: 0), Made(lambda i: 0)), "name the parts"),
    "number": (42, "cannot read images from int"),
    "batches": (torch.utils.data.DataLoader(Made(lambda i: (X[i], 0))), "DataLoader gives batches: give its data set"),
    "nothing": (None, "a torch Dataset"),
    "only a test": (dict(test=(X, Y)), "has only test images"),
    "another class": (dict(train=(X, Y), test=(X, [0, 1, 2, 3, 4, 5])), "test images: "),
}


@pytest.mark.parametrize("source, says", MEMORY.values(), ids=MEMORY)
def test_what_is_handed_over_and_is_no_form(source, says):
    with pytest.raises((TypeError, ValueError)) as e:
        as_parts(source)
    assert says in str(e.value) and "\n" not in str(e.value)


def test_groups(tmp_path):
    parts, groups = ["train", "train", "test"] * 2, ["p0", "p1", "p0", "p1", "p2", "p2"]
    world = World(X, ["cat", "dog"] * 3, parts, groups, ["cat", "dog"])
    write_folders(tmp_path, world, lambda s: "val")
    parts = as_parts(tmp_path, groups=lambda name: name[:2])
    assert (parts.train.n_groups, parts.test.n_groups) == (3, 2) and set(parts.test.groups.tolist()) == {0, 2}
    for groups, says in (
        (r"^(q\d)", "does not match"),
        (r"^p\d_", "no parentheses"),
        ("(", "no regular expression"),
        ([1, 2], "4 images but groups"),
        (3, "4 images but groups 3"),
    ):
        with pytest.raises(ValueError, match=says):
            as_parts(tmp_path, groups=groups)
    with pytest.raises(ValueError, match="it has no columns and no files"):
        as_parts((X, Y), groups="patient")
    assert as_parts(dict(images=X, labels=Y, patient=[1, 1, 2, 2, 3, 3]), groups="Patient").train.n_groups == 3


def test_all_parts_are_read_like_the_training_images(tmp_path):
    deep = X.astype(np.uint16) * 16  # 12 bits
    parts = as_parts(dict(train=(deep, Y), test=(deep // 2, Y)))
    assert parts.train.reading.depth == 12 and parts.test.images.max() in (74, 75, 76)
    with pytest.warns(Note, match="6 images resized to 8x8"):
        assert as_dataset((X, Y), reading=Reading(resize=8, channels=3)).shape == (3, 8, 8)
