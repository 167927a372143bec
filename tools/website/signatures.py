"From exported source to what a page says of it: a heading, a signature, a table of parameters, the docstring."

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from textwrap import fill

from .markdown import CODE

FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
FIELDS = "field", "option"  # what may stand for a default in a dataclass
SIGNS = re.compile(r"[\\*<|$@~^\[\]#]|(?<!\w)_|_(?!\w)")  # what Markdown could read as its own
WIDTH = 88


@dataclass
class Parameter:
    "A parameter of a function, a field of a dataclass, or a member of an enumeration."

    name: str  # with its stars, or "/" and "*" for the marks between parameters
    type: str = ""
    default: str = ""
    meaning: str = ""


@dataclass
class Symbol:
    "Something public that an exported cell defines."

    name: str
    signature: str
    docstring: str = ""
    parameters: list = field(default_factory=list)
    returns: Parameter | None = None
    methods: list = field(default_factory=list)  # symbols, too
    value: bool = False  # a constant: shown as it is written, without a heading
    command: bool = False  # of the command line, where Python does not call it
    settings: bool = False  # a class of settings, whose fields are options

    @property
    def anchor(self) -> str:
        "The symbol's place on its page: its name as it is written, so that `Verdict` and `verdict` are two places."
        return self.name

    @property
    def public(self) -> bool:
        "Whether no part of the name begins with an underscore."
        return not any(part.startswith("_") for part in self.name.split("."))


class Source:
    "The source of a cell, with its comments."

    def __init__(self, text: str):
        self.text = text
        self.lines = text.splitlines()
        self.comments = {}  # line -> comment
        self.alone = set()  # lines that hold a comment only
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                self.comments[line] = token.string.lstrip("#").strip()
                if not token.line[:column].strip():
                    self.alone.add(line)

    def code(self, node) -> str:
        "Return a piece of source as it is written, in one line."
        return " ".join(ast.get_source_segment(self.text, node).split()) if node else ""

    def comment(self, line: int) -> str:
        "Return the comment behind a line, or the one that stands above it."
        if line in self.comments:
            return self.comments[line]
        above = []
        while line - 1 in self.alone:
            line -= 1
            above.insert(0, self.comments[line])
        return " ".join(above)

    def end_of_header(self, function) -> int:
        "Return the line on which the header of a function ends."
        first = function.body[0].lineno
        for line in range(first - 1, function.lineno - 1, -1):
            if line not in self.alone and self.lines[line - 1].strip():
                return line
        return first


def symbols(text: str) -> list:
    "List the public symbols that a cell defines."
    source = Source(text)
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, FUNCTIONS):
            found += [function(source, node, name) for name in names(source, node)]
        elif isinstance(node, ast.ClassDef):
            found.append(class_(source, node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found += values(source, node)
    return [symbol for symbol in found if symbol.public]


def called(node) -> str:
    "Return the last name of a decorator or of a call: `patch` of `@patch(as_prop=True)`."
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "attr", getattr(node, "id", ""))


def names(source: Source, node) -> list:
    "List the names of a function; one that is patched into classes has theirs before its own."
    if not any(called(decorator) == "patch" for decorator in node.decorator_list):
        return [node.name]
    owners = re.findall(r"[\w.]+", source.code(node.args.args[0].annotation))
    return [f"{owner}.{node.name}" for owner in owners]


def function(source: Source, node, name: str) -> Symbol:
    "Describe a function, or a method with its class before its name."
    decorators = [source.code(decorator) for decorator in node.decorator_list]
    parameters = arguments(source, node, method="." in name and "staticmethod" not in decorators)
    is_property = any("as_prop=True" in d or d.endswith("property") for d in decorators)
    return Symbol(
        name,
        name if is_property else call(name, parameters),
        ast.get_docstring(node) or "",
        [p for p in parameters if p.name not in "/*"],
        returned(source, node),
        command=any(called(d) in ("command", "callback") for d in node.decorator_list),
    )


def returned(source: Source, node) -> Parameter | None:
    "Describe what a function returns, if it says so."
    line = node.returns.lineno if node.returns else source.end_of_header(node)
    meaning = source.comments.get(line, "")
    kind = source.code(node.returns)
    return Parameter("", kind, "", meaning) if meaning or kind not in ("", "None") else None


def arguments(source: Source, node, method: bool) -> list:
    "List the parameters of a function, and the marks / and * between them."
    args = node.args
    plain = args.posonlyargs + args.args
    defaults = [None] * (len(plain) - len(args.defaults)) + args.defaults
    end = source.end_of_header(node)
    found = [parameter(source, arg, default, end) for arg, default in zip(plain, defaults)]
    if args.posonlyargs:
        found.insert(len(args.posonlyargs), Parameter("/"))
    if args.vararg:
        found.append(parameter(source, args.vararg, None, end, "*"))
    elif args.kwonlyargs:
        found.append(Parameter("*"))
    found += [
        parameter(source, arg, default, end)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults)
    ]
    if args.kwarg:
        found.append(parameter(source, args.kwarg, None, end, "**"))
    return found[1:] if method else found


def parameter(source: Source, arg, default, end: int, stars: str = "") -> Parameter:
    "Describe one parameter; a comment on the line where the header ends belongs to what is returned."
    line = (default or arg).end_lineno
    meaning = source.comment(line) if line != end else ""
    kind, help_ = annotated(source, arg.annotation)
    return Parameter(stars + arg.arg, kind, source.code(default), meaning or help_)


def annotated(source: Source, annotation) -> tuple:
    "Return a type, and the help that `Annotated` gives with it."
    if not isinstance(annotation, ast.Subscript) or called(annotation.value) != "Annotated":
        return source.code(annotation), ""
    kind, *extras = annotation.slice.elts
    helps = [
        word.value.value
        for extra in extras
        for word in getattr(extra, "keywords", [])
        if word.arg == "help" and isinstance(word.value, ast.Constant)
    ]
    return source.code(kind), " ".join(helps)


def class_(source: Source, node) -> Symbol:
    "Describe a class: how it is made, and its methods."
    methods = [m for m in node.body if isinstance(m, FUNCTIONS)]
    init = next((m for m in methods if m.name == "__init__"), None)
    bases = {called(base) for base in node.bases}
    docstring = ast.get_docstring(node) or (ast.get_docstring(init) if init else "") or ""
    described = [function(source, m, f"{node.name}.{m.name}") for m in methods]
    described = [method for method in described if method.public and in_short(method)]
    symbol = Symbol(node.name, class_line(source, node), docstring, methods=described)
    symbol.settings = "Settings" in bases
    if any(base.endswith(("Enum", "Flag")) for base in bases):
        symbol.parameters = members(source, node)
    elif init:
        parameters = arguments(source, init, method=True)
        symbol.parameters = [p for p in parameters if p.name not in "/*"]
        symbol.signature = call(node.name, parameters)
    else:
        fielded = any(called(d) == "dataclass" for d in node.decorator_list) or bases & {
            "NamedTuple",
            "TypedDict",
        }
        symbol.parameters = fields(source, node) if fielded else []
        symbol.signature = call(node.name, symbol.parameters) if fielded else symbol.signature
    return symbol


def class_line(source: Source, node) -> str:
    "Write the first line of a class, for one that is made as its bases are."
    bases = ", ".join(source.code(base) for base in node.bases)
    return f"class {node.name}({bases})" if bases else f"class {node.name}"


def members(source: Source, node) -> list:
    "List the members of an enumeration."
    found = [n for n in node.body if isinstance(n, ast.Assign)]
    return [
        Parameter(n.targets[0].id, "", source.code(n.value), source.comment(n.end_lineno))
        for n in found
    ]


def fields(source: Source, node) -> list:
    "List the fields of a dataclass."
    found = []
    for n in node.body:
        if isinstance(n, ast.AnnAssign) and "ClassVar" not in source.code(n.annotation):
            default, meaning = default_and_help(source, n.value)
            comment = source.comment(n.end_lineno)
            found.append(
                Parameter(n.target.id, source.code(n.annotation), default, comment or meaning)
            )
    return found


def default_and_help(source: Source, value) -> tuple:
    "Return the default of a field and the help that stands with it: `option(2e-4, 'learning rate')`."
    if not isinstance(value, ast.Call) or called(value) not in FIELDS:
        return source.code(value), ""
    words = {word.arg: word.value for word in value.keywords}
    texts = [
        arg.value
        for arg in value.args[1:]
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    texts += [
        word.value
        for name, word in words.items()
        if name in ("help", "doc") and isinstance(word, ast.Constant)
    ]
    if "default_factory" in words:
        return f"{source.code(words['default_factory'])}()", " ".join(texts)
    default = words.get("default", value.args[0] if value.args else None)
    return source.code(default), " ".join(texts)


def values(source: Source, node) -> list:
    "List the constants of an assignment; the first has the statement as its signature, the others share it."
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    targets = [part for target in targets for part in getattr(target, "elts", [target])]
    found = [n.id for n in targets if isinstance(n, ast.Name) and not n.id.startswith("_")]
    first = node.lineno
    while first - 1 in source.alone:
        first -= 1
    statement = "\n".join(source.lines[first - 1 : node.end_lineno])
    return [Symbol(name, "" if i else statement, value=True) for i, name in enumerate(found)]


def call(name: str, parameters: list) -> str:
    "Write a call with defaults and without types, in lines that fit a page."
    shown = ", ".join(f"{p.name}={p.default}" if p.default else p.name for p in parameters)
    text = f"{name}({shown})"
    if len(text) <= WIDTH:
        return text
    inside = fill(
        shown, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False
    )
    return f"{name}(\n{inside}\n)"


def escape(text: str) -> str:
    "Keep Markdown from reading signs in plain text; code stays code."
    parts = []
    end = 0
    for code in CODE.finditer(text):
        parts += [SIGNS.sub(r"\\\g<0>", text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, SIGNS.sub(r"\\\g<0>", text[end:])])


def code(text: str) -> str:
    "Write a word as code, or nothing."
    return f"`{text}`" if text else ""


def table(symbol: Symbol) -> str:
    "Write the parameters of a symbol, and what it returns, as a table."
    rows = [
        (code(p.name), code(p.type), code(p.default), escape(p.meaning)) for p in symbol.parameters
    ]
    if symbol.returns:
        rows.append(("*returns*", code(symbol.returns.type), "", escape(symbol.returns.meaning)))
    if not rows:
        return ""
    head = "| name | type | default | meaning |\n|:-----|:-----|:----|:----------|"
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"::: {{.parameters}}\n\n{head}\n{body}\n\n:::"


def method_table(symbol: Symbol) -> str:
    "Write the methods in the body of a class as a table, each with one sentence."
    if not symbol.methods:
        return ""
    rows = []
    for method in symbol.methods:
        short = (
            " ".join(method.signature.split(".", 1)[1].split())
            .replace("( ", "(")
            .replace(" )", ")")
        )
        rows.append(f"| [`{short}`]{{#{method.anchor}}} | {escape(in_short(method))} |")
    body = "\n".join(rows)
    return f"::: {{.methods}}\n\n| method | meaning |\n|:----------|:----------|\n{body}\n\n:::"


def in_short(method: Symbol) -> str:
    "Return the first paragraph of a method's docstring, or the comment on its header."
    comment = method.returns.meaning if method.returns else ""
    return " ".join(method.docstring.split("\n\n")[0].split()) or comment


def markdown(symbol: Symbol) -> str:
    "Write all that a page says of a symbol."
    if symbol.value:
        return constants([symbol], symbol.signature)
    parts = [
        f"### `{symbol.name}` {{#{symbol.anchor}}}",
        f"```python\n{symbol.signature}\n```",
        escape(symbol.docstring.replace("\b", "")),
        table(symbol),
        method_table(symbol),
    ]
    return "\n\n".join(part for part in parts if part)


def constants(found: list, statement: str) -> str:
    "Write constants as they are in the source, with a place to link to for each."
    anchors = " ".join(f"[]{{#{symbol.anchor}}}" for symbol in found)
    return f"{anchors}\n\n```python\n{statement.strip()}\n```" if statement else anchors
