"""The variables of several tools at once: none is lost because another tool has one of the same name."""

from tests.stacks import plan_of

from platinfra.model.reference import show_text
from platinfra.model.variables import join_variables, variables_of
from platinfra.targets.local.actions import Start, WriteVariables

TWO = "name: two\nstack:\n  experiment_tracker: [mlflow, {mlflow: {as: other-one}}]\n  pipelining: [prefect]\n"
URI = "MLFLOW_TRACKING_URI"


def test_a_second_component_says_its_own_by_its_name() -> None:
    parts = [("one", {"A": "1", "B": "same"}), ("other-one", {"A": "2", "B": "same", "C": "3"})]
    joined = join_variables(parts, {"C": "base"})
    assert joined == {"A": "1", "B": "same", "C": "base", "OTHER_ONE_A": "2", "OTHER_ONE_C": "3"}
    assert variables_of("other-one", ("A", "B", "C"), joined) == {"A": "2", "C": "3"}
    assert variables_of("one", ("A", "B"), joined) == {}


def test_one_component_may_say_the_same_by_several_wires() -> None:
    assert join_variables([("one", {"A": "1"}), ("one", {"A": "2"})], {}) == {"A": "1"}


def test_code_and_processes_reach_both_of_two_trackers() -> None:
    plan = plan_of(TWO)
    (variables,) = [each for each in plan.actions if isinstance(each, WriteVariables)]
    (worker,) = [each for each in plan.actions if isinstance(each, Start) and each.process == "prefect.worker"]
    for env in (variables.env, worker.command.env):
        assert show_text(env[URI]) != show_text(env[f"OTHER_ONE_{URI}"])
