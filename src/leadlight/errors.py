"""What can go wrong in the domain. Each error has a stable public code and knows no HTTP.

    LeadlightError
    ├── InvalidInput            VALIDATION_ERROR     every problem of one input at once
    ├── InvalidId               INVALID_ID_FORMAT
    ├── NotFound                NOT_FOUND
    │   └── LeadNotFound        LEAD_NOT_FOUND
    ├── Conflict                CONFLICT
    ├── PreconditionFailed      PRECONDITION_FAILED
    ├── Unauthenticated
    │   ├── MissingAuthHeader   MISSING_AUTH_HEADER
    │   ├── MalformedAuthHeader MALFORMED_AUTH_HEADER
    │   └── InvalidApiKey       INVALID_API_KEY
    ├── InsufficientScope       INSUFFICIENT_SCOPE
    ├── Forbidden               FORBIDDEN            a sender that is no key: its origin, its signature
    ├── RateLimitExceeded       RATE_LIMIT_EXCEEDED
    └── StoreUnavailable        SERVICE_UNAVAILABLE

What only a server of HTTP can get wrong (no such route, no such method …) is in `http.errors`.
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from leadlight.ids import IdKind


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with an input: where, for people, for machines."""

    field: str
    message: str
    code: str


class Invalid(ValueError):
    """What a rule raises about one value; whoever knows the field's name makes a Problem of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def of(self, field: str) -> Problem:
        return Problem(field, self.message, self.code)


class LeadlightError(Exception):
    """Something that a caller is told in so many words."""

    code: ClassVar[str]
    summary: ClassVar[str]

    def __init__(self, message: str | None = None, /, **details: object) -> None:
        self.message = message or self.summary
        self.details = details
        super().__init__(self.message)


_MOST_TOLD = 100
_LONGEST_FIELD = 200


def _shortened(field: str) -> str:
    return field if len(field) <= _LONGEST_FIELD else field[: _LONGEST_FIELD - 1] + "…"


class InvalidInput(LeadlightError):
    code = "VALIDATION_ERROR"
    summary = "Validation failed"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Tells so many problems, in so many words, that an answer stays small whatever was sent."""
        told = [Problem(_shortened(problem.field), problem.message, problem.code) for problem in problems[:_MOST_TOLD]]
        if len(problems) > _MOST_TOLD:
            told.append(Problem("", f"and {len(problems) - _MOST_TOLD} more problems", "more"))
        super().__init__(errors=told)
        self.problems = told


class InvalidId(LeadlightError):
    code = "INVALID_ID_FORMAT"
    summary = "Invalid lead ID format"

    def __init__(self, kind: IdKind, given: str) -> None:
        super().__init__(
            f"Invalid {kind.name} ID format",
            **{f"{kind.name}Id": given},
            expected=f"{kind.prefix}[alphanumeric string]",
            message=f"{kind.name.capitalize()} IDs must start with '{kind.prefix}' followed by alphanumeric characters",
        )


class NotFound(LeadlightError):
    code = "NOT_FOUND"
    summary = "Not found"


class LeadNotFound(NotFound):
    code = "LEAD_NOT_FOUND"
    summary = "Lead not found"

    def __init__(self, lead_id: str) -> None:
        super().__init__(leadId=lead_id, message="No lead found with this ID in your workspace")


class Conflict(LeadlightError):
    code = "CONFLICT"
    summary = "The request conflicts with what is stored"


class PreconditionFailed(LeadlightError):
    code = "PRECONDITION_FAILED"
    summary = "The lead has changed since it was read"


class Unauthenticated(LeadlightError):
    pass


class MissingAuthHeader(Unauthenticated):
    code = "MISSING_AUTH_HEADER"
    summary = "Missing authorization header"


class MalformedAuthHeader(Unauthenticated):
    code = "MALFORMED_AUTH_HEADER"
    summary = "Malformed authorization header. Expected format: Bearer <token>"


class InvalidApiKey(Unauthenticated):
    code = "INVALID_API_KEY"
    summary = "Invalid API key"


class InsufficientScope(LeadlightError):
    code = "INSUFFICIENT_SCOPE"
    summary = "This API key may not do that"

    def __init__(self, required: str) -> None:
        super().__init__(f"This API key lacks the scope {required}", required=required)


class Forbidden(LeadlightError):
    """For those who come without a key, and could not prove themselves otherwise."""

    code = "FORBIDDEN"
    summary = "The sender may not do that"


class RateLimitExceeded(LeadlightError):
    code = "RATE_LIMIT_EXCEEDED"
    summary = "Rate limit exceeded"

    def __init__(self, limit: int, reset_time: int, retry_after: int) -> None:
        super().__init__(limit=limit, remaining=0, resetTime=reset_time, retryAfter=retry_after)
        self.retry_after = retry_after


class StoreUnavailable(LeadlightError):
    code = "SERVICE_UNAVAILABLE"
    summary = "The store is not available right now"
