"""Registered models: their versions, the aliases that name them, and what servers say that they serve."""

from dataclasses import dataclass

CHAMPION, CHALLENGER = "champion", "challenger"


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version of a model."""

    version: str
    registered: str
    """When, UTC in ISO 8601."""
    aliases: tuple[str, ...]
    replaced: str = ""
    """The version that was champion before this one was promoted; empty when nobody noted it."""
    served_by: tuple[str, ...] = ()
    """Components that answer with it now."""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model with its versions, the newest first."""

    name: str
    versions: tuple[RegisteredVersion, ...]

    def find(self, version: str) -> RegisteredVersion | None:
        """Return a version; None when there is none of that number."""
        return next((each for each in self.versions if each.version == version), None)

    def by_alias(self, alias: str) -> RegisteredVersion | None:
        """Return the version that an alias names; None when there is no such alias."""
        return next((each for each in self.versions if alias in each.aliases), None)


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What a server of models says of itself."""

    uri: str
    """What it follows, such as `models:/wine@champion`."""
    status: str
    """`serving`, `restarting`, `waiting`, `preparing` or `failed`."""
    version: str = ""
    """What it answers with; empty when it does not answer yet."""
    problem: str = ""

    def follows(self, model: str, alias: str | None = None) -> bool:
        """Tell whether it serves what an alias of a model names; without one, what any of them names."""
        start = f"models:/{model}@"
        return self.uri.startswith(start) if alias is None else self.uri == f"{start}{alias}"

    def serves(self, version: str) -> bool:
        """Tell whether a version answers now."""
        return (self.status, self.version) == ("serving", version)


@dataclass(frozen=True, slots=True)
class Release:
    """A move of the alias `champion` from one version to another."""

    model: str
    before: str
    """The version that it named; empty when there was none."""
    after: str
    source: str = ""
    """Where it stands which version was before, for one that goes back."""
    served_by: tuple[str, ...] = ()
    """Components that answer with the new one."""

    @property
    def is_none(self) -> bool:
        """Tell whether nothing is to be moved."""
        return self.before == self.after
