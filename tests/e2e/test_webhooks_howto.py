"""The how-tos on webhooks and on the stream: what they show works, with a real server that calls a real receiver."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.conftest import Client
from tests.contract.test_docs import assert_like
from tests.e2e.processes import ServerProcess, wait_until
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.engine("sqlite")

DOCS = Path(__file__).parents[2] / "docs" / "howto"
BLOCK = re.compile(r"^```bash\n(.*?)^```\n(?:\n```json\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
SETTLE = """
while curl -s "$LEADLIGHT/api/v1/webhooks/$WEBHOOK/deliveries" -H "Authorization: Bearer $KEY" \
  | grep -q '"status":"\\(pending\\|sending\\)"'; do sleep 0.1; done
"""
"""The reader of the page is slower than a script: what was sent has arrived when the next command is given."""


def code(page: str, language: str) -> str:
    """The one block of a page in a language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


def client(server: ServerProcess) -> Client:
    return Client(f"http://127.0.0.1:{server.port}", str(server.key), "", "")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_run_and_answer_as_shown(serve: Callable[..., ServerProcess], tmp_path: Path) -> None:
    api = client(serve("--webhook-allow-private"))
    blocks = BLOCK.findall((DOCS / "webhooks.md").read_text())
    script = ["set -eu; WEBHOOK=none"]
    script += [f"{{\n{commands}}} > {tmp_path}/{index}{SETTLE}" for index, (commands, _) in enumerate(blocks)]

    with Receiver() as receiver:
        environment = {**os.environ, "LEADLIGHT": api.url, "KEY": api.key, "HOOK": receiver.url}
        ran = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (ran.returncode, ran.stderr) == (0, "")
    outputs = [(tmp_path / str(index)).read_text() for index in range(len(blocks))]
    assert [output for output in outputs if '"success":false' in output] == []
    for (_, expected), output in zip(blocks, outputs, strict=True):
        if expected:
            assert_like(json.loads(expected), json.loads(output))
    assert len(receiver.requests) == 2  # the test, and the test once more


def test_the_event_is_verified_as_shown(serve: Callable[..., ServerProcess]) -> None:
    api = client(serve("--webhook-allow-private"))
    with Receiver() as receiver:
        made = api.post("/api/v1/webhooks", {"url": receiver.url, "events": ["*"]}).json()["data"]
        lead = api.create()
        received = receiver.wait_for(1)[0]
    known: dict[str, Any] = {"body": received.body, "headers": received.headers, "secret": made["secret"]}

    exec(code("webhooks.md", "python"), known)

    assert known["event"]["data"] == lead
    assert Webhook(made["secret"]).verify(received.body, received.headers) == known["event"]


def test_the_shown_event_has_the_fields_of_one(serve: Callable[..., ServerProcess]) -> None:
    api = client(serve())
    api.create()

    event = api.get("/api/v1/events").json()["data"]["events"][0]

    shown = re.search(r"```json\n(\{\n  \"id\": \"evt_.*?)```", (DOCS / "webhooks.md").read_text(), re.DOTALL)
    assert shown is not None
    assert list(json.loads(shown[1])) == list(event)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_stream_is_read_as_shown(serve: Callable[..., ServerProcess], tmp_path: Path) -> None:
    api = client(serve())
    program = tmp_path / "read.mjs"
    program.write_text("const { LEADLIGHT, KEY } = process.env;\n" + code("follow-changes.md", "js"))
    output = tmp_path / "out"
    with output.open("w") as out:
        environment = {**os.environ, "LEADLIGHT": api.url, "KEY": api.key}
        process = subprocess.Popen(["node", str(program)], env=environment, stdout=out)
    try:
        wait_until(lambda: "leadlight_open_streams 1" in api.get("/metrics").text)
        lead = api.create("Ada \u2028 Park")
        api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"})
        wait_until(lambda: output.read_text() == "lead.created\nlead.updated\nlead.status_changed\n")
    finally:
        process.kill()
        process.wait(timeout=20)
