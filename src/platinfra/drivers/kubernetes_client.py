"""A cluster through its API: one process, kept connections; kubectl is for what people look at for a while."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, join_names
from platinfra.drivers import kubernetes_problems, kubernetes_versions, kubernetes_wait
from platinfra.drivers.kubectl import Kubectl
from platinfra.drivers.kubernetes_connection import APPLY, MERGE, Connection, Refused
from platinfra.drivers.kubernetes_kinds import Kind, Kinds
from platinfra.drivers.kubernetes_objects import changed_paths
from platinfra.model.cluster import LATE, Difference, Object, ObjectRef, ref_of

MANAGER = "platinfra"
"""The owner of the fields that are applied."""
_AT_ONCE = 8
"""Requests that only look and are sent at the same time, whoever asks for them."""
_PAGE = "500"
_POLL = 0.2
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_GONE = 404
_HELD = ("NamespaceDeletion", "NamespaceContentRemaining", "NamespaceFinalizersRemaining")
"""Conditions of a namespace that say why it does not go, by how they begin."""
_Found = TypeVar("_Found")


class KubernetesClient:
    """Implements `Cluster`; nothing is asked before the first call."""

    def __init__(self, context: str | None = None, kubeconfig: Path | None = None, timeout: float = 15.0) -> None:
        """Remember the context, the current one where none is named; `timeout` in seconds bounds each request."""
        self._connection = Connection(context, kubeconfig, timeout)
        self._kinds = Kinds(self._connection)
        self._kubectl = Kubectl(context, kubeconfig)
        self._looks = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look")

    def interrupt(self) -> None:
        """End what waits in other threads; it raises ActionError there."""
        self._connection.interrupt()

    def contexts(self) -> list[str]:
        """Return the contexts of the kubeconfig."""
        return self._connection.contexts()[0]

    def current_context(self) -> str | None:
        """Return the context that counts where none is named; None when there is none."""
        return self._connection.contexts()[1]

    def server_version(self) -> str:
        """Return the version of the cluster, such as `1.34.2`; raise PlatinfraError when it cannot be reached."""
        self._connection.check_context()
        try:
            found = self._ask("asking for the version", "GET", "/version")
        except ActionError as error:
            raise PlatinfraError(*error.diagnostics) from None
        return ".".join(map(str, kubernetes_versions.numbers(found["gitVersion"])))

    def api_resources(self) -> set[str]:
        """Return the kinds that the cluster knows, as `group/version/Kind` and `v1/Kind`."""
        return {f"{each.api_version}/{each.name}" for each in self._discover()}

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        """Return an object; None when it is not there."""
        kind = self._kind(ref)
        return self._find_at(kind.path_of(ref), f"reading {ref}") if kind else None

    def read(self, refs: Sequence[ObjectRef]) -> list[dict[str, Any] | None]:
        """Return objects as `get` does, several of which are asked for at the same time."""
        return list(self._looks.map(self.get, refs))

    def find(
        self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """
        Return the objects of a kind, of all namespaces where none is named; none when the kind is unknown.

        `kind` is a plural with its group, such as `deployments.apps`, or as `Cluster.v1.postgresql.cnpg.io`.
        """
        known = self._answer("asking for kinds", lambda: self._kinds.find_named(kind))
        if known is None:
            return []
        query = {"limit": _PAGE}
        if labels:
            query["labelSelector"] = ",".join(f"{key}={value}" for key, value in labels.items())
        return list(self._pages(known, namespace, query))

    def annotate(self, ref: ObjectRef, annotations: Mapping[str, str]) -> None:
        """Add annotations to an object; they are no place for secrets."""
        body = {"metadata": {"annotations": dict(annotations)}}
        path = self._sure(ref).path_of(ref)
        self._ask(f"annotating {ref}", "PATCH", path, {"fieldManager": MANAGER}, body, content=MERGE)

    def apply(self, objects: Sequence[Object], *, force: bool = False, patience: float = 0.0) -> None:
        """
        Apply objects in their order, as the owner of what they say.

        What platinfra applied before and an object no longer says is removed. For `patience` seconds it waits for kinds that
        are not served yet, and for webhooks that do not answer yet. Raises ActionError, `field-conflict` when somebody else
        owns a field that differs, unless `force` takes it.
        """
        deadline = time.monotonic() + patience
        for each in objects:
            self._apply_patiently(each, deadline, force=force)

    def take(self, objects: Sequence[Object], manager: str) -> None:
        """Apply objects as their owner `manager`, and take from others the fields that they changed."""
        for each in objects:
            self._apply(each, force=True, manager=manager)

    def diff(self, objects: Sequence[Object], *, force: bool = False, manager: str | None = None) -> list[Difference]:
        """Return what `apply` would do to each object, by what the server would make of it; missing ones are to be created."""
        return list(self._looks.map(lambda each: self._difference(each, manager or MANAGER, force=force), objects))

    def delete(self, refs: Sequence[ObjectRef], timeout: float = 120.0, *, wait: bool = True) -> None:
        """
        Delete objects; what is not there is no error.

        Raises ActionError `deletion-stuck` when finalizers still hold one after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        going = [(ref, path) for ref in refs if (path := self._delete(ref))]
        while wait and going:
            left = [(ref, path) for ref, path in going if self._find_at(path, f"deleting {ref}")]
            if left and time.monotonic() >= deadline:
                raise _stuck([(ref, self._find_at(path, f"deleting {ref}")) for ref, path in left], timeout)
            if left:
                self._connection.pause(_POLL)
            going = left

    def can_i(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        """Tell whether the user may do something to the objects of a kind, such as `deployments.apps`."""
        name, _, group = resource.partition(".")
        plural, _, part = name.partition("/")
        asked = {"verb": verb, "group": group, "resource": plural, "subresource": part, "namespace": namespace or ""}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
        }
        return bool(self._ask("asking for permissions", "POST", _REVIEW, body=body)["status"].get("allowed"))

    def wait_ready(
        self,
        ref: ObjectRef,
        timeout: float,
        report: Callable[[str], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        pause: float = 1.0,
    ) -> None:
        """
        Wait until an object says that it is ready.

        Raises ActionError `not-ready` with what its pods, their events and logs say; `interrupted` once `cancelled`.
        """
        kubernetes_wait.wait_ready(self, ref, timeout, report, cancelled, pause)

    def logs(
        self, ref: ObjectRef, *, follow: bool = False, container: str = "", tail: int | None = None
    ) -> Iterator[str]:
        """Yield the lines of a workload's log; `follow` goes on until the iterator is closed."""
        return self._kubectl.logs(ref, follow=follow, container=container, tail=tail)

    def last_lines(self, pod: str, namespace: str, container: str, count: int, *, previous: bool) -> Sequence[str]:
        """Return the end of a container's log, nothing when there is none; `previous` asks for the run before."""
        query = {"container": container, "tailLines": str(count)}
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        for more in ({"previous": "true"}, {}) if previous else ({},):
            try:
                text = self._connection.ask("GET", path, {**query, **more}, accept="*/*")
            except Refused:
                continue
            return str(text).splitlines()
        return ()

    def _apply_patiently(self, each: Object, deadline: float, *, force: bool) -> None:
        while True:
            try:
                self._apply(each, force=force)
            except ActionError as error:
                if error.diagnostics[0].code not in LATE or time.monotonic() >= deadline:
                    raise
                self._connection.pause(1.0)
            else:
                return

    def _apply(self, each: Object, *, force: bool, dry_run: bool = False, manager: str = MANAGER) -> dict[str, Any]:
        """Apply an object; return what it is then."""
        ref = ref_of(each)
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        query |= {"dryRun": "All"} if dry_run else {}
        path = self._sure(ref).path_of(ref)
        try:
            found: dict[str, Any] = self._connection.ask("PATCH", path, query, each, content=APPLY)
        except Refused as error:
            if found_conflicts := kubernetes_problems.conflicts_among(error.causes):
                raise kubernetes_problems.conflict(str(ref), found_conflicts) from error
            raise self._connection.failure(f"applying {ref}", error) from error
        return found

    def _difference(self, each: Object, manager: str, *, force: bool) -> Difference:
        ref = ref_of(each)
        live = self.get(ref)
        if live is None:
            return Difference(ref, "create")
        wanted = self._apply(each, force=force, dry_run=True, manager=manager)
        paths = changed_paths(live, wanted)
        return Difference(ref, "change" if paths else "unchanged", paths)

    def _delete(self, ref: ObjectRef) -> str | None:
        """Ask for the deletion of an object; return where it is, None when it is not there."""
        kind = self._kind(ref)
        if kind is None:
            return None
        path = kind.path_of(ref)
        try:
            self._connection.ask("DELETE", path, body={"propagationPolicy": "Background"})
        except Refused as error:
            if error.status == _GONE:
                return None
            raise self._connection.failure(f"deleting {ref}", error) from error
        return path

    def _find_at(self, path: str, what: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._connection.ask("GET", path)
        except Refused as error:
            if error.status == _GONE:
                return None
            raise self._connection.failure(what, error) from error
        return found

    def _pages(self, kind: Kind, namespace: str | None, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        more = ""
        while True:
            part = {**query, **({"continue": more} if more else {})}
            found = self._ask(f"listing {kind.plural}", "GET", kind.path(namespace), part)
            for each in found["items"]:
                yield {"apiVersion": kind.api_version, "kind": kind.name, **each}
            more = found["metadata"].get("continue") or ""
            if not more:
                return

    def _discover(self) -> list[Kind]:
        return self._answer("asking for kinds", self._kinds.all)

    def _kind(self, ref: ObjectRef) -> Kind | None:
        return self._answer("asking for kinds", lambda: self._kinds.find(ref))

    def _sure(self, ref: ObjectRef) -> Kind:
        kind = self._kind(ref)
        if kind is None:
            text = f'no matches for kind "{ref.kind}" in version "{ref.api_version}"'
            raise kubernetes_problems.action_error(f"applying {ref}", text, "cluster-refused")
        return kind

    def _ask(
        self,
        what: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        **options: str,
    ) -> Any:
        return self._answer(what, lambda: self._connection.ask(method, path, query, body, **options))

    def _answer(self, what: str, ask: Callable[[], _Found]) -> _Found:
        try:
            return ask()
        except Refused as error:
            raise self._connection.failure(what, error) from error


def _stuck(held: Sequence[tuple[ObjectRef, Object | None]], timeout: float) -> ActionError:
    found = [(ref, _holders(content)) for ref, content in held if content]
    said = "; ".join(f"{ref} is held by {holders or 'no named finalizer'}" for ref, holders in found)
    hint = "the program that set the finalizers has to run to remove them; it may have been uninstalled too early"
    return ActionError(Diagnostic("deletion-stuck", f"not deleted within {timeout:g} s: {said}", hint=hint))


def _holders(content: Object) -> str:
    """Return what keeps an object from going: its finalizers, or what is left in a namespace."""
    finalizers = join_names(content["metadata"].get("finalizers") or content.get("spec", {}).get("finalizers") or ())
    left = [
        str(each.get("message"))
        for each in content.get("status", {}).get("conditions") or ()
        if str(each.get("type")).startswith(_HELD) and each.get("status") == "True"
    ]
    return "; ".join(filter(None, (finalizers, *left)))
