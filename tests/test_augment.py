"Synthetic sets as their users meet them: killed, made by two at once, streamed, exported, counted, typed, and guarded."

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from elsewhere import printed_by, start
from PIL import Image
from torchvision.datasets import ImageFolder

from gan_augmentation import cli
from gan_augmentation.augment import Duplicates, Filter, augment_dataset, make_set
from gan_augmentation.augment.dataset import without_suffix
from gan_augmentation.core import fingerprint
from gan_augmentation.data import ImageDataset, Splits, load_data
from gan_augmentation.gans import train_gan
from gan_augmentation.generators import SyntheticSet
from gan_augmentation.runs import train_generator

MINI = "fashion_mnist_mini", "--subset", "60"
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}


class Colours:
    "A sampler of plain images, one colour each."

    def __init__(self, shape, wait=0.0):
        self.shape, self.wait = shape, wait

    def sample(self, labels, seed):
        time.sleep(self.wait)
        return (
            torch.randint(
                256,
                (len(labels), self.shape[0], 1, 1),
                dtype=torch.uint8,
                generator=torch.Generator().manual_seed(seed % 2**63),
            )
            .expand(-1, *self.shape)
            .contiguous()
        )


class Bright(Filter):
    "Keeps bright images."

    threshold = 0.3

    def scores(self, images, labels):
        return images.flatten(1).float().mean(1) / 255


def real_images(shape, counts):
    return ImageDataset(
        torch.zeros(sum(counts), *shape, dtype=torch.uint8),
        torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)),
        name="blank",
    )


def make_colours(out, wait=0.0):
    "A set of some 5,000 images in a dozen blocks and several rounds, with a filter that scores and one that remembers."
    filters = [Bright(), Duplicates(0.5)]
    return make_set(
        out,
        Colours((3, 8, 8), wait),
        real_images((3, 8, 8), [50] * 10),
        list(range(300, 700, 40)),
        filters=filters,
    )


def content(path):
    "All bytes that matter: shards, table, report, and the pictures."
    files = {
        p.relative_to(path).as_posix(): p.read_bytes()
        for p in Path(path).rglob("*")
        if p.is_file() and p.name not in ("set.json", "README.md", ".lock")
    }
    return files, json.loads((Path(path) / "set.json").read_text())["report"]


@pytest.fixture
def done(capsys):
    "Run `gan-augment` in this process, and return what it printed."

    def run(*args):
        capsys.readouterr()
        assert cli.main([str(a) for a in args]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    made = make_colours(tmp_path_factory.mktemp("undisturbed") / "set")
    assert (
        made.report.duplicates.min() > 0 and made.report.bright.min() > 0 and len(made.shards) > 5
    )
    return made


def test_killed_and_made_again_a_set_has_the_same_bytes_and_two_never_make_it_at_once(
    undisturbed, tmp_path
):
    out = tmp_path / "set"
    with start(make_colours, str(out), 0.25) as process:
        while not (out / "work" / "block 000001.npz").exists():
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert not (out / "set.json").exists()
    with pytest.raises(
        FileNotFoundError, match="it is not finished: make it again with the same settings"
    ):
        SyntheticSet(out)
    blocks = {p: p.stat().st_mtime_ns for p in (out / "work").glob("block *")}
    with start(make_colours, str(out), 0.25) as process:
        while not (out / "work" / f"block {len(blocks):06}.npz").exists():
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.005)
        assert (
            blocks.items()
            <= {p: p.stat().st_mtime_ns for p in (out / "work").glob("block *")}.items()
        )  # they were not made again
        with pytest.raises(
            BlockingIOError,
            match="is being written by another process; wait for it, or give another directory",
        ):
            make_colours(out)
    assert process.returncode == 0 and content(out) == content(undisturbed.path)
    assert not (out / "work").exists()


@pytest.mark.nightly
def test_two_processes_make_the_same_bytes_as_one_and_one_of_them_reports(saved, done, tmp_path):
    args = [
        "augment",
        *MINI,
        "--generator",
        saved,
        "--ratio",
        "6",
        "--filters",
        "critic=-0.08,duplicates=2.05",
        "--device",
        "cpu",
        "--out",
    ]
    script = Path(__file__).with_name("teamed.py")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    launch = [
        Path(sys.executable).with_name("accelerate"),
        "launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
        "--dynamo_backend",
        "no",
        "--main_process_port",
        str(port),
    ]
    two = subprocess.run(
        [*launch, script, *args, tmp_path / "two"],
        capture_output=True,
        text=True,
        timeout=200,
        env={**ENV, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert two.returncode == 0, two.stderr
    assert {p.name for p in tmp_path.glob("two *")} == {"two 0 of 2", "two 1 of 2"}
    said = done(*args, tmp_path / "one")
    assert content(tmp_path / "two") == content(tmp_path / "one")
    assert (
        two.stdout == said.replace(str(tmp_path / "one"), str(tmp_path / "two"))
        and said.count("wanted") == 1
    )
    report = SyntheticSet(tmp_path / "one").report
    assert report.kept.sum() == 3060 and report.critic.sum() > 0 and report.duplicates.sum() > 0


@pytest.mark.nightly
def test_memory_does_not_grow_with_the_set(tmp_path):
    found = json.loads(printed_by(stream, str(tmp_path / "set")))
    assert found["images"] == 100_000
    assert found["peak"] - found["imports"] < 150  # MB; the images alone are 307


def stream(path, n=100_000):
    "Make n images of 3x32x32, open them again and read them; print what it took."

    def peak():  # MB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    imports, start = peak(), time.perf_counter()
    make_set(path, Colours((3, 32, 32)), real_images((3, 32, 32), [10] * 10), [n // 10] * 10)
    made, between = time.perf_counter() - start, peak()
    images = sum(len(x) for x in SyntheticSet(path).chunks())
    print(
        json.dumps(
            dict(
                imports=imports,
                made=between,
                peak=peak(),
                images=images,
                seconds_made=made,
                seconds=time.perf_counter() - start,
            )
        )
    )


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8)], ids=["grey", "colour"])
def test_exports_are_the_same_images_bit_for_bit(tmp_path, shape):
    import datasets

    class Noise:
        def sample(self, labels, seed):
            return torch.randint(
                256,
                (len(labels), *shape),
                dtype=torch.uint8,
                generator=torch.Generator().manual_seed(seed % 2**63),
            )

    made = make_set(
        tmp_path / "set",
        Noise(),
        ImageDataset(
            torch.zeros(3, *shape, dtype=torch.uint8), [0, 1, 2], ["T-shirt/top", "b", "c"]
        ),
        [800, 0, 500],
    )
    ds = made.load()
    assert len(made.shards) == 2 and ds.labels.tolist() == [0] * 800 + [2] * 500
    folder = ImageFolder(
        made.export(tmp_path / "folder"), loader=Image.open, allow_empty=True
    )  # b has no image, and keeps its place
    assert (
        folder.classes == ["0 T-shirt-top", "1 b", "2 c"] and folder.targets == ds.labels.tolist()
    )
    assert all(
        np.array_equal(np.asarray(a), b.permute(1, 2, 0).squeeze(-1).numpy())
        for (a, _), b in zip(folder, ds.images)
    )
    with np.load(made.export(tmp_path / "set.npz")) as f:
        assert (
            np.array_equal(f["images"], ds.images.numpy())
            and np.array_equal(f["labels"], ds.labels.numpy())
            and f["classes"].tolist() == list(made.classes)
        )
    hub = made.to_datasets()
    assert (
        isinstance(hub, datasets.Dataset)
        and hub.features["label"].names == list(made.classes)
        and hub["label"] == ds.labels.tolist()
        and hub["position"] == made.table.position.tolist()
    )
    assert all(
        np.array_equal(np.asarray(a), b.permute(1, 2, 0).squeeze(-1).numpy())
        for a, b in zip(hub["image"], ds.images)
    )


@pytest.fixture(scope="module")
def few():
    return load_data("fashion_mnist_mini", subset=60)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, few):
    "A GAN that has hardly been trained, and its directory."
    return train_gan(few.train, "gan", epochs=1, device="cpu").save(
        tmp_path_factory.mktemp("saved") / "gan"
    )


@pytest.fixture(scope="module")
def typed(tmp_path_factory, saved):
    "A set that the program made."
    out = tmp_path_factory.mktemp("typed") / "set"
    assert (
        cli.main(
            [
                "augment",
                *MINI,
                "--generator",
                str(saved),
                "--counts",
                "Coat=7,Bag=3",
                "--seed",
                "5",
                "--out",
                str(out),
            ]
        )
        == 0
    )
    return out


def test_the_program_makes_a_set_and_writes_it_for_others(typed, saved, few, done, tmp_path):
    assert {p.name for p in typed.iterdir()} - {".lock"} == {
        "set.json",
        "table.jsonl",
        "labels.npy",
        "shards",
        "seen.npy",
        "README.md",
        "kept_and_rejected.png",
    }
    made, python = (
        SyntheticSet(typed),
        augment_dataset(few, saved, counts={"Coat": 7, "Bag": 3}, seed=5),
    )
    assert (
        made.report.kept[["Coat", "Bag"]].tolist() == [7, 3]
        and len(made) == 10
        and len(made.table) == 10
    )
    assert fingerprint(made.load().images) == fingerprint(python.images[python.synthetic])
    assert done("export", typed, tmp_path / "x.npz") == f"10 images: {tmp_path / 'x.npz'}\n"
    with np.load(tmp_path / "x.npz") as f:
        assert np.array_equal(f["images"], made.load().images.numpy())


@pytest.mark.parametrize(
    "args, says",
    [
        ("--filters nice", "unknown filter 'nice'; choose one of: confidence"),
        ("--filters duplicates=few", "filter 'duplicates=few'"),
        ("--counts Hat=3", "there is no class 'Hat'; the classes are T-shirt/top"),
        ("--counts 10=3", "there is no class '10'"),
        ("--counts Coat=1,4=1", "all names or all positions"),
        ("--counts Coat=-1", "counts['Coat'] is -1"),
        ("--counts Coat", "give CLASS=NUMBER"),
        ("--ratio nan", "ratio is nan"),
        ("--ratio even", "choose one of: balance, log"),
        ("--ratio 1e9", "at most 10,000,000"),
        ("--total 509", "total is 509; it must be at least 510"),
        ("--total 600 --ratio 2", "already says how many"),
        ("--budget 0", "'--budget'"),
        ("--seed -1", "'--seed'"),
        ("--guidance 2", "unknown option of a gan 'guidance'"),
        ("--truncation 0", "'--truncation'"),
        ("--split-seed 1", "of the validation"),
        ("--subset none", "'none' is no number"),
        ("--device abacus", "abacus"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_leaves_nothing(
    saved, refusal, tmp_path, args, says
):
    assert says in refusal("augment", *MINI, "--generator", saved, "--out", "set", *args.split())
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    "generator, says",
    [
        ("stylegan", "unknown generator 'stylegan'; choose one of: gan, dcgan"),
        ("none.onnx", "none.onnx does not exist"),
        ("text.onnx", "cannot be read as ONNX"),
        ("empty", "is no saved generator"),
        ("gan", "no gan trained on these 510 images"),
    ],
)
def test_what_is_no_generator(refusal, tmp_path, generator, says):
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "empty").mkdir()
    assert says in refusal("augment", *MINI, "--generator", generator, "--out", "set")
    assert not (tmp_path / "set").exists()


def test_a_spent_budget_says_which_class_and_how_far_it_got(saved, refusal):
    assert (
        "the budget of 2 candidates for every image is spent: Coat has 0 of 5 after 10 candidates (rejected: critic 10)"
        in refusal(
            "augment",
            *MINI,
            "--generator",
            saved,
            "--counts",
            "Coat=5",
            "--filters",
            "critic=1000",
            "--budget",
            "2",
            "--quiet",
            "--out",
            "set",
        )
    )


def test_a_leaked_generator_is_refused_or_goes_on_record(saved, refusal, done, tmp_path):
    args = (
        "augment",
        *MINI,
        "--generator",
        saved,
        "--split-seed",
        "1",
        "--counts",
        "Coat=2",
        "--out",
        "set",
    )
    assert "has seen" in refusal(*args) and not (tmp_path / "set").exists()
    assert "2 synthetic" in done(*args, "--allow-leak")
    guard = json.loads((tmp_path / "set" / "set.json").read_text())["guard"]
    assert (
        guard["allow_leak"]
        and guard["valid"] > 0
        and "allow_leak=True" in (tmp_path / "set" / "README.md").read_text()
    )
    other = load_data("fashion_mnist_mini", subset=60, seed=1)
    with pytest.raises(ValueError, match="of the validation"):
        augment_dataset(other, tmp_path / "set")  # the set remembers what its generator has seen
    assert augment_dataset(other, tmp_path / "set", allow_leak=True).provenance["guard"][
        "allow_leak"
    ]


def test_a_set_is_not_gone_on_with_in_another_way_and_not_read_when_altered(
    typed, saved, refusal, done, tmp_path
):
    args = "augment", *MINI, "--generator", saved, "--counts", "Coat=7,Bag=3", "--out", typed
    before = content(typed)
    for more, says in (
        (["--seed", "6"], "was begun with seed 5, not 6"),
        (["--seed", "5", "--filters", "critic"], "was begun with filters"),
        (["--seed", "5", "--truncation", "1"], "was begun with options"),
    ):
        assert says in refusal(*args, *more)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    assert "holds something else" in refusal(*args[:-1], "other")
    mine = tmp_path / "mine"
    for folder in ("work", "shards"):
        (mine / folder).mkdir(parents=True)
    (mine / "README.md").write_text("mine")
    assert "holds something else" in refusal(*args[:-1], mine)
    assert (mine / "README.md").read_text() == "mine" and not list((mine / "work").iterdir())
    assert content(typed) == before
    assert "10 synthetic" in done(*args, "--seed", "5") and content(typed) == before
    for name in ("shards/00000.npy", "table.jsonl"):
        raw = (typed / name).read_bytes()
        (typed / name).write_bytes(raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:])
        for said in (refusal("export", typed, "x.npz"), refusal(*args, "--seed", "5")):
            assert f"{name} was altered" in said
        (typed / name).write_bytes(raw)
    assert (
        "it is no synthetic set" in refusal("export", tmp_path, "x.npz")
        and not (tmp_path / "x.npz").exists()
    )


def images_of(ds):
    return {x.numpy().tobytes() for x in ds.images}


def test_a_generator_is_refused_exactly_where_it_has_seen_what_it_is_judged_by():
    splits = [
        load_data("fashion_mnist_mini", subset=n, seed=seed) for seed in (1, 2) for n in (30, 60)
    ]
    few = Splits(
        splits[3].train.select(torch.arange(0, 510, 2)), splits[3].valid, splits[3].test, ""
    )
    refused = []
    for theirs in (*splits, few):
        gan = train_gan(theirs.train, "gan", epochs=1, device="cpu")
        for ours in (*splits, few):
            leaked = images_of(theirs.train) - images_of(ours.train)
            found = [len(leaked & images_of(ds)) for ds in (ours.valid, ours.test)]
            refused.append(sum(found) > 0)
            if not sum(found):
                assert augment_dataset(ours, gan, counts={"Coat": 1}).provenance["guard"] == dict(
                    known="every image",
                    valid=0,
                    test=0,
                    allow_leak=False,
                    in_train=dict(valid=0, test=0),
                )
            else:
                with pytest.raises(
                    ValueError,
                    match=f"has seen {found[0]} of the validation and {found[1]} of the test images",
                ):
                    augment_dataset(ours, gan, counts={"Coat": 1})
    assert len(refused) == 25 and 7 <= sum(refused) <= 18


def test_counts_are_exact_in_200_random_wishes():
    rng = np.random.default_rng(0)
    for i in range(200):
        n = rng.integers(1, 30, 5)
        real, filters = real_images((1, 4, 4), n.tolist()), [Bright()] * int(rng.integers(2))
        kind, extra, some = (
            i % 6,
            int(rng.integers(200)),
            {
                int(c): int(k)
                for c, k in zip(rng.permutation(5)[: rng.integers(1, 6)], rng.integers(0, 60, 5))
            },
        )
        ratio, size = (
            round(float(rng.uniform(0, 4)), 2),
            [dict(balance=n.max(), log=n.max() * np.log1p(n) / np.log1p(n.max())), None],
        )
        wish, wanted = [
            (dict(ratio=ratio), np.round(ratio * n)),
            (dict(counts=some), [some.get(c, 0) for c in range(5)]),
            (dict(ratio="balance"), n.max() - n),
            (dict(counts="log"), np.round(size[0]["log"]) - n),
            (dict(total=int(n.sum()) + extra), None),
            (dict(total=int(n.sum()) + extra, counts=("balance", "log")[i % 4 > 1]), None),
        ][kind]
        made = augment_dataset(real, Colours((1, 4, 4)), filters=filters, budget=50, seed=i, **wish)
        got = made.table().synthetic.to_numpy()
        if wanted is None:
            assert got.sum() == extra and (
                kind == 5 or (np.abs(got - extra * n / n.sum()) < 1).all()
            ), (wish, got)
        else:
            assert got.tolist() == [int(w) for w in wanted], (wish, got)
        assert (
            made.table().real.tolist() == n.tolist()
            and made.report.kept.tolist() == got.tolist()
            and (made.report.candidates >= made.report.kept).all()
        )
        if filters and got.sum():
            assert made.images[made.synthetic].float().flatten(1).mean(1).min() >= 0.3 * 255


def test_a_name_with_a_suffix_finds_its_generator(tmp_path, refusal, done):
    for name in ("fashion_mnist", "cifar-10"):
        for generator in ("gan", "dcgan", "ddpm", "ddim"):
            assert without_suffix(f"{name}_{generator}") == (name, generator)
            assert f"{name}_{generator}" in refusal("augment", "fashion_minst_gan", "--out", "set")
    run = train_generator(
        "fashion_mnist_mini", "gan", epochs=1, device="cpu", results=tmp_path / "results", export=False
    )
    made = augment_dataset(
        "fashion_mnist_mini_gan", counts={"Coat": 2}, results=tmp_path / "results"
    )
    assert (
        repr(made) == "fashion_mnist_mini: 5,100 real and 2 synthetic images of 1x28x28, 10 classes"
        and made.provenance["generator"]["config"]["generator"] == "gan"
    )
    said = done(
        "augment", "fashion_mnist_mini_gan", "--counts", "Coat=2", "--out", tmp_path / "set"
    )
    assert said == done(
        "augment",
        "fashion_mnist_mini",
        "--generator",
        run.name,
        "--counts",
        "Coat=2",
        "--out",
        tmp_path / "set",
    )  # the same set
    assert torch.equal(SyntheticSet(tmp_path / "set").load().images, made.images[made.synthetic])
    assert "no gan trained on these 510 images" in refusal(
        "augment", "fashion_mnist_mini_gan", "--subset", "60", "--out", "none"
    )
    assert "names a generator already" in refusal(
        "augment", "fashion_mnist_mini_gan", "--generator", "dcgan", "--out", "none"
    )


def test_the_module_is_the_program_too():
    done = subprocess.run(
        [sys.executable, "-m", "gan_augmentation.cli", "augmnet"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 2 and "No such command" in done.stderr
