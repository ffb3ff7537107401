"""Secrets are read from Secrets Manager where Terraform put them, once, and what is wrong with one is said."""

import json
from collections.abc import Iterator

import boto3
import pytest

from platinfra.diagnostics import ActionError
from platinfra.drivers.secret_store import SecretStore
from platinfra.model.reference import Secret
from tests.moto_server import REGION, moto, surroundings

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretStore]:
    for name, value in surroundings(server).items():
        monkeypatch.setenv(name, value)
    client = boto3.client("secretsmanager", region_name=REGION)
    made = {
        "demo/mlflow/backend": '{"password": "a", "port": 5432}',
        "demo/mlflow/key": '{"value": "b"}',
        "demo/mlflow/admin-password": '{"value": "d"}',
        "demo/mlflow/text": "c",
    }
    for name, text in made.items():
        client.create_secret(Name=name, SecretString=text)
    yield SecretStore("demo", REGION)
    for name in made:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_logins_and_generated_secrets_are_found_by_their_names(store: SecretStore) -> None:
    assert store.get(Secret("mlflow", "backend", "login")) == "a"
    assert store.get(Secret("mlflow", "key")) == "b"
    assert store.get(Secret("mlflow", "admin-password")) == "d"


def test_a_secret_is_fetched_once(store: SecretStore) -> None:
    assert store.get(Secret("mlflow", "key")) == "b"
    boto3.client("secretsmanager", region_name=REGION).put_secret_value(
        SecretId="demo/mlflow/key", SecretString=json.dumps({"value": "c"})
    )
    assert store.get(Secret("mlflow", "key")) == "b"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "there is no secret `demo/mlflow/other`"),
        ("text", "the secret `demo/mlflow/text` has no field `value`"),
        ("backend", "the secret `demo/mlflow/backend` has no field `value`"),
    ],
)
def test_a_secret_that_is_not_there_is_named(store: SecretStore, name: str, said: str) -> None:
    with pytest.raises(ActionError) as caught:
        store.get(Secret("mlflow", name))
    assert caught.value.diagnostics[0].code == "secrets-missing"
    assert said in caught.value.diagnostics[0].message
