"""Keep a copy of a consumer's database, or put one back: `keep` and `put-back`."""

import sys

from botocore.exceptions import BotoCoreError, ClientError
from grant import SECRET, administrator, connect

from database_copies import main

if __name__ == "__main__":
    if not SECRET:
        sys.exit("rds: without an administrator nobody can copy a database: name its secret with `admin_secret`")
    try:
        login = administrator()
    except (BotoCoreError, ClientError, KeyError) as error:
        sys.exit(f"rds: {error!r}")
    main("rds", lambda: connect(login, "postgres"), sys.argv[1])
