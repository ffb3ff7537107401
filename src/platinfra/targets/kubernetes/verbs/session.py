"""A stack and the cluster it goes into, looked at before anything is touched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError, refuse
from platinfra.model.cluster import Charts, Cluster, ObjectRef
from platinfra.model.plan import Plan, Seen
from platinfra.model.reference import Reference
from platinfra.model.template import innermost, plain
from platinfra.resolve.resolve import Resolved
from platinfra.targets.kubernetes import confined, operator
from platinfra.targets.kubernetes.actions import ClusterWorld
from platinfra.targets.kubernetes.bundle import Bundle, Release, Rendered
from platinfra.targets.kubernetes.place import prefix
from platinfra.targets.kubernetes.plan import missing, plan, problems, release_of
from platinfra.targets.kubernetes.record import ClusterRecord
from platinfra.targets.kubernetes.rules.identity import in_namespace
from platinfra.targets.kubernetes.rules.text import to_yaml
from platinfra.targets.kubernetes.verbs import immutable, namespaces, routes, scale
from platinfra.targets.kubernetes.verbs.made import own_cluster, program_of
from platinfra.targets.kubernetes.verbs.overrides import Become, find_ignored
from platinfra.targets.kubernetes.verbs.site import Site, own_site
from platinfra.targets.kubernetes.verbs.stack import bundle_of, context_of

OLDEST = (1, 30)
"""The oldest Kubernetes that the charts of the catalog run on."""
_STORAGE = "storage.k8s.io/v1/StorageClass"
AT_ONCE = 8
"""Actions that are compared with the cluster at the same time; most of that time they wait for answers."""


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that a command needs of a stack and its cluster."""

    stack: Resolved
    bundle: Bundle
    """The steps of the stack."""
    site: Site
    world: ClusterWorld
    rendered: Rendered
    plan: Plan[ClusterRecord]


def world_of(site: Site, namespace: str) -> ClusterWorld:
    """Return a cluster; raise PlatinfraError when its context is unknown, it does not answer or is too old."""
    from platinfra.drivers import helm
    from platinfra.drivers.cluster_secrets import ClusterSecrets
    from platinfra.drivers.kubernetes_client import KubernetesClient

    cluster: Cluster = KubernetesClient(site.context, site.kubeconfig)
    version = cluster.server_version()
    if tuple(int(each) for each in version.split(".")[:2]) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        message = f"the cluster runs Kubernetes {version}, and platinfra needs {wanted} or newer"
        raise PlatinfraError(Diagnostic("cluster-too-old", message, hint="upgrade it, or choose another context"))
    charts: Charts = helm.find(site.kubeconfig, site.context)
    made, unmade = (ClusterSecrets(cluster, namespace, keep=keep) for keep in (True, False))
    return ClusterWorld(charts, cluster, made, unmade, version)


def looking(world: ClusterWorld) -> Seen:
    """Return the world as a plan may see it: without making secrets."""
    return Seen(replace(world, secrets=world.unmade))


def refuse_impossible(stack: Resolved, bundle: Bundle) -> None:
    """Raise PlatinfraError for what could not be installed in any cluster, before one is made."""
    from platinfra.drivers import helm

    charts = helm.find()
    _, wrong = judge(stack, bundle, charts, bundle.place.version)
    refuse(wrong)


def open_session(stack: Resolved) -> Session:
    """Look at the cluster of a stack; raise PlatinfraError with everything that would not work there."""
    program, found = program_of(stack), own_cluster(stack.workspace)
    if program and not (found and found.ready):
        raise PlatinfraError(Diagnostic("no-context", f"`up` has not created the {program} cluster yet"))
    site = own_site(stack.workspace, context_of(stack), made=program is not None)
    world = world_of(site, prefix(stack.graph.stack, stack.graph.environment))
    return session_of(stack, bundle_of(stack, version=world.version), site, world)


def session_of(stack: Resolved, bundle: Bundle, site: Site, world: ClusterWorld) -> Session:
    """Render a stack for a cluster and judge it; raise PlatinfraError with everything that would not work there."""
    kinds = frozenset(world.cluster.api_resources())
    objects, wrong = judge(stack, bundle, world.charts, world.version, kinds)
    if bundle.place.is_confined:
        refuse([*confined.beyond(bundle, objects), *confined.absent(bundle, kinds), *confined.find_move(site.record())])
    refuse(_not_allowed(bundle, objects, world.cluster))  # before anything else is asked
    taken = namespaces.conflicts(bundle, world.cluster, site.record().applied)
    refuse([*taken, *_lacking(bundle, world.cluster)])
    refuse([*missing(bundle), *wrong])
    refuse(immutable.conflicts(bundle, objects, world.cluster))
    return Session(stack, bundle, site, world, objects, plan(bundle, objects))


def judge(
    stack: Resolved, bundle: Bundle, charts: Charts, version: str, kinds: frozenset[str] = frozenset()
) -> tuple[Rendered, list[Diagnostic]]:
    """Return what the charts of a stack become in a cluster with `kinds`, and what is wrong with it."""
    objects = render_charts(bundle, charts, version, kinds)
    become = rendering(bundle, charts, version, kinds)
    unknown = find_ignored(bundle, stack.overrides, objects, charts, become)
    beyond = confined.beyond(bundle, objects) if bundle.place.is_confined else ()
    return objects, [*beyond, *problems(bundle, objects, kinds), *unknown]


def _lacking(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what the stack needs of the cluster and does not find there."""
    yield from _no_storage(bundle, cluster)
    yield from routes.conflicts(bundle, cluster)
    yield from scale.conflicts(bundle, cluster)


def render_charts(bundle: Bundle, charts: Charts, version: str, kinds: frozenset[str]) -> Rendered:
    """
    Render every chart as if the kinds that others bring were there; collect what all charts refuse.

    What only the cloud below knows, and nobody asked yet, stays a name in what is rendered.
    """
    become = rendering(bundle, charts, version, kinds)
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    refused: list[Diagnostic] = []
    for step in bundle.steps:
        if step.release is not None:
            try:
                found[step.key] = become(step.release)
            except PlatinfraError as error:
                refused += error.diagnostics
    refuse(refused)
    return found


def rendering(bundle: Bundle, charts: Charts, version: str, kinds: frozenset[str]) -> Become:
    """
    Return what turns a release into its objects, in a cluster with `kinds` and those that the stack's charts bring.

    What nobody knows yet stays a name; where the chart wants a number or a truth value, its default stands for it.
    """
    known = kinds | bundle.kinds
    api = sorted({*known, *(each.rpartition("/")[0] for each in known)})

    def become(release: Release) -> Sequence[Mapping[str, Any]]:
        defaults = charts.values_of(release_of(release).chart) if _has_unknown(release.values) else {}
        values = plain(_with_defaults(release.values, defaults))
        return in_namespace(
            charts.template(release_of(replace(release, values=values)), version, api), release.namespace
        )

    return become


def _has_unknown(values: Any) -> bool:
    return any(isinstance(each, Reference) for each in innermost(values))


def _with_defaults(values: Any, defaults: Any) -> Any:
    """Return values in which a default stands for a name, where the default is no text."""
    if isinstance(values, Reference):
        return defaults if isinstance(defaults, int | float) else values
    if not isinstance(values, Mapping):
        return values
    known = defaults if isinstance(defaults, Mapping) else {}
    return {key: _with_defaults(each, known.get(key)) for key, each in values.items()}


def operator_roles(stack: Resolved, bundle: Bundle) -> str:
    """Return the roles of whoever runs `up`, as YAML; charts are rendered for that."""
    from platinfra.drivers import helm

    rendered, wrong = judge(stack, bundle, helm.find(), bundle.place.version)
    refuse(each for each in wrong if each.code == confined.BEYOND)
    return to_yaml([plain(each) for each in operator.roles(bundle, rendered)])


def _not_allowed(bundle: Bundle, rendered: Rendered, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield what this account may not do, as far as the cluster tells it without a try."""
    there = cluster.can_i("get", "namespaces") and namespace_exists(bundle, cluster)
    wanted = operator.needs(bundle, rendered)
    # Who has a namespace of their own need not be able to make one.
    return operator.missing([each for each in wanted if not (there and each.kind == "namespaces")], cluster)


def namespace_exists(bundle: Bundle, cluster: Cluster) -> bool:
    """Tell whether the stack's namespace is there."""
    return cluster.get(ObjectRef("v1", "Namespace", bundle.place.namespace)) is not None


def _no_storage(bundle: Bundle, cluster: Cluster) -> Iterator[Diagnostic]:
    """Yield when volumes would wait for ever: no such storage class, or no default one."""
    if bundle.place.is_confined and not cluster.can_i("list", "storageclasses.storage.k8s.io"):
        return
    wanted = bundle.place.deployment.storage_class
    brought = [each for each in bundle.objects if each["kind"] == "StorageClass"]
    found = [*cluster.find("storageclasses.storage.k8s.io"), *brought]
    names = [each["metadata"]["name"] for each in found]
    default = "storageclass.kubernetes.io/is-default-class"
    if wanted and wanted not in names:
        hint = f"the cluster has {', '.join(names) or 'none'}; set `deployment: {{storage-class: …}}`"
        yield Diagnostic("missing-storage-class", f"the cluster has no storage class `{wanted}`", hint=hint)
    elif not wanted and not any((each["metadata"].get("annotations") or {}).get(default) == "true" for each in found):
        hint = f"name one: `deployment: {{storage-class: {names[0] if names else '…'}}}`"
        yield Diagnostic("missing-storage-class", "the cluster has no default storage class", hint=hint)
