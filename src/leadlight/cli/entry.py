"""Where the program starts."""

import sys

_SERVERS = ("serve", "worker")


def main() -> None:
    """Loads what the command needs: a server is not to carry the client."""
    if sys.argv[1:2] and sys.argv[1] in _SERVERS:
        from leadlight.cli.servers import app  # noqa: PLC0415  (that is what this is for)
    else:
        from leadlight.cli.main import app  # noqa: PLC0415
    app()
