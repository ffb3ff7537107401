"""Turn values into text; nothing else formats or prints."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import click

from platinfra.diagnostics import Diagnostic, Span

_COLORS = {"error": "red", "warning": "yellow"}
_MAX_SOURCE = 160


def diagnostics(problems: Iterable[Diagnostic]) -> None:
    """Print problems on stderr, a blank line between them."""
    for index, problem in enumerate(problems):
        if index:
            click.echo(err=True)
        click.echo(diagnostic(problem, color=not os.environ.get("NO_COLOR")), err=True)


def diagnostic(problem: Diagnostic, *, color: bool = False) -> str:
    """Return a problem as text: what, where, and what to do."""
    head = f"{problem.severity}[{problem.code}]"
    lines = [f"{_style(head, color, fg=_COLORS[problem.severity], bold=True)}: {problem.message}"]
    if problem.span:
        lines += _excerpt(problem.span, problem.hint)
    elif problem.hint:
        lines.append(f"  hint: {problem.hint}")
    lines += [f"  | {line}" for line in problem.details]
    return "\n".join(lines)


def _excerpt(span: Span, hint: str | None) -> list[str]:
    gutter = " " * len(str(span.line))
    source = span.source.replace("\t", " ")[:_MAX_SOURCE]
    width = max(1, min(span.end_column, len(source) + 1) - span.column)
    marks = f"{gutter} | {' ' * (span.column - 1)}{'^' * width}" if span.column <= _MAX_SOURCE else f"{gutter} |"
    return [
        f"{gutter}--> {span.file}:{span.line}:{span.column}",
        f"{gutter} |",
        f"{span.line} | {source}",
        f"{marks} {hint}" if hint else marks,
    ]


def _style(text: str, color: bool, **style: Any) -> str:  # noqa: FBT001
    return click.style(text, **style) if color else text


def data(value: Any) -> None:
    """Print JSON on stdout."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    """Print columns on stdout, as wide as they need to be; the last one is never padded."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    click.echo(click.style(_row(header, widths), dim=True))
    for row in rows:
        click.echo(_row(row, widths))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths[:-1], strict=True)]
    return "  ".join([*padded, cells[-1]]).rstrip()


def plain(text: str) -> str:
    """Return a text of somebody else's on one line, without what a terminal would act on."""
    return "".join(each if each.isprintable() else " " for each in text)


def say_done(text: str) -> None:
    """Say on stderr that something was done."""
    click.echo(text, err=True)
