"""GET /api/v1/leads/{leadId}/export: everything that is held on one person, and nothing of anybody else."""

import json
from collections.abc import Callable

import msgspec
import pytest
import requests

from leadlight.exports.schemas import HeldSubmission
from leadlight.leads.change import LeadPatch
from leadlight.principal import Actor, Principal, Scope
from tests.conftest import Client, MovableClock, Server
from tests.webhooks.receiver import Receiver, answer


def path_of(lead: dict[str, object]) -> str:
    return f"/api/v1/leads/{lead['id']}/export"


def test_holds_the_lead_and_all_that_happened_to_it(api: Client, clock: MovableClock) -> None:
    lead = api.create(metadata={"company": "Parkside", "score": 1.50})
    clock.advance(seconds=1)
    changed = api.patch(f"/api/v1/leads/{lead['id']}", {"status": "lost"}).json()["data"]
    api.create("Ben Cole", "ben@example.com")

    response = api.get(path_of(lead), headers={"X-Request-Id": "mine"})

    events = api.get(f"/api/v1/leads/{lead['id']}/events").json()["data"]["events"]
    assert [event["type"] for event in events] == ["lead.created", "lead.updated", "lead.status_changed"]
    assert response.json() == {
        "success": True,
        "data": {"lead": changed, "events": events, "deliveries": [], "operations": [], "submissions": [], "notes": []},
    }
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{lead["id"]}.json"')
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-Id"] == "mine"


def test_holds_what_is_kept_so_that_operations_can_be_taken_back(api: Client, clock: MovableClock) -> None:
    lead = api.create(metadata={"n": 1.50})
    other = api.create("Ben Cole", "ben@example.com")
    clock.advance(seconds=1)
    batch = api.post("/api/v1/leads/batch-update", {"filter": {}, "set": {"source": "fair"}}).json()["data"]

    response = api.get(path_of(lead))

    assert response.json()["data"]["operations"] == [
        {"operationId": batch["operationId"], "leadId": lead["id"], "action": "updated", "before": lead}
    ]
    assert other["id"] not in response.text


def test_holds_what_webhooks_were_sent_and_what_they_answered(start_server: Callable[..., Server]) -> None:
    server = start_server(webhook_allow_private=True)
    api = server.client(server.workspace(), Scope.ADMIN)
    with Receiver(lambda _: answer(200, b"thanks, Ada")) as receiver:
        webhook = api.post("/api/v1/webhooks", {"url": receiver.url, "events": ["*"]}).json()["data"]
        lead = api.create()
        api.create("Ben Cole", "ben@example.com")
        receiver.wait_for(2)
        while "pending" in (text := api.get(path_of(lead)).text) or "sending" in text:
            pass

    [delivery] = api.get(path_of(lead)).json()["data"]["deliveries"]

    [attempt] = delivery["attempts"]
    assert (delivery["webhookId"], delivery["eventType"], delivery["status"]) == (
        webhook["id"],
        "lead.created",
        "succeeded",
    )
    assert (delivery["leadId"], attempt["number"], attempt["answer"]) == (lead["id"], 1, "thanks, Ada")


def test_holds_what_came_in_by_forms(api: Client, admin: Client) -> None:
    form = admin.post("/api/v1/forms", {"name": "Contact"}).json()["data"]
    sent = {"name": "Ada Park", "email": "ada@example.com", "message": "Call me"}
    requests.post(f"{admin.url}/capture/{form['id']}?utm_source=fair", json=sent, timeout=5)
    [lead] = api.get("/api/v1/leads").json()["data"]["leads"]

    [submission] = api.get(path_of(lead)).json()["data"]["submissions"]

    assert list(submission) == [field.encode_name for field in msgspec.structs.fields(HeldSubmission)]
    assert json.loads(submission["body"]) == sent
    assert (submission["formId"], submission["leadId"]) == (form["id"], lead["id"])


def test_holds_what_happened_to_a_lead_that_was_merged_into_it(api: Client) -> None:
    kept = api.create(phone="+44 20 7946 0958")
    gone = api.create("Ada B. Park", "ada.b@example.com")
    merged = api.post(f"/api/v1/leads/{kept['id']}/merge", {"duplicateId": gone["id"]}).json()["data"]

    data = api.get(path_of(gone)).json()["data"]

    assert data["lead"] == {**merged["lead"], "mergedInto": kept["id"]}
    assert [(event["leadId"], event["type"]) for event in data["events"]][:2] == [
        (kept["id"], "lead.created"),
        (gone["id"], "lead.created"),
    ]
    assert {each["leadId"]: each["before"]["name"] for each in data["operations"]} == {
        kept["id"]: "Ada Park",
        gone["id"]: "Ada B. Park",
    }


def test_a_long_history_is_whole(server: Server, api: Client) -> None:
    lead = api.create(metadata={"text": "a" * 2_000})
    caller = Principal(Actor.of(api.key_id), api.workspace_id, frozenset({Scope.LEADS_WRITE}), None, None)

    async def rename(times: int) -> None:
        for number in range(times):
            await server.services.leads.update_lead(caller, lead["id"], LeadPatch(name=f"Ada {number}"))

    server.do(rename(1_200))

    data = api.get(path_of(lead)).json()["data"]

    names = [event["data"]["name"] for event in data["events"]]
    assert names == ["Ada Park", *(f"Ada {number}" for number in range(1_200))]
    assert data["lead"]["name"] == "Ada 1199"


@pytest.mark.parametrize("method", ["DELETE", None])
def test_there_is_nothing_of_who_was_erased_or_never_was(api: Client, method: str | None) -> None:
    lead = api.create()
    if method is not None:
        api.request(method, f"/api/v1/leads/{lead['id']}")
    path = path_of(lead) if method is not None else "/api/v1/leads/lead_1/export"

    response = api.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "LEAD_NOT_FOUND")


def test_says_the_same_of_another_workspaces_lead_as_of_none(api: Client, stranger: Client) -> None:
    theirs = stranger.create()

    response = api.get(path_of(theirs), headers={"X-Request-Id": "r"})
    missing = api.get("/api/v1/leads/lead_1/export", headers={"X-Request-Id": "r"})

    assert response.status_code == 404
    assert response.text == missing.text.replace("lead_1", str(theirs["id"]))


def test_needs_the_right_to_read(server: Server, api: Client, reader: Client) -> None:
    lead = api.create()
    writer = server.client(api.workspace_id, Scope.LEADS_WRITE)

    refused = writer.get(path_of(lead))

    assert (refused.status_code, refused.json()["details"]) == (403, {"required": "leads:read"})
    assert reader.get(path_of(lead)).status_code == 200


def test_refuses_the_anonymous(server: Server, api: Client) -> None:
    response = requests.get(server.url + path_of(api.create()), timeout=5)

    assert (response.status_code, response.json()["code"]) == (401, "MISSING_AUTH_HEADER")


def test_names_what_is_wrong_with_the_question(api: Client) -> None:
    assert api.get("/api/v1/leads/ada/export").json()["code"] == "INVALID_ID_FORMAT"
    assert api.get(f"{path_of(api.create())}?format=csv").json()["code"] == "VALIDATION_ERROR"
