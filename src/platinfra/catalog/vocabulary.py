"""
The names that `${…}` may mention in a `tool.yaml`, and the sections in which it may.

This is the only list of them: a tool is checked against it when it is loaded, the evaluator refuses every other name, and
the reference is written from it. Words in capitals stand for what a tool calls its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from platinfra.catalog.capability import Capability
from platinfra.catalog.schema import Tool
from platinfra.model.ground import PLACES, Place

_HOLE = re.compile(r"REQUIREMENT\.ATTRIBUTE|[A-Z]+")
_CHOICE = re.compile(r"\{(.*?)\}")
WIRE, CHART, LOCK = "wire", "chart", "lock"
"""What some words need: the wire that a section is about, the chart it belongs to, a lock of the tool."""


@dataclass(frozen=True, slots=True)
class Word:
    """A name, or several with braces, and what it stands for."""

    name: str
    meaning: str
    places: tuple[Place, ...] = PLACES
    needs: str = ""

    @property
    def names(self) -> Iterator[str]:
        """Yield the names one by one."""
        choice = _CHOICE.search(self.name)
        return (_CHOICE.sub(each, self.name) for each in choice[1].split(",")) if choice else iter((self.name,))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of `tool.yaml` whose texts are evaluated in one place; `*` is any key, `**` whatever is below."""

    path: str
    place: Place
    given: tuple[str, ...] = ()

    def covers(self, path: tuple[str | int, ...]) -> bool:
        """Tell whether a text of the file is in the section."""
        wanted = self.path.split(".")
        if wanted[-1] == "**":
            wanted, path = wanted[:-1], path[: len(wanted) - 1]
        return len(wanted) == len(path) and all(one in {"*", key} for one, key in zip(wanted, path, strict=True))


_PROCESSES: tuple[Place, ...] = ("machine", "cluster")
_MACHINE: tuple[Place, ...] = ("machine",)
_CLUSTER: tuple[Place, ...] = ("cluster",)
_SERVICE: tuple[Place, ...] = ("service",)
WORDS = (
    Word("name", "The component."),
    Word("stack", "The stack.", _PROCESSES),
    Word("settings.SETTING", "A setting; empty where it does not apply."),
    Word("settings.SETTING.text", "A setting as text, which some charts want."),
    Word("settings.SETTING.slash", "A setting with a slash behind it, unless it is empty."),
    Word("settings.SETTING.{given,is_given}", "A setting that is not empty, or `true` where it is not."),
    Word("secrets.SECRET", "A generated secret; never in `command`.", _PROCESSES),
    Word("endpoints.ENDPOINT.{url,host,port}", "Address without a path, host or port of an endpoint.", _PROCESSES),
    Word("endpoints.ENDPOINT.target", "The pods' port of an own endpoint.", _CLUSTER),
    Word("endpoints.ENDPOINT.names", "The names by which an own endpoint is reached, with commas.", _CLUSTER),
    Word("REQUIREMENT.ATTRIBUTE", "What the provider tells: an attribute of the required capability."),
    Word("REQUIREMENT.ATTRIBUTE.{host,port}", "A part of an attribute that is an address.", _PROCESSES),
    Word("REQUIREMENT.ATTRIBUTE.plain", "The host of such an attribute, where nothing is encrypted.", _PROCESSES),
    Word("REQUIREMENT.{bound,provider}", "`true`, or the component that provides it, where it is bound."),
    Word("REQUIREMENT.secret", "The Secret with the credentials of the wire.", _CLUSTER),
    Word("consumer.{name,requirement}", "The consumer, or what it calls the requirement.", needs=WIRE),
    Word("consumer.{username,database}", "The consumer's login, or its database.", needs=WIRE),
    Word("consumer.password", "The password of the consumer's login.", _PROCESSES, WIRE),
    Word("consumer.secret", "The Secret, or secret of AWS, with its credentials.", ("cluster", "service"), WIRE),
    Word("consumer.role", "The consumer's role.", _SERVICE, WIRE),
    Word("folder", "The folder of `tool.yaml`; in a cluster, where the image has it.", _PROCESSES),
    Word("{data,files}", "The folder of the component's data, or of its `files`.", _MACHINE),
    Word("project", "The folder of the stack file.", _MACHINE),
    Word("python", "Python of the tool's environment; without one, the system's.", _MACHINE),
    Word("{venv,site_packages}", "The tool's environment, or the folder of its packages.", _MACHINE, LOCK),
    Word("client.{venv,python}", "The environment of the project's code, or its Python.", _MACHINE),
    Word("account", "The component's service account.", _CLUSTER),
    Word("namespace", "The stack's namespace.", _CLUSTER),
    Word("registry", "The registry of the images that are built.", _CLUSTER),
    Word("storage_class", "The storage class that the stack file names.", _CLUSTER),
    Word("image", "The image that is built from the tool's lock.", _CLUSTER),
    Word("file.FILE", "Content of a file beside `tool.yaml`.", _CLUSTER),
    Word("secret.HELD", "Name of one of the recipe's `secrets`, unless it is empty.", _CLUSTER),
    Word("route.{host,url}", "Host or address of the component's page.", _CLUSTER),
    Word("route.https", "Whether that address is encrypted.", _CLUSTER),
    Word("clients.{env,pairs}", "Variables of clients that all may read: a mapping, or one for each.", _CLUSTER),
    Word("clients.{list,map}", "All variables of clients: as containers have them, or by name.", _CLUSTER),
    Word("clients.hidden", "Variables of clients that lie in Secrets, as JSON.", _CLUSTER),
    Word("clients.{names,secrets}", "Names of those that all may read, or that lie in Secrets, with commas.", _CLUSTER),
    Word("release", "The release of the chart.", _CLUSTER, CHART),
    Word("given.ENTRY", "An entry of the Secret that `existing` names.", _CLUSTER, WIRE),
    Word("wire.WIRED", "What the cloud tells the consumer; without a cloud, what the recipe tells.", _CLUSTER, WIRE),
    Word("administrator.{username,password}", "Who makes the logins of a service.", _CLUSTER, WIRE),
    Word("cloud.{cluster,queue,controllers}", "What Karpenter has to know of the cluster.", _CLUSTER),
    Word("outputs.OUTPUT", "An output of the module, or what `existing` has instead.", _SERVICE),
    Word("roles.ROLE.{arn,profile_arn}", "ARN of one of the component's roles, or of its instance profile.", _SERVICE),
    Word("logins", "The logins of a database: `CONSUMER.REQUIREMENT` to user, database and secret.", _SERVICE),
    Word("{alarms,failures}", "What all components say about alarms, or about failures.", _SERVICE),
    Word("on_destroy", "What happens to data when it is destroyed.", _SERVICE),
    Word("aws.{name,prefix}", "What the component is called; what all names of the stack begin with.", _SERVICE),
    Word("aws.{account,region,partition,domain}", "Where on AWS the stack is.", _SERVICE),
    Word("aws.{namespace,log_days}", "The stack's namespace in the cluster; days to keep logs.", _SERVICE),
    Word("network.vpc_id", "The VPC.", _SERVICE),
    Word("network.{private,database,public}_subnet_ids", "Subnets of the VPC.", _SERVICE),
    Word("place.{name,security_group_id}", "The cluster; security group of its nodes or the machine.", _SERVICE),
    Word("cluster.{name,arn}", "The cluster, once it is there.", _SERVICE),
    Word("machine.instance_id", "The virtual machine.", _SERVICE),
)


def _sections(place: Place, below: str, paths: str, *given: str) -> Iterator[Section]:
    return (Section(f"{below}{each}", place, given) for each in paths.split())


SECTIONS = (
    *_sections("machine", "", "client.env.* page"),
    *_sections("machine", "", "provides.*.*", WIRE),
    *_sections(
        "machine", "run.local.", "path.* env.* files.* processes.*.command.** processes.*.env.* grants.*.creates"
    ),
    *_sections("machine", "run.local.setup.*.", "command.** env.* creates"),
    *_sections("machine", "run.local.ready.*.", "command.** env.* creates"),
    *_sections("machine", "run.local.", "provides.*.* grants.*.command.** grants.*.env.*", WIRE),
    *_sections("cluster", "", "client.env.* provides.*.*", WIRE),
    *_sections("cluster", "run.kubernetes.", "charts.*.values.** charts.*.pods.*", CHART),
    *_sections("cluster", "run.kubernetes.workloads.*.", "image command.** env.* secret_env.*.* files.* volume.size"),
    *_sections(
        "cluster", "run.kubernetes.workloads.*.", "cpu memory memory_limit gpus replicas autoscale.max schedule"
    ),
    *_sections("cluster", "run.kubernetes.workloads.*.beside.*.", "image command.** env.* cpu memory memory_limit"),
    *_sections("cluster", "run.kubernetes.", "objects.** pods.*.* secrets.*.* places.*.host existing.secret"),
    *_sections("cluster", "run.kubernetes.", "provides.*.* existing.provides.*.* credentials.*.* grants.*.**", WIRE),
    *_sections("cluster", "run.kubernetes.", "client_env.* client_secret_env.*.*", WIRE),
    *_sections("service", "", "client.env.* provides.*.*", WIRE),
    *_sections("service", "run.aws.", "inputs.** existing.outputs.* alarms.*.** failures.** administrator"),
    *_sections("service", "run.aws.", "machine_settings.* role.source roles.*.source"),
    *_sections("service", "run.aws.", "statements.*.resources.* statements.*.conditions.**"),
    *_sections("service", "run.aws.role.statements.*.", "resources.* conditions.**"),
    *_sections("service", "run.aws.roles.*.statements.*.", "resources.* conditions.**"),
    *_sections("service", "run.aws.grants.*.*.*.", "resources.* conditions.**", WIRE),
)


def names(
    tool: Tool,
    folder: Path,
    find_capability: Callable[[str], Capability | None],
    place: Place,
    given: Iterable[str] = (),
) -> frozenset[str]:
    """Return every name that means something for a tool in a place; `PREFIX.*` is any name that begins so."""
    local = tool.run.local
    there = {"", *given, *([LOCK] if local and local.requirements else ())}
    words = [name for each in WORDS if place in each.places and each.needs in there for name in each.names]
    fillers = _fillers(tool, folder, find_capability)
    return frozenset(_HOLE.sub(each, word) for word in words for each in _filling(word, fillers))


def is_among(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name is one of `known`."""
    return name in known or f"{name.partition('.')[0]}.*" in known


def _filling(word: str, fillers: Mapping[str, Iterable[str]]) -> Iterable[str]:
    hole = _HOLE.search(word)
    return fillers[hole[0]] if hole else ("",)


def _fillers(
    tool: Tool, folder: Path, find_capability: Callable[[str], Capability | None]
) -> Mapping[str, Iterable[str]]:
    def attributes(capability: str) -> Iterable[str]:
        found = find_capability(capability)
        return (*found.attributes, *found.further) if found else ("*",)

    kubernetes, aws = tool.run.kubernetes, tool.run.aws
    wired = [f"{name}.{each}" for name, one in tool.requires.items() for each in attributes(one.capability)]
    return {
        "SETTING": tool.settings,
        "SECRET": tool.secrets,
        "ENDPOINT": tool.endpoints,
        "REQUIREMENT": tool.requires,
        "REQUIREMENT.ATTRIBUTE": wired,
        "FILE": [each.name for each in folder.iterdir() if each.is_file()],
        "HELD": kubernetes.secrets if kubernetes else (),
        "ENTRY": kubernetes.existing.keys if kubernetes and kubernetes.existing else (),
        "WIRED": [each for capability in tool.provides for each in attributes(capability)],
        "ROLE": ("main", *(aws.roles if aws else ())),
        "OUTPUT": ("*",),
    }
