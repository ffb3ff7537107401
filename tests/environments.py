"""Install the environments that the live tests use: every tool's, the quickstart's, and the clients' of the templates."""

import sys
import tempfile
from pathlib import Path

from platinfra.catalog.catalog import Catalog
from platinfra.document import load_text
from platinfra.drivers.environment import UvEnvironments
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.local.verbs.machine import environments

ROOT = Path(__file__).parent.parent
CHECKOV = ROOT / "requirements" / "checkov.lock.txt"
"""Of an environment of its own: it wants old versions of what platinfra needs."""
ZENML = ROOT / "requirements" / "zenml.lock.txt"
"""ZenML's server as its image has it, for a test of what is registered there."""


def main() -> None:
    """Install what is missing; name each environment as it is looked at."""
    venvs = environments()
    locks = sorted(
        [
            *(ROOT / "src/platinfra/tools").glob("*/*.lock.txt"),
            *(ROOT / "examples").glob("*/requirements.lock.txt"),
            ROOT / "src/platinfra/targets/aws/machine_files/platinfra.lock.txt",
            CHECKOV,
            ZENML,
        ]
    )
    for number, lock in enumerate(locks, 1):
        if not venvs.ready(lock):
            print(f"installing {lock.parent.name} ({number} of {len(locks)})", file=sys.stderr)
        venvs.ensure(lock, lambda _: None)
    templates = (ROOT / "src/platinfra/templates" / f"{each}.yaml" for each in ("local", "minimal"))
    for file in (*templates, ROOT / "tests/live/laptop.yaml"):
        resolve_clients(venvs, file.read_text().replace("NAME", file.stem, 1))


def resolve_clients(venvs: UvEnvironments, text: str) -> None:
    """Resolve and install the client packages of a stack, as its first `up` does."""
    packages = client_packages(text)
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "client" / "requirements.lock.txt"
        lock.parent.mkdir()
        venvs.compile(packages, lock, lambda _: None)
        venvs.ensure(lock, lambda _: None)


def client_packages(text: str) -> list[str]:
    """Return the packages that code using a stack needs."""
    catalog = Catalog()
    graph = resolve(load(load_text(text, "platinfra.yaml")), catalog).graph
    return sorted(
        {each for component in graph.components.values() for each in catalog.get(component.tool).client.packages}
    )


if __name__ == "__main__":
    main()
