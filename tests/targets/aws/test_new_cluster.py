"""What has to be true of an account before a new cluster is made there, and of a cluster that AWS upgraded meanwhile."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.document import load_text
from platinfra.facts import aws as facts
from platinfra.spec.load import load
from platinfra.targets.aws.statements import statements_of
from platinfra.targets.aws.verbs import session, up
from platinfra.targets.aws.verbs.stack import CloudStack, cloud_stack
from tests.kubernetes.stacks import bundle
from tests.stacks import resolved
from tests.targets.aws.conftest import Cloud
from tests.targets.aws.stacks import CATALOG, root_of, text_of, values_of
from tests.terraform import TERRAFORM

STACK = """\
name: churn
provider: {name: aws, account-id: "210987654321", region: us-east-1}
deployment: {DEPLOYMENT}
stack:
  experiment_tracker: [mlflow]
"""
FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
NETWORK = "network: {vpc-id: vpc-0a1b2c3d, private-subnets: [subnet-0a1b2c3d, subnet-0a1b2c3e]}"
EXISTING = f"cluster: {{name: ours, security-group: sg-0a1b2c3d}}, {NETWORK}"


def stack(deployment: str) -> CloudStack:
    return cloud_stack(resolved(STACK.replace("DEPLOYMENT", deployment)))


class Account:
    """An account whose first letter is the zone without EKS."""

    def zone_ids(self, names: list[str]) -> dict[str, str]:
        known = {"us-east-1a": "use1-az3", "subnet-0a1b2c3e": "use1-az3"}
        return {each: known.get(each, "use1-az1") for each in names}


def codes(found: Any) -> list[str]:
    return [each.code for each in found]


@pytest.mark.finding("A6")
@pytest.mark.parametrize(
    ("deployment", "problems"),
    [
        ("", ["api-unreachable"]),
        ("cluster: {private-access: [10.8.0.0/16]}", []),
        ("cluster: {private-access: [sg-0a1b2c3d]}", []),
        ("cluster: {public-access: [203.0.113.7/32]}", []),
        ("applications: gitops", []),
    ],
)
def test_an_api_that_nobody_may_reach_is_told_before_anything_is_made(deployment: str, problems: list[str]) -> None:
    found = list(up._check_reach(stack(deployment)))
    assert codes(found) == problems
    assert all("private-access" in str(each.hint) for each in found)


@pytest.mark.finding("A6")
@pytest.mark.live
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on this machine")
def test_up_makes_nothing_where_it_could_not_come_to_an_end(cloud: Cloud) -> None:
    cloud.region = "us-east-1"
    cloud.write(STACK.replace("DEPLOYMENT", f"charts: {FIXTURES}, cluster: {{autoscaler: auto-mode}}"))
    done = cloud.run("up", "--yes")
    assert (done.code, "api-unreachable" in done.said) == (2, True), done.said
    assert cloud.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.finding("A12")
def test_people_are_told_how_they_get_a_kubeconfig() -> None:
    users = "users: [{name: ada@example.org, role: admin}]\n"
    sign_in = "sign-in: {provider: 'arn:aws:iam::210987654321:saml-provider/company'}"
    told = up._for_people(cloud_stack(resolved(STACK.replace("DEPLOYMENT", sign_in) + users)))
    command = "aws eks update-kubeconfig --region us-east-1 --name churn"
    assert told == (f"kubectl for admin: {command} --role-arn arn:aws:iam::210987654321:role/churn-admin",)
    assert up._for_people(stack("")) == ()


@pytest.mark.finding("A6")
def test_whoever_is_named_is_let_in_by_the_clusters_security_group() -> None:
    (cluster,) = [stack("cluster: {private-access: [10.8.0.0/16]}").with_state[0].modules["cluster"]]
    assert cluster["private_access"] == ["10.8.0.0/16"]


@pytest.mark.finding("A6")
@pytest.mark.parametrize(
    ("deployment", "code"),
    [
        ("cluster: {private-access: [everybody]}", "invalid-cidr"),
        (EXISTING.replace("sg-0a1b2c3d}", "sg-0a1b2c3d, private-access: [10.8.0.0/16]}"), "setting-of-another-target"),
    ],
)
def test_private_access_is_for_ranges_and_groups_of_a_new_cluster(deployment: str, code: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        stack(deployment)
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.span


@pytest.mark.finding("A8")
@pytest.mark.parametrize(
    ("deployment", "named"),
    [
        ("", []),
        ("network: {zones: [us-east-1a, us-east-1b]}", ["us-east-1a"]),
        ("network: {zones: [us-east-1b, us-east-1c]}", []),
        (NETWORK, ["subnet-0a1b2c3e"]),
    ],
)
def test_zones_and_subnets_without_eks_are_told_by_their_ids(deployment: str, named: list[str]) -> None:
    found = list(up._check_zones(stack(deployment), Account()))  # type: ignore[arg-type]
    assert codes(found) == ["unsupported-zone"] * len(named)
    assert [each.message.split("`")[1] for each in found] == named


@pytest.mark.finding("A8")
@pytest.mark.parametrize(
    ("region", "ids"), [("us-east-1", ["use1-az3"]), ("ca-central-1", ["cac1-az3"]), ("eu-central-1", [])]
)
def test_zones_that_nobody_names_are_chosen_in_the_account(region: str, ids: list[str]) -> None:
    network = root_of(STACK.replace("us-east-1", region).replace("DEPLOYMENT", "")).modules["network"]
    assert (network["zones"], network["zone_count"], network["unsupported_zone_ids"]) == ([], 3, ids)


def warnings(deployment: str) -> list[Diagnostic]:
    file = load(load_text(STACK.replace("DEPLOYMENT", deployment), "platinfra.yaml"))
    return [each for each in file.warnings if each.code == "support-ends"]


@pytest.mark.finding("A7")
def test_a_version_that_leaves_standard_support_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "today", lambda: date(2026, 11, 1))
    (found,) = warnings('cluster: {version: "1.34"}')
    assert "2026-12-02" in found.message
    assert found.severity == "warning"
    assert found.span
    assert warnings("") == warnings(EXISTING) == warnings("type: cloud_vm") == []
    monkeypatch.setattr(facts, "today", lambda: date(2027, 6, 1))
    assert warnings("")


@pytest.mark.finding("A7")
def test_the_usual_version_is_one_whose_end_is_known() -> None:
    version = values_of(STACK.replace("DEPLOYMENT", "")).facts.place.kubernetes_version
    assert version == max(facts.eks().support_ends)


@pytest.mark.finding("A7")
@pytest.mark.parametrize(("there", "planned"), [("1.36", "1.36"), ("1.34", "1.35"), (None, "1.35")])
def test_a_cluster_newer_than_the_file_is_not_taken_back(
    there: str | None, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platinfra.drivers import eks

    monkeypatch.setattr(eks, "cluster", lambda account, name: {"version": there} if there else None)
    monkeypatch.setattr(session, "account_of", lambda cloud: None)
    found = session.as_it_runs(stack(""))
    assert found.with_state[0].modules["cluster"]["kubernetes_version"] == planned
    assert found.bundle(digests=False).place.version == planned


@pytest.mark.finding("A13")
@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (
            "763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-inference:2.6.0-cpu-py312",
            "arn:aws:ecr:us-west-2:763104351884:repository/pytorch-inference",
        ),
        (
            "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b@sha256:00",
            "arn:aws-cn:ecr:cn-north-1:727897471807:repository/a/b",
        ),
        ("public.ecr.aws/acme/serve:1", None),
        ("", None),
    ],
)
def test_sagemaker_pulls_its_image_from_the_repository_that_it_lies_in(image: str, repository: str | None) -> None:
    text = text_of("sagemaker").replace("[sagemaker]", f'[sagemaker: {{settings: {{endpoint_image: "{image}"}}}}]')
    values = values_of(text)
    pulls = [
        "".join(map(str, arn))
        for each in statements_of(values.graph.components["sagemaker"], values)
        if "ecr:BatchGetImage" in each.actions
        for arn in each.resources
    ]
    assert [each for each in pulls if "managed-models" not in each] == ([repository] if repository else [])


@pytest.mark.finding("A4")
def test_a_machine_is_refused_tools_without_a_recipe_before_it_gets_their_roles() -> None:
    text = text_of("seed").replace("type: kubernetes", "type: cloud_vm")
    if "cloud_vm" not in text:
        text = text.replace("stack:", "deployment: {type: cloud_vm}\nstack:", 1)
    with pytest.raises(PlatinfraError) as raised:
        root_of(text.replace("data_versioning: [dvc]", "data_versioning: [lakefs]"))
    refused = {each.message.split("`")[1] for each in raised.value.diagnostics}
    assert {each.code for each in raised.value.diagnostics} <= {"tool-not-on-target", "no-recipe"}
    assert {"nvidia-triton", "lakefs"} <= refused
    assert CATALOG.get("lakefs").run.local is None


ROUTED = """\
name: churn
provider: {PROVIDER}
deployment: {type: TYPE, routes: {domain: ml.example.org, tls: {secret: cert}MORE}}
stack:
  experiment_tracker: [mlflow]
  sign_in: [github: {settings: {organization: acme}}]
"""
AWS = 'name: aws, account-id: "210987654321", region: eu-central-1'


def routed(more: str = "", provider: str = AWS) -> str:
    text = ROUTED.replace("PROVIDER", provider).replace("MORE", more)
    return text.replace("type: TYPE, ", "type: kubernetes, " if provider == AWS else "")


def balancer(text: str) -> Any:
    """Return what the Gateway's own parameters say of its Service; None where it has none."""
    made = bundle(text)
    (gateway,) = [each for each in made.objects if each["kind"] == "Gateway"]
    proxies = {each["metadata"]["name"]: each for each in made.objects if each["kind"] == "EnvoyProxy"}
    named = gateway["spec"].get("infrastructure", {}).get("parametersRef")
    if named is None:
        assert not proxies
        return None
    assert (named["group"], named["kind"]) == ("gateway.envoyproxy.io", "EnvoyProxy")
    return proxies[named["name"]]["spec"]["provider"]["kubernetes"]["envoyService"]


@pytest.mark.finding("A17")
def test_pages_on_eks_are_inside_the_network_unless_the_file_says_otherwise() -> None:
    own = "service.beta.kubernetes.io/aws-load-balancer"
    pods = {f"{own}-type": "external", f"{own}-nlb-target-type": "ip"}
    assert balancer(routed())["annotations"] == {**pods, f"{own}-scheme": "internal"}
    outside = balancer(routed(", scheme: internet-facing, allow: [203.0.113.0/24]"))
    assert outside["annotations"] == {**pods, f"{own}-scheme": "internet-facing"}
    assert outside["loadBalancerSourceRanges"] == ["203.0.113.0/24"]
    # Whatever controller an existing cluster has understands these.
    there = balancer(routed().replace("deployment: {", f"deployment: {{{EXISTING}, "))
    assert there["annotations"] == {f"{own}-type": "nlb", f"{own}-scheme": "internal", f"{own}-internal": "true"}


@pytest.mark.finding("A17")
def test_pages_of_any_cluster_are_for_those_whom_the_file_allows() -> None:
    assert balancer(routed(provider="name: kubernetes")) is None
    allowed = balancer(routed(", allow: [10.0.0.0/8]", provider="name: kubernetes"))
    assert allowed == {"loadBalancerSourceRanges": ["10.0.0.0/8"]}


@pytest.mark.finding("A17")
@pytest.mark.parametrize(
    ("more", "provider", "code"),
    [
        (", scheme: internal", "name: kubernetes", "setting-of-another-target"),
        (", allow: [everybody]", AWS, "invalid-cidr"),
        (", allow: [10.0.0.1/8]", AWS, "invalid-cidr"),
        (", allow: [10.0.0.0/8], gateway-class: cilium, from-namespace: x", AWS, "routes-conflict"),
    ],
)
def test_what_a_load_balancer_cannot_be_told_is_refused_in_its_place(more: str, provider: str, code: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        bundle(routed(more, provider))
    (found,) = raised.value.diagnostics
    assert found.code == code
    assert found.span
    assert found.hint
