"""The files of a self-contained Terraform folder."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from platinfra.targets.aws import machine
from platinfra.targets.aws.facts import AwsValues
from platinfra.targets.aws.root import Root, root

_MODULES = Path(__file__).parent / "modules"
_README = Path(__file__).parent / "README.md"
_NESTED = re.compile(r'source\s*=\s*"\.\./([a-z0-9_]+)"')
_SHIPPED = (".tf", ".md")


def render_folder(
    values: AwsValues, backend: Mapping[str, object] | None = None, project: Path | None = None
) -> tuple[Root, dict[str, bytes]]:
    """Return the root, and relative path to text of every file of the folder."""
    made = root(values)
    files = {"main.tf.json": made.text(backend).encode(), "README.md": _README.read_bytes()}
    for name, folder in _folders(made, values).items():
        for file in sorted(folder.iterdir()):
            if file.suffix in _SHIPPED:
                files[f"modules/{name}/{file.name}"] = file.read_bytes()
    if machine.RELEASE in made.modules:
        found = machine.release_files(project)
        files |= {f"{machine.RELEASE}/{name}": content for name, content in found.items()}
    return made, files


def _folders(made: Root, values: AwsValues) -> dict[str, Path]:
    """Return the modules that the root calls and those that these call, by name."""
    found: dict[str, Path] = {}
    wanted = [str(call["source"]).removeprefix("./modules/") for call in made.modules.values()]
    own = dict(_own_modules(values))
    for name in wanted:
        if name not in found:
            found[name] = own.get(name, _MODULES / name)
            wanted += [each for file in found[name].glob("*.tf") for each in _NESTED.findall(file.read_text())]
    return dict(sorted(found.items()))


def _own_modules(values: AwsValues) -> Iterator[tuple[str, Path]]:
    """Yield the modules that lie in tools' folders; each goes by the name of its tool."""
    for component in values.graph.components.values():
        source = values.facts.recipe(component).module or ""
        if source.startswith("./"):
            yield component.tool, values.catalog.folder(component.tool) / source
