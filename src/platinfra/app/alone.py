"""Stacks of one tool, with what it cannot be without and the settings that it asks for."""

import json

from platinfra.catalog.catalog import Catalog
from platinfra.catalog.schema import Setting, Tool
from platinfra.model.ground import Ground
from platinfra.resolve.reach import fits

_HEADS = {
    "local": "provider: {name: local}",
    "kubernetes": "provider: {name: kubernetes, context: test}",
    "aws": 'provider: {name: aws, account-id: "111122223333", region: eu-central-1}',
}
_CHOSEN = {("cluster-autoscaler", "kubernetes"): ", cluster: {autoscaler: cluster-autoscaler}"}
"""Tool and type of a deployment to what has to choose the tool there."""
_SAMPLES = {"address": "https://id.example.org", "slug": "acme"}
"""Format of a setting to a text that has it."""


def alone(tool: Tool, ground: Ground, catalog: Catalog) -> str:
    """Return a stack file of one tool and of what it cannot be without, with a value for each setting that has to be given."""
    stages = {next(iter(tool.provides)): tool, **_companions(tool, ground, catalog)}
    if "machine" in ground.places and tool.find_place(ground) == "service":
        stages.setdefault("experiment_tracker", catalog.get("mlflow"))  # a machine needs something to run
    uses = "\n".join(f"  {stage}: [{_use(each, ground)}]" for stage, each in stages.items())
    deployment = f"{{type: {ground.type}{_CHOSEN.get((tool.name, ground.type), '')}}}"
    return f"name: one\n{_HEADS[ground.target]}\ndeployment: {deployment}\nstack:\n{uses}\n"


def _companions(tool: Tool, ground: Ground, catalog: Catalog) -> dict[str, Tool]:
    """Return a tool for each capability that another one needs and that no default meets."""
    found: dict[str, Tool] = {}
    for each in tool.requires.values():
        capability = catalog.capability(each.capability)
        if not each.optional and ground.target not in capability.defaults:
            usable = (other for other in catalog.providers(capability.name) if fits(each, other))
            able = [other for other in usable if other.runs_on(ground)]
            found |= {capability.name: able[0], **_companions(able[0], ground, catalog)} if able else {}
    return found


def _use(tool: Tool, ground: Ground) -> str:
    place = tool.find_place(ground)
    wanted = {
        name: each
        for name, each in tool.settings.items()
        if each.default is None or place in each.needed or each.needed_in
    }
    given = {name: _sample(name, each) for name, each in wanted.items()}
    settings = ", ".join(f"{key}: {json.dumps(value)}" for key, value in given.items())
    return f"{{{tool.name}: {{settings: {{{settings}}}}}}}" if given else tool.name


def _sample(name: str, setting: Setting) -> str | int:
    if setting.choices:
        return setting.choices[0]
    return _SAMPLES.get(setting.format or "", name) if setting.type == "string" else 1
