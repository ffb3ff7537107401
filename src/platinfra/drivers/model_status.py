"""Ask a server of models what it serves."""

import json

from platinfra.drivers.http import HttpProbes
from platinfra.model.registry import ServerStatus


def model_status(url: str) -> ServerStatus | None:
    """Return what a server says at an address of its own; None when it does not answer, or says nothing of models."""
    answer = HttpProbes().get(url, timeout=5)
    try:
        content = json.loads(answer.text) if answer.status else None
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("status"), str):
        return None
    uri = content.get("uri") or content.get("waiting_for") or ""
    return ServerStatus(str(uri), content["status"], str(content.get("version", "")), str(content.get("problem", "")))
