"""Install the environments that the live tests use: every tool's, and the quickstart's."""

import sys
from pathlib import Path

from platinfra.app.local import environments

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Install what is missing; name each environment as it is looked at."""
    venvs = environments()
    locks = sorted(
        [
            *(ROOT / "src/platinfra/tools").glob("*/requirements.lock.txt"),
            *(ROOT / "examples").glob("*/requirements.lock.txt"),
        ]
    )
    for number, lock in enumerate(locks, 1):
        if not venvs.ready(lock):
            print(f"installing {lock.parent.name} ({number} of {len(locks)})", file=sys.stderr)
        venvs.ensure(lock, lambda _: None)


if __name__ == "__main__":
    main()
