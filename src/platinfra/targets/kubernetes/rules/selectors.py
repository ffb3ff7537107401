"""Workloads select the pods they make."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.field import Field
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.labels import selects, write_selector
from platinfra.targets.kubernetes.rules.pods import templates
from platinfra.targets.kubernetes.rules.resource import Problem

_WORKLOADS = ("apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet")
_WITH_VALUES, _WITHOUT_VALUES = ("In", "NotIn"), ("Exists", "DoesNotExist")


def workloads_select_their_pods(inventory: Inventory) -> Iterator[Problem]:
    """Report selectors of workloads that are absent, empty or do not match the labels of the template."""
    for each in inventory.of(*_WORKLOADS):
        selector = each.at("spec", "selector")
        if not selector.at("matchLabels").mapping and not selector.at("matchExpressions").value:
            message = f"a {each.kind} needs a selector"
            yield each.problem("missing-selector", selector, message, "repeat the template's labels in `matchLabels`")
            continue
        for template in templates(each):
            if not selects(selector, template.labels):
                message = f"the selector ({write_selector(selector)}) does not match the labels of the pod template"
                hint = "give the template every label of the selector"
                yield each.problem("selector-mismatch", selector, message, hint)


def expressions_are_valid(inventory: Inventory) -> Iterator[Problem]:
    """Report `matchExpressions` whose operator is unknown, or has values it must not have or lacks values."""
    for each in inventory.checked:
        for place in _expressions(each.root):
            operator, values = place.at("operator").text, list(place.at("values").each())
            if operator not in _WITH_VALUES + _WITHOUT_VALUES:
                message, hint = f"`{operator}` is not an operator of a selector", "In, NotIn, Exists or DoesNotExist"
            elif operator in _WITH_VALUES and not values:
                message, hint = f"`{operator}` needs values", "write `values`, or use Exists"
            elif operator in _WITHOUT_VALUES and values:
                message, hint = f"`{operator}` takes no values", "remove `values`, or use In"
            else:
                continue
            yield each.problem("invalid-choice", place, message, hint)


def _expressions(root: Field) -> Iterator[Field]:
    for name in ("selector", "podSelector", "namespaceSelector"):
        yield from root.find("spec", name, "matchExpressions", "*")
