"""The machine of `cloud_vm` gets a stack file: it decides nothing anew, whatever tools are wired."""

import json

import pytest
from tests.catalog.test_wires_reach import Wire, stack_of, wires
from tests.stacks import resolved

from platinfra.model.graph import Graph
from platinfra.model.reference import Reference
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws.facts import AwsFacts
from platinfra.targets.aws.machine import stack_file
from platinfra.targets.aws.place import place_of

pytestmark = pytest.mark.broad
LATER = {"port": "5432", "master_secret_arn": "arn:aws:secretsmanager:eu-central-1:210987654321:secret:rds!db-1"}


def on_machine(there: Resolved) -> Graph:
    """Return the graph that the machine resolves its file to, with names for what only Terraform knows."""
    text = stack_file(AwsFacts(there.graph, there.catalog, place_of(there)).values)
    parts = (LATER.get(each.path[-1], each.path[-1]) if isinstance(each, Reference) else each for each in text)
    return resolved(json.dumps(json.loads("".join(map(str, parts))))).graph


@pytest.mark.parametrize("wire", [each for each in wires() if each.place == "vm"], ids=str)
def test_the_machine_wires_its_components_as_the_whole_stack_does(wire: Wire) -> None:
    there = stack_of(wire)
    here = on_machine(there)
    known = here.components
    own = {name for name, each in there.graph.components.items() if each.place == "machine"}
    assert own <= known.keys()
    assert {(name, known[name].tool, known[name].stages) for name in own} == {
        (name, each.tool, each.stages) for name, each in there.graph.components.items() if name in own
    }
    bindings = (each for each in there.graph.bindings if each.consumer in own and each.provider in known)
    # Secrets are no wire on a machine: platinfra fetches them there, for all components.
    wanted = {each for each in bindings if each.capability != "secret_store"}
    assert {key(each) for each in wanted} == {key(each) for each in here.bindings if each.consumer in own}


def key(binding: object) -> tuple[object, ...]:
    return tuple(getattr(binding, name) for name in ("consumer", "name", "provider", "capability", "access", "client"))
