"""Helm by its library, which is Helm itself in this process; for machines without the program."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platinfra.drivers.helm_cli import KEPT, revision_of
from platinfra.drivers.helm_problems import Refused
from platinfra.model.cluster import Chart, Release, Revision

_NOTES = "NOTES.txt"
_PAST = ("superseded", "uninstalled")
_PAUSE = 0.1
_STDERR = 2


class HelmLibrary:
    """Implements `Engine` with the library; it is loaded with the first call."""

    field_manager = os.path.basename(sys.orig_argv[0])
    """Helm calls itself as the program it runs in."""

    def __init__(self, kubeconfig: Path | None = None, context: str | None = None) -> None:
        """Remember the cluster."""
        self._kubeconfig, self._context = kubeconfig, context
        self._ways: list[Any] = []

    def interrupt(self) -> None:
        """Ask what another thread runs to stop; Helm notes that the release failed."""
        for each in list(self._ways):
            each.cancel()

    def pull(self, chart: Chart, folder: Path) -> None:
        """Put the archive of a chart into a folder."""
        import helm_python

        oci = chart.repository.startswith("oci://")
        name = f"{chart.repository.rstrip('/')}/{chart.name}" if oci else chart.name
        with _refusals():
            helm_python.pull(
                name, repo_url=None if oci else chart.repository, version=chart.version, destination=folder
            )

    def render(self, path: Path, release: Release, kube_version: str, api_versions: Sequence[str]) -> Sequence[str]:
        """Return the rendered texts; only the native call takes the version and the kinds of a cluster."""
        import helm_python
        from helm_python import _native

        options = {"name": release.name, "namespace": release.namespace, "kube_version": kube_version}
        with _refusals(), _silence, helm_python.Chart.load(path) as chart:
            text = _native.call_string(
                "helm_render",
                chart._raw(),  # noqa: SLF001
                json.dumps(release.values),
                json.dumps({**options, "api_versions": list(api_versions)}),
            )
        return [content for name, content in json.loads(text).items() if not name.endswith(_NOTES)]

    def upgrade(self, path: Path, release: Release, timeout: int, *, on_server: bool) -> None:
        """Install a release, or change it when there is one that Helm can change; only the native call takes `on_server`."""
        import helm_python
        from helm_python import _native

        known = self._exists(release.name, release.namespace)
        options: dict[str, Any] = {"namespace": release.namespace, "timeout_seconds": timeout}
        if not on_server:
            options["server_side_apply"] = "false" if known else False
        call = "helm_upgrade" if known else "helm_install"
        rest = (
            release.name,
            json.dumps(release.values),
            json.dumps(options | ({"max_history": KEPT} if known else {})),
        )
        with self._config(release.namespace) as config, helm_python.Chart.load(path) as chart:
            self._interruptible(
                lambda way: _native.call_string(call, config._raw(), way._raw(), chart._raw(), None, *rest)  # noqa: SLF001
            )

    def rollback(self, name: str, namespace: str, revision: int, timeout: int) -> None:
        """Go back to a revision."""
        with self._config(namespace) as config:
            config.rollback(name, version=revision, timeout=timeout)

    def uninstall(self, name: str, namespace: str, timeout: int) -> None:
        """Remove a release."""
        with self._config(namespace) as config:
            config.uninstall(name, ignore_not_found=True, timeout=timeout)

    def history(self, name: str, namespace: str) -> Sequence[Revision]:
        """Return the revisions of a release, oldest first."""
        with self._config(namespace) as config:
            found = [_revision(each) for each in config.history(name)]
        return tuple(sorted(found, key=lambda each: each.number))

    def list(self, namespace: str) -> Sequence[Revision]:
        """Return the newest revision of each release."""
        with self._config(namespace) as config:
            found = [_revision(each) for each in config.list(all_states=True)]
        return tuple(each for each in found if each.status not in _PAST)

    def _interruptible(self, call: Callable[[Any], object]) -> None:
        """Run a call that can be cancelled, by `interrupt` or by the user."""
        import helm_python

        with helm_python.HelmContext() as way:
            self._ways.append(way)
            try:
                _in_thread(lambda: call(way), way.cancel)
            finally:
                self._ways.remove(way)

    def _exists(self, name: str, namespace: str) -> bool:
        try:
            revisions = self.history(name, namespace)
        except Refused as error:
            if error.absent:
                return False
            raise
        return bool(revisions) and revisions[-1].status != "uninstalled"

    @contextmanager
    def _config(self, namespace: str) -> Iterator[Any]:
        import helm_python

        with (
            _refusals(),
            _silence,
            helm_python.Config(
                kubeconfig_path=self._kubeconfig, kube_context=self._context, namespace=namespace
            ) as config,
        ):
            yield config


class _Silence:
    """
    Keeps the library's own log from the terminal: it writes to the file descriptor of stderr, whatever Python does.

    While any thread is inside, that descriptor leads nowhere, and what Python writes to `sys.stderr` goes where it led.
    """

    def __init__(self) -> None:
        """Begin with nobody inside."""
        self._lock, self._inside = threading.Lock(), 0
        self._kept: tuple[int, Any, Any] | None = None

    def __enter__(self) -> None:
        """Lead the descriptor elsewhere for the first; do nothing where Python's stderr is not the process's."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._kept = self._separate()

    def __exit__(self, *_: object) -> None:
        """Lead it back after the last."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._kept:
                descriptor, before, between = self._kept
                os.dup2(descriptor, _STDERR)
                os.close(descriptor)
                # Another thread may be writing to the file between: it closes once nobody has it any more.
                if between is not None and sys.stderr is between:
                    sys.stderr = before
                self._kept = None

    @staticmethod
    def _separate() -> "tuple[int, Any, Any] | None":
        before = sys.stderr
        try:
            before.flush()
            descriptor = os.dup(_STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except (OSError, AttributeError):  # no stderr at all: nothing can get there
            return None
        os.dup2(nowhere, _STDERR)
        os.close(nowhere)
        if _descriptor_of(before) != _STDERR:
            return descriptor, before, None
        between = sys.stderr = open(  # noqa: SIM115
            os.dup(descriptor), "w", buffering=1, encoding=before.encoding, errors=before.errors
        )
        return descriptor, before, between


def _descriptor_of(stream: Any) -> int | None:
    try:
        found: int = stream.fileno()
    except (OSError, AttributeError, ValueError):
        return None
    return found


_silence = _Silence()


@contextmanager
def _refusals() -> Iterator[None]:
    import helm_python

    try:
        yield
    except helm_python.HelmError as error:
        raise Refused(str(error)) from None


def _in_thread(call: Callable[[], object], cancel: Callable[[], None]) -> None:
    """Run a call in a thread, so that an interrupt of the user reaches it; Helm then notes that the release failed."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_PAUSE)
    except BaseException:
        cancel()
        thread.join()
        raise
    if errors:
        raise errors[0]


def _revision(entry: Mapping[str, Any]) -> Revision:
    return revision_of({**entry, "chart": f"{entry['chart_name']}-{entry['chart_version']}"})
