"""Object stores of other clouds: who knows their addresses, who does not and is told so, and what clients need."""

from collections.abc import Mapping

import pytest
from tests.stacks import plan_of, resolved

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.reference import Text, show_text
from platinfra.targets.local.actions import InstallClient, Prepare, WriteVariables

EMULATOR = "http://127.0.0.1:9023"
HOSTED = "gcs: {credentials: {from-env: KEY}, settings: {bucket: theirs}}"
EMULATED = f'gcs: {{at: "{EMULATOR}", settings: {{bucket: theirs}}}}'
AZURE = 'azure-blob: {at: "https://acme.blob.core.windows.net", credentials: {from-env: KEY}, settings: {account: acme, container: theirs}}'


def stack(*stores: str, others: str = "data_versioning: [dvc]") -> str:
    """Return a stack of MLflow and others with object stores."""
    uses = "".join(f"\n    - {each}" for each in stores)
    return f"name: one\nstack:\n  experiment_tracker: [mlflow]\n  {others}\n  object_store:{uses}\n"


def refused(text: str) -> list[Diagnostic]:
    """Return what is wrong with a stack."""
    with pytest.raises(PlatinfraError) as error:
        resolved(text)
    return list(error.value.diagnostics)


def variables(text: str) -> dict[str, str]:
    """Return the variables of code that uses a stack."""
    [found] = [each for each in plan_of(text).actions if isinstance(each, WriteVariables)]
    env: Mapping[str, Text] = found.env
    return {name: show_text(each) for name, each in env.items()}


def packages(text: str) -> tuple[str, ...]:
    """Return the packages of code that uses a stack."""
    [found] = [each for each in plan_of(text).actions if isinstance(each, InstallClient)]
    return found.packages


@pytest.mark.parametrize("store", [HOSTED, EMULATED, AZURE])
def test_mlflow_and_dvc_use_it(store: str) -> None:
    bindings = resolved(stack(store)).graph.bindings
    name = store.partition(":")[0]
    assert {(each.consumer, each.provider) for each in bindings if each.capability == "object_store"} == {
        ("mlflow", name),
        ("dvc", name),
    }


@pytest.mark.parametrize(("store", "scheme"), [(HOSTED, "gs"), (AZURE, "azure")])
def test_a_consumer_that_does_not_know_the_addresses_is_refused_with_what_it_can_use(store: str, scheme: str) -> None:
    [problem] = refused(stack(store, others="monitoring: [nannyml]"))
    assert problem.code == "other-protocol"
    assert f"`nannyml` knows no {scheme}:// addresses" in problem.message
    assert problem.span is not None
    assert problem.span.line == 4
    assert problem.hint == "name another in `object_store` as well: `directory`, `s3` or `swift`"


@pytest.mark.parametrize("store", [HOSTED, "s3: {settings: {bucket: theirs, region: eu-central-1}}"])
def test_spark_on_a_machine_keeps_its_tables_in_a_folder_whatever_the_stack_names(store: str) -> None:
    graph = resolved(stack(store, others="runtime_engine: [spark]")).graph
    assert ("spark", "directory") in {(each.consumer, each.provider) for each in graph.bindings}
    name = store.partition(":")[0]
    assert (
        f"`spark.tables` is not bound to `{name}`: its Python package reads and writes folders, and no S3"
        in graph.notes
    )


def test_a_store_of_ones_own_on_a_machine_is_named_with_at() -> None:
    """Otherwise objects would go to Amazon's bucket of that name."""
    endpoint = 's3: {settings: {bucket: theirs, region: auto, endpoint: "http://127.0.0.1:9000"}}'
    [problem] = refused(stack(endpoint))
    assert problem.code == "setting-elsewhere"
    assert problem.span is not None
    assert "`s3: {at: ADDRESS, credentials: {" in str(problem.hint)


def test_beside_one_that_it_can_use_each_has_its_own() -> None:
    text = stack(HOSTED, "directory", others="monitoring: [nannyml]")
    both = refused(text)  # MLflow could use either
    assert [each.code for each in both] == ["ambiguous-binding"]
    chosen = text.replace("[mlflow]", "[mlflow: {bind: {artifacts: gcs}}]")
    bound = {(each.consumer, each.provider) for each in resolved(chosen).graph.bindings}
    assert {("mlflow", "gcs"), ("nannyml", "directory")} <= bound


def test_what_it_cannot_use_cannot_be_chosen_for_it_either() -> None:
    chosen = "monitoring: [nannyml: {bind: {data: gcs}}]"
    text = stack(HOSTED, "directory", others=chosen).replace("[mlflow]", "[mlflow: {bind: {artifacts: gcs}}]")
    [problem] = refused(text)
    assert (problem.code, "knows no gs:// addresses" in problem.message) == ("other-protocol", True)


@pytest.mark.parametrize("use", ['gcs: {at: "https://storage.googleapis.com", settings: {bucket: theirs}}', AZURE])
def test_without_its_credential_it_is_refused(use: str) -> None:
    [problem] = refused(stack(use.replace(" credentials: {from-env: KEY},", "")))
    assert problem.code == "missing-credential"
    assert problem.hint == "write `credentials: {key: {from-env: VARIABLE}}`"


def test_clients_of_google_find_the_key_in_a_file_and_start_again_with_another() -> None:
    found = variables(stack(HOSTED))
    assert found["GOOGLE_APPLICATION_CREDENTIALS"].endswith("/gcs/files/key")
    assert found["GOOGLE_CREDENTIALS_NUMBER"] == "0"
    assert "STORAGE_EMULATOR_HOST" not in found
    [prepared] = [
        each for each in plan_of(stack(HOSTED)).actions if isinstance(each, Prepare) and each.component == "gcs"
    ]
    assert {path.name: show_text(text) for path, text in prepared.files.items()} == {"key": "<secret gcs.given/key>"}


def test_an_emulator_of_google_is_told_to_clients_and_asks_for_no_key() -> None:
    found = variables(stack(EMULATED))
    assert found["STORAGE_EMULATOR_HOST"] == EMULATOR
    assert not {each for each in found if each.startswith("GOOGLE_")}


def test_clients_of_azure_get_one_connection_string() -> None:
    found = variables(stack(AZURE))
    expected = (
        "BlobEndpoint=https://acme.blob.core.windows.net;AccountName=acme;AccountKey=<secret azure-blob.given/key>"
    )
    assert found["AZURE_STORAGE_CONNECTION_STRING"] == expected
    assert found["AZURE_STORAGE_ACCOUNT_NAME"] == "acme"


def test_code_gets_the_packages_for_the_protocol_and_no_others() -> None:
    def names(text: str) -> set[str]:
        return {each.partition("=")[0] for each in packages(text)}

    assert {"dvc-gs", "google-cloud-storage"} <= names(stack(HOSTED))
    assert {"dvc-azure", "azure-storage-blob"} <= names(stack(AZURE))
    assert not {"dvc-azure", "azure-storage-blob"} & names(stack(HOSTED))
    assert not {"dvc-gs", "dvc-azure"} & names(stack("directory"))


@pytest.mark.parametrize(
    ("setting", "wrong"), [("account", "My-Account"), ("container", "a--b"), ("container", "-ab"), ("container", "Abc")]
)
def test_names_of_azure_are_checked(setting: str, wrong: str) -> None:
    right = {"account": "account: acme", "container": "container: theirs"}[setting]
    [problem] = refused(stack(AZURE.replace(right, f"{setting}: {wrong}")))
    assert problem.code == "wrong-format"
