"""Stacks on AWS through the command line, each in a folder and against a moto server of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.moto_server import moto, surroundings
from tests.targets.aws.stacks import ACCOUNT
from tests.terraform import environment
from tests.terraform_provider import kept_provider

REGION = "eu-central-1"
PATIENCE = 600
"""Seconds for one command."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Cloud:
    """A folder with a stack file, and where its account is."""

    folder: Path
    url: str
    env: Mapping[str, str]
    region: str = REGION
    running: list["subprocess.Popen[str]"] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "platinfra.yaml").write_text(text)

    def start(self, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """Start `platinfra ARGUMENTS` in the folder."""
        command = [sys.executable, "-m", "platinfra", *arguments]
        # A session of its own: what is sent to it reaches only what a user's Ctrl-C or a crash would reach.
        started = subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running.append(started)
        return started

    def run(self, *arguments: str, **env: str) -> Done:
        """Run `platinfra ARGUMENTS` to its end."""
        return ended(self.start(*arguments, **env))

    def does(self, *arguments: str, code: int = 0) -> str:
        """Run a command that has to end with `code`; return what it said."""
        done = self.run(*arguments)
        assert done.code == code, f"{arguments} ended with {done.code}:\n{done.said}"
        return done.out

    def beside(self, name: str) -> "Cloud":
        """Return a folder of somebody else with the same stack, in the same account."""
        other = Cloud(self.folder.parent / name, self.url, self.env, self.region, self.running)
        other.write((self.folder / "platinfra.yaml").read_text())
        return other

    def client(self, service: str) -> Any:
        return client(self.url, service, self.region)

    @property
    def state(self) -> Path:
        return self.folder / ".platinfra"


def ended(started: "subprocess.Popen[str]") -> Done:
    out, err = started.communicate(timeout=PATIENCE)
    return Done(started.returncode, out, err)


def client(url: str, service: str, region: str = REGION) -> Any:
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, region_name=region, endpoint_url=url, **keys)


@pytest.fixture(scope="session")
def provider() -> Iterator[dict[str, str]]:
    """Yield the variables of one provider for whatever asks nothing of AWS."""
    with kept_provider({}) as kept:
        yield kept


@pytest.fixture
def cloud(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """
    Return an empty folder and an empty account; what was started there is ended.

    The commands share a provider, unless the test is marked as to have a provider for each, as users have.
    """
    with moto(ACCOUNT) as url, ExitStack() as kept:
        env = surroundings_of(tmp_path, url)
        alone = request.node.get_closest_marker("own_providers")
        made = Cloud(tmp_path / "stack", url, env if alone else env | kept.enter_context(kept_provider(env)))
        try:
            yield made
        finally:
            end(made.running)


def surroundings_of(folder: Path, url: str) -> dict[str, str]:
    """Return the environment of a command: a new home, and AWS at `url`."""
    home = folder / "home"
    home.mkdir()
    return environment(folder) | surroundings(url) | {"HOME": str(home), "COLUMNS": "200"}


def end(running: Sequence["subprocess.Popen[str]"]) -> None:
    """Kill what is left of the commands; Terraform ends when its parent does."""
    for each in running:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
            each.communicate()
