"""How a stack in a cluster is: from the state, and from the cluster itself."""

import shlex
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.kubernetes_readiness import readiness
from platinfra.model.cluster import Cluster, ObjectRef, ref_of
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import ComponentStatus, Page
from platinfra.targets.kubernetes.record import ClusterComponent, ClusterRecord
from platinfra.targets.kubernetes.verbs.site import Site, last_site
from platinfra.targets.target import chosen_component, no_page, not_up


@dataclass(frozen=True, slots=True)
class InCluster:
    """A stack that was brought into a cluster."""

    record: ClusterRecord
    cluster: Cluster
    site: Site

    @property
    def components(self) -> Mapping[str, ClusterComponent]:
        """Return what is known of each component."""
        return self.record.components

    def pods(self, component: str) -> list[dict[str, Any]]:
        """Return the pods of a component that are not done, those of its jobs too."""
        known = self.components[component]
        return _unique(pod for labels in (*known.pods, *known.jobs) for pod in self.find_pods(labels))

    def find_pods(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the pods of the stack's namespace with some labels that are not done."""
        found = self.cluster.find("pods", self.record.namespace, labels)
        return [each for each in found if each.get("status", {}).get("phase") != "Succeeded"]


def _unique(pods: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({each["metadata"]["name"]: each for each in pods}.values())


def running(workspace: Workspace) -> InCluster:
    """Return the stack that was brought into its own cluster; raise PlatinfraError when there is none."""
    site = last_site(workspace)
    found = find_stack(site)
    if found is None:
        raise _down(site.record()) if site else not_up(workspace)
    return found


def _down(record: ClusterRecord) -> PlatinfraError:
    """Say that a stack is in its cluster no longer, and what of it is."""
    kept = f"; its data is kept in the namespace `{record.namespace}`" if record.kept else ""
    rest = ", `platinfra down --delete-data` deletes its data" if record.kept else ""
    message = f"the stack `{record.stack}` is not in its cluster{kept}"
    return PlatinfraError(Diagnostic("not-up", message, hint=f"`platinfra up` brings it there{rest}"))


def find_stack(site: Site | None) -> InCluster | None:
    """Return the stack that was brought into a cluster; None when none was."""
    record = site.record() if site else ClusterRecord()
    if site is None or not record.applied:
        return None
    from platinfra.drivers.kubernetes_client import KubernetesClient

    return InCluster(record, KubernetesClient(site.context, site.kubeconfig), site)


def _health(
    needed: Sequence[tuple[Mapping[str, str], Sequence[Mapping[str, Any]]]], operated: Sequence[str]
) -> tuple[str, str]:
    """
    Return how a component is, and why: `needed` are the labels of each kind of its pods, with those that are there.

    `operated` is what operators say that it lacks. What has no pods of its own, or only those of jobs, is healthy once
    it was applied.
    """
    needed = [
        (labels, [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]) for labels, found in needed
    ]
    pods = [pod for _, found in needed for pod in found]
    if not pods:
        return ("stopped", "it has no pods") if needed else ("healthy", "")
    waiting = [reason for pod in pods for reason in _reasons(pod)]
    broken = any(
        reason.startswith(("CrashLoop", "Error", "ErrImage", "ImagePull", "CreateContainer")) for reason in waiting
    )
    absent = [_as_selector(labels) for labels, found in needed if not found]
    ready = not absent and not operated and all(readiness(pod).ready for pod in pods)
    why = [*(f"it has no pods with {each}" for each in absent), *dict.fromkeys(waiting), *operated]
    return "healthy" if ready else "failed" if broken else "starting", ", ".join(why)


def _as_selector(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.items())


def _reasons(pod: Mapping[str, Any]) -> Iterator[str]:
    status = pod.get("status", {})
    for each in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        state = each.get("state", {}).get("waiting")
        if state:
            yield state.get("reason", "waiting")


def lines(stack: InCluster, component: str | None, *, count: int, follow: bool) -> Iterator[tuple[str, str]]:
    """Yield pod and line of a component's logs, or of all; `follow` goes on with what is added."""
    names = [chosen_component(component, stack.components)] if component else list(stack.components)
    pods = [ref_of({"apiVersion": "v1", "kind": "Pod", **pod}) for name in names for pod in stack.pods(name)]
    if not follow:
        for pod in pods:
            yield from ((pod.name, line) for line in stack.cluster.logs(pod, tail=count))
        return
    told: Queue[tuple[str, str]] = Queue()
    for pod in pods:
        threading.Thread(target=_follow, args=(stack.cluster, pod, count, told), daemon=True).start()
    while True:
        yield told.get()


def _follow(cluster: Cluster, pod: ObjectRef, count: int, told: "Queue[tuple[str, str]]") -> None:
    for line in cluster.logs(pod, follow=True, tail=count):
        told.put((pod.name, line))


def statuses(stack: InCluster) -> list[ComponentStatus]:
    """Ask the cluster how each component is."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda name: _status(stack, name), stack.components))


def _status(stack: InCluster, name: str) -> ComponentStatus:
    data = stack.components[name]
    needed = [(labels, stack.find_pods(labels)) for labels in data.pods]
    pods = _unique(pod for _, found in needed for pod in found)
    health, detail = _health(needed, list(_lacking(stack, data.operated)))
    statuses = [each for pod in pods for each in pod.get("status", {}).get("containerStatuses", [])]
    images = dict.fromkeys(each["image"] for pod in pods for each in pod["spec"]["containers"])
    return ComponentStatus(
        name=name,
        tool=data.tool,
        stages=data.stages,
        health=health,
        detail=detail,
        version=", ".join(dict.fromkeys(each.partition("@")[0].rpartition(":")[2] for each in images)),
        address=data.url or "",
        memory=0,
        restarts=sum(each.get("restartCount", 0) for each in statuses),
        permissions=data.permissions,
    )


def _lacking(stack: InCluster, operated: Sequence[ObjectRef]) -> Iterator[str]:
    """Yield what operators say that their objects lack, which is what `up` waits for; who may not read them sees pods alone."""
    try:
        live = stack.cluster.read(operated)
    except PlatinfraError as error:
        if {each.code for each in error.diagnostics} != {"cluster-forbidden"}:
            raise
        return
    for ref, each in zip(operated, live, strict=True):
        found = readiness(each)
        if not found.ready:
            yield f"{ref.kind} {ref.name}: {found.why}"


def page(stack: InCluster, component: str) -> Page:
    """Return the page of a component: its route, or a tunnel to it; raise PlatinfraError when it has none."""
    if address := stack.components[chosen_component(component, stack.components)].route:
        return Page(address, address)
    url, command = tunnel(stack, component)
    return Page(f"{url}, as long as this runs:\n{shlex.join(command)}", url, command)


def addresses(stack: InCluster) -> dict[str, str]:
    """Return the components that have a page, with the addresses of their routes, or those inside the cluster."""
    return {name: each.url for name, each in stack.components.items() if each.url}


def tunnel(stack: InCluster, component: str) -> tuple[str, tuple[str, ...]]:
    """Return the local address of a component's page, and the command that leads there as long as it runs."""
    name = chosen_component(component, stack.components)
    http = stack.components[name].endpoints.get("http")
    if http is None:
        raise no_page(name)
    site = stack.site
    context = ("--context", site.context) if site.context else ()
    if site.kubeconfig:
        context = ("--kubeconfig", str(site.kubeconfig))
    place = ("--namespace", stack.record.namespace, "port-forward", "--address", "127.0.0.1")
    service = http.host.partition(".")[0]
    local = max(http.port, 1024 + http.port) if http.port < 1024 else http.port
    return f"http://127.0.0.1:{local}", ("kubectl", *context, *place, f"service/{service}", f"{local}:{http.port}")
