"""The variables of a stack's clients, as shells and editors read them."""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.drivers.files import LocalFiles
from platinfra.drivers.git import would_commit

Variables = Mapping[str, str]

_PLAIN = re.compile(r"[\w@%+=:,./-]*", re.ASCII)
_AMBIGUOUS = re.compile(r"[\x00-\x1f\x7f\\]|\$\{")
"""What the readers of `.env` files take in different ways: several lines, escapes and references to other variables."""


def text(kind: str, variables: Variables, path: str) -> str:
    """
    Return variables in one of `FORMATS`; `path` is the PATH on which the clients' Python is found.

    Raises PlatinfraError for a value that the format has no certain form for.
    """
    return FORMATS[kind](variables, path)


def write(file: Path, content: str, *, replace: bool) -> None:
    """Write a file that only its owner reads; raise PlatinfraError for one that Git would take, or that is there already."""
    if would_commit(file):
        hint = f"add `{file.name}` to .gitignore (a file that is committed already: `git rm --cached` first), or name a file elsewhere"
        raise PlatinfraError(
            Diagnostic("secrets-in-git", f"`{file}` would hold secrets, and Git does not ignore it", hint=hint)
        )
    if file.exists() and not replace:
        hint = "`--force` replaces it; without `--output` the content is printed, for you to copy from"
        raise PlatinfraError(Diagnostic("file-exists", f"`{file}` exists", hint=hint))
    LocalFiles().write(file.absolute(), content)


def _shell(variables: Variables, _: str) -> str:
    return "".join(f"export {key}={shlex.quote(value)}\n" for key, value in variables.items())


def _json(variables: Variables, _: str) -> str:
    return json.dumps(dict(variables), indent=2, ensure_ascii=False) + "\n"


def _dotenv(variables: Variables, _: str) -> str:
    return "".join(f"{key}={_quote(key, value)}\n" for key, value in variables.items())


def _quote(key: str, value: str) -> str:
    """Return a value as python-dotenv, VS Code, PyCharm and Docker read it alike."""
    if _PLAIN.fullmatch(value):
        return value
    if not _AMBIGUOUS.search(value):
        if "'" not in value:
            return f"'{value}'"
        if not set('"$`') & set(value):
            return f'"{value}"'
    message = f"the value of `{key}` has characters that the readers of .env files take in different ways"
    hint = 'start the program in `platinfra run`, or in a shell after `eval "$(platinfra env)"`'
    raise PlatinfraError(Diagnostic("not-for-dotenv", message, hint=hint))


def _vscode(variables: Variables, path: str) -> str:
    """Return settings of a workspace: the interpreter, and the variables of its terminals, in which it runs and debugs."""
    system = "osx" if sys.platform == "darwin" else "linux"
    python = shutil.which("python", path=path)
    settings = {
        **({"python.defaultInterpreterPath": python} if python else {}),
        f"terminal.integrated.env.{system}": dict(variables),
    }
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def _pycharm(variables: Variables, _: str) -> str:
    """Return the template of PyCharm's run configurations: new ones get its variables."""
    top = ET.Element("component", name="ProjectRunConfigurationManager")
    kind = {"default": "true", "type": "PythonConfigurationType", "factoryName": "Python"}
    template = ET.SubElement(top, "configuration", kind)
    ET.SubElement(template, "option", name="PARENT_ENVS", value="true")
    envs = ET.SubElement(template, "envs")
    for key, value in variables.items():
        ET.SubElement(envs, "env", name=key, value=value)
    ET.SubElement(template, "method", v="2")
    ET.indent(top)
    return ET.tostring(top, encoding="unicode") + "\n"


FORMATS: dict[str, Callable[[Variables, str], str]] = {
    "shell": _shell,
    "json": _json,
    "dotenv": _dotenv,
    "vscode": _vscode,
    "pycharm": _pycharm,
}
