"""Objects that break no rule, and ways to break one."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from platinfra.targets.kubernetes.rules import Known

Object = dict[str, Any]
OBJECTS: list[Object] = list(
    yaml.load_all((Path(__file__).parent / "good.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
)
KNOWN = Known(
    kinds=frozenset(
        {
            "gateway.networking.k8s.io/v1/Gateway",
            "gateway.networking.k8s.io/v1/HTTPRoute",
            "gateway.networking.k8s.io/v1beta1/ReferenceGrant",
            "keda.sh/v1alpha1/ScaledObject",
            "monitoring.coreos.com/v1/PodMonitor",
            "monitoring.coreos.com/v1/ServiceMonitor",
        }
    )
)


class _Absent:
    """Has the same name in every process, as pytest-xdist wants it."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Written in place of a value that is taken away."""


def title(each: Object) -> str:
    metadata = each["metadata"]
    return f"{each['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata.get('name'))))}"


def changed(which: str, path: str, value: Any) -> list[Object]:
    """Return the good objects with one value of one of them (`Deployment ml/mlflow`) written anew."""
    objects = deepcopy(OBJECTS)
    (found,) = [each for each in objects if title(each) == which]
    write(found, path, value)
    return objects


def write(target: Any, path: str, value: Any) -> None:
    *way, last = keys(path)
    for key in way:
        target = target.setdefault(key, {}) if isinstance(target, dict) else target[key]
    if value is ABSENT:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value(target[last]) if isinstance(value, Callable) else value


def keys(path: str) -> list[str | int]:
    """Return the keys of a path such as `spec.ports[0].name` or `metadata.labels["a.b/c"]`."""
    found = re.findall(r'\["([^"]+)"\]|\[(\d+)\]|([^.\[\]]+)', path)
    return [int(number) if number else quoted or plain for quoted, number, plain in found]
