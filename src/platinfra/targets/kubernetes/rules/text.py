"""Objects as YAML that every reader understands alike."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
"""Strings of these characters need no quotes, apart from the words below; whatever else there is gets them."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"})
_WIDE = 2**30
"""Lines are never folded."""


def to_yaml(objects: Iterable[Mapping[str, Any]]) -> str:
    """Write a stream of documents in which no string can be read as a number, a truth value, a date or null."""
    import yaml  # start-up time

    return str(
        yaml.dump_all(
            [dict(each) for each in objects],
            Dumper=_dumper(),
            explicit_start=True,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=_WIDE,
        )
    )


def is_plain(text: str) -> bool:
    """Tell whether a string may stand without quotes: PyYAML (YAML 1.1), Go's YAML and Helm all read it as a string."""
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def style(text: str) -> str | None:
    """Return how a string is written: plain (None), as a literal block (`|`) or in double quotes."""
    if is_plain(text):
        return None
    lines = text.split("\n")
    trimmed = all(line == line.rstrip() for line in lines) and not text[:1].isspace()
    shown = text.replace("\n", "").replace("\t", "").isprintable()
    return "|" if len(lines) > 1 and trimmed and shown else '"'


@cache
def _dumper() -> type[Any]:
    import yaml

    class Unambiguous(yaml.CSafeDumper):
        """Quotes strings by the rules above and writes no aliases."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style=style(value))

    def mapping(dumper: Any, value: Mapping[str, Any]) -> Any:
        return dumper.represent_dict(dict(value))

    Unambiguous.add_representer(str, text)
    Unambiguous.add_multi_representer(str, text)
    Unambiguous.add_multi_representer(Mapping, mapping)  # type: ignore[type-abstract]
    return Unambiguous
