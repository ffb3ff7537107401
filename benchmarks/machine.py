"""Name the machine that a measurement was taken on."""

import os
import platform
from pathlib import Path

import psutil


def describe() -> str:
    """Return cores, processor, memory, system and Python in a line."""
    memory = psutil.virtual_memory().total / 1024**3
    return f"{os.cpu_count()} cores ({processor()}), {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
