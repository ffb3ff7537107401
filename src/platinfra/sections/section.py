"""The bases of all sections, and what of a file they say together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from platinfra.diagnostics import Span

Role = Literal["admin", "ml_engineer", "data_scientist", "auditor"]


def canonical_key(key: str) -> str:
    """Return the one spelling of a key: `account-id` and `account_id` are the same."""
    return key.replace("-", "_").lower()


def canonical_keys(value: Any) -> Any:
    """Return a mapping with the one spelling of its keys; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return {canonical_key(key): each for key, each in value.items()}


CANONICAL = BeforeValidator(canonical_keys)


class Section(BaseModel):
    """Frozen; unknown keys are errors; keys may be written with dashes or underscores."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Provider(Section):
    """Where the platform runs."""

    name: str = Field(
        "local", description="local (this machine), kubernetes (any cluster), aws, or a target of an installed package."
    )


class Deployment(Section):
    """How the platform runs there."""

    type: str | None = Field(None, description="How it runs; the usual way, when absent.")


class User(Section):
    """A person and what that person may do."""

    name: str = Field(description="The name or address in the organisation's identity provider.")
    role: Role = Field(description="admin, ml_engineer, data_scientist or auditor.")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a stack is to run, as its file says it for one environment."""

    provider: Provider
    deployment: Deployment
    where: Callable[..., Span | None]
    """Returns the place of a value, such as `("deployment", "network", "zones", 0)`; with `key=True` that of its key."""
    users: Span | None = None
    """The place of `users`; None without any."""
