"""A graph as ordered steps in a cluster: releases of charts, and objects of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Any

from platinfra.catalog.catalog import canonical_tool
from platinfra.catalog.kubernetes import Chart
from platinfra.diagnostics import Diagnostic
from platinfra.model.digest import digest_of
from platinfra.model.graph import Binding, Component
from platinfra.resolve.order import ordering
from platinfra.targets.kubernetes import (
    access,
    admissions,
    credentials,
    dashboards,
    monitors,
    network,
    routes,
    users,
    workloads,
)
from platinfra.targets.kubernetes.facts import MAIN, ClusterValues, part_name
from platinfra.targets.kubernetes.image_digests import find_unpinned, with_digests
from platinfra.targets.kubernetes.place import ClusterPlace

Object = dict[str, Any]
Rendered = Mapping[str, Sequence[Mapping[str, Any]]]
"""The key of a step to the objects that its chart becomes, each in its namespace."""
NAMESPACE = "namespace"
MONITORS = "monitors"
ROUTES = "routes"
_NODES = "node_provisioner"
_LEADING_TO_ROUTES = ("load_balancer", "dns_records", "certificates")
"""Capabilities of what acts on routes: it is there before they are, and goes after them."""


@dataclass(frozen=True, slots=True)
class Release:
    """A chart with its values under a name."""

    name: str
    namespace: str
    chart: str
    repository: str
    version: str
    values: Mapping[str, Any]
    kinds: tuple[str, ...] = ()
    """Custom kinds it brings."""
    shared: bool = False
    """It serves the whole cluster, and other stacks may use it too."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is installed together: one release, or objects of ours."""

    key: str
    component: str
    after: tuple[str, ...]
    wave: int = 0
    """Longest way from the first step: steps of one wave do not wait for each other."""
    release: Release | None = None
    objects: tuple[Object, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that a stack is in a cluster."""

    place: ClusterPlace
    steps: tuple[Step, ...]
    values: ClusterValues = field(repr=False)
    unpinned: tuple[Diagnostic, ...] = ()
    """Warnings for images of ours whose digest nobody asked for, where others have theirs."""

    expected: tuple[Release, ...] = ()
    """Releases for the whole cluster that others have installed, where the stack has nothing but its namespace."""

    @property
    def kinds(self) -> frozenset[str]:
        """Return the custom kinds that the releases bring, with those of the expected ones."""
        return frozenset(kind for each in (*self.releases, *self.expected) for kind in each.kinds)

    @property
    def releases(self) -> tuple[Release, ...]:
        """Return the releases in their order."""
        return tuple(each.release for each in self.steps if each.release)

    @property
    def objects(self) -> tuple[Object, ...]:
        """Return our own objects in their order."""
        return tuple(each for step in self.steps for each in step.objects)


def bundle(values: ClusterValues) -> Bundle:
    """Return the steps of a stack."""
    steps: dict[str, Step] = {}
    planner = _Planner(values)
    for step in planner.steps():
        if step.release or step.objects:
            steps.setdefault(step.key, step)
    made = Bundle(values.facts.place, tuple(_in_waves(steps)), values, expected=planner.find_expected())
    digests = values.facts.place.digests
    return made if digests is None else replace(made, unpinned=tuple(find_unpinned(made.objects, digests)))


class _Planner:
    def __init__(self, values: ClusterValues) -> None:
        self.values = values
        self.place = values.facts.place
        self.components = [
            each for each in values.graph.components.values() if not each.is_service or self.admits(each)
        ]

    def admits(self, component: Component) -> bool:
        """Tell whether a service of the cloud admits its consumers by objects in the cluster: as a database does, by Jobs."""
        cloud, recipe = self.place.cloud, self.values.facts.recipe(component)
        return cloud is not None and cloud.administers(component) and bool(recipe.grants or recipe.admissions)

    def steps(self) -> Iterator[Step]:
        """Yield every step, with those it comes after."""
        others = tuple(self.others())
        expected = frozenset(kind for each in self.find_expected() for kind in each.kinds)
        people = users.objects(self.place, kinds_of(others) | expected)
        own = () if self.place.is_confined else (access.namespace(self.values),)
        first = (*own, *network.objects(self.values), *people, *self.of_cloud(None))
        # Nodes are there for as long as anything could run on them.
        nodes = (f"objects:{each.name}" for each in self.providers_of(_NODES) if self.of_cloud(each))
        yield Step(NAMESPACE, "", tuple(nodes), objects=first)
        yield from others

    def find_expected(self) -> tuple[Release, ...]:
        """Return the releases for the whole cluster that others have to have installed."""
        if not self.place.is_confined:
            return ()
        found = (
            self.release(component, key, chart)
            for component in self.components
            for key, chart in self.values.facts.recipe(component).charts.items()
            if chart.namespace
        )
        return tuple({(each.namespace, each.name): each for each in found}.values())

    def providers_of(self, *capabilities: str) -> list[Component]:
        """Return the components that provide one of some capabilities."""
        return [each for each in self.components if not self.values.tool(each).provides.keys().isdisjoint(capabilities)]

    def others(self) -> Iterator[Step]:
        """Yield the steps of what is in the namespace."""
        for component in self.components:
            yield from self.of_component(component)
        if found := tuple(each for component in self.components for each in monitors.objects(component, self.values)):
            collectors = {each.consumer for each in self.values.graph.bindings if each.capability == "metrics"}
            after = [
                key for name in sorted(collectors) for key in self.steps_before_use(self.values.graph.components[name])
            ]
            yield Step(MONITORS, "", (NAMESPACE, *after), objects=found)
        if found := routes.objects(self.values):
            doors = [each.door.name for each in routes.routes_of(self.values)]
            names = [*routes.carriers(self.values), *doors]
            used = [*(self.values.graph.components[name] for name in names), *self.providers_of(*_LEADING_TO_ROUTES)]
            after = [key for each in used for key in self.steps_before_use(each)]
            yield Step(ROUTES, "", (NAMESPACE, *after), objects=found)

    def of_component(self, component: Component) -> Iterator[Step]:
        """Yield the steps of one component: who it is, its charts, its own objects, and those that admit consumers."""
        values, name = self.values, component.name
        who = (*access.objects(component, values), *credentials.objects(component, values))
        yield Step(f"access:{name}", name, (NAMESPACE,), objects=who)
        recipe = values.facts.recipe(component)
        before = [f"access:{name}", *self.providers(component)]
        charts = []
        for key, chart in recipe.charts.items():
            release = self.release(component, key, chart)
            earlier = [self.release_key(component, each, recipe.charts[each]) for each in chart.after]
            # What serves the whole cluster waits for nothing of the stack's own.
            own = self.release_key(component, key, chart)
            of_cluster = (each for each in self.find_shared(before) if each != own)
            after = (*of_cluster, *earlier) if chart.namespace else (*before, *earlier)
            step = Step(own, name, after, release=release)
            if chart.namespace and self.place.is_confined:
                continue
            charts.append(step.key)
            yield step
        if found := self.own_objects(component):
            yield Step(f"objects:{name}", name, (*before, *charts), objects=tuple(found))
        for binding in values.graph.bindings_to(name):
            if granted := self.make_grants(binding, component):
                ready = (f"access:{binding.consumer}", *self.steps_before_use(component))
                yield Step(self.grant_key(binding), name, ready, objects=granted)

    def find_shared(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the steps among some that are releases for the whole cluster."""
        recipes = ((each, self.values.facts.recipe(each).charts) for each in self.components)
        found = {
            self.release_key(component, key, chart)
            for component, charts in recipes
            for key, chart in charts.items()
            if chart.namespace
        }
        yield from (each for each in keys if each in found)

    def own_objects(self, component: Component) -> list[Object]:
        """Return the workloads and further objects of a component."""
        further = self.values.facts.open_value(self.values.facts.recipe(component).objects, component)
        placed = (self.place_object(each, component) for each in further)
        found = workloads.objects(component, self.values)
        pods = (_another_job(with_digests(each, self.place.digests or {})) for each in found)
        shown = dashboards.objects(self.values) if self.values.facts.recipe(component).dashboards else ()
        return [*pods, *placed, *shown, *self.of_cloud(component)]

    def of_cloud(self, component: Component | None) -> list[Object]:
        """Return objects that follow from the settings of the cloud below, labelled as ours; no namespace has them."""
        found = self.place.cloud.objects(component) if self.place.cloud else ()
        labels = self.place.labels(component)
        return [{**each, "metadata": {**each["metadata"], "labels": labels}} for each in found]

    def make_grants(self, binding: Binding, provider: Component) -> tuple[Object, ...]:
        """Return the objects by which a provider admits one consumer."""
        recipe, capability = self.values.facts.recipe(provider), binding.capability
        found = [self.values.value(each, provider, binding) for each in recipe.grants.get(capability, [])]
        if entry := recipe.admissions.get(capability):
            found.append(admissions.job(entry, binding, provider, self.values))
        return tuple(self.place_object(each, provider) for each in found)

    def place_object(self, template: Object, component: Component) -> Object:
        """Return an object of a recipe in the stack's namespace, labelled as ours; other digests make another Job."""
        template = with_digests(template, self.place.digests or {})
        given = template.get("metadata", {})
        labels = {**given.get("labels", {}), **self.place.labels(component)}
        meta = {"name": component.name, "namespace": self.place.namespace, **given, "labels": labels}
        return _another_job({**template, "metadata": meta}, template)

    def release(self, component: Component, key: str, chart: Chart) -> Release:
        """Return the release of one chart of a component."""
        name = self.release_name(component, key, chart)
        return Release(
            name=name,
            namespace=chart.namespace or self.place.namespace,
            chart=chart.name,
            repository=self.place.deployment.charts or chart.repository,
            version=chart.version,
            values=merge_values(
                self.values.facts.open_value(chart.values, component, more={"release": name}),
                overrides(self.place, component) if key == MAIN else {},
            ),
            kinds=tuple(chart.kinds),
            shared=chart.namespace is not None,
        )

    @staticmethod
    def release_name(component: Component, key: str, chart: Chart) -> str:
        """Return what a release is called; one that serves the cluster is called as its chart."""
        return chart.name if chart.namespace else part_name(component, key)

    def release_key(self, component: Component, key: str, chart: Chart) -> str:
        """Return the key of a release's step: a shared one is the same for all that need it."""
        name = self.release_name(component, key, chart)
        return f"release:{chart.namespace}/{name}" if chart.namespace else f"release:{name}"

    @staticmethod
    def grant_key(binding: Binding) -> str:
        """Return the key of the step that admits one consumer."""
        return f"grant:{binding.consumer}.{binding.name}"

    def steps_before_use(self, component: Component) -> list[str]:
        """Return the steps after which a component can be used."""
        recipe = self.values.facts.recipe(component)
        found = [self.release_key(component, key, chart) for key, chart in recipe.charts.items()]
        if recipe.workloads or recipe.objects or self.of_cloud(component):
            found.append(f"objects:{component.name}")
        return found

    def providers(self, component: Component) -> Iterator[str]:
        """Yield the steps that have to be done before a component starts."""
        for binding in ordering(self.values.graph.bindings_of(component.name)):
            provider = self.values.graph.components[binding.provider]
            if provider.is_service and not self.admits(provider):
                continue
            recipe = self.values.facts.recipe(provider)
            if binding.capability in {*recipe.grants, *recipe.admissions}:
                yield self.grant_key(binding)
            else:
                yield from self.steps_before_use(provider)


def _another_job(made: Object, of: Object | None = None) -> Object:
    """Return an object; a Job with the digest of what it does in its name, because one that changes has to be another one."""
    if made["kind"] != "Job":
        return made
    name = f"{made['metadata']['name']}-{digest_of(of or made)[:6]}"
    return {**made, "metadata": {**made["metadata"], "name": name}}


def kinds_of(steps: Sequence[Step]) -> frozenset[str]:
    """Return the kinds of all objects, and those that the releases bring."""
    found = {f"{each['apiVersion']}/{each['kind']}" for step in steps for each in step.objects}
    return frozenset(found.union(*(each.release.kinds for each in steps if each.release)))


def overrides(place: ClusterPlace, component: Component) -> Mapping[str, Any]:
    """Return the values of a component's chart that the file gives."""
    given = {canonical_tool(name): each for name, each in (place.deployment.values or {}).items()}
    return given.get(component.name, {})


def merge_values(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with others over them, as Helm merges: mappings by key, all else as a whole."""
    found = dict(values)
    for key, each in over.items():
        below = found.get(key)
        found[key] = merge_values(below, each) if isinstance(below, Mapping) and isinstance(each, Mapping) else each
    return found


def _in_waves(steps: Mapping[str, Step]) -> Iterator[Step]:
    """Yield the steps in an order in which each comes after those it needs, with its wave."""
    before = {key: tuple(each for each in step.after if each in steps) for key, step in steps.items()}
    waves: dict[str, int] = {}
    for key in TopologicalSorter(before).static_order():
        waves[key] = 1 + max((waves[each] for each in before[key]), default=-1)
    places = {key: place for place, key in enumerate(steps)}
    for key in sorted(steps, key=lambda each: (waves[each], places[each])):
        yield replace(steps[key], after=before[key], wave=waves[key])
