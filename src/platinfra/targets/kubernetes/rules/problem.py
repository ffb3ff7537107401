"""One thing that is wrong with one object."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: the object (`Deployment ns/name`), the place inside it, one sentence and what mends it."""

    rule: str
    object: str
    path: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.object} {self.path}: {self.message} [{self.rule}]"
