"""Any tools together, on every ground: what `validate` accepts is planned, what it refuses says what to do, and that works."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stacks import machine_for

from platinfra.app.alone import alone
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_text
from platinfra.model import targets
from platinfra.model.ground import Ground
from platinfra.model.reference import show_text
from platinfra.model.workspace import DEFAULT, Workspace
from platinfra.resolve.resolve import Resolved, resolve
from platinfra.spec.load import load
from platinfra.targets.local.actions import Start
from platinfra.targets.local.plan import plan

CATALOG = Catalog()
GROUNDS = {
    f"{each.target}-{each.type}": each
    for found in targets.grounds().values()
    for each in found
    if each.type in {"process", "existing", "kubernetes", "cloud_vm"}
}
STAGES = {each.name for each in CATALOG.capabilities() if each.stage}
REPEATS = 12
"""How often what a diagnostic says is done before the stack counts as one that cannot be brought up."""
REFUSED = {"circular-binding", "idle-machine", "not-shared", "out-of-reach", "several-sign-ins"}
"""What is no mistake of one tool: these tools do not go together there, and the message says so."""

Stack = dict[str, list[dict[str, Any]]]


def able(ground: Ground) -> list[tuple[str, str]]:
    """Return the stages with the tools that fill them on some ground."""
    tools = (each for each in CATALOG.tools() if each.provides)
    return [
        (stage, each.name)
        for each in tools
        for stage in each.provides
        if stage in STAGES and each.runs_on(ground, stage)
    ]


def options(tool: Tool, ground: Ground) -> dict[str, Any]:
    """Return a tool's options with the settings that it asks for."""
    data = yaml.safe_load(alone(tool, ground, CATALOG))["stack"]
    [found] = [
        each
        for uses in data.values()
        for each in uses
        if each == tool.name or (isinstance(each, dict) and tool.name in each)
    ][:1]
    return dict(found[tool.name]) if isinstance(found, dict) else {}


def build(chosen: list[tuple[str, str]], ground: Ground) -> Resolved | list[Diagnostic]:
    """Return a stack of tools with what they cannot be without, following what diagnostics say; or why there is none."""
    stack: Stack = {}
    for stage, name in dict.fromkeys(chosen):
        stack.setdefault(stage, []).append({name: options(CATALOG.get(name), ground)})
    head = yaml.safe_load(alone(CATALOG.get(chosen[0][1]), ground, CATALOG))
    problems: list[Diagnostic] = []
    for _ in range(REPEATS):
        data = {**head, "stack": stack}
        try:
            stack_file = load(load_text(yaml.safe_dump(data, sort_keys=False), "platinfra.yaml"))
            found = resolve(stack_file, CATALOG, workspace=Workspace(Path("/nowhere/platinfra.yaml"), DEFAULT))
            target: Any = targets.get(ground.target)
            target.check(found)
        except PlatinfraError as error:
            problems = list(error.diagnostics)
            if left := [each for each in problems if not follow(each, stack, ground)]:
                return left
        else:
            return found
    return problems


def follow(problem: Diagnostic, stack: Stack, ground: Ground) -> bool:
    """Do what a diagnostic says; tell whether there was anything to do."""
    if problem.code == "unmet-requirement":
        needed = re.findall(r"needs an? `([\w]+)`", problem.message)[0]
        names = re.findall(r"`([\w-]+)`", (problem.hint or "").partition("to the stack:")[2])
        for name in names[:1]:
            uses = stack.setdefault(needed, [])
            if name not in {key for each in uses for key in each}:
                uses.append({name: options(CATALOG.get(name), ground)})
        return bool(names)
    if problem.code == "ambiguous-binding":
        component, requirement = re.findall(r"`([\w-]+)\.([\w]+)`", problem.message)[0]
        provider = re.findall(r"bind: \{\w+: ([\w-]+)\}", problem.hint or "")[0]
        for each in (each for uses in stack.values() for each in uses if component in each):
            each[component] = {**each[component], "bind": {**each[component].get("bind", {}), requirement: provider}}
        return True
    if problem.code == "missing-setting":
        tool, name = re.findall(r"`([\w-]+)` needs the setting `(\w+)`", problem.message)[0]
        for each in (each for uses in stack.values() for each in uses if tool in each):
            each[tool] = {**each[tool], "settings": {**each[tool].get("settings", {}), name: "name"}}
        return True
    return False


def assert_planned(found: Resolved, ground: Ground) -> None:
    """A stack that was accepted is planned; on a machine every client wire reaches the processes of its consumer."""
    target: Any = targets.get(ground.target)
    if ground.target != "local":
        assert target.plan(found, offline=True).parts
        return
    made = plan(found.graph, CATALOG, machine_for(found.graph))
    starts = {each.component: each for each in made.actions if isinstance(each, Start)}
    for binding in (each for each in found.graph.bindings if each.client and each.consumer in starts):
        wanted = told_by(binding.provider, found)
        reached = {key: show_text(each) for key, each in starts[binding.consumer].command.env.items()}
        assert wanted.keys() <= reached.keys(), (binding, wanted)


def told_by(provider: str, found: Resolved) -> Mapping[str, str]:
    tool = CATALOG.get(found.graph.components[provider].tool)
    return {
        key: text
        for key, text in tool.client.env.items()
        if "${" in text and "artifacts" not in text and "remote" not in text
    }


def assert_brought_up_or_refused(chosen: list[tuple[str, str]], ground: Ground) -> None:
    found = build(chosen, ground)
    if isinstance(found, Resolved):
        assert {name for _, name in chosen} <= {each.tool for each in found.graph.components.values()}
        assert_planned(found, ground)
        return
    assert found
    for each in found:
        assert each.hint, each
        assert each.code in REFUSED, (chosen, each)


def pairs(one: str, other: str) -> Iterator[Any]:
    """Yield every tool of a stage with every tool of another, on every ground that both run on."""
    for name, ground in GROUNDS.items():
        for first in (tool for stage, tool in able(ground) if stage == one):
            for second in (tool for stage, tool in able(ground) if stage == other):
                if first != second:
                    yield pytest.param(ground, [(one, first), (other, second)], id=f"{name}-{first}-{second}")


@pytest.mark.broad
@pytest.mark.parametrize(
    ("ground", "chosen"), [*pairs("pipelining", "experiment_tracker"), *pairs("model_serving", "model_registry")]
)
def test_every_pair_of_what_is_used_together_is_planned(ground: Ground, chosen: list[tuple[str, str]]) -> None:
    found = build(chosen, ground)
    assert isinstance(found, Resolved), found
    assert_planned(found, ground)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", GROUNDS)
def test_tools_that_are_drawn_are_planned_together_or_refused_with_what_to_do(name: str) -> None:
    ground = GROUNDS[name]

    @settings(max_examples=500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(able(ground)), min_size=2, max_size=7, unique=True))
    def draw(chosen: list[tuple[str, str]]) -> None:
        assert_brought_up_or_refused(chosen, ground)

    draw()
