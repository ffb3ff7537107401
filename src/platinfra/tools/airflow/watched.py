"""Run a part of Airflow that listens nowhere; `/health` says of it what the server does: PART PORT COMMAND…"""

import json
import os
import sys
from urllib.request import urlopen

import health_page

URL = os.environ["AIRFLOW__API__BASE_URL"]
PART, PORT, *COMMAND = sys.argv[1:]


def why_not() -> str | None:
    """Return how the part is, unless it is healthy: the server looks at its last heartbeat in the database."""
    with urlopen(f"{URL}/api/v2/monitor/health", timeout=10) as answer:
        status = json.load(answer)[PART]["status"]
    return None if status == "healthy" else f"{PART} is {status}"


sys.exit(health_page.run(COMMAND, int(PORT), why_not))
