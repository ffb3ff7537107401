"""What the roles of a stack may do, judged call by call: enough for what they are for, and nothing beside it."""

import json
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.template import plain
from platinfra.targets.aws import labels
from platinfra.targets.aws.record import kept_calls
from platinfra.targets.aws.roles import Role
from platinfra.targets.aws.statements import statements_of
from tests.targets.aws.evaluator import Call, allowed
from tests.targets.aws.stacks import ACCOUNT, NAMES, root_of, text_of, values_of
from tests.terraform import TERRAFORM, environment, terraform

REGION = "eu-central-1"
SSM = f"arn:aws:ssm:{REGION}"
CLUSTER = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/recommender"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/company"
ENVIRONMENTS = {"production": "production"}
PEOPLE = """\
name: recommender
provider: {{name: aws, account-id: "{account}", region: eu-central-1}}
deployment: {{type: {kind}, sign-in: {{provider: "{saml}"}}}}
users:
  - {{name: ada@example.org, role: admin}}
  - {{name: grace@example.org, role: data_scientist}}
  - {{name: edsger@example.org, role: auditor}}
stack:
  experiment_tracker: [mlflow]
"""


def people(kind: str) -> dict[str, Role]:
    text = PEOPLE.format(account=ACCOUNT, kind=kind, saml=SAML)
    return {role.key: role for role in root_of(text).roles if role.component == "users"}


def role_of(name: str, label: str) -> Role:
    (found,) = [each for each in root_of(text_of(name)).roles if each.label == label]
    return found


def may(role: Role, action: str, resource: str, **context: Any) -> bool:
    return allowed(plain(list(role.policies.values())), Call(action, resource, tuple(context.items())))


def tagged(**more: Any) -> dict[str, Any]:
    return {
        "aws:ResourceTag/platinfra:stack": "recommender",
        "aws:ResourceTag/platinfra:environment": "default",
        **more,
    }


@pytest.mark.finding("A11")
def test_flow_logs_look_for_their_group_among_all() -> None:
    roles = root_of(text_of("production"), environment="production").roles
    (role,) = [each for each in roles if each.label == "role_network_logs"]
    # What CloudWatch Logs names as the resource of the call.
    assert may(role, "logs:DescribeLogGroups", f"arn:aws:logs:eu-north-1:{ACCOUNT}:log-group::log-stream:")
    assert not may(role, "logs:PutLogEvents", f"arn:aws:logs:eu-north-1:{ACCOUNT}:log-group:other:log-stream:x")


@pytest.mark.finding("A12")
@pytest.mark.parametrize("role", ["admin", "data_scientist", "auditor"])
def test_people_find_the_cluster_that_they_may_enter(role: str) -> None:
    found = people("kubernetes")[role]
    assert may(found, "eks:DescribeCluster", CLUSTER)
    assert not may(found, "eks:DescribeCluster", f"{CLUSTER}2")


@pytest.mark.finding("A16")
def test_only_admins_get_a_shell_and_it_is_the_accounts_own() -> None:
    shell = f"{SSM}:{ACCOUNT}:document/SSM-SessionManagerRunShell"
    forwarding = f"{SSM}::document/AWS-StartPortForwardingSession"
    checked = {"ssm:SessionDocumentAccessCheck": "true"}
    roles = people("cloud_vm")
    for name, documents in {"admin": {shell, forwarding}, "data_scientist": {forwarding}, "auditor": set()}.items():
        found = {each for each in (shell, forwarding) if may(roles[name], "ssm:StartSession", each, **checked)}
        assert found == documents


@pytest.mark.finding("A16")
@pytest.mark.parametrize("role", ["admin", "data_scientist"])
def test_whoever_names_no_document_is_checked_for_the_usual_one(role: str) -> None:
    """Session Manager asks for the document only where a policy demands it by this key."""
    document = plain(people("cloud_vm")[role].policies["sessions"])
    starting = [each for each in document["Statement"] if "ssm:StartSession" in each["Action"]]
    assert starting
    for each in starting:
        assert each["Condition"]["BoolIfExists"] == {"ssm:SessionDocumentAccessCheck": "true"}
    assert may(people("cloud_vm")[role], "ssm:StartSession", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", **tagged())


@pytest.mark.finding("I1")
@pytest.mark.parametrize("name", NAMES)
def test_nobody_may_delete_versions_of_objects(name: str) -> None:
    for role in root_of(text_of(name), environment=ENVIRONMENTS.get(name)).roles:
        assert "s3:DeleteObjectVersion" not in json.dumps(plain(role.policies))


@pytest.mark.finding("I2")
@pytest.mark.parametrize("name", NAMES)
def test_pods_may_not_read_the_secrets_that_are_copied_for_them(name: str) -> None:
    for role in root_of(text_of(name), environment=ENVIRONMENTS.get(name)).roles:
        if role.pod:
            text = json.dumps(plain(role.policies))
            assert "secretsmanager:" not in text
            assert "secretsmanager." not in text, "decrypts for Secrets Manager"


@pytest.mark.finding("I2")
def test_processes_of_a_machine_still_read_their_own_secret() -> None:
    values = values_of(text_of("cloud-vm"))
    found = [action for each in statements_of(values.graph.components["mlflow"], values) for action in each.actions]
    assert "secretsmanager:GetSecretValue" in found


SHARED = """\
name: churn
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
stack:
  object_store: [STORE]
  experiment_tracker: [mlflow]
  runtime_engine: [RAY]
  model_serving: [nvidia-triton]
"""
OWN_BUCKET = f"churn-s3-ray-{ACCOUNT}"


def shared(store: str = "s3", ray: str = "ray") -> str:
    return SHARED.replace("STORE", store).replace("RAY", ray)


def heads(role: Role) -> set[str]:
    """Return the buckets that a role may ask about as a whole: IAM takes HeadBucket for a listing without a prefix."""
    found = {f"churn-s3-{ACCOUNT}", OWN_BUCKET, "company", "for-ray"}
    return {each for each in found if may(role, "s3:ListBucket", f"arn:aws:s3:::{each}")}


def of_component(text: str, name: str) -> Role:
    (found,) = [each for each in root_of(text).roles if each.component == name]
    return found


@pytest.mark.finding("A1")
def test_whoever_asks_about_a_bucket_as_a_whole_has_one_alone() -> None:
    root = root_of(shared())
    names = {label: call["name"] for label, call in root.modules.items() if call["source"] == "./modules/bucket"}
    assert {label: plain(name) for label, name in names.items()} == {
        "component_s3": f"churn-s3-{ACCOUNT}",
        "component_s3__ray": OWN_BUCKET,
    }
    wires = plain(root.outputs["wires"])
    assert wires["ray.artifacts"]["bucket"] == "${module.component_s3__ray.name}"
    assert wires["mlflow.artifacts"]["bucket"] == "${module.component_s3.name}"
    ray = of_component(shared(), "ray")
    assert heads(ray) == {OWN_BUCKET}
    assert may(ray, "s3:PutObject", f"arn:aws:s3:::{OWN_BUCKET}/ray/x")
    assert not may(ray, "s3:GetObject", f"arn:aws:s3:::churn-s3-{ACCOUNT}/ray/x")
    for name in ("mlflow", "nvidia-triton"):
        assert heads(of_component(shared(), name)) == set()


@pytest.mark.finding("A1")
def test_a_bucket_of_its_own_is_kept_and_checked_as_the_shared_one_is() -> None:
    root = root_of(shared())
    kept = kept_calls(root.modules)
    assert kept["component_s3__ray"] == f"bucket {OWN_BUCKET}"
    assert labels.owner("module.component_s3__ray.aws_s3_bucket.this") == "s3"
    shared_call, own = root.modules["component_s3"], root.modules["component_s3__ray"]
    assert {**own, "name": ""} == {**shared_call, "name": ""}


@pytest.mark.finding("A1")
def test_a_bucket_that_is_named_is_not_shared_with_whoever_needs_it_whole() -> None:
    named = "s3: {settings: {bucket: company}}"
    with pytest.raises(PlatinfraError) as raised:
        root_of(shared(named))
    (found,) = raised.value.diagnostics
    assert (found.code, found.span.line if found.span else None) == ("not-shared", 6)
    assert "ray-store" in str(found.hint)
    for_ray = "s3: {as: ray-store, settings: {bucket: for-ray}}"
    apart = (
        shared(f"{named}, {for_ray}", "ray: {bind: {artifacts: ray-store}}")
        .replace("[mlflow]", "[mlflow: {bind: {artifacts: s3}}]")
        .replace("[nvidia-triton]", "[nvidia-triton: {bind: {models: s3}}]")
    )
    assert heads(of_component(apart, "ray")) == {"for-ray"}
    assert heads(of_component(apart, "mlflow")) == set()


OWNED = "kubernetes.io/cluster/aws-mlops-stack"
INSTANCE = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"


@pytest.mark.finding("I3")
def test_karpenter_tags_and_ends_only_what_belongs_to_its_pools() -> None:
    role = role_of("seed", "role_cluster_karpenter")
    cluster = {f"aws:ResourceTag/{OWNED}": "owned"}
    pool = {"aws:ResourceTag/karpenter.sh/nodepool": "general"}
    name = {"aws:TagKeys": ("Name",)}
    assert may(role, "ec2:CreateTags", INSTANCE, **cluster, **pool, **name)
    assert not may(role, "ec2:CreateTags", INSTANCE, **cluster, **name)
    assert not may(role, "ec2:CreateTags", INSTANCE, **cluster, **pool, **{"aws:TagKeys": ("Name", "owner")})
    assert may(role, "ec2:TerminateInstances", INSTANCE, **cluster, **pool)
    assert not may(role, "ec2:TerminateInstances", INSTANCE, **cluster)


@pytest.mark.finding("I3")
def test_what_karpenter_starts_is_of_one_of_its_pools() -> None:
    role = role_of("seed", "role_cluster_karpenter")
    asked = {f"aws:RequestTag/{OWNED}": "owned", "aws:RequestTag/eks:eks-cluster-name": "aws-mlops-stack"}
    pool = {"aws:RequestTag/karpenter.sh/nodepool": "general"}
    assert may(role, "ec2:RunInstances", INSTANCE, **asked, **pool)
    assert not may(role, "ec2:RunInstances", INSTANCE, **asked)
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/x"
    here = {"aws:RequestTag/topology.kubernetes.io/region": "us-east-1"}
    node_class = {"aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": "default"}
    assert may(role, "iam:CreateInstanceProfile", profile, **asked, **here, **node_class)
    assert not may(role, "iam:CreateInstanceProfile", profile, **asked)


@pytest.mark.finding("I4")
@pytest.mark.parametrize("name", ["seed", "gpu"])
def test_the_network_is_configured_by_its_own_pods_and_not_by_every_node(name: str) -> None:
    root = root_of(text_of(name))
    holders = {role.label for role in root.roles if "AmazonEKS_CNI_Policy" in role.managed}
    assert holders == {"role_cluster_network"}
    addon = root.modules["cluster"]["addons"]["vpc-cni"]
    assert (str(addon["role_arn"]), addon["service_account"]) == ("${module.role_cluster_network.role_arn}", "aws-node")


@pytest.mark.finding("A14")
@pytest.mark.live
@pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on this machine")
def test_rules_use_the_key_without_naming_a_source(tmp_path: Any, provider: dict[str, str]) -> None:
    from tests.targets.aws.test_modules import MODULES

    folder = tmp_path / "key"
    folder.mkdir()
    for file in (MODULES / "key").glob("*.tf"):
        (folder / file.name).write_bytes(file.read_bytes())
    env = environment(tmp_path) | provider
    assert terraform("init", "-input=false", cwd=folder, env=env).returncode == 0
    named = ["-var=name=seed", f"-var=account_id={ACCOUNT}", f"-var=region={REGION}"]
    done = terraform("console", *named, cwd=folder, env=env, given="jsonencode(local.statements)\n")
    statements = json.loads(json.loads(done.stdout))
    of = {str(each["Principal"].get("Service")): each for each in statements}
    assert "Condition" not in of["events.amazonaws.com"]
    assert of["cloudwatch.amazonaws.com"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
