"Exported generators where generators are asked for images, and ONNX files of others, which nobody trusts."

import handmade
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from gan_augmentation.augment import augment_dataset
from gan_augmentation.core.arrays import fingerprint
from gan_augmentation.core.checks import noted
from gan_augmentation.export import runtime
from gan_augmentation.export.metadata import read_onnx, write_onnx
from gan_augmentation.export.runtime import OnnxGenerator
from gan_augmentation.export.source import OnnxSource
from gan_augmentation.generators.adapters import OnnxSampler
from gan_augmentation.generators.find import find_generator, find_source

@pytest.fixture
def generator(data, tmp_path):
    "Write a generator for the mini set, with guidance, that says what it was trained on."
    path = tmp_path / "model.onnx"
    classes, shape = list(data.train.classes), list(data.train.shape)
    handmade.generator(path, classes, shape, guidance=True, steps=12, name="ddim")
    seen = data.train.hashes()
    known = dict(name=data.train.name, n=len(data.train), sha256=data.train.sha256())
    return tell(path, data=known | dict(seen_sha256=fingerprint(seen)))


def tell(path, **facts):
    "Change what a file says of itself."
    graph, about = read_onnx(path)
    about.pop("format")
    return write_onnx(graph, about | facts, path)


def test_an_exported_generator_fills_up_classes(generator, data):
    with noted() as said:
        counts, options = {"Coat": 3, "Bag": 2}, dict(guidance=2.0)
        both = augment_dataset(data, generator, counts=counts, options=options, seed=4)
    assert len([line for line in said if "which images it has seen" in line]) == 1
    record = both.provenance
    assert len(both) == len(data.train) + 5 and record["synthetic"]["counts"] == {"Coat": 3, "Bag": 2} | {
        name: 0 for name in data.train.classes if name not in ("Coat", "Bag")
    }
    assert record["generator"]["type"] == "export.generator" and record["guard"]["known"] == "all images together"
    assert record["generator"]["config"]["generator"] == "ddim" and record["options"] == options


def test_it_is_known_which_images_it_has_seen(generator, data):
    (generator.parent / "model").mkdir()
    np.save(generator.parent / "model" / "seen.npy", data.train.hashes())
    source = find_source(generator, data.train)
    assert isinstance(source, OnnxSource) and (source.seen == data.train.hashes()).all()
    np.save(generator.parent / "model" / "seen.npy", data.test.hashes())
    assert find_source(str(generator), data.train).seen is None  # not the list that it names


def test_images_are_those_of_the_runtime(generator, data):
    source = find_generator(generator, data.train)
    labels = torch.arange(70) % 10
    chunks = list(source.stream(labels, seed=3, guidance=2.0))
    assert [len(chunk) for chunk in chunks] == [64, 6] and chunks[0].dtype == torch.uint8
    wanted = OnnxGenerator(generator).sample(labels.numpy(), seed=3, guidance=2.0)
    assert (torch.cat(chunks).numpy() == wanted).all()
    assert source.used(guidance=2.0) == dict(sampler="dpm++", steps=12, guidance=2.0, precision="fp32")


def test_what_does_not_fit_is_refused(generator, data, tmp_path):
    source = OnnxSource(generator)
    for options, says in (
        (dict(steps=50), "steps is fixed at 12 in model.onnx, so it cannot be 50"),
        (dict(truncation=0.5), "truncation is for GANs"),
        (dict(guidance=-1.0), "guidance is -1.0"),
        (dict(guidence=1.0), "did you mean 'guidance'"),
    ):
        with pytest.raises(ValueError, match=says):
            augment_dataset(data, source, counts={"Coat": 1}, options=options)
    other = handmade.generator(tmp_path / "other.onnx", ["a", "b"], [1, 28, 28])
    with pytest.raises(ValueError, match="the generator's classes are"):
        find_generator(other, data.train)
    judge = handmade.classifier(tmp_path / "judge.onnx", list(data.train.classes), [1, 28, 28])
    with pytest.raises(ValueError, match="is a classifier"):
        find_generator(judge, data.train)
    altered = generator.read_bytes().replace(b"weights", b"weighty")
    generator.write_bytes(altered)
    with pytest.raises(ValueError, match="altered"):
        find_generator(generator, data.train)


def test_no_bit_of_the_metadata_makes_a_file_one_of_another_program(generator, data):
    content = generator.read_bytes()
    for key in (runtime.ABOUT, runtime.SEAL):
        at = content.index(b"%c%s\x12" % (len(key), key.encode()))
        for i in range(at - 1, at + len(key) + 2):
            for bit in (1, 32):
                generator.write_bytes(content[:i] + bytes([content[i] ^ bit]) + content[i + 1 :])
                with pytest.raises(ValueError, match="was altered|was cut off or damaged|is no ONNX file"):
                    find_generator(generator, data.train)


def foreign(**external):
    "Write a generator as others do, with its weights in another file."
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 784])
    weights.data_location = TensorProto.EXTERNAL
    for key, value in external.items():
        weights.external_data.add(key=key, value=str(value))
    shape = helper.make_tensor("s", TensorProto.INT64, [4], [-1, 1, 28, 28])
    nodes = [
        helper.make_node("MatMul", ["z", "w"], ["y"]),
        helper.make_node("Tanh", ["y"], ["t"]),
        helper.make_node("Reshape", ["t", "s"], ["x"]),
        helper.make_node("Cast", ["labels"], ["unused"], to=TensorProto.FLOAT),
    ]
    inputs = [("z", TensorProto.FLOAT, ["n", 4]), ("labels", TensorProto.INT64, ["n"])]
    inputs = [helper.make_tensor_value_info(*i) for i in inputs]
    outputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])]
    graph = helper.make_graph(nodes, "foreign", inputs, outputs, [weights, shape])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture
def folder(tmp_path):
    "Lay out a folder with weights in it, and the same outside."
    inside = tmp_path / "in"
    inside.mkdir()
    weights = np.ones((4, 784), np.float32).tobytes()
    (tmp_path / "out.bin").write_bytes(weights)
    (inside / "w.bin").write_bytes(weights)
    (inside / "link.bin").symlink_to(tmp_path / "out.bin")
    return inside


def test_weights_beside_a_file_of_others_are_read(folder, data):
    onnx.save(foreign(location="w.bin"), folder / "m.onnx")
    source = find_generator(folder / "m.onnx", data.train)
    assert isinstance(source.maker, OnnxSampler) and source.sample([1, 2]).shape == (2, 1, 28, 28)


def test_exchanged_weights_beside_a_file_are_another_generator_and_no_set_is_made_of_both(folder, data):
    onnx.save(foreign(location="w.bin"), folder / "m.onnx")
    out, how = folder / "set", dict(counts={"Coat": 3}, seed=4)
    augment_dataset(data, folder / "m.onnx", out=out, **how)
    before = OnnxSampler(folder / "m.onnx")
    images = before.sample([0, 1], seed=1)
    (folder / "w.bin").write_bytes((folder / "w.bin").read_bytes()[::-1])
    after = OnnxSampler(folder / "m.onnx")
    assert before.sha256() != after.sha256() and torch.equal(before.sample([0, 1], seed=1), images)
    with pytest.raises(ValueError, match="was begun with generator sha256"):
        augment_dataset(data, folder / "m.onnx", out=out, **how)


@pytest.mark.parametrize(
    "external, says",
    [
        (dict(location="../out.bin"), "outside its own folder"),
        (dict(location="link.bin"), "outside its own folder"),
        (dict(location="/etc/hostname"), "outside its own folder"),
        (dict(), "outside its own folder"),
        (dict(location="none.bin"), "is missing"),
        (dict(location="w.bin", offset=4, length=4 * 784 * 4), "is shorter than that"),
        (dict(location="w.bin", length=10**18), "is shorter than that"),
        (dict(location="w.bin", length=-1), "is shorter than that"),
    ],
)
def test_a_file_reads_nothing_but_its_own_folder(folder, external, says):
    (folder / "m.onnx").write_bytes(foreign(**external).SerializeToString())
    with pytest.raises(ValueError, match=says) as e:
        OnnxSampler(folder / "m.onnx")
    assert len(str(e.value).splitlines()) == 1


@pytest.mark.parametrize("keep", [0, 1, 40, 200, -20, -1])
def test_what_is_cut_off_is_refused(folder, keep):
    whole = foreign(location="w.bin").SerializeToString()
    (folder / "m.onnx").write_bytes(whole[:keep])
    with pytest.raises(ValueError, match="m.onnx cannot be read as ONNX") as e:
        OnnxSampler(folder / "m.onnx")
    assert len(str(e.value).splitlines()) == 1


def test_weights_of_graphs_inside_are_found_too(folder):
    inner = foreign(location="../out.bin").graph
    del inner.input[:]
    outer = foreign(location="w.bin")
    choice = helper.make_node("If", ["go"], ["x"], then_branch=inner, else_branch=inner)
    del outer.graph.node[:]
    outer.graph.node.append(choice)
    (folder / "m.onnx").write_bytes(outer.SerializeToString())
    with pytest.raises(ValueError, match="outside its own folder"):
        OnnxSampler(folder / "m.onnx")
