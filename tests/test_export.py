"Exported networks: the same as in PyTorch, silent, whole or not at all, and the user's model is not touched."

import json
import logging
import warnings

import light
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from elsewhere import printed_by
from torch import nn

from gan_augmentation.classifiers.prediction import CLASSIFIERS, Classifier, build_classifier
from gan_augmentation.core.arrays import fingerprint, image_noise
from gan_augmentation.core.settings import as_record
from gan_augmentation.export import export_onnx
from gan_augmentation.export import exporter as room
from gan_augmentation.export.metadata import read_onnx
from gan_augmentation.export.parity import ParityError
from gan_augmentation.export.runtime import OnnxClassifier, OnnxGenerator
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import build_generator, fill_gan
from gan_augmentation.gans.sampler import GANSampler

CLASSES = [f"class {i}" for i in range(10)]


def stirred(net):
    "Give batch norm statistics that are not the initial ones."
    draw = torch.Generator().manual_seed(1)
    for layer in net.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_(0, 0.1, generator=draw)
            layer.running_var.uniform_(0.5, 2, generator=draw)
    return net


def classifier(network, shape=(1, 28, 28), **options):
    "Build a classifier as if it had been trained."
    net = stirred(build_classifier(network, shape, 10, **options))
    data = dict(name="fashion_mnist_mini", dataset="/home/me/x", train=dict(n=3, sha256="ab" * 32))
    model = Classifier(net, dict(network=network, shape=shape, classes=CLASSES, data=data), "cpu")
    model.seen = np.arange(3, dtype=np.uint64)
    return model


def gan(generator="dcgan", condition="embed", shape=(1, 28, 28)):
    "Build a sampler as if it had been trained."
    config = fill_gan(GANConfig(generator, g_condition=condition))
    torch.manual_seed(0)
    net = stirred(build_generator(config, shape, 10))
    about = dict(generator=generator, settings=as_record(config), shape=shape, classes=CLASSES)
    training = dict(metrics=dict(diversity=0.5))
    return GANSampler(net, about | dict(data=dict(name="own", n=9), training=training), "cpu")


def state(net):
    "All that an export could have changed in a network, and around it."
    layers = [(m.training, type(m)) for m in net.modules()]
    tensors = [(t.stride(), t.device, t.dtype, t.requires_grad) for t in net.state_dict(keep_vars=True).values()]
    loggers = [x for x in logging.root.manager.loggerDict.values() if isinstance(x, logging.Logger)]
    levels = {x.name: x.level for x in loggers if x.level}
    around = levels, logging.root.level, logging.root.manager.disable, list(warnings.filters)
    numbers = torch.get_num_threads(), torch.is_grad_enabled(), fingerprint(torch.get_rng_state())
    return layers, tensors, fingerprint(*(t.numpy() for t in net.state_dict().values())), around, numbers


@pytest.fixture(scope="module")
def small():
    model = classifier("small_cnn")
    model.model.train().requires_grad_(True)  # somebody goes on with it
    return model


@pytest.fixture(scope="module")
def exported(small, data, tmp_path_factory):
    "A classifier in a file."
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    return export_onnx(small, path, images=data.test.images, facts=dict(metrics=dict(test=dict(accuracy=0.5))))


def test_an_export_is_silent_and_changes_nothing(small, exported, data, tmp_path, capfd):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        before = state(small.model)
        facts = dict(metrics=dict(test=dict(accuracy=0.5)))
        again = export_onnx(small, tmp_path / "deep" / "again.onnx", images=data.test.images, facts=facts)
        assert state(small.model) == before
    assert not heard and capfd.readouterr() == ("", "")
    assert again.read_bytes() == exported.read_bytes()  # the same model, the same file


def test_a_file_says_what_it_is_and_no_path(small, exported):
    _, about = read_onnx(exported)
    first = about["format"], about["kind"], about["name"], about["shape"]
    assert first == (1, "classifier", "small_cnn", [1, 28, 28])
    assert about["classes"] == CLASSES
    assert about["inputs"]["images"] == dict(
        dtype="uint8", shape=["n", 1, 28, 28], low=0, high=255, what="pixels: grey, or red, green and blue"
    )
    data = about["data"]
    assert data["licence"].startswith("MIT") and data["seen_sha256"] == fingerprint(small.seen) and data["n"] == 3
    assert (about["metrics"], about["licence"]) == (dict(test=dict(accuracy=0.5)), None)
    assert about["versions"]["torch"] and about["versions"]["opset"] >= 18 and about["precision"] == "fp32"
    assert about["parity"]["largest"] < about["parity"]["limit"] == 1e-4 and about["parity"]["real"] == 64
    content = exported.read_bytes()
    assert not [text for text in (b"/home/", b"/tmp", b"site-packages", b".py") if text in content]
    props = {p.key: p.value for p in onnx.load(exported).metadata_props}
    assert json.loads(props["classes"]) == CLASSES


@pytest.mark.parametrize("n", [1, 3, 70])
def test_any_number_of_images_is_classified_as_by_pytorch(small, exported, data, n):
    images = data.test.images[-n:]
    ours, theirs = OnnxClassifier(exported).predict(images.numpy()), small.predict(images)
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def test_a_graph_that_computes_something_else_leaves_no_file(small, exported, tmp_path, monkeypatch):
    def wrong(twin):
        graph, _ = read_onnx(exported)
        bias = next(x for x in graph.graph.initializer if list(x.dims) == [10])
        shifted = onnx.numpy_helper.to_array(bias) + np.float32(0.01)
        bias.CopyFrom(onnx.numpy_helper.from_array(shifted, bias.name))
        return graph

    monkeypatch.setattr(room, "classifier_graph", wrong)
    kept = tmp_path / "kept.onnx"
    kept.write_bytes(b"what was here before")
    with pytest.raises(ParityError, match="^small_cnn for 10 .* logits that are .* the limit is 0.0001; no file"):
        export_onnx(small, kept)
    assert kept.read_bytes() == b"what was here before" and list(tmp_path.iterdir()) == [kept]


class Undecided(nn.Module):
    "Looks at the pixels before it decides what to do."

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(64, 10)

    def forward(self, x):
        return self.last(x.flatten(1)) if x.mean() > 0 else -self.last(x.flatten(1))


def undecided(shape, n_classes):
    return Undecided()


def test_what_pytorch_cannot_write_is_refused_in_a_line(tmp_path):
    model = classifier(undecided, (1, 8, 8))
    model.config["network"] = "my_networks:undecided"
    with pytest.raises(ValueError, match="PyTorch cannot write my_networks:undecided .* as ONNX") as e:
        export_onnx(model, tmp_path / "model.onnx")
    assert len(str(e.value).splitlines()) == 1 and len(str(e.value)) < 400
    assert not list(tmp_path.iterdir())


def test_images_of_a_seed_are_those_of_the_sampler(tmp_path):
    sampler, labels = gan(), torch.arange(70) % 10
    path = export_onnx(sampler, tmp_path / "gan.onnx", rgb=True)
    _, about = read_onnx(path)
    assert (about["kind"], about["shape"], about["noise"]) == ("generator", [3, 28, 28], dict(size=64, fresh=0))
    assert about["sampling"] == dict(truncation=True) and about["metrics"] == dict(diversity=0.5)
    assert about["parity"]["grey_levels"] <= 1 and about["parity"]["n"] == 21
    for options in ({}, dict(truncation=0.7)):
        ours, theirs = OnnxGenerator(path).sample(labels, 5, **options), sampler.sample(labels, 5, **options)
        assert ours.shape == (70, 3, 28, 28) and (ours == ours[:, :1]).all()
        assert np.abs(ours[:, :1].astype(int) - theirs.numpy().astype(int)).max() <= 1
    outputs = [output.name for output in onnx.load(path).graph.output]
    assert outputs == ["images"]


def test_classifiers_leave_without_diffusers():
    loaded = json.loads(printed_by(light.print_loaded, "import_modules", "gan_augmentation.export.exporter"))
    assert "onnx" in loaded and not {"diffusers", "timm", "torchvision"} & set(loaded)


@pytest.mark.nightly
@pytest.mark.parametrize("network", [*CLASSIFIERS, "timm:resnet10t", "timm:vit_tiny_patch16_224"])
def test_every_classifier_leaves(network, tmp_path):
    cases = [((1, 28, 28), {})]
    if network == "efficientnet":  # resized to more pixels, to fewer, and to more and fewer
        options = dict(pretrained=False, backbone="lite0", resolution=48)
        cases = [(shape, options) for shape in ((1, 28, 28), (3, 64, 64), (3, 36, 60))]
    if network.startswith("timm:"):
        cases = [((3, 32, 32), {})]
    for shape, options in cases:
        model = classifier(network, shape, **options)
        images = torch.randint(256, (5, *shape), dtype=torch.uint8)
        path = export_onnx(model, tmp_path / "model.onnx", images=images)
        ours = OnnxClassifier(path).predict(images.numpy())
        np.testing.assert_allclose(ours, model.predict(images).numpy(), atol=1e-5)


@pytest.mark.nightly
@pytest.mark.parametrize("generator", ["gan", "dcgan"])
@pytest.mark.parametrize("condition", ["embed", "cbn"])
def test_every_gan_leaves(generator, condition, tmp_path):
    for shape in ((1, 28, 28), (3, 16, 32)):
        path = export_onnx(gan(generator, condition, shape), tmp_path / "gan.onnx")
        assert OnnxGenerator(path).sample([3], 1).shape == (1, *shape)


@pytest.mark.nightly
def test_a_denoiser_leaves(tmp_path, data):
    from gan_augmentation.diffusion import build_unet
    from gan_augmentation.diffusion.noise import make_scheduler
    from gan_augmentation.diffusion.sampler import DiffusionSampler
    from gan_augmentation.diffusion.unet import Denoiser

    net = Denoiser(build_unet("tiny", (1, 28, 28), 10))
    nn.init.normal_(net.unet.conv_out.weight, std=0.02)
    about = dict(generator="ddim", shape=(1, 28, 28), classes=CLASSES, settings=dict(label_dropout=0.1))
    sampler = DiffusionSampler(net, make_scheduler(), about | dict(data=dict(name="own")), "cpu")
    path = room.export_denoiser(sampler, tmp_path / "denoiser.onnx", images=data.test.images)
    graph, about = read_onnx(path)
    assert about["kind"] == "denoiser" and about["inputs"]["labels"]["high"] == 10 and about["parity"]["real"] == 11
    session = onnxruntime.InferenceSession(path.read_bytes())
    x, t, y = image_noise(0, 70, (1, 28, 28)), torch.arange(70), torch.arange(70) % 11
    (found,) = session.run(None, dict(noised=x.numpy(), timesteps=t.float().numpy(), labels=y.numpy()))
    with torch.no_grad():
        np.testing.assert_allclose(found, net(x, t, y).numpy(), atol=1e-5)
