"""The only table of codes and statuses, and the errors that only a server of HTTP can meet."""

from typing import ClassVar

import msgspec

from leadlight.errors import LeadlightError

STATUS: dict[str, int] = {
    "VALIDATION_ERROR": 400,
    "INVALID_JSON": 400,
    "INVALID_ID_FORMAT": 400,
    "BAD_REQUEST": 400,
    "MISSING_AUTH_HEADER": 401,
    "MALFORMED_AUTH_HEADER": 401,
    "INVALID_API_KEY": 401,
    "INSUFFICIENT_SCOPE": 403,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "LEAD_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "PRECONDITION_FAILED": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMIT_EXCEEDED": 429,
    "HEADERS_TOO_LARGE": 431,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
"""Every code a client can meet, and its status (contract §1)."""

RETRY_AFTER_SECONDS = 1
"""What a 503 asks for: the store's troubles of a moment are over by then, the others take as long as they take."""


class RouteNotFound(LeadlightError):
    code: ClassVar[str] = "NOT_FOUND"
    summary: ClassVar[str] = "There is nothing at this address"


class MethodNotAllowed(LeadlightError):
    code: ClassVar[str] = "METHOD_NOT_ALLOWED"
    summary: ClassVar[str] = "Method not allowed"

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"{method} is not possible here; possible are {allowed}", allowed=allowed.split(", "))
        self.allowed = allowed


class BadRequest(LeadlightError):
    code: ClassVar[str] = "BAD_REQUEST"
    summary: ClassVar[str] = "This is not a valid HTTP request"


class HeadersTooLarge(LeadlightError):
    code: ClassVar[str] = "HEADERS_TOO_LARGE"
    summary: ClassVar[str] = "The request line and headers are too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request line and headers are larger than {limit} bytes", limit=limit)


class PayloadTooLarge(LeadlightError):
    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"
    summary: ClassVar[str] = "The body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes", limit=limit)


class UnsupportedMediaType(LeadlightError):
    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"
    summary: ClassVar[str] = "The body's media type is not supported"

    def __init__(self, given: str, message: str = "Send JSON, with the header Content-Type: application/json") -> None:
        super().__init__(message, given=given)


class InternalError(LeadlightError):
    code: ClassVar[str] = "INTERNAL_ERROR"
    summary: ClassVar[str] = "Something went wrong on our side; the log has the details under this requestId"


def error_body(error: LeadlightError, request_id: str) -> bytes:
    """The envelope of a failure (contract §1)."""
    body: dict[str, object] = {"success": False, "error": error.message, "code": error.code}
    if error.details:
        body["details"] = error.details
    if "retryAfter" in error.details:
        body["retryAfter"] = error.details["retryAfter"]
    body["requestId"] = request_id
    return msgspec.json.encode(body)
