"""Turn a bundle and what its charts become into the actions that bring it into a cluster."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from platinfra.diagnostics import Diagnostic
from platinfra.model import cluster
from platinfra.model.cluster import ref_of
from platinfra.model.plan import Action, Plan
from platinfra.model.reference import Reference
from platinfra.model.template import innermost, plain
from platinfra.targets.kubernetes.actions import ApplyObjects, InstallRelease
from platinfra.targets.kubernetes.bundle import Bundle, Release, Rendered, Step
from platinfra.targets.kubernetes.network import code_labels, selectors
from platinfra.targets.kubernetes.place import code_account
from platinfra.targets.kubernetes.pods import is_hook, lasts, templates
from platinfra.targets.kubernetes.promises import find_broken
from platinfra.targets.kubernetes.record import ClusterRecord, record_of
from platinfra.targets.kubernetes.routes import SOLVER_PORT, given_secrets, solver_labels
from platinfra.targets.kubernetes.rules import ANY, Known, check
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from platinfra.targets.kubernetes.rules.report import diagnostics

Object = Mapping[str, Any]
PLATFORM = "stack"
"""The component that namespace, policies and monitors count to."""


def release_of(release: Release) -> cluster.Release:
    """Return a release as Helm takes it."""
    chart = cluster.Chart(release.chart, release.repository, release.version)
    return cluster.Release(release.name, release.namespace, chart, release.values)


def plan(bundle: Bundle, rendered: Rendered) -> Plan[ClusterRecord]:
    """Return the actions of a bundle."""
    return Plan(tuple(_action(each, rendered) for each in bundle.steps), record_of(bundle, rendered))


def problems(bundle: Bundle, rendered: Rendered, kinds: frozenset[str]) -> list[Diagnostic]:
    """Return what would not work, before anything is touched; `kinds` are those that the cluster has."""
    everything = [each for step in bundle.steps for each in rendered.get(step.key, step.objects)]
    known = Known(
        version=bundle.place.version,
        secrets=frozenset(f"{bundle.place.namespace}/{name}" for name in given_secrets(bundle.values)),
        kinds=kinds | bundle.kinds,
        namespaces=ANY,
        storage_classes=ANY,
        priority_classes=ANY,
        cluster_roles=ANY,
        gateways=ANY,
        others=(*everything, *_made_by_operators(bundle)),
    )
    found = [*diagnostics(check(_plain(bundle.objects), known=known)), *find_broken(bundle, rendered)]
    return [
        *found,
        *diagnostics(restricted_objects(_in_stack(bundle, everything), exceptions=exceptions(bundle, rendered))),
    ]


def exceptions(bundle: Bundle, rendered: Rendered) -> dict[tuple[str, str], str]:
    """Return the reasons why pods break the profile *restricted*: object and rule to reason."""
    found: dict[tuple[str, str], str] = {}
    for step in bundle.steps:
        if step.release is None or step.release.shared:
            continue
        recipe = bundle.values.facts.recipe(bundle.values.graph.components[step.component])
        for each, _ in templates(rendered.get(step.key, ())):
            title = str(ref_of(each))
            found |= {(title, rule): reason for rule, reason in recipe.exceptions.items()}
    return found


def _in_stack(bundle: Bundle, objects: Sequence[Object]) -> list[Object]:
    namespace = bundle.place.namespace
    return [each for each in _plain(objects) if each["metadata"].get("namespace", namespace) == namespace]


def _made_by_operators(bundle: Bundle) -> Iterator[Object]:
    """Yield the pods and Services that operators make from custom resources, as far as the recipes promise them."""
    values = bundle.values
    if (labels := solver_labels(values)) is not None:
        yield _pod("challenges", labels, [{"containerPort": SOLVER_PORT}], values.facts.place.namespace)
    for component in values.graph.components.values():
        recipe, endpoints = values.facts.recipe(component), values.tool(component).endpoints_in("cluster")
        for labels in code_labels(component, values):
            ports = [{"containerPort": port} for port in (recipe.code.ports if recipe.code else ())]
            yield _pod(code_account(component), labels, ports, values.facts.place.namespace)
        if component.is_service or not (
            recipe.pods or recipe.jobs or any(each.kinds for each in recipe.charts.values())
        ):
            continue
        places = [values.facts.location(component, name) for name in endpoints]
        ports = [{"containerPort": target} for _, _, target in places]
        for number, labels in enumerate(selectors(component, values)):
            yield _pod(f"{component.name}-{number}", labels, ports, values.facts.place.namespace)


def _pod(name: str, labels: Mapping[str, str], ports: Sequence[Object], namespace: str) -> Object:
    meta = {"name": name, "namespace": namespace, "labels": labels}
    spec = {"containers": [{"name": "main", "image": "made:later", "ports": ports}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def _plain(objects: Sequence[Object]) -> list[Object]:
    return [plain(each) for each in objects]


def missing(bundle: Bundle) -> Iterator[Diagnostic]:
    """Yield what only the cloud below the cluster knows and nobody asked it yet."""
    for step in bundle.steps:
        content = step.release.values if step.release else list(step.objects)
        unknown = (each for each in innermost(content) if isinstance(each, Reference))
        for reference in dict.fromkeys(unknown):
            message = f"`{step.component}` needs {reference}, which only Terraform knows"
            yield Diagnostic("not-known-yet", message, hint="`platinfra up` creates the infrastructure first")


def _action(step: Step, rendered: Rendered) -> Action:
    component = step.component or PLATFORM
    if step.release is None:
        return ApplyObjects(key=step.key, component=component, after=step.after, objects=step.objects)
    objects = tuple(rendered.get(step.key, ()))
    return InstallRelease(
        key=step.key,
        component=component,
        after=step.after,
        release=release_of(step.release),
        objects=objects,
        workloads=tuple(ref_of(each) for each in objects if lasts(each) and not is_hook(each)),
        shared=step.release.shared,
        kinds=step.release.kinds,
    )
