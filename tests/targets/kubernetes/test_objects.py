"""Our objects are what an API server takes, whatever the tool; pods are confined."""

import pytest

from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.plan import problems
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import EVERYTHING, SEED, TRACKING, bundle
from tests.stacks import CATALOG

STACKS = {"tracking": TRACKING, "seed": SEED, "everything": EVERYTHING}


def objects(made: Bundle) -> list[dict]:
    return [plain(each) for each in made.objects]


@needs_crds
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", STACKS)
def test_strict_schemas_accept_every_object(name: str, version: str) -> None:
    assert strict(objects(bundle(STACKS[name])), version) == []


@pytest.mark.parametrize("name", STACKS)
def test_every_pod_of_ours_is_restricted(name: str) -> None:
    made = objects(bundle(STACKS[name]))
    assert restricted_objects(made) == []


@pytest.mark.parametrize("name", STACKS)
def test_no_rule_is_broken_by_our_own_objects(name: str) -> None:
    kinds = frozenset({"monitoring.coreos.com/v1/PodMonitor"})
    made = bundle(STACKS[name])
    found = [each for each in problems(made, {}, kinds) if "(" not in each.message or "pods" not in each.message]
    assert [each.message for each in found if each.code == "object-refused"] == []


@pytest.mark.parametrize("name", [each.name for each in CATALOG.tools() if each.run.kubernetes])
def test_every_setting_of_a_tool_means_something_in_a_cluster(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.run.kubernetes
    if tool.run.aws or "kubernetes" in tool.limits:
        return  # the settings are those of a service
    text = tool.run.kubernetes.model_dump_json()
    elsewhere = {name for name, each in tool.settings.items() if "cluster" not in each.places}
    # `${storage_class}` is the setting of that name, or else that of the deployment.
    unread = {each for each in tool.settings if f"settings.{each}" not in text and f"${{{each}}}" not in text}
    assert unread == elsewhere


@pytest.mark.parametrize("name", [each.name for each in CATALOG.tools() if each.run.kubernetes])
def test_every_recipe_names_what_it_runs_and_gives_reasons(name: str) -> None:
    recipe = CATALOG.get(name).run.kubernetes
    assert recipe
    for rule in recipe.rbac:
        assert "*" not in {*rule.verbs, *rule.resources, *rule.groups}
        assert rule.reason
    assert all(each.reason for each in (*recipe.outside, *recipe.inside))
    assert all(recipe.exceptions.values())
    assert all("bitnami" not in chart.repository for chart in recipe.charts.values())
