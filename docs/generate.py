"""Write the reference pages and the README's table; the same catalog and code always give the same text."""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from platinfra.app.explain import NOWHERE, explanations
from platinfra.app.schema import schema
from platinfra.app.tools import targets_of
from platinfra.catalog.capability import Capability, Requirement
from platinfra.catalog.catalog import Catalog
from platinfra.catalog.machine import Needs
from platinfra.catalog.schema import NoRoute, Setting, Tool
from platinfra.catalog.vocabulary import SECTIONS, WORDS
from platinfra.cli.lazy import SUMMARIES
from platinfra.cli.main import cli
from platinfra.model.ground import PLACES, Place
from platinfra.model.targets import OWN, grounds

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import tools_page  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
CHARTS = ROOT / "tests" / "kubernetes" / "chart_keys"
FINDINGS = ROOT / "docs" / "findings.yaml"
NOTE = "<!-- Written by `make docs`; change the code, the catalog or docs/generate.py instead. -->"
BEGIN, END = "<!-- tools:begin -->", "<!-- tools:end -->"


def main() -> None:
    """Write everything that is generated."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")


def pages() -> dict[Path, str]:
    """Return the reference pages by path."""
    made = {
        "commands": commands(),
        "stack-file": stack_file(),
        "tool-yaml": tool_yaml(),
        "stages-and-tools": stages_and_tools(),
        "tools": tools_page.lines(table),
        "errors": errors(),
        "findings": findings(),
    }
    return {REFERENCE / f"{name}.md": page(lines) for name, lines in made.items()}


def findings() -> Iterator[str]:
    """Yield what was found where nobody had prepared the ground, with the tests that would have found it."""
    yield from (
        "# What real ground taught",
        "",
        "The product was tried on a real Kubernetes control plane with real charts (K), its rendered stacks were compared with what AWS documents",
        "(A, permissions: I), and public reports of such tools were replayed in an ordinary project (F). Each finding has the tests that would have found it,",
        "or the decision against it.",
        "",
        *tried(),
        "## Findings",
        "",
        "| | what was wrong | tests |",
        "|---|---|---|",
    )
    tests = tests_of_findings()
    for key, each in yaml.safe_load(FINDINGS.read_text(encoding="utf-8")).items():
        decided = [f"[decided otherwise](../adr/{each['adr']}.md)"] if "adr" in each else []
        yield f"| {key} | {each['what']} | {', '.join([*tests.get(key, []), *decided]) or '**open**'} |"


def tried() -> Iterator[str]:
    """Yield what ran for real and what never did; of charts, when each was rendered last."""
    records = [json.loads(each.read_text(encoding="utf-8")) for each in sorted(CHARTS.glob("*.json"))]
    when: dict[str, list[str]] = {}
    for each in records:
        when.setdefault(each.get("rendered", ""), []).append(f"{each['chart']} {each['version']}")
    never = when.pop("", [])
    yield from (
        "## What was tried, and what never was",
        "",
        "* Real processes: every tool that runs [on this machine](stages-and-tools.md), by the tests.",
        "* A real Kubernetes API server took the objects of 40 tools with the admission that it has; no node ran their pods there. Tests use a stand-in",
        "  for it, which was compared with what the real one answered.",
    )
    yield from (
        f"* The real charts, rendered on {day} by `make charts`: {', '.join(each)}."
        for day, each in sorted(when.items())
    )
    yield from (
        f"* Never rendered here: the real charts of {', '.join(each)}; only their values were compared."
        for each in [never]
        if each
    )
    yield from (
        "* AWS: Terraform's real provider (5.100) applied, changed and removed every module, and real clients used the result under its policies, all",
        "  against [moto](https://docs.getmoto.org), a stand-in. Never tried: a real account, a real load balancer, DNS delegation and certificates,",
        "  nodes that Karpenter or an autoscaler adds, GPUs, version 6 of the provider.",
        "* Never tried: the units of systemd on a machine in EC2 under a real systemd, Windows, macOS.",
        "",
    )


def tests_of_findings() -> dict[str, list[str]]:
    """Return the tests that are marked with a finding, by its id, as file and function."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body if "mark.finding(" in text else []:
            for key in _findings_of(node):
                place = file.relative_to(ROOT / "tests").as_posix()
                found.setdefault(key, []).append(f"`{place}::{getattr(node, 'name', '')}`")
    return found


def _findings_of(node: ast.stmt) -> Iterator[str]:
    for each in getattr(node, "decorator_list", []):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "pytest.mark.finding":
            yield from (str(ast.literal_eval(argument)) for argument in each.args)


def page(lines: Iterator[str]) -> str:
    """Return a page: the title first, then where it comes from."""
    title, *rest = lines
    return re.sub(r"\n{3,}", "\n\n", "\n".join([title, "", NOTE, "", *rest]).rstrip()) + "\n"


def with_table(readme: str) -> str:
    """Return the README with the table of tools between its two marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([f"{before}{BEGIN}", *tools_table(), f"{END}{after}"])


def tools_table() -> Iterator[str]:
    """Yield what works where, stage by stage."""
    rows: list[list[str]] = []
    catalog = Catalog()
    tested = tested_tools()
    stages = {each.name for each in catalog.capabilities() if each.stage}
    for stage in sorted(stages):
        tools = catalog.providers(stage)
        cells = [
            ", ".join(mark(each, place, tested) for each in tools if stands_on(each, place, stage)) for place in PLACES
        ]
        rows.append([link(stage), *(each or "–" for each in cells)])  # noqa: RUF001
    yield from table(["stage", "this machine", "a cluster", "a service of AWS"], rows)
    names = ", ".join(each.name for each in catalog.tools() if each.no_route)
    yield f"\n[Other names](docs/reference/stages-and-tools.md#other-names), of what platinfra does not run and why: {names}."


def link(stage: str) -> str:
    """Return the link from the README to a stage's reference."""
    return f"[{stage}](docs/reference/stages-and-tools.md#{stage})"


def stands_on(tool: Tool, place: Place, stage: str) -> bool:
    """Tell whether platinfra brings a tool up in a place to fill a stage, on one target at least."""
    offered = [each for found in grounds().values() for each in found]
    return any(tool.runs_on(each, stage) and tool.find_place(each) == place for each in offered)


def mark(tool: Tool, place: Place, tested: frozenset[str]) -> str:
    """Return a tool's name; bold where real processes of it were tested."""
    return f"**{tool.name}**" if place == "machine" and tool.name in tested else tool.name


def tested_tools() -> frozenset[str]:
    """Return the tools that the live tests have proved; they write the list."""
    file = ROOT / "docs" / "tested.txt"
    return frozenset(file.read_text(encoding="utf-8").split()) if file.is_file() else frozenset()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a Markdown table."""
    yield row(header)
    yield row(["---"] * len(header))
    yield from (row(each) for each in rows)


def row(cells: Sequence[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def commands() -> Iterator[str]:
    """Yield every command with its help."""
    yield "# Commands"
    yield "What each command prints with `--help`. Data goes to stdout and talk to stderr."
    yield ""
    yield "Most commands look for `platinfra.yaml` here or in a folder above; `--env` chooses an environment of it."
    yield "\n## Exit codes\n"
    yield from table(["code", "meaning"], EXIT_CODES)
    yield "\n## Environment variables\n"
    yield from table(["variable", "effect"], VARIABLES)
    for name in SUMMARIES:
        yield f"\n## {name}\n"
        yield from ("```text", help_of(name), "```")


EXIT_CODES = (
    ("0", "done"),
    ("1", "an action failed, or something that was looked at is not well"),
    ("2", "the input is wrong, and nothing was touched"),
    ("3", "`plan --exit-code`: there are changes; `drift --exit-code`: something was changed by hand"),
    ("70", "a mistake in platinfra; please report it"),
    ("130", "interrupted; the next command goes on from there"),
)
VARIABLES = (
    ("`PLATINFRA_CACHE_DIR`", "folder of the tools' environments, shared by all stacks of a user"),
    ("`PLATINFRA_DEBUG`", "a mistake in platinfra prints its traceback"),
    ("`UV_CACHE_DIR`", "folder of downloaded packages"),
    ("`UV_OFFLINE`", "`1`: install from the cache alone, never from the network"),
    ("`UV_DEFAULT_INDEX`, `UV_INDEX_URL`", "the package index that environments are installed from"),
    ("`AWS_PROFILE`, `AWS_REGION`, …", "the credentials for AWS, as the AWS command line takes them"),
    ("`PLATINFRA_TERRAFORM`", "the program of Terraform or OpenTofu, where it is not on PATH"),
    ("`SSL_CERT_FILE`, `HTTPS_PROXY`, …", "certificates and proxies; handed on to uv and to every process"),
    ("`XDG_RUNTIME_DIR`", "where the supervisor's socket lies; the folder for temporary files otherwise"),
)


def help_of(name: str) -> str:
    """Return the help of a command at a fixed width."""
    return CliRunner().invoke(cli, [name, "--help"], prog_name="platinfra", terminal_width=100).output.rstrip()


def stack_file() -> Iterator[str]:
    """Yield every key of the stack file."""
    written = schema("stack")
    definitions = written["$defs"]
    yield "# Stack file"
    yield "A stack is one YAML file, `platinfra.yaml`. `platinfra schema` prints the JSON Schema for editors."
    yield ""
    yield "Keys may be written with dashes or underscores, and so may the names of tools."
    yield "Unknown keys are errors. Nothing is ever dropped silently."
    yield "\n## Top level\n"
    yield from keys(written)
    for title, name, text in STACK_PARTS:
        yield f"\n## {title}\n"
        yield f"{text}\n"
        yield from keys(definitions[name] if name else of_every_target(written, title))
    yield "\nThe stages and their tools: [stages and tools](stages-and-tools.md)."


STACK_PARTS = (
    ("provider", "", "Where the platform runs. Left out, it is this machine."),
    ("deployment", "", "How it runs there. Each provider has its own types, and keys of its own."),
    ("network", "Network", "The network on AWS: a new one, or an existing one."),
    ("cluster", "EksCluster", "The EKS cluster, with `type: kubernetes`."),
    ("gpu", "Gpu", "Nodes with GPUs."),
    ("routes", "Routes", "Hosts of pages in a cluster, and what leads there."),
    ("tls", "Tls", "Where the certificates of the hosts come from."),
    ("machine", "Ec2Machine", "The virtual machine, with `type: cloud_vm`."),
    ("sign-in", "SignIn", "How `users` get in on AWS: through the organisation's identity provider."),
    ("domain", "Domain", "The domain on AWS."),
    ("stack", "Stages", "Each stage is a list. An entry is a tool's name, or one name with options."),
    ("options of a tool", "UseOptions", "What may follow the name: `mlflow: {settings: {workers: 2}}`."),
    (
        "project",
        "Project",
        "The code that uses the stack. Without it, the client environment holds the tools' clients.",
    ),
    ("environments", "Override", "Each entry is a name and what differs there: `platinfra up --env NAME`."),
    (
        "users",
        "User",
        "Each entry is a person. On AWS each role is an IAM role; nothing enforces roles on this machine.",
    ),
)


def of_every_target(written: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """Return the keys of a section on all targets."""
    types = "; ".join(f"{name}: {', '.join(each.type for each in offered)}" for name, offered in grounds().items())
    every = {"name": {"enum": list(OWN)}, "type": {"type": "string", "description": f"{types}."}}
    found: dict[str, Any] = {}
    for each in written["properties"][section]["anyOf"]:
        found |= written["$defs"][each["$ref"].rpartition("/")[2]]["properties"]
    for key in found.keys() & every.keys():
        found[key] = {"default": found[key]["default"], "description": found[key]["description"], **every[key]}
    return {"properties": found}


def tool_yaml() -> Iterator[str]:
    """Yield every key of tool.yaml."""
    written = schema("tool")
    yield "# tool.yaml"
    yield "One folder with a `tool.yaml` adds a tool: see [add a tool](../how-to/add-a-tool.md)."
    yield "`platinfra schema tool` prints the JSON Schema for editors."
    yield from vocabulary()
    yield "\n## Tool\n"
    yield f"{written['description']}\n"
    yield from keys(written)
    for name, definition in written["$defs"].items():
        yield f"\n## {name}\n"
        yield f"{definition['description']}\n"
        yield from keys(definition)


def vocabulary() -> Iterator[str]:
    """Yield the names that references may mention, and the keys whose texts may have references."""
    yield "\n## References\n"
    yield "`${…}` fetches a value. What mentions something that is not there, such as an optional requirement that is unbound,"
    yield "disappears: a key, an item of a list, a group of `command`. `$$` is a dollar sign."
    yield ""
    yield "Words in capitals are names of the tool's own: of a setting, an endpoint, a requirement. Braces are a choice."
    yield "A `tool.yaml` that mentions anything else is refused when it is loaded, with the line.\n"
    rows = []
    for each in WORDS:
        marks = ["✓" if place in each.places else "" for place in PLACES]
        rows.append([f"`{each.name}`", *marks, f"{each.meaning}{NEEDS[each.needs]}"])
    yield from table(["name", *PLACES, "meaning"], rows)
    yield "\nThese keys may have references, to the names of one place each. `*` is any key, `**` whatever is below.\n"
    found: dict[tuple[str, str], list[str]] = {}
    for section in SECTIONS:
        given = ", ".join(NEEDS[each].strip(" ().") for each in section.given)
        found.setdefault((section.place, given), []).append(f"`{section.path}`")
    yield from table(
        ["place", "beside the others", "keys"],
        [[place, given, ", ".join(paths)] for (place, given), paths in found.items()],
    )


NEEDS = {
    "": "",
    "wire": " (Where a wire is granted.)",
    "chart": " (In a chart.)",
    "lock": " (With `requirements`.)",
    "packages": " (With `packages`.)",
}


def keys(definition: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the keys of one JSON Schema object."""
    required = definition.get("required", ())
    rows = []
    for name, each in definition["properties"].items():
        if "-" in name:
            continue
        default = "required" if name in required else default_of(each)
        kind = (
            f"[{name}](#{name})"
            if "$ref" in str(each.get("anyOf")) and name in {"provider", "deployment"}
            else kind_of(each)
        )
        rows.append([f"`{name}`", kind, default, each.get("description", "")])
    yield from table(["key", "type", "default", "meaning"], rows)


def default_of(definition: Mapping[str, Any]) -> str:
    """Return the default of a key, or nothing."""
    default = definition.get("default")
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default in (None, {}, []) else f"`{default}`"


def kind_of(definition: Mapping[str, Any]) -> str:
    """Return the type of a key in words."""
    if "$ref" in definition:
        return reference(definition["$ref"].rpartition("/")[2])
    if "enum" in definition:
        return ", ".join(f"`{each}`" for each in definition["enum"])
    if "anyOf" in definition:
        kinds = dict.fromkeys(kind_of(each) for each in definition["anyOf"] if each.get("type") != "null")
        return " or ".join(kinds)
    return container(definition)


def container(definition: Mapping[str, Any]) -> str:
    """Return the type of a key that may hold others."""
    match definition.get("type"):
        case "array" if "title" in definition and "anyOf" in definition.get("items", {}):
            return "list of tools"
        case "array":
            return f"list of {kind_of(definition['items'])}"
        case "object" if isinstance(definition.get("additionalProperties"), dict):
            return f"name → {kind_of(definition['additionalProperties'])}"
        case kind:
            return str(kind or "mapping")


def reference(name: str) -> str:
    """Return the name of a nested object, as a link to its heading."""
    headings = {part: title for title, part, _ in STACK_PARTS if part}
    anchor = headings.get(name, name).lower().replace(" ", "-")
    return f"[{headings.get(name, name)}](#{anchor})"


def stages_and_tools() -> Iterator[str]:
    """Yield every capability, tool and setting."""
    catalog = Catalog()
    capabilities, known = catalog.capabilities(), list(catalog.tools())
    tools = [each for each in known if not each.no_route]
    yield "# Stages and tools"
    yield "A stage is filled with tools in the stack file. The other capabilities are met by the target's default."
    for title, stage in (("Stages", True), ("Infrastructure", False)):
        yield f"\n## {title}"
        for each in capabilities:
            if each.stage is stage:
                yield from capability_lines(each, tools)
    yield "\n## What is proved"
    yield from proofs(capabilities, tools)
    yield "\n## Tools"
    for tool in tools:
        yield from tool_lines(tool, catalog)
    yield "\n## Other names\n"
    yield "People look for these names, and platinfra runs none of them: libraries, services of others, what has ended, and what a stack has or runs"
    yield "on already. A stack file that has one is refused with the same answer; `platinfra explain NAME` prints it.\n"
    yield from table(
        ["name", "what it is", "why platinfra does not run it", "what works"],
        [not_run(each, each.no_route) for each in known if each.no_route],
    )


def not_run(tool: Tool, known: NoRoute) -> list[str]:
    """Return the cells of what platinfra knows and does not run."""
    name = " ".join([f"**{tool.name}**", *([f"({', '.join(tool.aliases)})"] if tool.aliases else [])])
    instead = ", ".join(f"[{each}](#{each})" for each in known.instead)
    return [
        name,
        tool.summary,
        f"{known.reason} ([source]({known.source}), {known.checked})",
        "; ".join(filter(None, (known.advice, instead))),
    ]


def proofs(capabilities: Sequence[Capability], tools: Sequence[Tool]) -> Iterator[str]:
    """Yield how the proof of each stage is carried out today, for each of its tools in each place."""
    yield "\nA stage says how a check shows what it means. On this machine `platinfra check` does that, with real processes. A machine of AWS runs"
    yield "the same processes, but no test has brought up a real one. In a cluster and at a service of AWS nothing carries out the proof: what is"
    yield "rendered is compared with the wires. A tool may be in several columns.\n"
    rows = []
    for stage in (each for each in capabilities if each.stage):
        cells: dict[str, list[str]] = {each: [] for each in PROOFS}
        for tool in (each for each in tools if stage.name in each.provides):
            for proof in (PROOFS_OF_PLACES[each] for each in tool.places if tool.fills(stage.name, each)):
                cells[proof].append(f"[{tool.name}](#{tool.name})")
        rows.append([f"[{stage.name}](#{stage.name})", *(", ".join(each) or "–" for each in cells.values())])  # noqa: RUF001
    yield from table(["stage", *PROOFS], rows)


PROOFS_OF_PLACES: dict[Place, str] = {
    "machine": "run by `platinfra check`",  # the tests let no tool run on a machine without a check
    "cluster": "rendered only: in a cluster",
    "service": "rendered only: a service of AWS",
}
PROOFS = tuple(PROOFS_OF_PLACES.values())


def capability_lines(capability: Capability, tools: Sequence[Tool]) -> Iterator[str]:
    """Yield what is known of a capability."""
    yield f"\n### {capability.name}\n"
    yield f"{capability.summary}\n"
    providers = [f"[{each.name}](#{each.name})" for each in tools if capability.name in each.provides]
    yield f"* Tools: {', '.join(providers) or 'none yet'}"
    yield from (f"* {title}: {text}" for title, text in promised(capability) if text)
    verbs = ", ".join(f"`{each}`" for each in capability.access)
    default = ", ".join(f"`{each}`" for each in capability.default_access)
    yield f"* Access: {verbs} (unless a tool asks for less: {default})"
    yield f"* Tells its consumers: {', '.join(f'`{each}`' for each in capability.attributes)}"
    if capability.defaults:
        given = ", ".join(f"[{tool}](#{tool}) on {target}" for target, tool in capability.defaults.items())
        yield f"* Default: {given}"


def promised(capability: Capability) -> tuple[tuple[str, str | None], ...]:
    """Return what a capability promises its consumers, and how that is shown."""
    return ("What it means", capability.means), ("How a check shows it", capability.proof)


def tool_lines(tool: Tool, catalog: Catalog) -> Iterator[str]:
    """Yield what is known of a tool."""
    yield f"\n### {tool.name}\n"
    yield f"{tool.summary}\n"
    yield f"* Home: <{tool.homepage}> ({tool.license})"
    yield f"* Runs on: {', '.join(targets_of(tool)) or NOWHERE}"
    if tool.aliases:
        yield f"* Also called: {', '.join(tool.aliases)}"
    for stage, names in tool.twins.items():
        yield f"* Twins as {stage}: {' or '.join(f'[{each}](#{each})' for each in names)}"
    for where, reason in tool.limits.items():
        yield f"* Not on {where}: {reason}"
    for stage, reason in tool.not_for.items():
        yield f"* Not for {stage}: {reason}"
    for stage, reason in (tool.run.local.not_for if tool.run.local else {}).items():
        yield f"* Not for {stage} on a machine: {reason}"
    if tool.remarks:
        yield f"* Remark: {tool.remarks}"
    yield f"* Provides: {', '.join(f'[{each}](#{each})' for each in tool.provides)}"
    yield from requirement_lines(tool, catalog)
    if tool.run.local and tool.run.local.needs:
        yield from program_lines(tool.run.local.needs)
    for name, endpoint in tool.endpoints.items():
        yield f"* Listens on: {endpoint.port} (`{name}`), or the next free port"
    if tool.client.env:
        yield f"* Clients get: {', '.join(f'`{each}`' for each in tool.client.env)}"
    for name, setting in tool.settings.items():
        yield f"\n#### {tool.name}.{name}\n"
        yield f"{setting.help} {setting_text(setting)}"
        if setting.items:
            yield "\n".join(f"* `{each}`: {item.help} {setting_text(item)}" for each, item in setting.items.items())


def program_lines(needs: Needs) -> Iterator[str]:
    """Yield the programs that people install themselves, for each system or for all."""
    for system, where in (("linux", "a machine"), ("darwin", "macOS")):
        programs = [each for each in needs.programs.values() if each.systems[0] == system]
        if programs:
            needed = " and ".join(f"{' or '.join(each.names)} {each.bound}" for each in programs)
            yield f"* On {where} needs on `PATH`, installed by you: {needed} (`{needs.install[system]}`)"


def requirement_lines(tool: Tool, catalog: Catalog) -> Iterator[str]:
    """Yield what a tool needs."""
    for name, each in tool.requires.items():
        access = ", ".join(access_of(each, catalog))
        words = [word for word, is_so in (("optional", each.optional), ("every one", each.many)) if is_so]
        suffix = f" ({', '.join(words)})" if words else ""
        yield f"* Requires `{name}`: [{each.capability}](#{each.capability}), may {access}{suffix}"
        yield from (f"    * With `{tool}`: {remark}" for tool, remark in each.remarks.items())


def access_of(requirement: Requirement, catalog: Catalog) -> list[str]:
    """Return the verbs of a requirement; one that asks for none only uses its provider."""
    usual = catalog.capability(requirement.capability).default_access
    return (usual if requirement.access is None else requirement.access) or ["use it"]


def setting_text(setting: Setting) -> str:
    """Return type, default and limits of a setting."""
    if setting.type == "list":
        return "(list, default `[]`, of mappings with these keys)"
    default = "required" if setting.default is None else f"default `{default_text(setting.default)}`"
    limits = [f"at least {setting.minimum:g}"] if setting.minimum is not None else []
    limits += [f"at most {setting.maximum:g}"] if setting.maximum is not None else []
    choices = [f"one of {', '.join(f'`{each}`' for each in setting.choices)}"] if setting.choices else []
    needed = [f"needed on {', '.join(setting.needed)}"] if setting.needed else []
    needed += [f"needed in stage {', '.join(setting.needed_in)}"] if setting.needed_in else []
    return f"({', '.join([setting.type, default, *needed, *limits, *choices])})"


def default_text(value: object) -> str:
    """Return a default as it is written in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


def errors() -> Iterator[str]:
    """Yield every error with its explanation."""
    yield "# Errors"
    yield "Every problem has a slug: `error[unknown-tool]`. `platinfra explain SLUG` prints the same text."
    yield "A `warning[…]` does not stop a command."
    for slug, text in sorted(explanations().items()):
        yield f"\n## {slug}\n"
        yield text


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    main()
