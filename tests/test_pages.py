"What pages tell a reader to type: every command is one that the program takes."

import re
import shlex
import sys
import unicodedata
from pathlib import Path

import pytest
import typer
from inside import run_inside

from gan_augmentation.cli import program  # noqa: F401 (its import adds the commands)
from gan_augmentation.cli.app import app
from gan_augmentation.core import load_results
from gan_augmentation.study import WORDS

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / "nbs"
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks")]
import get_started
from website import notebooks
from website.citations import read_works
from website.markdown import CODE, prose

SHELL = re.compile(r"^```(?:sh|bash|shell|console)\s*\n(.*?)^```", flags=re.M | re.S)
PROGRAM = "gan-augment"
ENDS = {"&&", "||", ";", "|", "&", ">", ">>", "<"}


def blocks_of(path: Path) -> list:
    "List what a page gives a shell: blocks of text cells, cells for bash, and lines that begin with !."
    if path.suffix == ".md":
        return SHELL.findall(path.read_text(encoding="utf-8"))
    found = []
    for cell in notebooks.cells(path):
        source = cell["source"]
        if cell["cell_type"] == "markdown":
            found += SHELL.findall(source)
        elif re.search(r"^%%(?:bash|sh)\b", source, flags=re.M):
            found.append(source.split("\n", 1)[1])
        else:
            found += re.findall(r"^[!%](.*)$", source.replace("\\\n", " "), flags=re.M)
    return found


def commands_of(block: str) -> list:
    "Split a block into commands, each a list of words."
    found = []
    for line in block.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=";&|<>")
        lexer.whitespace_split = True
        words = []
        for word in [*lexer, ";"]:
            if word not in ENDS:
                words.append(word)
            elif words:
                found.append(words)
                words = []
    return found


PAGES = [*notebooks.paths(NBS), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
TYPED = [
    pytest.param(words, id=f"{path.relative_to(ROOT).with_suffix('')}: {' '.join(words)[:60]}")
    for path in PAGES
    for block in blocks_of(path)
    for words in commands_of(block)
]


def with_program(words: list) -> list:
    "Return what the program gets of a command, or nothing if it is of another program."
    names = [i for i, word in enumerate(words) if Path(word).name == PROGRAM]
    return words[names[0] + 1 :] if names else []


def without_missing_file(words: list) -> list:
    "Leave out a settings file that a reader has and this test has not."
    if "--config" not in words:
        return words
    at = words.index("--config")
    return words if Path(words[at + 1]).exists() else words[:at] + words[at + 2 :]


def refused(words: list, folder: Path) -> str:
    "Say what is wrong with a command, or nothing; no command is run."
    group = typer.main.get_command(app)
    if words[0] in ("--help", "-h", "--version", "--install-completion"):
        return ""
    if words[0] not in group.commands:
        return f"no command {words[0]}"
    command = group.commands[words[0]]
    words = without_missing_file(words)
    if {"-h", "--help"} & {*words}:
        return ""
    if any(parameter.name == "save_config" for parameter in command.params):
        return run_inside(*words, "--save-config", "settings.toml", folder=folder).stderr
    try:
        command.make_context(words[0], [*words[1:]])
    except Exception as e:
        return str(e)
    return ""


@pytest.mark.parametrize("words", [case for case in TYPED if with_program(case.values[0])])
def test_the_program_takes_what_a_page_types(words, tmp_path):
    assert refused(with_program(words), tmp_path) == ""


@pytest.mark.parametrize("words", [case for case in TYPED if case.values[0][0] == "make"])
def test_make_knows_what_a_page_types(words):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    assert {word for word in words[1:] if "=" not in word} <= {*targets}


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("gan-augment trian x", "no command trian"),
        ("gan-augment runs --jason", "No such option"),
        ("gan-augment train-generator --dataset x --epochs many", "not many"),
        ("gan-augment train-classifier --dataset x --network vgg_lik", "unknown network"),
        ("gan-augment train-classifier --dataset x --lr -1", "lr"),
    ],
)
def test_a_wrong_command_is_found(line, complaint, tmp_path):
    (words,) = commands_of(line)
    assert complaint in refused(with_program(words), tmp_path)


def mentioned_in(path: Path) -> list:
    "List the commands that a page mentions in passing, `gan-augment study ... --plan`."
    cells = [cell["source"] for cell in notebooks.cells(path) if cell["cell_type"] == "markdown"]
    spans = [span[1] for text in cells for span in CODE.findall(prose(text))]
    return [span.split()[1:] for span in spans if span.startswith(f"{PROGRAM} ")]


def unknown_in(words: list) -> list:
    "List what the program does not know of a command that is not complete: its name, and options."
    commands = typer.main.get_command(app).commands
    if not words or words[0].startswith("-") or not words[0].islower():
        return []
    if words[0] not in commands:
        return [words[0]]
    parameters = commands[words[0]].params
    names = {name for p in parameters for name in (*p.opts, *p.secondary_opts)} | {"--help", "-h"}
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    return [option for option in options if option not in names]


def test_commands_that_pages_mention_in_passing_exist():
    wrong = {
        f"{path.relative_to(NBS)}: {PROGRAM} {' '.join(words)}": unknown_in(words)
        for path in notebooks.paths(NBS)
        for words in mentioned_in(path)
    }
    assert {line: words for line, words in wrong.items() if words} == {}


def test_lines_of_a_shell_are_split_into_commands():
    block = "make demo  # a minute\nA=1 gan-augment runs \\\n  --json > 'a b' && cd x; ls | wc\n"
    expected = [["make", "demo"], ["A=1", "gan-augment", "runs", "--json"], ["a b"], ["cd", "x"], ["ls"], ["wc"]]
    assert commands_of(block) == expected


def texts_of(name: str) -> list:
    "List the text cells of a guide."
    cells = notebooks.cells(NBS / f"guides/{name}.ipynb")
    return [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]


def plain(word: str) -> str:
    "Write a word for sorting: small letters without accents."
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def test_the_glossary_is_in_order_and_has_each_word_of_a_verdict():
    text = "\n".join(texts_of("06_glossary"))
    heads = re.findall(r"^(##+) (.+)$", text, flags=re.M)
    words = [word for level, word in heads if level == "###"]
    assert words == sorted(words, key=plain) and len(words) == len({*words})
    letter = ""
    for level, word in heads:
        letter = word if level == "##" else letter
        assert plain(word)[0] == plain(letter), f"{word} stands under {letter}"
    assert {*WORDS} <= {word.casefold() for word in words}


def test_each_word_of_the_glossary_is_short_and_leads_on():
    entries = re.split(r"^### ", "\n".join(texts_of("06_glossary")), flags=re.M)[1:]
    for entry in entries:
        word, meaning = entry.split("\n", 1)
        assert len(meaning.split("\n\n")[0]) < 420 and "](" in meaning, f"{word}: shorten it, and say where it is told"


def test_the_bibliography_shows_every_work():
    cells = notebooks.cells(NBS / "guides/07_bibliography.ipynb")
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    shown = "".join("".join(output.get("data", {}).get("text/markdown", "")) for output in outputs)
    missing = [work.key for work in read_works(NBS).values() if work.title not in shown]
    assert not missing, f"store guides/07_bibliography.ipynb again: it lacks {missing}"


ACTIVATE = "source .venv/bin/activate\n"


def test_what_get_started_shows_was_said_by_its_commands():
    rows = load_results(get_started.RESULT)["blocks"]
    shown = [block.replace(ACTIVATE, "") for block in get_started.blocks()]
    said = [row["commands"].replace(ACTIVATE, "") for row in rows]
    assert said == shown, f"the page has other commands than were run: {get_started.RESULT.name} is to be made anew"


@pytest.mark.nightly
def test_the_way_of_get_started_works_as_it_is_written(tmp_path):
    _, install, *way = get_started.blocks()
    assert install == "make demo\n"
    short = [re.sub(r"--epochs \d+", "--epochs 1", block.replace(ACTIVATE, "")) for block in way]
    folder = tmp_path / "empty"
    rows = get_started.run(short, folder)
    said = "\n".join(row["said"] for row in rows)
    assert any(word in said for word in WORDS)
    folder = folder / "my_work"  # as the page makes it
    made = ("grid.png", "my_set/set.json", "my_study/report.html")
    assert [name for name in made if not (folder / name).is_file()] == []
    models = sorted(path.parent.parent.name for path in (folder / "results").glob("*/*/model.onnx"))
    assert models == ["classifiers", "generators"]
