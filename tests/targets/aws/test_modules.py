"""The Terraform modules: documented, formatted, and tested by Terraform itself where it is installed."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.terraform import TERRAFORM, environment, terraform

ROOT = Path(__file__).parents[3]
MODULES = ROOT / "src" / "platinfra" / "targets" / "aws" / "modules"
NAMES = sorted(found.name for found in MODULES.iterdir() if found.is_dir() and not found.name.startswith("."))
FILES = {"versions.tf", "variables.tf", "main.tf", "outputs.tf", "README.md"}

needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on PATH")


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("terraform_modules", ROOT / "docs" / "terraform_modules.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_a_module_has_its_files_and_a_test(name: str) -> None:
    present = {found.name for found in (MODULES / name).iterdir()}
    assert present >= FILES
    assert [found.name for found in (MODULES / name / "tests").iterdir()] == [f"{name}.tftest.hcl"]


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_of_a_module_is_current(docs: ModuleType, name: str) -> None:
    readme = (MODULES / name / "README.md").read_text(encoding="utf-8")
    assert readme == docs.render(MODULES / name), "run python docs/terraform_modules.py"


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_and_output_of_a_module_is_described(docs: ModuleType, name: str) -> None:
    for kind in ("variable", "output"):
        blocks = dict(docs.blocks(MODULES / name, kind))
        declared = (MODULES / name / f"{kind}s.tf").read_text(encoding="utf-8").count(f'{kind} "')
        assert len(blocks) == declared
        for each, body in blocks.items():
            assert 'description = "' in body, each


ONLY_FIVE = {"batch"}
"""Modules with an argument that version 6 of the provider calls otherwise. Source: its upgrade guide."""


@pytest.mark.finding("A21")
@pytest.mark.parametrize("name", NAMES)
def test_a_module_takes_the_versions_of_the_one_provider_that_it_can_use(name: str) -> None:
    text = (MODULES / name / "versions.tf").read_text(encoding="utf-8")
    assert text.count("source ") == 1
    assert f'version = ">= 5.100, < {6 if name in ONLY_FIVE else 7}.0"' in text
    assert 'required_version = ">= 1.11"' in text


@needs_terraform
def test_the_modules_are_formatted(tmp_path: Path) -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff", str(MODULES), cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


# `terraform test` validates before it tests.
@needs_terraform
@pytest.mark.live
@pytest.mark.parametrize("name", NAMES)
def test_terraform_tests_a_module(name: str, provider: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(MODULES, tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*"))
    folder, env = tmp_path / "modules" / name, environment(tmp_path) | provider
    done = terraform("init", "-backend=false", "-no-color", cwd=folder, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    done = terraform("test", "-no-color", cwd=folder, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
