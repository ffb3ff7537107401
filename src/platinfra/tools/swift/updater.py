"""
Run Swift's updater of objects: `updater.py PORT FILE`, a configuration beside swift.conf; `/health` answers while it runs.

It tells the server of buckets what that one missed while it was down.
"""

import sys
from pathlib import Path

import health_page


def update(file: str) -> None:
    """Be the updater: the servers know the folder of their files by these, and this would look into /etc/swift."""
    from swift.common.utils import set_swift_dir

    set_swift_dir(str(Path(file).parent))
    from swift.obj.updater import main

    sys.argv = ["swift-object-updater", file, "--verbose"]
    main()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        update(sys.argv[1])
    else:
        port, configuration = sys.argv[1:]
        sys.exit(health_page.run([sys.executable, __file__, configuration], int(port), lambda: None))
