"The diffusion sampler as one graph: every solver says what PyTorch says, and other programs can use the file."

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch_fidelity
from torch import nn
from torch_fidelity.generative_model_onnx import GenerativeModelONNX

from gan_augmentation.core.arrays import denormalize, image_noise
from gan_augmentation.core.settings import as_record
from gan_augmentation.diffusion.noise import make_scheduler
from gan_augmentation.diffusion.sampler import DiffusionSampler
from gan_augmentation.diffusion.unet import Denoiser, build_unet
from gan_augmentation.export import loop
from gan_augmentation.export.config import ExportConfig
from gan_augmentation.export.graphs import gan_graph
from gan_augmentation.export.steps import COLUMNS
from gan_augmentation.gans.config import GANConfig
from gan_augmentation.gans.defaults import build_generator, fill_gan
from gan_augmentation.gans.sampler import GANSampler

CLASSES = ["a", "b", "c"]
ABOUT = dict(classes=CLASSES, settings=dict(label_dropout=0.1), data=dict(name="none"))


def untrained(shape, size="tiny"):
    "Build a sampler whose network says something: its last layer is not zero."
    torch.manual_seed(0)
    unet = build_unet(size, shape, len(CLASSES))
    nn.init.normal_(unet.conv_out.weight, std=0.1)
    about = ABOUT | dict(generator="ddim", shape=shape)
    return DiffusionSampler(Denoiser(unet), make_scheduler(), about, device="cpu")


@pytest.fixture(scope="module")
def sampler():
    return untrained((1, 8, 8))


@pytest.fixture(scope="module")
def steps(sampler):
    "Export one step with all terms, for all solvers, since it takes seconds; without fresh noise x stands in for it."
    every = loop.step_graph(sampler, ExportConfig(rescale=0.5), np.ones((1, len(COLUMNS)), np.float32))
    quiet = onnx.ModelProto()
    quiet.CopyFrom(every)
    quiet.graph.node.insert(0, onnx.helper.make_node("Identity", ["x"], ["noise_now"]))
    return quiet, every


@pytest.fixture
def graph_of(sampler, steps, monkeypatch):
    "Set the exported step into the loop of a solver."

    def graph(**changes):
        fresh = changes["sampler"] == "ddpm" or changes.get("eta")
        monkeypatch.setattr(loop, "step_graph", lambda *args: steps[bool(fresh)])
        return loop.sampler_graph(sampler, ExportConfig(rescale=0.5, **changes))

    return graph


def difference(graph, asked, n, guidance=None, **options):
    "Ask a graph and a sampler for the same images; return the largest difference of floats and of grey levels."
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    ports = {i.name: i.shape for i in session.get_inputs()}
    labels, size = torch.arange(n) % len(CLASSES), int(np.prod(asked.shape))
    feeds = dict(noise=image_noise(5, n, size, 7).numpy(), labels=labels.numpy())
    if "fresh" in ports:
        fresh = [image_noise(5, n, size, 7, step + 1).numpy() for step in range(ports["fresh"][1])]
        feeds["fresh"] = np.stack(fresh, 1)
    if "guidance" in ports:
        feeds["guidance"] = np.array(guidance, np.float32)
    images, raw = session.run(["images", "raw"], feeds)
    wanted = asked.check_options(**options, guidance=guidance, precision="fp32")
    with torch.no_grad():
        expected = asked.make(labels, 5, 7, **wanted)
    pixels = denormalize(expected).numpy().astype(int)
    return np.abs(raw - expected.numpy()).max(), np.abs(images.astype(int) - pixels).max()


@pytest.mark.parametrize(
    "options",
    [
        dict(sampler="dpm++", steps=5),
        dict(sampler="ddim", steps=5),
        dict(sampler="ddim", steps=5, eta=0.5, interval=(0.3, 0.7)),
        dict(sampler="ddpm", steps=50),  # with fewer, diffusers rounds away its first step
        dict(sampler="heun", steps=6, interval=(0.1, 0.8)),
    ],
)
def test_every_solver_says_what_pytorch_says(sampler, graph_of, options):
    graph = graph_of(**options)
    onnx.checker.check_model(graph, full_check=True)
    for n, guidance in ((1, 1.0), (3, 0.0), (3, 2.0)):
        floats, levels = difference(graph, sampler, n, guidance, rescale=0.5, **options)
        assert floats < 1e-4 and levels <= 1


def test_many_images_at_once(sampler, graph_of):
    graph = graph_of(sampler="dpm++", steps=2)
    floats, levels = difference(graph, sampler, 70, 2.0, sampler="dpm++", steps=2, rescale=0.5)
    assert floats < 1e-4 and levels <= 1


def test_the_file_holds_the_weights_once_and_is_the_same_again(sampler, graph_of):
    few, many = (graph_of(sampler="dpm++", steps=steps) for steps in (5, 500))
    assert len(many.SerializeToString()) - len(few.SerializeToString()) < 60 * 500
    names = [tensor.name for tensor in few.graph.initializer]
    assert len(set(names)) == len(names) and "guided.net.unet.conv_in.weight" in names
    again = graph_of(sampler="dpm++", steps=5)
    assert few.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)


def test_guidance_may_be_fixed_and_grey_become_colour(sampler, graph_of):
    graph = graph_of(sampler="ddim", steps=3, guidance=2.0, rgb=True)
    assert [i.name for i in graph.graph.input] == ["noise", "labels"]
    onnx.checker.check_model(graph, full_check=True)
    options = dict(sampler="ddim", steps=3, guidance=2.0, rescale=0.5)
    assert max(difference(graph, sampler, 3, **options)) <= 1
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    noise = image_noise(0, 2, 64).numpy()
    (images,) = session.run(["images"], dict(noise=noise, labels=np.array([0, 2])))
    assert images.shape == (2, 3, 8, 8) and (images == images[:, :1]).all() and images.std() > 0


def test_what_a_solver_refuses(sampler, graph_of):
    with pytest.raises(ValueError, match="steps is 1001"):
        graph_of(sampler="dpm++", steps=1001)


class Means(torch_fidelity.FeatureExtractorBase):
    "Describe an image by the mean of each of its channels, and of its halves."

    def __init__(self, name, features_list, **kwargs):
        super().__init__(name, features_list)

    @staticmethod
    def get_provided_features_list():
        return ("means",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "means"

    @staticmethod
    def can_be_compiled():
        return False

    def forward(self, images):
        assert images.dtype == torch.uint8 and images.shape[1] == 3
        halves = images.float().unflatten(2, (2, -1)).mean((3, 4))
        return (halves.flatten(1).double(),)


def exported_gan():
    config = fill_gan(GANConfig("gan"))
    net = build_generator(config, (1, 8, 8), len(CLASSES))
    about = ABOUT | dict(generator="gan", settings=as_record(config), shape=(1, 8, 8))
    return gan_graph(GANSampler(net, about, "cpu"), rgb=True), config.nz


def test_torch_fidelity_measures_exported_generators(graph_of, tmp_path, monkeypatch):
    monkeypatch.setattr(np, "int", int, raising=False)  # torch-fidelity 0.4 asks for it when it draws labels
    torch_fidelity.register_feature_extractor("means", Means)
    (gan, nz), diffusion = exported_gan(), graph_of(sampler="dpm++", steps=2, guidance=2.0, rgb=True)
    for i, (graph, size) in enumerate(((gan, nz), (diffusion, 64))):
        path = tmp_path / f"{i}.onnx"
        onnx.save(graph, path)
        found = torch_fidelity.calculate_metrics(
            input1=GenerativeModelONNX(str(path), size, "normal", len(CLASSES)),
            input1_model_num_samples=32,
            input2=GenerativeModelONNX(str(path), size, "normal", len(CLASSES)),
            input2_model_num_samples=32,
            batch_size=16,
            fid=True,
            feature_extractor="means",
            cuda=False,
            cache=False,
            verbose=False,
        )
        assert np.isfinite(found["frechet_inception_distance"])


@pytest.mark.nightly
@pytest.mark.parametrize("size, shape", [("tiny", (3, 8, 12)), ("small", (1, 16, 16)), ("base", (3, 16, 16))])
@pytest.mark.parametrize("guidance", [0.0, 1.0, None])
def test_every_size_leaves(size, shape, guidance):
    sampler = untrained(shape, size)
    graph = loop.sampler_graph(sampler, ExportConfig(steps=3, guidance=guidance))
    onnx.checker.check_model(graph, full_check=True)
    assert ("guidance" in [i.name for i in graph.graph.input]) == (guidance is None)
    for n, w in ((1, 2.0), (3, 1.0)):
        strength = w if guidance is None else guidance
        floats, levels = difference(graph, sampler, n, strength, sampler="dpm++", steps=3)
        assert floats < 1e-4 and levels <= 1
