"""What texts in settings have to be: `format:` names one of these, or a pattern of the table beside this file."""

import re
from collections.abc import Callable

from platinfra.diagnostics import did_you_mean, join_names
from platinfra.facts.table import beside

Trouble = tuple[str, str]
"""What is wrong and what to write instead."""


def _instance_type(text: str) -> Trouble | None:
    from platinfra.facts.aws import instance_types

    unknown = [each for each in _several(text) if each not in instance_types()]
    if not unknown:
        return None
    hint = did_you_mean(unknown[0], instance_types()) or "such as m7i.large, or g5.xlarge with a GPU"
    return f"`{unknown[0]}` is not an instance type", hint


def _gpu_instance_type(text: str) -> Trouble | None:
    from platinfra.facts.aws import instance_types

    known = instance_types()
    without = [each for each in _several(text) if each in known and not known[each].gpus]
    if without:
        able = join_names([each.name for each in known.values() if each.gpus == 1][:6])
        return f"`{without[0]}` has no GPU", f"types that have one: {able}"
    return _instance_type(text)


def _prefix_check(prefix: str, example: str, what: str) -> Callable[[str], Trouble | None]:
    """Return the check of instance types that a service writes with a prefix of its own."""

    def check(text: str) -> Trouble | None:
        if text.startswith(prefix) and _instance_type(text.removeprefix(prefix)) is None:
            return None
        return f"`{text}` is not {what}", f"such as {example}"

    return check


def _cron(text: str) -> Trouble | None:
    known, fields = beside(__file__)["cron"], text.lower().split()
    one = (rf"([*?]|({each})(-({each}))?)(/[1-9]\d?)?" for each in known["fields"])
    patterns = [rf"{each}(,{each})*" for each in one]
    if text in known["names"] or (len(fields) == len(patterns) and all(map(re.fullmatch, patterns, fields))):
        return None
    return f"`{text}` is not a cron schedule", known["hint"]


def problem(name: str, text: str) -> Trouble | None:
    """Return what is wrong with a text that has to be of a format; None when nothing is."""
    if name in _CHECKS:
        return _CHECKS[name](text)
    known = beside(__file__)[name]
    return None if re.fullmatch(known["pattern"], text) else (f"`{text}` is not {known['what']}", known["hint"])


def _several(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")]


_CHECKS: dict[str, Callable[[str], Trouble | None]] = {
    "cron": _cron,
    "instance-type": _instance_type,
    "gpu-instance-type": _gpu_instance_type,
    "database-class": _prefix_check("db.", "db.t4g.medium", "a class of RDS instances"),
    "sagemaker-instance-type": _prefix_check("ml.", "ml.m5.large", "a type of SageMaker instances"),
}
