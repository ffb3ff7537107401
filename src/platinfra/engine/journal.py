"""Write down each action before it is begun and after it is done, so that nothing is lost when a command dies."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from platinfra.model.plan import Action
from platinfra.model.record import ActionRecord, Record

R = TypeVar("R", bound=Record)


class Journal(Generic[R]):
    """The record of a stack while a command changes it; safe for several threads."""

    def __init__(self, record: R, save: Callable[[R], None]) -> None:
        """Continue from `record`; `save` must be atomic."""
        self.record = record
        self._save = save
        self._lock = threading.Lock()

    def begin(self, action: Action) -> None:
        """Record what undoing the action will need, before it is applied."""
        self._put(action, pending=True)

    def record_done(self, action: Action) -> None:
        """Record that the action was applied."""
        self._put(action, pending=False)

    def forget(self, key: str) -> None:
        """Record that an action was undone."""
        self.replace(lambda record: record.without(key))

    def replace(self, change: Callable[[R], R]) -> None:
        """Write down the record as `change` makes it."""
        with self._lock:
            self.record = change(self.record)
            self._save(self.record)

    def _put(self, action: Action, *, pending: bool) -> None:
        applied = ActionRecord(action.kind, action.component, action.digest, dict(action.record), pending)
        self.replace(lambda record: record.with_applied(action.key, applied))
