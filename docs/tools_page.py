"""The page of what was found of each tool: measured by `make live`, and where else it stands."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.ground import Ground, Place
from platinfra.model.targets import grounds

MEASURED = Path(__file__).parent / "measured"
NOTHING = "–"  # noqa: RUF001
Table = Callable[[Sequence[str], Sequence[Sequence[str]]], Iterator[str]]
_GROUNDS = {"this machine": ("local", "process"), "a cluster": ("kubernetes", "existing"), "AWS": ("aws", "kubernetes")}
_FOUND: dict[Place, str] = {"machine": "runs", "cluster": "rendered and validated", "service": "rendered and validated"}


def lines(table: Table) -> Iterator[str]:
    """Yield the page; `table` makes the lines of one from its header and rows."""
    records = [json.loads(each.read_text(encoding="utf-8")) for each in sorted(MEASURED.glob("*.json"))]
    yield from (
        "# What was found of each tool",
        "",
        "## On this machine",
        "",
        "`make live` starts every tool alone, with what it cannot be without: it is brought up and proved by `platinfra check` with its wires. Each of its",
        "processes, and each kind of what these start, is killed and has to be back by itself; it is proved again and stopped. Nothing of it is left then,",
        "nothing was written into the HOME or the temporary folder of whoever ran it, all that listened did so on 127.0.0.1, and no connection left the",
        "machine. `make live TOOL=NAME` does this for one tool and writes its line. *Memory* is the proportional set size of the tool's own processes; *install* is from wheels that are there;",
        "*back* is the slowest of its processes. The numbers are single measurements of a busy machine.",
        "",
    )
    header = ("tool", "version", "on", "checks", "install, s", "start, s", "memory, MB", "back, s", "stop, s")
    yield from table(header, [measured(each) for each in records])
    yield from ("", *sorted({f"Measured on {each['machine']}." for each in records}), "")
    yield from (
        "## Everywhere",
        "",
        "*Proved* means the table above. In a cluster and on AWS tests render what `up` would apply, and check it against the schemas, the wires and the",
        "permissions; no test has brought up a real one. *AWS* is its services and EKS; an EC2 machine (`type: cloud_vm`) runs what this machine runs,",
        "but for what `platinfra explain TOOL` excepts. *There already* is a server of somebody else, or a hosted service, by its address and credentials.",
        "",
    )
    proved = {each["tool"]: each for each in records}
    rows = [stands(each, proved) for each in Catalog().tools() if not each.no_route or each.existing]
    yield from table(("tool", *_GROUNDS, "there already"), rows)
    yield from (
        "",
        "Every other name is in [the list of what platinfra does not run](stages-and-tools.md#other-names), with the reason.",
    )


def measured(record: Mapping[str, Any]) -> list[str]:
    """Return the cells of one tool that was started here."""
    back = f"{max(record['killed'].values())}" if record["killed"] else NOTHING
    checks = f"{len(record['checked'])}" + (
        f", {len(record['not_proved'])} without a model" if record["not_proved"] else ""
    )
    memory = f"{record['memory_mb']}" if record["memory_mb"] else NOTHING
    numbers = (record["install_seconds"], record["start_seconds"])
    return [
        f"[{record['tool']}](stages-and-tools.md#{record['tool']})",
        record["version"] or NOTHING,
        record["on"],
        checks,
        *(f"{each}" if each else NOTHING for each in numbers),
        memory,
        back,
        f"{record['stop_seconds']}",
    ]


def stands(tool: Tool, proved: Mapping[str, Any]) -> list[str]:
    """Return the cells of where a tool stands."""
    known = {(each.target, each.type): each for offered in grounds().values() for each in offered}
    cells = [found_on(tool, known[each], proved) for each in _GROUNDS.values()]
    return [
        f"[{tool.name}](stages-and-tools.md#{'other-names' if tool.no_route else tool.name})",
        *cells,
        there_already(tool),
    ]


def found_on(tool: Tool, ground: Ground, proved: Mapping[str, Any]) -> str:
    """Return what is known of a tool on one kind of ground."""
    place = tool.find_place(ground)
    if tool.no_route or place is None or not tool.runs_on(ground):
        return NOTHING
    return f"proved, {proved[tool.name]['on']}" if place == "machine" and tool.name in proved else _FOUND[place]


def there_already(tool: Tool) -> str:
    """Return how a tool is used that somebody else runs."""
    if tool.existing is None:
        return NOTHING
    where = "hosted" if tool.existing.at else "yes"
    return f"{where}; {', '.join(tool.existing.credentials)}" if tool.existing.credentials else where
