"""The address and the key: where they come from, what is refused, and that the key is shown nowhere."""

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from leadlight.client import AsyncLeadlight, Leadlight, LeadlightError, NotConfigured
from tests.client.conftest import KEY
from tests.client.scripted import Scripted, answer, closed_port, failure, hang_up, success
from tests.client.shapes import WORKSPACE

Connect = Callable[..., Leadlight]


def test_the_environment_is_asked_where_nothing_is_said() -> None:
    with Scripted(success(WORKSPACE)) as server:
        client = Leadlight(environment={"LEADLIGHT_URL": f"{server.url}/", "LEADLIGHT_KEY": KEY})
        client.workspace.get()
        client.close()

    [request] = server.requests
    assert (request.path, request.headers["authorization"]) == ("/api/v1/workspace", f"Bearer {KEY}")
    assert request.headers["user-agent"].startswith("leadlight-client/")


def test_what_is_said_comes_before_the_environment() -> None:
    with Scripted(success(WORKSPACE)) as server:
        client = Leadlight(f"{server.url}/behind/a/proxy", KEY, environment={"LEADLIGHT_URL": "no"})
        client.workspace.get()
        client.close()

    assert server.requests[0].path == "/behind/a/proxy/api/v1/workspace"


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        ("", KEY, "the server's address is needed: give url, or set LEADLIGHT_URL"),
        ("http://127.0.0.1", "", "an API key is needed: give key, or set LEADLIGHT_KEY"),
        ("http://127.0.0.1", "sk-geheim\r\nX: y", "the API key holds what no key does; copy it as it was shown"),
        ("http://127.0.0.1", "sk-schlüssel", "the API key holds what no key does; copy it as it was shown"),
        ("127.0.0.1:8000", KEY, "the server's address has to begin with https:// or http://, and name a host"),
        ("ftp://x/", KEY, "the server's address has to begin with https:// or http://, and name a host"),
        ("http://", KEY, "the server's address has to begin with https:// or http://, and name a host"),
        ("http://ada:geheim@x/", KEY, "the server's address must hold no user and no password"),
        ("http://x/?a=b", KEY, "the server's address must not hold a question mark or a fragment"),
        ("http://x:port/", KEY, "the server's address can't be read: Invalid port: 'port'"),
    ],
)
@pytest.mark.parametrize("kind", [Leadlight, AsyncLeadlight])
def test_what_can_be_no_address_or_key_is_refused(kind: type[Any], url: str, key: str, sentence: str) -> None:
    with pytest.raises(NotConfigured) as refused:
        kind(url, key, environment={})

    assert str(refused.value) == sentence


def test_a_client_shows_its_address_and_no_key(connect: Connect) -> None:
    client = connect("http://127.0.0.1:1/")

    assert repr(client) == "Leadlight('http://127.0.0.1:1')"
    assert KEY not in repr(vars(client)) + repr(vars(client._driver)) + repr(client._driver.http.headers)


@pytest.mark.parametrize(
    "reaction",
    [hang_up(), failure(401, "INVALID_API_KEY"), answer(200, b"<html>"), answer(400), [b"nonsense\r\n\r\n"]],
    ids=["hang_up", "401", "html", "400", "nonsense"],
)
def test_no_error_shows_the_key(connect: Connect, reaction: Any) -> None:
    with Scripted(reaction) as server, pytest.raises(LeadlightError) as raised:
        connect(server.url).workspace.get()

    assert KEY not in "".join(traceback.format_exception(raised.value))
    assert KEY not in repr(raised.value) + repr(raised.value.__context__)


def test_an_error_can_be_sent_to_another_process(connect: Connect) -> None:
    with (
        Scripted(failure(409, "CONFLICT", {"existingId": "lead_1"})) as server,
        pytest.raises(LeadlightError) as raised,
    ):
        connect(server.url).leads.create("Ada", "ada@example.com")
    with pytest.raises(LeadlightError) as lost:
        connect(closed_port()).workspace.get()

    for error in (raised.value, lost.value):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
