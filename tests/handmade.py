"Small models written by hand, sealed like any other: what a page has to do with them takes no training and no export."

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from gan_augmentation.export.metadata import write_onnx
from gan_augmentation.export.runtime import find_ports

TYPES = dict(uint8=TensorProto.UINT8, int64=TensorProto.INT64, float32=TensorProto.FLOAT)


def ports(about, side):
    "Say what goes in or comes out, as a graph has it."
    found = find_ports(about)[side]
    return [
        helper.make_tensor_value_info(name, TYPES[dtype], list(shape))
        for name, (dtype, shape) in found.items()
    ]


def described(about):
    "Fill in what goes in and what comes out."
    about["shape"] = list(about["shape"])
    for side, found in find_ports(about).items():
        about[side] = {name: dict(dtype=d, shape=list(s)) for name, (d, s) in found.items()}
    return about


def save(path, nodes, arrays, about):
    "Write a graph with its metadata."
    about = described(about)
    nodes = [helper.make_node(*node, **more) for *node, more in nodes]
    initializers = [numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items()]
    graph = helper.make_graph(
        nodes, "handmade", ports(about, "inputs"), ports(about, "outputs"), initializers
    )
    opset = [helper.make_opsetid("", 18)]
    return write_onnx(helper.make_model(graph, opset_imports=opset, ir_version=9), about, path)


def classifier(path, classes, shape, reading=None):
    "Write a linear classifier."
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(int(np.prod(shape)), len(classes))).astype(np.float32) / 10
    nodes = [
        ("Cast", ["images"], ["x"], dict(to=TensorProto.FLOAT)),
        ("Mul", ["x", "unit"], ["y"], {}),
        ("Flatten", ["y"], ["z"], dict(axis=1)),
        ("MatMul", ["z", "weights"], ["logits"], {}),
        ("Softmax", ["logits"], ["probabilities"], dict(axis=1)),
    ]
    about = dict(kind="classifier", name="linear", classes=classes, shape=shape, reading=reading)
    about |= dict(inputs={}, outputs={}, licence="apache-2.0", data=dict(name="own", n=1234))
    about["metrics"] = dict(test=dict(accuracy=0.9, accuracy_interval=[0.88, 0.915]))
    return save(path, nodes, dict(unit=np.float32(1 / 255), weights=weights), about)


def generator(path, classes, shape, *, fresh=0, guidance=False, steps=None, name="linear GAN"):
    "Write a generator of one layer; with `steps` it says that it is a diffusion model."
    rng = np.random.default_rng(1)
    size, k, pixels = 8, len(classes), int(np.prod(shape))
    arrays = dict(
        weights=rng.normal(size=(size, pixels)).astype(np.float32) / 3,
        embedding=rng.normal(size=(k, pixels)).astype(np.float32),
        one=np.float32(1),
        half=np.float32(127.5),
        shape=np.array([-1, *shape]),
    )
    nodes = [("Identity", ["noise"], ["n0"], {})]
    if fresh:
        arrays["axis"] = np.array([1])
        nodes = [
            ("ReduceSum", ["fresh", "axis"], ["more"], dict(keepdims=0)),
            ("Add", ["noise", "more"], ["n0"], {}),
        ]
    nodes += [("MatMul", ["n0", "weights"], ["x0"], {}), ("Gather", ["embedding", "labels"], ["e0"], {})]
    nodes += [("Mul", ["e0", "guidance" if guidance else "one"], ["e1"], {})]
    nodes += [
        ("Add", ["x0", "e1"], ["x1"], {}),
        ("Tanh", ["x1"], ["x2"], {}),
        ("Add", ["x2", "one"], ["x3"], {}),
        ("Mul", ["x3", "half"], ["x4"], {}),
        ("Round", ["x4"], ["x5"], {}),
        ("Cast", ["x5"], ["x6"], dict(to=TensorProto.UINT8)),
        ("Reshape", ["x6", "shape"], ["images"], {}),
    ]
    sampling = dict(sampler="dpm++", steps=steps, guidance=None) if steps else dict(truncation=True)
    about = dict(kind="generator", name=name, classes=classes, shape=shape, outputs={})
    about |= dict(noise=dict(size=size, fresh=fresh), sampling=sampling)
    about |= dict(inputs=dict(guidance={}) if guidance else {})
    return save(path, nodes, arrays, about)
