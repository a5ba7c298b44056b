"""/api/v1/forms: made, listed, changed and deleted by admins, in their own workspace; secrets are never shown again."""

from typing import Any

import pytest
import requests

from leadlight.capture.service import FormPatch
from leadlight.principal import Scope
from tests.capture.forms import ADA, FORMS, SECRETS, SITE, TheForm, code_of
from tests.conftest import Client, MovableClock, Server, all_of, problems_of

DEFAULTS: dict[str, Any] = {
    "allowedOrigins": [],
    "redirectUrl": None,
    "fieldMap": {},
    "defaults": {},
    "onDuplicate": None,
    "matchOn": None,
    "honeypot": "homepage_url",
    "rateLimitPerMinute": 60,
    "minimumFillSeconds": 2,
    "googleAdsKey": False,
    "metaVerifyToken": False,
    "metaAppSecret": False,
    "metaAccessToken": False,
    "typeformSecret": False,
    "tallySecret": False,
}
CHOSEN: dict[str, Any] = {
    "allowedOrigins": ["https://example.com", "http://localhost:3000"],
    "redirectUrl": "https://example.com/thanks?x=1",
    "fieldMap": {"your-name": "name", "firma": "metadata.company", "x": ""},
    "defaults": {"source": "website", "status": "contacted", "metadata": {"team": "sales"}},
    "onDuplicate": "update",
    "matchOn": "metadata.external_id",
    "honeypot": None,
    "rateLimitPerMinute": 0,
    "minimumFillSeconds": 0,
}


def get(admin: Client, form: TheForm) -> dict[str, Any]:
    return dict(admin.get(f"{FORMS}/{form.id}").json()["data"])


# Create, read


def test_a_name_is_enough(admin: Client) -> None:
    response = admin.post(FORMS, {"name": "  Contact "})

    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    made = response.json()["data"]
    assert made["id"].startswith("form_")
    assert response.headers["Location"] == f"{FORMS}/{made['id']}"
    times = dict.fromkeys(("createdAt", "updatedAt"), "2026-01-15T10:30:00.000Z")
    assert made == {"id": made["id"], "name": "Contact", **DEFAULTS, **times}
    assert admin.get(f"{FORMS}/{made['id']}").json()["data"] == made


def test_keeps_what_is_chosen_to_the_letter(admin: Client) -> None:
    form = TheForm(admin, **CHOSEN)

    assert {name: form.made[name] for name in CHOSEN} == CHOSEN
    assert get(admin, form) == form.made


def test_numbers_of_the_metadata_keep_their_digits(admin: Client, form: TheForm) -> None:
    body = b'{"defaults": {"metadata": {"weight": 1.10}}}'

    admin.put(f"{FORMS}/{form.id}", data=body, headers={"Content-Type": "application/json"})

    assert '"metadata":{"weight":1.10}' in admin.get(f"{FORMS}/{form.id}").text


def test_secrets_are_answered_as_set_or_not(admin: Client) -> None:
    form = TheForm(admin, **SECRETS)

    assert {name: form.made[name] for name in SECRETS} == dict.fromkeys(SECRETS, True)
    assert form.made["metaAccessToken"] is False
    for text in (admin.get(f"{FORMS}/{form.id}").text, admin.get(FORMS).text):
        assert [secret for secret in SECRETS.values() if secret in text] == []


def test_null_is_as_good_as_nothing(admin: Client) -> None:
    nothing = ("redirectUrl", "defaults", "onDuplicate", "matchOn", "googleAdsKey", "tallySecret")

    form = TheForm(admin, **dict.fromkeys(nothing))

    assert {name: form.made[name] for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", None, ("name", "invalid_type")),
        ("name", " ", ("name", "blank")),
        ("name", "n" * 201, ("name", "too_long")),
        ("name", "a\0b", ("name", "invalid_character")),
        ("allowedOrigins", None, ("allowedOrigins", "invalid_type")),
        ("allowedOrigins", "https://example.com", ("allowedOrigins", "invalid_type")),
        ("allowedOrigins", ["example.com"], ("allowedOrigins", "invalid_origin")),
        ("allowedOrigins", ["https://example.com/page"], ("allowedOrigins", "invalid_origin")),
        ("allowedOrigins", [f"https://{n}.example.com" for n in range(101)], ("allowedOrigins", "too_many")),
        ("redirectUrl", "javascript:alert(1)", ("redirectUrl", "invalid_url")),
        ("redirectUrl", "/thanks", ("redirectUrl", "invalid_url")),
        ("redirectUrl", "https://a:b@example.com", ("redirectUrl", "credentials_in_url")),
        ("fieldMap", {"a": "phone number"}, ("fieldMap", "unknown_target")),
        ("fieldMap", {" ": "name"}, ("fieldMap", "blank")),
        ("fieldMap", {"homepage_url": "metadata.site"}, ("honeypot", "conflict")),
        ("defaults", [], ("defaults", "invalid_type")),
        ("defaults", {"email": "no"}, ("defaults.email", "invalid_email")),
        ("defaults", {"status": "won"}, ("defaults.status", "invalid_type")),
        ("defaults", {"metadata": 7}, ("defaults.metadata", "invalid_type")),
        ("defaults", {"fon": "1"}, ("defaults.fon", "unknown_field")),
        ("onDuplicate", "merge", ("onDuplicate", "invalid_type")),
        ("matchOn", "name", ("matchOn", "invalid_value")),
        ("honeypot", "", ("honeypot", "blank")),
        ("rateLimitPerMinute", -1, ("rateLimitPerMinute", "out_of_range")),
        ("rateLimitPerMinute", 10_001, ("rateLimitPerMinute", "out_of_range")),
        ("minimumFillSeconds", 601, ("minimumFillSeconds", "out_of_range")),
        ("googleAdsKey", "short", ("googleAdsKey", "invalid_secret")),
        ("tallySecret", True, ("tallySecret", "invalid_type")),
        ("signingKey", "mine", ("signingKey", "unknown_field")),
        ("workspaceId", "ws_1", ("workspaceId", "unknown_field")),
    ],
)
def test_refuses_a_bad_field_by_its_name(
    admin: Client, form: TheForm, field: str, value: object, problem: tuple[str, str]
) -> None:
    created = admin.post(FORMS, {"name": "Contact", field: value})
    changed = admin.put(f"{FORMS}/{form.id}", {"redirectUrl": None, field: value})

    assert (problems_of(created), problems_of(changed)) == (dict([problem]), dict([problem]))
    assert get(admin, form) == form.made


def test_names_every_problem_at_once(admin: Client) -> None:
    defaults = {"email": "no", "phone": "", "status": "won"}

    response = admin.post(FORMS, {"allowedOrigins": ["x"], "honeypot": "", "defaults": defaults})

    assert problems_of(response) == {
        "name": "required",
        "allowedOrigins": "invalid_origin",
        "honeypot": "blank",
        "defaults.email": "invalid_email",
        "defaults.phone": "blank",
        "defaults.status": "invalid_type",
    }


def test_a_refusal_does_not_repeat_a_secret(admin: Client) -> None:
    response = admin.post(FORMS, {"name": "Contact", "metaAppSecret": "s3cr3t\n" * 100})

    assert problems_of(response) == {"metaAppSecret": "invalid_secret"}
    assert "s3cr3t" not in response.text


def test_there_are_at_most_a_hundred(server: Server, admin: Client) -> None:
    forms = server.services.forms
    server.do(all_of(forms.create_form(admin.workspace_id, f"Form {n}", FormPatch()) for n in range(99)))
    last = TheForm(admin)

    assert code_of(admin.post(FORMS, {"name": "One more"})) == (409, "CONFLICT")
    admin.delete(f"{FORMS}/{last.id}")
    assert admin.post(FORMS, {"name": "One more"}).status_code == 201


# List


def test_lists_them_oldest_first_and_goes_on_behind_a_cursor(admin: Client) -> None:
    made = [TheForm(admin, name=f"Form {n}").made for n in range(3)]

    first = admin.get(f"{FORMS}?limit=2").json()["data"]
    rest = admin.get(f"{FORMS}?limit=2&after={first['pagination']['nextCursor']}").json()["data"]

    assert first["forms"] == made[:2]
    assert rest == {"forms": made[2:], "pagination": {"limit": 2, "hasNext": False, "nextCursor": None}}


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("limit=0", {"limit": "out_of_range"}),
        ("after=wh_1", {"after": "invalid_cursor"}),
        ("name=x", {"name": "unknown_parameter"}),
    ],
)
def test_refuses_parameters_that_it_does_not_know(admin: Client, query: str, problems: dict[str, str]) -> None:
    assert problems_of(admin.get(f"{FORMS}?{query}")) == problems


# Change, delete


def test_changes_only_what_is_sent(admin: Client, clock: MovableClock) -> None:
    form = TheForm(admin, **CHOSEN, **SECRETS)
    clock.advance(seconds=1)

    changed = admin.put(f"{FORMS}/{form.id}", {"name": "New", "honeypot": "trap"}).json()["data"]

    new = {"name": "New", "honeypot": "trap", "updatedAt": "2026-01-15T10:30:01.000Z"}
    assert changed == form.made | new
    assert get(admin, form) == changed


def test_null_takes_a_secret_and_a_rule_away(admin: Client) -> None:
    form = TheForm(admin, **CHOSEN, **SECRETS)
    gone = {"redirectUrl": None, "onDuplicate": None, "matchOn": None, "googleAdsKey": None, "defaults": None}

    form.change(**gone)

    assert get(admin, form) == form.made | gone | {"googleAdsKey": False, "defaults": {}}


def test_a_change_that_changes_nothing_leaves_the_time_alone(admin: Client, form: TheForm, clock: MovableClock) -> None:
    clock.advance(seconds=1)

    form.change(name="Contact", allowedOrigins=[SITE])

    assert get(admin, form) == form.made


def test_what_is_good_alone_but_not_together_is_refused(admin: Client) -> None:
    form = TheForm(admin, fieldMap={"trap": "name"})

    assert problems_of(admin.put(f"{FORMS}/{form.id}", {"honeypot": "trap"})) == {"honeypot": "conflict"}


def test_a_deleted_form_is_nowhere(admin: Client, form: TheForm) -> None:
    response = admin.delete(f"{FORMS}/{form.id}")

    assert response.json() == {
        "success": True,
        "message": "Form deleted",
        "data": {"id": form.id, "deletedAt": "2026-01-15T10:30:00.000Z"},
    }
    assert code_of(admin.get(f"{FORMS}/{form.id}")) == (404, "NOT_FOUND")
    assert code_of(admin.delete(f"{FORMS}/{form.id}")) == (404, "NOT_FOUND")
    assert code_of(admin.put(f"{FORMS}/{form.id}", {})) == (404, "NOT_FOUND")
    assert code_of(admin.get(f"{FORMS}/{form.id}/submissions")) == (404, "NOT_FOUND")
    assert code_of(form.post(json=ADA)) == (404, "NOT_FOUND")
    assert admin.get(FORMS).json()["data"]["forms"] == []


def test_the_leads_of_a_deleted_form_stay(admin: Client, form: TheForm) -> None:
    form.post(json=ADA)

    admin.delete(f"{FORMS}/{form.id}")

    assert form.lead()["name"] == "Ada Park"


# Who may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", FORMS),
        ("POST", FORMS),
        ("GET", FORMS + "/{}"),
        ("PUT", FORMS + "/{}"),
        ("DELETE", FORMS + "/{}"),
        ("GET", FORMS + "/{}/submissions"),
        ("POST", "/api/v1/submissions/sub_1/reprocess"),
    ],
)
def test_nobody_does_it_without_a_key_or_with_a_weaker_one(
    server: Server, admin: Client, form: TheForm, method: str, path: str
) -> None:
    wanted = {"GET": Scope.LEADS_READ, "POST": Scope.LEADS_WRITE}[method] if "submissions" in path else Scope.ADMIN
    scopes = {Scope.LEADS_READ, Scope.LEADS_WRITE, Scope.WEBHOOKS_MANAGE} - {wanted}
    weaker = server.client(admin.workspace_id, *scopes)
    path = path.format(form.id)

    anonymous = requests.request(method, server.url + path, json={}, timeout=5)
    refused = weaker.request(method, path, json={})

    assert code_of(anonymous) == (401, "MISSING_AUTH_HEADER")
    assert code_of(refused) == (403, "INSUFFICIENT_SCOPE")
    assert refused.json()["details"]["required"] == wanted.value
    assert get(admin, form) == form.made


def test_another_workspaces_forms_can_not_be_seen(admin: Client, stranger: Client, form: TheForm) -> None:
    path = f"{FORMS}/{form.id}"

    answers = [
        stranger.get(path),
        stranger.put(path, {"name": "Ours now"}),
        stranger.delete(path),
        stranger.get(f"{path}/submissions"),
    ]

    assert [code_of(answer) for answer in answers] == [(404, "NOT_FOUND")] * 4
    assert stranger.get(FORMS).json()["data"]["forms"] == []
    assert get(admin, form) == form.made


def test_an_id_that_can_be_none_is_refused(admin: Client) -> None:
    assert code_of(admin.get(f"{FORMS}/lead_1")) == (400, "INVALID_ID_FORMAT")
