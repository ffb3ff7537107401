"""
Keep one webhook of the registry as the stack file has it: made, changed, or gone where no address is given.

Plain REST instead of MLflow's client, whose import takes seconds at every first `up`.
"""

import json
import os
import sys
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

NAME = "platinfra"
"""Of the webhook; those that people make have other names."""
SECONDS = 20.0


def main(server: str, url: str, events: str, secret: str) -> None:
    """Make the server's webhooks of our name what they should be; raise OSError when it refuses."""
    api = f"{server}/api/2.0/mlflow/webhooks"
    wanted = {"name": NAME, "url": url, "events": [_event(each) for each in events.split(",") if each.strip()]}
    known = [each for each in _ask(api).get("webhooks", []) if each["name"] == NAME]
    for each in known[1 if url else 0 :]:
        _ask(f"{api}/{each['webhook_id']}", "DELETE")
    if url:
        place = f"{api}/{known[0]['webhook_id']}" if known else api
        _ask(place, "PATCH" if known else "POST", {**wanted, "secret": secret, "status": "ACTIVE"})


def _event(text: str) -> dict[str, str]:
    """Return an event such as `model_version_tag.set` as the API has it."""
    entity, _, action = text.strip().partition(".")
    return {"entity": entity.upper(), "action": action.upper()}


def _ask(url: str, method: str = "GET", body: Any = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urlopen(request, timeout=SECONDS) as answer:
        return json.loads(answer.read() or b"{}")


if __name__ == "__main__":
    given = os.environ
    try:
        main(given["MLFLOW_URL"], given["WEBHOOK_URL"], given["WEBHOOK_EVENTS"], given["WEBHOOK_SIGNING"])
    except HTTPError as error:
        sys.exit(f"mlflow refuses the webhook to {given['WEBHOOK_URL']}: {error.read().decode(errors='replace')}")
    except (URLError, OSError) as error:
        sys.exit(f"mlflow: {error}")
