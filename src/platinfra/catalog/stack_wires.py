"""What `uses: stack` in a tool stands for: wires to everything that code of a pipeline or a notebook may use."""

from collections.abc import Mapping
from typing import Any

_WIRES: Mapping[str, Mapping[str, Any]] = {
    "trackers": {"capability": "experiment_tracker"},
    "registries": {"capability": "model_registry"},
    "datasets": {"capability": "data_versioning"},
    "monitors": {"capability": "monitoring"},
    "models": {"capability": "model_serving", "access": ["read"]},
    "engines": {"capability": "runtime_engine"},
    "tuners": {"capability": "hyperparameter_tuning"},
    "validators": {"capability": "data_quality"},
    "features": {"capability": "feature_store"},
    "events": {"capability": "event_streaming"},
    "processing": {"capability": "data_processing"},
}
"""Names by which people `bind:` them, so they never change."""


def is_of_code(name: str) -> bool:
    """Tell whether a requirement's name is that of a wire of `uses: stack`."""
    return name in _WIRES


def with_stack(requires: Mapping[str, Any]) -> dict[str, Any]:
    """Return requirements with those of `uses: stack`; a client wire that a tool names itself takes the place of one."""
    own = {each.get("capability") for each in requires.values() if each.get("client")}
    further = {
        name: {**wire, "optional": True, "many": True, "client": True}
        for name, wire in _WIRES.items()
        if wire["capability"] not in own and name not in requires
    }
    return {**requires, **further}
