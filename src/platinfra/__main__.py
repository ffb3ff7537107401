"""Run the command line."""

import gc
import sys

_OBJECTS = 100_000
"""New objects between two looks for garbage: more than a short command makes."""


def main() -> None:
    """Run platinfra; every error a user can cause is a diagnostic, never a traceback."""
    gc.set_threshold(_OBJECTS)
    from platinfra.cli.main import run

    try:
        sys.exit(run())
    finally:
        gc.freeze()  # start-up time: at its end, Python would look through all that goes with the process anyway


if __name__ == "__main__":
    main()
