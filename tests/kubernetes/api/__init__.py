"""
A stand-in for the API server of a cluster: `with cluster() as api:` answers kubectl and Helm on loopback, from memory.

It knows discovery, OpenAPI v3 (as far as clients look for parameters), versions of the core kinds, list, watch, create,
update, merge patches, server-side apply with owners per field, dry runs, label and field selectors, generated names,
finalizers, owner references, namespaces, definitions of custom resources, access reviews and logs. What is written is
checked strictly: kinds of Kubernetes by their schemas in `version`, custom resources by those of their definitions. A
POST drops nulls first; applying a custom resource with a null that its schema does not allow is refused.

What it does not have, so that a test which passes here says nothing about it: defaults that a real server fills in,
admission (webhooks, quotas, policies, CEL), conversion between versions, immutable fields, schedulers, images,
networks, volumes and authentication. Lists are merged by key only where `fields` names them; strategic merge patches
are merge patches. Workloads become ready at once, with one Pod that runs nothing, unless `become` says otherwise;
so do a Prometheus, an Alertmanager and a RayCluster, whose operators are always there.
A forwarded port opens and carries nothing.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .server import Server
from .workloads import Outcome

__all__ = ["Cluster", "Outcome", "cluster"]


class Cluster:
    """The server as tests see it."""

    def __init__(self, version: str = "1.34.0") -> None:
        self._server = Server(version)
        self.seen = self._server.seen
        self.logs = self._server.workloads.logs
        self.become = self._server.workloads.become
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """End, and all conversations with it."""
        self._server.closed = True
        self._server.shutdown()
        self._server.server_close()

    def kubeconfig(self, path: Path, context: str = "double", namespace: str = "default") -> Path:
        """Write a kubeconfig whose current context leads here; one named `elsewhere` leads nowhere."""
        places = {context: self.url, "elsewhere": "http://127.0.0.1:9"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": name, "cluster": {"server": url}} for name, url in places.items()],
            "users": [{"name": "tester", "user": {}}],
            "contexts": [
                {"name": name, "context": {"cluster": name, "user": "tester", "namespace": namespace}}
                for name in places
            ],
        }
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Return an object, None when it is not there."""
        store = self._server.store
        known = next((each for each in store.kinds if each.name == kind), None)
        found = store.find(known, namespace, name) if known else None
        return store.get(found.kind, *found.key) if found else None

    def list(self, kind: str, namespace: str = "", labels: str = "") -> list[dict[str, Any]]:
        """Return the objects of a kind."""
        store = self._server.store
        known = next((each for each in store.kinds if each.name == kind), None)
        return store.list(known, namespace, labels) if known else []

    def everything(self) -> set[str]:
        """Return what is there, as `RESOURCE.GROUP NAMESPACE/NAME`, but for events."""
        return self._server.store.names()

    def create(self, content: dict[str, Any], manager: str = "tester") -> dict[str, Any]:
        """Add an object, without a client."""
        store = self._server.store
        kind = store.kind(content["apiVersion"], content["kind"])
        return store.create(kind, content, content["metadata"].get("namespace", ""), manager)

    def change(self, kind: str, name: str, patch: dict[str, Any], namespace: str = "", manager: str = "tester") -> None:
        """Change an object by a merge patch, as somebody else would."""
        store = self._server.store
        known = next(each for each in store.kinds if each.name == kind)
        store.merge(known, namespace, name, patch, manager)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Remove an object, as somebody else would."""
        store = self._server.store
        store.delete(next(each for each in store.kinds if each.name == kind), namespace, name)

    def set_status(self, kind: str, name: str, status: dict[str, Any], namespace: str = "") -> None:
        """Write the status of an object, as its controller would."""
        store = self._server.store
        store.set_status(next(each for each in store.kinds if each.name == kind), namespace, name, status)

    def deny(self, verb: str, plural: str) -> None:
        """Forbid everybody what `*` or a verb says on a resource."""
        self._server.access.denied.add((verb, plural))

    def allow_only(self, roles: Sequence[Mapping[str, Any]]) -> None:
        """Give the user some Roles and ClusterRoles, and nothing beside them."""
        self._server.access.roles = roles

    def lag(self, seconds: float) -> None:
        """Serve the kinds of new definitions only so many seconds after they are established."""
        self._server.store.lag = seconds

    def delay(self, seconds: float) -> None:
        """Let each answer take so many seconds longer, as the way to a real server does."""
        self._server.delay = seconds

    def most_at_once(self) -> int:
        """Return how many requests were under way at the same time at most, since this was asked last."""
        found, self._server.most_at_once = self._server.most_at_once, 0
        return found

    def refuse_login(self) -> None:
        """Answer everything with 401 from now on."""
        self._server.login = False

    def vanish(self, *, silent: bool = False) -> None:
        """Stop answering: close every connection, or let clients wait if `silent`."""
        self._server.silent, self._server.gone = silent, True

    def return_(self) -> None:
        """Answer again."""
        self._server.gone = False


@contextmanager
def cluster(version: str = "1.34.0") -> Iterator[Cluster]:
    """Run a server on a port of its own until the block ends."""
    found = Cluster(version)
    found.start()
    try:
        yield found
    finally:
        found.stop()
