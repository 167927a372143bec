"An exported model without torch: the same pixels, noise, probabilities and images, and no file that is not sound."

import json
import os
import shutil
import struct
import subprocess
import sys
import warnings
import zlib
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import elsewhere
import numpy as np
import onnx
import pytest
import torch
import without_torch
from onnx import TensorProto, helper, numpy_helper
from pictures import refused
from PIL import Image

from gan_augmentation.classifiers.prediction import Classifier, build_classifier, classify
from gan_augmentation.core.arrays import image_noise
from gan_augmentation.core.settings import as_record
from gan_augmentation.data.config import Reading
from gan_augmentation.data.reading import fitted_blocks
from gan_augmentation.export import runtime
from gan_augmentation.export.exporter import export_onnx
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import build_generator, fill_gan
from gan_augmentation.gans.sampler import GANSampler
from gan_augmentation.generators.sampler import describe_sampler

READING = Reading(resize="28x28", fit="crop", channels=1, depth=8, ground="black")


# the same as PyTorch


@pytest.fixture(scope="module")
def models(tmp_path_factory, data):
    "A classifier and a GAN, untrained, exported beside a copy of the runtime and some pictures."
    folder = tmp_path_factory.mktemp("exported")
    facts = dict(network="small_cnn", shape=[1, 28, 28], classes=list(data.train.classes), reading=as_record(READING))
    classifier = Classifier(build_classifier("small_cnn", (1, 28, 28), 10), facts, "cpu")
    config = fill_gan(GANConfig("dcgan", g_channels=8), data.train)
    torch.manual_seed(0)
    gan = GANSampler(build_generator(config, (1, 28, 28), 10), describe_sampler(config, data.train, {}), "cpu")
    export_onnx(classifier, folder / "classifier.onnx")
    export_onnx(gan, folder / "generator.onnx")
    shutil.copy(runtime.__file__, folder / "runtime.py")
    files = [folder / f"{i}.png" for i in range(4)]
    for file, x in zip(files, data.test.images.numpy()):
        Image.fromarray(x[0]).resize((30 + len(file.name), 40)).save(file)
    return SimpleNamespace(folder=folder, classifier=classifier, gan=gan, files=files)


def test_a_classifier_is_as_sure_as_in_pytorch(models, data):
    exported = runtime.open_onnx(models.folder / "classifier.onnx", threads=1)
    images = torch.cat([data.test.images[:80], torch.randint(0, 256, (20, 1, 28, 28)).byte()])
    np.testing.assert_allclose(exported.predict(images), models.classifier.predict(images), atol=1e-4)
    np.testing.assert_allclose(exported.predict(images.numpy()), exported.predict(images))
    exported.bs = 7
    np.testing.assert_allclose(exported.predict(images), models.classifier.predict(images), atol=1e-4)
    assert (repr(exported), exported.reading) == (repr(models.classifier), as_record(READING))
    for asked in ({}, dict(fit="pad"), dict(fit="stretch", invert=True)):
        _, right = classify(models.classifier, *models.files, **asked)
        np.testing.assert_allclose(exported.predict(models.files, **asked), right, atol=1e-4)


@pytest.mark.parametrize("truncation", [None, 0.5])
def test_a_gan_makes_the_images_of_pytorch(models, truncation):
    exported = runtime.open_onnx(models.folder / "generator.onnx", threads=1)
    labels, seed = np.arange(70) % 10, 2**64 - 1
    images = exported.sample(labels, seed, truncation)
    right = models.gan.sample(labels, seed, truncation=truncation).numpy()
    assert np.abs(images.astype(int) - right).max() <= 1
    assert len(np.unique(right)) > 5
    assert (exported.sample(labels[:3], seed, truncation) == images[:3]).all()
    assert [len(block) for block in exported.stream(labels)] == [64, 6]
    assert (exported.sample([exported.classes[y] for y in labels[:5]], seed, truncation) == images[:5]).all()


@pytest.mark.parametrize("how", [without_torch.copied, without_torch.installed])
def test_torch_is_not_needed(models, how):
    images, seen, files = map(np.array, json.loads(elsewhere.printed_by(how, str(models.folder))))
    right = models.gan.sample(torch.tensor([4, 8, 4]), seed=7)
    assert np.abs(images - right.numpy()).max() <= 1
    np.testing.assert_allclose(seen, models.classifier.predict(torch.tensor(images).byte()), atol=1e-4)
    np.testing.assert_allclose(files, classify(models.classifier, *models.files)[1], atol=1e-4)


@pytest.mark.nightly
def test_three_packages_are_enough(models, tmp_path):
    for name in ("runtime.py", "classifier.onnx", "generator.onnx", "0.png"):
        shutil.copy(models.folder / name, tmp_path)
    python = tmp_path / "venv" / "bin" / "python"

    def said(*command):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said(sys.executable, "-m", "venv", "venv")
    said(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "numpy", "pillow", "onnxruntime")
    assert "torch" not in said(python, "-m", "pip", "list")
    found = models.classifier.classes[int(classify(models.classifier, models.files[0])[1].argmax())]
    assert said(python, "runtime.py", "classifier.onnx", "0.png") == f"Predicted class: {found}\n"
    said(python, "runtime.py", "generator.onnx", "--labels", "Coat,Bag", "--seed", "3", "--out", "made.png")
    right = models.gan.sample([4, 8], seed=3).numpy()[:, 0]
    assert np.abs(np.asarray(Image.open(tmp_path / "made.png")).astype(int) - np.hstack(right)).max() <= 1


# the same pixels

GREY = np.random.default_rng(0).integers(0, 256, (12, 9), dtype=np.uint8)
COLOR = np.random.default_rng(1).integers(0, 256, (12, 9, 3), dtype=np.uint8)


def png(x: np.ndarray, clear=None) -> bytes:
    "Write a PNG of 16 bits a channel, which Pillow reads and does not write."
    h, w, c = x.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[c]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in x)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", w, h, 16, kind, 0, 0, 0))]
    parts += [(b"tRNS", np.array(clear, ">u2").tobytes())] if clear is not None else []
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def eight_bits() -> dict:  # name of a file -> (picture, how it is saved)
    color, grey = Image.fromarray(COLOR), Image.fromarray(GREY)
    rgba, light = color.convert("RGBA"), Image.merge("LA", [Image.fromarray(GREY // 4 + 190), grey])
    rgba.putalpha(grey)
    moving = dict(save_all=True, append_images=[Image.fromarray(np.roll(COLOR, i, 0)) for i in (1, 2)])
    saved = {"grey.png": (grey, {}), "bits.png": (grey.convert("1"), {}), "cmyk.jpg": (color.convert("CMYK"), {})}
    saved |= {"palette.png": (color.convert("P"), dict(transparency=3)), "grey_clear.png": (grey, dict(transparency=7))}
    saved |= {"palette.gif": (grey.convert("P"), dict(transparency=GREY[0, 0].item())), "icon.ico": (rgba, {})}
    saved |= {"light.png": (light, {}), "light.tif": (light, {}), "clear.png": (rgba, {}), "map.tga": (rgba, {})}
    saved |= {"clear.webp": (rgba, dict(lossless=True)), "map.jp2": (color, {}), "map.bmp": (color, {})}
    saved |= {name: (color, moving) for name in ("moving.gif", "moving.png", "moving.webp", "pages.tif")}
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[runtime.ORIENTATION] = orientation
        saved |= {f"turned{orientation}.{ending}": (color, dict(exif=exif)) for ending in ("png", "jpg", "tif")}
    return saved


def more_bits() -> dict:  # name of a file -> values
    arrays = dict(twelve=GREY.astype(np.uint16) * 16, sixteen=GREY.astype(np.uint16) * 257)
    arrays |= dict(whole=GREY.astype(np.int32) * 4, unit=GREY.astype(np.float32) / 255)
    return arrays | dict(floats=GREY.astype(np.float32), negative=GREY.astype(np.float32) - 99)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    "Pictures of as many kinds as there are."
    folder = tmp_path_factory.mktemp("kinds")
    for name, (image, options) in eight_bits().items():
        image.save(folder / name, **options)
    for name, values in more_bits().items():
        Image.fromarray(values).save(folder / f"{name}.tif")
    wide = np.random.default_rng(2).integers(0, 4000, (12, 9, 4))
    for c in (1, 2, 3, 4):
        (folder / f"deep{c}.png").write_bytes(png(wide[..., :c]))
    (folder / "deep_clear.png").write_bytes(png(wide[..., :3], clear=wide[0, 0, :3]))
    (folder / "text.png").write_text("no image")
    (folder / "cut.png").write_bytes(png(wide)[:200])
    return sorted(folder.iterdir())


def read(reader) -> tuple:  # (pixels or the kind of error, what was said)
    "Read pictures with one of the two, and listen."
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = np.concatenate([np.asarray(block) for block in reader()])
        except (ValueError, FileNotFoundError) as e:
            assert "\n" not in str(e)
            found = np.array(type(e).__name__)
    return found, [str(w.message) for w in caught if issubclass(w.category, UserWarning)]


def assert_same_pixels(files, shape, fit, reading):
    right, lines = read(lambda: fitted_blocks(files, shape, fit, False, reading))
    found, said = read(lambda: runtime.picture_blocks(files, shape, as_record(reading), fit, 3))
    assert (found.dtype, found.shape, said) == (right.dtype, right.shape, lines), files
    assert (found == right).all(), files


READINGS = [Reading(), Reading(depth=8, ground="white"), Reading(depth=12, ground="#808080"), Reading(depth=16)]


@pytest.mark.parametrize("reading", READINGS, ids=lambda r: f"{r.depth}-{r.ground}")
def test_every_kind_of_picture_gives_the_pixels_of_training(files, reading):
    for i, file in enumerate(files):
        shape, fit = [((1, 12, 9), "pad"), ((3, 7, 8), "crop"), ((3, 12, 9), "pad"), ((1, 9, 8), "stretch")][i % 4]
        assert_same_pixels([file], shape, fit, reading)


@pytest.mark.parametrize("seed", range(4))
def test_several_pictures_are_read_as_one_set(files, seed):
    rng = np.random.default_rng(seed)
    for _ in range(8):
        some = [files[i] for i in rng.integers(0, len(files), 5)]
        some = [file for file in some if file.name not in ("text.png", "negative.tif", "cut.png")]
        held = [lambda f: f, lambda f: f.read_bytes(), lambda f: str(f)][seed % 3]
        assert_same_pixels([held(file) for file in some], (1, 8, 8), "pad", READINGS[seed])
        opened = [Image.open(file) for file in some]
        assert_same_pixels(opened, (3, 9, 8), "crop", READINGS[seed])
        for image in opened:
            image.close()


# files that are not sound


def port(dtype, *shape):
    return dict(dtype=dtype, shape=["n", *shape])


def classifier_by_hand() -> tuple:  # (model, metadata)
    "Write a classifier: the logits are a product of pixels and weights."
    weights = np.random.default_rng(0).standard_normal((16, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("MatMul", ["flat", "W"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    about = dict(format=1, kind="classifier", name="small", classes=["a", "b", "c"], shape=[1, 4, 4], reading=None)
    scores = port("float32", 3)
    about |= dict(inputs=dict(images=port("uint8", 1, 4, 4)), outputs=dict(logits=scores, probabilities=scores))
    return make_model(nodes, dict(W=weights), about), about


def generator_by_hand() -> tuple:  # (model, metadata)
    "Write a sampler that adds up all its noise, times guidance."
    nodes = [
        helper.make_node("ReduceSum", ["fresh", "one"], ["added"], keepdims=0),
        helper.make_node("Add", ["noise", "added"], ["all"]),
        helper.make_node("Mul", ["all", "guidance"], ["guided"]),
        helper.make_node("Abs", ["guided"], ["positive"]),
        helper.make_node("Cast", ["positive"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Reshape", ["bytes", "sides"], ["images"]),
    ]
    about = dict(format=1, kind="generator", name="ddpm", classes=["a", "b"], shape=[1, 4, 4], precision="fp16")
    about |= dict(noise=dict(size=16, fresh=5), sampling=dict(sampler="ddpm", steps=6, guidance=None))
    inputs = dict(noise=port("float32", 16), labels=port("int64"), fresh=port("float32", 5, 16))
    inputs["guidance"] = dict(dtype="float32", shape=[])
    about |= dict(inputs=inputs, outputs=dict(images=port("uint8", 1, 4, 4)))
    return make_model(nodes, dict(one=np.array([1]), sides=np.array([-1, 1, 4, 4])), about), about


def make_model(nodes, weights, about):
    kinds = dict(uint8=TensorProto.UINT8, float32=TensorProto.FLOAT, int64=TensorProto.INT64)

    def infos(side):
        return [helper.make_tensor_value_info(k, kinds[p["dtype"]], p["shape"]) for k, p in about[side].items()]

    constants = [numpy_helper.from_array(w, name) for name, w in weights.items()]
    graph = helper.make_graph(nodes, "by_hand", infos("inputs"), infos("outputs"), constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write(model, about, path, text=None) -> Path:
    "Seal a model with its metadata, whatever they say."
    text = json.dumps(about) if text is None else text
    helper.set_model_props(model, {runtime.ABOUT: text, runtime.SEAL: "0" * 64})
    digest = runtime.open_seal(model.SerializeToString())[1]
    helper.set_model_props(model, {runtime.ABOUT: text, runtime.SEAL: digest})
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    "changes, says",
    [
        (dict(format=2), ("format 2", "update gan_augmentation")),
        (dict(format="1"), "do not say format"),
        (dict(kind="thing"), "do not say kind"),
        (dict(kind=["classifier"]), "do not say kind"),
        (dict(name=None), "do not say name"),
        (dict(classes=[]), "do not say classes"),
        (dict(classes="abc"), "do not say classes"),
        (dict(classes=["a", 1, "c"]), "do not say classes"),
        (dict(classes=["a", "b"]), "logits among the outputs is float32 ['n', 3], and should be float32 ['n', 2]"),
        (dict(shape=[4, 4]), "do not say shape"),
        (dict(shape=[1, 4, -4]), "do not say shape"),
        (dict(shape=[1, 10**9, 10**9]), "do not say shape"),
        (dict(shape=[1, 4, 5]), "images among the inputs is uint8 ['n', 1, 4, 4]"),
        (dict(reading="as it is"), "do not say reading"),
        (dict(reading=dict(fit=["pad"])), "do not say reading"),
        (dict(reading=dict(depth=-5)), "do not say reading"),
        (dict(name="a\nb"), "do not say name"),
        (dict(inputs=dict(images=dict(dtype="x\n" * 10**6, shape=[]))), "images among the inputs is x?x?"),
        (dict(inputs=None, outputs=3), "do not say inputs, outputs"),
        (dict(inputs=dict(images=dict(dtype="uint8", shape=3))), "do not say inputs"),
        (dict(inputs=dict(pixels=port("uint8", 1, 4, 4))), "images among the inputs is nothing"),
        (dict(inputs=dict(images=port("float32", 1, 4, 4))), "should be uint8"),
        (dict(kind="generator", noise=dict(size=1.5, fresh=0)), "do not say noise, sampling"),
        (dict(kind="generator", noise=dict(size=2**40, fresh=0), sampling={}), "do not say noise"),
        (dict(kind="generator", noise=dict(size=16, fresh=10**9), sampling={}), "do not say noise"),
        (dict(classes=["a", "b", "a"]), "do not say classes"),
        (dict(kind="denoiser"), "noised among the inputs is nothing"),
    ],
)
def test_metadata_that_are_not_sound_are_named(tmp_path, changes, says):
    model, about = classifier_by_hand()
    line = refused(runtime.open_onnx, write(model, {**about, **changes}, tmp_path / "a.onnx"), says=says)
    assert "a.onnx" in line


@pytest.mark.parametrize("text", ["", "no JSON", "[" * 100_000, "[1]", "null", "{}"])
def test_metadata_that_are_no_object_are_named(tmp_path, text):
    model, about = classifier_by_hand()
    refused(runtime.read_about, write(model, about, tmp_path / "a.onnx", text), says="its metadata")


def other_graph(what):
    "Change a graph behind its metadata's back."
    model, about = classifier_by_hand()
    graph = model.graph
    sides = graph.input[0].type.tensor_type.shape.dim
    if what == "input":
        graph.input[0].name = graph.node[0].input[0] = "pixels"
    elif what == "dtype":
        graph.input[0].type.tensor_type.elem_type = TensorProto.INT32
    elif what == "side":
        sides[3].dim_value, sides[2].dim_value = 2, 8
    elif what == "batch":
        sides[0].dim_value = 1
    elif what == "rank":
        sides.add().dim_value = 1
    elif what == "output":
        del graph.output[0]
    elif what == "more":
        graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["n", 16]))
    elif what == "operator":
        graph.node[3].op_type = "Softmaximum"
    return model, about


@pytest.mark.parametrize(
    "what, says",
    [
        ("input", "its graph: images among the inputs is nothing, and should be uint8 ['n', 1, 4, 4]"),
        ("dtype", "its graph: images among the inputs is tensor(int32)"),
        ("side", "is uint8 ['n', 1, 8, 2], and should be uint8 ['n', 1, 4, 4]"),
        ("batch", "is uint8 [1, 1, 4, 4]"),
        ("rank", "is uint8 ['n', 1, 4, 4, 1]"),
        ("output", "logits among the outputs is nothing"),
        ("more", "flat among the outputs is float32 ['n', 16], and should be nothing"),
        ("operator", ("cannot load", "Softmaximum", "update it, or export again")),
    ],
)
def test_a_graph_that_is_not_what_its_metadata_say_is_refused(tmp_path, what, says):
    refused(runtime.OnnxClassifier, write(*other_graph(what), tmp_path / "a.onnx"), says=says)


def test_a_result_that_is_not_what_the_metadata_say_is_refused(tmp_path):
    model, about = classifier_by_hand()
    model.graph.node[3].output[0] = "all"
    model.graph.node.append(helper.make_node("Compress", ["all", "some"], ["probabilities"], axis=1))
    model.graph.initializer.append(numpy_helper.from_array(np.array([True, False, True]), "some"))
    model.graph.output[1].type.tensor_type.shape.dim[1].dim_param = "k"
    opened = runtime.OnnxClassifier(write(model, about, tmp_path / "a.onnx"), threads=1)
    images = np.zeros((2, 1, 4, 4), np.uint8)
    refused(opened.predict, images, says="returned probabilities float32 [2, 2], and should return float32 [2, 3]")
    assert opened.logits(images).shape == (2, 3)


def test_a_graph_that_fails_says_so_in_one_line(tmp_path):
    model, about = classifier_by_hand()
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_param = "w"
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((15, 3), np.float32), "W"))
    opened = runtime.OnnxClassifier(write(model, about, tmp_path / "a.onnx"), threads=1)
    refused(opened.predict, np.zeros((2, 1, 4, 4), np.uint8), says=("a.onnx cannot be run", "export it again"))


@pytest.mark.parametrize("place", ["weights", "inside a node"])
def test_data_of_other_files_are_never_read(tmp_path, place, monkeypatch):
    model, about = classifier_by_hand()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(model.graph.initializer[0].raw_data)
    tensor = model.graph.initializer[0]
    if place != "weights":
        model.graph.node.insert(0, helper.make_node("Constant", [], ["W"], value=tensor))
        del model.graph.initializer[:]
        tensor = model.graph.node[0].attribute[0].t
    onnx.external_data_helper.set_external_data(tensor, "secret")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    (tmp_path / "deep").mkdir()
    for path in (tmp_path / "a.onnx", tmp_path / "deep" / "a.onnx"):
        refused(runtime.OnnxClassifier, write(model, about, path), says="wants data of other files")


def test_files_that_are_no_models_of_ours_are_named(tmp_path):
    model, about = classifier_by_hand()
    theirs, large = tmp_path / "theirs.onnx", tmp_path / "large.onnx"
    onnx.save(model, theirs)
    with large.open("wb") as f:
        f.truncate(2**31)
    (tmp_path / "text.onnx").write_text("version https://git-lfs.github.com/spec/v1")
    (tmp_path / "empty.onnx").write_bytes(b"")
    Image.fromarray(GREY).save(tmp_path / "picture.png")
    for name in ("text.onnx", "empty.onnx", "picture.png"):
        refused(runtime.open_onnx, tmp_path / name, says=(name, "is no ONNX file"))
    refused(runtime.open_onnx, theirs, says="of another program")
    refused(runtime.open_onnx, large, says="2.0 GiB")
    refused(runtime.open_onnx, tmp_path, says="is no file")
    with pytest.raises(FileNotFoundError, match="nowhere.onnx does not exist"):
        runtime.open_onnx(str(tmp_path / "nowhere.onnx"))
    for make in (runtime.open_onnx, runtime.OnnxClassifier, runtime.OnnxGenerator, runtime.read_about):
        refused(make, None, says=("give the path of an ONNX file", "NoneType"))


def test_a_file_that_was_cut_off_or_altered_anywhere_is_refused(tmp_path):
    path = write(*classifier_by_hand(), tmp_path / "a.onnx")
    content = path.read_bytes()
    for k in range(0, len(content), 5):
        path.write_bytes(content[:k])
        refused(runtime.read_about, path, says="a.onnx")
    path.write_bytes(content[:-5])
    refused(runtime.read_about, path, says="cut off")
    for k in range(0, len(content), 7):
        path.write_bytes(content[:k] + bytes([content[k] ^ 1]) + content[k + 1 :])
        refused(runtime.read_about, path, says="a.onnx")
    path.write_bytes(content)
    assert runtime.read_about(path)["name"] == "small"


def test_a_number_in_the_place_of_metadata_asks_for_no_memory(tmp_path):
    path = write(*classifier_by_hand(), tmp_path / "a.onnx")
    pair = b"\x08\x80\x80\x80\x80\x80\x20\x12\x01a"  # the key is 2^40
    path.write_bytes(path.read_bytes() + b"\x72" + bytes([len(pair)]) + pair)
    refused(runtime.read_about, path, says="cut off or damaged")


def test_a_picture_that_is_no_file_is_refused_at_once(tmp_path):
    opened = runtime.OnnxClassifier(write(*classifier_by_hand(), tmp_path / "a.onnx"), threads=1)
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path, tmp_path / "pipe.png"):
        refused(opened.predict, path, says=(path.name, "it is no file"))


def test_a_model_of_the_other_kind_says_what_opens_it(tmp_path):
    classifier = write(*classifier_by_hand(), tmp_path / "c.onnx")
    generator = write(*generator_by_hand(), tmp_path / "g.onnx")
    refused(runtime.OnnxGenerator, classifier, says=("classifier, no generator", "OnnxClassifier"))
    refused(runtime.OnnxClassifier, generator, says=("generator, no classifier", "OnnxGenerator"))
    assert isinstance(runtime.open_onnx(generator, threads=2), runtime.OnnxGenerator)
    for threads in (0, -1, 1.5, True):
        refused(runtime.open_onnx, generator, threads, says="threads")


# what is asked for


@pytest.fixture
def sampler(tmp_path):
    return runtime.OnnxGenerator(write(*generator_by_hand(), tmp_path / "g.onnx"), threads=1)


def test_every_step_has_its_noise_however_few_images_fit(sampler):
    labels, seed = [0, 1] * 5, 3
    noise = sum(image_noise(seed, 10, 16, 0, step) for step in range(6)).numpy()
    exact = np.abs(noise * np.float32(20)).reshape(-1, 1, 4, 4)
    images = sampler.sample(labels, seed, guidance=20)
    assert np.abs(images - np.floor(exact)).max() <= 1 and (images == np.floor(exact)).mean() > 0.95
    for memory in (1, 4 * 16 * 6 * 3):
        sampler.memory = memory
        assert (sampler.sample(labels, seed, guidance=20) == images).all()
    assert [len(x) for x in sampler.stream(labels)] == [3, 3, 3, 1]
    assert (sampler.sample(labels, seed) == sampler.sample(labels, seed, guidance=1)).all()
    assert repr(sampler) == "ddpm (fp16) for 2 classes of 1x4x4 images"


def test_what_a_generator_cannot_do_is_refused(sampler):
    refused(sampler.sample, [0], truncation=1, says="truncation is for GANs")
    for guidance in (-1, 101, 1e39, float("nan"), float("inf"), "2", True):
        refused(sampler.sample, [0], guidance=guidance, says="guidance")
    sampler.about = deepcopy(sampler.about)
    del sampler.about["inputs"]["guidance"]
    sampler.about["sampling"]["guidance"] = 2.5
    refused(sampler.sample, [0], guidance=3, says=("guidance is fixed at 2.5", "export again"))
    runtime.check_options(sampler, None, 2.5)


@pytest.mark.parametrize(
    "labels, says",
    [
        ([2], "label 2 is out of range: the classes are 0 to 1"),
        ([-1], "label -1 is out of range"),
        ([0.0], "whole numbers, not float64"),
        ([True], "whole numbers, not bool"),
        ([None], "whole numbers"),
        (np.zeros((2, 2), int), "expected (n,)"),
        (0, "expected (n,)"),
        ({"a"}, "labels are a set; give a list"),
        ((x for x in "ab"), "labels are a generator; give a list"),
        ("a", "give a list"),
        (["c"], ("no class 'c'", "a, b")),
        (["a", 1], "all names or all positions"),
        (["2"], "no class '2'"),
        (["9" * 5000], "no class"),
    ],
)
def test_labels_that_are_none_are_refused(sampler, labels, says):
    refused(sampler.sample, labels, says=says)


def test_labels_are_read_as_the_package_reads_them():
    e_acute, e_and_accent = "Caf\u00e9", "Cafe\u0301"
    assert runtime.as_positions([e_and_accent, "b"], (e_acute, "b")).tolist() == [0, 1]
    assert runtime.as_positions(["1", "0"], ("a", "b")).tolist() == [1, 0]
    assert runtime.as_positions(np.array(["b", "a"]), ("a", "b")).tolist() == [1, 0]
    assert runtime.as_positions(torch.tensor([1, 0]), ("a", "b")).tolist() == [1, 0]
    assert runtime.as_positions([], ("a", "b")).tolist() == []
    with pytest.warns(UserWarning, match="so 1 is the class of that name, at position 0"):
        assert runtime.as_positions(["1"], ("1", "0")).tolist() == [0]
    refused(runtime.as_positions, ["0"], ("5", "7"), says="there is no class '0'")


# the command line


@pytest.fixture
def program(models, monkeypatch, capsys):
    "Run the command line beside the models; return (exit code, what was printed, what was said beside it)."
    monkeypatch.chdir(models.folder)

    def run(*words):
        code = 0
        try:
            runtime.main([str(word) for word in words])
        except SystemExit as e:
            code = e.code
        return code, *capsys.readouterr()

    return run


def test_the_command_line_classifies(models, program):
    names = [models.classifier.classes[i] for i in classify(models.classifier, *models.files)[1].argmax(1)]
    code, said, beside = program("classifier.onnx", "0.png")
    assert (code, said, beside) == (0, f"Predicted class: {names[0]}\n", "")
    code, said, _ = program("classifier.onnx", "0.png", "1.png")
    assert (code, said) == (0, f"0.png: Predicted class: {names[0]}\n1.png: Predicted class: {names[1]}\n")


def test_the_command_line_says_what_it_assumed(models, program, tmp_path):
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    code, said, beside = program("classifier.onnx", tmp_path / "moving.gif")
    assert code == 0 and said.startswith("Predicted class: ")
    assert beside == f"note: {tmp_path / 'moving.gif'} has 2 frames; the first one is used\n"


def test_the_command_line_generates(models, program, tmp_path):
    code, said, _ = program("generator.onnx", "--labels", "Coat,Bag", "--seed", 3, "--out", tmp_path / "a.png")
    assert (code, said) == (0, f"{tmp_path / 'a.png'}: 2 images, Coat, Bag\n")
    right = np.hstack(models.gan.sample([4, 8], seed=3).numpy()[:, 0])
    assert np.abs(np.asarray(Image.open(tmp_path / "a.png")).astype(int) - right).max() <= 1
    program("generator.onnx", "--out", tmp_path / "b.png")
    assert Image.open(tmp_path / "b.png").size == (4 * 28, 3 * 28)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_the_command_line_replaces_no_file(models, program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("images.png", "images-2.png", "images-3.png"):
        code, said, _ = program(models.folder / "generator.onnx", "--labels", "Coat", "--seed", 0)
        assert (code, said) == (0, f"{name}: 1 image, Coat\n")
    assert Path("images.png").read_bytes() == Path("images-3.png").read_bytes()
    Path("images.png").write_bytes(b"mine")
    code, _, beside = program(models.folder / "generator.onnx", "--out", "images.png")
    assert (code, beside.count("\n")) == (2, 1) and "images.png is there, and is not replaced" in beside
    assert Path("images.png").read_bytes() == b"mine" and len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    "words, says",
    [
        ("nowhere.onnx 0.png", "nowhere.onnx does not exist"),
        ("runtime.py 0.png", "is no ONNX file"),
        ("classifier.onnx", "give pictures"),
        ("classifier.onnx nowhere.png", "nowhere.png does not exist"),
        ("classifier.onnx runtime.py", "runtime.py cannot be read as an image (in no format that Pillow knows)"),
        ("classifier.onnx 0.png --fit shrink", "invalid choice: 'shrink'"),
        ("generator.onnx --labels Goat", "there is no class 'Goat'"),
        ("generator.onnx --seed x", "invalid int value: 'x'"),
        ("generator.onnx --seed -1", "seed is -1; it must be at least 0"),
        ("generator.onnx --guidance 2", "guidance is for diffusion models"),
        ("generator.onnx --truncation 0", "truncation is 0.0"),
        ("generator.onnx --out nowhere/a.png", "there is no folder nowhere for nowhere/a.png"),
        ("generator.onnx 0.png", "generator.onnx is a generator, and a picture (0.png) is for a classifier"),
        ("generator.onnx --invert", "--invert is for a classifier"),
        ("classifier.onnx 0.png --labels Coat", "classifier.onnx is a classifier, and --labels is for a generator"),
        ("classifier.onnx 0.png --seed 0", "--seed is for a generator"),
        ("generator.onnx --out a.thing", "unknown file extension: .thing"),
        ("", "are required: model"),
    ],
)
def test_the_command_line_refuses_in_one_line(program, models, words, says):
    before = sorted(models.folder.iterdir())
    code, said, beside = program(*words.split())
    assert (code, said) == (2, "")
    assert beside.startswith("error: ") and beside.count("\n") == 1 and says in beside
    assert sorted(models.folder.iterdir()) == before
