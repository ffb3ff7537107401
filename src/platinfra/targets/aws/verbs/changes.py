"""What Terraform would change, by component, with what is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from platinfra.facts.table import beside
from platinfra.model.plan import Change, Verb
from platinfra.targets.aws import labels
from platinfra.targets.aws.verbs.attributes import updates_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from platinfra.drivers.terraform_events import PlannedChange

_VERBS: dict[str, Verb] = {"create": "create", "update": "update", "replace": "replace", "delete": "remove"}
_TABLE: Mapping[str, Mapping[str, Any]] = beside(__file__)
PROTECTED = frozenset(name for name, each in _TABLE.items() if each.get("protected"))
"""Types whose `on_destroy` has to be in the state before they can go."""


def changes_of(planned: "Iterable[PlannedChange]", show: "Callable[[], Mapping[str, Any]]") -> list[Change]:
    """
    Return the changes of a plan; what is only read or moved is none.

    `show` tells the whole plan, which takes seconds: it is asked only when something changes in place.
    """
    changes = [_change(each, _VERBS[each.action]) for each in planned if each.action in _VERBS]
    if all(each.verb != "update" for each in changes):
        return changes
    updates = updates_of(show())
    return [replace(each, paths=updates.get(each.key, ())) for each in changes]


def find_losses(changes: Iterable[Change]) -> list[Change]:
    """Return the changes that lose data."""
    return [each for each in changes if each.loses]


def _change(planned: "PlannedChange", verb: Verb) -> Change:
    resource = planned.resource
    loses = _TABLE.get(resource.resource_type, {}).get("loses", "") if verb in {"replace", "remove"} else ""
    return Change(verb, resource.address, labels.owner(resource.address), resource.address, loses=loses)
