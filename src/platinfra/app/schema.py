"""JSON Schemas for editors: of the stack file and of `tool.yaml`."""

from pathlib import Path
from typing import Any

from platinfra.app.workspace import at
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Tool
from platinfra.model import targets
from platinfra.spec.schema import StackFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(kind: str, file: Path | None = None) -> dict[str, Any]:
    """Return the JSON Schema of `stack` or `tool`."""
    if kind == "tool":
        return {"$schema": _DIALECT, **Tool.model_json_schema()}
    return stack_schema(file)


def stack_schema(file: Path | None) -> dict[str, Any]:
    """Return the schema of the stack file as it is written, with the stages and tools of the catalog."""
    catalog = Catalog.beside(at(file, None).folder)
    written = {"$schema": _DIALECT, **StackFile.model_json_schema(by_alias=True)}
    definitions = written["$defs"]
    options = {"anyOf": [{"$ref": "#/$defs/UseOptions"}, {"type": "null"}]}
    definitions["Stages"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            each.name: _stage(each.name, each.summary, [tool.name for tool in catalog.providers(each.name)], options)
            for each in catalog.capabilities()
        },
    }
    sections = _sections(definitions)
    for owner in (written, definitions["Override"]):
        owner["properties"]["stack"] = {"$ref": "#/$defs/Stages", "description": "Stage to list of tools."}
        for name, choices in sections.items():
            owner["properties"][name] = {"anyOf": choices, "description": owner["properties"][name]["description"]}
    definitions.pop("Use", None)
    for name in definitions.keys() - {"Stages"}:
        _allow_dashes(definitions[name])
    return written


def _sections(definitions: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Add what each target reads of a stack file to the definitions; return references to it, by section."""
    found: dict[str, list[dict[str, str]]] = {"provider": [], "deployment": []}
    for target in map(targets.get, targets.OWN):
        fixed = {"name": {"const": target.name}, "type": {"enum": [each.type for each in target.grounds]}}
        for section, kind in zip(found, target.sections(), strict=True):
            schema = kind.model_json_schema(by_alias=True)
            definitions.update(schema.pop("$defs", {}))
            for key in fixed.keys() & schema["properties"].keys():
                schema["properties"][key] |= fixed[key]
            definitions[kind.__name__] = schema
            found[section].append({"$ref": f"#/$defs/{kind.__name__}"})
    return found


def _stage(name: str, summary: str, tools: list[str], options: dict[str, Any]) -> dict[str, Any]:
    named = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": options,
        "properties": dict.fromkeys(tools, options),
    }
    use = {"anyOf": [{"enum": tools}, {"type": "string"}, named]}
    return {"type": "array", "title": name, "description": summary, "items": use}


def _allow_dashes(definition: dict[str, Any]) -> None:
    """Allow `account-id` beside `account_id`."""
    for name, each in list(definition.get("properties", {}).items()):
        if "_" in name:
            definition["properties"][name.replace("_", "-")] = each
