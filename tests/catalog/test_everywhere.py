"""Every tool on every ground: it plans and renders there, or the recorded problem says why not."""

from pathlib import Path

import pytest

from platinfra.app.alone import alone
from platinfra.app.render import render
from platinfra.app.stacks import checked_stack
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model.ground import Ground
from platinfra.model.targets import grounds
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


def problem(tool: Tool, ground: Ground, folder: Path) -> str:
    """Return what keeps a tool from being planned and rendered; nothing when it is."""
    file = folder / "platinfra.yaml"
    file.write_text(alone(tool, ground, CATALOG))
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
