"""What can go wrong for a client.

    LeadlightError
    ├── NotConfigured           no address or no key, or none that can be one
    ├── InvalidArgument         what was given can't be sent
    ├── Unreachable             no answer came, or not the whole of it   maybe_done
    ├── UnexpectedAnswer        an answer, but of no Leadlight server    status
    └── ApiError                what the server says                     code status details request_id retry_after
        ├── ValidationFailed    VALIDATION_ERROR                         problems
        ├── Unauthenticated     MISSING_AUTH_HEADER, MALFORMED_AUTH_HEADER, INVALID_API_KEY
        ├── InsufficientScope   INSUFFICIENT_SCOPE                       required
        ├── NotFound            NOT_FOUND, LEAD_NOT_FOUND
        ├── Conflict            CONFLICT                                 existing_id merged_into matched
        ├── PreconditionFailed  PRECONDITION_FAILED                      etag
        ├── TooLarge            PAYLOAD_TOO_LARGE                        limit
        ├── RateLimited         RATE_LIMIT_EXCEEDED
        ├── Unavailable         SERVICE_UNAVAILABLE
        └── ServerFault         INTERNAL_ERROR

Every other code is an ApiError. No error holds the API key.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec


class LeadlightError(Exception):
    """Something that a caller of the client is told in so many words."""


class NotConfigured(LeadlightError):
    """The client can't be made of what it was given."""


class InvalidArgument(LeadlightError, ValueError):
    """What was given can't be sent; nothing was."""


class Unreachable(LeadlightError):
    """No answer came, or not the whole of it. `maybe_done`: the server may have changed what it was asked to."""

    def __init__(self, message: str, maybe_done: bool = False) -> None:  # noqa: FBT001, FBT002  (so it can be pickled)
        super().__init__(message, maybe_done)
        self.maybe_done = maybe_done

    def __str__(self) -> str:
        return str(self.args[0])


class UnexpectedAnswer(LeadlightError):
    """Something answers, but not as a Leadlight server does. `status`: the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with what was sent: where, for people, for machines."""

    field: str
    message: str
    code: str


class Failure(msgspec.Struct, frozen=True):
    """The envelope of a failure, and its status. `retry_after` in seconds."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any] = {}
    request_id: str | None = None
    retry_after: float | None = None


class ApiError(LeadlightError):
    """What the server says when it does not do what it was asked for."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        return self.failure.message

    @property
    def code(self) -> str:
        return self.failure.code

    @property
    def status(self) -> int:
        return self.failure.status

    @property
    def details(self) -> Mapping[str, Any]:
        return self.failure.details

    @property
    def request_id(self) -> str | None:
        """By which the server's log tells more."""
        return self.failure.request_id

    @property
    def retry_after(self) -> float | None:
        """Seconds after which to ask again, where the server says so."""
        return self.failure.retry_after

    def _text(self, name: str) -> str | None:
        value = self.details.get(name)
        return value if isinstance(value, str) else None

    def _number(self, name: str) -> int | None:
        value = self.details.get(name)
        return value if isinstance(value, int) else None


class ValidationFailed(ApiError):
    """What was sent is invalid; `problems` has everything that is wrong with it."""

    def __str__(self) -> str:
        told = "; ".join(f"{problem.field}: {problem.message}" for problem in self.problems)
        return f"{self.message}: {told}" if told else self.message

    @property
    def problems(self) -> Sequence[Problem]:
        try:
            return msgspec.convert(self.details.get("errors", []), list[Problem])
        except msgspec.ValidationError:
            return []


class Unauthenticated(ApiError):
    """The server does not know the key, or no longer."""


class InsufficientScope(ApiError):
    """The key may not do this."""

    @property
    def required(self) -> str | None:
        """The scope that it would need."""
        return self._text("required")


class NotFound(ApiError):
    """There is no such thing in the workspace of the key."""


class Conflict(ApiError):
    """What is stored does not allow it."""

    @property
    def existing_id(self) -> str | None:
        """The lead that is there already."""
        return self._text("existingId")

    @property
    def merged_into(self) -> str | None:
        """The lead that this one is part of."""
        return self._text("mergedInto")

    @property
    def matched(self) -> int | None:
        """How many leads there are, where another number was expected."""
        return self._number("matched")


class PreconditionFailed(ApiError):
    """The lead has changed since it was read."""

    @property
    def etag(self) -> str | None:
        """Of the lead as it is now."""
        return self._text("etag")


class TooLarge(ApiError):
    """More was sent than the server takes."""

    @property
    def limit(self) -> int | None:
        """In bytes."""
        return self._number("limit")


class RateLimited(ApiError):
    """The key's window is full."""


class Unavailable(ApiError):
    """The server can't do it at the moment."""


class ServerFault(ApiError):
    """A fault of the server; its log has the details under `request_id`."""


_BY_CODE: Mapping[str, type[ApiError]] = {
    "VALIDATION_ERROR": ValidationFailed,
    "MISSING_AUTH_HEADER": Unauthenticated,
    "MALFORMED_AUTH_HEADER": Unauthenticated,
    "INVALID_API_KEY": Unauthenticated,
    "INSUFFICIENT_SCOPE": InsufficientScope,
    "NOT_FOUND": NotFound,
    "LEAD_NOT_FOUND": NotFound,
    "CONFLICT": Conflict,
    "PRECONDITION_FAILED": PreconditionFailed,
    "PAYLOAD_TOO_LARGE": TooLarge,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "SERVICE_UNAVAILABLE": Unavailable,
    "INTERNAL_ERROR": ServerFault,
}
_BY_STATUS = {
    HTTPStatus.TOO_MANY_REQUESTS: "RATE_LIMIT_EXCEEDED",
    HTTPStatus.BAD_GATEWAY: "SERVICE_UNAVAILABLE",
    HTTPStatus.SERVICE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
    HTTPStatus.GATEWAY_TIMEOUT: "SERVICE_UNAVAILABLE",
}
"""What a proxy on the way may say in words of its own."""


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    error: str
    code: str
    details: dict[str, Any] = {}
    request_id: str | None = None


def error_of(status: int, body: bytes, *, retry_after: float | None = None) -> ApiError | UnexpectedAnswer:
    """The error that an answer tells of."""
    try:
        told = msgspec.json.decode(body, type=_Envelope)
    except msgspec.DecodeError:
        code = _BY_STATUS.get(HTTPStatus(status)) if status in set(HTTPStatus) else None
        if code is None:
            return UnexpectedAnswer(f"the answer ({status}) is none that a Leadlight server gives", status)
        words = f"{status} {HTTPStatus(status).phrase}"
        return _BY_CODE[code](Failure(status, code, f"Something on the way answers {words}", retry_after=retry_after))
    kind = _BY_CODE.get(told.code, ApiError)
    return kind(Failure(status, told.code, told.error, told.details, told.request_id, retry_after))
