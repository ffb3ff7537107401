"""What a cluster lacks for routes, and hosts that others use there, are told before anything is changed."""

from collections.abc import Callable
from typing import Any

import pytest

from platinfra.diagnostics import Diagnostic
from platinfra.model.cluster import ObjectRef
from platinfra.targets.kubernetes.verbs.routes import conflicts
from tests.kubernetes.stacks import GITHUB, ROUTED, bundle, routed

GATEWAY_API = "gateway.networking.k8s.io/v1"
KINDS = {f"{GATEWAY_API}/{each}" for each in ("Gateway", "GatewayClass", "HTTPRoute")}
CERTIFICATES = {"cert-manager.io/v1/Certificate"}
EXISTING = routed(ROUTED, "{domain: ml.example.org, gateway: infra/shared, from-namespace: infra}")
INGRESS = routed(ROUTED, "{domain: ml.example.org, ingress-class: nginx, from-namespace: infra, tls: {secret: wild}}")


def made(version: str, kind: str, name: str, namespace: str = "", **content: Any) -> dict[str, Any]:
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), "labels": content.pop("labels", {})}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **content}


class There:
    """A cluster that has some objects."""

    def __init__(
        self,
        *objects: dict[str, Any],
        kinds: set[str] = KINDS | CERTIFICATES,
        denied: tuple[str, str | None] | None = None,
    ) -> None:
        self.objects, self.kinds, self.denied = objects, kinds, denied

    def can_i(self, _verb: str, resource: str, namespace: str | None) -> bool:
        return (resource, namespace) != self.denied

    def api_resources(self) -> set[str]:
        return self.kinds

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        for each in self.objects:
            meta = each["metadata"]
            if (each["kind"], meta["name"], meta.get("namespace", "")) == (ref.kind, ref.name, ref.namespace or ""):
                return each
        return None

    def find(self, kind: str, *_: Any) -> list[dict[str, Any]]:
        plurals = {"gatewayclasses": "GatewayClass", "httproutes": "HTTPRoute", "ingresses": "Ingress"}
        return [each for each in self.objects if each["kind"] == plurals[kind.partition(".")[0]]]


ISSUER = made("cert-manager.io/v1", "ClusterIssuer", "letsencrypt")
INFRA = made("v1", "Namespace", "infra")
CLIENT = made("v1", "Secret", "sign-in", "churn", data={"client-id": "", "client-secret": ""})
WILD = made("v1", "Secret", "wild", "churn", data={"tls.crt": "", "tls.key": ""})
NGINX = made("networking.k8s.io/v1", "IngressClass", "nginx")


def shared(**listener: Any) -> dict[str, Any]:
    usual = {"name": "web", "port": 443, "protocol": "HTTPS", "allowedRoutes": {"namespaces": {"from": "All"}}}
    return made(GATEWAY_API, "Gateway", "shared", "infra", spec={"listeners": [{**usual, **listener}]})


def told(text: str, there: There) -> list[Diagnostic]:
    return list(conflicts(bundle(text), there))  # type: ignore[arg-type]


def codes(text: str, there: There) -> set[str]:
    return {each.code for each in told(text, there)}


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (ROUTED, There(ISSUER)),
        (ROUTED, There(ISSUER, kinds=CERTIFICATES)),  # Envoy Gateway brings the Gateway API
        (ROUTED + GITHUB, There(ISSUER, CLIENT)),
        (EXISTING, There(INFRA, shared())),
        (EXISTING, There(INFRA, shared(hostname="*.ml.example.org"))),
        (INGRESS, There(INFRA, NGINX, WILD, kinds=set())),
    ],
    ids=["gateway", "brought", "sign-in", "existing", "wildcard", "ingress"],
)
def test_a_cluster_that_has_everything_is_fine(text: str, there: There) -> None:
    assert told(text, there) == []


def test_without_routes_and_sign_in_nothing_is_asked() -> None:
    text = ROUTED[: ROUTED.index("deployment:")] + ROUTED[ROUTED.index("stack:") :]
    assert told(text, There(kinds=set())) == []


@pytest.mark.parametrize(
    ("text", "there", "code", "words"),
    [
        (EXISTING, There(INFRA, kinds=set()), "missing-gateway-api", "it lacks `HTTPRoute`"),
        (EXISTING, There(INFRA), "missing-gateway", "no Gateway `infra/shared`"),
        (EXISTING, There(shared()), "missing-gateway", "Namespace `infra`"),
        (ROUTED, There(), "missing-issuer", "ClusterIssuer `letsencrypt`"),
        (ROUTED, There(kinds=KINDS), "missing-issuer", "no cert-manager"),
        (INGRESS, There(INFRA, NGINX), "missing-secret", "`wild`"),
        (INGRESS, There(INFRA, WILD), "missing-gateway", "IngressClass `nginx`"),
        (ROUTED + GITHUB, There(ISSUER), "missing-secret", "`sign-in`"),
    ],
)
def test_what_the_cluster_lacks_is_told(text: str, there: There, code: str, words: str) -> None:
    found = told(text, there)
    assert {each.code for each in found} == {code}
    assert words in found[0].message
    assert found[0].hint


def test_a_secret_without_an_entry_is_told_with_the_command() -> None:
    half = made("v1", "Secret", "sign-in", "churn", data={"client-id": ""})
    (found,) = told(ROUTED + GITHUB, There(ISSUER, half))
    assert "has no `client-secret`" in found.message
    assert "kubectl create secret generic sign-in --namespace churn --from-literal=client-id=…" in (found.hint or "")


@pytest.mark.parametrize(
    "listener",
    [
        {"protocol": "HTTP"},
        {"hostname": "*.other.org"},
        {"hostname": "ml.example.org"},
        {"allowedRoutes": {"namespaces": {"from": "Same"}}},
        {"allowedRoutes": {}},
    ],
)
def test_a_gateway_that_would_not_take_the_routes_is_told(listener: dict[str, Any]) -> None:
    found = told(EXISTING, There(INFRA, shared(**listener)))
    assert {each.code for each in found} == {"missing-gateway"}
    assert "no HTTPS listener that allows `mlflow.ml.example.org`" in found[0].message


def ingress(host: str, **more: Any) -> dict[str, Any]:
    return made("networking.k8s.io/v1", "Ingress", "web", "shop", spec={"rules": [{"host": host}]}, **more)


def route(host: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return made(GATEWAY_API, "HTTPRoute", "web", namespace, spec={"hostnames": [host]}, **more)


@pytest.mark.parametrize("other", [ingress, route], ids=["ingress", "route"])
def test_a_host_that_others_use_is_told(other: Callable[[str], dict[str, Any]]) -> None:
    (found,) = told(ROUTED, There(ISSUER, other("experiments.example.org")))
    assert found.code == "host-taken"
    assert "`experiments.example.org` of `mlflow`" in found.message
    assert "shop/web" in found.message
    assert told(ROUTED, There(ISSUER, other("elsewhere.example.org"))) == []


def test_a_route_of_the_stack_itself_takes_no_host_from_it() -> None:
    labels = {"app.kubernetes.io/part-of": "churn"}
    mine = route("experiments.example.org", "churn", labels=labels)
    assert told(ROUTED, There(ISSUER, mine)) == []
    assert codes(ROUTED, There(ISSUER, route("experiments.example.org", "churn"))) == {"host-taken"}


def test_somebody_elses_envoy_gateway_is_told() -> None:
    spec = {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"}
    there = There(ISSUER, made(GATEWAY_API, "GatewayClass", "eg", spec=spec))
    (found,) = told(ROUTED, there)
    assert (found.code, "gateway-class: eg" in (found.hint or "")) == ("second-gateway", True)
    ours = made(GATEWAY_API, "GatewayClass", "b", spec=spec, labels={"app.kubernetes.io/part-of": "b"})
    assert told(ROUTED, There(ISSUER, ours)) == []


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        (ROUTED, ("gatewayclasses.gateway.networking.k8s.io", None)),
        (ROUTED, ("httproutes.gateway.networking.k8s.io", "churn")),
        (ROUTED, ("certificates.cert-manager.io", "churn")),
        (INGRESS, ("ingresses.networking.k8s.io", "churn")),
    ],
)
def test_a_right_that_routes_need_and_the_account_lacks_is_told(text: str, denied: tuple[str, str | None]) -> None:
    there = There(ISSUER, INFRA, NGINX, WILD, denied=denied)
    (found,) = told(text, there)
    assert found.code == "cluster-denied"
    assert denied[0].partition(".")[0] in found.message
