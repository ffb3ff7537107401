"""How plans are carried out."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.worlds import Fakes

from platinfra.diagnostics import ActionError, Diagnostic
from platinfra.engine import apply as engine
from platinfra.engine.apply import Run, apply
from platinfra.engine.journal import Journal
from platinfra.model.event import Event
from platinfra.model.plan import Plan, Progress, Seen
from platinfra.model.ports import World
from platinfra.model.record import Record


@dataclass(frozen=True)
class Note:
    """An action that notes when it was applied."""

    key: str
    log: list[str]
    after: tuple[str, ...] = ()
    phase: str = "preparing"
    component: str = "c"
    kind: str = "note"
    summary: str = "note"
    digest: str = "1"
    fails: bool = False
    seconds: float = 0.0
    follows: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, seen: Seen) -> bool:
        return True

    def apply(self, world: World, progress: Progress) -> None:
        self.log.append(self.key)
        time.sleep(self.seconds)
        if self.fails:
            raise ActionError(Diagnostic("broken", f"{self.key} broke"))
        self.log.append(f"/{self.key}")


@dataclass
class Bench:
    saved: list[Record] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    record: Record = field(default_factory=Record)

    def up(self, *actions: Note) -> Run:
        plan = Plan(tuple(actions), self.record)
        run = Run(
            Fakes().world,
            Journal(self.record, self.saved.append),
            self.events.append,
            lambda kind, record, world: self.undone.append(kind),
        )
        try:
            apply(plan, plan.changes(self.record, None), run)
        finally:
            self.record = run.journal.record
        return run


def test_an_action_waits_for_those_before_it() -> None:
    log: list[str] = []
    Bench().up(Note("a", log, seconds=0.05), Note("b", log, after=("a",)))
    assert log == ["a", "/a", "b", "/b"]


def test_independent_actions_run_at_the_same_time() -> None:
    log: list[str] = []
    Bench().up(Note("a", log, seconds=0.2), Note("b", log, seconds=0.2))
    assert sorted(log[:2]) == ["a", "b"]


def test_what_was_applied_is_not_applied_again() -> None:
    bench, log = Bench(), []
    bench.up(Note("a", log))
    bench.up(Note("a", log))
    assert log == ["a", "/a"]


def test_a_changed_action_is_applied_again() -> None:
    bench, log = Bench(), []
    bench.up(Note("a", log))
    bench.up(Note("a", log, digest="2"))
    assert log.count("a") == 2


def test_what_left_the_plan_is_undone_in_reverse_order() -> None:
    bench, log = Bench(), []
    bench.up(Note("a", log, kind="first"), Note("b", log, after=("a",), kind="second"))
    bench.up()
    assert bench.undone == ["second", "first"]
    assert bench.record.applied == {}


@pytest.mark.finding("K16")
def test_a_removal_that_fails_is_told_and_keeps_nothing_from_coming_up() -> None:
    bench, log = Bench(), []
    bench.up(Note("old", log, kind="provider"), Note("older", log, kind="stuck", after=("old",)))

    def undo(kind: str, *_: Any) -> None:
        bench.undone.append(kind)
        raise ActionError(Diagnostic("deletion-stuck", "it is held"))

    plan = Plan((Note("new", log),), bench.record)
    run = Run(Fakes().world, Journal(bench.record, bench.saved.append), bench.events.append, undo)
    with pytest.raises(ActionError, match="deletion-stuck"):
        apply(plan, plan.changes(bench.record, None), run)
    assert bench.undone == ["stuck"]  # what was there before it may still be needed
    assert "/new" in log
    assert run.journal.record.applied.keys() == {"old", "older", "new"}


def test_a_failure_leaves_alone_what_does_not_depend_on_it() -> None:
    bench, log = Bench(), []
    with pytest.raises(ActionError, match="a broke"):
        bench.up(Note("a", log, fails=True), Note("b", log, after=("a",)), Note("c", log))
    assert "/c" in log
    assert "b" not in log


def test_a_failed_action_is_tried_again_and_nothing_else_is() -> None:
    bench, log = Bench(), []
    with pytest.raises(ActionError):
        bench.up(Note("a", log, fails=True), Note("c", log))
    assert bench.record.applied["a"].pending
    bench.up(Note("a", log), Note("c", log))
    assert log.count("a") == 2
    assert log.count("c") == 1
    assert not bench.record.applied["a"].pending


def test_an_action_is_written_down_before_it_is_begun() -> None:
    bench = Bench()
    order: list[str] = []

    class Telling(Note):
        def apply(self, world: World, progress: Progress) -> None:
            order.append(f"applied after {len(bench.saved)} saves")

    bench.up(Telling("a", []))
    assert order == ["applied after 2 saves"]  # of the stack, and of the action
    assert [each.applied["a"].pending for each in bench.saved[1:]] == [True, False]


def test_every_failure_is_told() -> None:
    with pytest.raises(ActionError) as caught:
        Bench().up(Note("a", [], fails=True), Note("b", [], fails=True))
    assert len(caught.value.diagnostics) == 2


def test_starts_are_limited_to_the_cores_and_long_chains_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cores", lambda: 1)
    log: list[str] = []
    lone = [Note(f"lone{number}", log, phase="starting", seconds=0.05) for number in range(2)]
    Bench().up(
        *lone,
        Note("first", log, phase="starting", seconds=0.05),
        Note("second", log, after=("first",), phase="starting", seconds=0.05),
    )
    assert log[0] == "first"
    assert all(log[index + 1] == f"/{log[index]}" for index in range(0, len(log), 2))


def test_a_core_is_left_for_the_longest_chain_while_its_start_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cores", lambda: 2)
    log: list[str] = []
    Bench().up(
        *[Note(f"lone{number}", log, phase="starting", seconds=0.5) for number in range(2)],
        Note("command", log, seconds=0.05),
        Note("chain", log, after=("command",), phase="starting"),
        Note("end", log, after=("chain",), phase="starting"),
    )
    assert log.index("chain") < log.index("lone1")


def test_a_start_that_takes_long_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cores", lambda: 1)
    monkeypatch.setattr(engine, "_PATIENCE", 0.2)
    log: list[str] = []
    Bench().up(Note("slow", log, phase="starting", seconds=1.5), Note("quick", log, phase="starting"))
    assert log.index("/quick") < log.index("/slow")


def test_a_component_is_healthy_once_all_its_actions_are_done() -> None:
    bench = Bench()
    bench.up(Note("a", []), Note("b", [], after=("a",)))
    assert [each.phase for each in bench.events].count("healthy") == 1
    assert bench.events[-1].phase == "healthy"


def test_an_interrupt_stops_what_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    begun = threading.Event()

    class Interrupting(Note):
        def apply(self, world: World, progress: Progress) -> None:
            begun.set()
            time.sleep(0.2)
            assert progress.cancelled()

    def interrupted(*_: object, **__: object) -> None:
        begun.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Bench().up(Interrupting("a", log), Note("b", log, after=("a",)))
    assert "b" not in log


def test_what_hangs_on_an_unchanged_action_waits_for_what_that_hangs_on() -> None:
    bench, log = Bench(), []
    bench.up(Note("provider", log), Note("grant", log, after=("provider",)), Note("consumer", log, after=("grant",)))
    log.clear()
    changed = [Note("provider", log, digest="2", seconds=0.1), Note("grant", log, after=("provider",))]
    bench.up(*changed, Note("consumer", log, after=("grant",), digest="2"))
    assert log == ["provider", "/provider", "consumer", "/consumer"]
