"""The command line as people and programs meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import Command

from platinfra.app.init import questionnaire
from platinfra.app.run import forward
from platinfra.cli.lazy import SUMMARIES
from platinfra.diagnostics import PlatinfraError
from platinfra.targets.answers import Page

ROOT = Path(__file__).parents[2]
CLUSTER = "name: demo\nprovider: {name: kubernetes}\nstack:\n  experiment_tracker: [mlflow]\n"
SEED = ROOT / "benchmarks" / "seed.yaml"
TRACKING = "name: demo\nstack:\n  experiment_tracker: [mlflow]\n"


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    file = tmp_path / "platinfra.yaml"
    file.write_text(TRACKING)
    return file


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_has_help_with_an_example(name: str, platinfra: Command) -> None:
    ended = platinfra(name, "--help")
    assert ended.code == 0
    assert "Example:" in ended.out
    assert f"platinfra {name}" in ended.out


def test_an_unknown_command_names_the_nearest(platinfra: Command) -> None:
    ended = platinfra("valdate")
    assert ended.code == 2
    assert "did you mean `validate`?" in ended.err


def test_validate_says_what_is_in_the_file(platinfra: Command, stack: Path) -> None:
    ended = platinfra("validate")
    assert ended.code == 0
    assert ended.err == "demo: 3 components, 2 wires on `local`; the file is valid\n"
    stack.write_text("name: demo\nstack: {hyperparameter_tuning: [vizier]}\n")
    assert platinfra("validate").err == "demo: 1 component, 0 wires on `local`; the file is valid\n"


def test_validate_looks_at_every_environment(platinfra: Command, stack: Path) -> None:
    wrong = "".join(f"  {name}:\n    stack: {{monitoring: [evidentli]}}\n" for name in ("prod", "staging"))
    stack.write_text(f"{TRACKING}environments:\n{wrong}")
    ended = platinfra("validate")
    assert ended.code == 2
    for name in ("prod", "staging"):
        assert f"error[unknown-tool]: environment `{name}`: `evidentli` is not in the catalog" in ended.err


def test_the_seed_validates_and_plans_with_a_warning(platinfra: Command) -> None:
    for command in ("validate", "plan"):
        ended = platinfra(command, str(SEED))
        assert ended.code == 0
        assert "warning[placeholder]" in ended.err
    assert "experiment_tracker, artifact_tracker, alerting" in ended.out


def test_up_without_a_cluster_touches_nothing(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "platinfra.yaml").write_text(CLUSTER)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    ended = platinfra("up")
    assert ended.code == 2
    assert "error[no-context]" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["platinfra.yaml"]


def test_plan_touches_nothing_and_shows_why(platinfra: Command, stack: Path, tmp_path: Path) -> None:
    ended = platinfra("plan")
    assert ended.code == 0
    assert "the default sql_database of `local`" in ended.out
    assert "start mlflow.server" in ended.out
    assert [path.name for path in tmp_path.iterdir()] == ["platinfra.yaml"]


def test_plan_as_json_is_complete_and_has_no_secret(platinfra: Command, stack: Path) -> None:
    data = json.loads(platinfra("plan", "--json").out)
    assert {each["name"] for each in data["components"]} == {"mlflow", "postgres", "directory"}
    assert {each["verb"] for each in data["changes"]} == {"create"}
    assert {"wire", "verb"} <= data["permissions"][0].keys()


def test_plan_tells_by_its_exit_code_whether_something_would_change(platinfra: Command, stack: Path) -> None:
    assert platinfra("plan", "--exit-code").code == 3


def test_a_component_can_be_left_out(platinfra: Command, stack: Path) -> None:
    stack.write_text(f"{TRACKING}  monitoring: [evidently]\n")
    assert "mlflow" not in platinfra("plan", "--without", "mlflow").out
    ended = platinfra("plan", "--without", "mlfow")
    assert ended.code == 2
    assert "did you mean `mlflow`?" in ended.err


@pytest.mark.parametrize("form", ["text", "mermaid", "svg"])
def test_a_graph_names_components_and_wires(form: str, platinfra: Command, stack: Path) -> None:
    ended = platinfra("graph", "--format", form)
    assert ended.code == 0
    assert "mlflow" in ended.out
    assert "backend" in ended.out


def test_a_graph_in_svg_is_xml(platinfra: Command) -> None:
    from xml.etree import ElementTree as ET

    ended = platinfra("graph", str(SEED), "--format", "svg")
    assert ET.fromstring(ended.out).tag.endswith("svg")


def test_permissions_name_the_wire_that_asked(platinfra: Command, stack: Path) -> None:
    (database, objects) = json.loads(platinfra("permissions", "--json").out)["permissions"]
    assert (database["wire"], objects["wire"]) == ("mlflow.backend", "mlflow.artifacts")
    assert "not isolated" in objects["enforced"]


def test_policy_prints_what_the_database_enforces(platinfra: Command, stack: Path) -> None:
    out = platinfra("permissions", "--policy").out
    assert 'REVOKE ALL ON DATABASE "mlflow"' in out


def test_up_refuses_a_placeholder_before_it_looks_at_the_account(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(SEED.read_text())
    ended = platinfra("up")
    assert ended.code == 2
    assert "error[placeholder]" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["platinfra.yaml"]


def test_policy_of_a_cluster_is_network_policies_and_roles(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(CLUSTER)
    ended = platinfra("permissions", "--policy")
    assert ended.code == 0
    assert "kind: NetworkPolicy" in ended.out
    assert "default-deny" in ended.out


def test_tools_can_be_asked_for_by_stage_and_target(platinfra: Command) -> None:
    names = {each["name"] for each in json.loads(platinfra("tools", "--stage", "model_serving", "--json").out)["tools"]}
    assert {"fastapi", "mlflow-serving", "bentoml", "nvidia-triton"} <= names
    local = {
        each["name"]
        for each in json.loads(platinfra("tools", "--stage", "model_serving", "--target", "local", "--json").out)[
            "tools"
        ]
    }
    assert "tensorflow-serving" not in local
    assert platinfra("tools", "--stage", "model_servin").code == 2


@pytest.mark.parametrize("name", ["mlflow", "nvidia_triton", "sql_database", "mlflow.workers", "ambiguous-binding"])
def test_explain_knows_tools_capabilities_settings_and_errors(name: str, platinfra: Command) -> None:
    ended = platinfra("explain", name)
    assert ended.code == 0
    assert len(ended.out) > 40


def test_explain_tells_what_a_stage_means_and_how_a_check_shows_it(platinfra: Command) -> None:
    said = platinfra("explain", "model_registry").out
    assert "means        A consumer registers a version of a model" in said
    assert "proof        A version is registered" in said
    assert "checked      by `platinfra check` on this machine: bentoml, mlflow; elsewhere only rendered" in said
    assert "on this machine: spark;" in platinfra("explain", "data_processing").out
    assert "means" not in platinfra("explain", "gpus").out  # no consumer does anything with it


def test_explain_names_the_nearest(platinfra: Command) -> None:
    ended = platinfra("explain", "mlflo")
    assert ended.code == 2
    assert "`mlflow`" in ended.err


@pytest.mark.parametrize("kind", ["stack", "tool"])
def test_schemas_are_json_schemas(kind: str, platinfra: Command) -> None:
    data = json.loads(platinfra("schema", kind).out)
    assert data["$schema"].endswith("2020-12/schema")
    assert data["additionalProperties"] is False


def test_the_stack_schema_offers_stages_and_tools(platinfra: Command) -> None:
    stages = json.loads(platinfra("schema").out)["$defs"]["Stages"]["properties"]
    assert "mlflow" in stages["experiment_tracker"]["items"]["anyOf"][0]["enum"]


@pytest.mark.parametrize("template", ["local", "minimal", "aws", "lifecycle"])
def test_every_template_makes_a_valid_file_named_after_its_folder(
    template: str, platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "My Team_2"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert platinfra("init", template).code == 0
    assert "name: my-team\n" in (folder / "platinfra.yaml").read_text()
    assert platinfra("validate").code == 0
    assert platinfra("init", template).code == 2


def test_a_template_that_is_a_folder_brings_its_project(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = platinfra("init", "lifecycle")
    assert ended.code == 0
    tracked = ["git", "ls-files", "examples/lifecycle"]
    there = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    written = {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}
    assert written == {each.removeprefix("examples/lifecycle/") for each in there}
    assert f"and {len(written) - 1} files of its project" in ended.err
    same = (ROOT / "examples" / "lifecycle" / "flights" / "play.py").read_text()
    assert (tmp_path / "flights" / "play.py").read_text() == same


def test_a_project_overwrites_nothing_and_leaves_no_half(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text("mine")
    ended = platinfra("init", "lifecycle")
    assert ended.code == 2
    assert "error[file-exists]: `main.py` already exists" in ended.err
    assert [each.name for each in tmp_path.iterdir()] == ["main.py"]
    assert platinfra("init", "lifecycle", "--force").code == 0
    assert (tmp_path / "main.py").read_text() != "mine"


def test_init_asks_for_tools(platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * 30))
    assert platinfra("init", "--ask", "--name", "asked").code == 0
    assert platinfra("validate").code == 0
    assert "fastapi" in (tmp_path / "platinfra.yaml").read_text()


def test_init_asks_for_a_model_only_where_the_server_does(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    stages = [stage for stage, _, _ in questionnaire()]
    answers = ["bentoml" if each == "model_serving" else "" for each in stages]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    ended = platinfra("init", "--ask", "--name", "asked")
    assert ended.code == 0
    assert "Name of the model" not in ended.err
    assert "model_serving: [bentoml]" in (tmp_path / "platinfra.yaml").read_text()
    assert platinfra("validate").code == 0


@pytest.mark.parametrize(
    "command", [["status"], ["logs"], ["open"], ["restart", "mlflow"], ["env"], ["run", "--", "true"], ["check"]]
)
def test_commands_that_need_a_running_stack_say_so(command: list[str], platinfra: Command, stack: Path) -> None:
    ended = platinfra(*command)
    assert ended.code == 2
    assert "error[not-up]" in ended.err
    assert "platinfra up" in ended.err


def test_down_without_a_stack_is_no_error(platinfra: Command, tmp_path: Path) -> None:
    ended = platinfra("down")
    assert (ended.code, ended.err) == (0, "nothing was running\n")
    assert list(tmp_path.iterdir()) == []


def test_doctor_looks_at_machine_and_stack(platinfra: Command, stack: Path) -> None:
    findings = {each["subject"]: each for each in json.loads(platinfra("doctor", "--json").out)["findings"]}
    assert findings["python"]["ok"]
    assert findings["stack"]["detail"] == "demo: 3 components"


def test_doctor_names_what_a_cluster_on_this_machine_takes(
    platinfra: Command, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.write_text(
        "name: demo\nprovider: {name: kubernetes}\ndeployment: {type: k3d}\nstack: {monitoring: [evidently]}\n"
    )
    for name in ("K3D", "KUBECTL", "CONTAINER_ENGINE"):
        monkeypatch.setenv(f"PLATINFRA_{name}", "/nowhere")
    findings = {each["subject"]: each for each in json.loads(platinfra("doctor", "--json").out)["findings"]}
    assert findings["stack"]["ok"]
    for name, place in {"k3d": "k3d.io", "kubectl": "kubernetes.io", "container engine": "Docker or Podman"}.items():
        assert not findings[name]["ok"]
        assert place in findings[name]["remedy"]


def test_a_project_without_hashes_is_refused(platinfra: Command, stack: Path, tmp_path: Path) -> None:
    stack.write_text(f"{TRACKING}project: {{requirements: requirements.txt}}\n")
    ended = platinfra("plan")
    assert ended.code == 2
    assert "project-requirements" in ended.err
    (tmp_path / "requirements.txt").write_text("mlflow==3.17.2\n")
    assert "has no hashes" in platinfra("plan").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_can_be_printed(shell: str, platinfra: Command) -> None:
    assert "_PLATINFRA_COMPLETE" in platinfra("completion", shell).out


def test_completion_completes_commands() -> None:
    env = {**os.environ, "_PLATINFRA_COMPLETE": "bash_complete", "COMP_WORDS": "platinfra va", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "platinfra"], env=env, capture_output=True, text=True, check=False)
    assert "validate" in done.stdout


def test_a_bug_is_called_a_bug_and_not_shown_as_a_traceback(
    platinfra: Command, stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oh")

    monkeypatch.delenv("PLATINFRA_DEBUG", raising=False)
    monkeypatch.setattr("platinfra.cli.commands.validate_command.checked_stacks", broken)
    ended = platinfra("validate")
    assert ended.code == 70
    assert "bug: RuntimeError: oh" in ended.err
    assert "Traceback" not in ended.err


def test_colors_are_left_out_when_asked() -> None:
    env = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "platinfra", "validate", "nowhere.yaml"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "\x1b[" not in done.stderr


@pytest.mark.parametrize("name", ["../..", "a/b", "", ".", "Prod"])
def test_an_environment_cannot_lead_out_of_its_folder(
    name: str, platinfra: Command, stack: Path, tmp_path: Path
) -> None:
    (tmp_path / ".platinfra").mkdir()
    for command in (["down", "--delete-data", "--yes"], ["status"], ["up"], ["env"]):
        ended = platinfra(*command, "--env", name)
        assert ended.code == 2
        assert "error[invalid-name]" in ended.err
    assert stack.exists()


def test_validate_knows_what_only_the_target_can_tell(platinfra: Command, stack: Path) -> None:
    stack.write_text("name: demo\nstack:\n  data_versioning: [lakefs]\n")
    ended = platinfra("validate")
    assert ended.code == 2
    assert "error[tool-not-on-target]" in ended.err
    assert "`dvc`" in ended.err


def test_plan_cannot_tell_changes_of_a_cluster_it_cannot_ask(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "platinfra.yaml").write_text(CLUSTER)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert platinfra("plan").code == 0
    ended = platinfra("plan", "--exit-code")
    assert ended.code == 2
    assert "error[cluster-unreachable]" in ended.err


def test_a_drawn_consumer_stands_left_of_what_it_uses() -> None:
    from tests.stacks import graph_of

    from platinfra.app.graph import _columns

    graph = graph_of((ROOT / "examples" / "quickstart" / "platinfra.yaml").read_text())
    column = {name: number for number, names in enumerate(_columns(graph)) for name in names}
    assert all(column[each.consumer] < column[each.provider] for each in graph.bindings)


def test_a_tunnel_without_its_programs_names_the_missing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tunnel").write_text("#!/bin/sh\n")
    (tmp_path / "tunnel").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatinfraError) as raised:
        forward(Page("here", "here", ("tunnel", "start"), ("tunnel-plugin",)))
    assert raised.value.diagnostics[0].code == "unknown-program"
    assert "`tunnel-plugin`" in raised.value.diagnostics[0].message


def test_a_placeholder_of_another_target_keeps_no_environment_from_starting(
    platinfra: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SEED.read_text() + "environments: {laptop: {provider: {name: kubernetes}, twins: true}}\n"
    (tmp_path / "platinfra.yaml").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    ended = platinfra("up", "--env", "laptop")
    assert ended.code == 2
    assert "error[placeholder]" not in ended.err
    assert "kubeconfig" in ended.err
