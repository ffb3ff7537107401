"""The audit log keeps each entry, and whatever is done to its lines afterwards is found."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.drivers import audit_log
from platinfra.drivers.audit_log import AuditLog, user
from platinfra.model.audit import NO_HASH, Act, AuditEntry

COUNT = 4
WRITER = (
    "import sys\nfrom pathlib import Path\n"
    "from platinfra.drivers.audit_log import AuditLog\nfrom platinfra.model.audit import Act\n"
    "for number in range(int(sys.argv[2])):\n"
    "    AuditLog(Path(sys.argv[1])).append(Act('up', sys.argv[3], before=number), None)\n"
)


def written(folder: Path, count: int = COUNT) -> AuditLog:
    """Return a log of some entries."""
    log = AuditLog(folder)
    for number in range(count):
        log.append(
            Act("up", "demo", f"reason {number}", {"components": []}), {"changes": {"create": [f"tool{number}"]}}
        )
    return log


@contextmanager
def a_log() -> Iterator[tuple[AuditLog, bytes]]:
    """Yield a log with its content; hypothesis runs each example in the same test, so the folder is its own."""
    with TemporaryDirectory() as folder:
        log = written(Path(folder))
        yield log, log.path.read_bytes()


def broken_line(log: AuditLog) -> int:
    """Return the line that is named as the first wrong one."""
    found = log.find_break()
    assert found is not None
    return found.line


def test_entries_are_chained_from_zeros_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    log = written(tmp_path / "state", 2)
    first, second = log.entries()
    assert (first.seq, first.previous, second.seq, second.previous) == (1, NO_HASH, 2, first.hash)
    assert first.who == f"{user()}, platinfra up"
    assert first.time.endswith("Z")
    assert (first.action, first.object, first.why) == ("up", "demo", "reason 0")
    assert first.after == {"changes": {"create": ["tool0"]}}
    assert {each.stat().st_mode & 0o777 for each in log.path.parent.iterdir()} == {0o600}
    assert list(json.loads(log.path.read_bytes().splitlines()[0])) == sorted(AuditEntry.__dataclass_fields__)


def test_a_log_that_nobody_touched_is_whole(tmp_path: Path) -> None:
    assert AuditLog(tmp_path / "never").find_break() is None
    assert not (tmp_path / "never").exists()
    assert AuditLog(tmp_path).find_break() is None
    assert written(tmp_path).find_break() is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_other_byte_anywhere_is_found_in_its_line(data: st.DataObject) -> None:
    with a_log() as (log, content):
        place = data.draw(st.integers(0, len(content) - 1))
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
        log.path.write_bytes(content[:place] + bytes([other]) + content[place + 1 :])
        assert broken_line(log) == content[:place].count(b"\n") + 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"action"', b'{ "action"'),
        (rb"gr\u00f6\u00dfer", rb"gr\u00F6\u00dfer"),
        (rb"gr\u00f6\u00dfer", "größer".encode()),
        (b'"seq":2,', b'"seq":2,"seq":2,'),
        (b'"seq":2,', b'"seq":2.0,'),
        (b"}\n", b"}\r\n"),
    ],
)
def test_a_line_that_says_the_same_in_other_bytes_is_found(tmp_path: Path, before: bytes, after: bytes) -> None:
    log = written(tmp_path, 1)
    log.append(Act("up", "demo", "größer"), None)
    first, second = log.path.read_bytes().splitlines(keepends=True)
    assert before in second
    log.path.write_bytes(first + second.replace(before, after))
    assert broken_line(log) == 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_line_that_was_removed_is_found_where_it_was(data: st.DataObject) -> None:
    with a_log() as (log, content):
        lines = content.splitlines(keepends=True)
        number = data.draw(st.integers(1, COUNT))
        log.path.write_bytes(b"".join(lines[: number - 1] + lines[number:]))
        assert broken_line(log) == number


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(COUNT)).filter(lambda order: order != list(range(COUNT))))
def test_lines_in_another_order_are_found_at_the_first_of_them(order: list[int]) -> None:
    with a_log() as (log, content):
        lines = content.splitlines(keepends=True)
        log.path.write_bytes(b"".join(lines[each] for each in order))
        first = next(number for number, each in enumerate(order) if number != each)
        assert broken_line(log) == first + 1


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_log_that_was_cut_off_anywhere_is_found_and_stays_found(data: st.DataObject) -> None:
    with a_log() as (log, content):
        size = data.draw(st.integers(0, len(content) - 1))
        log.path.write_bytes(content[:size])
        line = content[:size].count(b"\n") + 1
        assert broken_line(log) == line
        log.append(Act("down", "demo"), None)
        assert broken_line(log) == line


@settings(max_examples=60, deadline=None)
@given(st.integers(1, COUNT), st.integers(0, COUNT))
def test_a_line_that_was_repeated_is_found(number: int, place: int) -> None:
    with a_log() as (log, content):
        lines = content.splitlines(keepends=True)
        log.path.write_bytes(b"".join([*lines[:place], lines[number - 1], *lines[place:]]))
        assert log.find_break() is not None


def forge(line: bytes) -> AuditEntry:
    """Return the entry of a line with other words, as whole as platinfra itself would write it."""
    return AuditEntry(**{**json.loads(line), "why": "because"}).seal()


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_a_line_with_a_hash_of_its_own_making_is_found(tmp_path: Path, number: int) -> None:
    log = written(tmp_path)
    lines = log.path.read_bytes().splitlines()
    lines[number - 1] = forge(lines[number - 1]).line()
    log.path.write_bytes(b"\n".join(lines) + b"\n")
    assert broken_line(log) == number


def test_a_log_that_was_written_anew_from_some_line_on_is_found(tmp_path: Path) -> None:
    log = written(tmp_path)
    lines = log.path.read_bytes().splitlines()
    for number in range(1, COUNT):
        before = json.loads(lines[number - 1])["hash"]
        lines[number] = forge(json.dumps({**json.loads(lines[number]), "previous": before}).encode()).line()
    log.path.write_bytes(b"\n".join(lines) + b"\n")
    assert broken_line(log) == COUNT


def test_lines_that_others_added_are_found(tmp_path: Path) -> None:
    log, other = written(tmp_path, 1), None
    note = (tmp_path / "audit-last.json").read_text()
    for _ in range(2):
        other = log.append(Act("up", "demo"), None)
    (tmp_path / "audit-last.json").write_text(note)
    assert other is not None
    assert broken_line(log) == 3


@pytest.mark.parametrize("damage", ["", "{", '{"seq": 9}', None])
def test_a_lost_note_of_the_last_entry_is_found_and_the_next_entry_says_so(tmp_path: Path, damage: str | None) -> None:
    log, note = written(tmp_path, 2), tmp_path / "audit-last.json"
    note.unlink() if damage is None else note.write_text(damage)
    assert broken_line(log) == 3
    log.append(Act("down", "demo"), None)
    assert [(each.action, each.object) for each in log.entries()[2:]] == [("audit", note.name), ("down", "demo")]
    assert log.find_break() is None


def test_a_log_that_was_removed_is_found(tmp_path: Path) -> None:
    log = written(tmp_path)
    log.path.unlink()
    assert broken_line(log) == 1
    (tmp_path / "audit-last.json").write_text("{")
    assert broken_line(log) == 1


@pytest.mark.parametrize("half", [b"x", b'{"after":null', b"\x00" * 9000])
def test_a_half_line_of_a_crash_is_cut_at_the_next_entry(tmp_path: Path, half: bytes) -> None:
    log = written(tmp_path, 2)
    with log.path.open("ab") as file:
        file.write(half)
    assert log.find_break() is None
    log.append(Act("down", "demo"), None)
    assert [each.action for each in log.entries()] == ["up", "up", "down"]
    assert log.find_break() is None


def test_a_crash_before_an_entry_was_noted_loses_nothing(tmp_path: Path) -> None:
    log, note = written(tmp_path, 2), tmp_path / "audit-last.json"
    for _ in range(3):
        log.append(Act("down", "demo"), None)
        note.write_text(json.dumps(log.entries()[-2].link._asdict()))  # the crash came after the line, before its note
        assert log.find_break() is None
    assert [each.seq for each in log.entries()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("first", ["write", "fsync", "note"])
def test_what_cannot_be_written_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    log = written(tmp_path, 2)
    content = log.path.read_bytes()
    with monkeypatch.context() as patch:
        if first == "note":
            patch.setattr(audit_log.LocalFiles, "write", full)
        else:
            real = os.write
            patch.setattr(
                os, first, lambda *told: real(told[0], told[1][:9]) and full() if first == "write" else full()
            )
        with pytest.raises(ActionError, match="disk-full"):
            log.append(Act("down", "demo"), None)
    assert log.path.read_bytes() == content
    assert log.find_break() is None
    assert log.append(Act("down", "demo"), None).seq == 3


def full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_several_processes_write_at_the_same_time(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "15", name], env=env) for name in ("a", "b", "c")
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    log = AuditLog(tmp_path)
    assert log.find_break() is None
    for name in ("a", "b", "c"):
        assert [each.before for each in log.entries() if each.object == name] == list(range(15))


def test_what_fails_is_written_down_without_the_lines_of_logs(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    with pytest.raises(ActionError):
        fail_to_restart(log)
    with pytest.raises(KeyboardInterrupt), log.watch(Act("restart", "a")):
        raise KeyboardInterrupt
    first, second = log.entries()
    assert first.after == {"restarted": ["a.server"], "failed": ["not-ready: `a` is failed"]}
    assert second.after == {"failed": ["interrupted"]}
    assert b"abc" not in log.path.read_bytes()


def fail_to_restart(log: AuditLog) -> None:
    with log.watch(Act("restart", "a")) as after:
        after["restarted"] = ["a.server"]
        raise ActionError(Diagnostic("not-ready", "`a` is failed", details=("password=abc",)))


def test_words_of_any_kind_are_kept_and_long_ones_cut(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(Act("up", "demo", 'größer "schneller"\n\udcff\x1b[31m'), None)
    log.append(Act("up", "demo", "x" * 100_000), None)
    first, second = log.entries()
    assert first.why == 'größer "schneller"\n?\x1b[31m'
    assert len(second.why) == 2000
    assert log.find_break() is None


def test_a_log_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ActionError, match="file-failed"):
        AuditLog(tmp_path).append(Act("up", "demo"), None)
    assert not (tmp_path / "elsewhere").exists()


def test_who_is_asked_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    assert AuditLog(tmp_path).append(Act("up", "demo"), None).who != "somebody-else, platinfra up"
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert user() == "user 4000000"
