"""Fixtures of the model servers; what a test imports is found here by its plain name."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / "src" / "platinfra" / "tools"

for importable in (HERE, TOOLS / "_packages", TOOLS / "fastapi"):
    sys.path.insert(0, str(importable))

from model_servers import environments, registry, serve  # noqa: E402 (the path above finds it)

__all__ = ["environments", "registry", "serve"]
