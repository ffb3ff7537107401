"""Programs that people install: found on PATH, refused with the command that installs them, and asked for by nobody else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from platinfra.app.stacks import checked_stack
from platinfra.catalog.machine import Needs
from platinfra.diagnostics import PlatinfraError
from platinfra.drivers import program_version
from platinfra.targets.local.facts import MachineFacts
from platinfra.targets.local.programs import find_program, problem
from tests.stacks import CATALOG, graph_of, machine_for

NEEDS = Needs.model_validate(
    {
        "programs": {"watch": {"names": ["debian-watch", "watch-it"], "version": "-V", "bound": ">=2.4,<4"}},
        "install": {"linux": "apt-get install debian-watch", "darwin": "brew install watch-it"},
    }
)


def program(folder: Path, name: str, says: str = "") -> Path:
    """Make a program that prints something when it is asked with `-V`."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n[ \"$1\" = -V ] && echo '{says}' >&2\n")
    path.chmod(0o755)
    return path


def said(system: str = "linux") -> str | None:
    found = problem("watcher", NEEDS, system, program_version.read_version)
    return found and f"{found.code}: {found.message} ({found.hint})"


def test_a_program_of_either_name_and_a_version_within_the_bounds_is_all_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(tmp_path / "bin", "watch-it", "watch-it, version 2.4.1+ds (branch: debian)")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    assert said() is None
    assert find_program(["debian-watch", "watch-it"], f"{tmp_path / 'bin'}") == str(path)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("watch 2.3.9", "watch 2.3.9 ({path}) where it needs >=2.4,<4"),
        ("watch 4.0", "watch 4.0 ({path}) where it needs >=2.4,<4"),
        ("no number", "a watch whose version cannot be read (`{path} -V`)"),
    ],
)
def test_another_version_is_refused_with_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, message: str
) -> None:
    path = program(tmp_path / "bin", "debian-watch", says)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    found = said()
    assert found
    assert found.startswith("missing-program: `watcher` runs with programs that you install, and this machine has ")
    assert message.format(path=path) in found


def test_what_is_missing_is_told_with_the_command_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    on_linux, on_macos = said("linux"), said("darwin")
    assert on_linux
    assert on_macos
    assert "no debian-watch or watch-it on PATH" in on_linux
    assert on_linux.endswith("(install them with Debian's packages: `apt-get install debian-watch`)")
    assert on_macos.endswith("(install them with Homebrew: `brew install watch-it`)")


def test_programs_without_a_command_that_installs_them_are_refused_in_a_tool() -> None:
    with pytest.raises(ValidationError, match="`install` has no command for linux"):
        Needs.model_validate({"programs": {"watch": {"names": ["watch"], "bound": ">=2"}}})
    with pytest.raises(ValidationError, match="no bound of versions"):
        Needs.model_validate({"programs": {"watch": {"names": ["watch"], "bound": "2"}}})


def test_a_program_that_packages_bring_on_linux_is_asked_for_on_macos_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    programs = {"envoy": {"names": ["envoy"], "bound": ">=1.30", "systems": ["darwin"]}}
    needs = Needs.model_validate({"programs": programs, "install": {"darwin": "brew install envoy"}})
    assert problem("gateway", needs, "linux", program_version.read_version) is None
    found = problem("gateway", needs, "darwin", program_version.read_version)
    assert found
    assert found.hint == "install them with Homebrew: `brew install envoy`"
    with pytest.raises(ValidationError, match="`install` has no command for darwin"):
        Needs.model_validate({"programs": programs})


def with_programs() -> Iterator[tuple[str, Needs]]:
    for each in CATALOG.tools():
        needs = each.run.local and each.run.local.needs
        if needs and any("linux" in program.systems for program in needs.programs.values()):
            yield each.name, needs


@pytest.mark.parametrize(("tool", "needs"), [*with_programs()])
def test_a_stack_with_such_a_tool_is_refused_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, needs: Needs
) -> None:
    file = tmp_path / "platinfra.yaml"
    file.write_text(f"name: one\nstack:\n  {next(iter(CATALOG.get(tool).provides))}: [{tool}]\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatinfraError) as caught:
        checked_stack(file, None)
    (found,) = caught.value.diagnostics
    assert found.code == "missing-program"
    assert found.span
    assert found.span.line == 3
    assert found.hint
    assert f"`{needs.install['linux']}`" in found.hint


def test_nothing_is_started_for_a_stack_without_such_a_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("a program was started")

    monkeypatch.setattr(program_version, "read_version", refuse)
    file = tmp_path / "platinfra.yaml"
    file.write_text("name: one\nstack:\n  experiment_tracker: [mlflow]\n")
    checked_stack(file, None)


def test_a_program_that_does_not_answer_has_no_version(tmp_path: Path) -> None:
    assert program_version.read_version(str(tmp_path / "none"), "--version") == ""


def test_a_program_is_named_by_its_path_and_wires_by_what_they_tell(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "prometheus")
    graph = graph_of("name: demo\nstack:\n  monitoring: [prometheus]\n  experiment_tracker: [mlflow]\n")
    machine = replace(machine_for(graph), path=str(tmp_path / "bin"))
    values, component = MachineFacts(graph, CATALOG, machine).values, graph.components["prometheus"]
    assert values.value("${programs.prometheus}", component) == str(path)
    assert values.value("${programs.alertmanager}", component) == "prometheus-alertmanager"  # refused before it is used
    port = machine.ports["mlflow.http"]
    (told,) = json.loads("".join(map(str, values.sure("${targets.wires}", component))))
    assert told == {
        "provider": "mlflow",
        "url": f"http://127.0.0.1:{port}",
        "host": "127.0.0.1",
        "port": port,
        "path": "/metrics",
    }
    alone = graph_of("name: demo\nstack:\n  monitoring: [prometheus]\n")
    values = MachineFacts(alone, CATALOG, machine_for(alone)).values
    assert values.sure("${targets.wires}", alone.components["prometheus"]) == ("[]",)
