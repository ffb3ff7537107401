"""Every tool on every ground: it plans and renders there, or the recorded problem says why not."""

import json
from pathlib import Path

import pytest

from platinfra.app.render import render
from platinfra.app.stacks import checked_stack
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Setting, Tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model.ground import Ground
from platinfra.model.targets import grounds
from platinfra.resolve.reach import fits
from platinfra.targets.local.verbs import refusals

CATALOG = Catalog()
GROUND = {
    f"{name}-{each.type}": each
    for name, offered in grounds().items()
    for each in offered
    if each.type in {"process", "existing", "kubernetes", "cloud_vm"}
}
RECORDED = Path(__file__).parent / "nowhere.txt"
"""`tool ground: slug: message` of each tool that cannot be brought up on some ground, sorted."""
HEADS = {
    "local": "provider: {name: local}",
    "kubernetes": "provider: {name: kubernetes, context: test}",
    "aws": 'provider: {name: aws, account-id: "111122223333", region: eu-central-1}',
}
CHOSEN = {("cluster-autoscaler", "kubernetes"): ", cluster: {autoscaler: cluster-autoscaler}"}
"""Tool and type of a deployment to what has to choose the tool there."""


def stack(tool: Tool, ground: Ground) -> str:
    """Return a stack of one tool and of what it cannot be without, with the settings that they ask for."""
    stages = {next(iter(tool.provides)): tool, **companions(tool, ground)}
    if "machine" in ground.places and tool.find_place(ground) == "service":
        stages.setdefault("experiment_tracker", CATALOG.get("mlflow"))  # a machine needs something to run
    uses = "\n".join(f"  {stage}: [{use(each, ground)}]" for stage, each in stages.items())
    deployment = f"{{type: {ground.type}{CHOSEN.get((tool.name, ground.type), '')}}}"
    return f"name: one\n{HEADS[ground.target]}\ndeployment: {deployment}\nstack:\n{uses}\n"


def companions(tool: Tool, ground: Ground) -> dict[str, Tool]:
    """Return a tool for each capability that another one needs and that no default meets."""
    found: dict[str, Tool] = {}
    for each in tool.requires.values():
        capability = CATALOG.capability(each.capability)
        if not each.optional and ground.target not in capability.defaults:
            usable = (other for other in CATALOG.providers(capability.name) if fits(each, other))
            able = [other for other in usable if other.runs_on(ground)]
            found |= {capability.name: able[0], **companions(able[0], ground)} if able else {}
    return found


def use(tool: Tool, ground: Ground) -> str:
    """Return one use of a tool, with a value for every setting that has to be given."""
    place = tool.find_place(ground)
    wanted = {
        name: each
        for name, each in tool.settings.items()
        if each.default is None or place in each.needed or each.needed_in
    }
    given = {name: sample(name, each) for name, each in wanted.items()}
    settings = ", ".join(f"{key}: {json.dumps(value)}" for key, value in given.items())
    return f"{{{tool.name}: {{settings: {{{settings}}}}}}}" if given else tool.name


def sample(name: str, setting: Setting) -> str | int:
    """Return a value for a setting."""
    if setting.choices:
        return setting.choices[0]
    if setting.type != "string":
        return 1
    return {"address": "https://id.example.org", "slug": "acme"}.get(setting.format or "", name)


def problem(tool: Tool, ground: Ground, folder: Path) -> str:
    """Return what keeps a tool from being planned and rendered; nothing when it is."""
    file = folder / "platinfra.yaml"
    file.write_text(stack(tool, ground))
    try:
        found, target = checked_stack(file, None)
    except PlatinfraError as error:
        return "; ".join(f"{each.code}: {each.message}" for each in error.diagnostics)
    planned = target.plan(found, offline=True)
    assert tool.name in planned.stack.graph.components
    if ground.target != "local":
        render(file, None, folder / "out")
    return ""


@pytest.mark.broad
@pytest.mark.parametrize("ground", GROUND)
@pytest.mark.parametrize(
    "name", [each for each in CATALOG.names() if CATALOG.get(each).provides and not CATALOG.get(each).no_route]
)
def test_a_tool_is_brought_up_or_the_problem_is_known(
    name: str, ground: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(refusals, "_program_problems", lambda _: ())  # whatever people have installed on this machine
    known = dict(line.split(": ", 1) for line in RECORDED.read_text().splitlines())
    assert problem(CATALOG.get(name), GROUND[ground], tmp_path) == known.get(f"{name} {ground}", "")
