"""The look-up at Meta's Graph: what its webhook does not tell is asked for, and kept with the submission."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from leadlight.app import Services
from leadlight.capture.form import Form
from leadlight.capture.graph import Graph, GraphRefusal
from leadlight.capture.processing import Processing
from leadlight.capture.queries import Shown
from leadlight.capture.receiving import Posted, Receiving
from leadlight.capture.service import FormPatch
from leadlight.capture.submission import SubmissionKind, SubmissionStatus
from leadlight.ids import IdFactory
from leadlight.store.opening import open_database
from tests.capture.payloads import body_of, meta, meta_value
from tests.conftest import MovableClock
from tests.webhooks.receiver import React, Receiver, answer, break_off, close, hang, redirect

TOKEN = "a-token-of-meta"
ALONE = {name: value for name, value in meta_value().items() if name != "field_data"}
TOLD = body_of({"id": "444444444444", "field_data": meta_value()["field_data"]})

Deliver = Callable[[React], Any]


@pytest.fixture
async def deliver(store: dict[str, Any], clock: MovableClock) -> AsyncIterator[Deliver]:
    """Has a webhook with an id alone come in, beside a Graph that reacts; answers the submission and what was asked."""
    database = await open_database(store["data"], store.get("database_url", ""))
    parts = Services(database, clock)
    workspace = await parts.workspaces.create_workspace("Ours")
    form = await parts.forms.create_form(
        workspace.id, "Ads", FormPatch(secrets={"meta_access_token": TOKEN, "meta_app_secret": "app-secret"})
    )

    async def deliver(react: React) -> tuple[Shown, Receiver]:
        with Receiver(react) as receiver:
            graph = Graph(receiver.url, timeout_seconds=2.0)
            processing = Processing(database, parts.events, parts.workspaces, parts.intake, graph, clock)
            receiving = Receiving(database, processing, clock, IdFactory(clock))
            posted = Posted(SubmissionKind.META, "application/json", body_of(meta(ALONE)), "444444444444")
            await receiving.receive(form, [posted])
        return await only(parts, form), receiver

    yield deliver
    await database.close()


async def only(parts: Services, form: Form) -> Shown:
    [shown] = await parts.submissions.list_submissions(
        form.workspace_id, form.id, status=None, before="sub_~", limit=10
    )
    return shown


async def test_what_meta_does_not_tell_is_asked_for_and_kept(deliver: Deliver) -> None:
    submission, graph = await deliver(lambda _: answer(200, TOLD))

    [request] = graph.requests
    assert (request.method, request.path) == ("GET", "/hook/444444444444")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert submission.status is SubmissionStatus.STORED
    kept = json.loads(submission.beginning)["entry"][0]["changes"][0]["value"]
    assert (kept["leadgen_id"], kept["field_data"]) == ("444444444444", meta_value()["field_data"])


@pytest.mark.parametrize(
    ("reaction", "why"),
    [
        (answer(400, b'{"error":{"message":"Invalid OAuth access token"}}'), "it answered 400"),
        (answer(500), "it answered 500"),
        (redirect("http://127.0.0.1:1/"), "it answered 307"),
        (answer(200, b"x" * 300_000), "it answered more than 262144 bytes"),
        (answer(200, b"no JSON"), "what it answered is no JSON object"),
        (answer(200, b"[]"), "what it answered is no JSON object"),
        (close(), "ServerDisconnectedError"),
        (break_off(), "ClientPayloadError"),
        (hang(), "TimeoutError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_graph_does_wrong_is_the_reason(deliver: Deliver, reaction: Any, why: str) -> None:
    submission, _ = await deliver(lambda _: reaction)

    assert submission.status is SubmissionStatus.FAILED
    assert submission.reason == f"Meta's Graph did not tell the answers: {why}"
    assert TOKEN not in str(submission.reason)


async def test_an_answer_without_answers_fails_as_a_lead_that_says_nothing(deliver: Deliver) -> None:
    submission, _ = await deliver(lambda _: answer(200, b'{"id":"444444444444"}'))

    assert submission.status is SubmissionStatus.FAILED
    assert str(submission.reason).startswith("field_data: is missing")


async def test_a_redelivery_asks_again(deliver: Deliver) -> None:
    first, _ = await deliver(lambda _: answer(500))
    again, _ = await deliver(lambda _: answer(200, TOLD))

    assert (first.status, again.status) == (SubmissionStatus.FAILED, SubmissionStatus.STORED)
    assert first.id == again.id


async def test_what_is_told_already_is_not_asked_for(deliver: Deliver) -> None:
    await deliver(lambda _: answer(200, TOLD))
    _, graph = await deliver(lambda _: answer(200, TOLD))

    assert graph.requests == []


async def test_an_id_is_no_path_of_its_own() -> None:
    with Receiver(lambda _: answer(200, b"{}")) as receiver:
        await Graph(receiver.url).answers("../me?fields=x&", TOKEN)

    assert receiver.requests[0].path == "/hook/..%2Fme%3Ffields=x&"


async def test_a_graph_that_nobody_reaches_is_a_refusal() -> None:
    with pytest.raises(GraphRefusal, match="ClientConnectorError"):
        await Graph("http://127.0.0.1:1").answers("1", TOKEN)
