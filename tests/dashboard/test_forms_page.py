"""The settings pages of forms: made, previewed, changed without undoing others' changes, given secrets, and deleted."""

import re
from html import unescape
from typing import Any

import pytest

from tests.capture.forms import ADA, SITE, TheForm
from tests.conftest import Client
from tests.dashboard.person import Person, inputs

UNKNOWN = "form_01kb2v6e3mf0r8n4t9q5w7x1yz"
HOSTILE = '"></iframe></textarea><script>alert(1)</script>\u202e'
NEW: dict[str, Any] = {
    "name": " Contact ",
    "allowedOrigins": "https://Example.com/\r\n\r\n  http://localhost:3000 ",
    "redirectUrl": "https://example.com/thanks",
    "mapField": ["your-name", "firma", "x", ""],
    "mapTarget": ["name", "metadata", "", "metadata"],
    "mapKey": ["", "company", "", ""],
    "defaults.source": "website",
    "defaults.status": "contacted",
    "defaults.metadata": '{"weight": 1.10}',
    "onDuplicate": "update",
    "matchOn": "metadata",
    "matchKey": "external_id",
    "honeypot": "",
    "minimumFillSeconds": "0",
    "rateLimitPerMinute": "10",
}
MADE: dict[str, Any] = {
    "name": "Contact",
    "allowedOrigins": ["https://example.com", "http://localhost:3000"],
    "redirectUrl": "https://example.com/thanks",
    "fieldMap": {"your-name": "name", "firma": "metadata.company", "x": ""},
    "defaults": {"source": "website", "status": "contacted", "metadata": {"weight": 1.10}},
    "onDuplicate": "update",
    "matchOn": "metadata.external_id",
    "honeypot": None,
    "minimumFillSeconds": 0,
    "rateLimitPerMinute": 10,
}
LEAST = {"name": "Contact", "minimumFillSeconds": "2", "rateLimitPerMinute": "60"}


def forms(person: Person) -> str:
    return f"{person.home}/settings/forms"


def page_of(person: Person, form: TheForm) -> str:
    return f"{forms(person)}/{form.id}"


def stored(admin: Client, form_id: str) -> dict[str, Any]:
    return dict(admin.get(f"/api/v1/forms/{form_id}").json()["data"])


def typed(page: str) -> dict[str, Any]:
    """The page's fields as a browser would send them, nothing touched."""
    form = page[page.index("data-preview") :].partition("</form>")[0]
    fields: dict[str, Any] = inputs(form)
    for name in ("mapField", "mapKey"):
        fields[name] = [unescape(value) for value in re.findall(rf'name="{name}" value="([^"]*)"', form)]
    chosen: dict[str, list[str]] = {}
    for name, options in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen.setdefault(name, []).append("".join(re.findall(r'value="([^"]*)" selected', options)))
    return fields | chosen


def preview_in(page: str) -> str:
    [found] = re.findall(r'srcdoc="([^"]*)"', page)
    return unescape(found)


def asked_in(page: str) -> list[str]:
    """The fields of the form in the preview."""
    return re.findall(r'<(?:input|textarea)[^>]* name="([\w-]+)"', preview_in(page))


# Listed


def test_who_has_none_is_told_what_they_are_for(owner: Person) -> None:
    page = owner.get(forms(owner)).text

    assert "No forms yet" in page
    assert "from your website, from Google Ads, Meta, Typeform and Tally" in page
    assert f'href="{forms(owner)}/new"' in page


def test_the_list_says_which_websites_and_platforms_may_send(owner: Person, admin: Client) -> None:
    TheForm(admin, name="First", allowedOrigins=[SITE], googleAdsKey="key-of-google", metaVerifyToken="verify-me")
    TheForm(admin, name="Second", allowedOrigins=["*"])

    page = owner.get(forms(owner)).text

    assert page.index("First") < page.index("Second")
    assert re.findall(r"<dt>(?:Websites|Platforms)</dt><dd[^>]*>(.*?)</dd>", page) == [
        SITE,
        "Google Ads",
        "Any",
        "None",
    ]


# Made


def test_a_form_is_made_as_it_was_typed(owner: Person, admin: Client) -> None:
    made = owner.send(forms(owner), NEW)

    form_id = re.findall(r"/settings/forms/(form_\w+)\?done=created$", made.headers["location"])[0]
    form = stored(admin, form_id)
    assert {name: form[name] for name in MADE} == MADE
    assert '"metadata":{"weight":1.10}' in admin.get(f"/api/v1/forms/{form_id}").text
    assert "The form is made." in owner.get(made.headers["location"]).text


def test_a_name_is_enough(owner: Person, admin: Client) -> None:
    page = owner.get(f"{forms(owner)}/new").text

    owner.send(forms(owner), {**typed(page), "name": "Contact"})

    [made] = admin.get("/api/v1/forms").json()["data"]["forms"]
    assert (made["honeypot"], made["minimumFillSeconds"], made["rateLimitPerMinute"]) == ("homepage_url", 2, 60)
    assert (made["fieldMap"], made["defaults"], made["onDuplicate"], made["matchOn"]) == ({}, {}, None, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "\0"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"allowedOrigins": "https://example.com/path"}, "allowedOrigins"),
        ({"allowedOrigins": "ok\0"}, "allowedOrigins"),
        ({"redirectUrl": "javascript:alert(1)"}, "redirectUrl"),
        ({"mapField": "a", "mapTarget": "phone number", "mapKey": ""}, "fieldMap"),
        ({"mapField": "a", "mapTarget": "metadata", "mapKey": ""}, "fieldMap"),
        ({"mapField": "", "mapTarget": "metadata", "mapKey": "a"}, "fieldMap"),
        ({"mapField": ["a", "a"], "mapTarget": ["name", "email"], "mapKey": ["", ""]}, "fieldMap"),
        ({"mapField": "trap", "mapTarget": "name", "mapKey": "", "honeypot": "trap"}, "honeypot"),
        ({"defaults.email": "no"}, "defaults.email"),
        ({"defaults.status": "won"}, "defaults.status"),
        ({"defaults.metadata": "[]"}, "defaults.metadata"),
        ({"defaults.metadata": '{"a": NaN}'}, "defaults.metadata"),
        ({"defaults.metadata": '{"a": 1, "a": 2}'}, "defaults.metadata"),
        ({"onDuplicate": "merge"}, "onDuplicate"),
        ({"matchOn": "metadata", "matchKey": 'a"b'}, "matchOn"),
        ({"minimumFillSeconds": "soon"}, "minimumFillSeconds"),
        ({"rateLimitPerMinute": ""}, "rateLimitPerMinute"),
        ({"rateLimitPerMinute": "10001"}, "rateLimitPerMinute"),
    ],
)
def test_what_can_not_be_is_told_beside_its_field(
    owner: Person, admin: Client, change: dict[str, Any], field: str
) -> None:
    answer = owner.send(forms(owner), {**LEAST, "redirectUrl": "https://example.com/kept", **change})

    assert (answer.status_code, re.findall(r'id="([\w.]+)-problem"', answer.text)) == (400, [field])
    assert inputs(answer.text)["redirectUrl"] == change.get("redirectUrl", "https://example.com/kept")
    assert admin.get("/api/v1/forms").json()["data"]["forms"] == []


def test_all_that_is_wrong_is_told_at_once(owner: Person) -> None:
    wrong = {"name": "", "allowedOrigins": "x", "defaults.email": "no", "rateLimitPerMinute": "-1"}

    answer = owner.send(forms(owner), {**LEAST, **wrong})

    assert set(re.findall(r'id="([\w.]+)-problem"', answer.text)) == set(wrong)


def test_there_are_not_more_than_a_workspace_may_have(owner: Person, admin: Client) -> None:
    for _ in range(100):
        TheForm(admin)

    answer = owner.send(forms(owner), LEAST)

    assert (answer.status_code, "at most 100 forms" in answer.text) == (409, True)


# Previewed


def test_the_preview_shows_what_is_typed_and_stores_nothing(owner: Person, admin: Client) -> None:
    form = TheForm(admin)
    saved = owner.get(page_of(owner, form)).text
    rows = {"mapField": ["vorname", "firma"], "mapTarget": ["firstName", "metadata"], "mapKey": ["", "company"]}

    answer = owner.send(page_of(owner, form), {**LEAST, **rows, "name": "", "preview": "1"})

    assert asked_in(saved) == ["name", "email", "phone", "message"]
    assert asked_in(answer.text) == ["email", "vorname", "firma"]
    assert (answer.status_code, inputs(answer.text)["name"]) == (200, "")
    assert stored(admin, form.id) == form.made


def test_a_new_form_is_previewed_too(owner: Person, admin: Client) -> None:
    answer = owner.send(forms(owner), {**LEAST, "defaults.email": "a@example.com", "preview": "1"})

    assert asked_in(answer.text) == ["name", "phone", "message"]
    assert admin.get("/api/v1/forms").json()["data"]["forms"] == []


def test_the_preview_says_what_is_wrong_with_the_fields(owner: Person) -> None:
    rows = {"mapField": "a", "mapTarget": "phone number", "mapKey": ""}

    preview = preview_in(owner.send(forms(owner), {**LEAST, **rows, "preview": "1"}).text)

    assert "This can't be shown yet" in preview
    assert "&#39;a&#39; must become one of name" in preview


def test_the_preview_leads_nowhere(owner: Person, admin: Client) -> None:
    page = owner.get(page_of(owner, TheForm(admin))).text

    assert "<iframe sandbox " in page
    assert [
        word for word in ("action=", "/capture/", "<script", "homepage_url", "style=") if word in preview_in(page)
    ] == []


# Changed


def test_what_was_not_touched_stays_as_it_is(owner: Person, admin: Client) -> None:
    form = TheForm(admin, **MADE)
    page = owner.get(page_of(owner, form)).text

    saved = owner.send(page_of(owner, form), typed(page))

    assert saved.headers["location"] == f"{page_of(owner, form)}?done=saved"
    assert stored(admin, form.id) == form.made  # to its updatedAt


def test_two_people_at_different_fields_are_not_in_each_others_way(owner: Person, admin: Client) -> None:
    form = TheForm(admin, **MADE)
    page = owner.get(page_of(owner, form)).text
    form.change(redirectUrl=None, defaults={"source": "fair"})

    owner.send(page_of(owner, form), {**typed(page), "name": "Mine"})

    now = stored(admin, form.id)
    assert (now["name"], now["redirectUrl"], now["defaults"]) == ("Mine", None, {"source": "fair"})


def test_two_people_at_one_field_are_told(owner: Person, admin: Client) -> None:
    form = TheForm(admin, **MADE)
    page = owner.get(page_of(owner, form)).text
    form.change(fieldMap={"theirs": "name"})
    mine = {**typed(page), "mapField": ["mine"], "mapTarget": ["email"], "mapKey": [""]}

    told = owner.send(page_of(owner, form), mine)

    assert (told.status_code, "<code>fieldMap</code>" in told.text) == (409, True)
    assert typed(told.text)["mapField"][0] == "mine"
    assert stored(admin, form.id)["fieldMap"] == {"theirs": "name"}

    owner.send(page_of(owner, form), typed(told.text))
    assert stored(admin, form.id)["fieldMap"] == {"mine": "email"}


@pytest.mark.parametrize("was", ["", "no JSON", "[]"])
def test_a_page_that_says_nothing_of_what_it_showed_stores_all_of_it(owner: Person, admin: Client, was: str) -> None:
    form = TheForm(admin, **MADE)

    owner.send(page_of(owner, form), {**LEAST, "was": was, "name": "Mine"})

    now = stored(admin, form.id)
    assert (now["name"], now["fieldMap"], now["allowedOrigins"]) == ("Mine", {}, [])


def test_what_can_not_be_changes_nothing(owner: Person, admin: Client) -> None:
    form = TheForm(admin, **MADE)
    page = owner.get(page_of(owner, form)).text

    answer = owner.send(page_of(owner, form), {**typed(page), "name": "Mine", "redirectUrl": "no address"})

    assert (answer.status_code, 'id="redirectUrl-problem"' in answer.text) == (400, True)
    assert typed(answer.text)["was"] == typed(page)["was"]
    assert stored(admin, form.id) == form.made


def test_a_map_of_a_thousand_fields_is_edited(owner: Person, admin: Client) -> None:
    form = TheForm(admin, fieldMap={f"field-{number}": f"metadata.key-{number}" for number in range(1_000)})
    page = owner.get(page_of(owner, form)).text

    owner.send(page_of(owner, form), {**typed(page), "name": "Mine"})

    assert stored(admin, form.id)["name"] == "Mine"
    assert stored(admin, form.id)["fieldMap"] == form.made["fieldMap"]


# Pasted elsewhere


def test_it_shows_the_html_and_the_addresses_to_paste(owner: Person, admin: Client) -> None:
    form = TheForm(admin, allowedOrigins=[SITE])

    page = owner.get(page_of(owner, form)).text

    [snippet] = re.findall(r'<pre[^>]* id="snippet"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert unescape(snippet).startswith(f'<form action="{form.url}" method="post"')
    assert unescape(snippet).endswith(f'<script src="{form.url}/start.js" async></script>')
    assert re.findall(r'readonly value="([^"]*)"', page) == [
        f"{form.url}/{platform}" for platform in ("google-ads", "meta", "typeform", "tally")
    ]
    assert "No website may send it yet" not in page
    assert "No website may send it yet" in owner.get(page_of(owner, TheForm(admin))).text


# Secrets


def test_a_secret_is_set_replaced_and_removed_and_never_shown(owner: Person, admin: Client) -> None:
    form = TheForm(admin)
    path = f"{page_of(owner, form)}/secrets"
    body = {"lead_id": "1", "user_column_data": [{"column_id": "EMAIL", "string_value": "a@example.com"}]}

    def sent_with(key: str) -> int:
        return form.post("/google-ads", json={**body, "google_key": key}).status_code

    saved = owner.send(path, {"googleAdsKey": " first-secret "})
    pages = [owner.get(saved.headers["location"]).text, owner.get(forms(owner)).text]
    assert (sent_with("first-secret"), "Key: set, never shown again" in pages[0]) == (200, True)

    owner.send(path, {"googleAdsKey": "other-secret", "remove": "googleAdsKey"})
    assert (sent_with("first-secret"), sent_with("other-secret")) == (403, 200)

    owner.send(path, {"googleAdsKey": ""})
    assert sent_with("other-secret") == 200

    owner.send(path, {"googleAdsKey": "", "remove": "googleAdsKey"})
    pages.append(owner.get(page_of(owner, form)).text)
    assert (sent_with("other-secret"), "Key: not set" in pages[-1]) == (403, True)
    assert [page for page in pages if "first-secret" in page or "other-secret" in page] == []


def test_the_secrets_of_other_platforms_stay(owner: Person, admin: Client) -> None:
    form = TheForm(admin, metaAppSecret="app-secret", tallySecret="tally-secret")

    owner.send(
        f"{page_of(owner, form)}/secrets",
        {"metaVerifyToken": "verify-me", "metaAppSecret": "", "metaAccessToken": "page-token"},
    )

    now = stored(admin, form.id)
    known = ("metaVerifyToken", "metaAppSecret", "metaAccessToken", "tallySecret", "typeformSecret")
    assert [now[name] for name in known] == [True, True, True, True, False]


def test_a_secret_that_can_not_be_changes_nothing(owner: Person, admin: Client) -> None:
    form = TheForm(admin, typeformSecret="a-good-one")

    answer = owner.send(f"{page_of(owner, form)}/secrets", {"typeformSecret": "short", "signingKey": "mine-now"})

    assert (answer.status_code, 'id="typeformSecret-problem"' in answer.text) == (400, True)
    assert "short" not in re.findall(r'value="([^"]*)"', answer.text)
    assert stored(admin, form.id) == form.made


# Deleted, and the walls


def test_a_deleted_form_takes_nothing_and_its_leads_stay(owner: Person, admin: Client) -> None:
    form = TheForm(admin, allowedOrigins=[SITE])
    form.post(json=ADA)

    deleted = owner.send(f"{page_of(owner, form)}/delete")

    assert "The form was deleted" in owner.get(deleted.headers["location"]).text
    assert (form.post(json=ADA).status_code, owner.get(page_of(owner, form)).status_code) == (404, 404)
    assert form.lead()["email"] == "ada@example.com"


def test_forms_of_another_workspace_are_not_there(owner: Person, stranger: Client) -> None:
    theirs = TheForm(stranger, name="Theirs")

    for form_id in (theirs.id, UNKNOWN, "usr_1", "form_%27"):
        path = f"{forms(owner)}/{form_id}"
        answers = [
            owner.get(path),
            owner.get(f"{path}/submissions"),
            owner.send(path, LEAST),
            owner.send(f"{path}/secrets", {"tallySecret": "a-secret-of-mine"}),
            owner.send(f"{path}/delete"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert not any("Theirs" in answer.text for answer in answers)

    assert "Theirs" not in owner.get(forms(owner)).text
    assert stored(stranger, theirs.id) == theirs.made


def test_who_is_no_owner_makes_and_changes_none(member: Person, viewer: Person, admin: Client) -> None:
    form = TheForm(admin)

    for person in (member, viewer):
        answers = [
            person.send(forms(person), LEAST),
            person.send(forms(person), {**LEAST, "preview": "1"}),
            person.send(page_of(person, form), {**LEAST, "name": "Changed"}),
            person.send(f"{page_of(person, form)}/secrets", {"tallySecret": "a-secret-of-mine"}),
            person.send(f"{page_of(person, form)}/delete"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 5

    assert admin.get("/api/v1/forms").json()["data"]["forms"] == [form.made]


# Hostile text


def test_what_a_form_is_called_and_asks_for_runs_nowhere(owner: Person) -> None:
    hostile = {
        "name": HOSTILE,
        "mapField": [HOSTILE, HOSTILE * 8],
        "mapTarget": ["metadata", "name"],
        "mapKey": [HOSTILE, ""],
        "defaults.source": HOSTILE,
        "defaults.metadata": '{"a": "</textarea><script>alert(1)</script>"}',
        "honeypot": HOSTILE + "!",
    }
    made = owner.send(forms(owner), {**LEAST, **hostile})
    refused = owner.send(forms(owner), {**LEAST, **hostile, "name": HOSTILE * 99, "mapTarget": HOSTILE})

    pages = [owner.get(made.headers["location"]).text, owner.get(forms(owner)).text, refused.text]
    pages += [preview_in(pages[0]), preview_in(refused.text)]
    assert (made.status_code, refused.status_code) == (303, 400)
    assert [page for page in pages if "<script>alert" in page or "</iframe></textarea>" in page] == []
    assert typed(pages[0])["mapField"][:2] == [HOSTILE, HOSTILE * 8]
    assert all("&lt;script&gt;alert" in page for page in pages)
