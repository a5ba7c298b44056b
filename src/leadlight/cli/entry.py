"""Where the program starts."""

import sys

SERVERS = ("serve", "worker")
REMOTE = ("leads", "import", "imports", "export", "dedupe", "operations", "insights")


def main() -> None:
    """Loads what the command needs: a server is not to carry the client, nor a question the server."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in SERVERS:
        from leadlight.cli.servers import app  # noqa: PLC0415  (that is what this is for)
    elif command in REMOTE:
        from leadlight.cli.remote import app  # noqa: PLC0415
    else:
        from leadlight.cli.main import app  # noqa: PLC0415
    app()
