"""Whether AWS credentials are set up, told without loading boto3 or asking anybody."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_LOGIN = re.compile(r"^\s*(?:sso_|role_arn|credential_process|aws_access_key_id|login_session)", re.MULTILINE)


def find_credentials(env: Mapping[str, str] | None = None) -> bool:
    """Tell whether credentials are set up, without loading boto3; those of an EC2 machine are not looked for."""
    env = os.environ if env is None else env
    folder = Path(env.get("HOME") or "~").expanduser() / ".aws"
    credentials = Path(env.get("AWS_SHARED_CREDENTIALS_FILE") or folder / "credentials").expanduser()
    config = Path(env.get("AWS_CONFIG_FILE") or folder / "config").expanduser()
    return any(env.get(name) for name in _VARIABLES) or any(
        _LOGIN.search(_text(each)) for each in (credentials, config)
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
