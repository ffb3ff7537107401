"""Pages of a new cluster: from a domain to pods, with DNS records and certificates, in one `up`."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import ROUTES
from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.programs import KUBECTL
from tests.kubernetes.stacks import bundle, objects
from tests.moto_server import moto
from tests.stacks import resolved
from tests.targets.aws.conftest import Cloud, end, surroundings_of
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.stacks import ACCOUNT, root_of
from tests.terraform import TERRAFORM
from tests.terraform_provider import kept_provider

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
NAMESPACE = "churn"
DOMAIN = "domain: {name: ml.example.org}"
HOSTS = "routes: {domain: ml.example.org, tls: {issuer: letsencrypt}}"
STACK = f"""\
name: churn
provider: {{name: aws, account-id: "{ACCOUNT}", region: eu-central-1}}
deployment: {{DEPLOYMENT}}
stack:
  experiment_tracker: [mlflow]
"""
EXISTING = (
    "cluster: {name: ours, security-group: sg-0a1b2c3d}, "
    "network: {vpc-id: vpc-0a1b2c3d, private-subnets: [subnet-0a1b2c3d, subnet-0a1b2c3e]}"
)
CONTROLLERS = {"aws-load-balancer-controller", "cert-manager", "external-dns"}


def existing_database(cloud: Cloud) -> str:
    """Return a stage with a database that exists: Terraform's provider takes two minutes to make one, and to remove it."""
    login = '{"username": "root", "password": "not-a-real-one"}'
    made = cloud.client("secretsmanager").create_secret(Name="company-database", SecretString=login)
    return f'  sql_database: [rds: {{settings: {{host: db.example.org, admin_secret: "{made["ARN"]}"}}}}]\n'


def stack(*deployment: str) -> str:
    return STACK.replace("{DEPLOYMENT}", "{" + ", ".join(deployment) + "}")


def policies(name: str, *deployment: str) -> dict[str, Any]:
    """Return the statements of a controller's role by their names."""
    (role,) = (each for each in root_of(stack(*deployment)).roles if each.name == f"churn-cluster-{name}")
    return {each["Sid"]: plain(each) for document in role.policies.values() for each in document["Statement"]}


@pytest.mark.parametrize(
    ("deployment", "joined"),
    [
        ([HOSTS, DOMAIN], CONTROLLERS),
        (["routes: {domain: ml.example.org}", DOMAIN], CONTROLLERS),
        (["routes: {domain: ml.example.org}"], {"aws-load-balancer-controller", "cert-manager"}),
        ([DOMAIN], set()),
        (["routes: {domain: ml.example.org, gateway-class: cilium, from-namespace: cilium}", DOMAIN], set()),
        ([HOSTS, DOMAIN, EXISTING], set()),
        ([HOSTS, EXISTING], set()),
    ],
)
@pytest.mark.finding("A9")
def test_what_leads_to_pages_joins_where_a_new_cluster_needs_it(deployment: list[str], joined: set[str]) -> None:
    assert resolved(stack(*deployment)).graph.components.keys() & CONTROLLERS == joined


@pytest.mark.finding("A9")
def test_controllers_are_there_before_the_routes_and_the_stack_waits_for_no_other() -> None:
    made = bundle(stack(HOSTS, DOMAIN))
    steps = {each.key: each for each in made.steps}
    balancers = "release:kube-system/aws-load-balancer-controller"
    records = "release:external-dns/external-dns"
    assert {balancers, records, "objects:cert-manager"} <= set(steps[ROUTES].after)
    assert steps[balancers].after == ("release:cert-manager/cert-manager",)
    assert steps[records].after == ("release:envoy-gateway-system/gateway-helm",)
    assert steps["namespace"].after == ("objects:karpenter",)


@pytest.mark.finding("A9")
def test_the_issuer_proves_hosts_in_the_zone_and_nobody_has_to_answer_over_http() -> None:
    made = bundle(stack(HOSTS, DOMAIN))
    issuer = plain(objects(made, "ClusterIssuer")["letsencrypt"])
    (solver,) = issuer["spec"]["acme"]["solvers"]
    assert solver["dns01"]["route53"] == {"region": "eu-central-1", "hostedZoneID": "${module.domain.zone_id}"}
    assert objects(made, "Certificate")["mlflow-route"]["spec"]["issuerRef"]["name"] == "letsencrypt"
    assert "platinfra-challenges" not in objects(made, "NetworkPolicy")
    assert "platinfra-challenges" in objects(bundle(stack(HOSTS, EXISTING)), "NetworkPolicy")


@pytest.mark.finding("A9")
def test_a_zone_that_exists_is_named_to_everybody() -> None:
    made = bundle(stack(HOSTS, "domain: {name: ml.example.org, zone-id: Z0123456789ABC}"))
    assert "Z0123456789ABC" in str(objects(made, "ClusterIssuer")["letsencrypt"])
    (records,) = (each for each in made.releases if each.name == "external-dns")
    assert records.values["extraArgs"] == {"zone-id-filter": "Z0123456789ABC"}
    assert records.values["policy"] == "sync"
    assert records.values["txtOwnerId"] == f"platinfra-{ACCOUNT}-eu-central-1-churn"


@pytest.mark.finding("A9")
def test_records_of_a_challenge_are_all_that_certificates_may_change() -> None:
    zone = "domain: {name: ml.example.org, zone-id: Z0123456789ABC}"
    found = policies("certificates", HOSTS, zone)
    assert {action for each in found.values() for action in each["Action"]} == {
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
    }
    prove = found["ProveHosts"]
    assert prove["Resource"] == ["arn:aws:route53:::hostedzone/Z0123456789ABC"]
    assert prove["Condition"]["ForAllValues:StringEquals"] == {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_acme-challenge.mlflow.ml.example.org"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
    }


@pytest.mark.finding("A9")
def test_records_are_kept_in_the_domains_zone_alone() -> None:
    found = policies("records", HOSTS, DOMAIN)
    assert found["ChangeRecords"]["Resource"] == ["arn:aws:route53:::hostedzone/${module.domain.zone_id}"]
    assert found["ReadRecords"]["Resource"] == found["ChangeRecords"]["Resource"]
    assert found["FindZones"]["Action"] == ["route53:ListHostedZones"]


@pytest.mark.finding("A9")
def test_load_balancers_are_changed_only_where_they_carry_the_clusters_name() -> None:
    found = policies("balancers", HOSTS, DOMAIN)
    looking = {"DescribeNetwork", "Linked"}
    for name, each in found.items():
        if name not in looking:
            assert all(f":eu-central-1:{ACCOUNT}:" in resource for resource in each["Resource"])
    tagged = {name for name, each in found.items() if "elbv2.k8s.aws/cluster" in str(each.get("Condition"))}
    assert found.keys() - tagged == {*looking, "UseNetwork", "OpenNodes", "TagListeners", "ChangeListeners"}
    assert found["OpenNodes"]["Condition"] == {"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/churn": "owned"}}


@pytest.mark.parametrize(
    ("deployment", "code"),
    [
        ([HOSTS], "missing-issuer"),
        ([HOSTS.replace("issuer: letsencrypt", "issuer: letsencrypt, issuer-kind: Issuer"), DOMAIN], "routes-conflict"),
        ([HOSTS.replace("routes: {domain: ml", "routes: {domain: other"), DOMAIN], "invalid-host"),
        ([HOSTS.replace("routes: {", "routes: {hosts: {mlflow: mlflow.example.com}, "), DOMAIN], "invalid-host"),
    ],
)
@pytest.mark.finding("A9")
def test_what_nobody_could_certify_is_told_before_anything_is_made(deployment: list[str], code: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(stack(*deployment))
    (found,) = raised.value.diagnostics
    assert (found.code, bool(found.span), bool(found.hint)) == (code, True, True)


@pytest.mark.finding("A9")
def test_subnets_of_others_are_named_to_the_controller() -> None:
    made = bundle(stack(HOSTS, DOMAIN, EXISTING.partition(", ")[2].partition(", ")[2]))
    service = objects(made, "EnvoyProxy")["gateway"]["spec"]["provider"]["kubernetes"]["envoyService"]
    named = "service.beta.kubernetes.io/aws-load-balancer-subnets"
    assert service["annotations"][named] == "subnet-0a1b2c3d,subnet-0a1b2c3e"


@contextmanager
def new_account(folder: Path) -> Iterator[tuple[Cloud, Cluster]]:
    """Yield a folder, an account, and the API that every cluster made there has."""
    with cluster() as api, moto(ACCOUNT, cluster=api.url) as url, ExitStack() as kept:
        env = surroundings_of(folder, url)
        env |= kept.enter_context(kept_provider(env)) | {"PLATINFRA_KUBECTL": KUBECTL or ""}
        cloud = Cloud(folder / "stack", url, env)
        try:
            yield cloud, api
        finally:
            end(cloud.running)


class Controllers(threading.Thread):
    """
    Has a load balancer and a record for a stack, and removes both when routes go, as Envoy Gateway and ExternalDNS do.

    Remembers who was still there then, and the network: nobody may remove either before.
    """

    def __init__(self, cloud: Cloud, api: Cluster, zone: str, namespace: str) -> None:
        super().__init__(daemon=True)
        self.cloud, self.api, self.zone, self.namespace = cloud, api, zone, namespace
        self.there: set[str] = set()
        self.networks: set[str] = set()
        labels = {
            f"gateway.envoyproxy.io/owning-gateway-{key}": each
            for key, each in {"name": "gateway", "namespace": namespace}.items()
        }
        meta = {"name": "envoy-stack", "namespace": "envoy-gateway-system", "labels": labels}
        api.create({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 443}]}})
        self.change("CREATE")

    def run(self) -> None:
        while self.api.list("Gateway", self.namespace):
            time.sleep(0.1)
        self.api.delete("Service", "envoy-stack", "envoy-gateway-system")
        time.sleep(4)  # longer than `down` needs to look again
        names = ("envoy-gateway-system", "gateway-helm"), ("external-dns", "external-dns")
        more = ("kube-system", "aws-load-balancer-controller")
        self.there = {name for namespace, name in (*names, more) if self.api.get("Deployment", name, namespace)}
        found = self.cloud.client("ec2").describe_vpcs()["Vpcs"]
        self.networks = {each["VpcId"] for each in found if not each["IsDefault"]}
        self.change("DELETE")

    def change(self, action: str) -> None:
        """Create or delete the record by which ExternalDNS marks a host of the stack."""
        owner = f"platinfra-{ACCOUNT}-eu-central-1-{self.namespace}"
        mark = f'"heritage=external-dns,external-dns/owner={owner},external-dns/resource=x"'
        record = {"Name": "a-mlflow.ml.example.org", "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": mark}]}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self.cloud.client("route53").change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)


@pytest.mark.finding("A9")
@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(TERRAFORM is None or KUBECTL is None, reason="terraform or kubectl is not on this machine")
def test_one_up_leads_from_the_domain_to_the_pages_and_down_takes_all_of_it_out(tmp_path: Path) -> None:
    with new_account(tmp_path) as (cloud, api):
        text = stack(HOSTS, DOMAIN, f"charts: {FIXTURES}", "cluster: {public-access: [203.0.113.7/32]}")
        cloud.write(text + existing_database(cloud))
        done = cloud.run("up", "--yes")
        assert done.code == 0, done.said
        told = done.said
        route53 = cloud.client("route53")
        (zone,) = (each["Id"].rpartition("/")[2] for each in route53.list_hosted_zones()["HostedZones"])
        servers = route53.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
        assert "no certificate yet for mlflow.ml.example.org" in told
        assert all(each in told for each in servers)
        issuer = api.get("ClusterIssuer", "letsencrypt", "")
        assert issuer
        assert zone in str(issuer)
        records = api.get("Deployment", "external-dns", "external-dns")
        assert f"--zone-id-filter={zone}" in str(records)
        vpcs = {each["VpcId"] for each in cloud.client("ec2").describe_vpcs()["Vpcs"] if not each["IsDefault"]}
        balancers = str(api.get("Deployment", "aws-load-balancer-controller", "kube-system"))
        assert any(f"--aws-vpc-id={each}" in balancers for each in vpcs)

        challenge = {"apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge"}
        spec = {"dnsName": "mlflow.ml.example.org"}
        api.create({**challenge, "metadata": {"name": "one", "namespace": NAMESPACE}, "spec": spec})
        api.set_status("Challenge", "one", {"reason": "waiting for the delegation"}, NAMESPACE)
        again = cloud.run("up", "--yes").said
        assert "the cluster matches the file" in again
        assert "mlflow.ml.example.org: waiting for the delegation" in again
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        api.set_status("Certificate", "mlflow-route", ready, NAMESPACE)
        again = cloud.run("up", "--yes").said
        assert "no certificate" not in again
        assert servers[0] not in again
        cloud.does("drift", "--exit-code")

        acting = Controllers(cloud, api, zone, NAMESPACE)
        acting.start()
        cloud.does("down", "--delete-data", "--confirm", "churn")
        acting.join(10)
        assert acting.there == {"gateway-helm", "external-dns", "aws-load-balancer-controller"}
        assert acting.networks == vpcs
        assert api.get("Namespace", NAMESPACE) is None
        assert leftovers(cloud.url) == {"secretsmanager company-database"}
