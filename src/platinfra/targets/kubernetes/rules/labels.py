"""Label selectors."""

from collections.abc import Mapping

from platinfra.targets.kubernetes.rules.field import Field


def selects(selector: Field, labels: Mapping[str, str]) -> bool:
    """Tell whether a selector (`matchLabels`, `matchExpressions`) chooses something with these labels; an empty one chooses all."""
    equal = all(labels.get(key) == value for key, value in selector.at("matchLabels").mapping.items())
    return equal and all(_holds(each, labels) for each in selector.at("matchExpressions").each())


def contains(wanted: Field, labels: Mapping[str, str]) -> bool:
    """Tell whether labels hold every entry of a plain mapping, as a Service's selector asks."""
    return all(labels.get(key) == value for key, value in wanted.mapping.items())


def _holds(expression: Field, labels: Mapping[str, str]) -> bool:
    key, values = expression.at("key").text, [each.value for each in expression.at("values").each()]
    match expression.at("operator").text:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def write_selector(selector: Field) -> str:
    """Return a selector as people write one: `app=mlflow, tier in (web)`."""
    plain = selector.at("matchLabels").mapping or {
        key: value for key, value in selector.mapping.items() if isinstance(value, str)
    }
    parts = [f"{key}={value}" for key, value in plain.items()]
    for each in selector.at("matchExpressions").each():
        values = ", ".join(str(value.value) for value in each.at("values").each())
        parts.append(f"{each.at('key').text} {each.at('operator').text} ({values})")
    return ", ".join(parts) or "everything"
