"""What a domain of a stack must be like, and the issuer of certificates that proves its hosts."""

import re
from collections.abc import Iterator
from typing import Protocol

from platinfra.diagnostics import Diagnostic
from platinfra.sections.routes import Routes, Tls
from platinfra.targets.aws.schema import AwsDeployment

_NAME = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Diagnose(Protocol):
    """Says what is wrong at a place of the deployment."""

    def __call__(self, code: str, message: str, hint: str, *path: str | int) -> Diagnostic:
        """Return the diagnostic with its place in the file."""


def domain_problems(deployment: AwsDeployment, diagnose: Diagnose) -> Iterator[Diagnostic]:
    """Yield what is wrong with the domain, and why a new cluster could not have the issuer that the routes name."""
    domain, routes = deployment.domain, deployment.routes
    if domain and not _NAME.fullmatch(domain.name):
        yield diagnose(
            "invalid-domain", f"`{domain.name}` is not a domain name", "such as ml.example.org", "domain", "name"
        )
    if deployment.leads_to_pages and routes and routes.tls and routes.tls.issuer:
        if domain is None:
            yield _no_zone(routes, routes.tls, diagnose)
        else:
            yield from _outside(routes, routes.tls, domain.name, diagnose)


def _no_zone(routes: Routes, tls: Tls, diagnose: Diagnose) -> Diagnostic:
    message = f"a new cluster has no issuer `{tls.issuer}` yet, and without a zone the stack cannot make one"
    named = routes.domain or "ml.example.org"
    hint = (
        f"name the domain: `deployment: {{domain: {{name: {named}}}}}`; or give a certificate: `tls: {{secret: NAME}}`"
    )
    return diagnose("missing-issuer", message, hint, "routes", "tls", "issuer")


def _outside(routes: Routes, tls: Tls, domain: str, diagnose: Diagnose) -> Iterator[Diagnostic]:
    """Yield what records in the zone of the domain cannot prove."""
    if tls.issuer_kind != "ClusterIssuer":
        message = "in a new cluster the issuer is made for the whole cluster"
        yield diagnose("routes-conflict", message, "remove `issuer-kind`", "routes", "tls", "issuer_kind")
    hosts = [(("domain",), routes.domain), *((("hosts", name), host) for name, host in routes.hosts.items())]
    for path, host in hosts:
        if host is not None and not f".{host}".endswith(f".{domain}"):
            message = f"`{host}` is not in the domain `{domain}`, so nobody can prove that it is the stack's"
            hint = f"such as mlflow.{domain}; or give a certificate: `tls: {{secret: NAME}}`"
            yield diagnose("invalid-host", message, hint, "routes", *path)
