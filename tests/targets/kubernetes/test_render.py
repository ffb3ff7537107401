"""The same steps as folders for Helm, Argo CD, Flux and plain kubectl."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from platinfra.drivers import helm
from platinfra.targets.kubernetes.plan import problems
from platinfra.targets.kubernetes.render import Material, folder
from platinfra.targets.kubernetes.verbs.session import render_charts
from tests.conftest import Command
from tests.kubernetes.schemas import CRDS_ABSENT, needs_crds, strict, unchecked
from tests.kubernetes.stacks import EVERYTHING, SEED, TRACKING, bundle

FIXTURES = Path(__file__).parents[2] / "kubernetes" / "fixtures"
FORMATS = ("helm", "argocd", "flux")


def documents(files: dict[str, str]) -> list[dict]:
    texts = [text for name, text in files.items() if name.endswith(".yaml") and not name.endswith("values.yaml")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("text", [TRACKING, SEED, EVERYTHING], ids=["tracking", "seed", "everything"])
def test_no_folder_holds_a_secret_and_each_names_what_is_needed(text: str, kind: str) -> None:
    made = bundle(text)
    files = folder(made, kind)
    assert not [each for each in documents(files) if each["kind"] == "Secret"]
    about = json.loads(files["platinfra.json"])
    assert about["secrets"]["mlflow-backend"] == ["database", "host", "password", "port", "url", "username"]
    assert set(about["files"]) == files.keys() - {"platinfra.json"}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_release_and_every_open_object_is_in_the_folder(kind: str) -> None:
    made = bundle(TRACKING)
    files = folder(made, kind)
    names = {(each["kind"], each["metadata"]["name"]) for each in documents(files)}
    assert {(each["kind"], each["metadata"]["name"]) for each in made.objects if each["kind"] != "Secret"} <= names
    everything = "\n".join(files.values())
    for release in made.releases:
        assert release.version in everything
        assert release.repository in everything


@pytest.mark.parametrize(("kind", "group"), [("argocd", "argoproj.io"), ("flux", "toolkit.fluxcd.io")])
@pytest.mark.parametrize("text", [TRACKING, SEED, EVERYTHING], ids=["tracking", "seed", "everything"])
def test_what_controllers_read_passes_the_schemas_of_their_definitions(text: str, kind: str, group: str) -> None:
    made = bundle(text)
    found = [each for each in documents(folder(made, kind)) if f"{group}/" in each["apiVersion"]]
    assert len(found) >= len(made.releases)
    assert strict(found, "1.35") == []
    spoilt = [{**each, "spec": {**each["spec"], "wave": 1}} for each in found]
    assert len(strict(spoilt, "1.35")) >= len(found)


@needs_crds
@pytest.mark.parametrize("kind", FORMATS)
def test_everything_else_in_a_folder_passes_its_schema_too(kind: str) -> None:
    found = documents(folder(bundle(EVERYTHING), kind))
    assert strict(found, "1.35") == []
    assert not unchecked(found, "1.35")


def test_sync_waves_follow_the_order_of_the_stack() -> None:
    made = bundle(TRACKING)
    waves = {
        each["metadata"]["name"]: int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for each in documents(folder(made, "argocd"))
        if each["kind"] in {"Application", "Cluster", "Database"}
    }
    assert waves["churn-cloudnative-pg"] < waves["cloudnative-pg"] < waves["mlflow-backend"] < waves["churn-mlflow"]


def test_each_wave_of_flux_waits_for_the_one_before() -> None:
    found = [each for each in documents(folder(bundle(TRACKING), "flux")) if each["kind"] == "Kustomization"]
    for number, each in enumerate(found):
        before = [f"churn-{number - 1:02d}"] if number else []
        assert [one["name"] for one in each["spec"].get("dependsOn", [])] == before
        assert each["spec"]["wait"] is True


def test_the_script_applies_in_order_and_is_a_script(tmp_path: Path) -> None:
    script = folder(bundle(TRACKING), "helm")["install.sh"]
    (tmp_path / "install.sh").write_text(script)
    subprocess.run(["sh", "-n", tmp_path / "install.sh"], check=True)
    assert (
        script.index("--install cloudnative-pg")
        < script.index("objects-cloudnative-pg")
        < script.index("--install mlflow")
    )


@pytest.mark.parametrize("text", [TRACKING, SEED, EVERYTHING], ids=["tracking", "seed", "everything"])
def test_the_script_asks_for_secrets_once_their_namespace_is_there(text: str) -> None:
    lines = folder(bundle(text), "helm")["install.sh"].splitlines()
    made = next(number for number, line in enumerate(lines) if line.endswith("-namespace/objects.yaml"))
    assert "secrets.yaml" in lines[made + 1]
    assert not any("secret" in line for line in lines[:made])


@needs_crds
def test_plain_manifests_hold_what_the_charts_become() -> None:
    made = bundle(TRACKING + f"deployment: {{charts: {json.dumps(str(FIXTURES))}}}\n")
    rendered = render_charts(made, helm.find(), made.place.version, frozenset())
    files = folder(made, "manifests", Material(rendered))
    found = documents(files)
    assert {"mlflow", "prometheus"} <= {each["metadata"]["name"] for each in found if each["kind"] == "Deployment"}
    assert [each for each in strict(found, "1.35") if CRDS_ABSENT not in each] == []


CHARTS = f"deployment: {{charts: {json.dumps(str(FIXTURES))}}}\n"
INSECURE = f"deployment: {{charts: {json.dumps(str(FIXTURES))}, values: {{mlflow: {{podSecurityContext: {{seccompProfile: null}}}}}}}}\n"


@pytest.mark.finding("K1")
def test_the_first_stack_of_the_documentation_is_not_refused() -> None:
    made = bundle(TRACKING + CHARTS)
    rendered = render_charts(made, helm.find(), made.place.version, frozenset())
    assert problems(made, rendered, frozenset()) == []


@pytest.mark.finding("K20")
def test_a_chart_is_given_no_name_where_it_wants_a_number(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(SEED.replace("{type: kubernetes}", f"{{charts: {FIXTURES}}}"))
    ended = platinfra("render", "--out", "out")
    assert (ended.code, "warning" in ended.err) == (0, False)
    values = next((tmp_path / "out" / "kubernetes").glob("*release-mlflow/values.yaml"))
    assert 'port: "${module.component_rds.port}"' in values.read_text()


@pytest.mark.finding("K1")
@pytest.mark.parametrize("kind", [*FORMATS, "manifests"])
def test_render_refuses_what_plan_refuses(kind: str, platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING + INSECURE)
    ended = platinfra("render", "--format", kind, "--out", "out")
    assert (ended.code, ended.err.count("error[object-insecure]")) == (2, 3)
    assert not (tmp_path / "out").exists()


@pytest.mark.finding("K1")
def test_render_says_when_charts_could_not_be_checked(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING + "deployment: {charts: 'http://127.0.0.1:9'}\n")
    ended = platinfra("render", "--out", "out")
    assert (ended.code, "warning[charts-not-checked]" in ended.err) == (0, True)
    assert platinfra("render", "--out", "other", "--format", "manifests").code == 2


def test_render_writes_both_stages_for_aws(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(SEED)
    assert platinfra("render", "--out", "out").code == 0
    assert (tmp_path / "out" / "main.tf.json").is_file()
    values = next((tmp_path / "out" / "kubernetes").glob("*release-mlflow/values.yaml"))
    assert "aws-mlops-stack-s3-210987654321" in values.read_text()


def test_what_terraform_printed_is_filled_in(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(SEED)
    told = {"wires": {"value": {"mlflow.backend": {"host": "db.example.org", "port": 5432}}, "sensitive": False}}
    (tmp_path / "outputs.json").write_text(json.dumps(told))
    assert platinfra("render", "--out", "before").code == 0
    assert platinfra("render", "--out", "after", "--outputs", "outputs.json").code == 0
    before, after = (
        next((tmp_path / name / "kubernetes").glob("*release-mlflow/values.yaml")).read_text()
        for name in ("before", "after")
    )
    assert "db.example.org" not in before
    assert "db.example.org" in after
    (tmp_path / "outputs.json").write_text("[1]")
    ended = platinfra("render", "--out", "after", "--outputs", "outputs.json")
    assert (ended.code, "error[not-outputs]" in ended.err) == (2, True)


def test_what_is_no_longer_needed_goes_from_the_folder(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING)
    assert platinfra("render", "--out", "out").code == 0
    (tmp_path / "platinfra.yaml").write_text(TRACKING.replace("[evidently, prometheus]", "[prometheus]"))
    assert platinfra("render", "--out", "out").code == 0
    assert not list((tmp_path / "out").glob("*evidently*/*"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    ended = platinfra("render", "--out", "mine")
    assert ended.code == 2
    assert "folder-not-ours" in ended.err
