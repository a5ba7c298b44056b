"""The stylesheet and the scripts of the pages, each at an address that changes with what it holds."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "no-cache"
_DIGITS = 12


class Asset(NamedTuple):
    """`packed`: the body as gzip. Nothing in it is secret, so its size may be seen."""

    body: bytes
    packed: bytes
    media_type: str
    version: str


@cache
def assets() -> dict[str, Asset]:
    """All there are, by name; none imports another one, whose address would have to be a versioned one."""
    folder = files("leadlight.dashboard").joinpath("assets")
    found: dict[str, Asset] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        body = file.read_bytes()
        version = hashlib.sha256(body).hexdigest()[:_DIGITS]
        packed = gzip.compress(body, mtime=0)
        found[file.name] = Asset(body, packed, _KINDS[file.name.rpartition(".")[2]], version)
    return found


def asset_url(name: str) -> str:
    return f"/assets/{assets()[name].version}/{name}"


async def serve_asset(request: Request) -> Response:
    """An asset; of another version only until the browser asks again, for its page is an old one."""
    request.state.operation = "asset"
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    current = request.path_params["version"] == asset.version
    headers = {"cache-control": _FOREVER if current else _BRIEFLY, "vary": "accept-encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, headers=headers, media_type=asset.media_type)
    headers["content-encoding"] = "gzip"
    return Response(asset.packed, headers=headers, media_type=asset.media_type)
