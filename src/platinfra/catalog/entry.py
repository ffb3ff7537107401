"""What every entry of the catalog is: frozen, with no key that nobody knows."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Attribute = Literal[
    "url",
    "host",
    "port",
    "username",
    "password",
    "database",
    "bucket",
    "prefix",
    "region",
    "endpoint",
    "token",
    "path",
    "arn",
    "task",
    "network",
    "provider",
    "authenticator",
    "github",
    "oidc",
    "scope",
    "organization",
    "team",
    "admin_team",
    "group",
    "admin_group",
    "restricted",
    "issuer",
    "authorize_url",
    "token_url",
    "userinfo_url",
    "groups_claim",
    "secret",
]
Role = Literal["admin", "ml_engineer", "data_scientist", "auditor"]
Argument = str | list[str]
"""A nested list is a group that disappears when it mentions an unbound optional requirement."""


class Entry(BaseModel):
    """Frozen; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
