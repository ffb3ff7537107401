"""What names of images mean: their registry, repository, tag and digest (github.com/distribution/reference)."""

import re
from dataclasses import dataclass

HUB = "docker.io"
_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})
_HUB_HOST = "registry-1.docker.io"
_OFFICIAL = "library"
"""Where the Hub has images whose name is one word."""
_LONGEST = 255
_HOST = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image as registries know it."""

    registry: str
    """As people write it, such as docker.io or ghcr.io; with its port."""
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def host(self) -> str:
        """Return the host that answers for the registry."""
        return _HUB_HOST if self.registry == HUB else self.registry

    def __str__(self) -> str:
        """Return the one full name of the image."""
        tag, digest = (f":{self.tag}" if self.tag else ""), (f"@{self.digest}" if self.digest else "")
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse_image_name(text: str) -> ImageName | None:
    """Return what a name means, the usual parts added as every runtime adds them; None when it is no image's name."""
    named, at, digest = text.partition("@")
    registry, path = _split(named)
    repository, colon, tag = path.partition(":")
    if registry == HUB and "/" not in repository:
        repository = f"{_OFFICIAL}/{repository}"
    valid = (
        _HOST.fullmatch(registry)
        and _REPOSITORY.fullmatch(repository)
        and len(f"{registry}/{repository}") <= _LONGEST
        and (not colon or _TAG.fullmatch(tag))
        and (not at or DIGEST.fullmatch(digest))
    )
    if not valid:
        return None
    return ImageName(registry, repository, tag or ("" if digest else "latest"), digest)


def _split(named: str) -> tuple[str, str]:
    """Return the registry and the rest: only what looks like a host is one."""
    first, slash, rest = named.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return (HUB if first in _HUB_NAMES else first), rest
    return HUB, named
