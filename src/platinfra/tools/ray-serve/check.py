"""Prove that Ray Serve serves the version that the registry's alias names: `check.py find MARKER`."""

import sys

from model_server.checking import main
from model_server.registry import Registry

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Registry))
