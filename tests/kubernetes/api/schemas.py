"""Check what is written: Kubernetes' own kinds by their schemas, custom ones by those of their definitions."""

import re
from typing import Any

from .kinds import Kind
from .refusals import invalid

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.:]*[a-z0-9])?")
_UNCHECKED = {"CustomResourceDefinition", "Event", "SelfSubjectAccessReview"}


def check(kind: Kind, content: dict[str, Any], version: str) -> None:
    """Refuse an object that does not follow the schema of its kind, or has fields that it does not know."""
    name = content["metadata"].get("name", "")
    if not _NAME.fullmatch(name):
        raise invalid(kind.name, name, f'metadata.name: Invalid value: "{name}": a lowercase RFC 1123 subdomain')
    _check_selector(kind, content, name)
    if kind.custom:
        _check_custom(kind, content, name)
    elif kind.name not in _UNCHECKED:
        _check_own(kind, content, name, version)


def _check_selector(kind: Kind, content: dict[str, Any], name: str) -> None:
    if kind.group != "apps" or kind.name not in ("Deployment", "StatefulSet", "DaemonSet"):
        return
    spec = content.get("spec", {})
    wanted = spec.get("selector", {}).get("matchLabels", {})
    labels = spec.get("template", {}).get("metadata", {}).get("labels", {})
    if not wanted.items() <= labels.items():
        raise invalid(kind.name, name, "spec.template.metadata.labels: `selector` does not match template `labels`")


def _check_own(kind: Kind, content: dict[str, Any], name: str, version: str) -> None:
    import kubernetes_validate

    stripped = {key: value for key, value in content.items() if key != "status"}
    stripped["metadata"] = {key: value for key, value in content["metadata"].items() if key != "managedFields"}
    try:
        kubernetes_validate.validate(stripped, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(map(str, error.path))
        raise invalid(kind.name, name, f"{path}: {error.message}") from error
    except kubernetes_validate.SchemaNotFoundError as error:
        raise invalid(kind.name, name, f"no schema in {version}") from error


def _check_custom(kind: Kind, content: dict[str, Any], name: str) -> None:
    import jsonschema

    if kind.schema is None:
        return
    stripped = {key: value for key, value in content.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    schema = dict(kind.schema)
    named = {key: value for key, value in schema.get("properties", {}).items() if key not in ("metadata", "status")}
    required = [each for each in schema.get("required", ()) if each not in ("metadata", "apiVersion", "kind", "status")]
    schema = {**schema, "properties": {**named, "apiVersion": {}, "kind": {}}, "required": required}
    try:
        jsonschema.validate(without_nulls(stripped), strict(schema))
    except jsonschema.ValidationError as error:
        raise invalid(kind.name, name, f"{'.'.join(map(str, error.path))}: {error.message}") from error


def check_applied(kind: Kind, wanted: dict[str, Any], name: str) -> None:
    """Refuse nulls in what is applied to a custom resource, where its schema does not allow them: only a POST drops them."""
    import jsonschema

    if not kind.custom or kind.schema is None:
        return
    schema = strict(kind.schema)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(wanted):
        if error.instance is None:
            path = ".".join(map(str, error.path))
            raise invalid(
                kind.name, name, f'{path}: Invalid value: "null": {path} must be of type {schema_type(error)}'
            )


def schema_type(error: Any) -> str:
    """Return the type that a schema wants at the place of an error."""
    return str(error.schema.get("type", "another"))


def strict(schema: Any) -> Any:
    """Return the schema of a custom resource as one of JSON, where unknown fields are errors."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if found.pop("nullable", False) and "type" in found:
        types = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*types, "null"]
    loose = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not loose:
        found.setdefault("additionalProperties", False)
    return found


def without_nulls(value: Any) -> Any:
    """Return a value without the null entries of its mappings, as a POST is read, and what is no custom resource always."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
