"""Stripe's errors, in the format of https://docs.stripe.com/api/errors."""

from http import HTTPStatus


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        known = {"type": kind, "code": code, "message": message, "param": param}
        self.body = {"error": {name: value for name, value in known.items() if value is not None}}


class InvalidParameter(Refused):
    """Found before any work began: such an answer is not kept under its idempotency key."""


def no_such(kind: str, object_id: str, param: str, status: HTTPStatus = HTTPStatus.NOT_FOUND) -> Refused:
    return Refused(f"No such {kind}: '{object_id}'", code="resource_missing", param=param, status=status)
