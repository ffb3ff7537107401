"""What is written down of a stack on AWS, so that it outlives the stack file; what exists there, Terraform's state knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from platinfra.catalog.catalog import Catalog
from platinfra.model.record import ActionRecord, ComponentRecord, Migration, Record
from platinfra.targets.folder import IN_CLUSTER, IN_STATE, KUBECONFIG, TERRAFORM

_KEPT = ("./modules/bucket", "./modules/key", "./modules/registry")
"""Modules that are forgotten instead of destroyed when data is kept; the key, because it decrypts the rest."""


@dataclass(frozen=True, slots=True)
class CloudComponent(ComponentRecord):
    """A component on AWS."""

    port: int | None = None
    """Of its page on the stack's machine, where every tool has its usual one; None where it has no page there."""


def read_artifacts(root: Path) -> dict[str, Any]:
    """Return what the files that `up` leaves in a state folder tell of a stack; raise OSError without a Terraform folder."""
    made = json.loads((root / IN_STATE / TERRAFORM).read_text(encoding="utf-8"))
    provider, calls = made["provider"]["aws"], made["module"]
    kubeconfig = root / IN_CLUSTER / KUBECONFIG
    return {
        "stack": next(iter(calls.values()))["tags"]["platinfra:stack"],
        "target": CloudRecord.destination,
        "applied": {"terraform": {"kind": "terraform", "component": "stack", "digest": "", "record": {}}},
        "account": provider["allowed_account_ids"][0],
        "region": provider["region"],
        "state_key": made["terraform"].get("backend", {}).get("s3", {}).get("key"),
        "eks_cluster": json.loads(kubeconfig.read_text())["current-context"] if kubeconfig.is_file() else None,
        "kept": kept_calls(calls),
    }


def _without_artifacts(data: dict[str, Any], root: Path) -> dict[str, Any]:
    """Return version 2: the Terraform folder and the kubeconfig were read by whoever needed them."""
    catalog = Catalog.beside(root.parent.parent)

    def port(tool: str) -> int | None:
        found = catalog.find(tool)
        return found.endpoints["http"].port if found and "http" in found.endpoints else None

    components = {name: {**each, "port": port(each["tool"])} for name, each in data["components"].items()}
    there = read_artifacts(root) if (root / IN_STATE / TERRAFORM).is_file() else {}
    return {**data, **there, "components": components}


@dataclass(frozen=True, slots=True)
class CloudRecord(Record):
    """A stack on AWS."""

    migrations: ClassVar[tuple[Migration, ...]] = (_without_artifacts,)
    destination: ClassVar[str] = "aws"

    components: Mapping[str, CloudComponent] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    state_key: str | None = None
    """Of Terraform's state in the account's bucket; None when it lies in the folder."""
    eks_cluster: str | None = None
    """None on a machine."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Label of each module call that keeps data to what people call it."""


def kept_calls(calls: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the module calls that keep data: label to what people call it."""
    named = {label: (str(each["source"]), each) for label, each in calls.items()}
    return {
        label: f"{source.rpartition('/')[2]} {each['name']}"
        for label, (source, each) in named.items()
        if source in _KEPT
    }


def of_terraform(*, pending: bool) -> Mapping[str, ActionRecord]:
    """Return that Terraform was begun, or came to its end."""
    return {"terraform": ActionRecord("terraform", "stack", "", {}, pending)}
