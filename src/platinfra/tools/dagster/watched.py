"""Run Dagster's daemon, which listens nowhere; `/health` says of it what the server does: PORT COMMAND…"""

import json
import os
import sys
from urllib.request import Request, urlopen

import health_page

QUERY = "{instance {daemonHealth {allDaemonStatuses {daemonType required healthy}}}}"
PORT, *COMMAND = sys.argv[1:]


def why_not() -> str | None:
    """Return the parts of the daemon that have no fresh heartbeat, if there are any."""
    body = json.dumps({"query": QUERY}).encode()
    request = Request(f"{os.environ['DAGSTER_URL']}/graphql", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        parts = json.load(answer)["data"]["instance"]["daemonHealth"]["allDaemonStatuses"]
    ill = [each["daemonType"] for each in parts if each["required"] and not each["healthy"]]
    return f"not healthy: {', '.join(ill)}" if ill else None


sys.exit(health_page.run(COMMAND, int(PORT), why_not))
