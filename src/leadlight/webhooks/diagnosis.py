"""Which failure an error of the HTTP client tells of."""

import ssl

import aiohttp

from leadlight.webhooks.failure import Failure

_Table = tuple[tuple[type[BaseException], Failure], ...]

_IN_CONNECTING: _Table = (
    (ConnectionRefusedError, Failure.CONNECTION_REFUSED),
    (TimeoutError, Failure.TIMEOUT),
    (ConnectionResetError, Failure.TLS_FAILED),  # it was connected, and then the handshake broke off
    (ConnectionAbortedError, Failure.TLS_FAILED),
    (Exception, Failure.CONNECTION_FAILED),
)

_KNOWN: _Table = (
    (aiohttp.ClientConnectorDNSError, Failure.DNS_FAILED),
    (UnicodeError, Failure.DNS_FAILED),  # a name that DNS can't even be asked for
    (aiohttp.ClientSSLError, Failure.TLS_FAILED),
    (TimeoutError, Failure.TIMEOUT),
    (aiohttp.ClientConnectionError, Failure.CONNECTION_LOST),
    (aiohttp.ClientPayloadError, Failure.CONNECTION_LOST),
    (aiohttp.ClientResponseError, Failure.INVALID_ANSWER),
    (aiohttp.InvalidURL, Failure.BLOCKED_ADDRESS),  # http://127.1/, which the system would take for an address
    (RuntimeError, Failure.CONNECTION_FAILED),  # uvloop's, for a connection that can't be made
)


def failure_of(error: Exception) -> Failure | None:
    """None for an error that the client is not known to raise."""
    if type(error) is aiohttp.ClientConnectorError:
        return _first(_IN_CONNECTING, error.os_error)
    if isinstance(error.__cause__, ssl.SSLError):
        # With TLS 1.3 a receiver that wants a certificate of ours says so when the handshake is over.
        return Failure.TLS_FAILED
    return _first(_KNOWN, error)


def _first(table: _Table, error: Exception) -> Failure | None:
    return next((failure for kind, failure in table if isinstance(error, kind)), None)
