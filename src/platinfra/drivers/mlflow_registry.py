"""MLflow's registry of models by its REST API (https://mlflow.org/docs/latest/api_reference/rest-api.html); MLflow is not imported."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.outside import ask
from platinfra.model.registry import RegisteredModel, RegisteredVersion

REPLACED = "platinfra.replaced"
"""Tag of a version: the version that was champion before this one was promoted."""
_API = "/api/2.0/mlflow/"
_PAGE = 100
_PAGES = 1000
_LONGEST = 300


class MlflowRegistry:
    """The registry at an address; each method raises ActionError when it does not answer as MLflow does."""

    def __init__(self, component: str, url: str, login: tuple[str, ...] = ()) -> None:
        """Remember where it is; nothing is asked yet."""
        self._component = component
        self._url = url.rstrip("/")
        self._login = login

    def models(self) -> list[RegisteredModel]:
        """Return all models by name, each with its versions, the newest first."""
        found = {each["name"]: _aliases(each) for each in self._all("registered-models/search", "registered_models")}
        versions: dict[str, list[Mapping[str, Any]]] = {name: [] for name in found}
        for each in self._all("model-versions/search", "model_versions"):
            if each["name"] in versions:  # prompts are registered too, and are no models
                versions[each["name"]].append(each)
        return [
            RegisteredModel(name, tuple(_version(each, found[name]) for each in sorted(own, key=_newest_first)))
            for name, own in sorted(versions.items())
        ]

    def set_alias(self, model: str, alias: str, version: str) -> None:
        """Let an alias name a version."""
        self._ask("registered-models/alias", {"name": model, "alias": alias, "version": version})

    def note_replaced(self, model: str, version: str, before: str) -> None:
        """Note at a version which one it is about to replace; empty for none."""
        content = {"name": model, "version": version, "key": REPLACED, "value": before}
        self._ask("model-versions/set-tag", content)

    def _all(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        """Yield what lies on all pages of a search."""
        token = ""
        for _ in range(_PAGES):
            query = {"max_results": _PAGE, **({"page_token": token} if token else {})}
            answer = self._ask(f"{path}?{urlencode(query)}")
            yield from answer.get(key, [])
            token = answer.get("next_page_token", "")
            if not token:
                return

    def _ask(self, path: str, content: Mapping[str, str] | None = None) -> dict[str, Any]:
        body = None if content is None else json.dumps(content)
        answer = ask(f"{self._url}{_API}{path}", self._login, body=body)
        try:
            found = json.loads(answer.text or "{}") if answer.ok else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._failure(answer.status, answer.text)
        return found

    def _failure(self, status: int, text: str) -> ActionError:
        said = " ".join(text.split())[:_LONGEST]
        what = f"answers {status}" if status else "does not answer"
        hint = "`platinfra status` shows whether it is healthy"
        if status in {401, 403}:
            hint = "its credentials are wrong, expired or not enough: give others, and run `platinfra up` again"
        message = f"the registry `{self._component}` at {self._url} {what}: {said}"
        return ActionError(Diagnostic("registry-failed", message, hint=hint))


def _aliases(model: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return version to the aliases that name it."""
    found: dict[str, list[str]] = {}
    for each in model.get("aliases", []):
        found.setdefault(str(each["version"]), []).append(each["alias"])
    return found


def _version(content: Mapping[str, Any], aliases: Mapping[str, list[str]]) -> RegisteredVersion:
    number = str(content["version"])
    when = datetime.fromtimestamp(int(content.get("creation_timestamp", 0)) / 1000, UTC)
    tags = {each["key"]: each["value"] for each in content.get("tags", [])}
    return RegisteredVersion(
        number,
        when.isoformat(timespec="seconds").replace("+00:00", "Z"),
        tuple(sorted(aliases.get(number, []))),
        tags.get(REPLACED, ""),
    )


def _newest_first(content: Mapping[str, Any]) -> int:
    return -int(content["version"])
