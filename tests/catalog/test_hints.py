"""What a diagnostic advises works: no tool that it names is refused on the same ground, and what it writes is valid."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

import pytest
import yaml
from tests.catalog.test_names import GROUNDS, PAIRS, ROUTELESS
from tests.stacks import resolved

from platinfra.app.alone import alone
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.ground import Ground

CATALOG = Catalog()
ACCOUNT = {"name": "aws", "account-id": "210987654321"}
HEADS: dict[str, dict[str, Any]] = {
    "local": {},
    "kubernetes": {"provider": {"name": "kubernetes"}},
    "aws": {"provider": ACCOUNT},
    "cloud_vm": {"provider": ACCOUNT, "deployment": {"type": "cloud_vm"}},
}
REFUSED = {"unknown-tool", "wrong-stage", "no-route", "no-recipe", "tool-not-on-target"}
"""Codes that say that a name cannot stand where it is written."""
ROUTES = {name: route for name in ROUTELESS if (route := CATALOG.get(name).no_route)}
NAMED = sorted({each for route in ROUTES.values() for each in route.instead})
SNIPPETS = [
    (name, text)
    for name, route in ROUTES.items()
    for text in re.findall(r"`([^`]+)`", route.advice or "")
    if re.match(r"[a-z_-]+: ", text)
]
"""What advice writes for a stack file, with the name of the entry that says it."""


def refusals(file: Mapping[str, Any]) -> list[Diagnostic]:
    """Return what is wrong with a stack file."""
    try:
        resolved(yaml.safe_dump({"name": "one", **file}))
    except PlatinfraError as error:
        return list(error.diagnostics)
    return []


@cache
def problems(stage: str, name: str, head: str) -> list[Diagnostic]:
    """Return what is wrong with a stack that names one thing for one stage."""
    return refusals({**HEADS[head], "stack": {stage: [name]}})


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("stage", "name"), [(stage, name) for stage, name, _ in PAIRS])
def test_whoever_follows_a_hint_is_not_refused_again(stage: str, name: str, head: str) -> None:
    known = CATALOG.get(name).no_route
    steps = ["remove the stage", "`--without", *([known.advice] if known and known.advice else [])]
    for problem in problems(stage, name, head):
        if problem.code not in REFUSED:
            continue
        hint = str(problem.hint)
        named = re.search(r"(?:that can|instead): (.*?)(?:;|$)", hint)
        assert named or any(each in hint for each in steps), hint
        for tool in re.findall(r"`([^`]+)`", named[1]) if named else ():
            assert not {each.code for each in problems(stage, tool, head)} & REFUSED, (tool, hint)


@pytest.mark.parametrize("name", ROUTELESS)
def test_each_tool_to_use_instead_runs_somewhere(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.no_route
    for each in map(CATALOG.get, tool.no_route.instead):
        able = [ground for ground in GROUNDS if any(each.runs_on(ground, stage) for stage in tool.provides)]
        assert able, each.name


@pytest.mark.parametrize("ground", GROUNDS, ids=str)
@pytest.mark.parametrize("name", NAMED)
def test_a_tool_to_use_instead_resolves_with_what_it_needs(name: str, ground: Ground) -> None:
    tool = CATALOG.get(name)
    if tool.runs_on(ground):
        assert name in resolved(alone(tool, ground, CATALOG)).graph.components


@pytest.mark.parametrize(("name", "text"), SNIPPETS)
def test_what_advice_writes_for_a_stack_file_is_valid_on_some_target(name: str, text: str) -> None:
    number = count(1)
    written = yaml.safe_load(re.sub("…", lambda _: f"a{next(number):07}", text).replace("WORKSPACE", "a.b"))
    tool = CATALOG.get(name)
    ((key, value),) = written.items()
    stage = next(iter(tool.provides)) if key == name else key
    stages = {"experiment_tracker": ["mlflow"]}
    if CATALOG.find_capability(stage):
        stages[stage] = [written] if key == name else value
        written = {}
    assert [] in [refusals({**head, **written, "stack": stages}) for head in HEADS.values()]
