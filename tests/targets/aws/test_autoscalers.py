"""What adds nodes is one table: each tool that `autoscaler` takes is in it, and what its row says is so."""

from typing import get_args

import pytest

from platinfra.facts.table import beside
from platinfra.targets.aws import costs
from platinfra.targets.aws.autoscalers import AUTOSCALERS
from platinfra.targets.aws.schema import EksCluster
from tests.stacks import CATALOG


def test_every_autoscaler_but_that_of_eks_has_a_row() -> None:
    choices = get_args(EksCluster.model_fields["autoscaler"].annotation)
    assert set(choices) == {*AUTOSCALERS, "auto-mode"}


@pytest.mark.parametrize("name", AUTOSCALERS)
def test_a_row_names_what_its_tool_provides_and_what_its_nodes_cost(name: str) -> None:
    row = AUTOSCALERS[name]
    assert row.capability in CATALOG.get(name).provides
    assert row.cost in beside(costs.__file__)
