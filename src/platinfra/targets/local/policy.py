"""Permissions as this machine enforces them: SQL for databases, folders for objects, addresses for the rest."""

from platinfra.catalog.catalog import Catalog
from platinfra.model.graph import Binding, Component, Graph
from platinfra.resolve.identifiers import database_identifier
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Permissions, grant


def statement(binding: Binding, graph: Graph, catalog: Catalog) -> str:
    """Return the statement that grants one binding, with a comment that names its wire."""
    wire = f"{binding.consumer}.{binding.name}: {', '.join(binding.access)} on {binding.provider}"
    name = database_identifier(binding, graph, catalog)
    provider = graph.components[binding.provider]
    if provider.at and not _admits(provider, binding, catalog):
        return (
            f"# {wire}\n# {binding.consumer} uses {provider.at}; what its credentials may do there, its owner decides"
        )
    if _has_login(provider, binding, catalog):
        return f"# {wire}\n# {binding.consumer} has a login of its own, which opens its own place in {binding.provider}"
    match binding.capability:
        case "sql_database":
            return (
                f"-- {wire}\n"
                f'CREATE ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;\n'
                f'CREATE DATABASE "{name}" OWNER "{name}";\n'
                f'REVOKE ALL ON DATABASE "{name}", postgres, template1 FROM PUBLIC;\n'
                f'REVOKE ALL ON SCHEMA public FROM PUBLIC; -- in "{name}"'
            )
        case "object_store":
            return f"# {wire}\ninstall -d -m 0700 {binding.provider}/data/{binding.consumer}"
        case _:
            return f"# {wire}\n# {binding.consumer} is told the address of {binding.provider}; it listens on 127.0.0.1 only"


def policy(stack: Resolved) -> str:
    """Return the SQL and the folders that enforce the permissions."""
    return "\n".join(statement(each, stack.graph, stack.catalog) for each in stack.graph.bindings)


def permissions(stack: Resolved) -> Permissions:
    """Return the wires and how this machine enforces them."""
    found = (grant(each, _enforcement(each, stack.graph, stack.catalog)) for each in stack.graph.bindings)
    return Permissions(tuple(found))


def _admits(provider: Component, binding: Binding, catalog: Catalog) -> bool:
    """Tell whether a provider gives each consumer something of its own."""
    recipe = catalog.get(provider.tool).run.local
    return recipe is not None and binding.capability in recipe.grants


def _has_login(provider: Component, binding: Binding, catalog: Catalog) -> bool:
    """Tell whether the processes of each consumer are given a login."""
    recipe = catalog.get(provider.tool).run.local
    return recipe is not None and binding.capability in recipe.credentials


def _enforcement(binding: Binding, graph: Graph, catalog: Catalog) -> str:
    provider = graph.components[binding.provider]
    if provider.at and not _admits(provider, binding, catalog):
        return "what the credentials may do there"
    if _has_login(provider, binding, catalog):
        return "its own login, which opens its own place alone"
    return catalog.capability(binding.capability).enforced.get("machine", "reachable on 127.0.0.1 only")
