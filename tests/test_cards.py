"Cards say what the files of a run say, and nothing else; what leaves for the Hub arrives byte for byte."

import hashlib
import json
import os
import re
import shutil
import socket
import time
import warnings
from functools import partial
from pathlib import Path

import handmade
import huggingface_hub
import pytest
import yaml
from altered import change
from fake_hub import fake_hub
from markdown_it import MarkdownIt

from gan_augmentation.augment.synthetic import set_card
from gan_augmentation.core.checks import noted
from gan_augmentation.core.seals import SEAL, record_digest
from gan_augmentation.core.templates import render
from gan_augmentation.core.translate import read_json, translate_generator, translated
from gan_augmentation.export import cards
from gan_augmentation.export import hub as pushing
from gan_augmentation.export.cards import write_card
from gan_augmentation.export.hub import push_to_hub
from gan_augmentation.export.metadata import read_onnx, write_onnx
from gan_augmentation.export.runtime import open_seal
from gan_augmentation.generators.sampler import model_card
from gan_augmentation.study.report import report_data, to_html

OLD = Path(__file__).parent / "old_directories" / "results"
RUNS = dict(
    classifier=OLD / "classifiers" / "ShallowGarments2x2Classifier Run 1",
    gan=OLD / "generators" / "DCGANGarments8x8Generator Run 1",
    diffusion=OLD / "generators" / "DDPMGarments8x8Generator Run 1",
)


@pytest.fixture(autouse=True, scope="module")
def without_certificates():
    "Reading the certificates of all authorities takes a third of a second a client, and nothing here needs them."
    http = huggingface_hub.utils._http
    before, kind = http._GLOBAL_CLIENT_FACTORY, type(http.get_session())
    hooks = dict(request=[http.hf_request_event_hook])
    huggingface_hub.set_client_factory(lambda: kind(event_hooks=hooks, follow_redirects=True, verify=False))
    yield
    huggingface_hub.set_client_factory(before)


def copy_run(tmp_path, kind="classifier") -> Path:
    return shutil.copytree(RUNS[kind], tmp_path / RUNS[kind].name)


def rename_class(run: Path, name: str):
    "Give the first class of a classifier another name, as if it had been trained with it."
    change(run / "model" / "config.json", classes=[name, "Sneaker", "Trouser"])
    manifest = run / "model" / "manifest.json"
    digest = hashlib.sha256((run / "model" / "config.json").read_bytes()).hexdigest()
    change(manifest, **{"config.json": digest})
    report = run / "report.txt"
    report.write_text(report.read_text().replace("Bag", name), errors="replace")


def header(card: str) -> dict:
    lines = card.split("\n")
    assert lines[0] == "---"
    return yaml.safe_load("\n".join(lines[1 : lines.index("---", 1)]))


@pytest.mark.parametrize("kind", RUNS)
def test_a_card_says_what_the_files_say(tmp_path, kind):
    run = copy_run(tmp_path, kind)
    card = write_card(run).read_text()
    record, scores = (json.loads((run / name).read_text()) for name in ("config.json", "metrics.json"))
    about = header(card)
    assert about["library_name"] == "gan_augmentation" and "license" not in about
    for part in ("train", "valid"):
        assert record["data"][part]["sha256"] in card
    assert f"| seconds | {scores['seconds']} |" in card and f"| rounds | {scores['rounds']} |" in card
    for path in (run / "model").rglob("*"):
        if path.is_file():
            assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    assert huggingface_hub.ModelCard(card).data.to_dict()["tags"][:1] == about["tags"][:1]


def test_settings_that_were_not_used_are_not_told(tmp_path):
    run = copy_run(tmp_path)
    assert "| valid_pct | 0.15 |" in write_card(run).read_text()
    change(run / "config.json", data__source=None)
    card = write_card(run).read_text()
    assert "handed over in Python; not known" in card and "valid_pct" not in card


def test_intervals_are_wilsons(tmp_path):
    run = copy_run(tmp_path)
    card = write_card(run).read_text()
    assert "| validation | 12 | 66.67 % | 39.06 to 86.19 % |" in card  # 8 of 12, by Wilson's formula
    assert "| Trouser | 4 | 50.00 % | 15.00 to 85.00 % |" in card
    (result,) = header(card)["model-index"][0]["results"]
    assert result["dataset"]["split"] == "validation" and result["dataset"]["args"]["n"] == 12
    assert {m["type"] for m in result["metrics"]} == {"accuracy", "precision", "recall", "f1"}


def test_a_report_that_does_not_fit_is_not_believed(tmp_path):
    run = copy_run(tmp_path)
    report = run / "report.txt"
    report.write_text(report.read_text().replace("0.5000         4", "1.0000         4"))
    for text in (report.read_text(), "", "\0" * 100):
        report.write_text(text)
        change(run / "metrics.json", valid__accuracy=0.75)
        assert "not known: report.txt" in write_card(run).read_text()
    report.unlink()
    assert "not known: report.txt" in write_card(run).read_text()


def test_measures_of_a_generator_are_shown(tmp_path):
    run = copy_run(tmp_path, "gan")
    card = write_card(run).read_text()
    assert "0 % of 30 generated images lie nearer" in card and "0 to 11.35 %" in card
    assert header(card)["model-index"][0]["results"][0]["dataset"]["split"] == "validation"
    shutil.rmtree(run / "Measures Run 1")
    card = write_card(run).read_text()
    assert "was not measured" in card and "model-index" not in header(card)


NASTY = [
    "<script>alert(1)</script>",
    "a | b",
    "`rm -rf`",
    "![x](http://x/y.png)",
    "one\n---\nlicense: mit\n# title",
    "a: [b, {c: d}] # !!python/object:x",
    "Höhle 洞穴 🐟",
    "{{ 7 * 7 }}{% raw %}",
    "\udc80\x00\x1b[31m",
]


def structure(card: str) -> list:
    "List what a reader of Markdown finds, but for the text itself."
    body = card.partition("\n---\n")[2] if card.startswith("---\n") else card
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(body)
    inside = [child for token in tokens for child in token.children or [token]]
    return [token.type for token in inside if token.type not in ("text", "text_special", "softbreak")]


def set_card_with(name: str) -> str:
    about = read_json(OLD.parent / "sets" / "finished" / "set.json")
    first, *rest = about["classes"]
    about["report"] = {k: {name if c == first else c: v for c, v in x.items()} for k, x in about["report"].items()}
    about |= dict(name=name, classes=[name, *rest], filters=[dict(filter=name, kept=name)], options={"option": name})
    return set_card(about)


def model_card_with(name: str) -> str:
    config = translate_generator(json.loads((RUNS["gan"] / "model" / "config.json").read_text()))
    config["data"]["name"], config["classes"] = name, [name, "b"]
    config["training"] = {name: name, "metrics": {name: name}}
    config["environment"] = dict.fromkeys(config["environment"], name)
    return model_card(config)


def report_with(name: str, template="report.md") -> str:
    text = (OLD.parent / "study" / "study.json").read_text()
    record = translated(json.loads(text.replace('"mine', f'"{json.dumps(name)[1:-1]}')))
    record["config"]["data"] |= dict(name=name, notes=[name], dataset=name)
    data = report_data(record) | dict(lineage=None)
    text = render("study", template, **data)
    page = to_html(text, name, {})
    assert "<script" not in page and 'href="java' not in page
    return text


CARDS = dict(
    set=set_card_with,
    generator=model_card_with,
    report=report_with,
    summary=partial(report_with, template="summary.md"),
)


@pytest.mark.parametrize("kind", CARDS)
def test_no_name_adds_to_the_structure_of_a_card(kind):
    plain = CARDS[kind]("Shirt")
    more = "# a", "1. a", "- a", "[x](javascript:alert(1))", "__a__", "***", "a\\", "<!--", "~~~", "a\n\n    b"
    for name in (*NASTY, *more):
        card = CARDS[kind](name)
        assert structure(card) == structure(plain), name
        assert not card.startswith("---") or header(card).keys() == header(plain).keys()


@pytest.mark.parametrize("name", NASTY)
def test_names_are_names_and_nothing_else(tmp_path, name):
    run = copy_run(tmp_path)
    rename_class(run, name)
    plain_header = {**header(write_card(copy_run(tmp_path / "plain")).read_text())}
    change(run / "config.json", data__name=name, data__source=f"/home/anna/{name.replace('/', '')}")
    card = write_card(run).read_text()
    found = header(card)
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in name)
    assert found["model-index"][0]["results"][0]["dataset"]["name"].split() == shown.split()
    assert {k: v for k, v in found.items() if k != "model-index"} == {
        k: v for k, v in plain_header.items() if k != "model-index"
    }
    text = card.split("---\n", 2)[2]
    assert "<script" not in re.sub(r"\\<", "", text) and "49" not in text.split("## Data")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} <= {3, 4, 5, 9}
    assert "/home/anna" not in card and "\x1b" not in card


def test_nothing_of_the_machine_is_in_a_card_or_leaves(tmp_path):
    run = copy_run(tmp_path)
    path = "/home/anna/my patients/2024"
    change(run / "config.json", data__source=path, command=f"gan-augment train --dataset '{path}' --results=../anna/x")
    change(run / "metrics.json", command=f"gan-augment train --dataset '{path}'")
    change(run / "model" / "config.json", data__source=path)
    digest = hashlib.sha256((run / "model" / "config.json").read_bytes()).hexdigest()
    change(run / "model" / "manifest.json", **{"config.json": digest})
    card = write_card(run).read_text()
    assert "anna" not in card and "2024, a folder or file" in card
    with fake_hub() as hub, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
    sent = hub.files["anna/x"]
    assert not [name for name, content in sent.items() if b"/home" in content]
    manifest = json.loads(sent["model/manifest.json"])
    assert manifest.pop(SEAL) == record_digest(manifest)
    assert {k: hashlib.sha256(sent[f"model/{k}"]).hexdigest() for k in manifest} == manifest
    assert all(hashlib.sha256(v).hexdigest() in card for k, v in sent.items() if k != "README.md")


def test_exported_and_smaller_files_are_told(tmp_path, monkeypatch):
    run = copy_run(tmp_path)
    small = dict(before=0.9, after=0.875, n=200, loss=[2.5, 0.5, 4.5], bytes_before=400)
    said = dict(kind="classifier", classes=["Bag", "Sneaker", "Trouser"], licence="apache-2.0")
    about = {"model.onnx": dict(**said, precision="fp32")}
    about["model.int8.onnx"] = dict(**said, precision="int8", metrics=dict(quantized=small))
    for name in about:
        (run / name).write_bytes(b"x" * 100)
    monkeypatch.setattr(cards, "read_about", lambda path: about[path.name])
    card = write_card(run).read_text()
    assert "| model.int8.onnx | int8 | 0.25 | 90.00 % | 87.50 % | 2.50 points (0.50 to 4.50) | 200 |" in card
    assert header(card)["license"] == "apache-2.0" and "onnx" in header(card)["tags"]
    assert "from runtime import OnnxClassifier" in card and "gan-augment predict model.onnx" in card
    files = cards.public_files(run)
    assert {"model.onnx", "model.int8.onnx", "runtime.py"} < set(files)
    assert b"class OnnxClassifier" in files["runtime.py"]
    about["model.int8.onnx"]["classes"] = ["Bag", "Sneaker", "Shoe"]
    with pytest.raises(ValueError, match="a classifier of Bag, Sneaker, Shoe, not the classifier of this run"):
        cards.public_files(run)
    about["model.int8.onnx"] |= dict(kind="generator", classes=said["classes"])
    with pytest.raises(ValueError, match="is a generator of Bag, Sneaker, Trouser, not the classifier"):
        write_card(run)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="no ONNX file"):
        push_to_hub(run, "anna/x", token="hf_x", endpoint="http://localhost:1")


def smaller(run: Path, name: str, of: str):
    "Write a file beside model.onnx that says of which file it was made."
    graph, about = read_onnx(run / "model.onnx")
    about["metrics"]["quantized"] = dict(of=of, n=12)
    write_onnx(graph, about | dict(precision=name.split(".")[1]), run / name)


def test_smaller_files_that_are_damaged_or_out_of_date_are_left_out(tmp_path):
    run = copy_run(tmp_path)
    handmade.classifier(run / "model.onnx", ["Bag", "Sneaker", "Trouser"], (1, 2, 2))
    graph, about = read_onnx(run / "model.onnx")
    write_onnx(graph, about | dict(precision="fp32"), run / "model.onnx")
    seal, _ = open_seal((run / "model.onnx").read_bytes())
    smaller(run, "model.int8.onnx", seal)
    smaller(run, "model.fp16.onnx", "0" * 64)
    with noted() as lines, pytest.warns(UserWarning) as said:
        card = write_card(run).read_text()
    assert "model.int8.onnx" in card and "model.fp16.onnx" not in card
    assert len(lines) == len(said) == 1
    assert "model.fp16.onnx was not made of the present model.onnx" in lines[0]
    (run / "model.fp16.onnx").write_text("broken")
    (run / "README.md").unlink()
    with fake_hub() as hub, noted() as lines, pytest.warns(UserWarning) as said:
        push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
    assert "model.fp16.onnx is no ONNX file" in lines[0]
    assert sum("is no ONNX file" in str(w.message) for w in said) == 1
    assert "model.int8.onnx" in hub.files["anna/x"] and "model.fp16.onnx" not in hub.files["anna/x"]
    (run / "model.fp16.onnx").unlink()
    graph, about = read_onnx(run / "model.int8.onnx")
    write_onnx(graph, about, run / "model.onnx")  # replaced by the smaller one: nothing to compare with
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "| model.int8.onnx |" in write_card(run).read_text()
    (run / "model.onnx").write_text("broken")
    with pytest.raises(ValueError, match="model.onnx is no ONNX file"):
        write_card(run)


def test_the_shape_is_that_of_the_exported_file(tmp_path):
    run = copy_run(tmp_path, "gan")
    model = json.loads((run / "model" / "config.json").read_text())
    c, h, w = model["shape"]
    assert f"an image of {c}x{h}x{w} (c,h,w) out" in write_card(run).read_text()
    handmade.generator(run / "model.onnx", model["classes"], (3, h, w))
    card = write_card(run).read_text()
    assert f"an image of 3x{h}x{w} (c,h,w) out" in card
    assert card.count(f"# uint8 (4,3,{h},{w})") == card.count(f"# uint8 (4,{c},{h},{w})") == 1
    assert f"gives 3 equal channels; the saved model in PyTorch gives {c}x{h}x{w}" in card


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="config.json is missing: give the directory of a finished run"):
        write_card(tmp_path)
    run = copy_run(tmp_path)
    (run / "metrics.json").write_text("[1, 2")
    with pytest.raises(ValueError, match="no valid JSON"):
        write_card(run)
    (run / "metrics.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match="no record of a run"):
        write_card(run)
    (run / "metrics.json").write_text('{"valid": {}, "seconds": 1, "rounds": 1}')
    with pytest.raises(ValueError, match="no run that a card can be written of"):
        write_card(run)


def test_all_arrives_byte_for_byte_in_one_commit(tmp_path):
    run = copy_run(tmp_path, "gan")
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "weights.safetensors").write_bytes(b"secret")
    (run / "samples.png").write_bytes(b"secret")
    (run / "model" / "photo.png").write_bytes(b"secret")
    with fake_hub() as hub, noted() as lines, pytest.warns(UserWarning):
        url = push_to_hub(run, "garments", token="hf_secret", endpoint=hub.endpoint)
    assert url == f"{hub.endpoint}/anna/garments" and hub.private == {"anna/garments": True}
    sent = hub.files["anna/garments"]
    assert set(sent) == {"README.md", "metrics.json"} | {
        f"model/{p.name}" for p in (run / "model").iterdir() if p.suffix != ".png"
    }
    for name, content in sent.items():
        assert content == (run / name).read_bytes()
    assert len(hub.commits) == 1 and set(hub.verified) == set(hub.store) and len(hub.store) > 1
    assert {key for _, path, key in hub.requests if "/store/" not in path} == {"Bearer hf_secret"}
    assert {key for _, path, key in hub.requests if "/store/" in path} == {None}
    (line,) = lines
    assert "(private): README.md " in line and "hf_secret" not in line
    for name, content in sent.items():
        assert f"{name} {len(content):,}" in line


def test_again_is_one_commit_more(tmp_path):
    run = copy_run(tmp_path)
    with fake_hub() as hub, pytest.warns(UserWarning):
        for private in (True, False):
            push_to_hub(run, "anna/x", token="hf_x", private=private, endpoint=hub.endpoint)
    assert len(hub.commits) == 2 and hub.private == {"anna/x": True}


def test_a_public_repository_is_no_private_one(tmp_path):
    with fake_hub() as hub, pytest.warns(UserWarning):
        hub.private["anna/x"] = False
        with pytest.raises(FileExistsError, match="exists and is public"):
            push_to_hub(copy_run(tmp_path), "anna/x", token="hf_x", endpoint=hub.endpoint)
        assert hub.commits == [] and hub.store == {}


def test_links_out_of_a_run_are_not_followed(tmp_path):
    run = copy_run(tmp_path)
    write_card(run)
    secret = tmp_path / "id_rsa"
    secret.write_text("secret")
    for name in ("README.md", "metrics.json", "model/config.json"):
        kept = (run / name).read_bytes()
        (run / name).unlink()
        (run / name).symlink_to(secret if name != "model/config.json" else RUNS["classifier"] / name)
        with fake_hub() as hub, pytest.raises(ValueError, match="leads out of the run"):
            push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
        assert hub.requests == []
        (run / name).unlink()
        (run / name).write_bytes(kept)
    change(run / "model" / "manifest.json", **{"../../id_rsa.json": hashlib.sha256(b"secret").hexdigest()})
    secret.rename(tmp_path / "id_rsa.json")
    with pytest.raises(ValueError, match="which is no file in it"):
        write_card(run)


def test_an_altered_model_does_not_leave(tmp_path):
    run = copy_run(tmp_path)
    with open(run / "model" / "weights.safetensors", "ab") as f:
        f.write(b"x")
    with fake_hub() as hub, pytest.raises(ValueError, match="altered"):
        push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
    assert hub.requests == []


def test_an_old_card_is_said(tmp_path):
    run = copy_run(tmp_path)
    write_card(run).write_text("my own words")
    with fake_hub() as hub, noted() as lines, pytest.warns(UserWarning):
        push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
    assert hub.files["anna/x"]["README.md"] == b"my own words"
    assert "README.md does not know metrics.json" in lines[0]


def test_without_a_token_nothing_is_sent(tmp_path, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    run = copy_run(tmp_path)
    with fake_hub() as hub:
        with pytest.raises(PermissionError, match="no token for the Hugging Face Hub: make one"):
            push_to_hub(run, "anna/x", endpoint=hub.endpoint)
        with pytest.raises(ValueError, match="no text of letters") as refused:
            push_to_hub(run, "anna/x", token="hf_a\nX-Evil: 1", endpoint=hub.endpoint)
        assert hub.requests == [] and "hf_a" not in str(refused.value)
        monkeypatch.setenv("HF_TOKEN", "hf_environment")
        with pytest.warns(UserWarning):
            push_to_hub(run, "anna/x", endpoint=hub.endpoint)
    assert hub.requests[0][2] == "Bearer hf_environment"


@pytest.mark.parametrize("repo_id", ["a/b/c", "-x", "a..b", "über/x", "", "x.git", None, 3, "x" * 200, "a b"])
def test_bad_names_are_refused(tmp_path, repo_id):
    with pytest.raises(ValueError, match="USER/NAME") as refused:
        push_to_hub(RUNS["classifier"], repo_id, token="hf_x")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("endpoint", ["http://hub.example.com", "ftp://x", "huggingface.co", "https://", "file:///etc"])
def test_a_token_is_never_sent_in_the_clear(endpoint):
    with pytest.raises(ValueError, match="begins with https://"):
        push_to_hub(RUNS["classifier"], "anna/x", token="hf_x", endpoint=endpoint)


REFUSALS = [
    ("whoami", 401, PermissionError, "make a new one"),
    ("repos/create", 403, PermissionError, "may not write there"),
    ("preupload", 404, ConnectionError, "check the name"),
    ("/commit/", 409, ConnectionError, "changed by somebody else"),
    ("/store/", 413, ConnectionError, "larger than the server takes"),
    ("repos/create", 500, ConnectionError, "try again later"),
    ("preupload", 503, ConnectionError, "try again later"),
    ("whoami", 200, ConnectionError, "does not answer as a Hub does"),
    ("batch", 200, ConnectionError, "does not answer as a Hub does"),
]


@pytest.mark.parametrize("place, status, error, says", REFUSALS)
def test_refusals_are_one_line(tmp_path, monkeypatch, place, status, error, says):
    monkeypatch.setattr(huggingface_hub.utils._http.time, "sleep", lambda seconds: None)
    with fake_hub() as hub, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hub.fails[place] = status, {"error": "no\nand no"}
        with pytest.raises(error, match=says) as refused:
            push_to_hub(copy_run(tmp_path), "anna/x", token="hf_secret", endpoint=hub.endpoint)
    assert "\n" not in str(refused.value) and "hf_secret" not in str(refused.value)
    assert hub.commits == [] and hub.endpoint in str(refused.value)


def test_html_is_no_answer(tmp_path):
    with fake_hub() as hub:
        hub.fails["whoami"] = 200, b"<html>log in to this network</html>"
        with pytest.raises(ConnectionError, match="does not answer as a Hub does"):
            push_to_hub(copy_run(tmp_path), "anna/x", token="hf_x", endpoint=hub.endpoint)


def test_bad_metadata_is_said(tmp_path):
    with fake_hub() as hub, pytest.warns(UserWarning):
        hub.fails["validate-yaml"] = 400, {"errors": [{"message": "license is odd"}], "warnings": []}
        with pytest.raises(ConnectionError, match="license is odd"):
            push_to_hub(copy_run(tmp_path), "anna/x", token="hf_x", endpoint=hub.endpoint)


def test_a_dead_or_silent_server_is_not_waited_for(tmp_path, monkeypatch):
    run = copy_run(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ConnectionError, match="check the address and your connection"):
            push_to_hub(run, "anna/x", token="hf_x", endpoint=dead)
    monkeypatch.setattr(pushing, "PATIENCE", 0.3)
    before = huggingface_hub.utils._http._GLOBAL_CLIENT_FACTORY
    with fake_hub() as hub:
        hub.fails["whoami"] = None, None
        start = time.perf_counter()
        with pytest.raises(ConnectionError, match="timed out"):
            push_to_hub(run, "anna/x", token="hf_x", endpoint=hub.endpoint)
        assert time.perf_counter() - start < 10
    assert huggingface_hub.utils._http._GLOBAL_CLIENT_FACTORY is before


def test_offline_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with fake_hub() as hub, pytest.raises(ConnectionError, match="offline mode"):
        push_to_hub(copy_run(tmp_path), "anna/x", token="hf_x", endpoint=hub.endpoint)
    assert hub.requests == [] and os.environ.get("HF_TOKEN") is None
