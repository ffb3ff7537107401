"""The first stack file of each page about clusters goes up as it is written there, stays, and leaves nothing of ours behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from platinfra.targets.kubernetes.place import PART_OF, prefix
from tests.docs.blocks import ROOT, blocks
from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.api.kinds import built_in
from tests.kubernetes.programs import KUBECTL
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.test_routes import new_account
from tests.targets.kubernetes.test_lifecycle import FIXTURES, Stack, base64_of, namespace, operated
from tests.terraform import TERRAFORM

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(900),
]
ENVIRONMENT = "tested"
"""What takes the charts from a folder, beside the page's own text."""
LAG = 4.0
"""Seconds until the API server serves a new kind."""
Found = set[tuple[str, str, str]]


def stack_file(page: str) -> str:
    """Return the first stack file of a page of `docs/how-to` as it stands there, with the environment below it."""
    text = next(each.text for each in blocks(ROOT / "docs" / "how-to" / f"{page}.md") if each.language == "yaml")
    data = yaml.safe_load(text)
    assert "environments" not in data
    override = {"deployment": {**data.get("deployment", {}), "charts": str(FIXTURES)}}
    return text + yaml.safe_dump({"environments": {ENVIRONMENT: override}})


def everything(api: Cluster) -> Found:
    """Return kind, namespace and name of all objects but definitions of kinds, which stay where a chart brought them."""
    defined = {each["spec"]["names"]["kind"] for each in api.list("CustomResourceDefinition")}
    kinds = {each.name for each in built_in()} - {"CustomResourceDefinition"} | defined
    objects = ((kind, each["metadata"]) for kind in kinds for each in api.list(kind))
    return {(kind, meta.get("namespace", ""), meta["name"]) for kind, meta in objects}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Yield a cluster that serves new kinds late, and a folder for the stack file."""
    with cluster() as api, operated(api):
        made = Stack(tmp_path, api)
        api.lag(LAG)
        yield made


def give_nothing(_: Stack) -> None:
    """Make nothing: the page asks for nothing."""


def give_sign_in(stack: Stack) -> None:
    """Make what the page about sign-in tells people to make, and the issuer that its file names."""
    name = prefix("churn", ENVIRONMENT)
    namespace(stack, name, {PART_OF: name})
    data = dict.fromkeys(("client-id", "client-secret"), base64_of("given"))
    stack.api.create(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sign-in", "namespace": name}, "data": data}
    )
    stack.api.lag(0)
    for each in yaml.safe_load_all((FIXTURES / "cert-manager" / "crds" / "kinds.yaml").read_text()):
        stack.api.create(each)
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "spec": {"acme": {}}}
    stack.api.create({**issuer, "metadata": {"name": "letsencrypt"}})
    stack.api.lag(LAG)


@pytest.mark.parametrize(("page", "give"), [("deploy-to-a-cluster", give_nothing), ("sign-in", give_sign_in)])
def test_the_first_stack_of_a_page_goes_up_in_one_go_stays_and_goes(
    stack: Stack, page: str, give: Callable[[Stack], None]
) -> None:
    before = everything(stack.api)
    give(stack)
    (stack.folder / "platinfra.yaml").write_text(stack_file(page))
    chosen = ("--env", ENVIRONMENT)
    stack.run("up", *chosen)
    assert stack.api.get("Deployment", "mlflow", prefix("churn", ENVIRONMENT))
    assert "nothing to do" in stack.run("up", *chosen)
    stack.run("plan", "--exit-code", *chosen)
    stack.run("drift", "--exit-code", *chosen)
    stack.run("down", "--delete-data", "--yes", *chosen)
    left = everything(stack.api) - before
    assert left <= {("ClusterIssuer", "", "letsencrypt")}


@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH")
def test_the_first_stack_of_the_page_on_eks_goes_up_in_one_go_stays_and_goes(tmp_path: Path) -> None:
    with new_account(tmp_path) as (cloud, api):
        api.lag(LAG)
        before = everything(api)
        cloud.write(stack_file("deploy-to-eks"))
        chosen = ("--env", ENVIRONMENT)
        cloud.does("up", "--yes", *chosen)
        assert api.get("Deployment", "mlflow", prefix("churn", ENVIRONMENT))
        again = cloud.run("up", "--yes", *chosen).said
        assert "the account matches the file" in again
        assert "the cluster matches the file" in again
        cloud.does("plan", "--exit-code", *chosen)
        cloud.does("drift", "--exit-code", *chosen)
        cloud.does("down", "--delete-data", "--yes", "--confirm", "churn", *chosen)
        assert everything(api) - before == set()
        assert leftovers(cloud.url) == set()
