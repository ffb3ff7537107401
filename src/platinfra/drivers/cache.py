"""Where environments and downloads lie that all stacks share."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of what stacks share: PLATINFRA_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("PLATINFRA_CACHE_DIR"):
        return Path(given).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("platinfra")
