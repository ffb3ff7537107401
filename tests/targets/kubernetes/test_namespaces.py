"""Which namespaces a stack may have."""

import pytest

from platinfra.model.cluster import ObjectRef
from platinfra.targets.kubernetes.bundle import NAMESPACE
from platinfra.targets.kubernetes.verbs.namespaces import conflicts
from tests.kubernetes.stacks import TRACKING, bundle

MADE = bundle(TRACKING)


class FakeCluster:
    """Has some namespaces, with their labels."""

    def __init__(self, **labels: dict[str, str]) -> None:
        self.labels = {name.replace("_", "-"): each for name, each in labels.items()}

    def get(self, ref: ObjectRef) -> dict[str, object] | None:
        labels = self.labels.get(ref.name)
        return None if labels is None else {"metadata": {"name": ref.name, "labels": labels}}


@pytest.mark.finding("K19")
@pytest.mark.parametrize(
    ("labels", "applied", "refused"),
    [
        ({}, (), []),
        ({"churn": {"app.kubernetes.io/part-of": "churn"}}, (), []),
        ({"churn": {}}, (), ["churn"]),
        ({"churn": {"app.kubernetes.io/part-of": "another"}}, (), ["churn"]),
        ({"churn": {}}, (NAMESPACE,), []),
        ({"cnpg_system": {}, "churn": {}}, (), ["churn", "cnpg-system"]),
        ({"cnpg_system": {"app.kubernetes.io/managed-by": "platinfra"}}, (), []),
        ({"cnpg_system": {}}, ("release:cnpg-system/cloudnative-pg",), []),
    ],
)
def test_a_namespace_is_ours_by_its_label_or_by_the_record(
    labels: dict[str, dict[str, str]], applied: tuple[str, ...], refused: list[str]
) -> None:
    found = list(conflicts(MADE, FakeCluster(**labels), applied))  # type: ignore[arg-type]
    assert [each.message.split("`")[1] for each in found] == refused
    assert {each.code for each in found} <= {"namespace-taken"}
