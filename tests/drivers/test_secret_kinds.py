"""Whose a secret is says where it lies; its name says nothing."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from platinfra.drivers.cluster_secrets import ClusterSecrets
from platinfra.drivers.secret_file import SecretFile
from platinfra.drivers.secret_store import SecretStore
from platinfra.model import targets
from platinfra.model.reference import Kind, Secret
from platinfra.targets.aws.cloud import AwsCloud
from platinfra.targets.local.record import SecretName, reveal
from tests.stacks import resolved

STACK = """\
name: demo
provider: {name: aws, account-id: '210987654321'}
stack: {experiment_tracker: [mlflow], secret_store: [vault]}
"""


class Cluster:
    """Takes objects, and has a Secret that people made."""

    def __init__(self) -> None:
        self.data: dict[str, str] = {}

    def get(self, ref: Any) -> Any:
        held = {"admin-password": "people's"} if ref.name == "mine" else self.data
        return {"data": {key: base64.b64encode(each.encode()).decode() for key, each in held.items()}}

    def apply(self, objects: Any) -> None:
        self.data = {key: base64.b64decode(each).decode() for key, each in objects[0]["data"].items()}


def test_a_cluster_keeps_own_secrets_and_logins_apart_from_those_of_people() -> None:
    cluster = Cluster()
    secrets = ClusterSecrets(cluster, "demo")  # type: ignore[arg-type]
    own, login = secrets.get(Secret("mlflow", "admin-password")), secrets.get(Secret("mlflow", "backend", "login"))
    assert cluster.data == {"mlflow.admin-password": own, "mlflow.backend-password": login}
    assert secrets.get(Secret("mine", "admin-password", "given")) == "people's"


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [
        ("admin-password", "own", ("demo/mlflow/admin-password", "value")),
        ("backend-password", "own", ("demo/mlflow/backend-password", "value")),
        ("administrator-username", "own", ("demo/mlflow/administrator-username", "value")),
        ("backend", "login", ("demo/mlflow/backend", "password")),
        ("password", "given", None),
    ],
)
def test_on_aws_the_kind_of_a_secret_says_where_it_lies(name: str, kind: Kind, place: tuple[str, str] | None) -> None:
    target: Any = targets.get("aws")
    cloud = AwsCloud(target.cloud(resolved(STACK)).values, {"administrators": {"rds": "arn:rds"}})
    assert cloud.secret(Secret("mlflow", name, kind)) == place
    assert cloud.secret(Secret("rds", "username", "administrator")) == ("arn:rds", "username")


@pytest.mark.parametrize(
    ("secret", "path", "field"),
    [
        (Secret("mlflow", "admin-password"), "demo/mlflow/admin-password", "value"),
        (Secret("mlflow", "backend", "login"), "demo/mlflow/backend", "password"),
    ],
)
def test_a_machine_on_aws_reads_each_kind_where_terraform_put_it(
    monkeypatch: pytest.MonkeyPatch, secret: Secret, path: str, field: str
) -> None:
    monkeypatch.setattr(
        SecretStore, "_fetch", lambda _, path: {"value": f"{path} value", "password": f"{path} password"}
    )
    assert SecretStore("demo", "us-east-1").get(secret) == f"{path} {field}"


def test_a_login_is_found_by_what_records_of_every_version_say_of_it(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"mlflow": {"backend-password": "a", "admin": "b"}}))
    fetch = SecretFile(tmp_path / "secrets.json").get
    assert reveal(("x:", SecretName("mlflow", "backend-password")), fetch) == "x:a"  # before kinds were written down
    assert reveal((SecretName("mlflow", "backend", "login"), SecretName("mlflow", "admin")), fetch) == "ab"
