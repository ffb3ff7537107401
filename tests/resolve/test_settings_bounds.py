"""Settings that bound each other, and what the catalog says of sizes."""

import pytest
from tests.stacks import CATALOG, graph_of

from platinfra.diagnostics import PlatinfraError
from platinfra.resolve import formats

SIZED = [
    (tool.name, key, setting) for tool in CATALOG.tools() for key, setting in tool.settings.items() if setting.sizes
]


def test_the_default_of_a_setting_is_moved_to_the_one_that_bounds_it() -> None:
    text = "name: churn\nprovider: {name: kubernetes}\nstack:\n  feature_store: [feast: {settings: {replicas: 4}}]\n"
    assert graph_of(text).components["feast"].settings["max_replicas"] == 4


@pytest.mark.parametrize(("tool", "key", "setting"), SIZED, ids=lambda each: each if isinstance(each, str) else "")
def test_every_size_of_a_setting_is_a_value_of_it_and_never_less_than_before(tool: str, key: str, setting) -> None:
    # What has no size applies with its smallest default: RDS' own settings, and the days of Prometheus on a machine.
    assert "machine" not in setting.places or CATALOG.get(tool).run.local is None or tool in {"rds", "prometheus"}
    values = [setting.default, *(setting.sizes[each] for each in ("medium", "large") if each in setting.sizes)]
    assert list(setting.sizes) == ["medium", "large"]
    assert len({type(each) for each in values}) == 1
    for each in values:
        assert setting.format is None or formats.problem(setting.format, str(each)) is None
        assert setting.choices is None or each in setting.choices
        if isinstance(each, int):
            assert (setting.minimum or 0) <= each <= (setting.maximum or each)
    if isinstance(setting.default, int):
        assert values == sorted(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            "feature_store: [feast: {settings: {replicas: 3, max_replicas: 2}}]",
            "`max_replicas` must be at least `replicas`",
        ),
        (
            "event_streaming: [kafka: {settings: {brokers: 1, copies: 2}}]",
            "`copies` must be at most `brokers`, which is 1",
        ),
    ],
)
def test_a_value_beyond_the_setting_that_bounds_it_is_a_mistake(values: str, message: str) -> None:
    with pytest.raises(PlatinfraError) as caught:
        graph_of(f"name: churn\nprovider: {{name: kubernetes}}\nstack:\n  {values}\n")
    (problem,) = caught.value.diagnostics
    assert problem.code == "out-of-range"
    assert message in problem.message
    assert problem.span is not None


def test_every_bound_is_a_number_of_the_same_tool() -> None:
    for tool in CATALOG.tools():
        for setting in tool.settings.values():
            for other in filter(None, (setting.at_least, setting.at_most)):
                assert tool.settings[other].type == setting.type == "integer"
