"""Tell the AWS SDK whose credentials a process gets: those of its component's role, or the machine's own."""  # noqa: INP001

import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def credentials(facts: dict[str, Any], component: str) -> dict[str, str]:
    """Return credentials; exit when a component has no role."""
    session = boto3.Session(region_name=facts["region"])
    if not component or component in facts["own"]:
        own = session.get_credentials().get_frozen_credentials()
        return {"AccessKeyId": own.access_key, "SecretAccessKey": own.secret_key, "SessionToken": own.token}
    if component not in facts["roles"]:
        sys.exit(f"the component `{component}` has no role")
    role = facts["roles"][component]
    assumed = session.client("sts").assume_role(RoleArn=role, RoleSessionName=component)["Credentials"]
    return {**assumed, "Expiration": assumed["Expiration"].isoformat()}


if __name__ == "__main__":
    for name in ("AWS_CONFIG_FILE", "AWS_PROFILE"):  # they lead here again
        os.environ.pop(name, None)
    try:
        found = credentials(json.loads(Path(sys.argv[1]).read_text()), os.environ.get("PLATINFRA_COMPONENT", ""))
    except (BotoCoreError, ClientError) as error:
        sys.exit(str(error))
    print(json.dumps({"Version": 1, **found}))
