"""What people write in a stack file, in a lock and in names, and what `validate` makes of it."""

from pathlib import Path

import pytest
from tests.conftest import Command
from tests.stacks import CATALOG, graph_of

from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import PlatinfraError
from platinfra.model.versions import find_bounds, is_within
from platinfra.resolve import formats
from platinfra.targets.local.project import read_pins

LOCK = "".join(
    f"{each} \\\n    --hash=sha256:{'0' * 64}\n"
    for each in (
        "evidently==0.7.23",
        "fastapi==0.142.4",
        "ipykernel==7.4.0",
        "mlflow==3.17.2",
        "numpy==2.2.0 ; python_full_version < '3.12'",
        "numpy==2.4.0 ; python_full_version >= '3.12'",
        "pandas==2.3.3",
        "prefect==3.8.8",
        "starlette==1.7.0",
    )
)
STACK = """\
name: demo
project: {requirements: requirements.lock.txt}
stack:
  experiment_tracker: [mlflow]
  pipelining: [prefect]
  monitoring: [evidently]
  notebook: [jupyterlab]
"""


def validated(platinfra: Command, folder: Path, text: str, lock: str | None = None) -> str:
    """Return what `validate` says of a file that is wrong, or nothing of one that is right."""
    (folder / "platinfra.yaml").write_text(text)
    if lock is not None:
        (folder / "requirements.lock.txt").write_text(lock)
    ended = platinfra("validate")
    assert ended.code in {0, 2}, ended.err
    assert "bug:" not in ended.err
    return ended.err if ended.code else ""


@pytest.mark.finding("F7")
@pytest.mark.parametrize(
    ("pin", "other", "tool", "bounds"),
    [
        ("prefect==3.8.8", "prefect==3.9.1", "prefect", "prefect >=3,<3.9"),
        ("pandas==2.3.3", "pandas==3.1.1", "evidently", "pandas <3"),
        ("starlette==1.7.0", "starlette==1.10.0", "prefect", "starlette <=1.7.0"),
        ("mlflow==3.17.2", "MLflow==4.0.1", "mlflow", "mlflow >=2.9,<4"),
    ],
)
def test_a_package_of_the_project_that_a_tool_minds_is_told(
    platinfra: Command, tmp_path: Path, pin: str, other: str, tool: str, bounds: str
) -> None:
    said = validated(platinfra, tmp_path, STACK, LOCK.replace(pin, other))
    line = LOCK.replace(pin, other)[: LOCK.replace(pin, other).index(other)].count("\n") + 1
    package, _, version = pin.split("==", maxsplit=1)[0], "==", other.split("==")[1]
    message = f"`requirements.lock.txt` has {package} {version} (line {line}), and `{tool}` works with {bounds}"
    assert f"error[project-package-version]: {message}" in said
    assert "platinfra.yaml:2:25" in said
    assert f"write `{bounds.replace(' ', '')}` into the file" in said


@pytest.mark.finding("F11")
def test_a_lock_without_what_worker_and_kernel_need_is_told(platinfra: Command, tmp_path: Path) -> None:
    lock = "".join(f"{each}\n    --hash=sha256:0\n" for each in ("mlflow==3.17.2 \\", "evidently==0.7.23 \\"))
    said = validated(platinfra, tmp_path, STACK, lock)
    assert said.count("error[project-package-missing]") == 2
    assert "lacks `prefect`, and a part of `prefect` runs" in said
    assert "lacks `ipykernel`, and a part of `jupyterlab` runs" in said
    assert "write `ipykernel==7.4.0`" in said
    assert "platinfra.yaml:2:25" in said


def test_a_lock_that_suits_all_tools_is_fine(platinfra: Command, tmp_path: Path) -> None:
    assert validated(platinfra, tmp_path, STACK, LOCK) == ""


def test_packages_are_found_by_any_spelling_and_all_their_pins_count() -> None:
    pins = read_pins(LOCK + "Zope.Interface[test]==7.0 \\\n")
    assert [each.version for each in pins["numpy"]] == ["2.2.0", "2.4.0"]
    assert (pins["zope-interface"][0].version, pins["zope-interface"][0].line) == ("7.0", LOCK.count("\n") + 1)


def test_every_package_that_a_tool_needs_or_bounds_is_one_that_its_own_clients_may_have() -> None:
    for tool in CATALOG.tools():
        own = {each.partition("==")[0].partition("[")[0]: each.partition("==")[2] for each in tool.client.packages}
        for package, text in tool.client.bounds.items():
            bounds = find_bounds(text)
            assert bounds
            assert not own.get(package) or is_within(own[package], bounds), f"{tool.name}: {package}"


@pytest.mark.finding("F7")
def test_the_guide_for_projects_names_all_bounds() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "run-your-own-project.md"
    rows = [line for line in guide.read_text().splitlines() if line.startswith("| `")]
    for tool in CATALOG.tools():
        for package, text in tool.client.bounds.items():
            assert [row for row in rows if f"`{package.removesuffix('-skinny')}`" in row and f"`{text}`" in row], (
                package
            )


@pytest.mark.parametrize(
    ("version", "text", "within"),
    [
        ("3.9.1", ">=3,<3.9", False),
        ("3.9", "<3.9", False),
        ("3.8.10", ">=3,<3.9", True),
        ("3", ">=3.0.0", True),
        ("3.9rc1", "<3.9", False),
        ("1!2.0", "<3", True),
        ("2.10", ">2.9", True),
        ("2.9", ">2.9", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, text: str, within: bool) -> None:
    assert is_within(version, find_bounds(text) or []) is within


@pytest.mark.parametrize("text", ["", "3", "~=3.1", ">=x", ">=3,"])
def test_other_bounds_are_none(text: str) -> None:
    assert find_bounds(text) is None


@pytest.mark.finding("F13")
@pytest.mark.parametrize(
    ("written", "value"),
    [("2G", "2G"), ("0.5", "0.5"), ("1500m", "1500m"), ("2", "2"), (".5Gi", ".5Gi"), ("1e9", "1e9"), ("10Gi", "10Gi")],
)
def test_quantities_are_taken_as_kubernetes_takes_them(written: str, value: str) -> None:
    text = f"name: x\nprovider: {{name: kubernetes}}\nstack:\n  experiment_tracker: [mlflow: {{settings: {{memory: {written}}}}}]\n"
    assert graph_of(text).components["mlflow"].settings["memory"] == value


@pytest.mark.finding("F13")
@pytest.mark.parametrize("text", ["0", "0Gi", "-1Gi", "2GB", "2 Gi", "Gi", "1.5.1", "", "2gi"])
def test_what_kubernetes_refuses_or_is_nothing_is_no_quantity(text: str) -> None:
    assert formats.problem("quantity", text)


@pytest.mark.finding("F14")
@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        ("services: {web: {image: nginx}}", "tools stand under `stack`, stage by stage"),
        ("provider: aws", "write `provider: {name: aws}`"),
        ("deployment: cloud_vm", "write `deployment: {type: cloud_vm}`"),
        ("project: requirements.txt", "write `project: {requirements: requirements.txt}`"),
        ("apiVersion: v1", "this is not an object of Kubernetes"),
        ("target: local", "where to run is `provider: {name: local}`"),
    ],
)
def test_keys_of_other_tools_files_are_answered_with_the_right_ones(
    platinfra: Command, tmp_path: Path, lines: str, hint: str
) -> None:
    assert hint in validated(platinfra, tmp_path, f"name: x\n{lines}\nstack: {{experiment_tracker: [mlflow]}}\n")


@pytest.mark.finding("F14")
def test_an_address_inside_a_range_is_told_about_its_host_bits(platinfra: Command, tmp_path: Path) -> None:
    text = (
        'name: x\nprovider: {name: aws, region: eu-central-1, account_id: "123456789012"}\n'
        "deployment: {network: {cidr: 10.20.0.5/16}, cluster: {public_access: [203.0.113.7/24]}}\n"
        "stack: {experiment_tracker: [mlflow]}\n"
    )
    said = validated(platinfra, tmp_path, text)
    assert "write 203.0.113.7/32 for that address alone, or 203.0.113.0/24 for the range" in said
    assert "10.20.0.0/16 for the range" in said


@pytest.mark.finding("F15")
@pytest.mark.parametrize("name", ["a" * 400, "a" * 1000, "..", "a/b", "\u00e9" * 200, "CON", "x.yaml"])
def test_a_name_is_looked_up_among_known_names(platinfra: Command, tmp_path: Path, name: str) -> None:
    text = f'name: x\nstack: {{"{name}": [mlflow], experiment_tracker: ["{name}"]}}\n'
    said = validated(platinfra, tmp_path, text)
    assert "error[unknown-stage]" in said
    assert "error[unknown-tool]" in said
    assert Catalog().find_capability(name) is None
    assert Catalog().find(name) is None
    assert "error[project-requirements]" in validated(
        platinfra, tmp_path, f'name: x\nproject: {{requirements: "{name}"}}\nstack: {{experiment_tracker: [mlflow]}}\n'
    )


@pytest.mark.finding("F15")
@pytest.mark.parametrize(
    "line", ["packages: [{}]", "run: {{local: {{requirements: {}, processes: {{s: {{command: [a]}}}}}}}}"]
)
def test_a_long_name_in_a_tool_is_no_path_either(platinfra: Command, tmp_path: Path, line: str) -> None:
    about = "name: mine\nsummary: A tool.\nhomepage: https://example.org\nlicense: MIT\nprovides: [monitoring]\n"
    (tmp_path / "tools" / "mine").mkdir(parents=True)
    (tmp_path / "tools" / "mine" / "tool.yaml").write_text(f"{about}{line.format('a' * 400)}\n")
    (tmp_path / "platinfra.yaml").write_text("name: x\nstack: {monitoring: [mine]}\n")
    said = platinfra("plan")
    assert said.code in {1, 2}
    assert "error[unknown-package]" in said.err or "error[environment-failed]" in said.err


@pytest.mark.finding("F5")
@pytest.mark.parametrize("target", ["kubernetes", "aws"])
@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease"])
def test_a_namespace_of_the_cluster_itself_is_refused(target: str, name: str) -> None:
    place = {"kubernetes": "", "aws": ', region: eu-central-1, account_id: "210987654321"'}[target]
    text = f"name: {name}\nprovider: {{name: {target}{place}}}\nstack: {{experiment_tracker: [mlflow]}}\n"
    with pytest.raises(PlatinfraError) as caught:
        graph_of(text)
    assert [each.code for each in caught.value.diagnostics] == ["reserved-name"]
    assert caught.value.diagnostics[0].span.line == 1


@pytest.mark.finding("F5")
def test_an_environment_cannot_lead_to_such_a_namespace_either(platinfra: Command, tmp_path: Path) -> None:
    text = (
        "name: kube\nstack: {experiment_tracker: [mlflow]}\nenvironments:\n  system: {provider: {name: kubernetes}}\n"
    )
    said = validated(platinfra, tmp_path, text)
    assert "error[reserved-name]: the namespace `kube-system` belongs to the cluster itself" in said
    assert "platinfra.yaml:4:3" in said
    assert validated(platinfra, tmp_path, text.replace("kubernetes", "local")) == ""
