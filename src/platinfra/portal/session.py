"""Who may see the portal: whoever was given its login path, through a browser that keeps its cookie."""

import secrets
from dataclasses import dataclass, field

_BYTES = 32


def _token() -> str:
    return secrets.token_urlsafe(_BYTES)


@dataclass(slots=True)
class Session:
    """The tokens of one portal; they are in memory alone, and end with it."""

    address: str
    """Host and port, as browsers send them in `Host`."""
    login: str = field(default_factory=_token, repr=False)
    cookie: str = field(default_factory=_token, repr=False)
    form: str = field(default_factory=_token, repr=False)

    @property
    def origin(self) -> str:
        """Return what browsers send in `Origin` of the portal's own pages."""
        return f"http://{self.address}"

    @property
    def login_url(self) -> str:
        """Return the address that lets in one browser, once."""
        return f"{self.origin}/login/{self.login}"

    @property
    def cookie_name(self) -> str:
        """Return the name of its cookie: browsers keep those of all ports of a host together."""
        return f"platinfra-portal-{self.address.rpartition(':')[2]}"

    def accept_login(self, token: str) -> bool:
        """Tell whether a token lets in; if so it is used up, and another one takes its place."""
        right = same(token, self.login)
        if right:
            self.login = _token()
        return right


def same(first: str, second: str) -> bool:
    """Compare in a time that says nothing about where two texts differ."""
    return secrets.compare_digest(first.encode(), second.encode())
