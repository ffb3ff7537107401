"""What a stack file becomes on AWS, whole; PLATINFRA_UPDATE_GOLDEN=1 writes the expected files anew."""

import json
import os
from pathlib import Path

import pytest

from platinfra.model.template import plain
from platinfra.targets.aws.root import Root
from tests.conftest import Command
from tests.targets.aws.stacks import CASES, NAMES, root_of, text_of

ENVIRONMENTS = {"production": "production"}


def is_as_expected(path: Path, text: str) -> bool:
    if os.environ.get("PLATINFRA_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return path.read_text() == text


def made(name: str) -> Root:
    return root_of(text_of(name), environment=ENVIRONMENTS.get(name))


def named(folder: str, name: str) -> Path:
    return CASES / name / "expected" / folder


@pytest.mark.parametrize("name", NAMES)
def test_the_root_module_is_as_expected(name: str) -> None:
    assert is_as_expected(named("main.tf.json", name), made(name).text())


@pytest.mark.parametrize("name", NAMES)
def test_the_documents_are_as_expected(name: str) -> None:
    documents = {role.name: {"trust": role.trust, "policies": role.policies} for role in made(name).roles}
    assert is_as_expected(named("documents.json", name), json.dumps(plain(documents), indent=1) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_as_expected(name: str, platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(text_of(name))
    chosen = ["--env", ENVIRONMENTS[name]] if name in ENVIRONMENTS else []
    ended = platinfra("plan", "--offline", *chosen)
    assert ended.code == 0
    assert is_as_expected(named("plan.txt", name), ended.out)


def test_what_people_wrote_is_never_an_expression() -> None:
    text = made("existing").text()
    assert json.loads(text)["module"]["component_s3" if "component_s3" in text else "identity_mlflow__main"]["tags"][
        "note"
    ] == ("costs $${unit} 100%%{off}")


def test_names_differ_between_environments_and_fit() -> None:
    long = "a" * 30
    text = text_of("seed").replace("aws-mlops-stack", long)
    for call in root_of(text).modules.values():
        assert len(str(call["name"])) <= 64
    names = {root_of(text_of("production"), environment=each).place.prefix for each in ("production",)}
    assert names == {"recommender-production-cad2"}


def test_everything_is_tagged_with_stack_environment_and_component() -> None:
    for name in NAMES:
        for label, call in made(name).modules.items():
            assert {"platinfra:stack", "platinfra:environment"} <= call["tags"].keys(), label
            assert (
                label.split("_")[0] not in {"component", "identity", "secret"} or "platinfra:component" in call["tags"]
            )


def test_arns_follow_the_partition() -> None:
    text = made("gpu").text()
    assert "arn:aws-us-gov:" in text
    assert "arn:aws:" not in text
