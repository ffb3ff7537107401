"""Who may come in: proxies before pages, and tools that ask the sign-in themselves."""

from typing import Any

import pytest

from platinfra.model.reference import Secret
from platinfra.targets.kubernetes.bundle import Bundle
from platinfra.targets.kubernetes.network import openings
from platinfra.targets.kubernetes.promises import find_broken
from tests.kubernetes.stacks import EVERYTHING, GITHUB, OIDC, ROUTED, bundle, objects, routed
from tests.stacks import CATALOG

HUB = ROUTED + "  notebook: [jupyterhub]\n"


def container(made: Bundle, name: str) -> dict[str, Any]:
    return objects(made, "Deployment")[name]["spec"]["template"]["spec"]["containers"][0]


def arguments(text: str, name: str = "mlflow-sign-in") -> set[str]:
    return set(container(bundle(text), name)["command"])


def values(text: str, name: str) -> dict[str, Any]:
    return next(dict(each.values) for each in bundle(text).releases if each.name == name)


def test_a_proxy_leads_to_its_page_and_comes_back_to_its_host() -> None:
    assert {
        "--upstream=http://mlflow.churn.svc.cluster.local:5000/",
        "--redirect-url=https://experiments.example.org/oauth2/callback",
        "--cookie-secure=true",
    } <= arguments(ROUTED + GITHUB)


def test_a_proxy_lets_members_of_the_team_in() -> None:
    found = arguments(ROUTED + GITHUB)
    assert {"--provider=github", "--github-org=acme", "--github-team=data"} <= found
    assert not [each for each in found if "oidc" in each or "group" in each]


def test_a_proxy_lets_members_of_the_group_in() -> None:
    found = arguments(ROUTED + OIDC)
    assert {
        "--provider=oidc",
        "--oidc-issuer-url=https://id.example.org:8443/realms/ml",
        "--allowed-group=data",
    } <= found
    assert not [each for each in found if "github" in each]


def test_on_this_machine_cookies_go_without_tls() -> None:
    found = arguments(routed(ROUTED, "{domain: ml.localhost}") + GITHUB)
    assert {"--cookie-secure=false", "--redirect-url=http://mlflow.ml.localhost/oauth2/callback"} <= found


def test_the_secrets_of_a_proxy_are_references() -> None:
    made = bundle(ROUTED + GITHUB)
    env = {each["name"]: each["valueFrom"]["secretKeyRef"] for each in container(made, "mlflow-sign-in")["env"]}
    assert env["OAUTH2_PROXY_CLIENT_ID"] == {"name": "sign-in", "key": "client-id"}
    assert env["OAUTH2_PROXY_CLIENT_SECRET"] == {"name": "sign-in", "key": "client-secret"}
    cookies = [
        objects(made, "Secret")[f"{each}-sign-in-env"]["stringData"]["OAUTH2_PROXY_COOKIE_SECRET"]
        for each in ("mlflow", "evidently")
    ]
    assert cookies == [Secret("mlflow-sign-in", "cookie"), Secret("evidently-sign-in", "cookie")]


def test_a_proxy_is_confined() -> None:
    made = container(bundle(ROUTED + GITHUB), "mlflow-sign-in")
    assert made["securityContext"]["readOnlyRootFilesystem"] is True
    assert made["image"].startswith("quay.io/oauth2-proxy/oauth2-proxy:v7.")


@pytest.mark.parametrize(("text", "port"), [(ROUTED + GITHUB, 443), (ROUTED + OIDC, 8443)], ids=["github", "oidc"])
def test_who_asks_reaches_the_provider_at_its_port_and_nothing_else(text: str, port: int) -> None:
    made = bundle(text)
    found = [each.ports for each in openings(made.values.graph.components["mlflow-sign-in"], made.values)]
    assert found == [(port,)]


def test_grafana_asks_github_and_knows_the_roles_of_teams() -> None:
    ini = values(ROUTED + GITHUB, "grafana")["grafana.ini"]
    found = ini["auth.github"]
    assert (found["enabled"], found["allowed_organizations"], found["role_attribute_strict"]) == ("true", "acme", True)
    assert "'@acme/platform') && 'Admin'" in found["role_attribute_path"]
    assert "'@acme/data') && 'Editor'" in found["role_attribute_path"]
    assert found["client_secret"] == "$__file{/etc/secrets/github/client-secret}"
    assert "enabled" not in ini["auth.generic_oauth"]


def test_grafana_asks_an_openid_provider_and_knows_the_roles_of_groups() -> None:
    ini = values(ROUTED + OIDC, "grafana")["grafana.ini"]
    found = ini["auth.generic_oauth"]
    assert (found["enabled"], found["allowed_groups"]) == ("true", "data")
    assert found["auth_url"] == "https://id.example.org:8443/realms/ml/auth"
    assert "'platform') && 'Admin'" in found["role_attribute_path"]
    assert "enabled" not in ini["auth.github"]


def test_without_a_team_everybody_of_the_organization_looks_on() -> None:
    text = ROUTED + GITHUB.replace(", team: data", "")
    assert "role_attribute_strict" not in values(text, "grafana")["grafana.ini"]["auth.github"]


def test_without_a_sign_in_grafana_reads_no_secret_of_it() -> None:
    found = values(ROUTED, "grafana")
    assert found["extraSecretMounts"] == []
    assert "__file" not in repr(found)


class Hub:
    """Stands for the configuration object that JupyterHub gives to the chart's `extraConfig`."""

    def __init__(self) -> None:
        self.__dict__["GitHubOAuthenticator"] = self.__dict__["GenericOAuthenticator"] = self


def hub(text: str) -> Hub:
    """Run what the chart runs."""
    found = Hub()
    for code in values(text, "jupyterhub")["hub"]["extraConfig"].values():
        exec(code, {"c": found, "get_config": lambda _: []})
    return found


def test_jupyterhub_maps_teams_to_roles() -> None:
    found = hub(HUB + GITHUB)
    assert (found.allowed_organizations, found.admin_groups) == ({"acme:data"}, {"acme:platform"})
    teams = [{"slug": "data", "organization": {"login": "acme"}}, {"slug": "web", "organization": {"login": "acme"}}]
    assert found.auth_state_groups_key({"teams": teams}) == ["acme:data", "acme:web"]


def test_jupyterhub_lets_the_organization_in_where_no_team_is_named() -> None:
    found = hub(HUB + GITHUB.replace(", team: data, admin_team: platform", ""))
    assert (found.allowed_organizations, found.admin_groups) == ({"acme"}, set())


def test_jupyterhub_maps_groups_to_roles() -> None:
    found = hub(HUB + OIDC)
    assert (found.allow_all, found.allowed_groups, found.admin_groups) == (False, {"data"}, {"platform"})
    assert found.scope == ["openid", "profile", "email"]


def test_jupyterhub_lets_all_in_where_no_group_is_named() -> None:
    found = hub(HUB + OIDC.replace("          group: data\n          admin_group: platform\n", ""))
    assert (found.allow_all, found.allowed_groups, found.admin_groups) == (True, set(), set())


@pytest.mark.parametrize(("text", "name"), [(HUB + GITHUB, "github"), (HUB + OIDC, "generic-oauth")])
def test_jupyterhub_never_keeps_its_dummy(text: str, name: str) -> None:
    config = values(text, "jupyterhub")["hub"]["config"]
    assert config["JupyterHub"]["authenticator_class"] == name
    both = (config["GitHubOAuthenticator"], config["GenericOAuthenticator"])
    assert {each["oauth_callback_url"] for each in both} == {"https://jupyterhub.ml.example.org/hub/oauth_callback"}


def test_without_a_route_jupyterhub_guesses_its_callback() -> None:
    config = values(EVERYTHING, "jupyterhub")["hub"]["config"]
    assert "oauth_callback_url" not in config["GitHubOAuthenticator"]


def ignored(text: str, release: str) -> list[str]:
    """Return what is said of a chart that makes pods and reads none of the values."""
    labels = {"app": "jupyterhub", "release": "jupyterhub", "app.kubernetes.io/instance": release}
    spec = {"containers": [{"name": "main"}], "serviceAccountName": release}
    template = {"metadata": {"labels": labels}, "spec": spec}
    made = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": release},
        "spec": {"template": template},
    }
    return [each.message for each in find_broken(bundle(text), {f"release:{release}": [made]})]


@pytest.mark.parametrize(
    ("release", "key"),
    [
        ("grafana", "extraSecretMounts[0].secretName"),
        ("jupyterhub", "hub.extraEnv.OAUTH_CLIENT_ID.valueFrom.secretKeyRef.name"),
    ],
)
def test_a_chart_that_ignores_the_sign_in_is_found_out_with_the_value(release: str, key: str) -> None:
    found = [each for each in ignored(HUB + GITHUB, release) if "sign-in" in each]
    assert len(found) == 1
    assert f"nothing reads the Secret `sign-in` (value `{key}`)" in found[0]
    assert f"of `{release}`" in found[0]


def test_a_chart_that_ignores_its_host_is_found_out_with_the_value() -> None:
    (found,) = [each for each in ignored(ROUTED, "grafana") if "is not set anywhere" in each]
    assert "value `grafana.ini.server.root_url`" in found


@pytest.mark.parametrize(
    "name", [each.name for each in CATALOG.tools() if "sign_in" in {one.capability for one in each.requires.values()}]
)
def test_every_tool_that_asks_a_sign_in_reads_its_secret(name: str) -> None:
    recipe = CATALOG.get(name).run.kubernetes
    assert recipe
    assert "${sign_in.secret}" in recipe.model_dump_json()
