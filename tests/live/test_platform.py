"""The real thing: MLflow and Postgres, with a second consumer beside MLflow."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .stack import CATALOG, Ended, Stack, environment, eventually, kill

pytestmark = [pytest.mark.live]


class Platform(Stack):
    """MLflow and Postgres, and what was said while they came up."""

    said_by_commands: list[Ended]

    def check(self, verb: str, marker: str) -> int:
        """Write a marker into MLflow through its client, or find it."""
        command = [str(environment("mlflow") / "bin" / "python"), str(CATALOG / "mlflow" / "check.py"), verb, marker]
        uri = f"http://127.0.0.1:{self.port('mlflow')}"
        env = {**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False, cwd=self.folder)
        return done.returncode

    def runs(self) -> str | None:
        """Return what MLflow answers when asked for its experiments; None when it does not."""
        url = f"http://127.0.0.1:{self.port('mlflow')}/api/2.0/mlflow/experiments/search?max_results=100"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def asked(self, path: str) -> dict[str, Any]:
        """Return what MLflow answers below its REST API."""
        url = f"http://127.0.0.1:{self.port('mlflow')}/api/2.0/mlflow/{path}"
        with urllib.request.urlopen(url, timeout=15) as answer:
            return dict(json.load(answer))

    def aliases(self) -> list[dict[str, str]]:
        """Return the aliases of the model that the check registers."""
        return list(self.asked("registered-models/get?name=platinfra-check")["registered_model"].get("aliases", []))

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the webhooks that MLflow knows."""
        return list(self.asked("webhooks").get("webhooks", []))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return the running stack; every test leaves it healthy."""
    made = Platform(tmp_path_factory.mktemp("platform") / "a stack")
    made.catalog("mlflow").echo("echo", database=True, secret=True).write(mlflow={}, echo={})
    tools = {"experiment_tracker": ["mlflow"], "notebook": ["echo"]}
    made.file.write_text(json.dumps({"name": "live", "provider": {"name": "local"}, "stack": tools}))
    try:
        made.said_by_commands = [made.run("plan"), made.run("plan", "--json"), made.run("up", "--json")]
        assert made.said_by_commands[-1].code == 0, made.said_by_commands[-1].text
        yield made
    finally:
        made.end()


def test_no_secret_is_shown_anywhere(platform: Platform) -> None:
    commands = (["up"], ["status"], ["status", "--json"], ["plan", "--json"], ["permissions"], ["graph"], ["logs"])
    said = [*platform.said_by_commands, *(platform.run(*each) for each in commands)]
    secrets = [value for each in platform.read("secrets.json").values() for value in each.values()]
    assert len(secrets) >= 4
    arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in platform.marks())
    logs = b"".join(each.read_bytes() for each in (platform.root / "logs").iterdir())
    state = b"".join(each.read_bytes() for each in platform.root.glob("state.json*"))
    shown = {
        "arguments": arguments,
        "logs": logs,
        "state": state,
        "words": "".join(each.text for each in said).encode(),
    }
    assert all(shown.values())
    assert not [place for place, text in shown.items() for secret in secrets if secret.encode() in text]


def test_only_the_owner_can_read_what_the_stack_keeps(platform: Platform) -> None:
    kept = [platform.folder / ".platinfra", platform.root, *platform.root.rglob("*")]
    own = [each for each in kept if not {"data", "home", "work"} & set(each.parent.parts) and not each.is_symlink()]
    modes = {str(each): oct(each.stat().st_mode & 0o777) for each in own if not each.is_socket()}
    expected = {str(each): oct(0o700 if each.is_dir() else 0o600) for each in own}
    assert {
        name: mode for name, mode in modes.items() if mode != expected[name] and not name.endswith(".gitignore")
    } == {}
    assert str(platform.root / "secrets.json") in modes


@pytest.mark.parametrize("consumer", ["mlflow", "echo"])
def test_a_consumer_opens_its_own_database_and_no_other(platform: Platform, consumer: str) -> None:
    own = platform.psql(consumer, consumer, "CREATE TABLE IF NOT EXISTS mine (a int); SELECT 42")
    assert own.returncode == 0, own.stderr
    for other in {"mlflow", "echo", "postgres", "template1"} - {consumer}:
        refused = platform.psql(consumer, other, "SELECT 42")
        assert refused.returncode != 0
        assert f'permission denied for database "{other}"' in refused.stderr
    for statement in ("CREATE ROLE intruder", "CREATE DATABASE intruder", "ALTER ROLE postgres PASSWORD 'x'"):
        assert platform.psql(consumer, consumer, statement).returncode != 0
    assert platform.psql("postgres", "postgres", "SELECT 42").returncode != 0


def test_the_check_hears_of_an_alias_and_loads_the_model_by_it(platform: Platform) -> None:
    ended = platform.run("check", "mlflow")
    assert ended.code == 0, ended.text
    assert platform.aliases()
    assert platform.webhooks() == []


def test_the_check_fails_where_mlflow_tells_nobody(platform: Platform) -> None:
    script = platform.folder / "tools" / "mlflow" / "check.py"
    works = script.read_text()
    try:
        script.write_text(works.replace('"model_version_alias.created"', '"model_version_alias.deleted"'))
        ended = platform.run("check", "mlflow")
    finally:
        script.write_text(works)
    assert ended.code == 1
    assert "alerting: no message of the alias arrived" in ended.text
    assert platform.webhooks() == []


def test_the_check_fails_where_a_login_opens_the_database_of_another(platform: Platform) -> None:
    assert platform.psql("echo", "echo", "GRANT CONNECT ON DATABASE echo TO mlflow").returncode == 0
    try:
        ended = platform.run("check", "mlflow")
    finally:
        assert platform.psql("echo", "echo", "REVOKE CONNECT ON DATABASE echo FROM mlflow").returncode == 0
    assert ended.code == 1
    assert "this login opens the database of another: echo" in ended.text


@pytest.mark.slow
def test_runs_are_found_again_after_mlflow_was_killed(platform: Platform) -> None:
    assert platform.check("write", "before-mlflow") == 0
    platform.crash("mlflow.server")
    eventually(platform.runs, 60)
    assert platform.check("find", "before-mlflow") == 0
    platform.assert_healthy()


def test_mlflow_works_again_by_itself_after_postgres_was_killed(platform: Platform) -> None:
    assert platform.check("write", "before-postgres") == 0
    before = platform.pids()
    platform.crash("postgres.server")
    eventually(lambda: platform.psql("mlflow", "mlflow", "SELECT 42").returncode == 0)
    eventually(platform.runs)
    assert platform.check("find", "before-postgres") == 0
    assert platform.check("write", "after-postgres") == 0
    assert platform.pids()["mlflow.server"] == before["mlflow.server"]
    platform.assert_healthy()


@pytest.mark.slow
def test_mlflow_works_without_its_supervisor_and_keeps_its_port_without_a_note(platform: Platform) -> None:
    ports = platform.ports()
    kill(platform.supervisor())
    assert platform.check("write", "without-supervisor") == 0
    platform.up()
    (platform.root / "ports.json").unlink()
    before = platform.pids()
    platform.up()
    assert platform.ports() == ports
    assert platform.pids() == before
    assert platform.check("find", "without-supervisor") == 0


PURGED = """
import mlflow, sys
from pathlib import Path
mlflow.set_experiment("purge")
with mlflow.start_run() as run:
    mlflow.log_text("x" * 1000, "big.txt")
mlflow.delete_run(run.info.run_id)
print(run.info.run_id)
"""


@pytest.mark.finding("F6")
def test_a_tool_s_own_maintenance_runs_with_the_environment_of_its_server(platform: Platform) -> None:
    python = str(environment("mlflow") / "bin" / "python")
    logged = platform.run("run", "--", python, "-c", PURGED)
    assert logged.code == 0, logged.text
    identifier = logged.out.split()[-1]
    stored = [each for each in platform.root.rglob("big.txt") if identifier in str(each)]
    assert len(stored) == 1
    alone = platform.command("run", "--", "mlflow", "gc")
    assert "only be used with a backend that allows hard-deleting" in alone.communicate(timeout=60)[1]
    purged = platform.run("run", "--as", "mlflow", "--", "mlflow", "gc")
    assert purged.code == 0, purged.text
    assert not stored[0].exists()
    script = f"import mlflow; mlflow.MlflowClient().get_run('{identifier}')"
    gone = platform.command("run", "--", python, "-c", script)
    assert "not found" in gone.communicate(timeout=60)[1]
    psql = platform.run("run", "--as", "postgres", "--", "sh", "-c", "command -v pg_dump && echo $PLATINFRA_MARK")
    assert psql.out.strip().endswith("/bin/pg_dump")
    for component, code in (("directory", "no-server"), ("mlflwo", "unknown-component")):
        refused = platform.run("run", "--as", component, "--", "true")
        assert refused.code == 2
        assert f"error[{code}]" in refused.err
