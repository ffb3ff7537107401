"""Every wire of every tool reaches its consumer, in every place: something of the provider is in what it gets."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml
from tests.stacks import CATALOG, machine_for, resolved

from platinfra.catalog.capability import Requirement
from platinfra.catalog.schema import Tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model import targets
from platinfra.model.graph import Binding
from platinfra.model.ground import Ground
from platinfra.model.reference import Secret
from platinfra.model.targets import grounds
from platinfra.resolve import reach
from platinfra.resolve.resolve import Resolved
from platinfra.targets.aws.cloud import AwsCloud
from platinfra.targets.aws.machine import stack_file
from platinfra.targets.aws.root import root
from platinfra.targets.kubernetes.bundle import MONITORS, ROUTES, Bundle
from platinfra.targets.local.plan import plan

PLACES: Mapping[str, Mapping[str, Any]] = {
    "machine": {"provider": {"name": "local"}},
    "cluster": {
        "provider": {"name": "kubernetes"},
        "deployment": {"routes": {"domain": "ml.example.org", "tls": {"issuer": "letsencrypt"}}},
    },
    "eks": {
        "provider": {"name": "aws", "account-id": "210987654321"},
        "deployment": {
            "type": "kubernetes",
            "domain": {"name": "ml.example.org"},
            "routes": {"domain": "ml.example.org", "tls": {"issuer": "letsencrypt"}},
        },
    },
    "vm": {"provider": {"name": "aws", "account-id": "210987654321"}, "deployment": {"type": "cloud_vm"}},
}
GROUND: Mapping[str, Ground] = dict(
    zip(PLACES, (grounds()["local"][0], grounds()["kubernetes"][0], *grounds()["aws"]), strict=True)
)
MARK = "zq9"
"""The provider's name: addresses, names of secrets and ARNs hold it, and nothing else does."""
EXISTING = {"s3": ["bucket", "region"], "rds": ["host", "region"], "secrets-manager": ["prefix", "region"]}
"""Settings that name what a machine uses of AWS."""
SETTINGS = {
    "model": "wine",
    "registered_model": "wine",
    "organization": "acme",
    "bucket": f"{MARK}-bucket",
    "prefix": MARK,
    "host": f"{MARK}.example.org",
    "region": "eu-central-1",
}
TELLS_NOBODY = frozenset({"NetworkPolicy", "Role", "RoleBinding"})
"""A policy that opens a port tells nobody the address."""
CODE = Binding("code", "wire", "", "", (), "", client=True)
"""A wire of nobody, for what depends on who uses a component."""
OF_AWS = {"encryption_key", "container_registry"}
"""Used by AWS itself in the name of a role, so that its policy is what is told."""
BY_KIND = {"certificates", "autoscaler", "gateway"}
"""The consumer's chart makes objects of the kinds that such a provider brings; nothing in them names it."""
USUAL = {"model_registry": "mlflow"}
"""Who meets a need of the others in a stack, where the first tool of the catalog would not do."""


@dataclass(frozen=True)
class Wire:
    """A requirement of a tool, and a tool that could meet it, in a place."""

    place: str
    consumer: str
    requirement: str
    provider: str

    def __str__(self) -> str:
        return f"{self.place}-{self.consumer}.{self.requirement}-{self.provider}"


def wires() -> Iterator[Wire]:
    for place in PLACES:
        for consumer in (each for each in CATALOG.tools() if each.provides):
            for name, requirement in consumer.requires.items():
                for provider in CATALOG.providers(requirement.capability):
                    both = (
                        runs(consumer, place)
                        and runs(provider, place, requirement.capability)
                        and consumer.name != provider.name
                    )
                    known = reach.fits(requirement, provider) or requirement.why  # else nobody expects a wire to it
                    if both and known and requirement.capability != "page":
                        yield Wire(place, consumer.name, name, provider.name)


def runs(tool: Tool, place: str, capability: str | None = None) -> bool:
    """Tell whether a tool can be brought up in a place, to fill a stage."""
    return tool.runs_on(GROUND[place], capability)


def stack_of(wire: Wire) -> Resolved:
    """Return a stack with the consumer, and the provider under a name that nothing else has."""
    consumer, provider = CATALOG.get(wire.consumer), CATALOG.get(wire.provider)
    capability = consumer.requires[wire.requirement].capability
    named = {"as": MARK, **settings_of(provider, wire.place)}
    stage = capability if capability in provider.provides else next(iter(provider.provides))
    stack: dict[str, list[Any]] = {stage: [{wire.provider: named}]}
    first = next((each for each in consumer.provides if each != capability), None)
    stack.setdefault(first or next(iter(consumer.provides)), []).append(
        {wire.consumer: settings_of(consumer, wire.place)}
    )
    idle = wire.place == "vm" and all(each.find_place(GROUND["vm"]) == "service" for each in (consumer, provider))
    if idle or (capability == "encryption_key" and "secret_store" in consumer.provides):
        stack["experiment_tracker"] = ["mlflow"]  # has a secret to keep, and runs on the machine
    for _ in range(4):  # what either needs and no default meets
        data = {"name": "demo", **PLACES[wire.place], "stack": stack}
        try:
            return resolved(yaml.safe_dump(data, sort_keys=False))
        except PlatinfraError as error:
            missing = [each for each in error.diagnostics if each.code == "unmet-requirement"]
            if len(missing) < len(error.diagnostics):
                raise
            for each in missing:
                needed = re.findall(r"needs an? `(\w+)`", each.message)[0]
                able = [each for each in CATALOG.providers(needed) if runs(each, wire.place)]
                best = next((each for each in able if each.name == USUAL.get(needed)), able[0])
                stack.setdefault(needed, []).append({best.name: settings_of(best, wire.place)})
    raise AssertionError(stack)


def settings_of(tool: Tool, place: str) -> dict[str, Any]:
    where = tool.find_place(GROUND[place])
    wanted = [
        name
        for name, each in tool.settings.items()
        if where in each.needed or each.needed_in or (where in each.places and each.default is None)
    ]
    more = ["organization"] if tool.name == "github" else []
    more += EXISTING.get(tool.name, []) if place == "machine" else []
    more = [each for each in more if each not in wanted]
    given = {name: SETTINGS.get(name, f"https://{MARK}.example.org") for name in (*wanted, *more)}
    return {"settings": given} if given else {}


def alone(found: Resolved, binding: Binding) -> Resolved:
    """Return a stack whose other wires to the provider are cut: what is told is told by this one."""
    graph = found.graph
    kept = [
        each for each in graph.bindings if each == binding or each.provider != MARK or each.consumer != binding.consumer
    ]
    return replace(found, graph=replace(graph, bindings=tuple(kept)))


def told(found: Resolved, binding: Binding, place: str) -> str:
    """Return everything that the consumer and its client code get."""
    if place == "machine":
        machine = machine_for(found.graph)
        made = plan(found.graph, CATALOG, machine)
        run = CATALOG.get(found.graph.components[binding.consumer].tool).run.local
        # A tool that runs nothing is a library of the project's code, which has the variables of all clients.
        getting = {binding.consumer} if run and run.processes else {binding.consumer, "client"}
        text = repr([each for each in made.actions if each.component in getting])
        for name, port in machine.ports.items():
            # In an address, or as a value in YAML.
            text = text.replace(f":{port}", f":{name}").replace(f": {port}", f":{name}")
        return text
    values = targets.get("aws").cloud(found).values if place in {"eks", "vm"} else None
    parts: list[Any] = []
    if values is not None:
        made = root(values)
        parts += [call for label, call in made.modules.items() if is_of(label, call, binding)]
        parts += [
            each.policies for each in made.roles if each.component == binding.consumer and counts(binding, each.key)
        ]
    if place == "vm" and values is not None and not found.graph.components[binding.consumer].is_service:
        parts.append(of_machine(found, binding))
    elif place == "eks" or values is None:
        parts += of_cluster(targets.get(found.graph.target).bundle(found), binding)
    return json.dumps(parts, default=repr)


def is_of(label: str, call: Mapping[str, Any], binding: Binding) -> bool:
    """Tell whether a module belongs to a consumer; those of secrets are what a store of secrets consists of."""
    secrets = binding.consumer == "secrets-manager" and call["source"] == "./modules/secret"
    return secrets or label == f"component_{binding.consumer}".replace("-", "_")


def counts(binding: Binding, role: str) -> bool:
    """Tell whether a policy of the consumer tells anything: where AWS itself acts, and not code."""
    return binding.capability in OF_AWS


def of_machine(found: Resolved, binding: Binding) -> str:
    """Return what the consumer gets on the machine, which brings up a local stack of its own file."""
    parts = stack_file(targets.get("aws").cloud(found).values)
    holes = {"arn": "arn:aws:secretsmanager:eu-central-1:210987654321:secret:x"}
    text = "".join(each if isinstance(each, str) else hole(str(each), holes) for each in parts)
    again = resolved(text)
    [wire] = [
        each for each in again.graph.bindings_of(binding.consumer) if (each.name, each.provider) == (binding.name, MARK)
    ]
    return told(alone(again, wire), wire, "machine")


def hole(reference: str, holes: Mapping[str, str]) -> str:
    """Return what Terraform could put in the place of a reference."""
    return next((value for name, value in holes.items() if name in reference), reference.strip("${}").replace("_", "-"))


def of_cluster(made: Bundle, binding: Binding) -> Iterator[Any]:
    """Yield what the consumer's pods and its client code get, and what names the provider where the wire points back."""
    turned = {"metrics": MONITORS, "page": ROUTES}.get(binding.capability)
    consumer = made.values.graph.components[binding.consumer]
    found: list[Any] = [made.values.value(made.values.facts.recipe(consumer).client_env or {}, consumer, CODE)]
    for step in made.steps:
        if step.component == binding.consumer or step.key == turned:
            found += [step.release.values] if step.release else []
            found += [each for each in step.objects if each["kind"] not in TELLS_NOBODY]
    secret = [each for each in found if is_secret(each, f"{binding.consumer}-{binding.name}")]
    rest = [each for each in found if each not in secret]
    yield from rest
    if f"{binding.consumer}-{binding.name}" in json.dumps(rest, default=repr):  # else nobody reads it
        yield from secret


def is_secret(made: Any, name: str) -> bool:
    return made.get("kind") == "Secret" and made["metadata"]["name"] == name


def marks(wire: Wire) -> list[str]:
    """Return patterns of what only the provider has; its name alone, outside an address, says too little."""
    run = CATALOG.get(wire.provider).run.kubernetes
    own = [each.host for each in run.places.values() if "$" not in each.host] if run else []
    own += ["eks:us-east-1:210987654321:cluster/demo"] if wire.provider == "aws-eks" else []
    return [rf"[-./_:@]{MARK}|{MARK}[-./_:]", *own, *(["acme"] if requirement_of(wire).capability == "sign_in" else [])]


def bindings_of(found: Resolved, wire: Wire) -> list[Binding]:
    bound = found.graph.bindings_of(wire.consumer)
    return [each for each in bound if each.name == wire.requirement and each.provider == MARK]


def is_noted(found: Resolved, wire: Wire) -> bool:
    own = f"`{wire.consumer}.{wire.requirement}` "
    # What jobs of a service do not reach is noted once for all their wires.
    beyond = [each for each in found.graph.notes if each.startswith(f"`{wire.consumer}` runs outside ")]
    return any(each.startswith(own) for each in found.graph.notes) or any(f"`{MARK}`" in each for each in beyond)


def requirement_of(wire: Wire) -> Requirement:
    return CATALOG.get(wire.consumer).requires[wire.requirement]


@pytest.mark.broad
@pytest.mark.parametrize("wire", list(wires()), ids=str)
def test_a_wire_reaches_its_consumer_or_is_noted_as_unbound(wire: Wire) -> None:
    found = stack_of(wire)
    bound = bindings_of(found, wire)
    if not bound:
        needless = CATALOG.get(wire.consumer).find_place(GROUND[wire.place]) not in requirement_of(wire).places
        assert is_noted(found, wire) or needless or not requirement_of(wire).optional
        return
    if requirement_of(wire).capability in BY_KIND:
        return
    local = CATALOG.get(wire.consumer).run.local
    if CATALOG.get(wire.consumer).check_environment == "client" and local and not local.processes:
        return  # a library: nothing of it runs that could be told, and the project's environment has every client's settings
    text = told(alone(found, bound[0]), bound[0], wire.place)
    assert any(re.search(mark, text) for mark in marks(wire))


def test_generated_secrets_on_aws_lie_where_the_wire_says() -> None:
    text = "name: demo\nprovider: {name: aws, account-id: '210987654321'}\nstack: {experiment_tracker: [mlflow], secret_store: [vault]}\n"
    found = resolved(text)
    [wire] = [each for each in found.graph.bindings_of("mlflow") if each.name == "secrets"]
    assert wire.provider == "secrets-manager"
    values = targets.get("aws").cloud(found).values
    assert AwsCloud(values).secret(Secret("mlflow", "webhooks")) == ("demo/mlflow/webhooks", "value")
    assert "`mlflow.secrets` is not bound to `vault`" in "\n".join(found.graph.notes)
