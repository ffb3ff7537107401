"""Our scoring application answers as MLflow's own one does, whatever is asked."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_servers import HERE, TOOLS, environment, fetch, free_port, tool_python, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
SCORING = TOOLS / "_packages" / "model_server" / "scoring.py"
THEIRS = "import sys, uvicorn; uvicorn.run('mlflow.pyfunc.scoring_server.app:app', port=int(sys.argv[1]))"
COLUMNS = {"numbers": ["d", "e", "l", "i", "f", "b"], "mixed": ["d", "s", "l"]}
Asked = tuple[int, str, Any]


@pytest.fixture(scope="module")
def python() -> Path:
    return tool_python("mlflow")


@pytest.fixture(scope="module")
def models(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed")
    env = environment(python, folder / "home")
    subprocess.run([python, HERE / "models.py", "typed", folder], env=env, check=True, capture_output=True, cwd=folder)
    return folder


@pytest.fixture(scope="module", params=COLUMNS)
def both(request: pytest.FixtureRequest, models: Path, python: Path) -> Iterator[tuple[str, int, int]]:
    """Serve a model by both applications; yield its name and their ports, ours first."""
    name, theirs = str(request.param), free_port()
    env = environment(python, models / "home", __pyfunc_model_path__=str(models / name), PYTHONHASHSEED="0")
    with contextlib.ExitStack() as stack, (models / "log").open("a") as log:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ours, fd = listener.getsockname()[1], listener.fileno()
        for command in (
            [python, "-P", SCORING, "--fd", str(fd), models / name],
            [python, "-P", "-c", THEIRS, str(theirs)],
        ):
            process = subprocess.Popen(command, env=env, cwd=models, stdout=log, stderr=log, pass_fds=[fd])
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        until(lambda: all(fetch(f"http://127.0.0.1:{port}/ping")[0] == 200 for port in (ours, theirs)))
        yield name, ours, theirs


def ask(port: int, body: bytes, kind: str | None = "application/json", path: str = "/invocations") -> Asked:
    """Return the status, the content type and what was said, without the lines of code in it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, {"content-type": kind} if kind else {})
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    with contextlib.suppress(ValueError):
        said = json.loads(said)
    if isinstance(said, dict):
        said.pop("stack_trace", None)
    return answer.status, answer.headers["content-type"], said


VALUES = st.one_of(
    st.integers(-5, 20), st.floats(allow_infinity=False), st.booleans(), st.none(), st.sampled_from(["", "a", "13"]),
    st.just(2**40), st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn, columns: list[str]) -> bytes:
    """Draw a request: most with the columns as they are and numbers in them, all kinds of wrong ones among them."""
    swapped = [columns[1], columns[0], *columns[2:]]
    names = draw(
        st.one_of(
            st.sampled_from([columns, swapped]), st.permutations(columns), st.lists(st.sampled_from([*columns, "x"]))
        )
    )
    values = draw(st.sampled_from([st.integers(-5, 20), st.floats(-9, 9), VALUES]))
    rows = draw(st.lists(st.lists(values, min_size=len(names), max_size=len(names)), max_size=3))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    lists = {name: [row[name] for row in records] for name in names}
    form = draw(st.sampled_from(["split", "index", "records", "inputs", "instances"]))
    request: dict[str, Any] = {
        "split": {"dataframe_split": {"columns": names, "data": rows}},
        "index": {"dataframe_split": {"columns": names, "data": rows, "index": [7 * n for n in range(len(rows))]}},
        "records": {"dataframe_records": records},
        "inputs": {"inputs": lists},
        "instances": {"instances": records},
    }[form]
    return json.dumps(request | draw(st.sampled_from([{}, {}, {"params": {"p": 1}}]))).encode()


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_table_is_answered_as_mlflow_answers_it(both: tuple[str, int, int], data: st.DataObject) -> None:
    name, ours, theirs = both
    body = data.draw(tables(COLUMNS[name]))
    assert ask(ours, body) == ask(theirs, body)


GOOD = {"columns": COLUMNS["numbers"], "data": [[1.5, 1, 2, 3, 0.5, True]]}


def test_the_columns_of_the_signature_give_predictions(both: tuple[str, int, int]) -> None:
    name, ours, _ = both
    row = {"d": 1.5, "e": 1, "l": 2, "i": 3, "f": 0.5, "b": True, "s": "a"}
    rows = [{each: row[each] for each in COLUMNS[name]}]
    status, kind, said = ask(ours, json.dumps({"dataframe_records": rows}).encode())
    assert (status, kind, len(said["predictions"])) == (200, "application/json", 1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"d,e,l,i,f,b,s\n1.5,1,2,3,0.5,True,a\n", "text/csv"),
        (b"no,such\n1,2\n", "text/csv"),
        (b"{}", "application/json"),
        (b"[1, 2]", "application/json"),
        (b"{no json", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"", "application/json"),
        (json.dumps({"dataframe_split": GOOD}).encode(), "application/json; charset=utf-8"),
        (json.dumps({"dataframe_split": GOOD}).encode(), "application/json; charset=latin-1"),
        (json.dumps({"dataframe_split": GOOD}).encode(), "application/json; odd=1"),
        (json.dumps({"dataframe_split": GOOD | {"more": 1}}).encode(), "application/json"),
        (json.dumps({"dataframe_split": GOOD | {"data": [[13] * 6]}}).encode(), "application/json"),
        (b"not parquet", "application/vnd.apache.parquet"),
        (b"{}", "text/html"),
        (b"{}", None),
    ],
)
def test_other_requests_are_answered_as_mlflow_answers_them(
    body: bytes, kind: str | None, both: tuple[str, int, int]
) -> None:
    _, ours, theirs = both
    assert ask(ours, body, kind) == ask(theirs, body, kind)


def test_a_table_in_a_file_is_answered_as_mlflow_answers_it(both: tuple[str, int, int], models: Path) -> None:
    _, ours, theirs = both
    body = (models / "table.parquet").read_bytes()
    assert ask(ours, body, "application/vnd.apache.parquet") == ask(theirs, body, "application/vnd.apache.parquet")


def test_what_else_is_asked_is_answered_as_mlflow_answers_it(both: tuple[str, int, int]) -> None:
    _, ours, theirs = both
    for path in ("/ping", "/version"):
        assert fetch(f"http://127.0.0.1:{ours}{path}")[::2] == fetch(f"http://127.0.0.1:{theirs}{path}")[::2]
    assert ask(ours, b"{}", path="/nowhere") == ask(theirs, b"{}", path="/nowhere")
