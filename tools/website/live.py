"""What only the program itself knows.

The fields of settings classes and the options of commands, made from the same objects."""

import re
from dataclasses import fields
from functools import cache
from importlib import import_module

from .signatures import Parameter, Symbol

PACKAGE = "gan_augmentation"
KIND = re.compile(r"(<[^>]*>|[A-Z][A-Z,.|]*)(\.\.\.)?$")  # of an option, as its help writes it


def completed(symbol: Symbol, module: str) -> Symbol:
    "Fill in what the source of a settings class or of a command does not say."
    if symbol.settings:
        cls = getattr(import_module(f"{PACKAGE}.{module}"), symbol.name)
        symbol.parameters = [field_row(f, old) for f, old in zip(fields(cls), symbol.parameters)]
    if symbol.command:
        symbol.signature, symbol.parameters = command_rows(symbol.name.replace("_", "-"))
        symbol.returns = None
    return symbol


def field_row(f, old: Parameter) -> Parameter:
    "Describe a setting: its help, and what is allowed."
    facts = f.metadata
    limits = [(word, facts[key]) for word, key in (("at least", "low"), ("at most", "high")) if facts[key] is not None]
    allowed = " and ".join(f"{word} {number(x)}" for word, x in limits)
    choices = ", ".join(f"`{c}`" for c in facts["choices"])
    parts = [facts["help"], choices and f"one of {choices}", allowed]
    if f.default is None and facts["by"]:
        parts.append(f"`None`: {facts['by']}")
    return Parameter(f.name, old.type, repr(f.default), "; ".join(part for part in parts if part))


def number(x) -> str:
    "Write a limit for people: 2**63 - 1 has no reader."
    return f"2**{int(x).bit_length()} - 1" if isinstance(x, int) and x > 2**31 else f"{x:g}"


@cache
def commands() -> dict:
    "Load the program, which loads no torch, and list its commands."
    from typer.main import get_command

    import_module(f"{PACKAGE}.cli.program")  # its commands join the app
    return get_command(import_module(f"{PACKAGE}.cli.app").app).commands


def command_rows(name: str) -> tuple:
    "Return how a command is typed, and its options."
    command = commands()[name]
    arguments = [argument_name(p) for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(["gan-augment", name, "[OPTIONS]", *arguments])
    return usage, [option_row(command, p) for p in command.params if not getattr(p, "hidden", False)]


def argument_name(p) -> str:
    return p.metavar or p.name.upper()


def option_row(command, p) -> Parameter:
    "Describe an argument or an option of a command, as its help does."
    typed, help_ = p.get_help_record(command.context_class(command))
    meaning, _, rest = help_.partition("  [")
    default, _, limits = rest.removesuffix("]").removeprefix("default: ").partition("; ")
    if p.param_type_name == "argument":
        return Parameter(argument_name(p), "", default, meaning)
    kind = KIND.search(typed)
    meaning = f"{meaning}; {limits}" if limits else meaning
    return Parameter(" / ".join([*p.opts, *p.secondary_opts]), kind[0] if kind else "", default.strip("()"), meaning)
