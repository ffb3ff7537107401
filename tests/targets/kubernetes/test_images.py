"""Images of tools without a maintained one are built from the tool's lock, and are nobody in particular."""

import re
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.targets.kubernetes.image_content import content_tag, context
from platinfra.targets.kubernetes.images import images
from tests.conftest import Command
from tests.kubernetes.stacks import TRACKING, bundle


def test_a_stack_needs_images_for_what_has_no_maintained_one() -> None:
    found = images(bundle(TRACKING).values)
    assert [each.tool for each in found] == ["evidently"]
    assert re.fullmatch(r"platinfra\.invalid/evidently:[0-9a-f]{12}", found[0].name)


def test_a_registry_of_the_file_comes_first_in_the_name() -> None:
    made = bundle(TRACKING + "deployment: {registry: registry.example.org/ml}\n")
    assert images(made.values)[0].name.startswith("registry.example.org/ml/evidently:")
    workload = next(
        each for each in made.objects if each["kind"] == "StatefulSet" and each["metadata"]["name"] == "evidently"
    )
    assert workload["spec"]["template"]["spec"]["containers"][0]["image"] == images(made.values)[0].name


def test_the_recipe_installs_hashed_packages_and_gives_up_root() -> None:
    files = context(Catalog(), "evidently")
    recipe = files["Containerfile"].decode()
    assert "--require-hashes --no-deps" in recipe
    assert recipe.rstrip().endswith("USER 10001:10001")
    assert b"--hash=sha256:" in files["requirements.lock.txt"]


def test_a_tool_names_the_system_packages_that_its_image_needs() -> None:
    recipe = context(Catalog(), "nannyml")["Containerfile"].decode()
    build, final = recipe.split("FROM ${BASE}\n")
    assert "--no-install-recommends libgomp1 " in final
    assert "apt-get" not in build
    assert "apt-get" not in context(Catalog(), "evidently")["Containerfile"].decode()


def test_other_content_is_another_image() -> None:
    assert content_tag(Catalog(), "evidently") != content_tag(Catalog(), "mlflow")


def test_an_image_holds_the_packages_that_its_tool_names_and_no_other() -> None:
    def shared(tool: str) -> set[str]:
        return {name.split("/")[2] for name in context(Catalog(), tool) if name.startswith("tools/_packages/")}

    assert shared("fastapi") == {"model_server"}
    assert shared("optuna") == set()


def test_a_change_of_a_package_is_another_image_of_those_that_name_it(tmp_path: Path) -> None:
    for tool, packages in (("one", "[shared]"), ("two", "[]")):
        (tmp_path / tool).mkdir()
        about = f"name: {tool}\nsummary: A tool.\nhomepage: https://example.org\nlicense: MIT\npackages: {packages}\n"
        (tmp_path / tool / "tool.yaml").write_text(about)
        (tmp_path / tool / "requirements.lock.txt").touch()
    code = tmp_path / "_packages" / "shared" / "__init__.py"
    code.parent.mkdir(parents=True)
    code.touch()
    catalog = Catalog(tmp_path)
    before = [content_tag(catalog, each) for each in ("one", "two")]
    code.write_text("ANSWER = 42\n")
    after = [content_tag(catalog, each) for each in ("one", "two")]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_code_in_an_image_finds_its_packages_where_the_image_has_them() -> None:
    made = bundle(
        "name: a\nprovider: {name: kubernetes}\nstack: {model_registry: [mlflow], model_serving: [fastapi: {settings: {model: m}}]}\n"
    )
    [pod] = [each["spec"]["template"]["spec"] for each in made.objects if each["metadata"]["name"] == "fastapi" and each["kind"] == "Deployment"]  # fmt: skip
    env = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    inside = f"{env['PYTHONPATH']}/model_server/__init__.py"
    [recipe] = [each for each in images(made.values) if each.tool == "fastapi"]
    assert inside.replace("/opt/platinfra/", "", 1) in recipe.context
    assert "COPY tools /opt/platinfra/tools\n" in recipe.context["Containerfile"].decode()


def test_images_need_a_registry_to_be_pushed(platinfra: Command, tmp_path: object) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING)
    assert "evidently" in platinfra("images").out
    ended = platinfra("images", "push")
    assert ended.code == 2
    assert "error[no-registry]" in ended.err
