"""A stack can be stopped whatever becomes of its audit log."""

from collections.abc import Callable
from pathlib import Path

import pytest

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers.audit_log import AuditLog
from platinfra.drivers.record_file import RecordFile
from platinfra.model.record import ActionRecord
from platinfra.model.workspace import Workspace
from platinfra.targets.answers import Talk
from platinfra.targets.local.record import LocalRecord
from platinfra.targets.local.verbs.down import down


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return the workspace of a stack whose record says that something runs."""
    made = Workspace(tmp_path / "platinfra.yaml")
    applied = {"start:a.b": ActionRecord("start", "a", "", {"process": "a.b"})}
    RecordFile(made.root, LocalRecord).save(LocalRecord("demo", "local", applied))
    return made


def refuse_with(code: str) -> Callable[..., None]:
    def append(*_: object) -> None:
        raise ActionError(Diagnostic(code, "it cannot be written"))

    return append


@pytest.mark.parametrize("code", ["disk-full", "audit-busy"])
def test_a_log_that_cannot_be_written_is_told_once_everything_is_stopped(
    code: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AuditLog, "append", refuse_with(code))
    if code == "disk-full":
        text = down(workspace, None, Talk(lambda _: None)).text
        assert text == "everything is stopped; no space is left on the disk to write that into the audit log"
    else:
        with pytest.raises(ActionError, match="audit-busy"):
            down(workspace, None, Talk(lambda _: None))
    assert RecordFile(workspace.root, LocalRecord).load().applied == {}


def test_a_failure_to_stop_is_not_taken_for_one_of_the_log(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platinfra.targets.local.verbs.down.remove", refuse_with("disk-full"))
    with pytest.raises(ActionError, match="disk-full"):
        down(workspace, None, Talk(lambda _: None))
    [entry] = AuditLog(workspace.root).entries()
    assert entry.after == {"failed": ["disk-full: it cannot be written"]}
