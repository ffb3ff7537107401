"""What both ways to Helm have in common: kept charts, checks before anything changes, and clear failures."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import helm_charts, helm_objects, helm_problems, kubernetes_versions
from platinfra.drivers.helm_problems import Refused
from platinfra.model.cluster import Chart, Release, Revision
from platinfra.model.digest import digest_of

_DEPLOYED = ("deployed", "superseded")
_TIMEOUT = 300.0
"""Seconds."""
_T = TypeVar("_T")


class Engine(Protocol):
    """One way to run Helm; everything raises `Refused` with Helm's own words."""

    field_manager: str
    """As whom it owns fields."""

    def interrupt(self) -> None:
        """Ask what another thread runs to stop."""

    def pull(self, chart: Chart, folder: Path) -> None:
        """Put the archive of a chart into a folder."""

    def render(self, path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> Sequence[str]:
        """Return the rendered texts, without notes."""

    def upgrade(self, path: Path, release: Release, timeout: int, *, on_server: bool) -> None:
        """Install or change a release; its objects are merged by the server unless `on_server` is False."""

    def rollback(self, name: str, namespace: str, revision: int, timeout: int) -> None:
        """Go back to a revision."""

    def uninstall(self, name: str, namespace: str, timeout: int) -> None:
        """Remove a release."""

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release, oldest first."""

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revision of each release."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a chart became with some values; nobody changes it, as others get it too."""

    objects: Sequence[dict[str, Any]]
    has_nulls: bool
    """Whether custom objects of it hold nulls."""


class HelmReleases:
    """
    Implements `Charts` with one of the engines; charts are kept in `folder`, the user's cache where none is named.

    What was rendered is kept in `rendered`, which several of them may share: the same chart with the same values for the
    same cluster is rendered once.

    A chart's repository is the address of one, `oci://...`, or the absolute path of a folder with charts in it.
    Everything raises PlatinfraError while nothing was changed, and ActionError when a change failed.
    """

    def __init__(
        self, engine: Engine, folder: Path | None = None, rendered: MutableMapping[str, Rendering] | None = None
    ) -> None:
        """Remember the engine."""
        self.engine = engine
        self._rendered = {} if rendered is None else rendered
        self._charts = helm_charts.Charts(self._pull, folder)
        self._with_nulls: set[tuple[str, str]] = set()
        """
        Releases (name and namespace) whose custom objects hold nulls. What is applied on the server keeps them, and
        a schema that does not name them refuses them; what is posted loses them.
        """

    @property
    def field_manager(self) -> str:
        """Return as whom Helm owns the fields of what it installs."""
        return self.engine.field_manager

    def interrupt(self) -> None:
        """Ask what another thread runs to stop gracefully; it raises ActionError there."""
        self.engine.interrupt()

    def fetch(self, chart: Chart) -> Path:
        """Return the archive or the folder of a chart; an archive is kept, and refused when it differs another time."""
        return self._charts.fetch(chart)

    def values_of(self, chart: Chart) -> Mapping[str, Any]:
        """Return the default values of a chart."""
        return helm_charts.values(self.fetch(chart))

    def template(self, release: Release, kube_version: str, api_versions: Sequence[str]) -> list[dict[str, Any]]:
        """
        Return the objects that a release consists of, hooks included, tests and `crds` left out.

        `api_versions` are what the cluster knows, both as `group/version` and as `group/version/Kind`. What the chart
        makes anew each time is `Invented`.
        """
        path = self.fetch(release.chart)
        wanted = str(helm_charts.metadata(path).get("kubeVersion") or "")
        if not kubernetes_versions.satisfies(kube_version, wanted):
            raise PlatinfraError(helm_problems.too_old(release, wanted, kube_version))

        what = (release.name, release.namespace, release.values, kube_version, *api_versions)
        key = digest_of(helm_charts.digest(path), *what)
        if key not in self._rendered:
            self._rendered[key] = self._render(path, release, kube_version, api_versions)
        found = self._rendered[key]
        if found.has_nulls:
            self._with_nulls.add((release.name, release.namespace))
        return list(found.objects)

    def _render(self, path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> Rendering:
        """Render a chart: twice where it invents, since the difference tells what."""

        def render() -> Sequence[str]:
            try:
                return self.engine.render(path, release, kube_version, api_versions)
            except Refused as error:
                raise helm_problems.not_rendered(release, str(error)) from None

        texts = render()
        objects = helm_objects.parse_objects(release.chart.name, texts)
        if helm_charts.invents(path):
            objects = helm_objects.with_invented(objects, helm_objects.parse_objects(release.chart.name, render()))
        return Rendering(objects, helm_objects.has_custom_nulls(texts))

    def upgrade(self, release: Release, timeout: float) -> Revision:
        """Install a release, or change it."""
        path, seconds = self.fetch(release.chart), _seconds(timeout)
        on_server = (release.name, release.namespace) not in self._with_nulls
        what = f"upgrading the release `{release.name}`"
        self._act(what, lambda: self.engine.upgrade(path, release, seconds, on_server=on_server), release)
        return self._newest(what, release.name, release.namespace)

    def rollback(self, name: str, namespace: str, revision: int, timeout: float = _TIMEOUT) -> None:
        """Make a new revision that equals an older one."""
        what = f"rolling back the release `{name}` to revision {revision}"
        self._act(what, lambda: self.engine.rollback(name, namespace, revision, _seconds(timeout)))

    def recover(self, name: str, namespace: str) -> Revision | None:
        """
        End an operation that died with whoever ran it; do nothing when none did.

        The release goes back to its last deployed revision, or away when it never had one. Returns what is there then.
        """
        revisions = self.history(name, namespace)
        if not revisions or not _pending(revisions[-1]):
            return revisions[-1] if revisions else None
        deployed = [each for each in revisions if each.status in _DEPLOYED]
        if deployed and revisions[-1].status != "uninstalling":
            self.rollback(name, namespace, deployed[-1].number)
            return self.status(name, namespace)
        self.uninstall(name, namespace)
        return None

    def uninstall(self, name: str, namespace: str, timeout: float = _TIMEOUT) -> None:
        """Remove a release; one that is not there is no error."""
        what = f"removing the release `{name}`"
        self._act(what, lambda: self.engine.uninstall(name, namespace, _seconds(timeout)), absent=None)

    def status(self, name: str, namespace: str) -> Revision | None:
        """Return the newest revision of a release, None when there is none."""
        revisions = self.history(name, namespace)
        return revisions[-1] if revisions else None

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release that Helm keeps, oldest first."""
        what = f"reading the history of the release `{name}`"
        return self._act(what, lambda: self.engine.history(name, namespace), absent=())

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revisions of what is installed in a namespace, in whatever state."""
        return self._act(f"listing the releases in `{namespace}`", lambda: self.engine.list(namespace), absent=())

    def _pull(self, chart: Chart, folder: Path) -> None:
        try:
            self.engine.pull(chart, folder)
        except Refused as error:
            raise helm_problems.not_fetched(chart, str(error)) from None

    def _act(self, what: str, action: Callable[[], _T], release: Release | None = None, absent: Any = Refused) -> _T:
        """Run an action; return `absent` where there is no such release, unless that is a failure."""
        try:
            return action()
        except Refused as error:
            if error.absent and absent is not Refused:
                return absent  # type: ignore[no-any-return]
            raise helm_problems.not_done(what, str(error), release) from None

    def _newest(self, what: str, name: str, namespace: str) -> Revision:
        found = self.status(name, namespace)
        if found is None:
            raise helm_problems.not_done(what, "the release no longer exists")
        return found


def _pending(revision: Revision) -> bool:
    """Tell whether an operation on a release is under way, or died."""
    return revision.status.startswith("pending-") or revision.status == "uninstalling"


def _seconds(timeout: float) -> int:
    return max(1, round(timeout))
