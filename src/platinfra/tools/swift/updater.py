"""Run Swift's updater of objects with the configuration of a folder: `updater.py FILE`, a file that lies beside swift.conf."""

import sys
from pathlib import Path

from swift.common.utils import set_swift_dir

if __name__ == "__main__":
    set_swift_dir(
        str(Path(sys.argv[1]).parent)
    )  # the servers are told by their files, and this would look into /etc/swift
    from swift.obj.updater import main

    main()
