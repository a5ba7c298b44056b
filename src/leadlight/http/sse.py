"""The wire format of Server-Sent Events (WHATWG HTML §9.2), byte for byte."""

from leadlight.errors import InvalidInput, Problem

MEDIA_TYPE = "text/event-stream"

_RETRY_MILLISECONDS = 2000
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def opening(position: int) -> bytes:
    """The first block: when to come back, and the id to come back with. Without data, it is no event."""
    return b"retry: %d\nid: %d\n\n" % (_RETRY_MILLISECONDS, position)


def event(position: int, type_: str, data: bytes) -> bytes:
    """An event; `data` is JSON, which has line ends between its tokens alone, where a blank does as well."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, type_.encode(), data.translate(_ONE_LINE))


def heartbeat(position: int | None = None) -> bytes:
    """A comment, so that nobody on the way takes the connection for dead; with the id to come back with, if given."""
    return b":\n\n" if position is None else b":\nid: %d\n\n" % position


def last_event_id(header: bytes | None) -> int | None:
    """The position behind which a client goes on (Last-Event-ID), None without the header. Raises InvalidInput."""
    if header is None:
        return None
    if not header.isdigit() or len(header) > 18:
        message = "must be an id that an earlier stream gave"
        raise InvalidInput([Problem("Last-Event-ID", message, "invalid_cursor")])
    return int(header)
