"""One process of the AWS provider for many commands of Terraform: each would start its own, which costs two seconds."""

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from platinfra.drivers import terraform_launcher
from tests.terraform import PROVIDER, find_mirror

VARIABLE = "TF_REATTACH_PROVIDERS"
NOWHERE = "http://127.0.0.1:9"
"""Where AWS is for a provider that nothing has to answer: nobody listens there."""
_PATIENCE, _STOP = 60.0, 10.0
"""Seconds for the provider to tell where it listens, and to end."""


@contextmanager
def kept_provider(env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """
    Keep a provider until the block ends; yield what leads Terraform to it, nothing where no mirror has the program.

    What `env` says of endpoints and credentials holds for every command: the provider reads its own environment. It
    reads files by absolute names only, since its folder is another one than Terraform's.
    """
    program = find_program()
    if program is None:
        yield {}
        return
    with subprocess.Popen(
        # It is interrupted when this process dies, as Terraform is.
        [sys.executable, "-I", "-S", terraform_launcher.__file__, str(os.getpid()), program, "-debug"],
        env={"AWS_ENDPOINT_URL": NOWHERE, **env, "TF_LOG": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as started:
        try:
            assert started.stdout
            yield {VARIABLE: told(started.stdout)}
        finally:
            end(started)


def find_program() -> str | None:
    """Return the provider's program in the mirror."""
    mirror = find_mirror()
    found = sorted((mirror / PROVIDER).glob("*/*/terraform-provider-aws_*")) if mirror else []
    return str(found[-1]) if found else None


def told(output: IO[bytes]) -> str:
    """Return what the provider says the variable has to be."""
    text = b""
    with selectors.DefaultSelector() as ready:
        ready.register(output, selectors.EVENT_READ)
        while ready.select(_PATIENCE) and (block := os.read(output.fileno(), 65536)):
            text += block
            for line in text.decode().split("\n")[:-1]:
                if line.strip().startswith(f"{VARIABLE}="):
                    return line.strip().removeprefix(f"{VARIABLE}=").strip("'")
    raise AssertionError(f"the provider does not tell where it listens: {text!r}")


def end(started: "subprocess.Popen[bytes]") -> None:
    """End the provider; kill it when it does not."""
    started.terminate()
    try:
        started.wait(_STOP)
    except subprocess.TimeoutExpired:
        started.kill()
