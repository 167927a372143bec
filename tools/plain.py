"""What ruff does not see: statements that do two things, text times a truth value, choices within choices, code
in strings.
"""

import ast
import sys
from pathlib import Path

TRUTH = (ast.Compare, ast.BoolOp)
SKIPPED = {"_modidx.py"}


def is_truth(node) -> bool:
    "Tell an expression that is True or False."
    return isinstance(node, TRUTH) or isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def is_sequence(node) -> bool:
    "Tell text and lists that are written out."
    return (
        isinstance(node, (ast.JoinedStr, ast.List))
        or isinstance(node, ast.Constant)
        and isinstance(node.value, str)
    )


def sides(node) -> tuple:
    return (node.left, node.right), (node.right, node.left)


def fault(node) -> str:
    "Say what is wrong with a piece of code; nothing if it is plain."
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Tuple):
        return "two statements in one: write one a line"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        if any(is_sequence(a) and is_truth(b) for a, b in sides(node)):
            return "text or list times a truth value: write if"
    if isinstance(node, ast.IfExp):
        inside = [n for child in ast.iter_child_nodes(node) for n in ast.walk(child)]
        if any(isinstance(n, ast.IfExp) for n in inside):
            return "a choice within a choice: write if, elif, else, or a table"
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec")
    ):
        return "code in a string"
    if isinstance(node, (ast.List, ast.Tuple)):
        if any(isinstance(x, ast.Constant) and x.value == "-c" for x in node.elts):
            return "code in a string: give the process a module"
    return ""


def named_lambdas(node) -> bool:
    "Tell a lambda that gets a name, also among several."
    if not isinstance(node, ast.Assign):
        return False
    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    return any(isinstance(v, ast.Lambda) for v in values)


def sets_foreign_attribute(node) -> bool:
    "Tell a statement at the top of a module that sets an attribute of something."
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(t, ast.Attribute) for t in targets)


def faults(code: str) -> list:
    "List what is wrong with a module, as (line, what)."
    tree = ast.parse(code)
    found = [(node.lineno, fault(node)) for node in ast.walk(tree) if fault(node)]
    found += [
        (node.lineno, "a lambda with a name: write def")
        for node in ast.walk(tree)
        if named_lambdas(node)
    ]
    found += [
        (node.lineno, "an attribute set at import")
        for node in tree.body
        if sets_foreign_attribute(node)
    ]
    return sorted(found)


def checked_files(root: Path) -> list:
    "List the modules, scripts and tests."
    folders = ("gan_augmentation", "tools", "benchmarks", "tests")
    return sorted(
        p for folder in folders for p in (root / folder).rglob("*.py") if p.name not in SKIPPED
    )


def complaints(root: Path) -> list:
    "Name every place that is not plain."
    return [
        f"{path.relative_to(root)}:{line}: {what}"
        for path in checked_files(root)
        for line, what in faults(path.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    found = complaints(Path(__file__).resolve().parents[1])
    print("\n".join(found))
    sys.exit(bool(found))
