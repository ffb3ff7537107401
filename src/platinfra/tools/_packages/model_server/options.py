"""The command line that both servers share."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser(summary: str) -> argparse.ArgumentParser:
    """Make the parser of what every server of a registered model is told."""
    made = argparse.ArgumentParser(description=summary)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--model", required=True)
    made.add_argument("--alias", default="champion")
    made.add_argument("--poll-seconds", type=float, default=2.0)
    made.add_argument("--data", type=Path, required=True)
    return made
