"""The slugs of all diagnostics, found in the source."""

import ast
import re
from collections.abc import Iterator, Mapping

import yaml

from tests.docs.blocks import ROOT

SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


def slugs() -> set[str]:
    """Return the slug of every diagnostic in the source, wrappers of Diagnostic included."""
    package = ROOT / "src" / "platinfra"
    files = [path for path in package.rglob("*.py") if package / "tools" not in path.parents]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    makers = {"Diagnostic": 0}
    makers |= dict(wrapper for tree in trees for wrapper in wrappers(tree))
    tables = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in package.glob("drivers/*_problems.yaml"))
    known = {each["code"] for table in tables for each in table}
    return {slug for tree in trees for slug in literal_slugs(tree, makers)} | known


def wrappers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the functions that hand one of their arguments to Diagnostic as its slug, with its position."""
    for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
        names = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
        for call in calls(function, {"Diagnostic": 0}):
            slug = argument(call, 0)
            if isinstance(slug, ast.Name) and slug.id in names:
                yield function.name, names.index(slug.id)


def literal_slugs(tree: ast.AST, makers: Mapping[str, int]) -> Iterator[str]:
    """Yield the slugs that stand in calls of Diagnostic and its wrappers."""
    for call in calls(tree, makers):
        slug = argument(call, makers[called(call)])
        if isinstance(slug, ast.Constant) and isinstance(slug.value, str) and SLUG.fullmatch(slug.value):
            yield slug.value


def calls(tree: ast.AST, names: Mapping[str, int]) -> Iterator[ast.Call]:
    """Yield the calls of some functions or methods."""
    return (each for each in ast.walk(tree) if isinstance(each, ast.Call) and called(each) in names)


def called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def argument(call: ast.Call, position: int) -> ast.expr | None:
    """Return the slug among the arguments of a call."""
    if len(call.args) > position:
        return call.args[position]
    return next((each.value for each in call.keywords if each.arg == "code"), None)
