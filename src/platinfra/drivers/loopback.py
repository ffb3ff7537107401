"""Keep clients from asking a proxy for this machine's own addresses."""

from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NAMES = ("NO_PROXY", "no_proxy")
"""Some clients read only one of them."""


def direct_to_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return both spellings of NO_PROXY: what `environment` says in either, and the addresses of this machine."""
    given = [each.strip() for name in _NAMES for each in environment.get(name, "").split(",")]
    # Clients understand `*` only where it stands alone.
    entries = ["*"] if "*" in given else [*filter(None, given), *LOOPBACK]
    return dict.fromkeys(_NAMES, ",".join(dict.fromkeys(entries)))
