"""Models of a stack's registry: listed, promoted, taken back, and each move in the audit log; the servers are doubles."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from tests.conftest import Command

from platinfra.drivers.audit_log import AuditLog
from platinfra.drivers.credential_file import CredentialFile
from platinfra.drivers.record_file import RecordFile
from platinfra.model.audit import Act
from platinfra.model.record import ActionRecord
from platinfra.targets.local.record import BindingRecord, EndpointRecord, LocalComponent, LocalRecord

TAG = "platinfra.replaced"


@dataclass
class Double:
    """MLflow's registry and a server that follows its champion, at one address."""

    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    health: Mapping[str, Any] | None = None
    """What the server says; None for what follows from the alias."""
    refusal: tuple[int, str] | None = None
    """What the registry answers, whatever is asked."""
    logins: list[str | None] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, content: Mapping[str, str] | None) -> tuple[int, Any]:
        where = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(where.query).items()}
        status, found = 200, dict[str, Any]()
        match where.path.removeprefix("/api/2.0/mlflow/"):
            case "/health":
                found = dict(self.health or self.follow())
            case _ if self.refusal:
                return self.refusal
            case "registered-models/search":
                found = page(
                    "registered_models", [self.model(each) for each in self.versions if each != "prompt"], query
                )
            case "model-versions/search":
                every = [self.version(name, each) for name, own in self.versions.items() for each in own]
                found = page("model_versions", every, query)
            case "registered-models/alias" if content:
                self.aliases.setdefault(content["name"], {})[content["alias"]] = content["version"]
            case "model-versions/set-tag" if content:
                self.tags.setdefault((content["name"], content["version"]), {})[content["key"]] = content["value"]
            case _:
                status, found = 404, {"error_code": "ENDPOINT_NOT_FOUND"}
        return status, found

    def follow(self) -> dict[str, str]:
        uri, version = "models:/wine@champion", self.aliases.get("wine", {}).get("champion")
        if version is None:
            return {"status": "waiting", "waiting_for": uri}
        return {"status": "serving", "uri": uri, "model": "wine", "version": version}

    def model(self, name: str) -> dict[str, Any]:
        own = [{"alias": alias, "version": version} for alias, version in self.aliases.get(name, {}).items()]
        return {"name": name, **({"aliases": own} if own else {})}

    def version(self, name: str, version: str) -> dict[str, Any]:
        tags = [{"key": key, "value": value} for key, value in self.tags.get((name, version), {}).items()]
        return {"name": name, "version": version, "creation_timestamp": 1_700_000_000_000, "tags": tags}


def page(key: str, found: list[Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return two of what was found, and what to ask for the next two with."""
    start = int(query.get("page_token", "0"))
    more = {"next_page_token": str(start + 2)} if len(found) > start + 2 else {}
    return {key: found[start : start + 2], **more}


@pytest.fixture
def double() -> Iterator[Double]:
    made = Double(
        versions={"wine": ["1", "2", "10"], "beer": ["1"], "cider": []},
        aliases={"wine": {"champion": "1", "challenger": "2"}},
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say(None)

        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/json"
            self.say(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def say(self, content: Mapping[str, str] | None) -> None:
            if self.path != "/health":
                made.logins.append(self.headers["Authorization"])
            status, answer = made.answer(self.path, content)
            body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        made.url = f"http://127.0.0.1:{httpd.server_port}"
        yield made
        httpd.shutdown()


def component(tool: str, url: str, *stages: str, **more: Any) -> LocalComponent:
    """Return what is written down of a component at an address."""
    end = EndpointRecord(url, "127.0.0.1", 1, None, f"{url}/health", None, required=True, metrics=None)
    nothing: dict[str, Any] = {
        "reason": "",
        "folder": "",
        "requirements": None,
        "packages": (),
        "check": None,
        "executes": False,
        "page": None,
        "processes": {},
        "client_env": {},
        "bindings": (),
    }
    return LocalComponent(tool=tool, stages=stages, **{**nothing, "endpoints": {"http": end}, **more})


def bring_up(folder: Path, **components: LocalComponent) -> AuditLog:
    """Write down a stack in a folder as if it were up; return its audit log."""
    root = folder / ".platinfra" / "default"
    applied = {"start:a.b": ActionRecord("start", "a", "", {})}
    RecordFile(root, LocalRecord).save(LocalRecord("demo", "local", applied, components))
    return AuditLog(root)


def server(double: Double, registry: str = "mlflow") -> LocalComponent:
    wire = BindingRecord("registry", registry, "model_registry", ("read",), "", client=True, attributes={})
    return component("fastapi", double.url, "model_serving", bindings=(wire,))


@pytest.fixture
def log(double: Double, tmp_path: Path) -> AuditLog:
    """Return the audit log of a stack with a registry, and a server of its models."""
    registry = component("mlflow", double.url, "experiment_tracker", "model_registry")
    return bring_up(tmp_path, mlflow=registry, fastapi=server(double))


def test_models_are_listed_with_aliases_and_what_serves_them(log: AuditLog, double: Double, platinfra: Command) -> None:
    ended = platinfra("models")
    assert ended.code == 0, ended.err
    rows = [line.split() for line in ended.out.splitlines()]
    assert rows[0][:3] == ["model", "version", "aliases"]
    assert [row[:2] for row in rows[1:]] == [
        ["beer", "1"],
        ["cider", "none"],
        ["wine", "10"],
        ["wine", "2"],
        ["wine", "1"],
    ]
    assert rows[4][2:] == ["challenger", "2023-11-14T22:13:20Z"]
    assert rows[5][2:] == ["champion", "fastapi", "2023-11-14T22:13:20Z"]
    wine = json.loads(platinfra("models", "--json").out)["models"][2]
    assert wine["versions"][2]["served_by"] == ["fastapi"]
    double.versions.clear()
    assert "no model is registered yet" in platinfra("models").err


def test_the_challenger_becomes_champion_and_goes_back_again(log: AuditLog, double: Double, platinfra: Command) -> None:
    ended = platinfra("models", "promote", "wine", "--yes", "--why", "better")
    assert ended.code == 0, ended.err
    assert "version 2 of `wine` is the champion, before it was version 1; fastapi answers with it" in ended.err
    assert double.aliases["wine"]["champion"] == "2"
    assert double.tags["wine", "2"] == {TAG: "1"}
    ended = platinfra("models", "rollback", "wine", "-y")
    assert f"version 1 of `wine` is the champion, before it was version 2 (tag `{TAG}` of version 2)" in ended.err
    assert double.aliases["wine"]["champion"] == "1"
    first, second = log.entries()
    assert (first.action, first.object, first.why) == ("models promote", "wine", "better")
    assert first.before == {"champion": "1", "registry": "mlflow"}
    assert first.after == {"champion": "2", "served_by": ["fastapi"]}
    assert (second.action, second.before["champion"], second.after["champion"]) == ("models rollback", "2", "1")
    assert "2 entries, unbroken" in platinfra("audit", "verify").err


def test_the_first_champion_replaces_none(log: AuditLog, double: Double, platinfra: Command) -> None:
    del double.aliases["wine"]["champion"]
    double.tags["wine", "2"] = {TAG: "10"}
    ended = platinfra("models", "promote", "wine", "--yes")
    assert (ended.code, ended.err.splitlines()[-1]) == (
        0,
        "version 2 of `wine` is the champion; fastapi answers with it",
    )
    assert "error[no-former-version]" in platinfra("models", "rollback", "wine", "--yes").err
    assert log.entries()[0].before == {"champion": None, "registry": "mlflow"}


def test_prompts_are_no_models(log: AuditLog, double: Double, platinfra: Command) -> None:
    double.versions["prompt"] = ["1"]
    assert "prompt" not in platinfra("models").out


def test_a_version_may_be_named_and_each_goes_back_to_the_one_it_replaced(
    log: AuditLog, double: Double, platinfra: Command
) -> None:
    for version in ("2", "10"):
        assert platinfra("models", "promote", f"wine@{version}", "--yes").code == 0
    for version in ("2", "1"):
        assert platinfra("models", "rollback", "wine", "--yes").code == 0
        assert double.aliases["wine"]["champion"] == version
    ended = platinfra("models", "rollback", "wine", "--yes")
    assert (ended.code, "error[no-former-version]" in ended.err) == (2, True)


def test_without_the_tag_the_audit_log_says_what_was_before(log: AuditLog, double: Double, platinfra: Command) -> None:
    assert platinfra("models", "promote", "wine", "--yes").code == 0
    double.tags.clear()
    ended = platinfra("models", "rollback", "wine", "--yes")
    assert "version 1 of `wine` is the champion, before it was version 2 (by the audit log)" in ended.err


def test_who_does_not_agree_changes_nothing(
    log: AuditLog, double: Double, platinfra: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.tags["wine", "1"] = {TAG: "2"}
    before = json.dumps([double.aliases, str(double.tags)])
    asked: list[str] = []
    for terminal in (False, True):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda terminal=terminal: terminal))
        monkeypatch.setattr(click, "confirm", lambda text, **_: bool(asked.append(text)))
        for words in (["promote", "wine"], ["rollback", "wine"]):
            ended = platinfra("models", *words)
            assert (ended.code, "error[not-confirmed]" in ended.err) == (2, True)
    assert asked == [
        "Make version 2 the champion of `wine` (now version 1)?",
        f"Go back from version 1 to version 2 of `wine` (tag `{TAG}` of version 1)?",
    ]
    assert json.dumps([double.aliases, str(double.tags)]) == before
    assert log.entries() == []


@pytest.mark.parametrize(
    ("words", "slug", "told"),
    [
        (["promote", "vine"], "unknown-model", "did you mean `wine`?"),
        (["promote", "wine@7"], "unknown-model-version", "versions: 10, 2, 1"),
        (["promote", "beer"], "no-challenger", "`beer@1`"),
        (["promote", "cider"], "no-challenger", "register one"),
        (["rollback", "wine"], "no-former-version", "before version 1"),
        (["rollback", "beer"], "no-former-version", "has no champion"),
        (["--registry", "fastapi"], "no-model-registry", "`fastapi` is no registry"),
        (["--registry", "mlflw"], "unknown-component", "did you mean `mlflow`?"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    words: list[str], slug: str, told: str, log: AuditLog, double: Double, platinfra: Command
) -> None:
    before = json.dumps(double.aliases)
    ended = platinfra("models", *words)
    assert ended.code == 2, ended.err
    assert f"error[{slug}]" in ended.err
    assert told in ended.err
    assert (json.dumps(double.aliases), double.tags, log.entries()) == (before, {}, [])


def test_a_former_version_that_is_gone_is_not_gone_back_to(log: AuditLog, double: Double, platinfra: Command) -> None:
    double.tags["wine", "1"] = {TAG: "7"}
    assert "version 7 of `wine`, which was champion before, is gone" in platinfra("models", "rollback", "wine").err


def test_the_champion_is_not_promoted_twice(log: AuditLog, platinfra: Command) -> None:
    ended = platinfra("models", "promote", "wine@1")
    assert (ended.code, "nothing to do" in ended.err) == (0, True)
    assert log.entries() == []


def test_a_server_that_cannot_serve_it_fails_the_move_at_once(
    log: AuditLog, double: Double, platinfra: Command
) -> None:
    problem = "version 2 cannot be served: no space"
    double.health = {"status": "serving", "uri": "models:/wine@champion", "version": "1", "problem": problem}
    ended = platinfra("models", "promote", "wine", "--yes")
    assert ended.code == 1
    assert f"`fastapi` does not serve version 2 of `wine`: {problem}" in ended.err
    assert "`platinfra models rollback wine` goes back to version 1" in ended.err
    [entry] = log.entries()
    assert entry.after["champion"] == "2"
    assert entry.after["failed"][0].startswith("not-served: ")
    double.health = None
    assert platinfra("models", "rollback", "wine", "--yes").code == 0


@pytest.mark.parametrize("health", [{"status": "serving", "uri": "models:/wine@champion", "version": "1"}, {"a": 1}])
def test_a_server_that_stays_behind_or_says_nothing_is_not_waited_for_without_end(
    health: Mapping[str, str], log: AuditLog, double: Double, platinfra: Command
) -> None:
    double.health = health
    ended = platinfra("models", "promote", "wine", "--yes", "--wait", "0.2")
    assert (ended.code, "error[not-served]" in ended.err) == (1, True), ended.err


@pytest.mark.parametrize("uri", ["models:/beer@champion", "models:/wine@stable"])
def test_a_server_of_something_else_is_not_waited_for(
    uri: str, log: AuditLog, double: Double, platinfra: Command
) -> None:
    double.health = {"status": "serving", "uri": uri, "version": "1"}
    ended = platinfra("models", "promote", "wine", "--yes")
    assert (ended.code, "no server follows it" in ended.err) == (0, True), ended.err


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ((500, "oh no"), "answers 500: oh no"),
        ((403, ""), "its credentials are wrong"),
        ((200, "<html>"), "answers 200"),
        ((200, "[]"), "answers 200"),
    ],
)
def test_a_registry_that_does_not_answer_as_mlflow_does_is_named(
    refusal: tuple[int, str], told: str, log: AuditLog, double: Double, platinfra: Command
) -> None:
    double.refusal = refusal
    ended = platinfra("models")
    assert ended.code == 1
    assert "error[registry-failed]: the registry `mlflow` at http://127.0.0.1:" in ended.err
    assert told in ended.err


def test_the_registry_of_others_is_asked_with_its_credentials(
    double: Double, tmp_path: Path, platinfra: Command
) -> None:
    theirs = component("existing-mlflow", double.url, "model_registry", at=double.url)
    log = bring_up(tmp_path, mlflow=theirs, fastapi=server(double))
    CredentialFile(log.path.parent / "credentials.json").keep("mlflow", "token", "t0k3n")
    assert platinfra("models", "promote", "wine", "--yes").code == 0
    assert set(double.logins) == {"Bearer t0k3n"}
    assert b"t0k3n" not in log.path.read_bytes()


def test_a_stack_without_such_a_registry_is_told_what_works(double: Double, tmp_path: Path, platinfra: Command) -> None:
    bring_up(tmp_path, bentoml=component("bentoml", double.url, "model_registry", "model_serving"))
    ended = platinfra("models")
    assert (ended.code, "error[no-model-registry]" in ended.err) == (2, True)
    assert "model_registry: [mlflow]" in ended.err


def test_of_several_registries_one_has_to_be_named(double: Double, tmp_path: Path, platinfra: Command) -> None:
    both = {name: component("mlflow", double.url, "model_registry") for name in ("mlflow", "other")}
    bring_up(tmp_path, **both, fastapi=server(double, "other"))
    ended = platinfra("models")
    assert (ended.code, "error[several-registries]" in ended.err) == (2, True)
    for words in (["--registry", "other", "promote", "wine"], ["promote", "wine", "--registry", "mlflow"]):
        double.aliases["wine"]["champion"] = "1"
        ended = platinfra("models", *words, "--yes")
        assert ("fastapi answers with it" in ended.err) == ("other" in words)


def test_the_stage_chooses_among_registries(double: Double, tmp_path: Path, platinfra: Command) -> None:
    tracker = component("mlflow", "http://127.0.0.1:1", "experiment_tracker")
    bring_up(tmp_path, mlflow=tracker, other=component("mlflow", double.url, "model_registry"))
    assert platinfra("models").code == 0


def test_models_need_a_running_stack_on_a_machine(tmp_path: Path, platinfra: Command) -> None:
    (tmp_path / "platinfra.yaml").write_text("name: demo\nstack:\n  model_registry: [mlflow]\n")
    assert "error[not-up]" in platinfra("models").err
    (tmp_path / "platinfra.yaml").write_text(
        "name: demo\nprovider: {name: kubernetes}\nstack:\n  model_registry: [mlflow]\n"
    )
    for words in (["models"], ["models", "promote", "wine"], ["audit"], ["audit", "verify"], ["down", "--why", "over"]):
        ended = platinfra(*words)
        assert (ended.code, "error[target-not-available]" in ended.err) == (2, True), words


def test_the_audit_log_is_shown_newest_first_on_one_line_each(log: AuditLog, platinfra: Command) -> None:
    assert platinfra("audit").code == 0
    for number in range(3):
        log.append(Act("up", "demo", f"line {number}\nnext\x1b[31m"), {"changes": {"create": ["a", "b"]}})
    ended = platinfra("audit", "--limit", "2")
    head, *rows = ended.out.splitlines()
    assert head.split()[:2] == ["time", "(UTC)"]
    assert [row[0] for row in rows] == ["3", "2"]
    assert "line 2 next [31m" in rows[0]
    assert rows[0].endswith("changes: create: a, b")
    shown = json.loads(platinfra("audit", "--json", "--limit", "1").out)["entries"]
    assert [(each["seq"], each["why"]) for each in shown] == [(3, "line 2\nnext\x1b[31m")]


def test_a_log_that_was_altered_is_shown_and_told(log: AuditLog, platinfra: Command) -> None:
    for why in ("one", "two", "three"):
        log.append(Act("up", "demo", why), None)
    assert platinfra("audit", "verify").err == "3 entries, unbroken\n"
    log.path.write_bytes(log.path.read_bytes().replace(b"two", b"2wo"))
    for words in (["audit", "verify"], ["audit"]):
        ended = platinfra(*words)
        assert ended.code == 2
        assert "error[audit-broken]: line 2 of the audit log was changed" in ended.err
        assert "audit.jsonl:2:1" in ended.err
    assert "three" in ended.out


def test_the_options_of_a_command_hold_for_what_stands_behind_it(tmp_path: Path, platinfra: Command) -> None:
    AuditLog(tmp_path / ".platinfra" / "staging").append(Act("up", "demo"), None)
    for words in (["--env", "staging", "verify"], ["verify", "--env", "staging"]):
        assert platinfra("audit", *words).err == "1 entry, unbroken\n"
    assert platinfra("audit", "verify").err == "0 entries, unbroken\n"
