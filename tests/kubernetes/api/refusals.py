"""What the server refuses, as the `Status` objects that clients understand."""

from typing import Any


class Refused(Exception):  # noqa: N818
    """A request that is answered with an error."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details

    def status(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def not_found(group: str, plural: str, name: str) -> Refused:
    """Return the refusal for an object that is not there."""
    full = f"{plural}.{group}" if group else plural
    return Refused(404, "NotFound", f'{full} "{name}" not found', name=name, group=group, kind=plural)


def exists(group: str, plural: str, name: str) -> Refused:
    """Return the refusal for an object that is there already."""
    full = f"{plural}.{group}" if group else plural
    return Refused(409, "AlreadyExists", f'{full} "{name}" already exists', name=name, group=group, kind=plural)


def invalid(kind: str, name: str, message: str) -> Refused:
    """Return the refusal for an object that breaks a rule."""
    cause = {"reason": "FieldValueInvalid", "message": message, "field": ""}
    return Refused(422, "Invalid", f'{kind} "{name}" is invalid: {message}', name=name, kind=kind, causes=[cause])
