"""What goes wrong in Helm, in its own words: the slugs of the known failures."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.drivers import helm_charts, kubernetes_problems
from platinfra.model.cluster import Chart, Release

_SCHEMA = re.compile(r"values don't meet the specifications of the schema")
_NO_SCHEMA = re.compile(r"failing loading \"https?://")
_REFUSED = re.compile(r"^- (?:at '(?P<path>[^']*)': )?(?P<why>.+)$", re.MULTILINE)
_EXTRA = re.compile(r"additional propert(?:y|ies) (?P<names>'[^']+'(?:, '[^']+')*) not allowed")
_TOO_OLD = re.compile(
    r"chart requires kubeVersion: (?P<wanted>.+?) which is incompatible with Kubernetes (?P<found>\S+)"
)
_PENDING = re.compile(r"another operation \(.*\) is in progress")
_CANCELLED = re.compile(r"context canceled|cancell?ed by")
_ABSENT = re.compile(r"release: not found")
_NO_VERSION = re.compile(
    r"not found in .* repository|no chart (?:name|version) found|: not found|manifest unknown|404 Not Found"
)
_SECRET = re.compile(r"passw|secret|token|credential|apikey|api_key|private", re.IGNORECASE)
_REFERENCE = re.compile(r"existing|name$|ref$|keys?$", re.IGNORECASE)
_SHORTEST = 4


class Refused(Exception):  # noqa: N818
    """Helm said no; the words are its own."""

    @property
    def absent(self) -> bool:
        """Tell whether there is no such release."""
        return bool(_ABSENT.search(str(self)))


def not_fetched(chart: Chart, text: str) -> PlatinfraError:
    """Return what to tell when a chart could not be fetched."""
    details = kubernetes_problems.last_lines(text)
    if _NO_VERSION.search(text):
        return helm_charts.missing(chart, details)
    message = f"the chart `{chart.name}` {chart.version} cannot be fetched from `{chart.repository}`"
    hint = "check the connection and the proxy; private registries need `helm registry login`"
    return PlatinfraError(Diagnostic("chart-unreachable", message, hint=hint, details=details))


def not_rendered(release: Release, text: str) -> PlatinfraError:
    """Return what to tell when a chart cannot be rendered with the values of a release."""
    text = redact(text, release.values)
    known = _values_refused(release, text) or _too_old(release, text)
    if known:
        return PlatinfraError(known)
    message = f"the chart `{release.chart.name}` {release.chart.version} cannot be rendered for `{release.name}`"
    return PlatinfraError(Diagnostic("chart-not-rendered", message, details=kubernetes_problems.last_lines(text)))


def not_done(what: str, text: str, release: Release | None = None) -> PlatinfraError:
    """Return what to tell when an action on a release failed; `what` says which, such as `installing one`."""
    if release:
        text = redact(text, release.values)
        if known := _values_refused(release, text) or _too_old(release, text):
            return PlatinfraError(known)
    if _CANCELLED.search(text):
        return ActionError(Diagnostic("interrupted", f"{what} was interrupted", hint="run the command again"))
    if _PENDING.search(text):
        return ActionError(pending(what))
    if found := kubernetes_problems.conflicts(text):
        return kubernetes_problems.conflict(what, found)
    return kubernetes_problems.action_error(what, text, "helm-failed")


def pending(what: str) -> Diagnostic:
    """Return what to tell when somebody else is at work on a release, or died while being so."""
    message = f"{what} has to wait: another operation on the release is in progress or was aborted"
    hint = "wait for it to end; if none is running, run `helm rollback` or `helm uninstall`, then `platinfra up` again"
    return Diagnostic("release-pending", message, hint=hint)


def too_old(release: Release, wanted: str, found: str) -> Diagnostic:
    """Return what to tell when a chart does not support the version of the cluster."""
    message = f"the chart `{release.chart.name}` {release.chart.version} needs Kubernetes {wanted}, and the cluster has {found}"
    hint = "upgrade the cluster, or choose a chart version that supports it"
    return Diagnostic("cluster-too-old", message, hint=hint)


def redact(text: str, values: Mapping[str, Any]) -> str:
    """Return a text without the values whose keys say that they are secret: Helm quotes values in its errors."""
    for each in sorted(set(_secrets(values)), key=len, reverse=True):
        text = text.replace(each, "***")
    return text


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _secrets(each, str(name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(each, key)
    elif isinstance(value, str) and len(value) >= _SHORTEST and _SECRET.search(key) and not _REFERENCE.search(key):
        yield value


def _values_refused(release: Release, text: str) -> Diagnostic | None:
    if not _SCHEMA.search(text):
        return None
    if _NO_SCHEMA.search(text):
        message = f"the schema of the chart `{release.chart.name}` {release.chart.version} refers to one that cannot be fetched"
        details = kubernetes_problems.last_lines(text)
        return Diagnostic("chart-unreachable", message, hint="check the connection and the proxy", details=details)
    found = [(_key(each["path"] or "", each["why"]), each["why"]) for each in _REFUSED.finditer(text)]
    said = "; ".join(f"`{key}`: {why}" if key else why for key, why in found) or text.strip()
    message = f"the chart `{release.chart.name}` {release.chart.version} refuses values of `{release.name}`: {said}"
    hint = "`helm show values` prints the values that the chart accepts"
    return Diagnostic("chart-values-refused", message, hint=hint)


def _key(path: str, why: str) -> str:
    """Return the dotted key of a value; what is not allowed is named only in the reason."""
    extra = _EXTRA.search(why)
    last = [extra["names"].split(",")[0].strip(" '")] if extra else []
    return ".".join([*(each for each in path.split("/") if each), *last])


def _too_old(release: Release, text: str) -> Diagnostic | None:
    found = _TOO_OLD.search(text)
    return too_old(release, found["wanted"], found["found"].rstrip(".")) if found else None
