"""What the errors of the HTTP client are taken for, where no receiver brings them about at will."""

import errno
import ssl
from contextlib import suppress

import aiohttp
import pytest

from leadlight.webhooks.diagnosis import failure_of
from leadlight.webhooks.failure import Failure

KEY = aiohttp.client_reqrep.ConnectionKey("example.com", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.ECONNREFUSED, Failure.CONNECTION_REFUSED),
        (errno.ETIMEDOUT, Failure.TIMEOUT),
        (errno.ECONNRESET, Failure.TLS_FAILED),
        (errno.EHOSTUNREACH, Failure.CONNECTION_FAILED),
        (errno.ENETUNREACH, Failure.CONNECTION_FAILED),
        (errno.EMFILE, Failure.CONNECTION_FAILED),
        (None, Failure.CONNECTION_FAILED),
    ],
)
def test_tells_why_there_is_no_connection(number: int | None, failure: Failure) -> None:
    assert failure_of(aiohttp.ClientConnectorError(KEY, OSError(number, "why"))) is failure


def test_tls_that_fails_after_the_handshake_is_told_from_a_lost_connection() -> None:
    lost = aiohttp.ClientOSError(104, "Connection reset by peer")
    assert failure_of(lost) is Failure.CONNECTION_LOST

    with suppress(aiohttp.ClientOSError):
        raise lost from ssl.SSLError(1, "certificate required")

    assert failure_of(lost) is Failure.TLS_FAILED


@pytest.mark.parametrize("error", [KeyError("x"), AssertionError(), ZeroDivisionError()])
def test_an_error_that_nobody_foresaw_is_told_as_such(error: Exception) -> None:
    assert failure_of(error) is None
