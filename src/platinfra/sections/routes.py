"""How people reach the pages of tools in a cluster, as people write it."""

from typing import Annotated, Literal

from pydantic import Field

from platinfra.sections.section import CANONICAL, Section

_LOCAL = "localhost"


class Tls(Section):
    """Where the certificates of the hosts come from; one of `secret` and `issuer`."""

    secret: str | None = Field(None, description="A Secret of type kubernetes.io/tls in the stack's namespace.")
    issuer: str | None = Field(None, description="A cert-manager issuer, which issues a certificate for each host.")
    issuer_kind: Literal["ClusterIssuer", "Issuer"] = Field(
        "ClusterIssuer", description="The issuer's kind: for the whole cluster, or for the stack's namespace."
    )


class Routes(Section):
    """Hosts of pages, and what leads from there into the cluster."""

    domain: str | None = Field(None, description="Each page is at COMPONENT.DOMAIN.")
    hosts: dict[str, str] = Field(default={}, description="Component to its own host.")
    gateway: str | None = Field(None, description="An existing Gateway, NAMESPACE/NAME; absent, the stack has its own.")
    gateway_class: str | None = Field(
        None, description="The class of the stack's own Gateway; absent, Envoy Gateway joins the stack."
    )
    ingress_class: str | None = Field(None, description="Ingresses of this class instead of the Gateway API.")
    from_namespace: str | None = Field(
        None, description="The namespace of the cluster's existing gateway or ingress controller."
    )
    scheme: Literal["internal", "internet-facing"] | None = Field(
        None, description="aws: where the load balancer of the stack's own Gateway is reached from; internal."
    )
    allow: list[str] = Field(
        default=[],
        description="Address ranges that the load balancer of the stack's own Gateway lets in; all by default.",
    )
    tls: Annotated[Tls | None, CANONICAL] = Field(None, description="Where certificates come from.")

    @property
    def elsewhere(self) -> str | None:
        """Return the key that names what the cluster has already; None when Envoy Gateway comes with the stack."""
        keys = ("gateway", "gateway_class", "ingress_class")
        return next((key for key in keys if getattr(self, key) is not None), None)

    def host_of(self, component: str) -> str | None:
        """Return the host of a component's page, if it gets one."""
        own = {name.replace("_", "-").lower(): host for name, host in self.hosts.items()}
        return own.get(component) or (f"{component}.{self.domain}" if self.domain else None)

    def is_https(self, host: str) -> bool:
        """Tell whether a page has https; an existing Gateway has its own certificates."""
        return self.tls is not None or (self.gateway is not None and not is_local(host))


def is_local(host: str) -> bool:
    """Tell whether a host never leaves this machine (RFC 6761), so that a browser trusts it without TLS."""
    return host == _LOCAL or host.endswith(f".{_LOCAL}")
