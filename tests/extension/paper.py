"""A target of a package of its own: it writes down on paper what there is to be, and strikes it out again."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from platinfra.drivers.files import LocalFiles, make_state_folder
from platinfra.drivers.record_file import RecordFile
from platinfra.model.drift import Drift
from platinfra.model.event import Event
from platinfra.model.ground import Ground
from platinfra.model.plan import Change
from platinfra.model.record import Record
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import (
    Applied,
    Artifacts,
    ComponentStatus,
    Data,
    Ended,
    Page,
    Part,
    Permissions,
    Planned,
    RenderOptions,
    Talk,
    grant,
)
from platinfra.targets.target import Target, chosen_component, not_up


class Paper(Target):
    name = "paper"
    grounds = (Ground("paper", "sheet", ("machine",)), Ground("paper", "roll", ("machine",)))
    defaults = MappingProxyType({"sql_database": "postgres", "object_store": "directory"})
    alternatives = MappingProxyType({"restart": "take a new sheet"})

    def plan(self, stack: Resolved, *, offline: bool = False, certain: bool = False) -> Planned:
        there = {} if offline else _read(stack.workspace)
        changes = [_change(name, each.tool, there) for name, each in stack.graph.components.items()]
        gone = [Change("remove", name, name, f"strike out {name}") for name in there.keys() - stack.graph.components]
        return Planned(stack, (Part("Lines", tuple(changes + gone), nothing="nothing to write"),), stack.warnings)

    def up(self, stack: Resolved, talk: Talk, *, move_ports: bool = False) -> Applied:
        planned = self.plan(stack)
        make_state_folder(stack.workspace)
        lines = {name: each.tool for name, each in stack.graph.components.items()}
        RecordFile(stack.workspace.root, Record).save(Record(stack.graph.stack, self.name))
        LocalFiles().write(_sheet(stack.workspace), json.dumps(lines))
        for name in lines:
            talk.emit(Event(name, "healthy"))
        return Applied(planned, (("sheet", str(_sheet(stack.workspace))),), ("platinfra status",))

    def down(self, workspace: Workspace, data: Data | None, talk: Talk) -> Ended:
        LocalFiles().remove(workspace.root)
        return Ended("the sheet is torn up")

    def drift(self, stack: Resolved) -> list[Drift]:
        there = _read(stack.workspace)
        wanted = {name: each.tool for name, each in stack.graph.components.items()}
        return [Drift(each, each, "", wanted[each], None) for each in wanted if each not in there]

    def status(self, workspace: Workspace) -> list[ComponentStatus]:
        if not _sheet(workspace).exists():
            raise not_up(workspace)
        return [
            ComponentStatus(name, tool, (), "healthy", "", "", "", 0, 0, 0) for name, tool in _read(workspace).items()
        ]

    def logs(
        self, workspace: Workspace, component: str | None, *, lines: int, follow: bool
    ) -> Iterator[tuple[str, str]]:
        yield from ((name, f"a line about {tool}") for name, tool in _read(workspace).items())

    def pages(self, workspace: Workspace) -> Mapping[str, str]:
        return {name: f"paper:{name}" for name in _read(workspace)}

    def page(self, workspace: Workspace, component: str) -> Page:
        name = chosen_component(component, _read(workspace))
        return Page(f"paper:{name}", f"paper:{name}")

    def render(self, stack: Resolved, options: RenderOptions) -> Artifacts:
        return Artifacts(
            "sheet", {"platinfra.json": b'{"files": []}', "sheet.txt": "\n".join(stack.graph.components).encode()}
        )

    def permissions(self, stack: Resolved) -> Permissions:
        return Permissions(tuple(grant(each, "a signature") for each in stack.graph.bindings))


def _sheet(workspace: Workspace) -> Path:
    return workspace.root / "sheet.json"


def _read(workspace: Workspace) -> dict[str, str]:
    return json.loads(_sheet(workspace).read_text()) if _sheet(workspace).exists() else {}


def _change(name: str, tool: str, there: Mapping[str, str]) -> Change:
    verb = "unchanged" if there.get(name) == tool else "create"
    return Change(verb, name, name, f"write {name}")


TARGET = Paper()
