"""Write down a stack on AWS: the Terraform folder, and below it what goes into the cluster."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platinfra.diagnostics import Diagnostic, PlatinfraError
from platinfra.resolve.resolve import Resolved
from platinfra.targets.answers import Artifacts, RenderOptions
from platinfra.targets.aws.verbs.stack import cloud_stack
from platinfra.targets.folder import IN_CLUSTER
from platinfra.targets.kubernetes.verbs.render import artifacts as cluster_artifacts


def artifacts(stack: Resolved, options: RenderOptions) -> Artifacts:
    """Return the files of a stack on AWS."""
    cloud = cloud_stack(stack)
    told = _read_outputs(options.outputs) if options.outputs else None
    _, files = cloud.render_folder(state=options.state)
    name = f"{cloud.place.prefix}-terraform"
    if "cluster" not in cloud.stack.ground.places:
        return Artifacts(name, files)
    applications = cluster_artifacts(cloud.stack, cloud.bundle(told), options.kind)
    below = {f"{IN_CLUSTER}/{path}": content for path, content in applications.files.items()}
    return Artifacts(name, {**files, **below}, applications.warnings)


def _read_outputs(file: Path) -> Mapping[str, Any]:
    """Return Terraform's outputs; raise PlatinfraError for a file that holds something else."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return {name: each["value"] for name, each in data.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        hint = "run `terraform output -json` in the Terraform folder and save its output"
        message = f"`{file}` is not the output of `terraform output -json`"
        raise PlatinfraError(Diagnostic("not-outputs", message, hint=hint, details=(str(error),))) from None
