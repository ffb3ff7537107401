"""Short hashes that tell whether something changed."""

import hashlib
import json


def digest_of(*parts: object) -> str:
    """Return a short hash of anything JSON can write; other values count by their text."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
