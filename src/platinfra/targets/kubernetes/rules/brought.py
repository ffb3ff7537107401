"""What controllers make of an object: the Secret of a Certificate, the Services of a database cluster."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from platinfra.targets.kubernetes.rules.resource import Resource

_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")


def brought_objects(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that appear because of this one; their content is what others may rely on."""
    if resource.key in _BRINGS:
        yield from _BRINGS[resource.key](resource)


def _object(resource: Resource, kind: str, name: str, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": resource.namespace, **content.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content}


def _secret_at(*path: str) -> Callable[[Resource], Iterator[Mapping[str, Any]]]:
    """Make the Secret whose name stands at a path, or that is called as the object itself."""
    return lambda resource: iter([_object(resource, "Secret", resource.at(*path).text or resource.name)])


def _certificates_of(*pattern: str) -> Callable[[Resource], Iterator[Mapping[str, Any]]]:
    """Make the Secrets that cert-manager writes for an annotated Ingress or Gateway."""

    def secrets(resource: Resource) -> Iterator[Mapping[str, Any]]:
        if any(issuer in resource.annotations for issuer in _ISSUERS):
            yield from (_object(resource, "Secret", each.text) for each in resource.root.find(*pattern))

    return secrets


def _database(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Source: CloudNativePG's documentation, chapters "Service management", "Applications" and "Monitoring"."""
    name = resource.name
    for suffix in ("app", "superuser", "ca", "server", "replication"):
        yield _object(resource, "Secret", f"{name}-{suffix}")
    yield _object(resource, "ServiceAccount", name)
    labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
    for suffix in ("rw", "ro", "r"):
        ports = [{"name": "postgres", "port": 5432, "targetPort": 5432}]
        yield _object(resource, "Service", f"{name}-{suffix}", spec={"ports": ports, "selector": labels})
    ports = [_port("postgresql", 5432), _port("metrics", 9187), _port("status", 8000)]
    yield _pod(resource, f"{name}-1", labels, ports)


def _ray_cluster(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Source: KubeRay, the head Service and the labels of its pods."""
    head = {"ray.io/cluster": resource.name, "ray.io/node-type": "head"}
    container_ports = list(resource.root.find("spec", "headGroupSpec", "template", "spec", "containers", "*", "ports"))
    declared = [port for ports in container_ports for port in ports.each()]
    ports = [_port(each.at("name").text, each.at("containerPort").number or 0) for each in declared]
    labels = resource.at("spec", "headGroupSpec", "template", "metadata", "labels").texts
    yield _pod(resource, f"{resource.name}-head", {**head, **labels}, ports)
    yield _pod(resource, f"{resource.name}-worker", {**head, "ray.io/node-type": "worker"}, ports)
    services = [{"name": each["name"], "port": each["containerPort"]} for each in ports]
    yield _object(resource, "Service", f"{resource.name}-head-svc", spec={"ports": services, "selector": head})


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "containerPort": number}


def _pod(resource: Resource, name: str, labels: Mapping[str, str], ports: list[dict[str, Any]]) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "ports": ports}]}
    return _object(resource, "Pod", name, metadata={"labels": dict(labels)}, spec=spec)


_BRINGS: Mapping[str, Callable[[Resource], Iterator[Mapping[str, Any]]]] = {
    "cert-manager.io/Certificate": _secret_at("spec", "secretName"),
    "external-secrets.io/ExternalSecret": _secret_at("spec", "target", "name"),
    "bitnami.com/SealedSecret": _secret_at("spec", "template", "metadata", "name"),
    "networking.k8s.io/Ingress": _certificates_of("spec", "tls", "*", "secretName"),
    "gateway.networking.k8s.io/Gateway": _certificates_of(
        "spec", "listeners", "*", "tls", "certificateRefs", "*", "name"
    ),
    "postgresql.cnpg.io/Cluster": _database,
    "ray.io/RayCluster": _ray_cluster,
}
