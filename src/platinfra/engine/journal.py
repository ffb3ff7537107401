"""Write down each action before it is begun and after it is done, so that nothing is lost when a command dies."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from platinfra.model.plan import Action
from platinfra.model.state import Applied, State


class Journal:
    """The state of a stack while a command changes it; safe for several threads."""

    def __init__(self, state: State, save: Callable[[Mapping[str, Any]], None]) -> None:
        """Continue from `state`; `save` must be atomic."""
        self.state = state
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
        with self._lock:
            self.state = self.state.without(key)
            self._save(self.state.to_data())

    def replace(self, state: State) -> None:
        """Record another state."""
        with self._lock:
            self.state = state
            self._save(state.to_data())

    def _put(self, action: Action, *, pending: bool) -> None:
        applied = Applied(action.kind, action.component, action.digest, dict(action.record), pending)
        with self._lock:
            self.state = self.state.with_applied(action.key, applied)
            self._save(self.state.to_data())
