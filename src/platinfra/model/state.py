"""What was applied last: enough to diff, to resume and to destroy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Applied:
    """One action that was begun (`pending`) or finished, with what undoing it needs."""

    kind: str
    component: str
    digest: str
    record: Mapping[str, Any]
    pending: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The applied actions of one stack in one environment, in the order they were begun."""

    stack: str = ""
    target: str = ""
    applied: Mapping[str, Applied] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What people see of each component: tool, stages, address, logs, processes."""

    def with_applied(self, key: str, applied: Applied) -> "State":
        """Return the state with one action added or replaced."""
        return replace(self, applied={**self.applied, key: applied})

    def without(self, key: str) -> "State":
        """Return the state without one action."""
        return replace(self, applied={name: each for name, each in self.applied.items() if name != key})

    def to_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "stack": self.stack,
            "target": self.target,
            "components": {name: dict(each) for name, each in self.components.items()},
            "applied": {key: _applied_data(each) for key, each in self.applied.items()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any] | None) -> "State":
        """Return the state that `to_data` described; an empty one for None."""
        if data is None:
            return cls()
        return cls(
            stack=data["stack"],
            target=data["target"],
            components=data.get("components", {}),
            applied={key: Applied(**each) for key, each in data["applied"].items()},
        )


def _applied_data(applied: Applied) -> dict[str, Any]:
    return {
        "kind": applied.kind,
        "component": applied.component,
        "digest": applied.digest,
        "record": dict(applied.record),
        "pending": applied.pending,
    }
