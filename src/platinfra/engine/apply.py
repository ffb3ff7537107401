"""Carry out a plan: in parallel, in its order, resumable at every point."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError
from platinfra.engine.journal import Journal
from platinfra.model.event import Event, Phase
from platinfra.model.plan import Action, Change, Plan, Progress
from platinfra.model.ports import Interruptible

Emit = Callable[[Event], None]
Undo = Callable[[str, Mapping[str, Any], Any], None]
_WORKERS = 16
_PATIENCE = 10.0
"""Seconds after which a start no longer counts as one that keeps a core busy."""


@dataclass(slots=True)
class Run:
    """One command's work on a stack."""

    world: Interruptible
    journal: Journal[Any]
    emit: Emit
    undo: Undo
    began: float = field(default_factory=time.monotonic)
    cancel: threading.Event = field(default_factory=threading.Event)
    problems: list[Diagnostic] = field(default_factory=list)

    def say(self, component: str, phase: Phase, detail: str = "") -> None:
        """Emit one event with the seconds since the command began."""
        self.emit(Event(component, phase, detail, time.monotonic() - self.began))


def apply(plan: Plan[Any], changes: list[Change], run: Run) -> None:
    """Do what `changes` names; raise ActionError with every failure after all that could be done was done."""
    run.journal.replace(plan.record.continue_from)
    try:
        remove([each for each in changes if each.verb == "remove"], run)
    except PlatinfraError as error:
        # What comes before the one that failed may still be needed by it; all that is to be there does not wait for that.
        run.problems += error.diagnostics
        if run.cancel.is_set() or any(each.code == "interrupted" for each in error.diagnostics):
            raise
    todo = {each.key for each in changes if each.verb in {"create", "update", "repair"}}
    _Scheduler(plan, todo, run).work()
    if run.problems:
        raise ActionError(*run.problems)


def remove(changes: list[Change], run: Run) -> None:
    """Undo what is no longer planned, the last first."""
    applied = run.journal.record.applied
    for change in changes:
        each = applied[change.key]
        run.say(change.component, "stopping", change.summary)
        run.undo(each.kind, each.record, run.world)
        run.journal.forget(change.key)


class _Scheduler:
    """
    Runs actions as soon as those before them are done, the longest chains first.

    Starting programs keeps a core busy each: more at a time than there are cores only delays those that others
    wait for. A start that takes long (it waits for something else, then) stops counting. One core is left for the
    longest chain, also while its next start still waits for a command: the whole takes as long as that chain.
    """

    def __init__(self, plan: Plan[Any], todo: set[str], run: Run) -> None:
        self.run = run
        self.chain = _chains(plan)
        longest_first = sorted(plan.actions, key=lambda action: self.chain[action.key], reverse=True)
        self.waiting = {action.key: action for action in longest_first if action.key in todo}
        self.left = Counter(action.component for action in plan.actions)
        self.done: set[str] = set()
        self.running: dict[Future[bool], Action] = {}
        self.began: dict[str, float] = {}
        self.cores = cores()
        self.unchanged = [action for action in plan.actions if action.key not in todo]
        self._settle()

    def work(self) -> None:
        """Apply everything that can be applied."""
        for component in dict.fromkeys(action.component for action in self.waiting.values()):
            self.run.say(component, "waiting")
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="action") as pool:
            try:
                while self._submit(pool):
                    self._collect()
            except KeyboardInterrupt:
                self.run.cancel.set()
                self.run.world.interrupt()
                raise

    def _submit(self, pool: ThreadPoolExecutor) -> bool:
        for action in [each for each in self.waiting.values() if self.done.issuperset(each.after)]:
            if action.phase == "starting" and not self._has_core(action):
                continue
            del self.waiting[action.key]
            self.began[action.key] = time.monotonic()
            self.running[pool.submit(self._apply, action)] = action
        return bool(self.running)

    def _settle(self) -> None:
        """Count unchanged actions as done once those before them are: what they stand for may have to be started."""
        waiting = []
        for action in self.unchanged:  # in the plan's order, so that one pass is enough
            if self.done.issuperset(action.after):
                self.done.add(action.key)
                self._count_down(action.component, "unchanged")
            else:
                waiting.append(action)
        self.unchanged = waiting

    def _has_core(self, action: Action) -> bool:
        recently = time.monotonic() - _PATIENCE
        starts = [
            each for each in self.running.values() if each.phase == "starting" and self.began[each.key] > recently
        ]
        if len(starts) >= self.cores:
            return False
        longest = max(self.chain[key] for key in (*self.waiting, *(each.key for each in self.running.values())))
        others = sum(self.chain[each.key] < longest for each in starts)
        return self.chain[action.key] == longest or others < max(1, self.cores - 1)

    def _collect(self) -> None:
        for future in wait(self.running, timeout=_PATIENCE / 10, return_when=FIRST_COMPLETED).done:
            action = self.running.pop(future)
            if future.result():
                self.done.add(action.key)
                self._count_down(action.component, "healthy")
                self._settle()

    def _apply(self, action: Action) -> bool:
        if self.run.cancel.is_set():
            return False
        self.run.say(action.component, action.phase)
        progress = Progress(lambda detail: self.run.say(action.component, action.phase, detail), self.run.cancel.is_set)
        try:
            self.run.journal.note(action, pending=True)
            action.apply(self.run.world, progress)
            self.run.journal.note(action, pending=False)
        except PlatinfraError as error:
            self.run.problems += error.diagnostics
            self.run.say(action.component, "failed", error.diagnostics[0].message)
            return False
        return True

    def _count_down(self, component: str, phase: Phase) -> None:
        self.left[component] -= 1
        if self.left[component] == 0:
            self.run.say(component, phase)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chains(plan: Plan[Any]) -> dict[str, tuple[int, int]]:
    """Return what comes one after the other from each action to the last that waits for it: how many starts, and actions."""
    chains: dict[str, tuple[int, int]] = {}
    for action in reversed(plan.actions):
        starts, actions = chains.get(action.key, (0, 0))
        own = chains[action.key] = (starts + (action.phase == "starting"), actions + 1)
        for key in action.after:
            chains[key] = max(chains.get(key, (0, 0)), own)
    return chains
