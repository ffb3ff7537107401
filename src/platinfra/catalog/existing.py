"""A tool that is there already, as authors of `tool.yaml` write it: what code has to know to use a server of somebody else's."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from platinfra.catalog.entry import Attribute, Entry
from platinfra.catalog.kubernetes import Existing, KubernetesRun, SecretKey
from platinfra.catalog.machine import LocalRun

if TYPE_CHECKING:
    from platinfra.catalog.schema import Endpoint, Tool

PREFIX = "existing-"
"""Begins the name of a tool that is there already: `existing-mlflow` is a server of MLflow that platinfra does not run."""
_ADDRESS: tuple[Attribute, ...] = ("url", "host", "port")
_SECRET = "${name}-credentials"  # noqa: S105
"""The Secret that people make in a cluster: one entry for each credential."""


class Version(Entry):
    """How a server says its version, and those that its clients here work with."""

    path: str = Field(description="Where it answers with its version.")
    key: str | None = Field(default=None, description="The key that holds it, where the answer is JSON.")
    bounds: str = Field(description="Versions of the server, such as `>=2.9,<4`.")


class ExistingServer(Entry):
    """How a server that is there already is used: an address, and credentials that become variables of its clients."""

    at: str = Field(default="", description="Where a hosted service always is; without one, people have to say it.")
    example: str = Field(
        default="", description="An address as people write it; `https://NAME.example.org` when absent."
    )
    endpoint: str = Field(default="http", description="The tool's endpoint whose address is given.")
    settings: list[str] = Field(default=[], description="Settings of the tool that count there as well.")
    limits: dict[str, str] = Field(
        default={},
        description="Where it cannot be used so (a place, a target or TARGET/TYPE), and why, in half a sentence.",
    )
    provides: dict[str, dict[Attribute, str]] = Field(
        default={}, description="Attributes for consumers on a machine, where the address and the tool do not say them."
    )
    local: LocalRun | None = Field(
        default=None, description="What a machine does about it, such as a command that admits each consumer."
    )
    credentials: dict[str, str] = Field(
        default={},
        description="Credential, such as `token`, to the variable in which the tool's clients take it; an empty one is for `local` alone.",
    )
    needed: list[str] = Field(
        default=[],
        description="Credentials without which nobody gets in; where a hosted service has an address, at that one only.",
    )
    logins: list[list[str]] = Field(
        default=[],
        description="Credentials that HTTP requests carry, the first way that is given: one is a bearer token, two are a user and a password.",
    )
    ready: str | None = Field(default=None, description="Path that answers 2xx; that of the endpoint when absent.")
    probe: str | None = Field(
        default=None, description="Path that answers 2xx to valid credentials only; that of the endpoint when absent."
    )
    version: Version | None = Field(default=None, description="The versions that work.")
    env: dict[str, str] | None = Field(
        default=None, description="Variables of clients, where they are not those of `client`."
    )
    checked: bool = Field(
        default=True, description="Whether `check` uses it: its script writes there what it has to find again."
    )

    @property
    def variables(self) -> dict[str, str]:
        """Return the credentials that clients take, with the variables in which they do."""
        return {name: variable for name, variable in self.credentials.items() if variable}


def as_existing(tool: "Tool") -> "Tool":
    """Return the entry of a tool for servers that are there already; raise ValueError when it cannot be used so."""
    server = tool.existing
    if server is None:
        message = f"{tool.name} cannot be used where it is there already"
        raise ValueError(message)
    env = dict(_plain_variables(tool, server) if server.env is None else server.env)
    secret_env = {variable: f"${{credentials.{name}}}" for name, variable in server.variables.items()}
    local = tool.run.local
    return tool.model_copy(
        update={
            "name": f"{PREFIX}{tool.name}",
            "aliases": [],
            "limits": {"aws/cloud_vm": "credentials are not brought to the machine yet", **server.limits},
            "no_route": None,
            "twins": {},
            "requires": {},
            "settings": {name: tool.settings[name] for name in server.settings},
            "secrets": [],
            "provides": {**tool.provides, **server.provides},
            "endpoints": {server.endpoint: _endpoint(tool, server)},
            "page": None,
            "client": tool.client.model_copy(update={"env": {**env, **secret_env}}),
            "run": tool.run.model_copy(
                update={
                    "local": (server.local or LocalRun()).model_copy(
                        update={"requirements": local.requirements if local else None}
                    ),
                    "kubernetes": _in_clusters(tool, server, env),
                    "aws": None,
                }
            ),
            "check": tool.check if server.checked else None,
            "executes": False,
        }
    )


def _endpoint(tool: "Tool", server: ExistingServer) -> "Endpoint":
    """Return the address as an endpoint: what people have elsewhere gets no route and no metrics are read from it."""
    from platinfra.catalog.schema import Endpoint

    own = tool.endpoints.get(server.endpoint) or Endpoint(port=443, scheme="https")
    ready, probe = server.ready or own.ready, server.probe or own.probe
    return Endpoint(port=own.port, scheme=own.scheme, ready=ready, probe=probe)


def _plain_variables(tool: "Tool", server: ExistingServer) -> Iterator[tuple[str, str]]:
    """Yield the variables of a tool's clients that its address or nothing says."""
    for name, text in tool.client.env.items():
        told = "${" not in text.replace(f"${{endpoints.{server.endpoint}.", "")
        if told and name not in server.variables.values():
            yield name, text


def _in_clusters(tool: "Tool", server: ExistingServer, env: Mapping[str, str]) -> KubernetesRun:
    """Return how code in a cluster uses it: nothing runs there, and people's Secret holds the credentials."""
    address: dict[Attribute, str] = {each: f"${{endpoints.{server.endpoint}.{each}}}" for each in _ADDRESS}
    keys = list(server.credentials)
    return KubernetesRun(
        client_only=True,
        account=False,
        client_env=dict(env),
        client_secret_env={
            variable: SecretKey(secret=_SECRET, key=name) for name, variable in server.variables.items()
        },
        existing=Existing(provides=dict.fromkeys(tool.provides, address), secret=_SECRET, keys=keys) if keys else None,
    )
