"""Applications in the cluster of a stack on AWS; moto stands for AWS, tests/kubernetes/api for the cluster's API."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.api import Cluster, cluster
from tests.kubernetes.programs import KUBECTL
from tests.moto_server import moto
from tests.targets.aws.conftest import Cloud, end, surroundings_of
from tests.targets.aws.leftovers import leftovers
from tests.targets.aws.stacks import ACCOUNT
from tests.terraform import TERRAFORM
from tests.terraform_provider import kept_provider

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH"),
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(900),
    pytest.mark.live,
]
FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
NAMESPACE = "churn"
# Everything slow is there already.
STACK = f"""
name: churn
provider: {{name: aws, account-id: "{ACCOUNT}", region: eu-central-1}}
deployment:
  charts: {FIXTURES}
  network:
    vpc-id: VPC
    private-subnets: [SUBNETS]
  cluster: {{name: company, security-group: GROUP}}
stack:
  sql_database: [rds: {{settings: {{host: db.example.org, admin_secret: "ADMINISTRATOR"}}}}]
  object_store: [s3: {{settings: {{bucket: company-data}}}}]
  experiment_tracker: [mlflow]
  monitoring: [evidently]
"""


@dataclass
class Company:
    """An account with a cluster, and a folder with a stack for both."""

    cloud: Cloud
    api: Cluster

    def secret(self, name: str) -> dict[str, str]:
        found = self.api.get("Secret", name, NAMESPACE)
        assert found
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with cluster() as api, moto(ACCOUNT, cluster=api.url) as url, ExitStack() as kept:
        env = surroundings_of(tmp_path, url)
        env |= kept.enter_context(kept_provider(env)) | {"PLATINFRA_KUBECTL": KUBECTL or ""}
        cloud = Cloud(tmp_path / "stack", url, env)
        storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "ebs.csi.aws.com"}
        default = {"storageclass.kubernetes.io/is-default-class": "true"}
        api.create({**storage, "metadata": {"name": "gp3", "annotations": default}})
        try:
            cloud.write(stack_in(cloud))
            yield Company(cloud, api)
        finally:
            end(cloud.running)


def stack_in(cloud: Cloud) -> str:
    """Return the stack for the network that the account has, after making a cluster in it."""
    ec2 = cloud.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    ids = [each["SubnetId"] for each in subnets]
    role = f"arn:aws:iam::{ACCOUNT}:role/cluster"
    made = cloud.client("eks").create_cluster(name="company", roleArn=role, resourcesVpcConfig={"subnetIds": ids})
    network = made["cluster"]["resourcesVpcConfig"]
    login = json.dumps({"username": "root", "password": "s3cret"})
    administrator = cloud.client("secretsmanager").create_secret(Name="company-db", SecretString=login)["ARN"]
    filled = (
        STACK.replace("ADMINISTRATOR", administrator)
        .replace("VPC", subnets[0]["VpcId"])
        .replace("SUBNETS", ", ".join(ids))
    )
    return filled.replace("GROUP", network["clusterSecurityGroupId"])


def test_code_starts_tasks_with_what_it_is_told(company: Company) -> None:
    cloud, api = company.cloud, company.api
    file = cloud.folder / "platinfra.yaml"
    whole = file.read_text()
    data = yaml.safe_load(whole)
    data["stack"] = {
        "object_store": data["stack"]["object_store"],
        "pipelining": ["zenml"],
        "orchestrator": ["aws-fargate", "aws-batch"],
    }
    cloud.write(yaml.safe_dump(data, sort_keys=False))
    cloud.does("up", "--yes")
    (job,) = (each for each in api.list("Job", NAMESPACE) if each["metadata"]["name"].startswith("zenml-"))
    told = {each["name"]: each.get("value") for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    ecs = cloud.client("ecs")
    made = ecs.describe_task_definition(taskDefinition=told["AWS_FARGATE_TASK_DEFINITION"])["taskDefinition"]
    (container,) = made["containerDefinitions"]
    # Only moto wants a container's own memory: on Fargate the task's is enough.
    with_memory = {"family": made["family"], "containerDefinitions": [{**container, "memory": int(made["memory"])}]}
    revision = ecs.register_task_definition(**with_memory, networkMode="awsvpc")["taskDefinition"]
    task = ecs.run_task(
        cluster=told["AWS_FARGATE_CLUSTER"],
        taskDefinition=revision["taskDefinitionArn"],
        launchType="FARGATE",
        networkConfiguration=json.loads(told["AWS_FARGATE_NETWORK"]),
    )["tasks"][0]
    (card,) = task["attachments"]
    subnet = next(each["value"] for each in card["details"] if each["name"] == "subnetId")
    assert subnet in data["deployment"]["network"]["private-subnets"]
    network = json.loads(told["AWS_FARGATE_NETWORK"])["awsvpcConfiguration"]
    (group,) = cloud.client("ec2").describe_security_groups(GroupIds=network["securityGroups"])["SecurityGroups"]
    assert group["Description"] == "Tasks of churn-aws-fargate"


def test_applications_come_after_the_infrastructure_and_go_before_it(company: Company) -> None:
    cloud, api = company.cloud, company.api
    cloud.does("up", "--yes")
    assert api.get("StatefulSet", "evidently", NAMESPACE)
    mlflow = api.get("Deployment", "mlflow", NAMESPACE)
    assert mlflow
    assert mlflow["spec"]["template"]["spec"]["serviceAccountName"] == "mlflow"
    login = company.secret("mlflow-backend")
    assert login["host"] == "db.example.org"
    (job,) = api.list("Job", NAMESPACE)
    assert job["metadata"]["name"].startswith("mlflow-backend-grant-")
    env = {each["name"]: each.get("value") for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert (env["PGHOST"], env["GRANT_USERNAME"]) == (login["host"], login["username"])
    assert api.get("Secret", "mlflow-backend-administrator", NAMESPACE) is None
    assert any("mlflow-backend-administrator" in path for _, path in api.seen)
    again = cloud.run("up", "--yes").said
    assert "the account matches the file" in again
    assert "the cluster matches the file" in again
    assert "nothing to do" in cloud.does("plan", "--exit-code")
    told = {each["name"]: each["health"] for each in json.loads(cloud.does("status", "--json"))["components"]}
    assert told["mlflow"] == told["evidently"] == "healthy"
    assert "service/mlflow" in cloud.does("open", "mlflow", "--print")
    api.change("NetworkPolicy", "mlflow", {"spec": {"ingress": [{}]}}, NAMESPACE)
    assert "NetworkPolicy" in cloud.does("drift")
    beside = cloud.beside("colleague").run("down", "--delete-data", "--confirm", "churn")
    assert "error[applications-of-another]" in beside.said
    cloud.does("down", "--delete-data", "--confirm", "churn")
    assert api.get("Namespace", NAMESPACE) is None
    assert {each for each in leftovers(cloud.url) if "company" not in each} == set()
    assert not (cloud.state / "default").exists()


@pytest.mark.slow
def test_a_cluster_that_vanishes_costs_nothing_and_keeps_the_infrastructure(company: Company) -> None:
    cloud, api = company.cloud, company.api
    api.vanish()
    done = cloud.run("up", "--yes")
    assert done.code == 2
    assert "error[cluster-unreachable]" in done.said
    assert "public-access" in done.said
    api.return_()
    cloud.does("up", "--yes")
    assert api.get("Deployment", "mlflow", NAMESPACE)
    api.vanish()
    done = cloud.run("down", "--delete-data", "--confirm", "churn")
    assert "cluster-unreachable" in done.said
    assert "churn-mlflow" in {each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]}
    api.return_()
    cloud.does("down", "--keep-data")
    assert api.get("Namespace", NAMESPACE)
    assert api.get("Deployment", "mlflow", NAMESPACE) is None
