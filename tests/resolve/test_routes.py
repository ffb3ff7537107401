"""Which pages get a host, a proxy, and what leads there."""

import pytest
from tests.kubernetes.stacks import GITHUB, ROUTED, routed
from tests.stacks import graph_of, resolved

from platinfra.diagnostics import PlatinfraError


def wires(text: str) -> set[str]:
    """Return the wires that carry people: consumer and provider."""
    return {f"{each.consumer} → {each.provider}" for each in graph_of(text).bindings if each.capability == "page"}


def test_without_routes_nobody_leads_to_pages() -> None:
    text = ROUTED[: ROUTED.index("deployment:")] + ROUTED[ROUTED.index("stack:") :]
    assert wires(text) == set()
    assert "envoy-gateway" not in graph_of(text).components


def test_envoy_gateway_joins_and_reaches_every_page() -> None:
    pages = ("mlflow", "evidently", "prometheus", "grafana")
    assert wires(ROUTED) == {f"envoy-gateway → {each}" for each in pages}


def test_what_has_no_page_gets_no_host() -> None:
    assert not {each for each in wires(ROUTED) if "seaweedfs" in each or "cloudnative-pg" in each}


def test_only_named_components_have_a_host_without_a_domain() -> None:
    assert wires(routed(ROUTED, "{hosts: {mlflow: a.localhost}}")) == {"envoy-gateway → mlflow"}


def test_a_proxy_stands_before_pages_that_cannot_ask_the_sign_in_themselves() -> None:
    assert wires(ROUTED + GITHUB) == {
        "envoy-gateway → mlflow-sign-in",
        "mlflow-sign-in → mlflow",
        "envoy-gateway → evidently-sign-in",
        "evidently-sign-in → evidently",
        "envoy-gateway → prometheus-sign-in",
        "prometheus-sign-in → prometheus",
        "envoy-gateway → grafana",
    }
    asking = {each.consumer for each in graph_of(ROUTED + GITHUB).bindings_to("github")}
    assert asking == {"mlflow-sign-in", "evidently-sign-in", "prometheus-sign-in", "grafana"}


def test_a_proxy_does_not_take_the_name_of_a_component() -> None:
    text = (ROUTED + GITHUB).replace("[mlflow]", "[mlflow, {mlflow: {as: mlflow-sign-in}}]")
    graph = graph_of(text)
    assert graph.components["mlflow-sign-in"].tool == "mlflow"
    assert graph.components["mlflow-sign-in-proxy"].tool == "oauth2-proxy"


@pytest.mark.parametrize("way", ["gateway: infra/shared", "gateway-class: cilium", "ingress-class: nginx"])
def test_what_the_cluster_has_already_carries_the_traffic(way: str) -> None:
    graph = graph_of(routed(ROUTED, f"{{domain: ml.localhost, {way}, from-namespace: infra}}"))
    assert {each.consumer for each in graph.bindings_to("mlflow") if each.capability == "page"} == {"cluster-gateway"}
    assert "envoy-gateway" not in graph.components


def test_permissions_say_who_reads_which_page() -> None:
    said = {(each.component, each.verb, each.provider) for each in graph_of(ROUTED + GITHUB).permissions}
    assert {("mlflow-sign-in", "read", "mlflow"), ("envoy-gateway", "read", "mlflow-sign-in")} <= said
    assert ("envoy-gateway", "read", "mlflow") not in said


def test_open_pages_are_a_warning_with_its_place() -> None:
    (warning,) = resolved(ROUTED).warnings
    assert (warning.code, warning.severity, warning.span and warning.span.line) == ("open-pages", "warning", 4)
    assert resolved(ROUTED + GITHUB).warnings == ()


@pytest.mark.parametrize("host", ["localhost", "ml.localhost"])
def test_a_sign_in_on_this_machine_needs_no_tls(host: str) -> None:
    assert resolved(routed(ROUTED, f"{{hosts: {{mlflow: {host}}}}}") + GITHUB).warnings == ()


@pytest.mark.parametrize("host", ["ml.example.org", "notlocalhost", "localhost.example.org"])
def test_a_sign_in_elsewhere_needs_tls(host: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        resolved(routed(ROUTED, f"{{hosts: {{mlflow: {host}}}}}") + GITHUB)
    assert [each.code for each in raised.value.diagnostics] == ["sign-in-without-tls"]


def test_routes_of_an_environment_are_reported_there() -> None:
    text = ROUTED + "environments:\n  test:\n    deployment:\n      routes: {hosts: {mlfow: a.localhost}}\n"
    with pytest.raises(PlatinfraError) as raised:
        resolved(text, environment="test")
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.span and problem.span.line) == ("unknown-component", 14)


def test_a_host_of_a_component_that_is_left_out_is_no_mistake() -> None:
    graph = graph_of(ROUTED, without=("mlflow",))
    assert "mlflow" not in graph.components
    assert {each.provider for each in graph.bindings_of("envoy-gateway")} == {"evidently", "prometheus", "grafana"}
