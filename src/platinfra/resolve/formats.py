"""What texts in settings have to be: `format:` of a setting names one of these."""

import re
from collections.abc import Callable

from platinfra.diagnostics import did_you_mean, join_names

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


def _pattern(pattern: str, what: str, hint: str) -> Callable[[str], Trouble | None]:
    compiled = re.compile(pattern)
    return lambda text: None if compiled.fullmatch(text) else (f"`{text}` is not {what}", hint)


def _several(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")]


FORMATS: dict[str, Callable[[str], Trouble | None]] = {
    "instance-type": _instance_type,
    "gpu-instance-type": _gpu_instance_type,
    "database-class": _prefix_check("db.", "db.t4g.medium", "a class of RDS instances"),
    "sagemaker-instance-type": _prefix_check("ml.", "ml.m5.large", "a type of SageMaker instances"),
    "bucket": _pattern(
        r"(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "the name of a bucket",
        "3 to 63 lower-case letters, digits and dashes",
    ),
    "arn": _pattern(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws|):.+", "an ARN", "such as arn:aws:…"),
    "slug": _pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a name as GitHub writes it in addresses", "such as data-science"),
    "group": _pattern(r"[\w ./:@+-]+", "the name of a group", "letters, digits and ./:@+- without quotes or commas"),
    "address": _pattern(
        r"https?://[A-Za-z0-9.-]+(:\d+)?(/[\w.~/%-]*)?", "an address", "such as https://id.example.org"
    ),
    "quantity": _pattern(r"[1-9][0-9]*(Ki|Mi|Gi|Ti)", "a quantity", "such as 512Mi or 10Gi"),
    "email": _pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address", "such as team@example.org"),
    "image": _pattern(
        r"[a-z0-9][\w.:/@-]+", "the name of a container image", "such as public.ecr.aws/docker/library/python:3.12-slim"
    ),
}
