"""
The virtual machine of `cloud_vm`: it runs the same stack as a laptop, with its database and object store on AWS.

What it needs to know lies in a bucket of its own: a stack file for the local target, platinfra itself, and the lock of
what platinfra needs. The machine looks there every two minutes, so a changed stack needs no new machine. No secret is in
any of it: the machine's role fetches secrets when the stack starts, and each tool gets credentials of its own role.
"""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platinfra.catalog.versions import VERSION
from platinfra.model.graph import Component
from platinfra.model.reference import Reference, Text, parse, references
from platinfra.model.template import ABSENT
from platinfra.targets.aws import documents, labels
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.terraform_json import with_holes

if TYPE_CHECKING:
    from tarfile import TarInfo

RELEASE = "release"
PACKAGE, PROJECT, STACK_FILE = "platinfra.tar.gz", "requirements.lock.txt", "platinfra.yaml"
_PACKAGE = Path(__file__).parent.parent.parent
_FILES = Path(__file__).parent / "machine_files"
_FIRST_BOOT = Path(__file__).with_name("first_boot.sh")
_NAMES = ("credentials.py", "environment", "install.sh", "platinfra", "platinfra.lock.txt", "platinfra.service")
"""The files of the folder that a release takes: pip compiles what it installs, so that there may be more."""
_HOME = f"/opt/platinfra/{RELEASE}"
"""Where the release lies on the machine."""
_SKIPPED = frozenset({"__pycache__", "modules", "machine_files"})
"""Parts of platinfra that the machine does not need, wherever they lie."""
_TEMPLATES = "templates"
"""Projects for people to begin with: in a checkout a link to an example, elsewhere files."""


def release(values: AwsValues, key_arn: Any) -> dict[str, Any]:
    """Return the inputs of the module that puts a release where the machine finds it."""
    place = values.facts.place
    facts = {"region": place.region.name, "roles": _role_arns(values), "own": _administrators(values)}
    return {
        "source": "./modules/release",
        "name": f"{place.name(RELEASE)}-{place.account}",
        "tags": place.tags("machine"),
        "key_arn": key_arn,
        "texts": {
            STACK_FILE: stack_file(values),
            "machine.json": json.dumps(facts, indent=1),
            "aws.config": _AWS_CONFIG.format(region=place.region.name, home=_HOME),
            **schedule_units(values),
        },
        "files": sorted([*release_files(None), *([PROJECT] if values.graph.project else [])]),
        "folder": (Reference(("path", "root")), f"/{RELEASE}"),
    }


def schedule_units(values: AwsValues) -> dict[str, str]:
    """Return the units of what the machine does by itself for its components, such as a backup at night."""
    found = {}
    for component in values.graph.components.values():
        recipe = values.tool(component).run.local if component.place == "machine" else None
        for each in recipe.maintenance if recipe else ():
            if each.schedule and not _unbound(component, values, each.env.values()):
                command = " ".join(each.command)
                unit = f"platinfra-scheduled-{component.name}-{command.replace(' ', '-')}"
                known = {"component": component.name, "command": command, "schedule": each.schedule}
                found[f"{unit}.service"] = _SCHEDULED_SERVICE.format(**known)
                found[f"{unit}.timer"] = _SCHEDULED_TIMER.format(**known)
    return found


def _unbound(component: Component, values: AwsValues, texts: Iterable[str]) -> bool:
    """Tell whether texts mention a requirement of a component that nothing meets."""
    mentioned = {each.path[0] for text in texts for each in references(parse(text))}
    bound = {each.name for each in values.graph.bindings_of(component.name)}
    return bool(mentioned & values.tool(component).requires.keys() - bound)


def release_files(project: Path | None) -> dict[str, bytes]:
    """Return the files of a release: scripts, units, platinfra itself, and the lock of the project's code."""
    files = {name: (_FILES / name).read_bytes() for name in _NAMES}
    files[PACKAGE] = package()
    if project is not None:
        files[PROJECT] = project.read_bytes()
    return files


def package() -> bytes:
    """Return platinfra itself as an archive; the same code always gives the same bytes."""
    return _pack(_PACKAGE)


@cache
def _pack(package: Path) -> bytes:
    """Return a package as an archive; a command renders a machine several times."""
    import gzip
    import io
    import tarfile

    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for file in sorted(package.rglob("*")):
            name = file.relative_to(package)  # the folders above may be called anything
            if file.is_file() and name.parts[0] != _TEMPLATES and not _SKIPPED.intersection(name.parts):
                archive.add(file, f"platinfra/{name}", filter=_anonymous)
    return packed.getvalue()


def _anonymous(entry: "TarInfo") -> "TarInfo":
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o644
    return entry


def bucket(values: AwsValues) -> str:
    """Return the name of the bucket that holds the release."""
    return f"{values.facts.place.name(RELEASE)}-{values.facts.place.account}"


def user_data(values: AwsValues) -> str:
    """Return the script of the first boot; it fetches the rest and holds no secret."""
    place = values.facts.place
    script = _FIRST_BOOT.read_text(encoding="utf-8")
    return script.format(region=place.region.name, bucket=bucket(values), stack=place.stack)


def stack_file(values: AwsValues) -> Text:
    """Return the stack file of the machine: the same tools, with the services of AWS bound by their addresses."""
    place, graph = values.facts.place, values.graph
    stack: dict[str, list[Any]] = {}
    for component in graph.components.values():
        if values.tool(component).run.local is None:  # a service that nothing on the machine names
            continue
        capabilities = component.stages or tuple(values.tool(component).provides)
        for capability in capabilities:
            stack.setdefault(capability, []).append(_use(component, values))
    data: dict[str, Any] = {"name": place.stack, "provider": {"name": "local"}, "stack": stack}
    if graph.project:
        data["project"] = {"requirements": PROJECT}
    return with_holes(data)


def _use(component: Component, values: AwsValues) -> Any:
    known, place = values.tool(component).settings, component.place
    own = {key: each for key, each in component.settings.items() if place != "service" and place in known[key].places}
    settings = {**own, **_machine_settings(component, values)}
    product, _, version = component.tool.partition(VERSION)
    name = component.name if component.name != product else None
    options = {"as": name, "version": version, "settings": settings, "bind": _bind(component, values)}
    return {product: {key: each for key, each in options.items() if each}}


def _machine_settings(component: Component, values: AwsValues) -> dict[str, Any]:
    """Return how a service of AWS is named on the machine."""
    told = values.facts.recipe(component).machine_settings
    found = {name: values.value(each, component) for name, each in told.items()}
    return {name: each for name, each in found.items() if each is not ABSENT and each != ""}


def _bind(component: Component, values: AwsValues) -> dict[str, str]:
    """Return a component's providers on the machine; requirements with several are bound to the same ones again."""
    requires = values.tool(component).requires
    bound = [each for each in values.graph.bindings_of(component.name) if each.name in requires]
    names = Counter(each.name for each in bound)
    return {
        each.name: each.provider
        for each in bound
        if names[each.name] == 1 and values.tool(values.graph.components[each.provider]).run.local is not None
    }


def policy(values: AwsValues) -> dict[str, Any]:
    """Return what the machine itself may do: fetch its release and its secrets, and act as its components."""
    place = values.facts.place
    name = bucket(values)
    statements: list[dict[str, Any]] = [
        documents.statement("ReadRelease", ["s3:GetObject"], [f"arn:{place.region.partition}:s3:::{name}/*"]),
        documents.statement("ListRelease", ["s3:ListBucket"], [f"arn:{place.region.partition}:s3:::{name}"]),
        documents.statement(
            "FetchSecrets",
            ["secretsmanager:GetSecretValue"],
            [place.arn("secretsmanager", f"secret:{place.prefix}/*")],
        ),
    ]
    arns = sorted(_role_arns(values).values())
    if arns:
        statements.append(documents.statement("ActAsComponents", ["sts:AssumeRole"], arns))
    return documents.policy(statements)


def policy_by_id(values: AwsValues, key_arn: Any) -> dict[str, Any]:
    """Return what names ids that AWS chooses: the stack's key, and the administrator of its databases."""
    key = key_arn if isinstance(key_arn, tuple) else (key_arn,)
    found = [documents.statement("DecryptOwn", ["kms:Decrypt"], [key])]
    databases = [
        (Reference(("module", labels.component(each), "master_secret_arn")),) for each in _administrators(values)
    ]
    if databases:
        found.append(documents.statement("AdministerDatabases", ["secretsmanager:GetSecretValue"], databases))
    return documents.policy(found)


def _administrators(values: AwsValues) -> list[str]:
    """Return the components whose grants need the machine's own role: databases, where they make logins."""
    return [
        each.name
        for each in values.graph.components.values()
        if values.facts.module_called(each) and any(map(values.facts.has_logins, values.tool(each).provides))
    ]


def _role_arns(values: AwsValues) -> dict[str, str]:
    """Return component to the role that it acts as."""
    from platinfra.targets.aws.roles import roles

    components = values.graph.components
    return {
        role.component: values.facts.place.role_arn(role.name)
        for role in roles(values)
        if not components[role.component].is_service
    }


_SCHEDULED_SERVICE = """[Unit]
Description={component}: {command}
After=platinfra.service
RequiresMountsFor=/var/lib/platinfra
StartLimitIntervalSec=6h
StartLimitBurst=5

[Service]
Type=oneshot
User=platinfra
WorkingDirectory=/var/lib/platinfra
EnvironmentFile=/opt/platinfra/release/environment
ExecStart=/opt/platinfra/venv/bin/python -m platinfra run --as {component} -- {command}
Restart=on-failure
RestartSec=10min
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/var/lib/platinfra -/run/platinfra
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
"""
_SCHEDULED_TIMER = """[Unit]
Description={component}: {command}, by schedule

[Timer]
OnCalendar={schedule}
Persistent=true
RandomizedDelaySec=15min

[Install]
WantedBy=timers.target
"""
_AWS_CONFIG = """[default]
region = {region}
credential_process = /opt/platinfra/venv/bin/python -I {home}/credentials.py {home}/machine.json
"""
