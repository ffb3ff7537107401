"""Bindings of roles to accounts."""

from collections.abc import Iterator

from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.resource import Problem, Resource

_GROUP = "rbac.authorization.k8s.io"
BINDINGS = (f"{_GROUP}/RoleBinding", f"{_GROUP}/ClusterRoleBinding")


def bindings_are_complete(inventory: Inventory) -> Iterator[Problem]:
    """Report bindings of roles that do not exist, and of accounts that nothing creates."""
    for each in inventory.of(*BINDINGS):
        yield from _role(inventory, each)
        yield from _subjects(inventory, each)


def _role(inventory: Inventory, binding: Resource) -> Iterator[Problem]:
    kind, name = binding.at("roleRef", "kind").text, binding.at("roleRef", "name")
    namespace = binding.namespace if kind == "Role" else ""
    if kind not in {"Role", "ClusterRole"} or name.text.startswith("system:"):
        return
    if not inventory.has(f"{_GROUP}/{kind}", namespace, name.text):
        message = f"nothing creates the {kind} `{name.text}`"
        yield binding.problem("missing-role", name, message, f"add the {kind}, or name one that exists")


def _subjects(inventory: Inventory, binding: Resource) -> Iterator[Problem]:
    for each in binding.at("subjects").each():
        if each.at("kind").text != "ServiceAccount":
            continue
        namespace, name = each.at("namespace"), each.at("name")
        if not namespace.text:
            message = "a ServiceAccount is named with its namespace"
            yield binding.problem("missing-subject", namespace, message, "write `namespace`")
        elif not inventory.has("ServiceAccount", namespace.text, name.text):
            message = f"nothing creates the ServiceAccount `{namespace.text}/{name.text}`"
            hint = "add the ServiceAccount, or name one that exists"
            yield binding.problem("missing-subject", name, message, hint)
