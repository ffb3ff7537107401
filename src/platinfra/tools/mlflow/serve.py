"""Start MLflow with a key for webhook secrets that lasts: 32 bytes in base64, as its cipher (Fernet) wants them.

Without one MLflow makes a new key at every start, and can no longer read the webhooks it has.
"""

import os
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256

if __name__ == "__main__":
    secret = os.environ.pop("WEBHOOK_SECRET")
    os.environ["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] = urlsafe_b64encode(sha256(secret.encode()).digest()).decode()
    os.execvp("mlflow", ["mlflow", "server", *sys.argv[1:]])
