"""What a stack pays for every month: how much of what, and which part of the stack file lowers it. No prices are here."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from platinfra import facts
from platinfra.facts.aws import instance_types
from platinfra.facts.table import beside
from platinfra.targets.answers import CostDriver
from platinfra.targets.aws import labels
from platinfra.targets.aws.autoscalers import AUTOSCALERS
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.root import Root

HOURS = 730
"""Hours of a month, as AWS' own calculators count them."""
_MOST = 5
_MACHINE_ROOT_GB = 30
_TABLE: Mapping[str, Mapping[str, Any]] = beside(__file__)
_JOBS = ("batch", "fargate", "glue", "step_functions", "sagemaker")
Call = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """So much of one kind of `costs.yaml`, for one component or part of the infrastructure."""

    kind: str
    component: str
    count: int = 1
    """Things that cost for each hour, gigabytes, keys …; without a meaning where the use decides."""
    of: str = ""
    """The type of a machine, or what else its texts mention."""

    @property
    def what(self) -> str:
        """Return what people see."""
        return self._text("what")

    @property
    def knob(self) -> str:
        """Return what of the stack file lowers it."""
        return self._text("knob")

    @property
    def why(self) -> str:
        """Return why no price list can say what it costs; nothing where one can."""
        return str(_TABLE[self.kind].get("why", ""))

    @property
    def unit(self) -> str:
        """Return the unit of its quantity."""
        return str(_TABLE[self.kind].get("unit", ""))

    @property
    def quantity(self) -> Decimal:
        """Return how much of it a month has."""
        return Decimal(self.count * (HOURS if self.unit == "hours" else 1))

    @property
    def offer(self) -> str:
        """Return the code of the offer file with its price."""
        return str(_TABLE[self.kind].get("offer", ""))

    @property
    def usage(self) -> str:
        """Return the end of its usage type; nothing where other attributes tell it."""
        return self._text("usage")

    @property
    def where(self) -> Mapping[str, str]:
        """Return the attributes of its product in an offer file."""
        found: Mapping[str, str] = _TABLE[self.kind].get("where", {})
        return {name: self._fill(value) for name, value in found.items()}

    def _text(self, name: str) -> str:
        return self._fill(str(_TABLE[self.kind].get(name, "")))

    def _fill(self, text: str) -> str:
        return text.replace("{of}", self.of).replace("{name}", self.component)


def drivers(values: AwsValues, found: Root) -> tuple[CostDriver, ...]:
    """Return what costs most, in order."""
    ordered = sorted(items(values, found), key=_weight, reverse=True)
    return tuple(CostDriver(each.component, each.what, each.knob) for each in ordered[:_MOST])


def items(values: AwsValues, found: Root) -> list[Item]:
    """Return everything that a stack pays for, as far as its file tells."""
    calls = {label: (labels.owner(f"module.{label}"), call) for label, call in found.modules.items()}
    secrets = sum(_secrets(call) for _, call in calls.values())
    return [
        *(item for owner, call in calls.values() for item in _of_call(owner, call, found)),
        *([Item("secrets", "stack", secrets)] if secrets else []),
        *_in_cluster(values),
        Item("requests", "stack"),
    ]


def _of_call(owner: str, call: Call, found: Root) -> Iterator[Item]:
    module = str(call["source"]).rpartition("/")[2]
    match module:
        case "network":
            yield from _network(owner, call, found.place.zone_count)
        case "cluster":
            yield from _cluster(owner, call)
        case "machine":
            yield Item("machine", owner, of=call["instance_type"])
            yield Item("machine_disk", owner, call["data_gb"] + _MACHINE_ROOT_GB)
        case "database":
            yield from _database(owner, call)
        case "key":
            yield Item("key", owner)
        case "bucket":
            yield Item("objects", owner)
        case "registry":
            yield Item("images", owner)
        case "files":
            yield Item("files", owner)
        case "alarms" if call.get("alarms"):
            yield Item("alarms", owner, len(call["alarms"]))
        case "domain":
            yield Item("domain", owner)
        case _ if module in _JOBS:
            yield from _jobs(owner, call)


def _network(owner: str, call: Call, zones: int) -> Iterator[Item]:
    gateways = zones if call["nat"] == "per_zone" else 1
    yield Item("nat", owner, gateways)
    yield Item("address", owner, gateways)
    yield Item("nat_traffic", owner)
    if call["interface_endpoints"]:
        yield Item("endpoint", owner, len(call["interface_endpoints"]) * zones)
    if call["flow_logs"] != "none":
        yield Item(f"flow_logs_{call['flow_logs']}", owner)


def _cluster(owner: str, call: Call) -> Iterator[Item]:
    yield Item("control_plane", owner)
    if call["log_types"]:
        yield Item("control_plane_logs", owner)
    if call.get("auto_mode"):
        yield Item("auto_nodes", owner)
        return
    kind = "spot_nodes" if call["capacity_type"] == "SPOT" else "nodes"
    yield Item(kind, owner, call["node_min"], call["instance_types"][0])
    yield Item("node_disk", owner, call["node_min"] * call["node_disk_gb"])


def _database(owner: str, call: Call) -> Iterator[Item]:
    standby = "_standby" if call["multi_az"] else ""
    yield Item(f"database{standby}", owner, of=call["instance_class"])
    yield Item(f"database_disk{standby}", owner, call["storage_gb"])
    yield Item("database_use", owner)


def _jobs(owner: str, call: Call) -> Iterator[Item]:
    endpoint = call.get("endpoint") or {}
    if endpoint.get("image"):
        yield Item("model_endpoint", owner, endpoint["instances"], endpoint["instance_type"])
    yield Item("jobs", owner)


def _secrets(call: Call) -> int:
    """Return how many secrets a module makes; a database has one for its administrator beside the logins."""
    match str(call["source"]).rpartition("/")[2]:
        case "secret":
            return 1
        case "database":
            return 1 + len(call.get("logins") or {})
        case _:
            return 0


def _in_cluster(values: AwsValues) -> Iterator[Item]:
    """Yield what comes into being by what runs in the cluster."""
    place = values.facts.place
    if place.kind != "kubernetes":
        return
    components = [each for each in values.graph.components.values() if each.place == "cluster"]
    for each in components:
        provides = values.tool(each).provides
        yield from (Item(one.cost, each.name) for one in AUTOSCALERS.values() if one.capability in provides)
    gpu = None if place.cluster.name else place.cluster.gpu
    if gpu:
        yield Item("gpu_nodes", "cluster", gpu.max, gpu.instance_type)
    claims = [f"{each.name} {each.settings['storage']}" for each in components if each.settings.get("storage")]
    if claims:
        yield Item("volumes", "cluster", of=", ".join(claims))
    if place.deployment.routes:
        yield Item("load_balancers", "cluster")


@cache
def _weights() -> Mapping[str, Any]:
    """Return what things weigh against each other."""
    found: Mapping[str, Any] = json.loads((Path(facts.__file__).parent / "aws_costs.json").read_text(encoding="utf-8"))
    return found


def _weight(item: Item) -> float:
    """Return what an item weighs in the order of costs."""
    known = _weights()
    match item.kind:
        case "nodes" | "spot_nodes" | "machine":
            each = _machine_weight(item.of) * (known["spot"] if item.kind == "spot_nodes" else 1)
        case "database":
            each = _database_weight(item.of)
        case "database_standby":
            each = 2 * _database_weight(item.of)
        case "database_disk_standby":
            each = 2 * known["months"]["database_disk"]
        case "gpu_nodes":
            each = _machine_weight(item.of) * known["gpu_share"] * HOURS
        case "model_endpoint":
            each = known["endpoint_cpu_hours"] * _cpus(item.of.removeprefix("ml."))
        case kind:
            each = next(known[table][kind] for table in ("hours", "months", "guesses") if kind in known[table])
    return float(each) * float(item.quantity)


def _machine_weight(name: str) -> float:
    known, found = _weights(), instance_types()[name]
    family = known["cpu_hours"].get(name[0], known["cpu_hours"]["other"])
    cpus = family * found.cpus * (known["arm"] if "arm64" in found.architectures else 1)
    return float(cpus + known["gpu_hours"] * found.gpus)


def _database_weight(name: str) -> float:
    known = _weights()
    small = known["database_hours"].get(name)
    return float(small or known["database_cpu_hours"] * _cpus(name.removeprefix("db.")))


def _cpus(name: str) -> int:
    known = instance_types()
    return known[name].cpus if name in known else 2


def needed_offers(found: Iterable[Item]) -> tuple[str, ...]:
    """Return the codes of the offer files with the prices of some items."""
    return tuple(dict.fromkeys(each.offer for each in found if each.offer))
