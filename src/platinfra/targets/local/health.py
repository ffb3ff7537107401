"""What an answer of a readiness address says of a component; docs/concepts/local-target.md has the words for authors of tools."""

import json
from collections.abc import Mapping
from typing import Any

from platinfra.model.ports import Answer

WORST = ("failed", "stopped", "starting", "preparing", "waiting", "healthy")
"""Healths of a component, the worst first."""
_SAYS_WHY = ("problem", "message", "detail", "error")
_LONGEST = 300


def health_of(url: str, answer: Answer) -> tuple[str, str]:
    """Return the health that `answer` of the readiness address `url` means, and the tool's own words."""
    said = _read(answer.text)
    if not answer.ok:
        reason = next((str(said[name]) for name in _SAYS_WHY if said.get(name)), "")
        told = answer.status or answer.text
        return "starting", _shorten(f"{url} answers {told}{reason and f': {reason}'}")
    if said.get("problem") or said.get("status") == "failed":
        serving = f"; version {said['version']} is served" if said.get("version") else ""
        return "failed", _shorten(str(said.get("problem") or "it does not say why")) + serving
    if said.get("preparing") or said.get("status") == "preparing":
        return "preparing", f"version {said['preparing']}" if said.get("preparing") else ""
    if said.get("waiting_for"):
        return "waiting", f"for {said['waiting_for']}"
    return "healthy", ""


def _read(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _shorten(text: str) -> str:
    """Return a text as one line that fits beside a component."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
