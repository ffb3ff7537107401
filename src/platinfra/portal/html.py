"""Make pages of templates."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
MARKS = {"healthy": "✓", "waiting": "◔", "preparing": "◔", "starting": "…", "failed": "✗", "stopped": "■"}
_QUOTED = re.compile(r"`([^`]+)`")
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; every value is escaped."""
    return HTMLResponse(_environment().get_template(template).render(values), status)


def megabytes(size: int) -> str:
    """Return bytes as `212 MB`; nothing for none."""
    return f"{size / 1_000_000:.0f} MB" if size else ""


def duration(seconds: float) -> str:
    """Return seconds as `3 h`, in the largest unit of which there is one."""
    return next((f"{seconds // size:.0f} {unit}" for unit, size in _UNITS if seconds >= size), f"{seconds:.0f} s")


def began(seconds: float) -> datetime:
    """Return the time that was so many seconds ago."""
    return datetime.now(UTC).astimezone() - timedelta(seconds=seconds)


def code(text: str) -> Markup:
    """Return a text in which what stands in backquotes is set as code; everything is escaped."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def prepare() -> None:
    """Compile every template now: in the threads that answer, it takes more memory and lets the first page wait."""
    for each in _environment().list_templates():
        _environment().get_template(each)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"megabytes": megabytes, "duration": duration, "began": began, "code": code}
    made.globals |= {"marks": MARKS}
    return made
