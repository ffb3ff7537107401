"""What `platinfra check` makes of the end of a script."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from platinfra.cli.commands.check_command import _print
from platinfra.targets.answers import Proof
from platinfra.targets.local.verbs import check, machine


def proof_of(code: int, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proof:
    """Prove a component whose script ends so."""
    component: Any = SimpleNamespace(
        client_env={}, requirements=None, checked_by_client=False, packages=(), folder=str(tmp_path), check="check.py"
    )
    layout = SimpleNamespace(log=lambda *_: tmp_path / "log")
    stack: Any = SimpleNamespace(
        components={"gateway": component}, layout=layout, workspace=None, client_env=dict[str, str]
    )
    monkeypatch.setattr(machine, "secrets", lambda _: None)
    monkeypatch.setattr(machine, "passed_environment", lambda **_: {})
    monkeypatch.setattr(machine, "reaches_aws", lambda *_: False)
    monkeypatch.setattr(check.Catalog, "beside", lambda _: None)
    stack.workspace = SimpleNamespace(folder=tmp_path)
    ended = SimpleNamespace(run=lambda *_, **__: (code, output))
    monkeypatch.setattr(machine, "processes", lambda _: ended)
    component.tool = "gateway"
    checker = check._Checker(stack, tmp_path, lambda _: None)
    return checker.component("gateway")


@pytest.mark.parametrize(
    ("code", "ok", "proved", "mark"),
    [(0, True, True, "✓"), (check.NOTHING_YET, True, False, "-"), (1, False, False, "✗")],
)
def test_nothing_is_called_proved_where_there_was_nothing_to_prove_it_with(
    code: int,
    ok: bool,
    proved: bool,
    mark: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = proof_of(code, "warming up\nno model yet\n", tmp_path, monkeypatch)
    assert (found.ok, found.proved, found.detail) == (ok, proved, "" if code == 0 else "no model yet")
    _print(found)
    assert capsys.readouterr().out.startswith(f"{mark} gateway")
