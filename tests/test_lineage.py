"What a thing was made of is found by its fingerprint, wherever it lies; what was altered is said."

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import handmade
import pytest
import torch
from altered import change

from gan_augmentation.augment import augment_dataset
from gan_augmentation.cli import main
from gan_augmentation.core.files import file_sha256
from gan_augmentation.core.seals import write_manifest
from gan_augmentation.data import ImageDataset, split_data
from gan_augmentation.evaluate import evaluate_generator
from gan_augmentation.export.cards import write_card
from gan_augmentation.export.metadata import read_onnx, write_onnx
from gan_augmentation.generators import SyntheticSet, lineage_of, lineage_record, lineage_text, load_generator
from gan_augmentation.generators import lineage as lineage_room
from gan_augmentation.generators.nodes import ABSENT, ALTERED, INTACT, READ, SAME
from gan_augmentation.generators.origins import read_node, set_sha256
from gan_augmentation.runs import train_generator, train_run
from gan_augmentation.study import write_report

OLD = Path(__file__).parent / "old_directories"
GAN = "DCGANGarments8x8Generator Run 1"
FINGERPRINT = "64a442c63b55a05181427a961c64ce1f896226db976a74302cf52016417e430e"  # of its weights, as its sets have it


def made_images(n, seed):
    images = torch.randint(0, 256, (n, 1, 8, 8), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    return ImageDataset(images, torch.arange(n) % 3, ("a", "b", "c"), name="/home/anna/noise")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    "A generator, a set, and classifiers that learned from real images, from a set, from generated images and a start."
    root = tmp_path_factory.mktemp("anna")
    data = split_data(made_images(120, 0), test=made_images(30, 1))
    how = dict(results=root / "results", device="cpu", export=False)
    small = dict(nz=8, n_embed=4, g_channels=4, c_channels=2, bs=12, epochs=1)
    gan = train_generator(data, "dcgan", **small, **how)
    augment_dataset(data, gan, ratio=0.5, out=root / "set")
    real = train_run(data, "shallow", epochs=1, **how)
    with_set = replace(data, train=augment_dataset(data, root / "set"))
    on_set = train_run(with_set, "shallow", epochs=1, **how)
    generated = replace(data, train=augment_dataset(data, gan, ratio=0.5))
    begun = train_run(generated, "shallow", epochs=1, start=str(real), **how)
    onnx = exported(real, data)
    return dict(root=root, data=data, gan=gan, set=root / "set", real=real, on_set=on_set, begun=begun, onnx=onnx)


def exported(run, data) -> Path:
    "Write a file that says what an exported model says of its run."
    path = handmade.classifier(run / "model.onnx", ["a", "b", "c"], (1, 8, 8))
    graph, about = read_onnx(path)
    known = dict(name="noise", n=len(data.train), sha256=data.train.sha256(), split_sha256=data.sha256)
    weights = json.loads((run / "model/config.json").read_text())["weights_sha256"]
    return write_onnx(graph, dict(about, data=known, weights_sha256=weights, versions=dict(torch="2")), path)


def found(node, kind):
    return [each for each in node.all() if each.kind == kind]


def copied(world, tmp_path, *names) -> Path:
    "Copy the world's directories to another place, as if they had been moved."
    shutil.copytree(world["root"], tmp_path / "moved")
    for name in names:
        shutil.rmtree(tmp_path / "moved" / world[name].relative_to(world["root"]))
    return tmp_path / "moved"


def flip_a_byte(path: Path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# what is told

WHAT = {
    "generator": "model and results",
    "classifier": "model and results",
    "synthetic set": "files",
    "study": "images",
}


@pytest.mark.parametrize("name", ["gan", "set", "real", "on_set", "begun", "onnx"])
def test_everything_leads_back_to_the_images(world, name):
    node = lineage_of(world[name], world["root"] / "results")
    assert node.state.split(";")[0] == f"{WHAT[node.kind] if name != 'onnx' else 'file'} {INTACT}" and not node.altered
    assert {data.sha256 for data in found(node, "data")} == {world["data"].train.sha256()}
    assert world["data"].sha256 in [data.facts.get("split_sha256") for data in found(node, "data")]
    assert node.sha256 and all(each.state in (node.state, SAME, None) for each in node.all())
    assert all("torch" in each.facts for each in node.all() if each.state)


def test_fingerprints_are_those_that_the_package_computes(world):
    gan, made = load_generator(world["gan"], "cpu"), SyntheticSet(world["set"])
    assert lineage_of(world["gan"]).sha256 == gan.sha256()
    assert lineage_of(world["set"]).sha256 == made.sha256() == set_sha256(made.about)
    generator, data = lineage_of(world["set"]).parents
    assert (generator.kind, generator.sha256) == ("generator", gan.sha256())
    assert data.sha256 == made.about["real_sha256"]
    (classifier,) = lineage_of(world["onnx"]).parents
    assert classifier.sha256 == lineage_of(world["real"]).sha256


def test_a_run_names_the_set_and_the_start_that_it_learned_from(world):
    made, _ = lineage_of(world["on_set"]).parents
    assert made.kind == "synthetic set" and made.sha256 == SyntheticSet(world["set"]).sha256()
    made, start, _ = lineage_of(world["begun"]).parents
    assert made.parents[0].sha256 == load_generator(world["gan"], "cpu").sha256()
    assert start.name == world["real"].name and start.sha256 == lineage_of(world["real"]).sha256


def test_measures_name_their_generator_or_their_set(world, tmp_path):
    how = dict(metrics="frechet", extractor="pixel", n=12, device="cpu", cache=tmp_path)
    for name, kind in (("gan", "generator"), ("set", "synthetic set")):
        folder = evaluate_generator(world[name], world["data"], **how).save(tmp_path / name)
        source, data = lineage_of(folder).parents
        assert (source.kind, source.state, source.sha256) == (kind, SAME, lineage_of(world[name]).sha256)
        assert data.sha256 == world["data"].train.sha256()


def test_a_set_made_with_an_exported_generator_names_the_file(world, tmp_path):
    handmade.generator(tmp_path / "gan.onnx", ["a", "b", "c"], (1, 8, 8))
    augment_dataset(world["data"], tmp_path / "gan.onnx", ratio=0.5, out=tmp_path / "set")
    generator, _ = lineage_of(tmp_path / "set").parents
    assert (generator.kind, generator.name, generator.state) == ("generator", "gan.onnx", SAME)


@pytest.mark.parametrize(
    "path, kind",
    [
        ("results/classifiers/ShallowGarments2x2Classifier Run 1", "classifier"),
        ("results/classifiers/ShallowGarments2x2Classifier Run 2", "classifier"),
        (f"results/generators/{GAN}", "generator"),
        (f"results/generators/{GAN}/model", "generator"),
        (f"results/generators/{GAN}/Measures Run 1", "measures"),
        ("results/generators/DDPMGarments8x8Generator Run 1", "generator"),
        ("sets/finished", "synthetic set"),
        ("sets/unfinished", "synthetic set"),
        ("study", "study"),
    ],
)
def test_what_earlier_versions_wrote_is_read(path, kind):
    node = lineage_of(OLD / path, OLD / "results")
    assert node.kind == kind and not node.altered and found(node, "data")
    assert lineage_record(read_node(OLD / path))["kind"] == kind


@pytest.mark.parametrize("path", ["sets/finished", "study", f"results/generators/{GAN}/Measures Run 1"])
def test_a_generator_of_an_earlier_version_is_found_by_its_weights(path):
    generator = found(lineage_of(OLD / path, OLD / "results"), "generator")[0]
    assert (generator.name, generator.sha256, generator.state) == (GAN, FINGERPRINT, SAME)


def test_a_study_shows_some_of_many_sets():
    node = lineage_of(OLD / "study", OLD / "results")
    assert len(found(node, "synthetic set")) == 6 and "4 more of kind synthetic set" in lineage_text(node)


# what has changed


def test_moved_things_are_found_by_their_fingerprints(world, tmp_path):
    moved = copied(world, tmp_path)
    change(moved / "set/set.json", generator_path="/nowhere/model")
    generator = lineage_of(moved / "set", moved / "results").parents[0]
    assert generator.state == SAME and Path(generator.path) == moved / world["gan"].relative_to(world["root"])


def test_what_is_gone_is_said_to_be_gone(world, tmp_path):
    moved = copied(world, tmp_path, "gan")
    change(moved / "set/set.json", generator_path=str(moved / "nowhere"))
    node = lineage_of(moved / "set", moved / "results")
    generator = node.parents[0]
    assert (generator.state, generator.sha256) == (ABSENT, lineage_of(world["gan"]).sha256) and not node.altered
    assert generator.parents[0].sha256 == world["data"].train.sha256()  # which is still known


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json"])
def test_a_byte_of_a_generator_is_missed_by_its_sets(world, tmp_path, name):
    moved = copied(world, tmp_path)
    run = moved / world["gan"].relative_to(world["root"])
    change(moved / "set/set.json", generator_path=str(run / "model"))
    flip_a_byte(run / "model" / name)
    node = lineage_of(moved / "set", moved / "results")
    assert node.altered[0].state.startswith(ALTERED) and node.altered[0].kind == "generator"


def test_another_generator_in_the_same_place_is_noticed(world, tmp_path):
    moved = copied(world, tmp_path)
    run = moved / world["gan"].relative_to(world["root"])
    change(moved / "set/set.json", generator_path=str(run), generator__sha256="0" * 64)
    (generator,) = lineage_of(moved / "set", moved / "results").altered
    assert "its fingerprint is" in generator.state and generator.sha256 == "0" * 64


def test_a_byte_of_a_set_is_noticed_also_from_afar(world, tmp_path, capsys):
    moved = copied(world, tmp_path)
    change(moved / "results/classifiers" / world["on_set"].name / "config.json",
        data__provenance__generator_path=str(moved / "set"))  # fmt: skip
    flip_a_byte(next((moved / "set/shards").iterdir()))
    for path in (moved / "set", moved / "results/classifiers" / world["on_set"].name):
        (made,) = lineage_of(path).altered
        assert made.kind == "synthetic set" and made.state == f"{ALTERED}: shards/00000.npy"
        assert main(["lineage", str(path)]) == 1
        assert f"{ALTERED.upper()}: shards/00000.npy" in capsys.readouterr().out


def test_images_of_a_study_that_were_altered_are_noticed(tmp_path):
    study = shutil.copytree(OLD / "study", tmp_path / "study")
    flip_a_byte(study / "data/train.npz")
    assert lineage_of(study).state == f"{ALTERED}: data/train.npz"


def test_an_exported_model_that_was_altered_is_refused(world, tmp_path, capsys):
    file = shutil.copy(world["onnx"], tmp_path / "model.onnx")
    content = Path(file).read_bytes().replace(b'"classes": ["a"', b'"classes": ["A"')
    Path(file).write_bytes(content)
    assert main(["lineage", str(file)]) == 2 and "was altered" in capsys.readouterr().err


# what was compared


def swept(tmp_path, finished=True, **values) -> Path:
    "Write a sweep's records, and the images that it was begun with."
    sweep = tmp_path / "garments"
    shutil.copytree(OLD / "study/data", sweep / "data")
    data = json.loads((OLD / "study/config.json").read_text())["data"]
    data = {k: v for k, v in data.items() if not k.startswith(("test", "n_test"))}
    plan = dict(kind="sweep", format=1, search=["lr=0.0001..0.01:log", "bs=16,32"], seed=0, trials=8, data=data)
    plan["settings"] = dict(network="shallow", monitor="accuracy", **values)
    best = dict(number=3, params={}, score=0.75, mean=0.7, scores=[0.6, 0.8])
    confirmed = [dict(number=3, seed=1, score=0.6), dict(number=3, seed=2, score=0.8)]
    (sweep / "config.json").write_text(json.dumps(plan))
    (sweep / "trials").mkdir()
    (sweep / "trials/000.json").write_text("{}")
    if finished:
        (sweep / "sweep.json").write_text(json.dumps(dict(plan, rows=[], best=best, confirmed=confirmed)))
    return sweep


def test_a_sweep_tells_what_was_searched_and_what_is_best(tmp_path):
    sweep = swept(tmp_path)
    node = lineage_of(sweep)
    assert node.state == f"images {INTACT}; config.json, sweep.json not compared"
    wanted = dict(trials=8, network="shallow", best_trial=3, score=0.75, chosen_by="accuracy", validation_images=12)
    wanted |= dict(confirmed_with_seeds="1 to 2", mean_of_these=0.7, searched="lr=0.0001..0.01:log, bs=16,32")
    assert wanted.items() <= node.facts.items()
    assert node.sha256 == file_sha256(sweep / "sweep.json")  # an earlier version's
    write_manifest(sweep, ["config.json", "sweep.json"])
    assert lineage_of(sweep).sha256 == file_sha256(sweep / "manifest.json")
    change(sweep / "sweep.json", data__train_sha256="0" * 64)
    assert lineage_of(sweep).state == f"{ALTERED}: data/train.npz"
    flip_a_byte(sweep / "data/valid.npz")
    assert lineage_of(sweep).state == f"{ALTERED}: data/train.npz, data/valid.npz"


def test_a_sweep_that_is_not_finished_is_read(tmp_path):
    node = lineage_of(swept(tmp_path, finished=False, start="/nowhere/Run 1"))
    assert (node.kind, node.sha256, node.facts["state"], node.facts["done"]) == ("sweep", None, "not finished", 1)
    start, data = node.parents
    assert (start.kind, start.name, start.state, data.facts["n"]) == ("classifier", "Run 1", ABSENT, 12)


@pytest.mark.parametrize("part", ["train", "valid", "test", "sealed"])
def test_images_that_are_gone_are_missed(tmp_path, part):
    study = shutil.copytree(OLD / "study", tmp_path / "study")
    (study / f"data/{part}.npz").unlink()
    wanted = "data/test.npz" if part == "sealed" else f"data/{part}.npz is gone"
    assert lineage_of(study).state == f"{ALTERED}: {wanted}"


@pytest.mark.parametrize("name", ["gan", "real"])
@pytest.mark.parametrize("gone", ["model", "model/manifest.json"])
def test_a_finished_run_without_its_model_is_altered(world, tmp_path, name, gone):
    run = shutil.copytree(world[name], tmp_path / "X Run 1")
    shutil.rmtree(run / gone) if (run / gone).is_dir() else (run / gone).unlink()
    wanted = "its model is gone" if gone == "model" else "manifest.json"
    assert lineage_of(run).state == f"{ALTERED}: {wanted}"
    assert main(["lineage", str(run)]) == 1


def test_what_has_no_fingerprint_is_not_said_to_be_as_it_was(tmp_path):
    measures = shutil.copytree(OLD / "results/generators" / GAN / "Measures Run 1", tmp_path / "Measures Run 1")
    assert lineage_of(measures).state == READ
    assert lineage_of(OLD / "sets/unfinished").state == READ
    assert "study.json" in lineage_of(OLD / "study").state.partition(";")[2]


# what is looked for


def test_a_path_that_is_there_is_no_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("fashion_mnist_plus", "fashion_mnist_dcgan"):
        shutil.copytree(OLD / "sets/finished", name)
        for path in (name, f"./{name}", Path(name)):
            assert lineage_of(path).kind == "synthetic set"
        assert main(["lineage", name]) == 0 and "synthetic set" in capsys.readouterr().out
    for name in ("cifar-10_foo", "fashion_mnist_mini_", "./fashion_mnist", " ", "x" * 300):
        assert main(["lineage", name]) == 2
        said = capsys.readouterr().err
        assert "' does not exist" in said and "Errno" not in said


def test_an_older_generator_is_found_though_its_data_are_not_known(tmp_path):
    made = shutil.copytree(OLD / "sets/unfinished", tmp_path / "unfinished")
    change(made / "work/plan.json", generator_config=None, generator_path=None)
    generator = found(lineage_of(made, OLD / "results"), "generator")[0]
    assert (generator.name, generator.sha256, generator.state) == (GAN, FINGERPRINT, SAME)


def test_one_generator_of_many_sets_is_read_once(tmp_path, monkeypatch):
    study = shutil.copytree(OLD / "study", tmp_path / "study")
    read = []
    computed = lineage_room.computed_sha256
    monkeypatch.setattr(lineage_room, "computed_sha256", lambda *how: read.append(how) or computed(*how))
    assert found(lineage_of(study, OLD / "results"), "generator")[0].state == SAME
    assert len(read) == len(set(read)) and len(read) <= 2


def test_a_chain_of_diamonds_takes_no_time(tmp_path):
    before = None
    for i in range(25):
        run = shutil.copytree(OLD / "sets/finished", tmp_path / f"set {i}")
        if before:
            about = json.loads((before / "set.json").read_text())
            sets = dict(type="generators.stored", sha256=set_sha256(about), config=None)
            change(run / "set.json", generator=sets, generator_path=str(before), generator_config=None)
        before = run
    node = lineage_of(before, tmp_path)
    assert len(found(node, "synthetic set")) == 25 and not node.altered


def test_names_leave_without_folders_and_passwords(tmp_path):
    made = shutil.copytree(OLD / "sets/finished", tmp_path / "finished")
    for place in ("people/anna/my cats", "https://anna:secret@host.org/my cats?token=anna"):
        change(made / "set.json", name=place, real=dict(dataset=place, loading=dict(groups=place)))
        data = lineage_of(made).parents[-1]
        assert data.name == "my cats" and "dataset" not in data.facts
        said = json.dumps(lineage_record(lineage_of(made), states=True))
        assert "anna" not in said and "secret" not in said


# what nobody may learn


def test_records_hold_no_paths(world):
    for name in ("gan", "set", "real", "on_set", "begun", "onnx"):
        text = json.dumps(lineage_record(lineage_of(world[name]), states=True))
        assert "/" not in text.replace("see above", "") and "anna" not in text and "\\\\" not in text
    card = write_card(world["on_set"]).read_text()
    lineage = card.partition("## Lineage")[2].partition("## Files")[0]
    assert SyntheticSet(world["set"]).sha256()[:16] in lineage and "/" not in lineage.partition("```text")[2]
    for card in (world["set"] / "README.md", world["gan"] / "model/README.md"):
        assert load_generator(world["gan"], "cpu").sha256()[:16] in card.read_text() and "anna" not in card.read_text()


def test_a_report_shows_the_lineage_of_its_study(tmp_path):
    study = shutil.copytree(OLD / "study", tmp_path / "study")
    write_report(study)
    assert FINGERPRINT[:16] in (study / "report.md").read_text()
    assert 'class="language-lineage"' in (study / "report.html").read_text()
    (study / "sets/mine, all, 1/set.json").write_text("{")
    with pytest.warns(UserWarning, match="says nothing of the lineage"):
        write_report(study)


def test_names_with_orders_for_a_terminal_or_a_page_are_harmless(tmp_path):
    made = shutil.copytree(OLD / "sets/finished", tmp_path / "finished")
    change(made / "set.json", name="\x1b[2J`<b>\n```\u202e", options={"x\n": "y\x07"})
    text = lineage_text(read_node(made))
    assert text.isprintable() or set(re.sub(r"[ -~]", "", text)) <= set("│├└─\n")


# what is no record


def nested(depth):
    return '{"a":' * depth + "1" + "}" * depth


SPOILT = ["", "{", "[]", "3", "null", '{"format": 1}', '{"shards": 3}', nested(50_000), '{"generator": "x", "name": 1}']


@pytest.mark.parametrize("text", [*SPOILT, "\0" * 100])
@pytest.mark.parametrize("name", ["set.json", "measures.json", "study.json", "sweep.json", "config.json"])
def test_damaged_records_are_refused_in_one_line(tmp_path, name, text):
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / name).write_text(text)
    with pytest.raises((ValueError, FileNotFoundError)) as said:
        lineage_of(tmp_path)
    assert "\n" not in str(said.value) and len(str(said.value)) < 400


KEYS = "generator real_sha256 shards files classes filters guard real seed environment"
KEYS += " generator_config generator_path options"


@pytest.mark.parametrize("value", [3, None, [], {}, "x", "../../etc/passwd", True, [[]], {"a": 1}])
@pytest.mark.parametrize("key", KEYS.split())
def test_a_set_with_a_value_of_another_kind_is_read_or_refused(tmp_path, key, value):
    made = shutil.copytree(OLD / "sets/finished", tmp_path / "finished")
    change(made / "set.json", **{key: value})
    try:
        assert lineage_text(lineage_of(made, tmp_path))
    except (ValueError, FileNotFoundError) as e:
        assert "\n" not in str(e) and len(str(e)) < 400


def test_names_that_lead_out_are_not_opened(tmp_path):
    made = shutil.copytree(OLD / "sets/finished", tmp_path / "finished")
    (tmp_path / "secret").write_text("x")
    change(made / "set.json", files={"../secret": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"})
    assert lineage_of(made).state == f"{ALTERED}: ../secret"


def test_what_is_made_of_itself_is_refused(world, tmp_path):
    moved = copied(world, tmp_path)
    run = moved / "results/classifiers" / world["begun"].name
    own = json.loads((run / "model/config.json").read_text())["weights_sha256"]
    change(run / "config.json", settings__start=str(run), start_sha256=own)
    with pytest.raises(ValueError, match="made of itself"):
        lineage_of(run)


def test_the_program_finds_runs_by_name_and_names_of_data(world, capsys):
    results = str(world["root"] / "results")
    assert main(["lineage", world["real"].name, "--results", results, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["name"] == world["real"].name
    assert said["state"] == f"model and results {INTACT}"
    assert main(["lineage", "fashion_mnist_dcgan", "--results", results]) == 0
    assert "60,000" not in capsys.readouterr().out
    assert main(["lineage", "nowhere"]) == 2 and main(["lineage", results]) == 2
    assert "nothing that a lineage is known of" in capsys.readouterr().err
