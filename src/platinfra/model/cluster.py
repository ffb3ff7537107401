"""What a cluster holds and what is asked of it; drivers implement the protocols, unit tests fake them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Object = Mapping[str, Any]
"""A Kubernetes object as in a manifest."""


LATE = frozenset({"kind-missing", "webhook-not-ready"})
"""Diagnostics that pass by themselves once an operator has started."""


class Invented(str):
    """
    A text that a chart makes anew each time it is rendered, such as a password, or a sum over one.

    In the cluster it stays as it is, since the chart looks there first. Two of them are equal: they say nothing.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Tell whether the other one is invented too, or the same text."""
        return isinstance(other, Invented) or str.__eq__(self, other) is True

    def __hash__(self) -> int:
        """Return the same for all."""
        return hash(Invented)


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart in one version."""

    name: str
    repository: str
    """https:// or oci:// address."""
    version: str


@dataclass(frozen=True, slots=True)
class Release:
    """A chart with its values under a name."""

    name: str
    namespace: str
    chart: Chart
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revision:
    """What Helm knows of a release."""

    name: str
    namespace: str
    number: int
    status: str
    """`deployed`, `failed`, `pending-upgrade` and what else Helm says."""
    chart: str


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Where an object is."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """Return it for people, such as `Deployment ml/mlflow`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What applying an object would do."""

    ref: ObjectRef
    change: str
    """`create`, `change` or `unchanged`."""
    paths: tuple[str, ...] = ()
    """The fields that would change."""


def ref_of(each: Object) -> ObjectRef:
    """Return where an object is."""
    meta = each["metadata"]
    return ObjectRef(each["apiVersion"], each["kind"], meta["name"], meta.get("namespace", ""))


class Charts(Protocol):
    """Helm."""

    @property
    def field_manager(self) -> str:
        """Return as whom Helm owns the fields of what it installs."""

    def interrupt(self) -> None:
        """End what other threads wait for."""

    def fetch(self, chart: Chart) -> object:
        """Bring a chart here; raise PlatinfraError when it cannot be had."""

    def values_of(self, chart: Chart) -> Mapping[str, Any]:
        """Return the default values of a chart."""

    def template(self, release: Release, kube_version: str, api_versions: Sequence[str]) -> list[dict[str, Any]]:
        """Return the objects that a release would make; raise PlatinfraError when the chart refuses the values."""

    def upgrade(self, release: Release, timeout: float) -> Revision:
        """Install or upgrade a release; `timeout` in seconds."""

    def rollback(self, name: str, namespace: str, revision: int) -> None:
        """Go back to an earlier revision."""

    def recover(self, name: str, namespace: str) -> Revision | None:
        """End an operation that died with whoever ran it."""

    def uninstall(self, name: str, namespace: str) -> None:
        """Remove a release; one that is not there is no error."""

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revisions of what is installed in a namespace."""

    def status(self, name: str, namespace: str) -> Revision | None:
        """Return the newest revision; None when there is none."""


class Cluster(Protocol):
    """The API of one cluster."""

    def interrupt(self) -> None:
        """End what other threads wait for."""

    def server_version(self) -> str:
        """Return the cluster's version, such as 1.34."""

    def api_resources(self) -> set[str]:
        """Return the kinds it knows, as `group/version/Kind`."""

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        """Return an object; None when it is not there."""

    def read(self, refs: Sequence[ObjectRef]) -> list[dict[str, Any] | None]:
        """Return objects as `get` does, several of which are asked for at the same time."""

    def find(
        self, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return the objects of a kind; none when the kind is unknown."""

    def annotate(self, ref: ObjectRef, annotations: Mapping[str, str]) -> None:
        """Add annotations to an object."""

    def apply(self, objects: Sequence[Object], *, force: bool = False, patience: float = 0.0) -> None:
        """
        Apply objects on the server as their field manager; `force` takes fields from others that own them.

        For `patience` seconds it waits for kinds and webhooks that are not there yet.
        """

    def take(self, objects: Sequence[Object], manager: str) -> None:
        """Apply objects as their owner `manager`, and take from others the fields that they changed."""

    def diff(self, objects: Sequence[Object], *, force: bool = False, manager: str | None = None) -> list[Difference]:
        """Return what applying would do as `manager`, or as ourselves, object by object: the server says it."""

    def delete(self, refs: Sequence[ObjectRef], timeout: float) -> None:
        """Delete objects and wait until they are gone; what is missing is no error."""

    def can_i(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        """Tell whether this account may do something."""

    def wait_ready(
        self, ref: ObjectRef, timeout: float, report: Callable[[str], None], cancelled: Callable[[], bool]
    ) -> None:
        """Wait until a workload is ready by its own status; raise ActionError with the reason otherwise."""

    def logs(self, ref: ObjectRef, *, follow: bool = False, tail: int | None = None) -> Iterator[str]:
        """Yield the lines of a workload's logs."""
