"""A cluster by the program kubectl; objects and secrets go through standard input."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.drivers import (
    kubectl_streams,
    kubernetes_command,
    kubernetes_problems,
    kubernetes_versions,
    kubernetes_wait,
)
from platinfra.drivers.kubernetes_command import Commands, Ended
from platinfra.drivers.kubernetes_objects import changed_paths, is_custom, resource_of, stream, stub
from platinfra.model.cluster import Difference, Object, ObjectRef, ref_of

OVERRIDE = "PLATINFRA_KUBECTL"
MANAGER = "platinfra"
"""The owner of the fields that are applied."""
_OLDEST = (1, 27)
_INSTALL = "install kubectl (https://kubernetes.io/docs/tasks/tools), or name it in PLATINFRA_KUBECTL"
_ABSENT = re.compile(r"doesn't have a resource type|no matches for kind|\(NotFound\)")
_LATE = re.compile(r"timed out waiting|context deadline exceeded|no answer within")
_HELD = ("NamespaceDeletion", "NamespaceContentRemaining", "NamespaceFinalizersRemaining")
"""Conditions of a namespace that say why it does not go, by how they begin."""
_SPARE = 5.0
"""Seconds that kubectl has beyond its own timeout to say so."""


class Kubectl:
    """One cluster; nothing is asked before the first call."""

    def __init__(self, context: str | None = None, kubeconfig: Path | None = None, timeout: float = 15.0) -> None:
        """Remember the context, the current one where none is named; `timeout` in seconds bounds each request."""
        self._context, self._timeout = context, timeout
        self._config = ["--kubeconfig", str(kubeconfig)] if kubeconfig else []
        self._program = ""
        self._commands = Commands()

    def interrupt(self) -> None:
        """End the commands that other threads wait for; they raise ActionError there."""
        self._commands.interrupt()

    def contexts(self) -> list[str]:
        """Return the contexts of the kubeconfig."""
        return self._run(["config", "get-contexts", "--output", "name"], cluster=False).out.split()

    def current_context(self) -> str | None:
        """Return the context that counts where none is named; None when there is none."""
        ended = self._run(["config", "current-context"], cluster=False, accept=(0, 1))
        return ended.out.strip() or None

    def server_version(self) -> str:
        """Return the version of the cluster, such as `1.34.2`; raise PlatinfraError when it cannot be reached."""
        self._check_context()
        try:
            found = json.loads(self._run(["version", "--output", "json"]).out)
        except ActionError as error:
            raise PlatinfraError(*error.diagnostics) from None
        return ".".join(map(str, kubernetes_versions.numbers(found["serverVersion"]["gitVersion"])))

    def api_resources(self) -> set[str]:
        """Return the kinds that the cluster knows, as `group/version/Kind` and `v1/Kind`."""
        rows = [line.split() for line in self._read(["api-resources", "--no-headers"], partial=True).splitlines()]
        found = {f"{row[-3]}/{row[-1]}" for row in rows if len(row) > 3}
        versions = set(self._read(["api-versions"]).split())
        for version in versions - {each.rpartition("/")[0] for each in found}:
            text = self._run(["get", "--raw", f"/apis/{version}"], accept=(0, 1)).out
            kinds = json.loads(text).get("resources", ()) if text else ()
            found |= {f"{version}/{each['kind']}" for each in kinds if "/" not in each["name"]}
        return found

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        """Return an object; None when it is not there."""
        place = _place(ref.namespace)
        text = self._read(["get", resource_of(ref), ref.name, *place, "--ignore-not-found", "--output", "json"])
        return json.loads(text) if text.strip() else None

    def find(
        self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """
        Return the objects of a kind, of all namespaces where none is named; none when the kind is unknown.

        `kind` is what kubectl understands, such as `deployments.apps`.
        """
        place = _place(namespace) if namespace else ["--all-namespaces"]
        chosen = ["--selector", ",".join(f"{key}={value}" for key, value in labels.items())] if labels else []
        text = self._read(["get", kind, *place, *chosen, "--output", "json"])
        return json.loads(text)["items"] if text.strip() else []

    def annotate(self, ref: ObjectRef, annotations: Mapping[str, str]) -> None:
        """Add annotations to an object; they are no place for secrets."""
        written = [f"{key}={value}" for key, value in annotations.items()]
        options = [*_place(ref.namespace), "--overwrite", f"--field-manager={MANAGER}"]
        self._run(["annotate", resource_of(ref), ref.name, *written, *options])

    def apply(self, objects: Sequence[Object], *, force: bool = False) -> None:
        """
        Apply objects in their order, as the owner of what they say.

        What platinfra applied before and an object no longer says is removed. Raises ActionError, `field-conflict` when
        somebody else owns a field that differs, unless `force` takes it.
        """
        self._apply_objects(objects, force=force, dry_run=False)

    def take(self, objects: Sequence[Object], manager: str) -> None:
        """Apply objects as their owner `manager`, and take from others the fields that they changed."""
        ended = self._apply(objects, force=True, dry_run=False, manager=manager)
        if ended.code != 0:
            raise self._not_applied(objects, ended.err)

    def diff(self, objects: Sequence[Object], *, force: bool = False) -> list[Difference]:
        """Return what `apply` would do to each object; what cannot be there yet is to be created."""
        live = self._live(objects)
        there = [each for each in objects if ref_of(each) in live]
        wanted = {ref_of(each): each for each in self._apply_objects(there, force=force, dry_run=True)}
        found = []
        for ref in map(ref_of, objects):
            paths = changed_paths(live[ref], wanted[ref]) if ref in live else ()
            found.append(Difference(ref, "change" if paths else "unchanged" if ref in live else "create", paths))
        return found

    def delete(self, refs: Sequence[ObjectRef], timeout: float = 120.0, *, wait: bool = True) -> None:
        """
        Delete objects; what is not there is no error.

        Raises ActionError `deletion-stuck` when finalizers still hold one after `timeout` seconds.
        """
        known = self._of_known_kinds(refs)
        if not known:
            return
        arguments = ["delete", "--filename", "-", "--ignore-not-found", f"--wait={str(wait).lower()}"]
        limit = [f"--timeout={max(1, round(timeout))}s"] if wait else []
        ended = self._call([*arguments, *limit], stream(stub(each) for each in known), timeout + self._timeout)
        if ended.code != 0 and not _only_absent(ended.err):
            raise self._not_deleted(known, ended.err, timeout)

    def can_i(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        """Tell whether the user may do something to the objects of a kind."""
        ended = self._run(["auth", "can-i", verb, resource, *_place(namespace)], accept=(0, 1))
        answer = ended.out.split()
        if not answer or answer[0] not in ("yes", "no"):
            raise self._failure("asking for permissions", ended.err)
        return answer[0] == "yes"

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
        options = [
            *_place(ref.namespace),
            *(["--container", container] if container else []),
            f"--follow={follow}".lower(),
        ]
        options += [f"--tail={tail}"] if tail is not None else []
        target = f"{resource_of(ref)}/{ref.name}"
        return kubectl_streams.lines(self._command(["logs", target, *options]), f"reading the log of {ref}")

    def last_lines(self, pod: str, namespace: str, container: str, count: int, *, previous: bool) -> Sequence[str]:
        """Return the end of a container's log, nothing when there is none; `previous` asks for the run before."""
        arguments = ["logs", pod, *_place(namespace), "--container", container, f"--tail={count}"]
        ended = self._call([*arguments, *(["--previous"] if previous else [])])
        if ended.code != 0 and previous:
            ended = self._call(arguments)
        return ended.out.splitlines() if ended.code == 0 else ()

    def _apply_objects(self, objects: Sequence[Object], *, force: bool, dry_run: bool) -> list[dict[str, Any]]:
        """Apply objects; return them as they are then."""
        if not objects:
            return []
        ended = self._apply(objects, force=force, dry_run=dry_run)
        if ended.code != 0:
            raise self._not_applied(objects, ended.err)
        found = json.loads(ended.out)
        return found["items"] if found["kind"] == "List" else [found]

    def _apply(self, objects: Sequence[Object], *, force: bool, dry_run: bool, manager: str = MANAGER) -> Ended:
        options = [*(["--force-conflicts"] if force else []), *(["--dry-run=server"] if dry_run else [])]
        arguments = ["apply", "--server-side", f"--field-manager={manager}", "--filename", "-", "--output", "json"]
        return self._call([*arguments, *options], stream(objects), self._timeout * (1 + len(objects) / 10))

    def _not_applied(self, objects: Sequence[Object], text: str) -> ActionError:
        """Return what to tell; a conflict does not name its object, so each is tried again without any change."""
        if found := kubernetes_problems.conflicts(text):
            for each in objects:
                ended = self._apply([each], force=False, dry_run=True)
                if ended.code != 0 and (here := kubernetes_problems.conflicts(ended.err)):
                    return kubernetes_problems.conflict(str(ref_of(each)), here)
            return kubernetes_problems.conflict("an object", found)
        what = f"applying {join_names(str(ref_of(each)) for each in objects[:3])}"
        return self._failure(f"{what} and {len(objects) - 3} more" if len(objects) > 3 else what, text)

    def _live(self, objects: Sequence[Object]) -> dict[ObjectRef, dict[str, Any]]:
        """Return those objects that are there."""
        known = self._of_known_kinds([ref_of(each) for each in objects])
        if not known:
            return {}
        arguments = ["get", "--filename", "-", "--ignore-not-found", "--output", "json"]
        ended = self._call(arguments, stream(stub(each) for each in known), self._timeout * (1 + len(known) / 10))
        if ended.code != 0 and not _only_absent(ended.err):
            raise self._failure("reading what is there", ended.err)
        found: Any = json.loads(ended.out) if ended.out.strip() else {"kind": "List", "items": []}
        items: list[dict[str, Any]] = found["items"] if found["kind"] == "List" else [found]
        return {ref_of(each): each for each in items}

    def _of_known_kinds(self, refs: Sequence[ObjectRef]) -> Sequence[ObjectRef]:
        """Return the objects whose kinds the cluster knows; of others there can be none."""
        if not any(is_custom(each) for each in refs):
            return refs
        kinds = self.api_resources()
        return [each for each in refs if f"{each.api_version}/{each.kind}" in kinds]

    def _not_deleted(self, refs: Sequence[ObjectRef], text: str, timeout: float) -> ActionError:
        if not _LATE.search(text):
            return self._failure("deleting", text)
        held = [(ref, _holders(found)) for ref in refs if (found := self.get(ref))]
        if not held:
            return self._failure("deleting", text)
        said = "; ".join(f"{ref} is held by {holders or 'no named finalizer'}" for ref, holders in held)
        hint = "the program that set the finalizers has to run to remove them; it may have been uninstalled too early"
        return ActionError(Diagnostic("deletion-stuck", f"not deleted within {timeout:g} s: {said}", hint=hint))

    def _check_context(self) -> None:
        known = self.contexts()
        wanted = self._context or self.current_context()
        if wanted not in known:
            named = f"has no context `{wanted}`" if wanted else "names no current context"
            hint = (did_you_mean(wanted, known) if wanted else None) or f"it has {join_names(known) or 'none'}"
            raise PlatinfraError(Diagnostic("unknown-context", f"the kubeconfig {named}", hint=hint))

    def _read(self, arguments: Sequence[str], *, partial: bool = False) -> str:
        """Return what a command writes; nothing when there is no such kind or namespace, a part where that will do."""
        ended = self._run(arguments, accept=(0, 1))
        known = _ABSENT.search(ended.err) or (partial and ended.out.strip())
        if ended.code != 0 and not known:
            raise self._failure(f"`kubectl {' '.join(arguments[:2])}`", ended.err)
        return ended.out

    def _run(self, arguments: Sequence[str], accept: Sequence[int] = (0,), *, cluster: bool = True) -> Ended:
        ended = self._call(arguments, cluster=cluster)
        if ended.code not in accept or (ended.code and kubernetes_problems.problem(ended.err)):
            raise self._failure(f"`kubectl {arguments[0]}`", ended.err)
        return ended

    def _call(
        self, arguments: Sequence[str], stdin: str = "", timeout: float | None = None, *, cluster: bool = True
    ) -> Ended:
        limit = self._timeout if timeout is None else timeout
        return self._commands.run(self._command(arguments, cluster=cluster), stdin, limit + _SPARE)

    def _command(self, arguments: Sequence[str], *, cluster: bool = True) -> list[str]:
        """Return a whole command; what follows a log has no bound."""
        place = ["--context", self._context] if cluster and self._context else []
        bounded = cluster and arguments[0] not in ("logs", "delete")
        limit = [f"--request-timeout={max(1, round(self._timeout))}s"] if bounded else []
        self._program = self._program or find()
        return [self._program, *arguments, *self._config, *place, *limit]

    def _failure(self, what: str, text: str) -> ActionError:
        return kubernetes_problems.action_error(what, text, "kubectl-failed", self._address())

    def _address(self) -> str:
        """Return the address of the cluster, empty when the kubeconfig has none."""
        arguments = ["config", "view", "--minify", "--output", "jsonpath={.clusters[0].cluster.server}"]
        place = ["--context", self._context] if self._context else []
        ended = self._call([*arguments, *place], cluster=False)
        return ended.out.strip() if ended.code == 0 else ""


def find() -> str:
    """Return the path of kubectl; raise PlatinfraError when there is none that is new enough."""
    path = kubernetes_command.find_program(OVERRIDE, "kubectl")
    if path is None:
        raise PlatinfraError(Diagnostic("kubectl-missing", "kubectl is not installed", hint=_INSTALL))
    ended = kubernetes_command.run([path, "version", "--client", "--output", "json"], timeout=20)
    found = re.search(r'"gitVersion":\s*"v(\d+\.\d+)', ended.out)
    if not found or kubernetes_versions.numbers(found[1]) < _OLDEST:
        version = found[1] if found else "of no known version"
        message = f"`{path}` is {version}, and platinfra needs {'.'.join(map(str, _OLDEST))} or newer"
        raise PlatinfraError(Diagnostic("kubectl-too-old", message, hint=_INSTALL))
    return path


def _place(namespace: str | None) -> list[str]:
    return ["--namespace", namespace] if namespace else []


def _only_absent(text: str) -> bool:
    """Tell whether all that went wrong is that objects or their namespaces are not there."""
    lines = [each for each in text.splitlines() if each.strip() and not each.startswith("WARNING")]
    return bool(lines) and all("(NotFound)" in each for each in lines)


def _holders(content: Object) -> str:
    """Return what keeps an object from going: its finalizers, or what is left in a namespace."""
    finalizers = join_names(content["metadata"].get("finalizers") or content.get("spec", {}).get("finalizers") or ())
    left = [
        str(each.get("message"))
        for each in content.get("status", {}).get("conditions") or ()
        if str(each.get("type")).startswith(_HELD) and each.get("status") == "True"
    ]
    return "; ".join(filter(None, (finalizers, *left)))
