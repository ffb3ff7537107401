"""
Configure a hub on one machine: native sign-in or GitHub's, servers as processes of the user that runs the stack, all on loopback.

JupyterHub executes this file with `get_config` defined; what differs between stacks is in variables that begin with HUB_, and
with GITHUB_ where the stack has sign-in at GitHub.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nativeauthenticator import NativeAuthenticator
from oauthenticator.github import GitHubOAuthenticator

ADMIN = "admin"
OWN = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("HUB_")}
"""Settings and secrets of the hub, which nobody's server gets."""
GITHUB = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GITHUB_")}
"""The OAuth app and who may come in; empty for native sign-in."""
STACK = "platinfra"
"""Who the stack itself is to a hub where people sign in at GitHub."""
DATA = Path(OWN["HUB_DATA"])
PROGRAMS = Path(sys.executable).parent
CLONE_SECONDS = 90


class SignIn(NativeAuthenticator):
    """Sign in people who signed up and were let in; the admin is there from the start."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Create the admin, whose password is the stack's."""
        super().__init__(*args, **options)
        if self.get_user(ADMIN) is None:
            self.create_user(ADMIN, OWN["HUB_ADMIN_PASSWORD"])


def use_native_sign_in(c: Any) -> None:
    """Let people sign up, and the admin let them in."""
    c.JupyterHub.authenticator_class = SignIn
    c.Authenticator.admin_users = {ADMIN}
    c.Authenticator.allow_all = True  # whom the admin let in: native sign-in asks that by itself
    c.NativeAuthenticator.enable_signup = True
    c.NativeAuthenticator.minimum_password_length = 10
    c.NativeAuthenticator.allowed_failed_logins = 5


def use_github(c: Any) -> None:
    """Let in the members of an organization or of its team; `check`, who is nobody's member, comes by a token."""
    organization, team, admins = (GITHUB[f"GITHUB_{each}"] for each in ("ORGANIZATION", "TEAM", "ADMIN_TEAM"))
    c.JupyterHub.authenticator_class = GitHubOAuthenticator
    c.GitHubOAuthenticator.client_id = GITHUB["GITHUB_CLIENT_ID"]
    c.GitHubOAuthenticator.client_secret = GITHUB["GITHUB_CLIENT_SECRET"]
    c.GitHubOAuthenticator.github_url = GITHUB["GITHUB_URL"]
    c.GitHubOAuthenticator.oauth_callback_url = f"{OWN['HUB_PAGE']}/hub/oauth_callback"
    c.GitHubOAuthenticator.scope = ["read:org"]
    c.GitHubOAuthenticator.allowed_organizations = {f"{organization}:{team}" if team else organization}
    c.GitHubOAuthenticator.manage_groups = True
    c.GitHubOAuthenticator.populate_teams_in_auth_state = True
    c.GitHubOAuthenticator.auth_state_groups_key = lambda state: [
        f"{each['organization']['login']}:{each['slug']}" for each in state["teams"]
    ]
    c.GitHubOAuthenticator.admin_groups = {f"{organization}:{admins}"} if admins else set()
    c.JupyterHub.services = [{"name": STACK, "api_token": OWN["HUB_ADMIN_PASSWORD"]}]
    c.JupyterHub.load_roles = [{"name": STACK, "services": [STACK], "scopes": ["admin:users", "tokens"]}]


async def clone(spawner: Any) -> None:
    """Clone the repository into the folder of whoever starts a server; without it the server starts all the same."""
    address = OWN["HUB_REPOSITORY"]
    target = DATA / "homes" / spawner.user.name / address.rstrip("/").rpartition("/")[2].removesuffix(".git")
    if not address or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        git = await asyncio.create_subprocess_exec("git", "clone", "--", address, str(target), env=env)
    except OSError as error:
        spawner.log.warning("git cannot be run: %s", error)
        return
    try:
        code = await asyncio.wait_for(git.wait(), CLONE_SECONDS)
    except TimeoutError:
        git.kill()
        code = await git.wait()
    if code:
        spawner.log.warning("%s was not cloned: git ended with %s", address, code)


c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub defines it

c.JupyterHub.bind_url = OWN["HUB_PAGE"]
c.JupyterHub.hub_bind_url = OWN["HUB_ADDRESS"]
c.JupyterHub.db_url = OWN["HUB_DATABASE"].replace("postgresql://", "postgresql+psycopg2://", 1)
c.JupyterHub.upgrade_db = True
c.JupyterHub.cookie_secret_file = str(DATA / "cookie_secret")
c.JupyterHub.authenticate_prometheus = False
c.JupyterHub.allow_named_servers = True

c.ConfigurableHTTPProxy.command = [str(PROGRAMS / "configurable-http-proxy")]
c.ConfigurableHTTPProxy.api_url = OWN["HUB_PROXY"]
c.ConfigurableHTTPProxy.auth_token = OWN["HUB_PROXY_TOKEN"]
c.ConfigurableHTTPProxy.pid_file = str(DATA / "proxy.pid")

(use_github if GITHUB else use_native_sign_in)(c)

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(DATA / "homes" / "{username}")
c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.ip = urlsplit(OWN["HUB_PAGE"]).hostname
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 30 + CLONE_SECONDS
c.Spawner.pre_spawn_hook = clone
c.Spawner.environment = {name: value for name, value in os.environ.items() if name not in {"HOME", "PWD"}}
