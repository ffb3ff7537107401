"""Make and register the models of the tests; runs in an environment with MLflow.

models.py make FOLDER | typed FOLDER | register NAME MODEL ALIAS FOLDER | point NAME VERSION ALIAS FOLDER
"""

import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

PINNED = ("mlflow", "scikit-learn", "cloudpickle", "pandas")


def make(folder: Path) -> None:
    """Save two good models, a slow one, one that does not load and one of another Python."""
    for name, answer in {"one": 1.0, "two": 2.0, "broken": 3.0, "foreign": 4.0}.items():
        save(folder / name, answer)
    save_slow(folder / "slow")
    (folder / "broken" / "model.pkl").write_bytes(b"this is no pickle")
    python_env = folder / "foreign" / "python_env.yaml"
    python_env.write_text("python: 3.7.1\n" + python_env.read_text().partition("\n")[2])


def save_slow(folder: Path) -> None:
    """Save a model that takes long enough for an alias to move meanwhile."""
    import mlflow.pyfunc

    class Slow(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined,unused-ignore]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> list[float]:
            time.sleep(8)
            return [5.0] * len(model_input)

    mlflow.pyfunc.save_model(str(folder), python_model=Slow(), pip_requirements=pinned())


def save_typed(folder: Path) -> None:
    """Save two models that answer what they got, with types, and a table whose columns are of other types than theirs."""
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    class Telling(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined,unused-ignore]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> list[str]:
            if (model_input == 13).any(axis=None):
                raise ValueError("thirteen")
            types = [str(each) for each in (*model_input.dtypes, model_input.columns.dtype, model_input.index.dtype)]
            return [repr((list(model_input.columns), types, row)) for row in model_input.to_dict("records")]

    numbers = {"d": "double", "e": "double", "l": "long", "i": "integer", "f": "float", "b": "boolean"}
    mixed = [ColSpec("double", "d"), ColSpec("string", "s"), ColSpec("long", "l", required=False)]
    columns = {"numbers": [ColSpec(kind, name) for name, kind in numbers.items()], "mixed": mixed}
    for name, inputs in columns.items():
        signature = ModelSignature(Schema(inputs), Schema([ColSpec("string")]))
        mlflow.pyfunc.save_model(
            str(folder / name), python_model=Telling(), signature=signature, pip_requirements=pinned()
        )
    pd.DataFrame({"d": [1], "e": [2], "l": [3], "i": [4], "f": [5], "b": [True]}).to_parquet(folder / "table.parquet")


def save(folder: Path, answer: float) -> None:
    """Save a model that answers one number."""
    import mlflow.sklearn
    import pandas as pd
    from sklearn.dummy import DummyRegressor

    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    mlflow.sklearn.save_model(
        DummyRegressor(strategy="constant", constant=answer).fit(rows, [answer] * 3),
        str(folder),
        input_example=rows,
        serialization_format="cloudpickle",
        pip_requirements=pinned(),
    )


def pinned() -> list[str]:
    """Require what is installed here, so that uv's cache has it."""
    return [f"{name}=={version(name)}" for name in PINNED]


def register(name: str, model: Path, alias: str) -> None:
    """Log a saved model, register it and point the alias at it."""
    client = MlflowClient()
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_registered_model_alias(name, alias, made.version)
    sys.stdout.write(f"{made.version}\n")


def point(name: str, to: str, alias: str) -> None:
    """Move or delete an alias."""
    client = MlflowClient()
    if to:
        client.set_registered_model_alias(name, alias, to)
    else:
        client.delete_registered_model_alias(name, alias)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    verb, *rest, where = sys.argv[1:]
    if verb == "make":
        make(Path(where))
    elif verb == "typed":
        save_typed(Path(where))
    elif verb == "register":
        register(rest[0], Path(where) / rest[1], rest[2])
    else:
        point(*rest)
