"""Run Terraform in tests: offline where the machine has a mirror of the AWS provider, and far from any real account."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TERRAFORM = shutil.which("terraform")
PROVIDER = Path("registry.terraform.io") / "hashicorp" / "aws"
ROOTS = (
    "~/.terraform.d",
    "~/.local/share/terraform",
    "/opt",
    "/srv",
    "/usr/local/share",
    "/usr/share",
    "/usr/local/lib",
)
# What a developer's own shell may say about accounts and about Terraform.
FOREIGN = ("AWS_", "TF_")

MIRRORED = """disable_checkpoint = true

provider_installation {{
  filesystem_mirror {{
    path    = "{mirror}"
    include = ["registry.terraform.io/*/*"]
  }}
}}
"""
DIRECT = "disable_checkpoint = true\n"


@cache
def find_mirror() -> Path | None:
    """Return the folder of a mirror that holds the AWS provider."""
    return next((mirror for mirror in candidates() if (mirror / PROVIDER).is_dir()), None)


def candidates() -> Iterator[Path]:
    """Yield the folders where a mirror may lie: the usual ones and what is one or two levels below."""
    for root in (Path(name).expanduser() for name in ROOTS):
        for pattern in ("registry.terraform.io", "*/registry.terraform.io", "*/*/registry.terraform.io"):
            yield from (found.parent for found in sorted(root.glob(pattern)))


def cli_config(folder: Path) -> Path:
    """Write Terraform's CLI configuration into the folder; without a mirror, providers are downloaded."""
    mirror = find_mirror()
    path = folder / "terraform.tfrc"
    path.write_text(MIRRORED.format(mirror=mirror.as_posix()) if mirror else DIRECT, encoding="utf-8")
    return path


def environment(folder: Path) -> dict[str, str]:
    """Return variables for a Terraform that reaches no real account; its CLI configuration is in the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "TF_CLI_CONFIG_FILE": str(cli_config(folder)),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
    }


def terraform(
    *arguments: str, cwd: Path, env: dict[str, str], given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Terraform to its end, with `given` as its input, and return what it said."""
    assert TERRAFORM, "terraform is not on PATH"
    return subprocess.run(
        [TERRAFORM, *arguments], cwd=cwd, env=env, input=given, capture_output=True, text=True, check=False, timeout=240
    )
