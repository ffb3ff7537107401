"""Names inside databases."""

from platinfra.catalog.catalog import Catalog
from platinfra.model.graph import Binding, Graph

_RESERVED = frozenset({"postgres", "template0", "template1", "public", "none", "rdsadmin"})
"""Roles and databases that Postgres has, or refuses to make; it also keeps `pg_` to itself."""


def database_identifier(binding: Binding, graph: Graph, catalog: Catalog) -> str:
    """Return the name of a consumer's role and database: one for each of its databases."""
    required = catalog.get(graph.components[binding.consumer].tool).requires
    several = sum(each.capability == binding.capability for each in required.values()) > 1
    # Two underscores, since the dashes of `a-b` become one: no other component can have the same name.
    name = f"{binding.consumer}__{binding.name}" if several else binding.consumer
    name = name.replace("-", "_")
    return f"c_{name}" if name in _RESERVED or name.startswith("pg_") else name
