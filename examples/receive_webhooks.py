"""Receives webhooks: believes those that are signed, and takes each event once. Needs nothing but Leadlight."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

from leadlight import WebhookVerificationError, verify_webhook

SECRET = os.environ["SECRET"]
PORT = int(os.environ.get("PORT", "3000"))
LIMIT = 1 << 20  # bytes; an event is far smaller

# What was answered with 204 is not sent again. So put events on disk before you answer, into a table whose key is
# their webhook-id: then one that comes twice is there already. A queue and a set show the order of things.
inbox: Queue[tuple[str, dict[str, Any]]] = Queue()


def work() -> None:
    seen: set[str] = set()
    while True:
        webhook_id, event = inbox.get()
        if webhook_id not in seen:
            seen.add(webhook_id)
            print(event["type"], event["leadId"], event["data"].get("status", "gone"), flush=True)


class Hook(BaseHTTPRequestHandler):
    timeout = 10  # seconds of silence, then the connection is closed

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if not 0 <= length <= LIMIT:
            return self.answer(413)
        try:
            event = verify_webhook(self.rfile.read(length), dict(self.headers.items()), SECRET)
        except WebhookVerificationError as error:
            return self.answer(401, str(error))
        inbox.put((self.headers["webhook-id"], event))
        return self.answer(204)

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())


Thread(target=work, daemon=True).start()
server = ThreadingHTTPServer(("127.0.0.1", PORT), Hook)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
