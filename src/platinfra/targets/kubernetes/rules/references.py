"""Objects that name other objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from platinfra.diagnostics import did_you_mean
from platinfra.targets.kubernetes.rules.inventory import Inventory
from platinfra.targets.kubernetes.rules.place import Place
from platinfra.targets.kubernetes.rules.pods import CONTAINERS, Template, templates
from platinfra.targets.kubernetes.rules.problem import Problem
from platinfra.targets.kubernetes.rules.resource import Resource

_CLASS = "storage.k8s.io/StorageClass"
_RULES = {
    "Secret": "missing-secret",
    "ConfigMap": "missing-config-map",
    "ServiceAccount": "missing-service-account",
    "PersistentVolumeClaim": "missing-volume-claim",
    _CLASS: "missing-storage-class",
    "scheduling.k8s.io/PriorityClass": "missing-priority-class",
    "node.k8s.io/RuntimeClass": "missing-runtime-class",
    "keda.sh/TriggerAuthentication": "missing-trigger-authentication",
    "Service": "missing-service",
}
_WEBHOOKS = tuple(f"admissionregistration.k8s.io/{kind}WebhookConfiguration" for kind in ("Mutating", "Validating"))
_CLUSTER_WIDE = (_CLASS, "scheduling.k8s.io/PriorityClass", "node.k8s.io/RuntimeClass")


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a reference stands, which key holds the name, and the kind that it names."""

    pattern: str
    name: str
    key: str


_POD = (
    *(_Row(f"{kind} * env * valueFrom secretKeyRef", "name", "Secret") for kind in CONTAINERS),
    *(_Row(f"{kind} * env * valueFrom configMapKeyRef", "name", "ConfigMap") for kind in CONTAINERS),
    *(_Row(f"{kind} * envFrom * secretRef", "name", "Secret") for kind in CONTAINERS),
    *(_Row(f"{kind} * envFrom * configMapRef", "name", "ConfigMap") for kind in CONTAINERS),
    _Row("volumes * secret", "secretName", "Secret"),
    _Row("volumes * configMap", "name", "ConfigMap"),
    _Row("volumes * projected sources * secret", "name", "Secret"),
    _Row("volumes * projected sources * configMap", "name", "ConfigMap"),
    _Row("volumes * csi nodePublishSecretRef", "name", "Secret"),
    _Row("volumes * persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
    _Row("volumes * ephemeral volumeClaimTemplate spec", "storageClassName", _CLASS),
    _Row("imagePullSecrets *", "name", "Secret"),
    _Row("", "serviceAccountName", "ServiceAccount"),
    _Row("", "priorityClassName", "scheduling.k8s.io/PriorityClass"),
    _Row("", "runtimeClassName", "node.k8s.io/RuntimeClass"),
)
_OBJECTS: Mapping[str, tuple[_Row, ...]] = {
    "PersistentVolumeClaim": (_Row("spec", "storageClassName", _CLASS),),
    "apps/StatefulSet": (
        _Row("spec volumeClaimTemplates * spec", "storageClassName", _CLASS),
        _Row("spec", "serviceName", "Service"),
    ),
    **dict.fromkeys(_WEBHOOKS, (_Row("webhooks * clientConfig service", "name", "Service"),)),
    "apiregistration.k8s.io/APIService": (_Row("spec service", "name", "Service"),),
    "ServiceAccount": (_Row("imagePullSecrets *", "name", "Secret"), _Row("secrets *", "name", "Secret")),
    "networking.k8s.io/Ingress": (_Row("spec tls *", "secretName", "Secret"),),
    "gateway.networking.k8s.io/Gateway": (_Row("spec listeners * tls certificateRefs *", "name", "Secret"),),
    "keda.sh/ScaledObject": (_Row("spec triggers * authenticationRef", "name", "keda.sh/TriggerAuthentication"),),
    "keda.sh/TriggerAuthentication": (_Row("spec secretTargetRef *", "name", "Secret"),),
    "postgresql.cnpg.io/Cluster": (
        _Row("spec bootstrap initdb secret", "name", "Secret"),
        _Row("spec superuserSecret", "name", "Secret"),
        _Row("spec storage", "storageClass", _CLASS),
        _Row("spec imagePullSecrets *", "name", "Secret"),
    ),
    "serving.kserve.io/InferenceService": (_Row("spec *", "serviceAccountName", "ServiceAccount"),),
}


def references_lead_somewhere(inventory: Inventory) -> Iterator[Problem]:
    """Report names of objects that nothing creates, and keys that a ConfigMap or Secret among the objects lacks."""
    for each in inventory.checked:
        yield from _find_problems(inventory, each, each.root, _OBJECTS.get(each.key, ()))
        for template in templates(each):
            yield from _find_problems(inventory, each, template.spec, _POD)
            yield from _keys(inventory, template)


def _find_problems(inventory: Inventory, resource: Resource, start: Place, rows: tuple[_Row, ...]) -> Iterator[Problem]:
    for row in rows:
        for reference in start.find(*row.pattern.split()):
            name = reference.at(row.name)
            if name.text and not _is_elsewhere(reference) and reference.at("optional").value is not True:
                yield from _exists(inventory, resource, name, row.key, reference.at("namespace").text)


def _is_elsewhere(reference: Place) -> bool:
    """Tell whether a reference names another kind than the usual one, which is not judged."""
    return reference.at("kind").text not in {"", "Secret", "TriggerAuthentication"}


def _exists(inventory: Inventory, resource: Resource, name: Place, key: str, namespace: str) -> Iterator[Problem]:
    where = "" if key in _CLUSTER_WIDE else namespace or resource.namespace
    if inventory.has(key, where, name.text):
        return
    kind = key.rpartition("/")[2]
    near = did_you_mean(name.text, {each.name for each in inventory.all(key, where)})
    place = f" in the namespace `{where}`" if where else ""
    message = f"nothing creates the {kind} `{name.text}`{place}"
    yield resource.problem(_RULES[key], name, message, near or f"add the {kind}, or name one that exists")


def _keys(inventory: Inventory, template: Template) -> Iterator[Problem]:
    for row in _POD:
        if row.key not in {"Secret", "ConfigMap"}:
            continue
        for reference in template.spec.find(*row.pattern.split()):
            source = inventory.find(row.key, template.owner.namespace, reference.at(row.name).text)
            if source is not None and reference.at("optional").value is not True:
                yield from _has_keys(template.owner, reference, source)


def _has_keys(owner: Resource, reference: Place, source: Resource) -> Iterator[Problem]:
    keys = {str(key) for field in ("data", "stringData", "binaryData") for key in source.at(field).mapping}
    filled = source.at("type").text == "kubernetes.io/service-account-token"
    for wanted in (reference.at("key"), *reference.find("items", "*", "key")):
        if keys and wanted.text and wanted.text not in keys and not filled:
            message = f"the {source.kind} `{source.name}` has no key `{wanted.text}`"
            yield owner.problem("missing-key", wanted, message, did_you_mean(wanted.text, keys) or "add the key")
