"""Terraform itself accepts what every stack, every template and every service of AWS is rendered to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from platinfra.model.targets import grounds
from tests.conftest import Command
from tests.targets.aws.stacks import CATALOG, NAMES, text_of
from tests.terraform import TERRAFORM, environment, terraform

pytestmark = [pytest.mark.live, pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on this machine")]
TEMPLATE = Path(__file__).parents[3] / "src" / "platinfra" / "templates" / "aws.yaml"
ALONE = "name: demo\nprovider: {{name: aws, account-id: '210987654321', region: eu-central-1}}\ndeployment: {{type: {kind}}}\nstack:\n  {stage}: [{tool}]\n"
GITHUB = "github: {settings: {organization: acme}}"
NEEDS = {
    "postgres": "  object_store: [s3]\n",
    "seldon": "  event_streaming: [kafka]\n",
    "jupyterhub": f"  sign_in: [{GITHUB}]\n",
}
_URLS = "issuer: 'https://a.example', authorize_url: 'https://a.example/a', token_url: 'https://a.example/t', userinfo_url: 'https://a.example/u'"
WRITTEN = {"grafana": "grafana, prometheus", "github": GITHUB, "oidc": f"oidc: {{settings: {{{_URLS}}}}}"}


def stacks() -> Iterator[object]:
    yield pytest.param(
        TEMPLATE.read_text().replace("NAME", "demo").replace("xxxxxxxxx", "'210987654321'"), None, id="template"
    )
    for name in NAMES:
        yield pytest.param(text_of(name), "production" if name == "production" else None, id=name)
    for tool in CATALOG.tools():
        kinds = [each.type for each in grounds()["aws"] if tool.runs_on(each)]
        if tool.run.aws is not None and kinds and tool.provides:
            stage, use = next(iter(tool.provides)), WRITTEN.get(tool.name, tool.name)
            text = ALONE.format(kind=kinds[0], stage=stage, tool=use) + NEEDS.get(tool.name, "")
            yield pytest.param(text, None, id=tool.name)


def test_terraform_finds_the_provider_of_a_rendered_folder(platinfra: Command, tmp_path: Path) -> None:
    accepts(text_of("seed"), None, platinfra, tmp_path, environment(tmp_path))
    assert list((tmp_path / "moved" / ".terraform" / "providers").glob("*/hashicorp/aws/5.*"))


@pytest.mark.parametrize(("text", "environment_name"), list(stacks()))
def test_terraform_accepts_the_rendered_folder(
    text: str, environment_name: str | None, platinfra: Command, tmp_path: Path, provider: dict[str, str]
) -> None:
    accepts(text, environment_name, platinfra, tmp_path, environment(tmp_path) | provider)


def accepts(text: str, environment_name: str | None, platinfra: Command, tmp_path: Path, env: dict[str, str]) -> None:
    """Let Terraform read a rendered folder that was moved to another place."""
    (tmp_path / "platinfra.yaml").write_text(text)
    chosen = ["--env", environment_name] if environment_name else []
    ended = platinfra("render", "--out", str(tmp_path / "rendered"), *chosen)
    assert ended.code == 0, ended.err
    moved = (tmp_path / "rendered").rename(tmp_path / "moved")
    made = terraform("init", "-input=false", cwd=moved, env=env)
    assert made.returncode == 0, made.stderr
    found = json.loads(terraform("validate", "-json", cwd=moved, env=env).stdout)
    assert found["diagnostics"] == []
