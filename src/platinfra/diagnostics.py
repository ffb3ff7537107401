"""What is wrong, where, and what to do about it; every error of platinfra is made of these."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
_ALIKE, _ALIKE_IF_SHORT = 0.68, 0.65
"""How alike two names have to be: `jupiter` and `jupyterlab` are (0.71), `tensorboard` and `tensorflow` are not (0.67), `dvx` and `dvc` are (0.67)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text file; lines and columns count from 1, `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int
    source: str
    """The text of the line, without its line break."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: a stable slug, one sentence, a place and a hint."""

    code: str
    message: str
    span: Span | None = None
    hint: str | None = None
    severity: Severity = "error"
    details: tuple[str, ...] = ()
    """Further lines, such as the last lines of a log."""


class PlatinfraError(Exception):
    """Carries every problem that one phase found; `exit_code` is what the command ends with."""

    exit_code = 2

    def __init__(self, *diagnostics: Diagnostic) -> None:
        """Collect the problems."""
        self.diagnostics = diagnostics
        super().__init__("; ".join(f"{each.code}: {each.message}" for each in diagnostics))


class ActionError(PlatinfraError):
    """Something failed while it was being done; the input was right."""

    exit_code = 1


def refuse(problems: Iterable[Diagnostic]) -> None:
    """Raise PlatinfraError with all problems; do nothing where there are none."""
    if found := tuple(problems):
        raise PlatinfraError(*found)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the entries of `known` nearest to `word`, or None."""
    from difflib import get_close_matches  # only needed when something is wrong

    by_lower = {_plain(each): each for each in known}
    near = get_close_matches(_plain(word), by_lower, n=3, cutoff=_ALIKE if len(word) > 4 else _ALIKE_IF_SHORT)
    if not near:
        return None
    return f"did you mean {join_names((by_lower[each] for each in near), 'or')}?"


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def with_article(name: str) -> str:
    """Put a name in backquotes after its article: a `model_registry`, an `object_store`."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} `{name}`"


def join_names(names: Iterable[str], conjunction: str = "and") -> str:
    """Join names in backquotes: `a`, `b` and `c`."""
    quoted = [f"`{each}`" for each in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {conjunction} {quoted[-1]}"
