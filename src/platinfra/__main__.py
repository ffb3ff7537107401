"""Run the command line."""

import sys


def main() -> None:
    """Run platinfra; every error a user can cause is a diagnostic, never a traceback."""
    from platinfra.cli.main import run  # noqa: PLC0415  `--help` should not wait for anything

    sys.exit(run())


if __name__ == "__main__":
    main()
