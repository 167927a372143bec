"Directories that earlier versions wrote can still be read, gone on with, and reported: see old_directories/README.md."

import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from gan_augmentation.augment import augment_dataset, blocks, parse_filters
from gan_augmentation.classifiers import load_classifier
from gan_augmentation.core import fingerprint, run_state
from gan_augmentation.core.files import file_sha256
from gan_augmentation.core.translate import new_arm, translate_plan, translated
from gan_augmentation.data import ImageDataset, load_data, stratified
from gan_augmentation.evaluate import load_evaluation, rank_generators
from gan_augmentation.generators import SyntheticSet, check_unseen, load_generator
from gan_augmentation.runs import evaluate_run, resume_generator, resume_run, run_table
from gan_augmentation.runs.classifier import run_summary
from gan_augmentation.runs.generator import generator_summary
from gan_augmentation.runs.records import newest_unfinished
from gan_augmentation.study import load_study, study, write_report

HERE = Path(__file__).with_name("old_directories")
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
EXACT = bool(
    os.environ.get("OLD_DIRECTORIES_EXACT")
)  # on the machine, and with the versions, that the directories were made with: the same bits
CLASSES = "Bag", "Sneaker", "Trouser"
CLASSIFIER, GAN, DDPM = (
    Path("results") / x
    for x in (
        "classifiers/ShallowGarments2x2Classifier Run ",
        "generators/DCGANGarments8x8Generator Run ",
        "generators/DDPMGarments8x8Generator Run ",
    )
)
STUDY = dict(classifiers="shallow", seeds=7, robustness=False, device="cpu", steps=6, bs=4)
SET = dict(counts=dict(Bag=3, Sneaker=3, Trouser=3), seed=3, device="cpu")
# what a study that was stopped has not got yet, and what nobody may read before the end
LEFT = [
    "study.json",
    "opened.json",
    "sets/mine, all, 3",
    *(
        f"cells/shallow, all, {cell}.{end}"
        for cell in ("mine, 3", "mine, 4", "nothing, 5", "copies, 0", "copies, 5")
        for end in ("json", "npz")
    ),
]


def garments(side, part="train", n=24):
    """The first n images of three classes of fashion_mnist_mini, as means of 14x14 pixels (2x2 images)
    or of 3x3 in the middle (8x8 images)."""
    ds, block = getattr(load_data("fashion_mnist_mini"), part), 28 // side
    chosen = np.concatenate(
        [np.flatnonzero(ds.labels.numpy() == ds.classes.index(c))[:n] for c in CLASSES]
    )
    at = slice((28 - side * block) // 2, (28 - side * block) // 2 + side * block)
    x = (
        ds.images[chosen][:, 0, at, at]
        .numpy()
        .astype(np.int64)
        .reshape(-1, side, block, side, block)
        .sum((2, 4))
        // block**2
    )
    return x.astype(np.uint8), np.repeat(np.arange(len(CLASSES)), n)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    "The real images as folders of PNGs, which the runs were begun with."
    where = tmp_path_factory.mktemp("real")
    for side in (2, 8):
        for i, (x, y) in enumerate(zip(*garments(side))):
            path = where / f"garments_{side}x{side}" / CLASSES[y] / f"{i:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(x).save(path)
    return where


@pytest.fixture(autouse=True)
def here(folders, tmp_path, monkeypatch):
    "Work in a copy of everything."
    monkeypatch.setenv("GAN_AUGMENTATION_DATA", str(tmp_path / "cache"))
    for source in (HERE, folders):
        shutil.copytree(source, tmp_path / "copy", dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "copy")


def run(kind, number):
    return Path(f"{kind}{number}")


def study_data():
    "Four training images of every class, all validation images, and test images."
    data = load_data("garments_8x8")
    return replace(
        data,
        train=data.train.select(stratified(data.train.labels, 4, 0)),
        test=ImageDataset(*garments(8, "test", 10), CLASSES, name="garments_8x8"),
    )


def check_weights(one, other, sha256):
    "Compare two files of weights: the same but for rounding, and the same bits where that can be asked for."
    a, b = load_file(one), load_file(other)
    assert list(a) == list(b)
    for k in a:
        torch.testing.assert_close(a[k], b[k], rtol=1e-3, atol=1e-4, msg=partial("{}: {}".format, k))
    if EXACT:
        assert file_sha256(one) == file_sha256(other) == sha256


def check_pixels(images, expected, sha256):
    "Compare images: the same but for rounding."
    images, expected = (
        torch.as_tensor(images).to(torch.int16),
        torch.as_tensor(expected).to(torch.int16),
    )
    assert images.shape == expected.shape and (images - expected).abs().max() <= 1
    if EXACT:
        assert fingerprint(images.to(torch.uint8)) == sha256


def test_nothing_of_the_machine_that_wrote_them_is_in_them():
    for path in HERE.rglob("*"):
        if path.is_file() and path != HERE / "README.md":
            assert not any(root in path.read_bytes() for root in (b"/tmp", b"/root", b"/home")), (
                path
            )
    assert sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file()) < 300_000


def test_all_runs_are_listed_with_their_states():
    found = {kind: run_table("results", kind) for kind in ("classifier", "generator")}
    assert {k: dict(sorted(t.state.items())) for k, t in found.items()} == EXPECTED["states"]
    assert {k: dict(sorted(t.rounds.items())) for k, t in found.items()} == EXPECTED["rounds"]


def test_a_finished_classifier_answers():
    about, model = EXPECTED["classifier"], load_classifier(run(CLASSIFIER, 1), "cpu")
    valid = load_data("garments_2x2").valid
    assert (
        model.classes == CLASSES
        and model.shape == (1, 2, 2)
        and valid.sha256() == about["valid_sha256"]
    )
    torch.testing.assert_close(
        model.predict(valid.images), torch.tensor(about["probabilities"]), rtol=1e-4, atol=1e-5
    )
    assert model.predict(valid.images).argmax(1).tolist() == about["labels"]
    scores, report = evaluate_run(run(CLASSIFIER, 1), split="valid", device="cpu")
    assert scores == pytest.approx(about["scores"], abs=1e-4) and all(c in report for c in CLASSES)
    assert "6 rounds" in run_summary(
        run(CLASSIFIER, 1)
    ) and f"accuracy {about['scores']['accuracy']:.2%}" in run_summary(run(CLASSIFIER, 1))


def test_a_killed_classifier_ends_like_one_that_was_not_killed():
    found = newest_unfinished("classifier", "shallow", "garments_2x2")
    assert found == run(CLASSIFIER, 2) and run_state(found) == "died"
    resume_run(found, device="cpu", export=False)
    assert run_state(found) == "finished" and not (found / "checkpoints").exists()
    check_weights(
        found / "model" / "weights.safetensors",
        run(CLASSIFIER, 1) / "model" / "weights.safetensors",
        EXPECTED["classifier"]["file_sha256"],
    )
    mine, theirs = (
        json.loads((r / "metrics.json").read_text()) for r in (found, run(CLASSIFIER, 1))
    )
    assert (
        mine["valid"]["accuracy"] == theirs["valid"]["accuracy"]
        and mine["rounds"] == theirs["rounds"] == 6
        and (mine["resumed"], theirs["resumed"]) == (1, 0)
    )
    assert len((found / "history.csv").read_text().splitlines()) == 7


def test_a_finished_gan_makes_the_same_images_and_its_critic_judges_them_alike():
    about, gan, data = (
        EXPECTED["gan"],
        load_generator(run(GAN, 1), "cpu"),
        load_data("garments_8x8"),
    )
    assert gan.sha256() == about["weights_sha256"] and gan.classes == CLASSES
    images = gan.sample([0, 1, 2], 5)
    check_pixels(images, about["images"], about["images_sha256"])
    torch.testing.assert_close(
        gan.critic_scores(torch.tensor(about["images"], dtype=torch.uint8), [0, 1, 2]),
        torch.tensor(about["verdicts"]),
        rtol=1e-3,
        atol=1e-4,
    )
    guard = check_unseen(gan, data)
    assert (guard.known, guard.valid, guard.test) == ("every image", 0, 0)
    assert f"{EXPECTED['rounds']['generator'][run(GAN, 1).name]} rounds" in generator_summary(
        run(GAN, 1)
    )


def test_an_interrupted_gan_ends_like_one_that_was_not_interrupted():
    "Its critic goes on with the class vectors that it has: they began at random then, and begin at zero today."
    found = newest_unfinished("generator", "dcgan", "garments_8x8")
    assert found == run(GAN, 2) and run_state(found) == "stopped: KeyboardInterrupt"
    resume_generator(found, export=False)
    assert run_state(found) == "finished" and not (found / "checkpoints").exists()
    for name, sha256 in (
        ("weights.safetensors", EXPECTED["gan"]["file_sha256"]),
        ("critic.safetensors", EXPECTED["gan"]["critic_file_sha256"]),
    ):
        check_weights(found / "model" / name, run(GAN, 1) / "model" / name, sha256)
    assert load_file(found / "model" / "critic.safetensors")["embed.weight"].std() > 0.5
    assert len((found / "history.csv").read_text().splitlines()) == len(
        (run(GAN, 1) / "history.csv").read_text().splitlines()
    )


def test_a_finished_diffusion_model_makes_the_same_images_under_both_names():
    about = EXPECTED["ddpm"]
    for name in ("ddpm", "ddim"):
        ddpm = load_generator(run(DDPM, 1), "cpu", name)
        assert ddpm.config["generator"] == name and ddpm.sha256() == about["weights_sha256"]
        check_pixels(
            ddpm.sample([0, 1, 2], 5, sampler="dpm++", steps=8, guidance=1.5),
            about["images"],
            about["images_sha256"],
        )
    assert check_unseen(ddpm, load_data("garments_8x8")).known == "every image"


def test_a_finished_set_is_read_exported_and_added():
    about, made = EXPECTED["set"], SyntheticSet("sets/finished")
    images = made.load()
    assert (
        fingerprint(images.images, images.labels) == about["images_sha256"]
        and made.labels.tolist() == about["labels"]
        and made.report.to_dict() == about["report"]
    )
    assert [row["class"] for row in made.rows()] == [CLASSES[y] for y in about["labels"]] and len(
        made[0]
    ) == 2
    with np.load(made.export("made.npz")) as f:
        assert np.array_equal(f["images"], images.images.numpy())
    added = augment_dataset(load_data("garments_8x8"), "sets/finished")
    assert (
        int(added.synthetic.sum()) == len(made)
        and added.provenance["guard"]["known"] == "every image"
    )


def test_a_finished_set_that_is_asked_for_again_is_there():
    made = augment_dataset(
        load_data("garments_8x8"),
        run(GAN, 1),
        filters=parse_filters("critic=-0.8"),
        out="sets/finished",
        **SET,
    )
    assert (
        fingerprint(made.images[made.synthetic], made.labels[made.synthetic])
        == EXPECTED["set"]["images_sha256"]
    )


def test_an_unfinished_set_is_gone_on_with(monkeypatch):
    with pytest.raises(FileNotFoundError, match="it is not finished"):
        SyntheticSet("sets/unfinished")
    made_now, save_arrays = [], blocks.save_arrays

    def save(path, **arrays):
        made_now.append(path.name)
        save_arrays(path, **arrays)

    monkeypatch.setattr(blocks, "save_arrays", save)
    augment_dataset(
        load_data("garments_8x8"),
        run(GAN, 1),
        filters=parse_filters("critic=-0.8"),
        out="sets/unfinished",
        **SET,
    )
    assert made_now == ["block 000001.npz"]  # the first one was there
    made, twin, about = (
        SyntheticSet("sets/unfinished"),
        SyntheticSet("sets/finished"),
        EXPECTED["set"],
    )
    assert made.labels.tolist() == about["labels"] and made.report.to_dict() == about["report"]
    check_pixels(made.load().images, twin.load().images, fingerprint(twin.load().images))
    for a, b in zip(made.rows(), twin.rows()):
        assert a.keys() == b.keys() and [
            a[k] for k in ("shard", "row", "label", "class", "position", "seed", "generator")
        ] == [b[k] for k in ("shard", "row", "label", "class", "position", "seed", "generator")]
        assert a["critic"] == pytest.approx(b["critic"], abs=1e-3)
    if EXACT:
        assert made.sha256() == twin.sha256() == about["set_sha256"]


def check_quoted(found):
    "Compare a claim with the verdict of an earlier version that it quotes."
    (claim,), (row,) = found.claims, translated(EXPECTED["study"]["judged"])
    said = row["verdict"]
    assert (claim["question"], claim["generator"], claim["word"]) == ("helps", "mine", "no verdict")
    assert claim["reason"].endswith(f"it said: {said['word']}") and claim["sentence"] in " ".join(str(found).split())
    assert [claim["difference"], claim["exact"]["p"]] == pytest.approx([said["mean"], said["p"]])
    assert [claim["exact"][k] for k in ("low", "high")] == [said["flip_low"], said["flip_high"]]
    rivals = {"real only": said["mean"], **{arm: v["mean"] for arm, v in row["against"].items()}}
    assert {r["rival"]: r["difference"] for r in claim["against"]} == rivals
    return claim


def test_a_finished_study_is_read_and_reported():
    found = load_study("study")
    claim = check_quoted(found)
    assert list(found.table().index) == [new_arm(a) for a in EXPECTED["study"]["arms"]]
    assert set(found.table().length) == {"fixed"}
    page = write_report("study").read_text(encoding="utf-8")
    assert "mine" in page and "data:image/png;base64" in page
    assert claim["sentence"] in Path("study/report.md").read_text(encoding="utf-8")
    assert len(Path("study/table.csv").read_text().splitlines()) == 1 + 18


def test_a_study_of_format_2_is_read_and_reported():
    for path in (Path("study/config.json"), Path("study/study.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        plan = translate_plan(record.get("config", record))
        plan["asked"].update(mix=dict(fraction=0.25, replace=True), training=dict(augment="flip", epochs=6))
        plan["format"] = 2
        path.write_text(json.dumps({**record, "config": plan} if "config" in record else plan))
    found = load_study("study")
    check_quoted(found)
    asked = found.record["config"]["asked"]
    assert (asked["shares"], asked["augment"], asked["training"]) == ([0.25], "flip", dict(epochs=6))
    assert write_report("study").is_file()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_study_of_an_earlier_version_is_not_gone_on_with(stopped):
    if stopped:
        for name in LEFT:
            shutil.rmtree(path) if (path := Path("study") / name).is_dir() else path.unlink()
        with pytest.raises(FileNotFoundError, match="an earlier version began it; start it again in another"):
            load_study("study")
    before = {p: p.stat().st_mtime_ns for p in Path("study/cells").iterdir()}
    with pytest.raises(ValueError, match="version 1, which had other arms and lengths: it can be read"):
        study(study_data(), dict(mine=load_generator(run(GAN, 1), "cpu")), out="study", **STUDY)
    assert before == {p: p.stat().st_mtime_ns for p in Path("study/cells").iterdir()}


def test_measures_are_read():
    found = load_evaluation(run(GAN, 1))
    assert {k: m.value for k, m in found.metrics.items()} == pytest.approx(
        EXPECTED["measures"]
    ) and list(found.metrics) == list(EXPECTED["measures"])
    assert (
        found.record["split"] == "valid"
        and len(found.table()) == len(found.metrics)
        and rank_generators(dict(old=found)).index.tolist() == ["old"]
    )
