"""What the local target plans."""

import dataclasses
from pathlib import Path

import pytest

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import ActionError, PlatinfraError
from platinfra.document import load_text
from platinfra.drivers.record_file import RecordFile
from platinfra.model.plan import Progress, Seen
from platinfra.model.record import ActionRecord
from platinfra.model.reference import secrets, show_text
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.local.actions import Start, undo
from platinfra.targets.local.clients import client_env
from platinfra.targets.local.facts import MachineFacts
from platinfra.targets.local.plan import plan
from platinfra.targets.local.policy import permissions, policy
from platinfra.targets.local.record import LocalRecord
from tests.stacks import CATALOG, TRACKING, graph_of, machine_for, plan_of, resolved
from tests.worlds import Fakes

FULL = """
name: full
stack:
  data_versioning: [dvc]
  experiment_tracker: [mlflow]
  model_registry: [mlflow]
  pipelining: [prefect]
  model_serving: [{fastapi: {settings: {model: wine}}}]
  monitoring: [evidently]
  notebook: [jupyterlab]
"""
LINES = [
    "summary: A tool.",
    "homepage: https://example.org",
    "license: MIT",
    "provides: [monitoring]",
]
QUIET = Progress(lambda _: None, lambda: False)


def start(text: str, process: str) -> Start:
    (found,) = [each for each in plan_of(text).actions if isinstance(each, Start) and each.process == process]
    return found


@pytest.mark.parametrize("name", [each.name for each in CATALOG.tools() if each.run.local])
def test_every_tool_with_a_recipe_plans_with_all_its_neighbours(name: str) -> None:
    tool = CATALOG.get(name)
    settings = {key: "xyz" for key, each in tool.settings.items() if each.default is None or "machine" in each.needed}
    filled = [stage for stage in tool.provides if tool.fills(stage, "machine")]
    uses = dict.fromkeys(filled, f"{{{name}: {{settings: {settings}}}}}")
    neighbours = {
        "experiment_tracker": "mlflow",
        "model_registry": "mlflow",
        "pipelining": "prefect",
        "monitoring": "evidently",
    }
    stages = {
        **{stage: other for stage, other in neighbours.items() if stage not in tool.provides and other != name},
        **uses,
    }
    assert plan_of("name: x\nstack:\n" + "".join(f"  {stage}: [{use}]\n" for stage, use in stages.items())).actions


def test_each_action_comes_after_those_it_needs() -> None:
    seen: set[str] = set()
    for action in plan_of(FULL).actions:
        assert seen.issuperset(action.after), action.key
        seen.add(action.key)


def test_a_database_is_ready_and_granted_before_its_consumer_starts() -> None:
    after = start(TRACKING, "mlflow.server").after
    assert "grant:mlflow.backend" in after
    actions = {each.key: each for each in plan_of(TRACKING).actions}
    assert "start:postgres.server" in actions["grant:mlflow.backend"].after


def test_a_client_does_not_wait_for_what_it_will_use() -> None:
    assert not [key for key in start(FULL, "prefect.server").after if "mlflow" in key]


def test_code_that_uses_the_stack_is_told_where_everything_is() -> None:
    env = start(FULL, "prefect.worker").command.env
    assert {
        "MLFLOW_TRACKING_URI",
        "DVC_SYSTEM_CONFIG_DIR",
        "EVIDENTLY_URL",
        "MODEL_SERVER_URL",
        "PREFECT_API_URL",
    } <= env.keys()
    assert show_text(env["PATH"]).startswith("/state/client/venv/bin:")


def test_the_processes_of_a_consumer_have_its_own_login_and_code_has_another() -> None:
    text = f"{TRACKING}  object_store: [swift]\n"
    env = start(text, "mlflow.server").command.env
    assert show_text(env["AWS_ACCESS_KEY_ID"]) == "stack:mlflow"
    (password,) = secrets(env["AWS_SECRET_ACCESS_KEY"])
    assert (password.component, password.name, password.kind) == ("mlflow", "artifacts", "login")
    assert "AWS_ACCESS_KEY_ID" not in start(text, "swift.proxy").command.env
    # What works inside code is wired by the login of code.
    flows = start(f"{text}  pipelining: [prefect]\n  data_versioning: [dvc]\n", "prefect.worker").command.env
    assert show_text(flows["AWS_ACCESS_KEY_ID"]) == "stack:code"
    graph = graph_of(text)
    code = client_env(graph.components, MachineFacts(graph, CATALOG, machine_for(graph)).values)
    assert show_text(code["AWS_ACCESS_KEY_ID"]) == "stack:code"
    (wire,) = [each for each in permissions(resolved(text)).grants if each.provider == "swift"]
    assert wire.enforced == "its own login, which opens its own place alone"
    assert "mlflow has a login of its own" in policy(resolved(text))


def test_what_is_not_in_the_stack_is_not_in_the_environment() -> None:
    env = start("name: x\nstack:\n  pipelining: [prefect]\n", "prefect.worker").command.env
    assert "MLFLOW_TRACKING_URI" not in env


def test_no_secret_is_in_a_command_line_or_printed() -> None:
    for action in plan_of(FULL).actions:
        if isinstance(action, Start):
            assert not [secret for text in action.command.command for secret in secrets(text)]
            assert "value-of" not in repr(action)
    assert list(secrets(start(TRACKING, "mlflow.server").command.env["MLFLOW_BACKEND_STORE_URI"]))


def test_each_component_has_a_home_of_its_own_and_telemetry_is_off() -> None:
    homes = [show_text(each.command.env["HOME"]) for each in plan_of(FULL).actions if isinstance(each, Start)]
    assert "/state/components/mlflow/home" in homes
    assert {
        show_text(each.command.env["UV_CACHE_DIR"]) for each in plan_of(FULL).actions if isinstance(each, Start)
    } == {"/cache"}


def test_a_tool_without_a_recipe_is_a_diagnostic() -> None:
    with pytest.raises(PlatinfraError) as caught:
        graph_of("name: x\nprovider: {name: kubernetes}\nstack:\n  model_serving: [litserve]\n")
    assert caught.value.diagnostics[0].code == "no-recipe"


def test_a_tool_that_cannot_run_here_says_why_and_what_does() -> None:
    with pytest.raises(PlatinfraError) as caught:
        graph_of("name: x\nstack:\n  data_versioning: [lakefs]\n")
    (found,) = caught.value.diagnostics
    assert found.code == "tool-not-on-target"
    assert "dvc versions data there" in found.message


def test_the_plan_is_empty_once_it_is_applied(tmp_path: Path) -> None:
    fakes, made = Fakes(), plan_of(TRACKING)
    record = made.record
    for action in made.actions:
        action.apply(fakes.world, QUIET) if action.kind != "client" else None
        record = record.with_applied(
            action.key, ActionRecord(action.kind, action.component, action.digest, dict(action.record))
        )
    verbs = {each.key: each.verb for each in made.changes(record, None)}
    assert set(verbs.values()) == {"unchanged"}
    file = RecordFile(tmp_path, LocalRecord)
    file.save(record)
    assert file.load() == record


def test_a_changed_setting_restarts_its_component_only() -> None:
    before, after = (
        plan_of(TRACKING),
        plan_of("name: demo\nstack:\n  experiment_tracker: [{mlflow: {settings: {workers: 2}}}]\n"),
    )
    digests = {each.key: each.digest for each in before.actions if each.kind == "start"}
    changed = {each.key for each in after.actions if each.kind == "start" and each.digest != digests[each.key]}
    assert changed == {"start:mlflow.server"}


def test_a_removed_component_is_stopped() -> None:
    fakes = Fakes()
    action = start(TRACKING, "mlflow.server")
    action.apply(fakes.world, QUIET)
    undo(action.kind, action.record, fakes.world)
    assert fakes.processes.stopped == ["mlflow.server"]


def test_ready_means_the_ready_address_and_the_api_answered() -> None:
    fakes = Fakes()
    start(TRACKING, "mlflow.server").apply(fakes.world, QUIET)
    assert any(url.endswith("/health") for url in fakes.probes.asked)
    assert any("/api/2.0/mlflow/" in url for url in fakes.probes.asked)


def test_a_process_that_gives_up_ends_with_the_last_lines_of_its_log() -> None:
    fakes = Fakes()
    fakes.processes.broken.add("mlflow.server")
    with pytest.raises(ActionError) as caught:
        start(TRACKING, "mlflow.server").apply(fakes.world, QUIET)
    (problem,) = caught.value.diagnostics
    assert problem.code == "not-ready"
    assert problem.details == ("the log's last line",)
    assert "mlflow.server" not in fakes.processes.running


def test_a_taken_port_names_who_holds_it() -> None:
    fakes = Fakes()
    action = start(TRACKING, "mlflow.server")
    fakes.sockets.taken[action.addresses[0].port] = "nginx (pid 7)"
    with pytest.raises(ActionError, match="nginx"):
        action.apply(fakes.world, QUIET)
    assert fakes.processes.started == []


def test_a_public_listener_is_stopped() -> None:
    fakes = Fakes()
    fakes.processes.public.add("mlflow.server")
    with pytest.raises(ActionError, match="not-loopback"):
        start(TRACKING, "mlflow.server").apply(fakes.world, QUIET)
    assert fakes.processes.stopped == ["mlflow.server"]


def test_a_failed_command_shows_the_end_of_its_output() -> None:
    fakes = Fakes()
    fakes.processes.exit_code = 3
    grant = next(each for each in plan_of(TRACKING).actions if each.key == "grant:mlflow.backend")
    with pytest.raises(ActionError) as caught:
        grant.apply(fakes.world, QUIET)
    assert caught.value.diagnostics[0].details[-1] == "last line"


def test_a_process_that_died_is_started_again() -> None:
    fakes = Fakes()
    action = start(TRACKING, "mlflow.server")
    assert not action.holds(Seen(fakes.world, {}))
    action.apply(fakes.world, QUIET)
    assert action.holds(Seen(fakes.world, fakes.processes.statuses()))


def test_an_unknown_reference_names_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    run = "run: {local: {env: {A: '${nobody.url}'}, processes: {p: {command: [x]}}}}"
    (folder / "tool.yaml").write_text("\n".join([*LINES, "name: odd", run]))
    catalog = Catalog(tmp_path)
    monkeypatch.setattr(catalog, "_check", lambda _: None)  # as if it was one of platinfra's own
    graph = resolve(load(load_text("name: x\nstack: {monitoring: [odd]}", "f")), catalog).graph
    with pytest.raises(PlatinfraError, match=r"unknown-reference.*\$\{nobody.url\}"):
        plan(graph, catalog, machine_for(graph, catalog))


@pytest.mark.parametrize("name", ["postgres", "template1", "public", "pg-team"])
def test_a_consumer_never_gets_a_database_of_the_server_itself(name: str) -> None:
    stack = f"name: demo\nstack:\n  experiment_tracker: [{{mlflow: {{as: {name}}}}}]\n"
    url = start(stack, f"{name}.server").command.env["MLFLOW_BACKEND_STORE_URI"]
    assert show_text(url).startswith(f"postgresql://c_{name.replace('-', '_')}:")
    assert show_text(url).endswith(f"/c_{name.replace('-', '_')}")


def test_two_databases_of_one_consumer_are_two(tmp_path: Path) -> None:
    folder = tmp_path / "twin"
    folder.mkdir()
    requires = "requires: {left: {capability: sql_database}, right: {capability: sql_database}}"
    env = "run: {local: {env: {LEFT: '${left.url}', RIGHT: '${right.url}'}, processes: {p: {command: [x]}}}}"
    (folder / "tool.yaml").write_text("\n".join([*LINES, "name: twin", requires, env]))
    catalog = Catalog(tmp_path)
    graph = resolve(load(load_text("name: x\nstack: {monitoring: [twin]}", "f")), catalog).graph
    (action,) = [
        each for each in plan(graph, catalog, machine_for(graph, catalog)).actions if each.key == "start:twin.p"
    ]
    assert show_text(action.command.env["LEFT"]).endswith("/twin__left")
    assert show_text(action.command.env["RIGHT"]).endswith("/twin__right")


def test_a_stack_whose_clients_need_no_package_has_variables_all_the_same() -> None:
    made = plan_of("name: x\nstack:\n  sql_database: [postgres]\n")
    assert "variables:client" in {each.key for each in made.actions}
    assert "environment:client" not in {each.key for each in made.actions}


def test_an_answer_of_somebody_else_at_the_port_is_not_taken_for_ones_own() -> None:
    fakes = Fakes()
    fakes.processes.deaf.add("mlflow.server")
    with pytest.raises(ActionError, match="port-taken"):
        start(TRACKING, "mlflow.server").apply(fakes.world, QUIET)
    assert fakes.processes.stopped == ["mlflow.server"]


def test_another_shell_is_no_reason_to_start_anything_again() -> None:
    graph = graph_of(TRACKING)
    here = machine_for(graph)
    there = dataclasses.replace(
        here, path="/elsewhere", passed={"UV_CACHE_DIR": "/other", "HTTP_PROXY": "http://proxy"}
    )
    digests = [{each.key: each.digest for each in plan(graph, CATALOG, machine).actions} for machine in (here, there)]
    assert digests[0] == digests[1]


def test_a_grant_is_repeated_when_its_provider_has_to_be_started() -> None:
    fakes, made = Fakes(), plan_of(TRACKING)
    record = made.record
    for action in made.actions:
        record = record.with_applied(
            action.key, ActionRecord(action.kind, action.component, action.digest, dict(action.record))
        )
        if action.kind != "client":
            action.apply(fakes.world, QUIET)
    fakes.processes.running.pop("postgres.server")
    verbs = {each.key: each.verb for each in made.changes(record, Seen(fakes.world, fakes.processes.statuses()))}
    assert verbs["start:postgres.server"] == "repair"
    assert verbs["grant:mlflow.backend"] == "repair"
    assert verbs["start:mlflow.server"] == "unchanged"
