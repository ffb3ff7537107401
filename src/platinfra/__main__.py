"""Run the command line."""

import sys


def main() -> None:
    """Run platinfra; every error a user can cause is a diagnostic, never a traceback."""
    from platinfra.cli.main import run

    sys.exit(run())


if __name__ == "__main__":
    main()
