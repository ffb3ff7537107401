"""Values of charts that the file overrides and the chart would ignore."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError, Span, did_you_mean
from platinfra.document import Path_
from platinfra.model.cluster import Charts
from platinfra.targets.kubernetes.bundle import Bundle, Release, Rendered, merge_values
from platinfra.targets.kubernetes.plan import release_of

Become = Callable[[Release], Sequence[Mapping[str, Any]]]
"""Renders a release."""
_OTHER = "platinfra-other"
"""Stands for another value than the one that the file gives."""


def find_ignored(
    bundle: Bundle, overrides: Mapping[Path_, Span], objects: Rendered, charts: Charts, become: Become
) -> Iterator[Diagnostic]:
    """
    Yield the overrides that a chart does not know: its defaults do not name them, and nothing changes with them.

    `objects` is what each chart became with them.
    """
    steps = {each.key: each.release for each in bundle.steps if each.release}
    for path, span in overrides.items():
        component, *keys = map(str, path)
        step = f"release:{component}"
        release = steps.get(step)
        if release is None:
            continue
        defaults = charts.values_of(release_of(release).chart)
        if not _is_known(defaults, keys) and not _changes(release, keys, objects[step], become):
            hint = did_you_mean(keys[-1], _siblings(defaults, keys)) or "check the values of the chart"
            message = f"the chart `{release.chart}` {release.version} does not know `{'.'.join(keys)}`"
            yield Diagnostic("value-ignored", message, span, hint)


def _is_known(defaults: Any, keys: Sequence[str]) -> bool:
    """Tell whether the defaults have a value, or leave open what may stand there."""
    for key in keys:
        if not isinstance(defaults, Mapping) or not defaults:
            return True
        if key not in defaults:
            return False
        defaults = defaults[key]
    return True


def _changes(release: Release, keys: Sequence[str], now: Sequence[Mapping[str, Any]], become: Become) -> bool:
    """Tell whether a chart becomes something else, or refuses, when a value is another."""
    over: Any = _OTHER
    for key in reversed(keys):
        over = {key: over}
    try:
        return list(become(replace(release, values=merge_values(release.values, over)))) != list(now)
    except PlatinfraError:
        return True


def _siblings(defaults: Any, keys: Sequence[str]) -> list[str]:
    for key in keys[:-1]:
        defaults = defaults.get(key, {}) if isinstance(defaults, Mapping) else {}
    return list(defaults) if isinstance(defaults, Mapping) else []
