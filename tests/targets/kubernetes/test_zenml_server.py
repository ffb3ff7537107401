"""What the Job registers, as a real ZenML server takes it: each orchestrator, in each place that has it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.targets.local.verbs.machine import environments
from tests.environments import ZENML
from tests.stacks import CATALOG
from tests.targets.kubernetes.test_zenml import SCRIPT, SEED, stack_with, variables

PYTHON = environments().location(ZENML) / "bin" / "python"
PASSWORD = "only-for-this-test"
STORE_KEY = "d1b2" * 16
STARTS_WITHIN = 90
"""Seconds."""
# What ZenML's client makes of the stack: the flavors' own classes check each configuration, and the stack as a whole.
ASK = """
import sys
from zenml.client import Client
from zenml.stack.flavor import Flavor
client = Client()
client.activate_stack(sys.argv[1])
found = client.active_stack_model
for kind, [component, *_] in found.components.items():
    flavor = Flavor.from_model(component.flavor)
    configuration = flavor.config_class(**component.configuration)
    print(kind.value, component.name, component.flavor_name, configuration.is_local)
print("environment", *sorted(found.environment))
"""

pytestmark = [pytest.mark.live, pytest.mark.skipif(not PYTHON.exists(), reason="run `make environments`")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start ZenML's server as the image does, with what the recipe tells it; yield its address."""
    folder = tmp_path_factory.mktemp("zenml")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        "ZENML_CONFIG_PATH": str(folder),
        "ZENML_SERVER": "true",
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_SERVER_DEPLOYMENT_TYPE": "kubernetes",
        "ZENML_SERVER_AUTO_ACTIVATE": "true",
        "ZENML_DEFAULT_USER_NAME": "admin",
        "ZENML_DEFAULT_USER_PASSWORD": PASSWORD,
        "ZENML_SERVER_JWT_SECRET_KEY": STORE_KEY,
        "ZENML_SECRETS_STORE_TYPE": "sql",
        "ZENML_SECRETS_STORE_ENCRYPTION_KEY": STORE_KEY,
    }
    options = ["--host", "127.0.0.1", "--port", str(port)]
    command = [PYTHON, "-m", "uvicorn", "zenml.zen_server.zen_server_api:app", *options]
    log = folder / "server.log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=folder, env=surroundings(folder) | told, stdout=output, stderr=output) as process,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(url: str, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


def surroundings(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "NO_PROXY": "*"}


def registered(address: str, folder: Path, text: str, **changes: str) -> dict[str, list[str]]:
    """Run the Job's script against the server; return what ZenML's client finds: each part's name, flavor, locality."""
    told = variables(text) | {"ZENML_URL": address, "ZENML_PASSWORD": PASSWORD} | changes
    command = [sys.executable, "-I", str(SCRIPT)]
    subprocess.run(command, env=surroundings(folder) | told, check=True, timeout=120, capture_output=True)
    client = surroundings(folder) | {
        "ZENML_CONFIG_PATH": str(folder / "client"),
        "ZENML_STORE_URL": address,
        "ZENML_STORE_USERNAME": "admin",
        "ZENML_STORE_PASSWORD": PASSWORD,
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_LOGGING_VERBOSITY": "ERROR",
    }
    script = folder / "ask.py"  # ZenML wants a file: its folder is the root of the code
    script.write_text(ASK)
    asked = [PYTHON, script, told["STACK"]]
    done = subprocess.run(asked, env=client, cwd=folder, check=False, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return {words[0]: words[1:] for words in map(str.split, done.stdout.splitlines()) if words}


def test_the_server_is_the_version_of_the_image() -> None:
    [version] = {
        line.split("==")[1].split()[0] for line in ZENML.read_text().splitlines() if line.startswith("zenml==")
    }
    assert f"zenmldocker/zenml-server:{version}\n" in (CATALOG.folder("zenml") / "tool.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (stack_with("prefect", ""), ["local", "local", "True"]),
        (stack_with("prefect"), ["kubernetes", "kubernetes", "False"]),
        (stack_with("airflow"), ["airflow", "airflow", "False"]),
        (SEED, ["kubernetes", "kubernetes", "False"]),
        (SEED.replace("aws-batch", "aws-eks"), ["aws-eks", "kubernetes", "False"]),
        (
            SEED.replace("orchestrator: [aws-batch]", "runtime_engine: [sagemaker]"),
            ["kubernetes", "kubernetes", "False"],
        ),
    ],
    ids=["no-registry", "cluster", "airflow", "batch", "eks", "sagemaker"],
)
def test_a_real_server_takes_each_orchestrator_and_zenml_accepts_its_configuration(
    text: str, expected: list[str], address: str, tmp_path: Path
) -> None:
    found = registered(address, tmp_path, text)
    assert found["orchestrator"] == expected
    assert found["artifact_store"][1:] == ["s3", "False"]
    assert ("container_registry" in found) == (expected[0] != "local")


def test_a_real_server_takes_tracker_registry_and_variables_and_registering_again(address: str, tmp_path: Path) -> None:
    first, second = (registered(address, tmp_path, stack_with("airflow"), STACK="again") for _ in range(2))
    assert first == second
    assert first["experiment_tracker"] == ["mlflow", "mlflow", "False"]
    assert first["model_registry"][1] == "mlflow"
    assert "RAY_ADDRESS" in first["environment"]
