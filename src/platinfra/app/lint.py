"""Check a folder of tools as the tests check platinfra's own, as far as that needs no process and no network."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from platinfra.app.alone import alone
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_text
from platinfra.model import targets
from platinfra.model.ground import Ground
from platinfra.model.workspace import DEFAULT, Workspace
from platinfra.resolve.resolve import Resolved, resolve
from platinfra.spec.load import load
from platinfra.targets.answers import RenderOptions
from platinfra.targets.target import Target

_USUAL = {"process", "existing", "kubernetes"}
"""Types of deployments; the others differ in who makes the cluster."""
_OWN_ONLY = "cloud_vm"
"""A machine of AWS gets platinfra's own tools alone."""
_TOLD_OTHERWISE = {"autoscaler", "certificates", "container_registry", "encryption_key", "gateway", "metrics", "page"}
"""Capabilities whose wires reach their consumer through roles, kinds of objects, routes or what is scraped."""


@dataclass(frozen=True, slots=True)
class Linted:
    """A tool and what was found."""

    name: str
    grounds: tuple[str, ...]
    """Where a stack of it was planned, and rendered where there is something to render."""
    problems: tuple[Diagnostic, ...]


def lint(folder: Path) -> list[Linted]:
    """Return what was found of each tool in a folder, or in the folder of one; raise PlatinfraError where there is none."""
    top, names = _tools_in(folder)
    catalog = Catalog(top)
    return [_lint(name, catalog) for name in names]


def _tools_in(folder: Path) -> tuple[Path, list[str]]:
    """Return the folder of tools and the names of those that are meant."""
    if (folder / "tool.yaml").is_file():
        return folder.absolute().parent, [folder.absolute().name]
    names = sorted(each.parent.name for each in folder.glob("*/tool.yaml") if not each.parent.name.startswith("_"))
    if not names:
        hint = "name the folder that holds the folders of the tools, such as `platinfra tools lint tools`"
        raise PlatinfraError(Diagnostic("no-tools", f"`{folder}` has no folder with a `tool.yaml`", hint=hint))
    return folder.absolute(), names


def _lint(name: str, catalog: Catalog) -> Linted:
    try:
        tool = catalog.get(name)
    except PlatinfraError as error:
        return Linted(name, (), error.diagnostics)
    problems = [*_file_problems(tool, catalog.folder(name)), *_idle_wires(tool, catalog)]
    done: list[str] = []
    for ground in _grounds_of(tool, catalog):
        try:
            _bring_up_on_paper(tool, ground, catalog)
            done.append(ground.target if len(ground.places) == 1 else f"{ground.target} ({ground.type})")
        except PlatinfraError as error:
            problems += error.diagnostics
    return Linted(name, tuple(done), tuple(dict.fromkeys(problems)))


def _grounds_of(tool: Tool, catalog: Catalog) -> list[Ground]:
    types = _USUAL | ({_OWN_ONLY} if catalog.is_own(tool.name) else set())
    offered = (each for found in targets.grounds().values() for each in found if each.type in types)
    return [each for each in offered if tool.provides and tool.runs_on(each)]


def _file_problems(tool: Tool, folder: Path) -> Iterator[Diagnostic]:
    """Yield the files that a recipe names and that are not there or not as they have to be."""
    local = tool.run.local
    if not tool.places and not tool.no_route:
        hint = "write how it runs under `run`, or `no_route` with the reason"
        yield Diagnostic("no-recipe", f"`{tool.name}` runs nowhere", hint=hint)
    if local and local.processes and not tool.check:
        hint = "write `check: check.py`, a script with the actions `write MARKER` and `find MARKER`"
        yield Diagnostic("no-check", f"`{tool.name}` runs on a machine, and nothing proves that it works", hint=hint)
    named = [tool.check, local.requirements if local else None]
    for file in (each for each in named if each and not (folder / each).is_file()):
        yield Diagnostic("missing-file", f"`{tool.name}` names `{file}`, which is not in its folder")
    lock = folder / local.requirements if local and local.requirements else None
    if lock and lock.is_file() and "--hash=" not in lock.read_text(encoding="utf-8"):
        hint = f"`uv pip compile --universal --generate-hashes requirements.in -o {lock.name}`"
        yield Diagnostic("unhashed-lock", f"`{lock.name}` of `{tool.name}` has no hashes", hint=hint)


def _idle_wires(tool: Tool, catalog: Catalog) -> Iterator[Diagnostic]:
    """Yield the wires of which a recipe tells the tool nothing: a plan would show them, and nobody would use them."""
    file = (catalog.folder(tool.name) / "tool.yaml").read_text(encoding="utf-8")
    for name, each in tool.requires.items():
        if each.client or each.capability in _TOLD_OTHERWISE or f"${{{name}." in file:
            continue
        if any(place in each.places for place in tool.places):
            hint = f"mention `${{{name}.url}}` in the recipe, or remove the requirement"
            yield Diagnostic(
                "unused-wire", f"`{tool.name}` requires `{name}`, and its recipe says nothing of it", hint=hint
            )


def _bring_up_on_paper(tool: Tool, ground: Ground, catalog: Catalog) -> None:
    """Plan a stack of one tool, and render it where there is something to render; raise PlatinfraError when that fails."""
    with tempfile.TemporaryDirectory() as folder:
        stack = _stack(tool, ground, catalog, Path(folder))
        target = cast("Target", targets.get(ground.target))
        target.check(stack)
        target.plan(stack, offline=True)
        if "render" not in target.alternatives:
            target.render(stack, RenderOptions())


def _stack(tool: Tool, ground: Ground, catalog: Catalog, folder: Path) -> Resolved:
    document = load_text(alone(tool, ground, catalog), "platinfra.yaml")
    return resolve(load(document), catalog, workspace=Workspace(folder / "platinfra.yaml", DEFAULT))
