"""Start MLflow with a key for webhook secrets that lasts: 32 bytes in base64, as its cipher (Fernet) wants them.

Without one MLflow makes a new key at every start, and can no longer read the webhooks it has. A container of Azure gets
the address that MLflow knows.
"""

import os
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlsplit


def as_known(address: str) -> str:
    """Return where artifacts go as MLflow writes it: azure://CONTAINER/PREFIX with the account. Where that is, the connection string tells."""
    parts = urlsplit(address)
    if parts.scheme != "azure":
        return address
    return f"wasbs://{parts.netloc}@{os.environ['AZURE_STORAGE_ACCOUNT_NAME']}.blob.core.windows.net{parts.path}"


if __name__ == "__main__":
    secret = os.environ.pop("WEBHOOK_SECRET")
    os.environ["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] = urlsafe_b64encode(sha256(secret.encode()).digest()).decode()
    os.environ["MLFLOW_ARTIFACTS_DESTINATION"] = as_known(os.environ["MLFLOW_ARTIFACTS_DESTINATION"])
    os.execvp("mlflow", ["mlflow", "server", *sys.argv[1:]])
