"""Servers that are there already are asked before anything is touched: each way in which they are not what a stack needs."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.credential_file import CredentialFile, WithCredentials
from platinfra.drivers.outside import ask
from platinfra.model.reference import Secret
from platinfra.model.workspace import Workspace
from platinfra.resolve.resolve import Resolved
from platinfra.targets.local.verbs import existing
from tests.stacks import resolved
from tests.worlds import FakeSecrets

PROBE = "/api/2.0/mlflow/registered-models/search?max_results=1"
GOOD = {"/health": (200, "OK"), "/version": (200, "3.17.2"), PROBE: (200, "{}")}
Answers = dict[str, tuple[int, str]]


@pytest.fixture
def server() -> Iterator[tuple[str, Answers, list[Mapping[str, str]]]]:
    """Yield the address of a server, what it answers, which tests change, and the headers that it got."""
    answers, got = dict(GOOD), list[Mapping[str, str]]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got.append(dict(self.headers))
            status, text = answers.get(self.path, (404, "no such page"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", text)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", answers, got
        httpd.shutdown()


def with_tracker(url: str, folder: Path, credentials: str = "{from-env: THEIR_TOKEN}") -> Resolved:
    """Return a stack in `folder` with a tracker that is there already, named in line 3."""
    text = f'name: one\nstack:\n  experiment_tracker: [mlflow: {{at: "{url}", credentials: {credentials}}}]\n'
    return replace(resolved(text), workspace=Workspace(folder / "platinfra.yaml", "default"))


def found(url: str, folder: Path, *credentials: str) -> list[str]:
    """Return the slugs of what is wrong with the tracker of a stack."""
    problems = list(existing.problems(with_tracker(url, folder, *credentials)))
    assert all(each.span and each.span.line == 3 for each in problems)
    return [each.code for each in problems]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_TOKEN", "abc")


def test_one_that_answers_as_it_should_gets_the_token_with_each_request(server: tuple, tmp_path: Path) -> None:
    url, _, got = server
    assert found(url, tmp_path) == []
    assert {each.get("Authorization") for each in got} == {"Bearer abc"}


def test_a_user_and_a_password_are_sent_as_such(server: tuple, tmp_path: Path) -> None:
    url, _, got = server
    (tmp_path / "password").write_text("pw\n")
    both = "{username: {from-env: THEIR_TOKEN}, password: {from-file: password}}"
    assert found(url, tmp_path, both) == []
    assert {each.get("Authorization") for each in got} == {"Basic YWJjOnB3"}


@pytest.mark.parametrize(
    ("path", "answer", "slug"),
    [
        ("/health", (503, "busy"), "other-server"),
        ("/health", (401, ""), "server-refuses"),
        (PROBE, (403, ""), "server-refuses"),
        (PROBE, (404, ""), "other-server"),
        ("/version", (401, ""), "server-refuses"),
        ("/version", (200, "<html>a page</html>"), "other-server"),
        ("/version", (404, ""), "other-server"),
        ("/version", (200, "1.30.0"), "server-version"),
        ("/version", (200, "4.0.0"), "server-version"),
    ],
)
def test_the_first_thing_that_is_wrong_is_told(
    path: str, answer: tuple[int, str], slug: str, server: tuple, tmp_path: Path
) -> None:
    url, answers, _ = server
    answers[path] = answer
    assert found(url, tmp_path) == [slug]


def test_nobody_there_is_told(tmp_path: Path) -> None:
    assert found("http://127.0.0.1:1", tmp_path) == ["server-unreachable"]


def test_a_credential_that_is_missing_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIR_TOKEN")
    [problem] = existing.find_missing(with_tracker("http://127.0.0.1:1", tmp_path))
    assert (problem.code, problem.span and problem.span.line) == ("missing-credential", 3)


def test_a_token_is_not_taken_along_to_where_an_answer_leads(server: tuple) -> None:
    url, answers, got = server
    answers["/here"] = (302, f"{url}/health")
    assert ask(f"{url}/here", ("abc",)).ok
    assert [each.get("Authorization") for each in got] == ["Bearer abc", None]


def test_credentials_are_kept_for_later_and_count_how_often_they_changed(tmp_path: Path) -> None:
    file = CredentialFile(tmp_path / "credentials.json")
    assert file.next_edition("mlflow", "token", "a") == 1
    file.keep("mlflow", "token", "a")
    file.keep("mlflow", "token", "a")
    assert (file.next_edition("mlflow", "token", None), file.next_edition("mlflow", "token", "b")) == (1, 2)
    file.keep("mlflow", "token", "b")
    secrets = WithCredentials(FakeSecrets(), file)
    assert secrets.get(Secret("mlflow", "token", "given")) == "b"
    assert (tmp_path / "credentials.json").stat().st_mode & 0o077 == 0
    with pytest.raises(PlatinfraError, match="is not kept"):
        secrets.get(Secret("mlflow", "password", "given"))
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(PlatinfraError, match="is damaged"):
        file.find("mlflow", "token")
