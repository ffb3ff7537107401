"""What Terraform says while it works, one JSON object per line; its `-json` format is stable and documented."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["noop", "create", "read", "update", "replace", "delete", "move", "import", "forget", "open", "close"]
Phase = Literal["started", "running", "done", "failed"]
_STEPS: Mapping[str, Phase] = {
    "apply_start": "started",
    "apply_progress": "running",
    "apply_complete": "done",
    "apply_errored": "failed",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: `module` and the address are as Terraform writes them, and the module of the root is empty."""

    address: str
    module: str
    resource_type: str


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What would be done to a resource."""

    resource: Resource
    action: Action


@dataclass(frozen=True, slots=True)
class DriftedResource:
    """A resource that is no longer as it was applied: changed (`update`) or gone (`delete`)."""

    resource: Resource
    action: Action


@dataclass(frozen=True, slots=True)
class ResourceStep:
    """A resource that is being changed."""

    resource: Resource
    action: Action
    phase: Phase
    seconds: int = 0
    """Since the change of this resource began."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The present state of a resource was read."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic of Terraform."""

    severity: Literal["error", "warning"]
    summary: str
    detail: str = ""
    address: str = ""
    place: str = ""
    """Such as `main.tf.json line 12`."""


Event = PlannedChange | DriftedResource | ResourceStep | Refreshed | Problem


def load_event(line: str) -> Event | None:
    """Turn a line of output into an event; None when it tells nothing that matters here."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return _event(content) if isinstance(content, dict) else None


def _event(content: Mapping[str, Any]) -> Event | None:
    kind = content.get("type", "")
    if kind in _STEPS:
        hook = content["hook"]
        return ResourceStep(_resource(hook), hook["action"], _STEPS[kind], int(hook.get("elapsed_seconds", 0)))
    make = _KINDS.get(kind)
    return make(content) if make else None


def _resource(holder: Mapping[str, Any]) -> Resource:
    content = holder["resource"]
    return Resource(content["addr"], content.get("module", ""), content["resource_type"])


def _problem(content: Mapping[str, Any]) -> Problem:
    """Turn a diagnostic as Terraform writes it into one of ours."""
    place = content.get("range")
    return Problem(
        "error" if content["severity"] == "error" else "warning",
        content["summary"],
        content.get("detail", ""),
        content.get("address", ""),
        f"{place['filename']} line {place['start']['line']}" if place else "",
    )


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "planned_change": lambda content: PlannedChange(_resource(content["change"]), content["change"]["action"]),
    "resource_drift": lambda content: DriftedResource(_resource(content["change"]), content["change"]["action"]),
    "refresh_complete": lambda content: Refreshed(_resource(content["hook"])),
    "diagnostic": lambda content: _problem(content["diagnostic"]),
}
