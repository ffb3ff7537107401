"""Write a commented stack file, and the project around it where the template has one."""

import re
from collections.abc import Iterator
from pathlib import Path

from platinfra.diagnostics import ActionError, Diagnostic, PlatinfraError, did_you_mean, join_names
from platinfra.model.workspace import DEFAULT_FILE
from platinfra.spec.rules import is_name

_YAML_WORDS = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false", "null"})
"""What YAML does not read as text."""
_FOLDER = Path(__file__).parent.parent / "templates"
_LEFT_BEHIND = frozenset({".platinfra", "workspace", "__pycache__", ".pytest_cache"})


def templates() -> dict[str, str]:
    """Return the templates: name to the sentence in the first line of its stack file."""
    named = {each.stem: each for each in _FOLDER.glob("*.yaml")}
    named |= {each.parent.name: each for each in _FOLDER.glob(f"*/{DEFAULT_FILE}")}
    return {name: named[name].read_text().partition("\n")[0].lstrip("# ") for name in sorted(named)}


def init(template: str, name: str | None, folder: Path, *, force: bool = False) -> list[Path]:
    """
    Write `platinfra.yaml` from a template, and the project around it where the template is a folder.

    Return what was written, the stack file first. Raise PlatinfraError when a file exists or there is no such template.
    """
    known = templates()
    if template not in known:
        hint = did_you_mean(template, known) or f"templates: {join_names(known)}"
        raise PlatinfraError(Diagnostic("unknown-template", f"unknown template `{template}`", hint=hint))
    project = _FOLDER / template
    if not project.is_dir():
        return [write((_FOLDER / f"{template}.yaml").read_text(), name, folder, force=force)]
    around = [each for each in _files_of(project) if each != DEFAULT_FILE]
    for each in (DEFAULT_FILE, *around):
        _require_absent(folder / each, str(each), force=force)
    text = re.sub("^name: .*", "name: NAME", (project / DEFAULT_FILE).read_text(), count=1, flags=re.MULTILINE)
    stack = write(text, name, folder, force=force)
    return [stack, *(_copy(project / each, folder / each) for each in around)]


def _files_of(project: Path) -> Iterator[Path]:
    """Yield the files of a project by their place in it, without what runs of it left behind."""
    for each in sorted(project.rglob("*")):
        place = each.relative_to(project)
        if each.is_file() and _LEFT_BEHIND.isdisjoint(place.parts):
            yield place


def _copy(source: Path, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    except OSError as error:
        raise _not_written(target, error) from None
    return target


def _require_absent(target: Path, name: str, *, force: bool) -> None:
    if target.exists() and not force:
        raise PlatinfraError(Diagnostic("file-exists", f"`{name}` already exists", hint="overwrite it with `--force`"))


def _not_written(target: Path, error: OSError) -> ActionError:
    return ActionError(Diagnostic("file-not-written", f"cannot write `{target}`: {error.strerror or error}"))


def write(text: str, name: str | None, folder: Path, *, force: bool) -> Path:
    """Write a stack file under a name made from the folder's; raise PlatinfraError when there is one."""
    if name is not None and (not is_name(name) or name in _YAML_WORDS):
        hint = "lower-case letters, digits and dashes, at most 30, beginning with a letter"
        raise PlatinfraError(Diagnostic("invalid-name", f"`{name}` is not a valid stack name", hint=hint))
    target = folder / DEFAULT_FILE
    _require_absent(target, target.name, force=force)
    try:
        target.write_text(text.replace("NAME", name or stack_name(folder.absolute().name), 1))
    except OSError as error:
        raise _not_written(target, error) from None
    return target


def stack_name(folder: str) -> str:
    """Return a valid stack name that resembles a folder's name."""
    letters = "".join(each if each.isascii() and each.isalnum() else "-" for each in folder.lower())
    name = "-".join(part for part in letters.strip("-0123456789").split("-") if part)[:30].strip("-") or "my-stack"
    return f"{name}-stack" if name in _YAML_WORDS else name


def questionnaire() -> list[tuple[str, str, list[str]]]:
    """Return what `init --ask` asks: stage, summary and the tools that run on this machine, those of the template first."""
    from platinfra.app.tools import tools
    from platinfra.catalog.catalog import Catalog

    usual = set(re.findall(r"[a-z][a-z0-9-]*", (_FOLDER / "local.yaml").read_text().partition("stack:")[2]))
    lines = sorted(tools(target="local").tools, key=lambda line: line.name not in usual)
    stages = [each for each in Catalog().capabilities() if each.stage]
    asked = [(each.name, each.summary, [line.name for line in lines if each.name in line.stages]) for each in stages]
    return [each for each in asked if each[2]]


def asks_for_model(tool: str) -> bool:
    """Tell whether a tool has to be told which model it serves."""
    from platinfra.catalog.catalog import Catalog

    return "model" in Catalog().get(tool).settings


def compose_file(answers: dict[str, str], model: str) -> str:
    """Return a stack file for the chosen tools; `model` is the one to serve, or nothing where no tool asks for it."""
    lines = ["# A platinfra stack: start it with `platinfra up`.", "name: NAME", "provider: {name: local}", "stack:"]
    for stage, tool in answers.items():
        use = f"{{{tool}: {{settings: {{model: {model}}}}}}}" if model and stage == "model_serving" else tool
        lines.append(f"  {stage}: [{use}]")
    return "\n".join(lines) + "\n"
