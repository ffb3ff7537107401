"""What is kept of a look, and shown of it by the desk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from data_looks.names import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from model_server.objects import Objects


@dataclass(frozen=True)
class Finding:
    """One number about current data."""

    calculation: str
    metric: str
    value: float
    alert: bool


def folder_of(began: datetime) -> str:
    """Return the folder of what a look found that began then."""
    return f"results/{began.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"


def keep(objects: Objects, report: dict[str, Any]) -> None:
    """Keep a report in its folder, and as the latest, which comes last: it tells of files that are there."""
    for name in (f"{report['folder']}/report.json", LATEST):
        objects.write(name, json.dumps(report, indent=1).encode())


def show(found: Iterable[dict[str, Any]]) -> None:
    """Print a line for each finding."""
    for each in found:
        print(f"{'ALERT' if each['alert'] else 'ok':5}  {each['calculation']}  {each['metric']}  {each['value']:.6g}")
