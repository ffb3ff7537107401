"""Hosts lead to pages: by a Gateway of the stack, one of the cluster, or Ingresses; and nobody else comes in."""

import pytest

from platinfra.model.template import plain
from platinfra.targets.kubernetes.bundle import ROUTES, Bundle
from platinfra.targets.kubernetes.plan import plan, problems
from platinfra.targets.kubernetes.promises import find_broken
from tests.kubernetes.reach import Pod, Port, Reach
from tests.kubernetes.schemas import strict
from tests.kubernetes.stacks import GITHUB, OIDC, ROUTED, bundle, objects, routed
from tests.targets.kubernetes.test_network import pods, reached, wired

EXISTING = routed(ROUTED, "{domain: ml.example.org, gateway: infra/shared, from-namespace: infra}")
INGRESS = routed(ROUTED, "{domain: ml.example.org, ingress-class: nginx, from-namespace: ingress, tls: {secret: wild}}")
STACKS = {
    "open": ROUTED,
    "github": ROUTED + GITHUB,
    "oidc": ROUTED + OIDC,
    "existing": EXISTING + GITHUB,
    "ingress": INGRESS + GITHUB,
}
SOURCES = {"existing": "infra", "ingress": "ingress"}


def backends(made: Bundle) -> dict[str, str]:
    """Return the Service that each host leads to."""
    routes = {
        host: each["spec"]["rules"][0]["backendRefs"][0]["name"]
        for each in objects(made, "HTTPRoute").values()
        for host in each["spec"]["hostnames"]
        if "backendRefs" in each["spec"]["rules"][0]
    }
    ingresses = {
        rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"]
        for each in objects(made, "Ingress").values()
        for rule in each["spec"]["rules"]
    }
    return {**routes, **ingresses}


@pytest.mark.parametrize("name", STACKS)
def test_the_schemas_of_the_gateway_api_accept_the_routes(name: str) -> None:
    step = next(each for each in bundle(STACKS[name]).steps if each.key == ROUTES)
    assert strict([plain(each) for each in step.objects], "1.35") == []


def test_the_schemas_refuse_what_is_no_route() -> None:
    step = next(each for each in bundle(ROUTED).steps if each.key == ROUTES)
    (route,) = [plain(each) for each in step.objects if each["metadata"]["name"] == "mlflow-redirect"]
    route["spec"]["rules"][0]["filters"][0]["requestRedirect"]["statusCode"] = 200
    assert strict([route], "1.35")


def test_without_routes_there_is_no_such_step() -> None:
    assert ROUTES not in {
        each.key for each in bundle(ROUTED[: ROUTED.index("deployment:")] + ROUTED[ROUTED.index("stack:") :]).steps
    }


def test_each_host_leads_to_its_page() -> None:
    assert backends(bundle(ROUTED)) == {
        "experiments.example.org": "mlflow",
        "evidently.ml.example.org": "evidently",
        "prometheus.ml.example.org": "prometheus-prometheus",
        "grafana.ml.example.org": "grafana",
    }


@pytest.mark.parametrize("name", ["github", "existing", "ingress"])
def test_with_a_sign_in_a_host_leads_to_the_proxy(name: str) -> None:
    assert set(backends(bundle(STACKS[name])).values()) == {
        "mlflow-sign-in",
        "evidently-sign-in",
        "prometheus-sign-in",
        "grafana",
    }


def test_a_gateway_listens_for_each_host_with_its_certificate() -> None:
    made = bundle(ROUTED)
    listeners = {each["name"]: each for each in objects(made, "Gateway")["gateway"]["spec"]["listeners"]}
    secure = listeners["https-mlflow"]
    assert (secure["port"], secure["protocol"], secure["hostname"]) == (443, "HTTPS", "experiments.example.org")
    certificate = objects(made, "Certificate")["mlflow-route"]["spec"]
    assert certificate["dnsNames"] == ["experiments.example.org"]
    assert secure["tls"]["certificateRefs"] == [{"kind": "Secret", "name": certificate["secretName"]}]
    assert certificate["issuerRef"]["kind"] == "ClusterIssuer"


def test_http_only_leads_to_https() -> None:
    routes = objects(bundle(ROUTED), "HTTPRoute")
    assert routes["mlflow"]["spec"]["parentRefs"][0]["sectionName"] == "https-mlflow"
    redirect = routes["mlflow-redirect"]["spec"]
    assert redirect["parentRefs"][0]["sectionName"] == "http-mlflow"
    assert redirect["rules"][0]["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}
    assert "backendRefs" not in redirect["rules"][0]


def test_without_tls_http_leads_to_the_page() -> None:
    made = bundle(routed(ROUTED, "{domain: ml.localhost}"))
    listeners = objects(made, "Gateway")["gateway"]["spec"]["listeners"]
    assert {each["protocol"] for each in listeners} == {"HTTP"}
    assert backends(made)["mlflow.ml.localhost"] == "mlflow"
    assert not {name for name in objects(made, "HTTPRoute") if "redirect" in name}


def test_an_existing_gateway_gets_routes_and_nothing_else() -> None:
    made = bundle(EXISTING)
    (step,) = [each for each in made.steps if each.key == ROUTES]
    assert {each["kind"] for each in step.objects} == {"HTTPRoute"}
    route = objects(made, "HTTPRoute")["mlflow"]["spec"]
    assert route["parentRefs"] == [{"namespace": "infra", "name": "shared"}]
    assert not [each for each in made.releases if each.chart == "gateway-helm"]


def test_a_class_of_the_cluster_gets_a_gateway_of_the_stack() -> None:
    made = bundle(routed(ROUTED, "{domain: ml.localhost, gateway-class: cilium, from-namespace: kube-system}"))
    assert objects(made, "Gateway")["gateway"]["spec"]["gatewayClassName"] == "cilium"
    assert not objects(made, "GatewayClass")


def test_ingresses_have_the_class_and_the_certificate() -> None:
    spec = objects(bundle(INGRESS), "Ingress")["mlflow"]["spec"]
    assert spec["ingressClassName"] == "nginx"
    assert spec["tls"] == [{"hosts": ["mlflow.ml.example.org"], "secretName": "wild"}]


def test_routes_come_after_what_carries_them_and_what_they_lead_to() -> None:
    made = bundle(ROUTED + GITHUB)
    waves = {each.key: each.wave for each in made.steps}
    assert waves["release:envoy-gateway-system/gateway-helm"] < waves["routes"]
    assert waves["objects:mlflow-sign-in"] < waves["routes"]


@pytest.mark.parametrize("name", STACKS)
def test_components_reach_each_other_exactly_along_their_wires(name: str) -> None:
    made = bundle(STACKS[name])
    assert reached(made, [plain(each) for each in made.objects]) == wired(made)


@pytest.mark.parametrize("name", STACKS)
def test_only_pods_of_the_gateway_reach_what_the_hosts_lead_to(name: str) -> None:
    made = bundle(STACKS[name])
    source = SOURCES.get(name, "envoy-gateway-system")
    others = [Pod(each, "proxy", {}, (Port(8080),)) for each in (source, "default", "kube-system")]
    found = list(pods(made))
    policies = [plain(each) for each in made.objects if each["kind"] in {"NetworkPolicy", "Namespace"}]
    reach = Reach(policies, [*(pod for _, pod in found), *others])
    components = made.values.graph.components
    opened = {
        (pod.namespace, owner)
        for pod in others
        for owner, target in found
        for endpoint in made.values.tool(components[owner]).endpoints
        if reach.allows(pod, target, made.values.facts.location(components[owner], endpoint)[2])
    }
    doors = {each.provider for each in made.values.graph.bindings if each.name == "pages"}
    assert {each for each in opened if each[1] != "cloudnative-pg"} == {(source, each) for each in doors}


def test_a_page_behind_a_proxy_is_closed_for_the_gateway() -> None:
    policy = objects(bundle(ROUTED + GITHUB), "NetworkPolicy")["mlflow"]
    assert "envoy-gateway-system" not in repr(policy)


def test_charts_are_told_the_address_where_there_is_one() -> None:
    values = {each.name: each.values for each in bundle(ROUTED).releases}
    assert values["grafana"]["grafana.ini"]["server"] == {"root_url": "https://grafana.ml.example.org"}
    assert values["prometheus"]["prometheus"]["prometheusSpec"]["externalUrl"] == "https://prometheus.ml.example.org"
    told = values["mlflow"]["extraEnvVars"]
    assert told["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://experiments.example.org"
    names = told["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert {"experiments.example.org", "mlflow.churn.svc.cluster.local:5000"} <= set(names)


def test_charts_are_told_no_address_where_there_is_none() -> None:
    text = ROUTED[: ROUTED.index("deployment:")] + ROUTED[ROUTED.index("stack:") :]
    values = {each.name: each.values for each in bundle(text).releases}
    assert values["grafana"]["grafana.ini"]["server"] == {}
    assert "externalUrl" not in values["prometheus"]["prometheus"]["prometheusSpec"]
    assert "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS" not in values["mlflow"]["extraEnvVars"]


def test_what_is_kept_of_a_component_names_its_address() -> None:
    found = plan(bundle(ROUTED + GITHUB), {}).record.components
    assert found["mlflow"].route == "https://experiments.example.org"
    assert found["mlflow-sign-in"].route is None
    assert "http" not in found["mlflow-sign-in"].endpoints


def test_a_host_that_leads_past_the_sign_in_is_found_out() -> None:
    made = bundle(ROUTED + GITHUB)
    assert [each for each in find_broken(made, {}) if each.code == "route-breaks-promise"] == []
    for step in made.steps:
        for each in step.objects:
            if each["kind"] == "HTTPRoute" and each["metadata"]["name"] == "mlflow":
                each["spec"]["rules"][0]["backendRefs"][0]["name"] = "mlflow"
    (problem,) = [each for each in find_broken(made, {}) if each.code == "route-breaks-promise"]
    assert "experiments.example.org" in problem.message


@pytest.mark.parametrize("name", STACKS)
def test_the_gateway_itself_may_not_be_everybody(name: str) -> None:
    for each in objects(bundle(STACKS[name]), "NetworkPolicy").values():
        for rule in each["spec"].get("ingress", []):
            assert rule.get("from") or not rule, each["metadata"]["name"]
            assert all(peer.get("namespaceSelector") != {} for peer in rule.get("from", []))


def test_where_an_issuer_may_ask_over_http_only_the_gateway_reaches_its_pods() -> None:
    policy = objects(bundle(ROUTED), "NetworkPolicy")["platinfra-challenges"]["spec"]
    assert policy["podSelector"] == {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"port": 8089, "protocol": "TCP"}]
    assert rule["from"][0]["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "envoy-gateway-system"
    }
    assert policy["egress"] == []
    assert "platinfra-challenges" not in objects(bundle(INGRESS), "NetworkPolicy")


def test_no_rule_is_broken_by_the_routes() -> None:
    kinds = frozenset({"cert-manager.io/v1/Certificate", "gateway.networking.k8s.io/v1/HTTPRoute"})
    shown = {name: [each.message for each in problems(bundle(text), {}, kinds)] for name, text in STACKS.items()}
    kinds_of_routes = ("HTTPRoute", "Gateway", "Ingress", "Certificate", "sign-in", "challenges")
    found = {
        each
        for messages in shown.values()
        for each in messages
        if each.startswith(kinds_of_routes) or "sign-in" in each
    }
    # What the charts make is not rendered here; all else would be a mistake.
    assert {
        each for each in found if "nothing creates the Service" not in each and "no pod matches" not in each
    } == set()


def test_requests_to_the_stacks_own_gateway_may_take_their_time() -> None:
    own = objects(bundle(ROUTED), "HTTPRoute")["mlflow"]["spec"]["rules"][0]
    assert own["timeouts"] == {"request": "0s"}
    assert "timeouts" not in objects(bundle(EXISTING), "HTTPRoute")["mlflow"]["spec"]["rules"][0]
