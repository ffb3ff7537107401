"""Tables that lie as YAML beside the code that reads them."""

from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_table(path: Path) -> Any:
    """Return the data of one of our own YAML files; it is read once."""
    import yaml  # start-up time

    return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def beside(module: str) -> Any:
    """Return the table that is called as a module: give its `__file__`."""
    return read_table(Path(module).with_suffix(".yaml"))
