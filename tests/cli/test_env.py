"""`platinfra env` as shells, .env readers and editors take it."""

import json
import os
import shlex
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from dotenv import dotenv_values
from tests.conftest import Command

from platinfra.app import variables
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.git import would_commit

VALUES = {
    "PLAIN": "http://127.0.0.1:5000",
    "EMPTY": "",
    "SPACES": "two words # and no comment",
    "QUERY": "postgresql://me:a%2Fb@127.0.0.1:1/db?sslmode=require&x=$y",
    "JSON": '{"auto_remove": true}',
    "QUOTE": "it's here",
    "UMLAUT": "Größe",
}


class Client:
    """A target whose stack is up."""

    def environment(self, _: object) -> dict[str, str]:
        return {"TOOL_URL": "http://127.0.0.1:1", "TOOL_TOKEN": "hidden away"}

    def command_environment(self, _: object) -> dict[str, str]:
        return {"PATH": str(Path(sys.executable).parent)}


@pytest.fixture(autouse=True)
def up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platinfra.cli.commands.env_command.brought_up", lambda *_: (None, Client()))


@pytest.fixture
def project(tmp_path: Path, platinfra: Command) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def test_the_shell_reads_its_form() -> None:
    script = variables.text("shell", VALUES, "") + "env -0"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    found = dict(each.split("=", 1) for each in done.stdout.split("\0") if each)
    assert {key: found[key] for key in VALUES} == VALUES


def test_python_dotenv_reads_its_form() -> None:
    assert dict(dotenv_values(stream=StringIO(variables.text("dotenv", VALUES, "")))) == VALUES


@pytest.mark.parametrize("value", ["two\nlines", "C:\\new", "${HOME}", 'it\'s "both"', "it's $HOME"])
def test_a_value_that_readers_take_in_different_ways_is_refused(value: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        variables.text("dotenv", {"TOOL_URL": value}, "")
    (problem,) = raised.value.diagnostics
    assert problem.code == "not-for-dotenv"
    assert "`TOOL_URL`" in problem.message
    assert value not in f"{problem.message}{problem.hint}"


@pytest.mark.parametrize(("system", "name"), [("linux", "linux"), ("darwin", "osx")])
def test_vs_code_gets_settings_of_terminals_and_the_interpreter(
    system: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(sys.executable).parent
    monkeypatch.setattr(sys, "platform", system)
    found = json.loads(variables.text("vscode", VALUES, str(folder)))
    assert found == {"python.defaultInterpreterPath": str(folder / "python"), f"terminal.integrated.env.{name}": VALUES}


def test_pycharm_gets_a_template_of_run_configurations() -> None:
    top = ET.fromstring(variables.text("pycharm", VALUES, ""))
    template = top.find("configuration")
    assert template is not None
    assert (top.tag, top.get("name")) == ("component", "ProjectRunConfigurationManager")
    assert (template.get("default"), template.get("type")) == ("true", "PythonConfigurationType")
    assert {each.get("name"): each.get("value") for each in template.iter("env")} == VALUES


def test_without_a_format_commands_are_printed_and_json_is_as_ever(platinfra: Command) -> None:
    assert (
        platinfra("env").out == f"export TOOL_URL=http://127.0.0.1:1\nexport TOOL_TOKEN={shlex.quote('hidden away')}\n"
    )
    assert json.loads(platinfra("env", "--json").out) == Client().environment(None)


def test_a_file_is_for_its_owner_alone_and_replaced_only_when_asked(project: Path, platinfra: Command) -> None:
    (project / ".gitignore").write_text(".env\n")
    file = project / ".env"
    assert platinfra("env", "--format", "dotenv", "--output", ".env").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dict(dotenv_values(file)) == Client().environment(None)
    file.write_text("MINE=1\n")
    refused = platinfra("env", "--format", "dotenv", "--output", ".env")
    assert (refused.code, "error[file-exists]" in refused.err) == (2, True)
    assert file.read_text() == "MINE=1\n"
    assert platinfra("env", "--format", "dotenv", "--output", ".env", "--force").code == 0
    assert "MINE" not in file.read_text()


def test_no_file_that_git_would_take_is_written(project: Path, platinfra: Command) -> None:
    ended = platinfra("env", "--format", "vscode", "--output", ".vscode/settings.json")
    assert (ended.code, "error[secrets-in-git]" in ended.err) == (2, True)
    assert not (project / ".vscode").exists()


def test_a_file_that_is_committed_is_one_that_git_would_take_though_a_pattern_ignores_it(project: Path) -> None:
    (project / ".env").write_text("")
    subprocess.run(["git", "-C", str(project), "add", "--force", ".env"], check=True)
    (project / ".gitignore").write_text(".env\nother.env\n")
    assert would_commit(project / ".env")
    assert not would_commit(project / "other.env")


def test_outside_of_a_working_tree_any_file_may_be_written(tmp_path: Path) -> None:
    assert not would_commit(tmp_path / "deep" / ".env")


def test_without_git_a_folder_of_git_is_enough_to_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert not would_commit(tmp_path / ".env")
    (tmp_path / ".git").mkdir()
    assert would_commit(tmp_path / ".env")
