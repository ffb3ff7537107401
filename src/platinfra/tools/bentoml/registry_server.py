"""The model registry as a BentoML server: models come and go over HTTP, and those of scikit-learn answer."""

from __future__ import annotations

import functools
import os
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bentoml
import pandas as pd
from bentoml.exceptions import InvalidArgument, NotFound
from model_store import ModelStore, RefusedError, UnknownModelError, Version

from model_server.objects import objects_at

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADED = 4
"""Models kept in memory."""
ANSWER_SECONDS = 300
LOADERS = {"bentoml.sklearn": bentoml.sklearn.load_model}
"""What this server has the packages of."""


@bentoml.service(name="registry", traffic={"timeout": ANSWER_SECONDS})
class Registry:
    """Names, versions and promotes models, and answers with their predictions."""

    def __init__(self) -> None:
        self._store = ModelStore(objects_at(os.environ["STORE_URL"]))
        self._loading = threading.Lock()
        for each in bentoml.models.list():  # what a killed server had imported: the next import would be refused
            bentoml.models.delete(each.tag)
        # A version never changes, so its tag is enough to know it by.
        self._model = functools.lru_cache(maxsize=LOADED)(self._load)

    def __is_ready__(self) -> bool:
        """Tell whether the object store answers."""
        self._store.versions("any")
        return True

    @bentoml.api
    def push(self, file: Path) -> str:
        """Keep a model that `bentoml.models.export_model` wrote; return its tag."""
        with told():
            return self._store.push(file)

    @bentoml.api
    def pull(self, tag: str, ctx: bentoml.Context) -> Path:
        """Return a model as `bentoml.models.import_model` reads it."""
        with told():  # the folder is cleared once the answer is sent
            return self._store.pull(tag, Path(ctx.temp_dir))

    @bentoml.api
    def versions(self, name: str = "") -> list[dict[str, Any]]:
        """Return the versions of a model, the newest one first; without a name those of all models."""
        with told():
            return [shown(each) for each in self._store.versions(name)]

    @bentoml.api
    def promote(self, tag: str, alias: str) -> dict[str, Any]:
        """Let an alias name a version from now on."""
        with told():
            return shown(self._store.promote(tag, alias))

    @bentoml.api
    def predict(self, tag: str, rows: list[Any]) -> dict[str, Any]:
        """Return the predictions of a scikit-learn model for rows: lists of numbers, or objects by column."""
        with told():
            found = self._store.find(tag)
            with self._loading:  # two requests for a new version would import it twice
                model = self._model(found.tag)
        table = pd.DataFrame(rows) if rows and isinstance(rows[0], dict) else rows
        try:
            return {"tag": found.tag, "predictions": list(map(plain, model.predict(table)))}
        except (ValueError, TypeError) as error:
            raise InvalidArgument(f"the model refuses these rows: {error}") from error

    def _load(self, tag: str) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            model = bentoml.models.import_model(str(self._store.pull(tag, Path(folder))))
        try:
            loader = LOADERS.get(model.info.module)
            if loader is None:
                message = (
                    f"this server keeps {tag}, and has no packages to run `{model.info.module or 'custom'}` models"
                )
                raise RefusedError(message)
            return loader(model)
        finally:
            bentoml.models.delete(model.tag)


@contextmanager
def told() -> Iterator[None]:
    """Tell clients what they did wrong, and nothing else."""
    try:
        yield
    except UnknownModelError as error:
        raise NotFound(str(error)) from error
    except RefusedError as error:
        raise InvalidArgument(str(error)) from error


def shown(version: Version) -> dict[str, Any]:
    """Return what clients see of a version."""
    return {"tag": version.tag, **asdict(version), "aliases": list(version.aliases)}


def plain(value: Any) -> Any:
    """Return a number or a text of numpy as JSON has them."""
    return value.tolist() if hasattr(value, "tolist") else value
