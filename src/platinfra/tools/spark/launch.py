"""
Start a part of Spark from the wheel of this environment: `launch.py CLASS ARGUMENTS…`.

The link to the environment may lie below a folder with a blank in its name, where the environment itself does not.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def home() -> Path:
    """Return the real folder of Spark; raise SystemExit where the environment has none."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        sys.exit("the project's environment has no pyspark")
    return Path(found.origin).resolve().parent


if __name__ == "__main__":
    spark = home()
    os.environ["SPARK_HOME"] = str(spark)
    program = str(spark / "bin" / "spark-class")
    os.execv("/bin/bash", ["bash", program, *sys.argv[1:]])
