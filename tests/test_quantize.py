"Smaller files: what is kept, what is refused, and that nothing else is left behind."

import tempfile

import numpy as np
import onnx
import pytest

from gan_augmentation.classifiers.prediction import Classifier
from gan_augmentation.classifiers.recipe import train_classifier
from gan_augmentation.export import quantize
from gan_augmentation.export.exporter import export_onnx
from gan_augmentation.export.metadata import ports, read_onnx, write_onnx
from gan_augmentation.export.quantize import quantize_onnx
from gan_augmentation.export.runtime import OnnxClassifier, OnnxGenerator

LOOP = """
<ir_version: 10, opset_import: ["" : 20]>
sampler (float[n,4] noise, int64[n] labels) => (uint8[n,1,2,2] images)
<float[4,4] weight, int64 steps = {5}, bool go = {1}, int64[4] shape = {-1,1,2,2}, float half = {127.5}> {
  start = Identity(noise)
  x = Loop (steps, go, start) <body = step (int64 i, bool on, float[n,4] x0) => (bool on1, float[n,4] x1) {
    on1 = Identity(on)
    y = MatMul(x0, weight)
    x1 = Tanh(y)
  }>
  a = Mul(x, half)
  b = Add(a, half)
  c = Round(b)
  d = Cast<to = 2>(c)
  images = Reshape(d, shape)
}
"""


@pytest.fixture(scope="module")
def exported(data, tmp_path_factory):
    "A small classifier, trained for a moment."
    learn = train_classifier(data.dataloaders(bs=64), "small_cnn", steps=40)
    about = dict(network="small_cnn", shape=data.train.shape, classes=data.train.classes)
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    return export_onnx(Classifier(learn.model, about, "cpu"), path)


@pytest.fixture
def path(exported, tmp_path):
    "The same file, in a folder of its own."
    copy = tmp_path / "model.onnx"
    copy.write_bytes(exported.read_bytes())
    return copy


@pytest.fixture(scope="module")
def test(data):
    return data.test.images.numpy(), data.test.labels.numpy()


@pytest.fixture
def generator(tmp_path):
    "A loop with weights outside of its body, as the sampler of a diffusion model has them."
    graph = onnx.parser.parse_model(LOOP)
    weight = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    graph.graph.initializer.append(onnx.numpy_helper.from_array(weight, "weight"))
    about = dict(kind="generator", name="loop", classes=["a", "b"], shape=[1, 2, 2], precision="fp32")
    about |= dict(noise=dict(size=4, fresh=0), sampling={}, metrics={}, **ports(graph, 2))
    return write_onnx(graph, about, tmp_path / "sampler.onnx")


def test_static(path, data, test, monkeypatch, capfd, recwarn):
    scratch = path.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = path.read_bytes()
    found = quantize_onnx(path, images=data.train.images, test=test, n_images=100)
    assert found.kept and found.path == path.with_name("model.int8.onnx")
    assert path.read_bytes() == before, "the original was touched"
    assert not list(scratch.iterdir()) and len(list(path.parent.iterdir())) == 3
    assert capfd.readouterr() == ("", "") and not recwarn.list
    assert found.path.stat().st_size == found.size[1] <= 0.3 * found.size[0] + 2000
    a, b = (OnnxClassifier(p).predict(test[0]) for p in (path, found.path))
    accuracy = [(x.argmax(1) == test[1]).mean() for x in (a, b)]
    assert [x.value for x in found.accuracy] == accuracy
    assert found.loss == pytest.approx(100 * (accuracy[0] - accuracy[1])) and found.loss <= 0.5
    assert np.abs(a - b).mean() < 0.01


def test_metadata_go_along(path, data, test):
    found = quantize_onnx(path, method="dynamic", test=test, replace=True, limit=5)
    assert found.path == path and [p.name for p in path.parent.iterdir()] == ["model.onnx"]
    about = OnnxClassifier(path).about
    assert about["precision"] == "int8" and "parity" not in about
    assert about["classes"] == list(data.train.classes) and about["inputs"]["images"]["dtype"] == "uint8"
    said = about["metrics"]["quantized"]
    assert (said["before"], said["after"]) == tuple(x.value for x in found.accuracy)
    assert said["n"] == len(test[1]) and said["method"] == "int8, dynamic" and len(said["of"]) == 64
    with pytest.raises(ValueError, match="is int8 already"):
        quantize_onnx(path, method="dynamic", test=test)


def test_refuses_to_lose(path, test, monkeypatch):
    "A file that loses more than the limit is not written, and the original stays, also with replace."

    whole = quantize.make_dynamic

    def hurt(prepared):
        model = onnx.load(prepared)
        bias = next(w for w in model.graph.initializer if list(w.dims) == [10])
        values = onnx.numpy_helper.to_array(bias) + 100 * np.eye(10, dtype=np.float32)[3]
        bias.CopyFrom(onnx.numpy_helper.from_array(values, bias.name))
        onnx.save(model, prepared)
        return whole(prepared)

    monkeypatch.setattr(quantize, "make_dynamic", hurt)
    before = path.read_bytes()
    for replace in (False, True):
        found = quantize_onnx(path, method="dynamic", test=test, replace=replace)
        assert not found.kept and found.path is None and found.loss > 30
        assert [p.name for p in path.parent.iterdir()] == ["model.onnx"] and path.read_bytes() == before
        assert "more than the limit of 0.5" in str(found) and "higher limit" in str(found)
    assert quantize_onnx(path, method="dynamic", test=test, limit=100).kept


def test_loop_in_half_precision(generator):
    found = quantize_onnx(generator)
    assert found.kept is (found.size[1] < found.size[0])
    model, about = read_onnx(generator)
    half = quantize.make_half(model)
    weights = {w.name: w.data_type for w in half.graph.initializer}
    assert weights["weight_half"] == onnx.TensorProto.FLOAT16
    path = write_onnx(half, about | dict(precision="fp16"), generator.with_name("half.onnx"))
    grey = quantize.compare_generators(OnnxGenerator(generator), OnnxGenerator(path))
    assert grey["largest"] <= 1 and grey["mean"] < 0.1
    assert found.grey_levels == grey and found.loss is None and not found.accuracy
    assert "applies to nothing" in str(found)
    assert OnnxGenerator(path).sample([0, 1]).dtype == np.uint8


# fmt: off
BAD = {
    "no calibration images":  (dict(), "static finds ranges on training images"),
    "calibration in floats":  (dict(images=np.zeros((9, 1, 28, 28))), "calibration images are float64"),
    "calibration of a shape": (dict(images=np.zeros((9, 28, 28), np.uint8)), r"give uint8 \(n,1,28,28\)"),
    "none of them":           (dict(images=np.zeros((0, 1, 28, 28), np.uint8)), "at least one"),
    "no test images":         (dict(method="dynamic", test=None), "give test images"),
    "test not a pair":        (dict(method="dynamic", test=np.zeros(3)), "must be a pair"),
    "labels too large":       (dict(method="dynamic", test=(np.zeros((1, 1, 28, 28), np.uint8), [10])), "0 to 9"),
    "labels of others":       (dict(method="dynamic", test=(np.zeros((2, 1, 28, 28), np.uint8), [1])), "one an image"),
    "unknown method":         (dict(method="int4"), "unknown method 'int4'"),
    "unknown calibration":    (dict(calibration="minmax"), "unknown calibration 'minmax'"),
    "unknown setting":        (dict(bits=4), "unknown setting 'bits'"),
    "limit below zero":       (dict(limit=-1), "limit is -1"),
    "out is the original":    (dict(method="dynamic", out="model.onnx"), "is the original"),
    "out of another kind":    (dict(method="dynamic", out="model.txt"), "end in .onnx"),
}
# fmt: on


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case, path, test):
    changes, message = BAD[case]
    changes = dict(test=test) | changes
    if "out" in changes:
        changes["out"] = path.with_name(changes["out"])
    with pytest.raises((ValueError, TypeError), match=message) as refused:
        quantize_onnx(path, **changes)
    assert "\n" not in str(refused.value)
    assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]


def test_not_ours(tmp_path, generator):
    onnx.save(onnx.parser.parse_model(LOOP), tmp_path / "other.onnx")
    for name, error, message in (
        ("other.onnx", ValueError, "gan_augmentation"),
        ("missing.onnx", FileNotFoundError, "missing.onnx"),
    ):
        with pytest.raises(error, match=message):
            quantize_onnx(tmp_path / name)
    for method in ("static", "dynamic"):
        with pytest.raises(ValueError, match="is int8, which is for classifiers"):
            quantize_onnx(generator, method=method)
