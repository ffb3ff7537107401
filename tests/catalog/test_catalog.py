"""The catalog: each entry by one sentence."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from platinfra.catalog.capability import Capability
from platinfra.catalog.catalog import Catalog, canonical_tool
from platinfra.diagnostics import PlatinfraError
from platinfra.model.ground import PLACES
from platinfra.model.reference import parse
from platinfra.model.targets import grounds

CATALOG = Catalog()
TOOLS = CATALOG.names()
PROVED = {
    ("alerting", "mlflow"),
    ("alerting", "prometheus"),
    ("artifact_tracker", "mlflow"),
    ("data_quality", "great-expectations"),
    ("data_quality", "pandera"),
    ("data_processing", "spark"),
    ("data_versioning", "dvc"),
    ("event_streaming", "nats"),
    ("event_streaming", "redis"),
    ("experiment_tracker", "aim"),
    ("experiment_tracker", "mlflow"),
    ("feature_store", "feast"),
    ("hyperparameter_tuning", "hyperopt"),
    ("hyperparameter_tuning", "keras-tuner"),
    ("hyperparameter_tuning", "optuna"),
    ("hyperparameter_tuning", "ray"),
    ("hyperparameter_tuning", "vizier"),
    ("model_registry", "bentoml"),
    ("experiment_tracker", "optuna"),
    ("model_registry", "mlflow"),
    ("model_serving", "bentoml"),
    ("model_serving", "fastapi"),
    ("model_serving", "kserve"),
    ("model_serving", "litserve"),
    ("model_serving", "mlflow-serving"),
    ("model_serving", "mlserver"),
    ("model_serving", "nvidia-triton"),
    ("model_serving", "ray-serve"),
    ("monitoring", "evidently"),
    ("monitoring", "nannyml"),
    ("monitoring", "prometheus"),
    ("notebook", "jupyterhub"),
    ("monitoring", "whylogs"),
    ("notebook", "jupyterlab"),
    ("orchestrator", "airflow"),
    ("orchestrator", "dagster"),
    ("orchestrator", "prefect"),
    ("pipelining", "airflow"),
    ("pipelining", "dagster"),
    ("pipelining", "flyte"),
    ("pipelining", "kubeflow-pipelines"),
    ("pipelining", "luigi"),
    ("pipelining", "metaflow"),
    ("pipelining", "prefect"),
    ("pipelining", "zenml"),
    ("runtime_engine", "dask"),
    ("runtime_engine", "ray"),
    ("runtime_engine", "spark"),
}
"""Stages and tools whose check does what the stage's `proof` says: compared by reading, so a new one is added by hand."""
ROOT = Path(__file__).parents[2]
LINES = [
    "name: own",
    "summary: A tool.",
    "homepage: https://example.org",
    "license: MIT",
    "provides: [monitoring]",
]


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_speaks_of_capabilities_there_are(name: str) -> None:
    tool = CATALOG.get(name)
    for capability in [*tool.provides, *(each.capability for each in tool.requires.values())]:
        assert CATALOG.find_capability(capability), capability


@pytest.mark.parametrize("name", TOOLS)
def test_every_requirement_asks_for_verbs_that_its_capability_knows(name: str) -> None:
    for each in CATALOG.get(name).requires.values():
        capability = CATALOG.capability(each.capability)
        assert set(each.access or capability.default_access) <= set(capability.access)


@pytest.mark.parametrize("name", TOOLS)
def test_every_file_a_tool_names_is_there(name: str) -> None:
    tool, folder = CATALOG.get(name), CATALOG.folder(name)
    if tool.check:
        assert (folder / tool.check).is_file()
    if tool.run.local and tool.run.local.requirements:
        assert (folder / tool.run.local.requirements).is_file()
        assert (folder / "requirements.in").is_file()


@pytest.mark.parametrize("name", [name for name in TOOLS if CATALOG.get(name).run.local])
def test_every_recipe_can_be_checked_and_waits_for_an_answer(name: str) -> None:
    tool = CATALOG.get(name)
    assert tool.check or set(tool.provides) == {"secret_store"}  # proved by whoever gets a secret
    for process in tool.run.local.processes.values():
        assert process.endpoints
        assert set(process.endpoints) <= tool.endpoints.keys()


@pytest.mark.parametrize("name", TOOLS)
def test_every_text_of_a_tool_only_fetches_values(name: str) -> None:
    tool = CATALOG.get(name)
    texts = [*tool.client.env.values(), *(text for each in tool.provides.values() for text in each.values())]
    for text in texts:
        parse(text)


@pytest.mark.parametrize("name", TOOLS)
def test_settings_that_a_stage_needs_speak_of_stages_that_the_tool_fills(name: str) -> None:
    for setting in CATALOG.get(name).settings.values():
        for stage in setting.needed_in:
            assert stage in CATALOG.get(name).provides
            assert CATALOG.capability(stage).stage


@pytest.mark.parametrize("name", TOOLS)
def test_limits_speak_of_places_targets_and_types_there_are(name: str) -> None:
    types = [each for offered in grounds().values() for each in offered]
    known = {*PLACES, *grounds(), *(f"{each.target}/{each.type}" for each in types)}
    assert set(CATALOG.get(name).limits) <= known
    for where in PLACES:  # a place with a recipe has no limit of its own: a target or a type has
        assert not (where in CATALOG.get(name).limits and where in CATALOG.get(name).places)


@pytest.mark.parametrize("stage", [each for each in CATALOG.capabilities() if each.stage], ids=lambda each: each.name)
def test_every_stage_says_in_a_sentence_what_it_means_and_how_that_is_shown(stage: Capability) -> None:
    for text in (stage.means, stage.proof):
        assert text
        assert text[0].isupper()
        assert text.endswith(".")
        assert ". " not in text
    assert stage.means != stage.proof


@pytest.mark.parametrize(
    ("stage", "tool"),
    [(each.name, tool.name) for each in CATALOG.capabilities() if each.stage for tool in CATALOG.providers(each.name)],
)
def test_what_runs_on_a_machine_is_proved_there_and_nothing_else_is_said_to_be(stage: str, tool: str) -> None:
    found = CATALOG.get(tool)
    here = "machine" in found.places and found.fills(stage, "machine")
    assert found.is_proved("machine") == ("machine" in found.places)
    assert not found.is_proved("cluster")
    assert not found.is_proved("service")
    assert ((stage, tool) in PROVED) == here
    if found.check and "machine" in found.places:
        assert (CATALOG.folder(tool) / found.check).is_file()
        assert tool in (ROOT / "docs" / "tested.txt").read_text().split()  # where `check` really passed


@pytest.mark.parametrize("missing", ["means", "proof"])
def test_a_stage_that_promises_nothing_is_no_stage(missing: str) -> None:
    entry = {"name": "own", "summary": "A stage.", "stage": True, "means": "It can.", "proof": "It did."}
    assert Capability.model_validate(entry).stage
    with pytest.raises(ValidationError, match="a stage says what it `means`"):
        Capability.model_validate({key: text for key, text in entry.items() if key != missing})


@pytest.mark.parametrize("capability", CATALOG.capabilities(), ids=lambda each: each.name)
def test_defaults_of_a_capability_provide_it_where_they_are_the_default(capability: object) -> None:
    for target, name in capability.defaults.items():
        tool = CATALOG.get(name)
        assert capability.name in tool.provides
        assert any(map(tool.runs_on, grounds()[target]))


@pytest.mark.parametrize(
    ("written", "canonical"), [("nannyML", "nannyml"), ("nvidia_triton", "nvidia-triton"), ("MLflow", "mlflow")]
)
def test_a_tool_has_one_spelling(written: str, canonical: str) -> None:
    assert canonical_tool(written) == canonical
    assert CATALOG.get(written).name == canonical


def own(tmp_path: Path, *lines: str, name: str = "own") -> Catalog:
    (tmp_path / name).mkdir()
    (tmp_path / name / "tool.yaml").write_text("\n".join([*LINES, *lines]))
    return Catalog(tmp_path)


def test_a_folder_is_all_a_tool_of_ones_own_needs(tmp_path: Path) -> None:
    catalog = own(tmp_path)
    assert catalog.get("own").summary == "A tool."
    assert "own" in catalog.names()


def test_a_mistake_in_a_tool_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError) as caught:
        own(tmp_path, "endpoints: {http: {prt: 1}}").get("own")
    spans = [each.span.line for each in caught.value.diagnostics if each.span]
    assert spans
    assert set(spans) == {len(LINES) + 1}


def test_a_tool_is_called_like_its_folder(tmp_path: Path) -> None:
    with pytest.raises(PlatinfraError, match="tool-name"):
        own(tmp_path, name="other").get("other")


def test_a_package_adds_tools_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "acme_tools"
    (package / "tools" / "own").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "tools" / "own" / "tool.yaml").write_text("\n".join(LINES))
    info = tmp_path / "site" / "acme_tools-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tools\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[platinfra.catalog]\nacme = acme_tools.tools\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    catalog = Catalog()
    assert catalog.get("own").summary == "A tool."
    assert "own" in catalog.names()
