"""Who may open which page: tried over every one there is."""

from collections.abc import Callable

import pytest
import requests

from leadlight.capture.receiving import Posted
from leadlight.capture.service import FormPatch
from leadlight.capture.submission import Context, SubmissionKind
from leadlight.dashboard.routes import Page
from leadlight.http.ratelimit import SlidingWindows
from leadlight.people.role import Role
from leadlight.principal import Scope
from leadlight.webhooks.service import WebhookDraft
from tests.conftest import Client, Server
from tests.dashboard.person import Person, make_person
from tests.imports.uploads import begin

OTHER_SITE = {"Origin": "https://evil.example"}


def pages_of(server: Server) -> list[Page]:
    return [each for each in server.services.dashboard(SlidingWindows(seconds=60)).pages() if each.scope]


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(background=False)  # which sends nothing


def path_of(page: Page, server: Server, api: Client, lead_id: object, duplicate_id: str = "lead_none") -> str:
    """With the ids of others that there are not; pages of a form, of a webhook, and of what came in or was sent by it
    are read by theirs.
    """
    return page.path.format(
        **(form_ids(server, api.workspace_id) if "/forms/{" in page.path or "/submissions/" in page.path else {}),
        **(webhook_ids(server, api.workspace_id) if "/webhooks/{" in page.path else {}),
        workspace_id=api.workspace_id,
        lead_id=lead_id,
        duplicate_id=duplicate_id,
        note_id="note_01kb2v6e3mf0r8n4t9q5w7x1yz",
        operation_id="op_01kb2v6e3mf0r8n4t9q5w7x1yz",
        user_id="usr_01kb2v6e3mf0r8n4t9q5w7x1yz",
        key_id="key_01kb2v6e3mf0r8n4t9q5w7x1yz",
        import_id=an_import(api),
        view_id="view_01kb2v6e3mf0r8n4t9q5w7x1yz",
    )


def form_ids(server: Server, workspace_id: str) -> dict[str, str]:
    """Of the workspace's form, which is made where there is none, and of something that came in by it."""
    forms = server.do(server.services.forms.list_forms(workspace_id, after="", limit=1))
    form = forms[0] if forms else server.do(server.services.forms.create_form(workspace_id, "Contact", FormPatch()))
    posted = Posted(SubmissionKind.FORM, "application/json", b"{}", "once", Context())
    [received] = server.do(server.services.receiving.receive(form, [posted]))
    return {"form_id": form.id, "submission_id": received.submission.id}


def webhook_ids(server: Server, workspace_id: str) -> dict[str, str]:
    """Of the workspace's webhook, which is made where there is none, and of something that would be sent to it."""
    webhooks = server.services.webhooks
    found = server.do(webhooks.list_webhooks(workspace_id, after="", limit=1))
    draft = WebhookDraft("http://93.184.215.14/", ("*",))
    webhook = found[0] if found else server.do(webhooks.create_webhook(workspace_id, draft))
    return {"webhook_id": webhook.id, "delivery_id": server.do(webhooks.send_test(workspace_id, webhook.id)).id}


def an_import(api: Client) -> str:
    """One that is there: it stores nothing."""
    known = api.get("/api/v1/imports").json()["data"]["imports"]
    return str(known[0]["id"] if known else begin(api, dryRun="true")["id"])


def opened(
    person: Person, page: Page, api: Client, lead_id: str, *, duplicate_id: str = "lead_none", **options: object
) -> requests.Response:
    """A page of the workspace of `api`, with a good form."""
    path = path_of(page, person.server, api, lead_id, duplicate_id)
    if page.method == "GET":
        return person.get(path, stream=path.endswith("/changes"), **options)  # that one has no end
    fields = {
        "name": "Changed",
        "email": "changed@example.com",
        "id": lead_id,
        "action": "delete",
        "json": "{}",
        "move": "1",
        "text": "Changed",
    }
    return person.send(path, fields, **options)


def is_untouched(api: Client, lead: dict[str, object]) -> bool:
    listed = api.get("/api/v1/leads").json()["data"]["leads"]
    notes = api.get(f"/api/v1/leads/{lead['id']}/notes").json()["data"]["notes"]
    return [(each["id"], each["updatedAt"]) for each in listed] == [(lead["id"], lead["updatedAt"])] and notes == []


def test_whoever_is_in_another_workspace_finds_nothing(server: Server, api: Client, stranger: Client) -> None:
    person, lead = make_person(server, stranger.workspace_id, Role.OWNER), api.create()

    answers = [opened(person, page, api, str(lead["id"])) for page in pages_of(server)]

    assert {answer.status_code for answer in answers} == {404}
    assert not any("Ada" in answer.text for answer in answers)
    assert is_untouched(api, lead)


def test_a_lead_of_another_workspace_is_not_there_in_ones_own(owner: Person, stranger: Client) -> None:
    lead = stranger.create()

    answers = [
        owner.get(f"{owner.home}/leads/{lead['id']}"),
        owner.send(f"{owner.home}/leads/{lead['id']}", {"name": "Changed", "was.name": "Ada Park"}),
        owner.send(f"{owner.home}/leads/{lead['id']}/delete"),
    ]
    owner.send(f"{owner.home}/leads/many", {"id": lead["id"], "action": "delete"})

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert is_untouched(stranger, lead)


def test_a_viewer_reads_and_changes_nothing(server: Server, api: Client, viewer: Person) -> None:
    lead = api.create()

    for page in pages_of(server):
        answer = opened(viewer, page, api, str(lead["id"]))
        wanted = (200, 400) if page.scope is Scope.LEADS_READ else (403,)
        assert answer.status_code in wanted, page

    assert is_untouched(api, lead)


def test_a_member_opens_and_changes_no_settings(server: Server, api: Client, member: Person) -> None:
    settings = [page for page in pages_of(server) if page.scope in (Scope.ADMIN, Scope.WEBHOOKS_MANAGE)]

    answers = [opened(member, page, api, "lead_1") for page in settings]

    assert [answer.status_code for answer in answers] == [403] * len(settings)
    assert len(settings) >= 22
    assert all("for the owners" in answer.text for answer in answers)
    assert "/settings/" not in member.get(f"{member.home}/leads").text
    assert len(server.do(server.services.workspaces.list_all_keys(api.workspace_id))) == 1


def test_an_owner_opens_every_page_for_reading(server: Server, api: Client, owner: Person) -> None:
    lead_id, other_id = (str(api.create()["id"]) for _ in range(2))

    answers = [
        opened(owner, page, api, lead_id, duplicate_id=other_id) for page in pages_of(server) if page.method == "GET"
    ]

    assert {answer.status_code for answer in answers} == {200}


def test_a_viewers_pages_offer_nothing_that_they_may_not_do(api: Client, viewer: Person) -> None:
    lead = api.create(metadata={"company": "Parkside"})

    pages = [viewer.get(f"{viewer.home}/leads").text, viewer.get(f"{viewer.home}/leads/{lead['id']}").text]

    assert [word for word in ("data-new", "Save", "Delete", "Do it", "Remove") if word in "".join(pages)] == []


def test_without_a_session_no_page_opens(server: Server, api: Client) -> None:
    guest, lead = Person(server, api.workspace_id), api.create()

    for page in pages_of(server):
        path = path_of(page, server, api, lead["id"])
        answer = guest.get(path) if page.method == "GET" else guest.post(path, {"id": lead["id"]})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in"), page

    assert is_untouched(api, lead)


@pytest.mark.parametrize("secret", ["", "0" * 64, "ö"])
def test_a_form_without_the_sessions_secret_changes_nothing(
    server: Server, api: Client, owner: Person, secret: str
) -> None:
    lead = api.create()

    for page in pages_of(server):
        if page.method == "POST":
            path = path_of(page, server, api, lead["id"])
            answer = owner.post(path, {"csrf": secret, "id": lead["id"], "action": "delete"})
            assert answer.status_code == 403, page

    assert is_untouched(api, lead)


@pytest.mark.parametrize(
    "headers",
    [OTHER_SITE, {"Origin": "http://["}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_form_of_another_website_changes_nothing(owner: Person, api: Client, headers: dict[str, str]) -> None:
    lead = api.create()

    answer = owner.send(f"{owner.home}/leads/{lead['id']}/delete", headers=headers)
    sign_in = owner.post("/sign-in", {"email": "a@example.com", "password": "x"}, headers=headers)

    assert (answer.status_code, sign_in.status_code) == (403, 403)
    assert is_untouched(api, lead)


def test_a_role_that_was_taken_away_ends_with_the_next_request(server: Server, api: Client) -> None:
    make_person(server, api.workspace_id, Role.OWNER)
    member = make_person(server, api.workspace_id, Role.MEMBER)
    [_, joined] = server.do(server.services.people.list_members(api.workspace_id))

    server.do(server.services.people.set_role(api.workspace_id, joined.user.id, Role.VIEWER))
    assert member.get(f"{member.home}/leads/new").status_code == 403

    server.do(server.services.people.remove_member(api.workspace_id, joined.user.id))
    assert member.get(f"{member.home}/leads").status_code == 404
