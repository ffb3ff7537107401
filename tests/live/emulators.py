"""Servers that stand for the object stores of other clouds, on this machine, and the clouds' own clients to look into them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from platinfra.drivers.http import HttpProbes
from platinfra.targets.local.verbs.machine import environments
from tests.environments import EMULATORS, azurite_in, node_in

from .stack import free_port

VENV = environments().location(EMULATORS)
PYTHON = VENV / "bin" / "python"
INSTALLED = azurite_in(VENV).exists()
STARTS_WITHIN = 60.0
"""Seconds."""
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Of Azurite's only account, as its documentation has it."""


@contextmanager
def google(bucket: str) -> Iterator[str]:
    """Start the emulator of Google's store with a bucket; yield its address."""
    port = free_port()
    command = [PYTHON, "-m", "gcp_storage_emulator", "start", "--host=127.0.0.1", f"--port={port}", "--in-memory"]
    with running([*map(str, command), f"--default-bucket={bucket}"], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def azure(container: str) -> Iterator[str]:
    """Start Azurite with a container; yield its address."""
    port = free_port()
    main = azurite_in(VENV) / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"]
    command = [str(node_in(VENV)), str(main), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options, "--silent"]
    with running(command, port):
        url = f"http://127.0.0.1:{port}/{ACCOUNT}"
        ask(f"{AZURE}\nstore.create_container('{container}')", AZURE=connection(url))
        yield url


AZURE = "import os\nfrom azure.storage.blob import BlobServiceClient\nstore = BlobServiceClient.from_connection_string(os.environ['AZURE'])"
GOOGLE = "from google.cloud.storage import Client\nstore = Client()"


def connection(url: str) -> str:
    """Return how clients of Azure find and enter Azurite."""
    return f"BlobEndpoint={url};AccountName={ACCOUNT};AccountKey={KEY}"


def ask(code: str, **env: str) -> str:
    """Run code with the clouds' own clients; return what it prints."""
    done = subprocess.run(
        [PYTHON, "-c", code], env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Start a server and wait until it listens; stop it in the end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sys.stderr) as server:
        try:
            deadline = time.monotonic() + STARTS_WITHIN
            while not HttpProbes().connect("127.0.0.1", port, timeout=1):
                assert server.poll() is None, "it ended"
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
