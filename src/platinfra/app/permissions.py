"""Who may do what, and which wire asked for it."""

from dataclasses import dataclass
from pathlib import Path

from platinfra.app.workspace import at
from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.model.graph import Binding
from platinfra.targets.local.policy import statement


@dataclass(frozen=True, slots=True)
class Grant:
    """One wire's verbs and how they are enforced on the target."""

    component: str
    provider: str
    capability: str
    verbs: tuple[str, ...]
    wire: str
    enforced: str


def permissions(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> list[Grant]:
    """Return the permissions of a stack, one line per wire; raise PlatinfraError when the file is wrong."""
    workspace = at(file, environment)
    graph = workspace.resolve(workspace.catalog(), without).graph
    return [_grant(each, graph.target) for each in graph.bindings]


def policy(file: Path | None, environment: str | None, without: tuple[str, ...] = ()) -> str:
    """Return the documents that enforce the permissions on the target: SQL and folders on this machine."""
    workspace = at(file, environment)
    catalog = workspace.catalog()
    graph = workspace.resolve(catalog, without).graph
    if graph.target != "local":
        hint = "without `--policy` the permissions are listed with the wires that ask for them"
        raise PlatinfraError(
            Diagnostic(
                "target-not-available", f"this version writes no policy documents for `{graph.target}` yet", hint=hint
            )
        )
    return "\n".join(statement(each, graph, catalog) for each in graph.bindings)


def _grant(binding: Binding, target: str) -> Grant:
    enforced = {
        "sql_database": "a database and a login role of its own",
        "object_store": "a folder of its own; processes of one user are not kept apart",
    }.get(binding.capability, "reachable on 127.0.0.1 only")
    return Grant(
        component=binding.consumer,
        provider=binding.provider,
        capability=binding.capability,
        verbs=binding.access,
        wire=f"{binding.consumer}.{binding.name}",
        enforced=enforced if target == "local" else "",
    )
