"""Admit one consumer: a login of its own, and a bucket that it reads and writes. It may run again."""

import json
import os
import sys
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

SEGMENTS = "+segments"
"""Ends the name of the container in which S3's parts of large objects are."""


def main() -> None:
    """Write the login, and make the bucket."""
    ask = build_opener(ProxyHandler({})).open
    login = {"X-Auth-User": "stack:code", "X-Auth-Key": os.environ["LOGIN"]}
    with ask(Request(f"{os.environ['SWIFT_URL']}/auth/v1.0", headers=login), timeout=30) as answer:
        store, token = answer.headers["X-Storage-Url"], answer.headers["X-Auth-Token"]
    user = f"stack:{os.environ['NAME']}"
    access = {"X-Auth-Token": token, "X-Container-Read": user, "X-Container-Write": user}
    for each in (os.environ["BUCKET"], os.environ["BUCKET"] + SEGMENTS):
        ask(Request(f"{store}/{each}", headers=access, method="PUT"), timeout=30).close()
    write(Path(os.environ["LOGINS"]) / os.environ["NAME"], {"key": os.environ["PASSWORD"]})


def write(file: Path, content: dict[str, str]) -> None:
    """Write a file at once, for its owner alone."""
    draft = file.with_name(f".{file.name}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content))
    draft.replace(file)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"swift: {error}")
