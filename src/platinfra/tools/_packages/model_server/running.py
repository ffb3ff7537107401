"""The program of a server that passes requests on: it follows the alias, with a small status server beside it."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from model_server.follower import Follower
from model_server.options import parser
from model_server.processes import StartError
from model_server.registry import Registry
from model_server.releases import Releases
from model_server.status import run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from model_server.fronts import Front


def make_parser(product: str, *ports: str) -> argparse.ArgumentParser:
    """Make the parser of what such a program is told; `ports` are those that it has besides its first and its status."""
    made = parser(f"Run {product} for a registered model.")
    for each in (*ports, "status"):
        made.add_argument(f"--{each}-port", type=int, required=True)
    return made


def follow(product: str, make: Callable[[], Front], options: argparse.Namespace) -> None:
    """Run until a signal ends us; end at once when the server does not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    registry = Registry(options.model, options.alias)
    front = make()
    try:
        front.start()
    except StartError as error:
        sys.exit(f"{product} does not start: {error}")
    releases = Releases(options.data, registry)
    run(Follower(registry, releases, front, options.poll_seconds), options.host, options.status_port)
