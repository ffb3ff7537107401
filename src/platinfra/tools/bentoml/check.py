"""
Prove the registry through BentoML's own client.

`check.py write MARKER` pushes a model and lets the alias MARKER name it; `check.py find MARKER` pulls the model of that
alias, asks the server for its predictions, and compares them with what the pulled model says here.
"""

import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

# BentoML reads it when it is imported; what is kept there is lost with the check.
os.environ["BENTOML_HOME"] = str(Path.home() / "bentoml")

import bentoml
from sklearn.linear_model import LinearRegression

NAME = "platinfra-check"
URL = os.environ["BENTOML_REGISTRY_URL"]
ROWS = [[0.0], [2.0]]


def write(marker: str) -> None:
    """Push a model and promote it."""
    kept = bentoml.sklearn.save_model(NAME, LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]))
    with TemporaryDirectory() as folder, bentoml.SyncHTTPClient(URL) as client:
        file = bentoml.models.export_model(kept.tag, f"{folder}/")
        tag = client.push(file=Path(file))
        client.promote(tag=tag, alias=marker)
    bentoml.models.delete(kept.tag)


def find(marker: str) -> str | None:
    """Return how the server's predictions differ from those of the model that it hands out."""
    tag = f"{NAME}:{marker}"
    with bentoml.SyncHTTPClient(URL) as client:
        if not any(marker in each["aliases"] for each in client.versions(name=NAME)):
            return "not found"
        answer = client.predict(tag=tag, rows=ROWS)
        pulled = bentoml.models.import_model(str(client.pull(tag=tag)))
    if str(pulled.tag) != answer["tag"]:
        return f"{marker} names {answer['tag']}, but {pulled.tag} was pulled"
    expected = [round(each, 6) for each in bentoml.sklearn.load_model(pulled).predict(ROWS)]
    bentoml.models.delete(pulled.tag)
    said = [round(each, 6) for each in answer["predictions"]]
    return None if said == expected else f"the server predicts {said}, the model itself {expected}"


def give_up(*_: object) -> None:
    """End a check that would outlast its caller's patience."""
    sys.exit("bentoml: no answer within 100 s")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(100)
    try:
        sys.exit({"write": write, "find": find}[sys.argv[1]](*sys.argv[2:]))
    except Exception as error:
        sys.exit(f"bentoml: {error!r}")
