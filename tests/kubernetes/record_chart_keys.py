"""Which values of charts the catalog sets, and where in each chart they were read: `make charts` records it in `chart_keys`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model.graph import Binding, Component, Graph
from platinfra.model.template import plain
from platinfra.sections.routes import Routes, Tls
from platinfra.targets.kubernetes.bundle import Release, bundle
from platinfra.targets.kubernetes.facts import ClusterFacts
from platinfra.targets.kubernetes.place import VERSION, place_of
from platinfra.targets.kubernetes.schema import KubernetesDeployment

FOLDER = Path(__file__).parent / "chart_keys"
STUBS = {
    "autoscaler": "keda",
    "certificates": "cert-manager",
    "data_versioning": "lakefs",
    "event_streaming": "kafka",
    "experiment_tracker": "mlflow",
    "metrics": "mlflow",
    "metrics_store": "prometheus",
    "model_registry": "mlflow",
    "monitoring": "evidently",
    "object_store": "seaweedfs",
    "orchestrator": "prefect",
    "sql_database": "cloudnative-pg",
}
"""Capability to the tool at the other end of a wire."""
SIGN_INS = ("github", "oidc")
"""Those who vouch for people: each is told to charts in values of its own."""
_TAG = "the chart's source at the tag of its version"
SOURCES = {
    "airflow": "the packaged chart, as another project keeps it",
    "dagster": "release 1.3.7, with the names of helm/dagster in the project's source since (dagsterWebserver)",
    **dict.fromkeys(
        (
            "aws-load-balancer-controller",
            "cert-manager",
            "cluster-autoscaler",
            "external-dns",
            "flyte-binary",
            "gateway-helm",
            "jupyterhub",
            "kserve-crd",
            "kserve-resources",
            "kserve-runtime-configs",
            "karpenter",
            "keda",
            "kuberay-operator",
            "nvidia-device-plugin",
            "prefect-server",
            "prefect-worker",
            "ray-cluster",
            "seldon-core-v2-crds",
            "seldon-core-v2-runtime",
            "seldon-core-v2-servers",
            "seldon-core-v2-setup",
            "spark-operator",
            "strimzi-kafka-operator",
            "vault",
        ),
        _TAG,
    ),
}
"""Charts that were not read in the very package of their version."""
_RANGES = {("additionalWorkerGroups",)}
"""Maps whose entries have names of ours: a template goes through them as `$values`."""
Pointer = tuple[str, ...]


def written(pointer: Pointer) -> str:
    """Return a path as a JSON pointer: names of values hold dots and slashes."""
    return "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in pointer)


def leaves(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Yield the paths of values that are no mappings; lists are one value."""
    if isinstance(value, Mapping) and (value or not pointer):
        for key, each in value.items():
            yield from leaves(each, (*pointer, str(key)))
    else:
        yield pointer, value


def type_of(value: Any) -> str:
    """Return the JSON type of a value."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", type(None): "null"}
    return names.get(type(value), "object")


def releases(tool: Tool, catalog: Catalog, sign_in: int = 0) -> list[Release]:
    """Return the releases of a tool, wired to stubs, with their values filled in; `sign_in` is one of SIGN_INS."""
    name = tool.name
    bindings, names = [], {name}
    if "page" in tool.capabilities_in("cluster"):
        bindings.append(Binding("envoy-gateway", "pages", name, "page", ("read",), "", client=True))
        names.add("envoy-gateway")
    for requirement, entry in tool.requires.items():
        stub = SIGN_INS[sign_in] if entry.capability == "sign_in" else STUBS.get(entry.capability)
        if stub and stub != name and "cluster" in entry.places:
            access = tuple(entry.access or ())
            bindings.append(Binding(name, requirement, stub, entry.capability, access, "", client=entry.client))
            names.add(stub)
    components = {each: _component(catalog.get(each)) for each in sorted(names)}
    graph = Graph("churn", "default", "kubernetes", components, tuple(bindings))
    cloud = _Cloud() if "kubernetes" in tool.limits else None
    place = place_of(
        graph,
        KubernetesDeployment(storage_class="fast", routes=Routes(domain="example.org", tls=Tls(secret="tls"))),
        VERSION,
        None,
        cloud,
    )
    steps = bundle(ClusterFacts(graph, catalog, place).values).steps
    own = {each.name for each in (tool.run.kubernetes.charts.values() if tool.run.kubernetes else ())}
    return [step.release for step in steps if step.release and step.release.chart in own]


class _Cloud:
    """A cloud that knows everything of itself and serves nothing."""

    def attribute(self, binding: Binding, name: str) -> Any:
        return None

    def load_balancer(self, scheme: str | None) -> dict[str, str]:
        return {}

    def identifies(self, component: Component, *, code: bool = False) -> bool:
        return False

    def fact(self, name: str) -> Any:
        return 1 if name == "controllers" else "stub"

    def objects(self, component: Component | None) -> Sequence[Mapping[str, Any]]:
        return ()


def _component(tool: Tool) -> Component:
    settings = {key: "stub" if each.default is None else each.default for key, each in tool.settings.items()}
    return Component(tool.name, tool.name, (), settings, "cluster")


@dataclass(frozen=True)
class Chart:
    """A chart of others: what it says of its values."""

    version: str
    values: Mapping[str, Any]
    schema: Mapping[str, Any] = field(default_factory=dict)
    templates: str = ""

    @classmethod
    def at(cls, folder: Path) -> "Chart":
        """Read an unpacked chart; its templates may be missing."""
        about = yaml.safe_load((folder / "Chart.yaml").read_text())
        values = _with_dependencies(_yaml(folder / "values.yaml"), folder, about.get("dependencies", []))
        schema = _yaml(folder / "values.schema.json") or _yaml(folder / "values.schema.yaml")
        texts = [each.read_text() for each in sorted(folder.rglob("templates/**/*")) if each.is_file()]
        return cls(str(about["version"]), values, schema, "\n".join(texts))

    @cached_property
    def strict(self) -> bool:
        """Tell whether the schema refuses names it does not know."""
        return self.schema.get("additionalProperties") is False

    def where(self, pointer: Pointer) -> str | None:
        """Return where a value is known: in the default values, the schema, or a template that prints a whole map."""
        if pointer[:1] in _RANGES and re.search(rf"\$values\.{re.escape(pointer[2])}\b", self.templates):
            return f"template {written(pointer[:2])}"
        if _in_values(self.values, pointer):
            return "values"
        if self.schema and _in_schema(self.schema, pointer, self.schema):
            return "schema"
        for length in range(len(pointer), 0, -1):
            if self._printed(pointer[:length]) and (length > 1 or length == len(pointer)):
                return f"template {written(pointer[:length])}"
        return f"template {written(pointer[:1])}" if self._printed(pointer[:1], whole=True) else None

    def _printed(self, pointer: Pointer, *, whole: bool = False) -> bool:
        dotted = re.escape(".".join(pointer))
        mentioned = rf"Values\.{dotted}\b(?!\.\w)(?!-)"
        pattern = (
            rf"(toYaml|with) [$.\w]*{mentioned}|{mentioned} *\| *toYaml|index [$.]*Values \"{dotted}\""
            if whole
            else mentioned
        )
        return re.search(pattern, self.templates) is not None

    def types(self, pointer: Pointer) -> set[str]:
        """Return the types that the default value has; none when it says nothing of them."""
        node: Any = self.values
        for key in pointer:
            if not isinstance(node, Mapping) or key not in node:
                return set()
            node = node[key]
        return set() if node is None or node in ("", "-") else {type_of(node)}


def _yaml(file: Path) -> Any:
    return (yaml.safe_load(file.read_text()) or {}) if file.is_file() else {}


def _with_dependencies(values: dict[str, Any], folder: Path, dependencies: list[dict[str, str]]) -> dict[str, Any]:
    """Add what the charts inside a chart know of their values, and the values that turn them on."""
    for each in dependencies:
        name = each.get("alias", each["name"])
        if (folder / "charts" / each["name"] / "values.yaml").is_file():
            inner = _yaml(folder / "charts" / each["name"] / "values.yaml")
            own = values.get(name) or {}
            values[name] = {**inner, **{key: _over(inner.get(key), value) for key, value in own.items()}}
        if f"{name}.enabled" in each.get("condition", "").split(","):
            values[name] = {"enabled": True, **(values.get(name) or {})}
    return values


def _over(under: Any, over: Any) -> Any:
    return {**under, **over} if isinstance(under, dict) and isinstance(over, dict) else over


def _in_values(node: Any, pointer: Pointer) -> bool:
    """Tell whether default values have a path; below an empty map and below nothing everything is allowed."""
    for number, key in enumerate(pointer):
        if node is None or node == {}:
            return number > 0
        if not isinstance(node, Mapping) or key not in node:
            return False
        node = node[key]
    return True


def _in_schema(node: Any, pointer: Pointer, root: Mapping[str, Any]) -> bool:
    """Tell whether a schema names a path, or allows anything where it is."""
    if node is True or not pointer:
        return node is not False
    if not isinstance(node, Mapping):
        return False
    if reference := node.get("$ref"):
        target: Any = root
        for key in str(reference).removeprefix("#/").split("/"):
            target = target.get(key, {}) if isinstance(target, Mapping) else {}
        return _in_schema(target, pointer, root)
    known = node.get("properties", {})
    # Beside `properties` these only say more of names that stand there.
    choices = [] if known else [each for key in ("anyOf", "oneOf", "allOf") for each in node.get(key, [])]
    if any(_in_schema(each, pointer, root) for each in choices):
        return True
    if pointer[0] in known:
        return _in_schema(known[pointer[0]], pointer[1:], root)
    more = node.get("additionalProperties", not known and node.get("type", "object") != "string")
    return bool(more) and _in_schema(more, pointer[1:], root)


def charts(catalog: Catalog) -> dict[str, list[Release]]:
    """Return every chart of the catalog with the releases that use it."""
    found: dict[str, list[Release]] = {}
    for tool in catalog.tools():
        if not tool.run.kubernetes or not tool.run.kubernetes.charts:
            continue
        asks = any(each.capability == "sign_in" for each in tool.requires.values())
        for sign_in in range(len(SIGN_INS) if asks else 1):
            for each in releases(tool, catalog, sign_in):
                found.setdefault(each.chart, []).append(each)
    return found


def record(name: str, uses: list[Release], chart: Chart) -> dict[str, Any]:
    """Return what is recorded of one chart; raise LookupError at a value that it does not know."""
    keys: dict[str, Any] = {}
    for release in uses:
        for pointer, value in leaves(plain(release.values)):
            where = chart.where(pointer)
            if where is None:
                raise LookupError(f"{name}: nothing is known of the value {written(pointer)}")
            entry = keys.setdefault(written(pointer), {"types": [], "read": where})
            entry["types"] = sorted({*entry["types"], *(chart.types(pointer) or {type_of(value)})})
    source = SOURCES.get(name, "the packaged chart")
    return {"chart": name, "version": uses[0].version, "source": source, "keys": dict(sorted(keys.items()))}
