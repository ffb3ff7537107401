"""The release of `cloud_vm`'s machine: scripts that parse, no secrets, and an archive from which platinfra runs."""

import compileall
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from platinfra.model.reference import Reference
from platinfra.targets.aws import machine
from platinfra.targets.local.verbs.machine import environments
from tests.targets.aws.stacks import root_of, text_of, values_of

FILES = Path(machine.__file__).parent / "machine_files"
ROOT = root_of(text_of("cloud-vm"))
RELEASE = ROOT.modules["release"]
OUTPUTS = {
    "name": "name.example",
    "host": "host.example",
    "master_secret_arn": "arn:aws:secretsmanager:eu-central-1:210987654321:secret:rds!db-1",
}


def filled(text: Any) -> str:
    """Return a text with names in the place of what only Terraform knows."""
    return "".join(OUTPUTS[each.path[-1]] if isinstance(each, Reference) else each for each in text)


def stack_file(text: str) -> Any:
    return json.loads(filled(machine.stack_file(values_of(text))))


def used(stack: Any, stage: str) -> Any:
    """Return the options of the first tool of a stage."""
    return next(iter(stack["stack"][stage][0].values()))


@pytest.mark.parametrize("script", ["install.sh", "platinfra"])
def test_every_script_can_be_read_by_bash(script: str) -> None:
    done = subprocess.run(["bash", "-n", FILES / script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_boot_can_be_read_by_bash_and_fits_into_user_data(tmp_path: Path) -> None:
    text = str(ROOT.modules["machine"]["user_data"])
    assert len(text.encode()) < 16 * 1024
    (tmp_path / "boot").write_text(text)
    assert subprocess.run(["bash", "-n", tmp_path / "boot"], check=False).returncode == 0


def test_what_is_known_before_anything_exists_holds_no_secret() -> None:
    texts = [filled(each) if isinstance(each, tuple) else each for each in RELEASE["texts"].values()]
    everything = "\n".join([*texts, str(ROOT.modules["machine"]["user_data"])])
    assert "password" not in everything.lower()
    assert "aws_secret_access_key" not in everything.lower()


def test_services_of_aws_are_bound_by_their_addresses() -> None:
    stack = stack_file(text_of("cloud-vm"))
    assert used(stack, "object_store")["settings"] == {"bucket": "name.example", "region": "eu-central-1"}
    assert used(stack, "sql_database")["settings"]["port"] == 5432
    assert used(stack, "secret_store")["settings"] == {"prefix": "small-team", "region": "eu-central-1"}
    assert used(stack, "experiment_tracker")["bind"] == {"backend": "rds", "artifacts": "s3"}


def test_a_database_that_exists_already_has_no_administrator_here() -> None:
    text = text_of("cloud-vm").replace(
        "stack:", "stack:\n  sql_database: [{rds: {settings: {host: db.example, port: 6543}}}]"
    )
    stack = stack_file(text)
    assert used(stack, "sql_database")["settings"] == {"host": "db.example", "port": 6543, "region": "eu-central-1"}


def test_the_machine_acts_as_its_components_and_itself_only_for_databases() -> None:
    facts = json.loads(RELEASE["texts"]["machine.json"])
    assert facts["own"] == ["rds"]
    assert {"mlflow", "dvc"} <= facts["roles"].keys()
    assert not {"rds", "s3", "secrets-manager"} & facts["roles"].keys()


def test_a_release_is_the_same_whoever_packs_it_when() -> None:
    assert machine.package() == machine.package()
    assert set(RELEASE["files"]) == set(machine.release_files(None))


def test_a_release_is_the_same_from_compiled_files_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = machine.release_files(None)
    package = tmp_path / "modules" / "platinfra"
    shutil.copytree(machine._PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(package, quiet=1)
    monkeypatch.setattr(machine, "_PACKAGE", package)
    monkeypatch.setattr(machine, "_FILES", package / "targets" / "aws" / "machine_files")
    assert (machine._FILES / "__pycache__").is_dir()
    assert machine.release_files(None) == expected


def test_a_release_has_the_packages_that_tools_share() -> None:
    shared = machine._PACKAGE / "tools" / "_packages"
    own = {f"platinfra/{each.relative_to(machine._PACKAGE)}" for each in shared.rglob("*.py")}
    with tarfile.open(fileobj=io.BytesIO(machine.package())) as archive:
        assert own
        assert own <= {*archive.getnames()}


def test_a_release_leaves_out_no_file_of_its_folder() -> None:
    assert {each.name for each in FILES.iterdir() if each.is_file()} <= machine.release_files(None).keys()


ON_MACHINE = """
name: small-team
provider: {name: aws, account-id: "210987654321", region: eu-central-1}
deployment: {type: cloud_vm}
stack:
  experiment_tracker: [mlflow]
  sql_database: [postgres: {settings: {backup_days: 30}}]
"""


@pytest.mark.finding("A18")
def test_postgres_on_the_machine_is_backed_up_at_night_and_backups_expire() -> None:
    modules = root_of(ON_MACHINE).modules
    texts = modules["release"]["texts"]
    unit = texts["platinfra-scheduled-postgres-backup.service"]
    assert "-m platinfra run --as postgres -- backup\n" in unit
    assert "OnCalendar=*-*-* 02:15:00\n" in texts["platinfra-scheduled-postgres-backup.timer"]
    assert [name for name in texts if "scheduled" in name and "restore" in name] == []
    assert modules["component_s3"]["expire"] == {"postgres/": 30}
    assert "component_rds" not in modules
    assert used(stack_file(ON_MACHINE), "sql_database")["bind"] == {"backups": "s3"}


@pytest.mark.finding("A18")
def test_the_logins_of_postgres_on_the_machine_are_secrets_of_the_stack() -> None:
    modules = root_of(ON_MACHINE).modules
    login, admin = modules["secret_mlflow__backend"], modules["secret_postgres__admin"]
    assert (login["name"], login["generated"]) == ("small-team/mlflow/backend", ["password"])
    assert (admin["name"], admin["generated"]) == ("small-team/postgres/admin", ["value"])
    assert "secret_mlflow__backend" not in ROOT.modules


def test_what_a_tool_keeps_secret_on_a_machine_alone_is_a_secret_there_and_not_of_a_cluster() -> None:
    text = ON_MACHINE.replace("sql_database: [postgres: {settings: {backup_days: 30}}]", "pipelining: [zenml]")
    here, there = root_of(text).modules, root_of(text.replace("cloud_vm", "kubernetes")).modules
    assert here["secret_zenml__clients"]["name"] == "small-team/zenml/clients"
    assert "secret_zenml__clients" not in there
    assert "secret_zenml__admin" in there


@pytest.mark.finding("A18")
def test_nothing_is_scheduled_without_a_bucket_and_nothing_expires_without_backups() -> None:
    text = ON_MACHINE.replace("experiment_tracker: [mlflow]", "pipelining: [prefect]")
    texts = root_of(text).modules["release"]["texts"]
    assert [name for name in texts if "scheduled" in name] == []
    assert "expire" not in ROOT.modules["component_s3"]


@pytest.mark.live
def test_platinfra_runs_from_the_release_with_the_packages_of_its_lock(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(machine.package())) as archive:
        archive.extractall(tmp_path / "lib", filter="data")
    (tmp_path / "platinfra.yaml").write_text(json.dumps(stack_file(text_of("cloud-vm"))))
    python = environments().ensure(FILES / "platinfra.lock.txt", lambda _: None) / "bin" / "python"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "lib")}
    for command in ("validate", "plan"):
        line = [python, "-m", "platinfra", command]
        done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_machine_has_the_version_that_the_file_names() -> None:
    (used_there,) = stack_file(ON_MACHINE.replace("[mlflow]", "[{mlflow: {version: 3.16.1}}]", 1))["stack"][
        "experiment_tracker"
    ]
    assert used_there["mlflow"]["version"] == "3.16.1"
    assert "as" not in used_there["mlflow"]
