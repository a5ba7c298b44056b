"""Each code of the contract becomes its own error; what is no Leadlight's answer is told as such."""

import json

import pytest

from leadlight.client import errors
from leadlight.client.errors import error_of
from leadlight.http.errors import STATUS

KINDS = {
    "VALIDATION_ERROR": errors.ValidationFailed,
    "INVALID_JSON": errors.ApiError,
    "INVALID_ID_FORMAT": errors.ApiError,
    "BAD_REQUEST": errors.ApiError,
    "MISSING_AUTH_HEADER": errors.Unauthenticated,
    "MALFORMED_AUTH_HEADER": errors.Unauthenticated,
    "INVALID_API_KEY": errors.Unauthenticated,
    "INSUFFICIENT_SCOPE": errors.InsufficientScope,
    "NOT_FOUND": errors.NotFound,
    "LEAD_NOT_FOUND": errors.NotFound,
    "METHOD_NOT_ALLOWED": errors.ApiError,
    "CONFLICT": errors.Conflict,
    "PRECONDITION_FAILED": errors.PreconditionFailed,
    "PAYLOAD_TOO_LARGE": errors.TooLarge,
    "UNSUPPORTED_MEDIA_TYPE": errors.ApiError,
    "RATE_LIMIT_EXCEEDED": errors.RateLimited,
    "HEADERS_TOO_LARGE": errors.ApiError,
    "INTERNAL_ERROR": errors.ServerFault,
    "SERVICE_UNAVAILABLE": errors.Unavailable,
}


def told(code: str, **details: object) -> bytes:
    return json.dumps({"success": False, "error": "No", "code": code, "details": details}).encode()


@pytest.mark.parametrize("code", STATUS)
def test_a_code_becomes_its_error(code: str) -> None:
    error = error_of(STATUS[code], told(code))

    assert type(error) is KINDS.get(code, errors.ApiError)
    assert (error.status, str(error)) == (STATUS[code], "No")


def test_a_code_that_is_new_is_told_too() -> None:
    error = error_of(418, told("TEAPOT"))

    assert isinstance(error, errors.ApiError)
    assert (error.code, error.status) == ("TEAPOT", 418)


def test_details_are_named() -> None:
    conflict = error_of(409, told("CONFLICT", existingId="lead_1", mergedInto="lead_2", matched=3))
    too_large = error_of(413, told("PAYLOAD_TOO_LARGE", limit=1024))

    assert isinstance(conflict, errors.Conflict)
    assert (conflict.existing_id, conflict.merged_into, conflict.matched) == ("lead_1", "lead_2", 3)
    assert isinstance(too_large, errors.TooLarge)
    assert too_large.limit == 1024


def test_details_of_another_shape_are_none() -> None:
    conflict = error_of(409, told("CONFLICT", existingId=7, matched="many"))
    invalid = error_of(400, told("VALIDATION_ERROR", errors="all"))

    assert isinstance(conflict, errors.Conflict)
    assert (conflict.existing_id, conflict.matched) == (None, None)
    assert isinstance(invalid, errors.ValidationFailed)
    assert (list(invalid.problems), str(invalid)) == ([], "No")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, errors.RateLimited), (502, errors.Unavailable), (503, errors.Unavailable), (504, errors.Unavailable)],
)
def test_what_a_proxy_says_in_its_own_words_is_understood(status: int, kind: type[Exception]) -> None:
    error = error_of(status, b"<html>", retry_after=3)

    assert type(error) is kind
    assert isinstance(error, errors.ApiError)
    assert error.retry_after == 3
    assert str(error).startswith(f"Something on the way answers {status} ")


@pytest.mark.parametrize("status", [200, 301, 404, 500, 799])
def test_what_no_leadlight_server_answers_is_told(status: int) -> None:
    error = error_of(status, b"<html>")

    assert type(error) is errors.UnexpectedAnswer
    assert error.status == status
    assert str(error) == f"the answer ({status}) is none that a Leadlight server gives"
