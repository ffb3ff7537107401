"""The platform of `examples/eks-platform`: one file, one `up`, pages of three tools, and nothing left after `down`."""

import base64
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from platinfra.drivers.secret_store import SecretStore
from platinfra.targets.aws.verbs import given
from platinfra.targets.aws.verbs.stack import cloud_stack
from tests.conftest import Command
from tests.docs.blocks import ROOT, blocks
from tests.kubernetes.api import Cluster
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import bundle, objects
from tests.stacks import resolved
from tests.targets.aws.conftest import Cloud
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.test_routes import FIXTURES, Controllers, new_account
from tests.terraform import TERRAFORM

EXAMPLE = ROOT / "examples" / "eks-platform"
NAMESPACE = "ml-platform"
CLIENT = {"client-id": "Iv1.0123456789abcdef", "client-secret": "not-a-real-one"}
PAGES = {f"{each}.ml.example.org" for each in ("mlflow", "airflow", "jupyterhub")}


UP, DOWN = (
    shlex.split(command)[1:]
    for block in blocks(EXAMPLE / "README.md")
    if block.kind == "platform"
    for command, _ in block.commands()
)
"""The commands that the example's README names."""


def text() -> str:
    return (EXAMPLE / "platinfra.yaml").read_text()


def here() -> str:
    """Return the example with the charts of the tests."""
    data = yaml.safe_load(text())
    data["deployment"]["charts"] = str(FIXTURES)
    return str(yaml.safe_dump(data, sort_keys=False))


def test_the_example_is_valid_without_a_warning(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(text())
    ended = platinfra("validate", "--json")
    assert ended.code == 0
    assert json.loads(ended.out).get("warnings", []) == []
    assert "warning" not in ended.err


@pytest.mark.finding("A19")
def test_the_example_has_what_its_readme_says() -> None:
    found = resolved(text())
    assert {"rds", "s3", "cluster-autoscaler", "external-dns", "cert-manager"} <= found.graph.components.keys()
    made = bundle(text())
    assert {each["spec"]["hostnames"][0] for each in objects(made, "HTTPRoute").values()} >= PAGES
    (hub,) = (each for each in made.releases if each.chart == "jupyterhub")
    assert hub.values["singleuser"]["storage"]["dynamic"] == {
        "storageClass": "efs",
        "storageAccessModes": ["ReadWriteMany"],
    }
    assert "git clone" in str(hub.values["singleuser"]["lifecycleHooks"])
    assert [each["name"] for each in hub.values["custom"]["profiles"]] == ["Small", "Large", "Deep learning"]
    assert {each["spec"]["dnsNames"][0] for each in objects(made, "Certificate").values()} == PAGES


@pytest.mark.finding("A9")
@pytest.mark.parametrize(
    ("held", "message", "command"),
    [
        (None, "does not exist", "create-secret --name"),
        ({"client-id": "x"}, "has no `client-secret`", "put-secret-value --secret-id"),
        (CLIENT, "", ""),
    ],
)
def test_a_new_cluster_is_not_made_without_the_client_that_its_pages_need(
    monkeypatch: pytest.MonkeyPatch, held: dict[str, str] | None, message: str, command: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(SecretStore, "find", lambda _, path: (asked.append(path), held)[1])
    found = list(given.find_missing(cloud_stack(resolved(text()))))
    assert asked == ["ml-platform/sign-in"]
    assert [each.code for each in found] == (["missing-secret"] if message else [])
    for each in found:
        assert message in each.message
        assert f"aws secretsmanager {command} ml-platform/sign-in --region eu-central-1" in str(each.hint)


def keep_client(cloud: Cloud, **content: str) -> None:
    cloud.client("secretsmanager").create_secret(Name=f"{NAMESPACE}/sign-in", SecretString=json.dumps(content))


def client_in(api: Cluster) -> dict[str, str]:
    found = api.get("Secret", "sign-in", NAMESPACE) or {"data": {}}
    return {key: base64.b64decode(each).decode() for key, each in found["data"].items()}


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.finding("A9")
@pytest.mark.finding("A19")
@pytest.mark.skipif(TERRAFORM is None or KUBECTL is None, reason="terraform or kubectl is not on this machine")
def test_one_up_makes_the_platform_and_down_takes_all_of_it_out(tmp_path: Path) -> None:
    with new_account(tmp_path) as (cloud, api):
        cloud.write(here())
        refused = cloud.run(*UP, "--yes")
        assert refused.code == 2, refused.said
        assert "missing-secret" in refused.said
        assert leftovers(cloud.url) == set()

        keep_client(cloud, **CLIENT)
        done = cloud.run(*UP, "--yes")
        assert done.code == 0, done.said
        assert client_in(api) == CLIENT
        route53 = cloud.client("route53")
        (zone,) = (each["Id"].rpartition("/")[2] for each in route53.list_hosted_zones()["HostedZones"])
        servers = route53.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
        assert all(each in done.said for each in servers)
        assert all(f"https://{each}" in done.said for each in PAGES)
        healthy(cloud)

        cloud.client("secretsmanager").put_secret_value(
            SecretId=f"{NAMESPACE}/sign-in", SecretString=json.dumps({**CLIENT, "client-secret": "another"})
        )
        cloud.does("up", "--yes")
        assert client_in(api)["client-secret"] == "another"

        acting = Controllers(cloud, api, zone, NAMESPACE)
        acting.start()
        cloud.does(*DOWN, "--yes")
        acting.join(10)
        assert acting.there == {"gateway-helm", "external-dns", "aws-load-balancer-controller"}
        assert acting.networks
        assert api.get("Namespace", NAMESPACE) is None
        assert not [each for kind in ("Deployment", "StorageClass") for each in api.list(kind)]
        cloud.client("secretsmanager").delete_secret(SecretId=f"{NAMESPACE}/sign-in", ForceDeleteWithoutRecovery=True)
        assert leftovers(cloud.url) == set()


def healthy(cloud: Cloud) -> None:
    """Assert that all that runs is ready, and that nothing is left to do or was changed by others."""
    status: Any = json.loads(cloud.does("status", "--json"))
    assert {"mlflow", "airflow", "jupyterhub"} <= {each["name"] for each in status["components"]}
    assert {each["name"] for each in status["components"] if each["health"] != "healthy"} == set()
    assert "nothing to do" in cloud.does("plan", "--exit-code")
    cloud.does("drift", "--exit-code")
