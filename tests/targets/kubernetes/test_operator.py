"""What whoever runs `up` needs in a cluster, kind by kind."""

import pytest

from platinfra.targets.kubernetes.operator import missing, needs, roles
from platinfra.targets.kubernetes.users import plural
from tests.kubernetes.stacks import TRACKING, bundle


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Deployment", "deployments"),
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("StorageClass", "storageclasses"),
        ("Prometheus", "prometheuses"),
        ("Gateway", "gateways"),
    ],
)
def test_kinds_have_the_plural_of_the_api(kind: str, name: str) -> None:
    assert plural(kind) == name


class Denying:
    """A cluster that denies some verbs."""

    def __init__(self, *denied: tuple[str, str]) -> None:
        self.denied = denied

    def can_i(self, verb: str, resource: str, namespace: str | None = None) -> bool:
        return (verb, resource) not in self.denied


def test_what_is_missing_is_one_problem_with_a_line_for_each_kind() -> None:
    wanted = needs(bundle(TRACKING), {})
    assert list(missing(wanted, Denying())) == []  # type: ignore[arg-type]
    [found] = missing(wanted, Denying(("patch", "secrets"), ("delete", "secrets"), ("list", "nodes")))  # type: ignore[arg-type]
    assert found.code == "cluster-denied"
    secrets = ("patch, delete secrets in `churn`", "patch, delete secrets in `cnpg-system`")
    assert found.details == ("list nodes", *secrets)


def test_roles_hold_what_the_stack_hands_on_and_no_wildcards() -> None:
    made = bundle(TRACKING)
    found = roles(made, {})
    assert [each["metadata"].get("namespace", "") for each in found] == sorted(
        each["metadata"].get("namespace", "") for each in found
    )
    rules = [rule for each in found for rule in each["rules"]]
    handed_on = [rule for each in made.objects if each["kind"] == "Role" for rule in each["rules"]]
    assert all(rule in rules for rule in handed_on)
    assert not any("*" in rule["verbs"] for rule in rules)
