"""What a run measured and met, for its end."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.containers.translation import Pod

MEASURED: list[str] = []
NOT_PLAYED: set[str] = set()
_DEVIATIONS: dict[str, set[str]] = defaultdict(set)
"""What Podman takes otherwise than our manifests say it, with the pods where it did."""


def note(pod: Pod) -> None:
    """Remember what of a pod's manifests was said otherwise."""
    for each in pod.deviations:
        _DEVIATIONS[each].add(pod.name)


def lines() -> Iterator[str]:
    """Yield what was measured, and what Podman could not do."""
    yield from MEASURED
    if _DEVIATIONS:
        yield "What Podman takes otherwise than the manifests say it:"
    for text, names in sorted(_DEVIATIONS.items()):
        yield f"- {text} ({', '.join(sorted(names))})"
    if NOT_PLAYED:
        yield f"- it plays no {', '.join(sorted(NOT_PLAYED))}"


def summary(counted: Mapping[str, int]) -> str:
    """Return how it went, in one line."""
    pods = sorted({name for names in _DEVIATIONS.values() for name in names})
    failed = counted.get("failed", 0) + counted.get("error", 0)
    played = ", ".join(pods) or "nothing"
    return f"live-containers: {counted.get('passed', 0)} passed, {failed} failed; played {played}"
