"""Protocols of providers that not every consumer knows: what a stage names and a consumer cannot use is refused, not passed over."""

from collections.abc import Iterable, Mapping

from platinfra.catalog.capability import Requirement
from platinfra.catalog.catalog import Catalog
from platinfra.diagnostics import Diagnostic, Span
from platinfra.model.ground import Ground
from platinfra.resolve import reach, recipes
from platinfra.resolve.components import Member


def find_strange(requirement: Requirement, members: Mapping[str, Member], able: Iterable[str]) -> Member | None:
    """Return the first of those able to meet a need whose protocol its consumer does not know; None where it can do without, or names the tools that it knows."""
    strange = (members[each] for each in able if not reach.understands(requirement, members[each].tool))
    return None if requirement.optional or requirement.tools else next(strange, None)


def problem(consumer: Member, name: str, provider: Member, span: Span | None, hint: str | None) -> Diagnostic:
    """Return that a consumer does not know the protocol of a provider."""
    scheme, tool = provider.tool.speaks, consumer.tool.product
    message = f"`{consumer.name}.{name}` cannot use `{provider.name}`: `{tool}` knows no {scheme}:// addresses"
    return Diagnostic("other-protocol", message, span, hint)


def others(requirement: Requirement, catalog: Catalog, ground: Ground) -> str | None:
    """Return a hint that names what the consumer can use beside."""
    known = (each for each in catalog.providers(requirement.capability) if reach.fits(requirement, each))
    return recipes.instead(f"name another in `{requirement.capability}` as well", known, ground, "or")
