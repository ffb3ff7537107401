"""What a plan says of attributes that it changes: no more than people may see."""

from typing import Any

from platinfra.drivers.terraform_events import PlannedChange, Resource
from platinfra.targets.aws.verbs.attributes import updates_of
from platinfra.targets.aws.verbs.changes import changes_of

ADDRESS = "module.component_rds.aws_db_instance.this"


def plan(before: dict[str, Any], after: dict[str, Any], **marks: Any) -> dict[str, Any]:
    change = {"actions": ["update"], "before": before, "after": after, **marks}
    return {"resource_changes": [{"address": ADDRESS, "change": change}]}


def test_values_are_shown_before_and_after() -> None:
    shown = updates_of(plan({"multi_az": True, "tags_all": {}}, {"multi_az": False, "tags_all": {"a": "b"}}))
    assert shown == {ADDRESS: ("multi_az: true → false",)}


def test_secrets_and_what_is_known_later_are_not() -> None:
    marks = {"after_sensitive": {"password": True}, "after_unknown": {"arn": True}}
    shown = updates_of(plan({"password": "a", "arn": "b"}, {"password": "c", "arn": None}, **marks))
    assert shown == {ADDRESS: ("password: (sensitive) → (sensitive)",)}


def test_long_values_are_cut() -> None:
    (text,) = updates_of(plan({"policy": "a" * 200}, {"policy": "b" * 200}))[ADDRESS]
    assert len(text) < 150


def test_terraform_is_asked_for_values_only_when_something_changes_in_place() -> None:
    def show() -> dict[str, Any]:
        asked.append(True)
        return plan({"multi_az": True}, {"multi_az": False})

    asked: list[bool] = []
    resource = Resource(ADDRESS, "", "aws_db_instance")
    (created,) = changes_of([PlannedChange(resource, "create")], show)
    assert (created.paths, asked) == ((), [])
    (changed,) = changes_of([PlannedChange(resource, "update")], show)
    assert (changed.paths, changed.loses, asked) == (("multi_az: true → false",), "", [True])
