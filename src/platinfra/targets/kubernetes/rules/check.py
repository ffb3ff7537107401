"""All rules, in one call."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from platinfra.targets.kubernetes.rules import (
    addresses,
    choices,
    chosen,
    data,
    identity,
    kinds,
    metadata,
    names,
    ports,
    quantities,
    rbac,
    references,
    routes,
    scaling,
    selectors,
    volumes,
)
from platinfra.targets.kubernetes.rules.inventory import Inventory, inventory
from platinfra.targets.kubernetes.rules.known import Known
from platinfra.targets.kubernetes.rules.resource import Problem

RULES: tuple[Callable[[Inventory], Iterator[Problem]], ...] = (
    kinds.kinds_exist,
    identity.objects_are_unique,
    identity.namespaces_exist,
    names.names_are_valid,
    metadata.labels_are_valid,
    selectors.workloads_select_their_pods,
    selectors.expressions_are_valid,
    ports.ports_are_valid,
    choices.choices_are_valid,
    quantities.quantities_are_valid,
    data.data_is_valid,
    volumes.volumes_are_mounted,
    references.references_lead_somewhere,
    rbac.bindings_are_complete,
    scaling.scalers_have_targets,
    scaling.budgets_are_valid,
    chosen.services_have_pods,
    chosen.budgets_have_pods,
    chosen.policies_have_pods,
    chosen.service_monitors_have_services,
    chosen.pod_monitors_have_pods,
    routes.ingresses_have_backends,
    routes.routes_have_backends,
    routes.routes_have_parents,
    addresses.addresses_are_unique,
)


def check(objects: Sequence[Mapping[str, Any]], *, known: Known) -> list[Problem]:
    """Return what an API server would refuse, and what would break later because it refers to nothing."""
    stock = inventory(objects, known)
    return [problem for rule in RULES for problem in rule(stock)]
