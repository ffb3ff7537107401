"""Keep a copy of a consumer's database, or put one back: `keep` and `put-back`."""

import sys

from grant import connect

from database_copies import main

if __name__ == "__main__":
    main("postgres", lambda: connect("postgres"), sys.argv[1])
