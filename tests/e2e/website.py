"""A website of somebody else's, which has a form of ours on its page."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.conftest import MovableClock


class Website:
    """A page that holds a form, on an origin of its own; the clock goes on when the page says so."""

    def __init__(self, clock: MovableClock) -> None:
        self.page = ""
        self.closing = threading.Event()
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/never-quite":  # until the page is left, it has not loaded, and is not shown
                    website.closing.wait(20)
                    return
                body = website.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                clock.advance(seconds=5)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
