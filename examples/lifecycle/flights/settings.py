"""Names, numbers and folders that several steps share."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent
MODEL = EXPERIMENT = "flight-delay"
CHAMPION, CHALLENGER = "champion", "challenger"
SEED = 7
LATE_MINUTES = 15
"""A flight is late when it arrives this many minutes after schedule, or more."""
WINDOW_DAYS = 63
"""Days of labelled flights that a model is made from, the newest ones."""
HELD_OUT_DAYS = 7
"""The last of these days, which no model is trained on."""
MARGIN = 0.01
"""How much more ROC AUC than the champion a challenger needs."""
TRIALS, BUDGET_SECONDS = 5, 30
"""Trials of tuning; none begins after the seconds are over."""


@dataclass(frozen=True)
class Folders:
    """Where batches arrive and where they go."""

    root: Path = PROJECT / "workspace"

    @property
    def inbox(self) -> Path:
        """New batches that nobody has looked at."""
        return self._folder("inbox")

    @property
    def accepted(self) -> Path:
        """Batches that models may be trained on."""
        return self._folder("accepted")

    @property
    def quarantine(self) -> Path:
        """Batches that were refused, each with a report."""
        return self._folder("quarantine")

    @property
    def versions(self) -> Path:
        """Tables that models were trained on, each named by its content."""
        return self._folder("versions")

    def all(self) -> list[Path]:
        """Return the folders that batches can be in."""
        return [self.inbox, self.accepted, self.quarantine]

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
