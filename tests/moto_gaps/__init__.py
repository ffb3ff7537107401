"""What moto 5.2.1 lacks, one module per service; importing one changes moto for this process. Never import it in tests."""

import importlib
import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any


def fill() -> None:
    """Change moto in every module of this folder."""
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"{__name__}.{path.stem}")


def instead_of(owner: type, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that stands in for a method of moto and gets it as its first argument."""
    moto = getattr(owner, name)

    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(moto)
        def method(*arguments: Any, **named: Any) -> Any:
            return function(moto, *arguments, **named)

        setattr(owner, name, method)
        return function

    return put


def body(response: Any) -> dict[str, Any]:
    """Return the JSON object that a request carries."""
    try:
        content = response.body if isinstance(response.body, dict) else json.loads(response.body or "{}")
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
