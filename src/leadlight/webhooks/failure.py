"""What can become of one attempt to deliver."""

from enum import StrEnum

import msgspec


class Failure(StrEnum):
    """`http_status`: an answer that is neither good nor a redirect. `connection_lost`: before the answer was whole.

    `interrupted`: the process that sent it ended, and nobody knows what became of it.
    """

    TIMEOUT = "timeout"
    DNS_FAILED = "dns_failed"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_FAILED = "connection_failed"
    CONNECTION_LOST = "connection_lost"
    TLS_FAILED = "tls_failed"
    BLOCKED_ADDRESS = "blocked_address"
    INVALID_ANSWER = "invalid_answer"
    REDIRECT = "redirect"
    HTTP_STATUS = "http_status"
    INTERRUPTED = "interrupted"


class Outcome(msgspec.Struct, frozen=True):
    """`began_at` in milliseconds since 1970, `duration` in milliseconds; `failure` is None for a success.

    `answer`: how the body begins. `retry_after`: for how many seconds the receiver asked to be left alone.
    """

    began_at: int
    duration: int
    status: int | None
    failure: Failure | None
    answer: str
    retry_after: int | None
