"""A bucket that exists already, in a cluster without a cloud: each consumer gets its place and the keys that people gave."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from platinfra.catalog.schema import Tool
from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.drivers.cluster_secrets import ClusterSecrets
from platinfra.model.reference import Secret
from platinfra.model.template import plain
from platinfra.resolve.reach import fits
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.network import ANYWHERE, openings
from platinfra.targets.kubernetes.plan import problems
from platinfra.targets.kubernetes.render import secret_keys
from platinfra.targets.kubernetes.rules.pod_security import restricted_objects
from platinfra.targets.kubernetes.verbs.routes import conflicts
from tests.conftest import Command
from tests.kubernetes.schemas import VERSIONS, needs_crds, strict
from tests.kubernetes.stacks import SEED, bundle, objects
from tests.stacks import CATALOG
from tests.targets.kubernetes.test_network import pods
from tests.targets.kubernetes.test_route_conflicts import There
from tests.targets.kubernetes.test_route_conflicts import made as object_of

PLACE = {"bucket": "company-data", "region": "eu-west-1"}
OTHER = {**PLACE, "endpoint": "http://store.example.org:9000", "secret": "store-keys"}
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
CONSUMERS = sorted(
    (tool.name, name)
    for tool in CATALOG.tools()
    if tool.run.kubernetes
    for name, each in tool.requires.items()
    if each.capability == "object_store" and "cluster" in each.places and fits(each, CATALOG.get("s3"))
)
BESIDE_THE_WIRE = {"dvc", "kserve", "seldon", "zenml"}
"""Their own objects name neither bucket nor Secret: code takes the wire's Secret, or finds it by its account."""


def use(tool: Tool) -> dict[str, Any]:
    settings = {name: "wine" for name, each in tool.settings.items() if each.default is None}
    return {tool.name: {"settings": settings}}


def stack(name: str, **settings: str) -> str:
    """Return a stack with a consumer of an object store, and with what else it needs."""
    tool = CATALOG.get(name)
    stage = next(each for each in tool.provides if CATALOG.capability(each).stage)
    uses = {stage: [use(tool)], "object_store": [{"s3": {"settings": settings}}]}
    for each in tool.requires.values():
        needed = CATALOG.capability(each.capability)
        if needed.stage and not each.optional and each.capability not in uses:
            uses[each.capability] = [use(CATALOG.providers(each.capability)[0])]
    return f"name: guest\nprovider: {{name: kubernetes}}\nstack: {json.dumps(uses)}\n"


def of_consumer(made: Bundle, name: str) -> str:
    """Return what a component is made of, as text, without Secrets."""
    steps = [each for each in made.steps if each.component == name]
    values = [each.release.values for each in steps if each.release]
    plainly = [plain(one) for each in steps for one in each.objects if one["kind"] != "Secret"]
    return json.dumps([values, plainly], default=str)


@pytest.mark.parametrize(("name", "requirement"), CONSUMERS)
def test_a_consumer_gets_its_place_and_the_keys_that_people_gave(name: str, requirement: str) -> None:
    made = bundle(stack(name, **PLACE))
    given = objects(made, "Secret")[f"{name}-{requirement}"]["stringData"]
    assert {key: given[key] for key in KEYS} == {key: Secret("object-store", key, "given") for key in KEYS}
    assert given["OBJECT_STORE_URL"] == f"s3://company-data/{name}"
    assert (given["AWS_REGION"], "AWS_ENDPOINT_URL" in given) == ("eu-west-1", False)
    text = of_consumer(made, name)
    assert f"{name}-{requirement}" in text or "company-data" in text or name in BESIDE_THE_WIRE
    assert "wire." not in text


@needs_crds
@pytest.mark.parametrize(("name", "requirement"), CONSUMERS)
@pytest.mark.parametrize("settings", [PLACE, OTHER], ids=["amazon", "another"])
def test_what_a_consumer_becomes_is_what_an_api_server_takes(
    name: str, requirement: str, settings: dict[str, str]
) -> None:
    made = bundle(stack(name, **settings))
    found = [plain(each) for each in made.objects]
    assert strict(found, VERSIONS[-1]) == []
    assert restricted_objects(found) == []
    assert not [each for each in problems(made, {}, frozenset()) if each.code == "object-refused"]


def test_another_store_is_told_with_its_address() -> None:
    made = bundle(stack("mlflow", **OTHER))
    given = objects(made, "Secret")["mlflow-artifacts"]["stringData"]
    assert given["AWS_ENDPOINT_URL"] == "http://store.example.org:9000"
    assert given["OBJECT_STORE_URL"] == "s3://company-data/mlflow"
    assert given["AWS_ACCESS_KEY_ID"] == Secret("store-keys", "AWS_ACCESS_KEY_ID", "given")


@pytest.mark.parametrize(
    ("endpoint", "address", "insecure"),
    [
        ("http://store.example.org:9000", "store.example.org:9000", True),
        ("http://store.example.org", "store.example.org:80", True),
        ("https://store.example.org", "store.example.org:443", False),
        ("", None, False),
    ],
)
def test_argo_is_told_of_a_store_in_its_own_words(endpoint: str, address: str | None, *, insecure: bool) -> None:
    made = bundle(stack("argo-workflows", **PLACE, endpoint=endpoint))
    values = next(each.values for each in made.releases if each.name == "argo-workflows")
    told = values["artifactRepository"]["s3"]
    assert (told["bucket"], told.get("endpoint"), "insecure" in told) == ("company-data", address, insecure)


@pytest.mark.parametrize(
    ("settings", "port"), [(PLACE, 443), (OTHER, 9000), ({**PLACE, "endpoint": "http://store.example.org"}, 80)]
)
def test_policies_let_consumers_reach_the_store_and_nobody_else(settings: dict[str, str], port: int) -> None:
    made = bundle(stack("mlflow", **settings))
    components = made.values.graph.components
    wide = {
        name: {number for each in openings(one, made.values) if each.to == ANYWHERE for number in each.ports}
        for name, one in components.items()
    }
    assert port in wide["mlflow"]
    assert not wide["s3"]
    assert "s3" not in {owner for owner, _ in pods(made)}
    policy = json.dumps(plain(objects(made, "NetworkPolicy")["mlflow"])["spec"]["egress"])
    assert f'"port": {port},' in policy


@pytest.mark.parametrize("missing", ["bucket", "region"])
def test_what_nobody_else_knows_is_asked_for_where_the_file_names_the_tool(missing: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        bundle(stack("mlflow", **{name: each for name, each in PLACE.items() if name != missing}))
    (problem,) = raised.value.diagnostics
    assert (problem.code, f"`{missing}`" in problem.message) == ("missing-setting", True)
    assert problem.span
    assert f"settings: {{{missing}: NAME}}" in problem.hint


def test_a_secret_that_is_not_there_is_told_before_anything_is_touched() -> None:
    made = bundle(stack("mlflow", **OTHER))
    (problem,) = conflicts(made, There())  # type: ignore[arg-type]
    assert (problem.code, "`store-keys`" in problem.message) == ("missing-secret", True)
    assert "create secret generic store-keys --namespace guest --from-literal=AWS_ACCESS_KEY_ID=…" in problem.hint
    half = object_of("v1", "Secret", "store-keys", "guest", data={KEYS[0]: "eA=="})
    (problem,) = conflicts(made, There(half))  # type: ignore[arg-type]
    assert problem.message.endswith("has no `AWS_SECRET_ACCESS_KEY`")
    whole = object_of("v1", "Secret", "store-keys", "guest", data=dict.fromkeys(KEYS, "eA=="))
    assert list(conflicts(made, There(whole))) == []  # type: ignore[arg-type]


def test_the_keys_are_read_from_the_secret_of_the_namespace_each_time() -> None:
    data = {KEYS[0]: base64.b64encode(b"AKIA").decode()}
    there = There(object_of("v1", "Secret", "store-keys", "guest", data=data))
    secrets = ClusterSecrets(there, "guest")  # type: ignore[arg-type]
    assert secrets.get(Secret("store-keys", KEYS[0], "given")) == "AKIA"
    data[KEYS[0]] = base64.b64encode(b"AKIB").decode()
    assert secrets.get(Secret("store-keys", KEYS[0], "given")) == "AKIB"
    with pytest.raises(ActionError, match="missing-secret"):
        secrets.get(Secret("store-keys", KEYS[1], "given"))


def test_a_rendered_folder_asks_for_the_secrets_of_the_wires() -> None:
    found = secret_keys(bundle(stack("mlflow", **PLACE)))
    assert {*KEYS, "AWS_REGION", "OBJECT_STORE_URL"} <= set(found["mlflow-artifacts"])
    assert "object-store" not in found


def test_permissions_say_that_the_given_keys_decide(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(stack("mlflow", **PLACE))
    done = platinfra("permissions", "--json")
    enforced = {each["wire"]: each["enforced"] for each in json.loads(done.out)["permissions"]}
    assert "the given keys allow" in enforced["mlflow.artifacts"]
    assert "the given keys allow" not in enforced["mlflow.backend"]


def test_on_aws_the_roles_of_pods_are_enough() -> None:
    given = objects(bundle(SEED), "Secret")["mlflow-artifacts"]["stringData"]
    assert set(given) == {"AWS_REGION", "AWS_DEFAULT_REGION", "OBJECT_STORE_URL"}
    assert given["OBJECT_STORE_URL"] == "s3://aws-mlops-stack-s3-210987654321/mlflow"
