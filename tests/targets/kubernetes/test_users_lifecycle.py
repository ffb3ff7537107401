"""People come and go, and images get digests, in a cluster; kubectl is real, the API server is a stand-in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.api import cluster
from tests.kubernetes.programs import KUBECTL
from tests.targets.kubernetes.test_lifecycle import NAMESPACE, Stack

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH"),
    pytest.mark.timeout(300),
]
SHA = "sha256:" + "0123456789abcdef" * 4
ADA = "{name: ada@example.org, role: admin}"
DOT = "{name: dot@example.org, role: auditor}"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with cluster() as api:
        yield Stack(tmp_path, api)


def write(stack: Stack, *people: str) -> None:
    text = "name: churn\nprovider: {name: kubernetes}\nstack: {monitoring: [evidently]}\n"
    stack.write(f"{text}users: [{', '.join(people)}]\n", registry="registry.example.org/ml")


def people(stack: Stack, role: str) -> list[str]:
    found = stack.api.get("RoleBinding", f"users:{role}", NAMESPACE)
    return [each["name"] for each in found["subjects"]] if found else []


def image(stack: Stack) -> str:
    found = stack.api.get("StatefulSet", "evidently", NAMESPACE)
    assert found
    name: str = found["spec"]["template"]["spec"]["containers"][0]["image"]
    return name


def test_people_come_with_the_file_and_go_with_it(stack: Stack) -> None:
    write(stack, ADA, ADA.replace("ada", "ben"), DOT)
    stack.run("up")
    assert people(stack, "admin") == ["ada@example.org", "ben@example.org"]
    assert people(stack, "auditor") == ["dot@example.org"]
    assert "nothing was changed by hand" in stack.run("drift")
    write(stack, ADA)
    stack.run("up")
    assert people(stack, "admin") == ["ada@example.org"]
    assert stack.api.get("Role", "users:auditor", NAMESPACE) is None
    assert stack.api.get("RoleBinding", "users:auditor", NAMESPACE) is None
    assert "nothing to do" in stack.run("up")


def test_whoever_gave_himself_a_role_is_drift(stack: Stack) -> None:
    write(stack, ADA)
    stack.run("up")
    mallory = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory"}
    stack.api.change("RoleBinding", "users:admin", {"subjects": [mallory]}, NAMESPACE)
    assert "users:admin" in stack.run("drift")
    stack.run("up")
    assert people(stack, "admin") == ["ada@example.org"]


@pytest.mark.slow
def test_digests_reach_what_runs(stack: Stack) -> None:
    write(stack, ADA)
    stack.run("up")
    name = image(stack)
    (stack.folder / "platinfra.images.json").write_text("{}")
    assert "warning[image-not-pinned]" in stack.run("up")
    (stack.folder / "platinfra.images.json").write_text(json.dumps({name: SHA}))
    assert "image-not-pinned" not in stack.run("up")
    assert image(stack) == f"{name}@{SHA}"
    assert "nothing to do" in stack.run("up")
