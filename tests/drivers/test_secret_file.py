"""Secrets stay the same, private and complete."""

import json
import threading
from pathlib import Path

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.drivers.secret_file import SecretFile
from platinfra.model.reference import Secret


def test_a_secret_is_generated_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = SecretFile(path).get(Secret("postgres", "password"))
    assert len(first) == 32
    assert SecretFile(path).get(Secret("postgres", "password")) == first
    assert SecretFile(path).get(Secret("postgres", "other")) != first
    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_get_the_same_secret(tmp_path: Path) -> None:
    secrets, found = SecretFile(tmp_path / "secrets.json"), []

    def ask(name: str) -> None:
        found.append((name, secrets.get(Secret("a", name))))

    threads = [threading.Thread(target=ask, args=(f"n{number % 4}",)) for number in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 4
    assert json.loads((tmp_path / "secrets.json").read_text())["a"] == dict(found)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a": 1}', '{"a": {"b": 1}}'])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(damage)
    with pytest.raises(PlatinfraError, match="secrets-damaged"):
        SecretFile(path).get(Secret("a", "b"))
    assert path.read_text() == damage


def test_a_lost_file_is_not_regenerated_when_there_is_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    SecretFile(tmp_path / "secrets.json", tmp_path / "data").get(Secret("a", "b"))
    (tmp_path / "secrets.json").unlink()
    (tmp_path / "data" / "table").touch()
    with pytest.raises(PlatinfraError, match="secrets-missing"):
        SecretFile(tmp_path / "secrets.json", tmp_path / "data").get(Secret("a", "b"))


def test_a_secret_that_is_called_like_a_login_is_another_one(tmp_path: Path) -> None:
    secrets = SecretFile(tmp_path / "secrets.json")
    own, login = secrets.get(Secret("mlflow", "admin-password")), secrets.get(Secret("mlflow", "backend", "login"))
    kept = json.loads((tmp_path / "secrets.json").read_text())
    assert kept == {"mlflow": {"admin-password": own, "backend-password": login}}
