"""
What leads people from a domain into a new cluster: controllers of load balancers, DNS records and certificates.

Each acts with a role of its own, and the issuer of the certificates proves with records in the domain's zone that they are
the stack's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from platinfra.facts.table import beside
from platinfra.model.reference import Reference
from platinfra.model.template import fill
from platinfra.targets.aws import documents
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.kubernetes.facts import PAGE

CERTIFICATES = "certificates"
_TABLE: Mapping[str, Any] = beside(__file__)
_CHALLENGE = "_acme-challenge"
"""What the record of a challenge begins with. Source: RFC 8555, 8.4."""


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller with what AWS has to know of it."""

    capability: str
    role: str
    """What its role is called."""
    namespace: str
    service_account: str

    @property
    def pod(self) -> dict[str, str]:
        """Return the pods that get the role."""
        return {"namespace": self.namespace, "service_account": self.service_account}


_ALL = (
    Controller("load_balancer", "cluster-balancers", "kube-system", "aws-load-balancer-controller"),
    Controller("dns_records", "cluster-records", "external-dns", "external-dns"),
    Controller(CERTIFICATES, "cluster-certificates", "cert-manager", "cert-manager"),
)
REASONS: Mapping[str, str] = {
    sid: each["reason"] for of in _ALL for sid, each in _TABLE[of.capability].items() if "reason" in each
}
"""Statements whose resource has to be `*`, and why."""


def controllers(values: AwsValues) -> Iterator[Controller]:
    """Yield the controllers of a stack that act on AWS."""
    deployment = values.facts.place.deployment
    wanted = {
        "load_balancer": deployment.makes_balancers,
        "dns_records": deployment.makes_records,
        CERTIFICATES: deployment.makes_issuer,
    }
    yield from (each for each in _ALL if wanted[each.capability])


def policy(controller: Controller, values: AwsValues) -> dict[str, Any]:
    """Return the policy of a controller."""
    place = values.facts.place
    known: documents.Known = {
        **documents.placeholders(place),
        "owned": f"kubernetes.io/cluster/{place.cluster_name}",
        "zone": (f"arn:{place.region.partition}:route53:::hostedzone/", zone(values)),
        "challenges": [f"{_CHALLENGE}.{each}" for each in hosts(values)],
    }
    return documents.policy(documents.fill_statements(_TABLE[controller.capability], known))


def zone(values: AwsValues) -> Any:
    """Return the id of the domain's zone; of a new one, a reference."""
    domain = values.facts.place.deployment.domain
    return (domain.zone_id if domain else None) or Reference(("module", "domain", "zone_id"))


def hosts(values: AwsValues) -> list[str]:
    """Return the hosts of the stack's pages, in their order."""
    routes = values.facts.place.deployment.routes
    wires = [each for each in values.graph.bindings if each.capability == PAGE]
    proxies = {each.consumer for each in wires}
    found = (routes.host_of(each.provider) for each in wires if each.provider not in proxies) if routes else ()
    return sorted({each for each in found if each is not None})


def issuer(values: AwsValues, zone_id: Any) -> dict[str, Any]:
    """Return the issuer that the routes name, whose challenges are records of the zone."""
    place = values.facts.place
    routes = place.deployment.routes
    assert routes
    assert routes.tls
    assert place.deployment.domain
    known = {
        "name": routes.tls.issuer,
        "domain": place.deployment.domain.name,
        "region": place.region.name,
        "zone": zone_id,
    }
    return dict(fill(_TABLE["issuer"], lambda reference: known[reference.path[0]]))
