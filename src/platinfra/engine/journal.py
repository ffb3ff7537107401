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

    def note(self, action: Action, *, pending: bool) -> None:
        """Record what undoing an action needs: before it is applied (`pending`), and once it was."""
        applied = ActionRecord(action.kind, action.component, action.digest, dict(action.record), pending)
        self.replace(lambda record: record.with_applied(action.key, applied))

    def forget(self, key: str) -> None:
        """Record that an action was undone."""
        self.replace(lambda record: record.without(key))

    def replace(self, change: Callable[[R], R]) -> None:
        """Write down the record as `change` makes it."""
        with self._lock:
            self.record = change(self.record)
            self._save(self.record)
