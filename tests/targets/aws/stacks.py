"""Stacks on AWS for tests."""

from pathlib import Path

import yaml

from platinfra.catalog.catalog import Catalog
from platinfra.document import load_text
from platinfra.resolve.resolve import resolve
from platinfra.spec.load import load
from platinfra.targets.aws.facts import AwsFacts, AwsValues
from platinfra.targets.aws.place import place_of
from platinfra.targets.aws.root import Root, root

CATALOG = Catalog()
ACCOUNT = "210987654321"
CASES = Path(__file__).parent / "cases"
EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
"""Cases; one without a stack file is the example of that name."""


def text_of(name: str) -> str:
    file = CASES / name / "platinfra.yaml"
    return (file if file.is_file() else EXAMPLES / name / "platinfra.yaml").read_text()


def infrastructure_of(name: str) -> str:
    """Return a case whose applications somebody else installs: no cluster has to answer then."""
    data = yaml.safe_load(text_of(name))
    data["deployment"] = {**data.get("deployment", {}), "applications": "gitops"}
    return str(yaml.safe_dump(data, sort_keys=False))


def values_of(text: str, *, environment: str | None = None, without: tuple[str, ...] = ()) -> AwsValues:
    resolved = resolve(load(load_text(text, "platinfra.yaml")), CATALOG, environment=environment, without=without)
    return AwsFacts(resolved.graph, CATALOG, place_of(resolved)).values


def root_of(text: str, **options: object) -> Root:
    return root(values_of(text, **options))
