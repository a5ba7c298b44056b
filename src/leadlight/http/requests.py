"""What is asked of requests outside of /api/: their whole body, and whether a page of ours sent them."""

from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request

from leadlight.http.errors import BadRequest, PayloadTooLarge


async def read_whole(request: Request, limit: int) -> bytes:
    """Its body, of so many bytes at the most. Raises PayloadTooLarge, BadRequest."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced[:19]) > limit:
        raise PayloadTooLarge(limit)
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise PayloadTooLarge(limit)
    except ClientDisconnect:
        raise BadRequest("The body broke off before its end") from None
    return bytes(body)


def is_of(origin: str, host: str) -> bool:
    """Whether a page is of the very address that it posts to; a proxy may have taken the TLS off on the way."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return bool(host) and parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
