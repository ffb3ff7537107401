"""People of a stack get the role that the file names, and nothing beyond it."""

import json
from pathlib import Path
from typing import Any

import pytest

from platinfra.diagnostics import PlatinfraError
from platinfra.model.cluster import Difference, ObjectRef, ref_of
from platinfra.model.record import ActionRecord, Record
from platinfra.targets.kubernetes.bundle import NAMESPACE, Bundle
from platinfra.targets.kubernetes.drift import find_added, of_objects
from platinfra.targets.kubernetes.plan import plan
from platinfra.targets.kubernetes.rules import Known, check
from platinfra.targets.kubernetes.users import WORK, plural
from tests.conftest import Command
from tests.kubernetes.schemas import VERSIONS, strict
from tests.kubernetes.stacks import EVERYTHING, MODELS, ROUTED, SEED, TRACKING, bundle, objects
from tests.stacks import CATALOG

Object = dict[str, Any]
ROLES = ("admin", "auditor", "data_scientist", "ml_engineer")
PEOPLE = """\
users:
  - {name: ada@example.org, role: admin}
  - {name: ben@example.org, role: ml_engineer}
  - {name: eve@example.org, role: ml_engineer}
  - {name: cy@example.org, role: data_scientist}
  - {name: dot@example.org, role: auditor}
"""
READ = {"get", "list", "watch"}
CHANGE = {"create", "update", "patch", "delete"}
PLATFORM = {
    "cert-manager.io/Certificate",
    "cert-manager.io/ClusterIssuer",
    "cert-manager.io/Issuer",
    "elbv2.k8s.aws/TargetGroupBinding",
    "externaldns.k8s.io/DNSEndpoint",
    "gateway.envoyproxy.io/EnvoyProxy",
    "gateway.networking.k8s.io/Gateway",
    "gateway.networking.k8s.io/GatewayClass",
    "gateway.networking.k8s.io/HTTPRoute",
    "kafka.strimzi.io/Kafka",
    "kafka.strimzi.io/KafkaNodePool",
    "kafka.strimzi.io/KafkaTopic",
    "kafka.strimzi.io/KafkaUser",
    "karpenter.k8s.aws/EC2NodeClass",
    "karpenter.sh/NodeClaim",
    "karpenter.sh/NodePool",
    "keda.sh/ClusterTriggerAuthentication",
    "keda.sh/ScaledJob",
    "keda.sh/ScaledObject",
    "keda.sh/TriggerAuthentication",
    "mlops.seldon.io/SeldonRuntime",
    "mlops.seldon.io/Server",
    "monitoring.coreos.com/Alertmanager",
    "monitoring.coreos.com/PodMonitor",
    "monitoring.coreos.com/Prometheus",
    "monitoring.coreos.com/PrometheusRule",
    "monitoring.coreos.com/ServiceMonitor",
    "nfd.k8s-sigs.io/NodeFeature",
    "postgresql.cnpg.io/Cluster",
    "postgresql.cnpg.io/Database",
    "postgresql.cnpg.io/DatabaseRole",
    "ray.io/RayCluster",
    "serving.kserve.io/ClusterServingRuntime",
    "serving.kserve.io/ServingRuntime",
}
"""Custom kinds that the platform is made of: whoever runs jobs there may look at them only."""


def allowed(role: Object) -> set[tuple[str, str]]:
    """Return each resource (`jobs.batch`) with each verb that a role gives."""
    return {
        (f"{resource}.{group}" if group else resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def rights(text: str, role: str) -> set[tuple[str, str]]:
    return allowed(objects(bundle(text + PEOPLE), "Role")[f"users:{role}"])


def verbs(text: str, role: str, resource: str) -> set[str]:
    return {verb for each, verb in rights(text, role) if each == resource}


def names(made: Bundle, role: str) -> list[str]:
    return [each["name"] for each in objects(made, "RoleBinding")[f"users:{role}"]["subjects"]]


def too_wide(found: dict[str, Object]) -> list[str]:
    """Return what a role should not have: judged by what it holds, not by how it was made."""
    wrong = []
    for name, role in found.items():
        for resource, verb in sorted(allowed(role)):
            everything = "*" in resource or "*" in verb
            secret = resource in {"secrets", "serviceaccounts/token"}
            shell = resource in {"pods/exec", "pods/attach", "pods/ephemeralcontainers"}
            grants = verb in {"bind", "escalate", "impersonate"}
            looks_only = name == "users:auditor" and (verb not in READ or "/" in resource)
            if everything or grants or looks_only or (name != "users:admin" and (secret or shell)):
                wrong.append(f"{name}: {verb} {resource}")
    return wrong


def test_each_role_of_the_file_is_a_role_of_the_cluster_with_its_people() -> None:
    made = bundle(TRACKING + PEOPLE)
    assert [name for name in objects(made, "Role") if name.startswith("users:")] == [f"users:{each}" for each in ROLES]
    assert names(made, "ml_engineer") == ["ben@example.org", "eve@example.org"]
    binding = objects(made, "RoleBinding")["users:auditor"]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "users:auditor"}
    assert [each["kind"] for each in binding["subjects"]] == ["User"]
    assert binding["metadata"]["namespace"] == "churn"


def test_they_come_with_the_namespace() -> None:
    first = bundle(TRACKING + PEOPLE).steps[0]
    assert first.key == NAMESPACE
    assert "users:admin" in {each["metadata"]["name"] for each in first.objects}


def test_a_file_without_users_makes_no_role_of_people() -> None:
    assert not [each for each in bundle(TRACKING).objects if each["metadata"]["name"].startswith("users:")]


def test_on_aws_people_come_by_the_access_entries_of_its_cluster() -> None:
    sign_in = 'sign-in: {provider: "arn:aws:iam::210987654321:saml-provider/acme"}'
    made = bundle(SEED.replace("{type: kubernetes}", f"{{type: kubernetes, {sign_in}}}") + PEOPLE)
    assert made.place.users
    assert not [each for each in made.objects if each["metadata"]["name"].startswith("users:")]


def test_an_auditor_sees_objects_policies_and_roles_and_nothing_that_runs() -> None:
    found = rights(TRACKING, "auditor")
    assert {verb for _, verb in found} == READ
    assert not [each for each, _ in found if "/" in each]
    for each in (
        *("pods", "configmaps", "deployments.apps", "networkpolicies.networking.k8s.io"),
        *("roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "clusters.postgresql.cnpg.io"),
    ):
        assert {(each, verb) for verb in READ} <= found, each


def test_a_data_scientist_sees_more_than_an_auditor_by_logs_and_ports() -> None:
    more = {("pods/log", "get"), ("pods/portforward", "create")}
    assert rights(TRACKING, "data_scientist") == rights(TRACKING, "auditor") | more


def test_an_ml_engineer_runs_jobs_and_sets_the_number_of_copies() -> None:
    scale = {f"{each}.apps" for each in ("deployments/scale", "replicasets/scale", "statefulsets/scale")}
    more = {(each, verb) for each in scale for verb in ("get", "update", "patch")}
    more |= {("jobs.batch", verb) for verb in CHANGE}
    assert rights(TRACKING, "ml_engineer") == rights(TRACKING, "data_scientist") | more


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        (EVERYTHING, "rayjobs.ray.io"),
        (EVERYTHING, "sparkapplications.sparkoperator.k8s.io"),
        (MODELS, "workflows.argoproj.io"),
    ],
)
def test_an_ml_engineer_hands_work_in_to_the_tools_of_the_stack(text: str, resource: str) -> None:
    assert verbs(text, "ml_engineer", resource) == READ | CHANGE
    assert verbs(text, "data_scientist", resource) == READ
    assert verbs(TRACKING, "ml_engineer", resource) == set()


@pytest.mark.parametrize("resource", ["clusters.postgresql.cnpg.io", "rayclusters.ray.io", "deployments.apps", "pods"])
def test_an_ml_engineer_does_not_change_what_the_platform_is_made_of(resource: str) -> None:
    assert verbs(EVERYTHING, "ml_engineer", resource) == READ


def test_an_admin_changes_everything_that_the_stack_uses() -> None:
    everything = READ | CHANGE | {"deletecollection"}
    for each in (
        "secrets",
        "pods",
        "deployments.apps",
        "prometheuses.monitoring.coreos.com",
        "clusters.postgresql.cnpg.io",
    ):
        assert verbs(EVERYTHING, "admin", each) == everything, each
    assert verbs(EVERYTHING, "admin", "pods/exec") == {"create"}


@pytest.mark.parametrize("role", ROLES)
def test_an_admin_may_give_every_other_role_because_the_server_lets_nobody_give_more_than_he_has(role: str) -> None:
    assert rights(EVERYTHING, role) <= rights(EVERYTHING, "admin")


@pytest.mark.parametrize("text", [TRACKING, EVERYTHING, MODELS])
def test_no_role_is_too_wide(text: str) -> None:
    made = objects(bundle(text + PEOPLE), "Role")
    assert too_wide({name: each for name, each in made.items() if name.startswith("users:")}) == []


@pytest.mark.parametrize(
    ("name", "group", "resource", "verb"),
    [
        ("users:admin", "", "*", "get"),
        ("users:admin", "", "pods", "*"),
        ("users:admin", "*", "pods", "get"),
        ("users:admin", "rbac.authorization.k8s.io", "roles", "escalate"),
        ("users:ml_engineer", "", "secrets", "list"),
        ("users:ml_engineer", "", "pods/exec", "create"),
        ("users:data_scientist", "", "secrets", "get"),
        ("users:auditor", "", "pods/log", "get"),
        ("users:auditor", "", "pods", "delete"),
    ],
)
def test_a_role_that_is_too_wide_is_seen(name: str, group: str, resource: str, verb: str) -> None:
    made = objects(bundle(TRACKING + PEOPLE), "Role")
    wider = {
        **made[name],
        "rules": [*made[name]["rules"], {"apiGroups": [group], "resources": [resource], "verbs": [verb]}],
    }
    assert len(too_wide({name: wider})) == 1


def test_every_custom_kind_of_the_catalog_is_either_work_or_the_platform() -> None:
    charts = [each for tool in CATALOG.tools() if tool.run.kubernetes for each in tool.run.kubernetes.charts.values()]
    kinds = {f"{kind.split('/')[0]}/{kind.split('/')[2]}" for each in charts for kind in each.kinds}
    assert kinds - WORK - PLATFORM == set(), "let users.WORK have what people hand in, PLATFORM above the rest"
    assert WORK.isdisjoint(PLATFORM)


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        *(("RayJob", "rayjobs"), ("Prometheus", "prometheuses"), ("InferenceService", "inferenceservices")),
        *(
            ("GatewayClass", "gatewayclasses"),
            ("TriggerAuthentication", "triggerauthentications"),
            ("Policy", "policies"),
            ("Gateway", "gateways"),
        ),
    ],
)
def test_resources_are_called_as_their_kinds_in_the_plural(kind: str, resource: str) -> None:
    assert plural(kind) == resource


def test_kinds_outside_namespaces_are_no_part_of_a_role() -> None:
    found = {each for each, _ in rights(ROUTED, "admin") if each.endswith(".gateway.networking.k8s.io")}
    assert found == {"gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"}


@pytest.mark.parametrize("version", VERSIONS)
def test_strict_schemas_accept_them(version: str) -> None:
    made = bundle(TRACKING + PEOPLE)
    found = [*objects(made, "Role").values(), *objects(made, "RoleBinding").values()]
    assert len(found) >= 8
    assert strict(found, version) == []


def test_bindings_name_roles_that_exist() -> None:
    made = bundle(TRACKING + PEOPLE)
    people = [each for each in made.objects if each["metadata"]["name"].startswith("users:")]
    known = Known(version="1.34", namespaces=frozenset({"churn"}))
    assert check(people, known=known) == []
    without = [each for each in people if each["metadata"]["name"] != "users:auditor" or each["kind"] != "Role"]
    assert [each.rule for each in check(without, known=known)] == ["missing-role"]


class LiveCluster:
    """Holds what was applied."""

    def __init__(self, found: list[Object]) -> None:
        self.objects = {ref_of(each): each for each in found}

    def get(self, ref: ObjectRef) -> Object | None:
        return self.objects.get(ref)

    def read(self, refs: list[ObjectRef]) -> list[Any]:
        return [self.get(each) for each in refs]

    def diff(self, objects: list[Any], **_: Any) -> list[Difference]:
        """Say that the server would change whatever looks different."""
        return [Difference(ref_of(each), "change") for each in objects]

    def find(self, kind: str, _namespace: str | None = None) -> list[Object]:
        return [each for each in self.objects.values() if kind.startswith(f"{each['kind'].lower()}s.")]


def test_roles_of_people_are_no_drift_and_further_people_are() -> None:
    made = bundle(TRACKING + PEOPLE)
    cluster = LiveCluster(list(made.objects))
    wanted = {ref_of(each) for each in made.objects}
    assert list(find_added(wanted, "churn", cluster)) == []
    binding = objects(made, "RoleBinding")["users:admin"]
    assert list(of_objects("stack", [binding], cluster)) == []
    more = {**binding, "subjects": [*binding["subjects"], {**binding["subjects"][0], "name": "mallory"}]}
    (found,) = of_objects("stack", [binding], LiveCluster([more]))
    assert found.attribute == "subjects"
    assert [each.address for each in find_added(wanted - {ref_of(binding)}, "churn", cluster)] == [str(ref_of(binding))]


def test_somebody_who_left_the_file_leaves_the_cluster() -> None:
    without = PEOPLE.replace("  - {name: eve@example.org, role: ml_engineer}\n", "")
    assert names(bundle(TRACKING + without), "ml_engineer") == ["ben@example.org"]


def test_a_role_that_nobody_has_any_more_is_among_what_goes() -> None:
    from platinfra.targets.kubernetes.verbs.plan import with_earlier

    earlier, after = (plan(bundle(TRACKING + each), {}) for each in (PEOPLE, PEOPLE.replace("auditor", "admin")))
    first = next(each for each in earlier.actions if each.key == NAMESPACE)
    before = Record(applied={NAMESPACE: ActionRecord("objects", "stack", first.digest, first.record)})
    action = next(each for each in with_earlier(after, before).actions if each.key == NAMESPACE)
    gone = [each["ref"] for each in action.earlier]
    assert [(each[1], each[2]) for each in gone] == [("Role", "users:auditor"), ("RoleBinding", "users:auditor")]


@pytest.mark.parametrize("name", ["system:anonymous", "system:serviceaccount:churn:mlflow", " "])
def test_names_of_the_cluster_itself_are_nobody(name: str) -> None:
    with pytest.raises(PlatinfraError) as raised:
        bundle(TRACKING + f"users: [{{name: '{name}', role: auditor}}]\n")
    assert [each.code for each in raised.value.diagnostics] == ["user-reserved"]


def test_permissions_tell_what_each_role_is_for(platinfra: Command, tmp_path: Path) -> None:
    (tmp_path / "platinfra.yaml").write_text(TRACKING + PEOPLE)
    found = json.loads(platinfra("permissions", "--json").out)["statements"]
    own = [each for each in found if each["role"] == "churn/users:ml_engineer (ben@example.org, eve@example.org)"]
    assert {"jobs of batch in namespace churn"} in [{*each["resources"]} for each in own]
    assert all(each["wire"].startswith("the role ml_engineer: ") for each in own)
    out = platinfra("permissions").out
    assert out.count("required by the role auditor: Shows the objects of the stack.") == 1
    assert "users:auditor" in platinfra("permissions", "--policy").out
