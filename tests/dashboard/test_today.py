"""Today: who is due, and what is done about it; the date and the note on the pages of a lead."""

from tests.conftest import Client
from tests.dashboard.person import Person, inputs


def test_who_is_due_stands_there_in_order(owner: Person, api: Client) -> None:
    for name, at in (
        ("Tomorrow", "2026-01-16"),
        ("Later today", "2026-01-15T23:59:59.999Z"),
        ("This morning", "2026-01-15"),
        ("Long ago", "2025-12-01"),
        ("Yesterday", "2026-01-14T23:59:59.999Z"),
        ("In a month", "2026-02-15"),
    ):
        api.create(name, followUpAt=at, followUpNote=f"Ask {name}")
    api.create("Never")

    text = owner.get(f"{owner.home}/today").text

    overdue, today, soon = (f"{title}</h2>" for title in ("Overdue", "Today", "The next seven days"))
    asks = [f"Ask {name}" for name in ("Long ago", "Yesterday", "This morning", "Later today", "Tomorrow")]
    places = [text.index(each) for each in (overdue, *asks[:2], today, *asks[2:4], soon, asks[4])]
    assert places == sorted(places)
    assert "Ask Long ago" in text
    assert "In a month" not in text
    assert "Never" not in text


def test_nobody_is_due(owner: Person, api: Client) -> None:
    api.create()

    assert "Nobody waits for you" in owner.get(f"{owner.home}/today").text


def test_it_is_done_or_put_off(member: Person, api: Client) -> None:
    lead = api.create(followUpAt="2026-01-01T09:00:00Z", followUpNote="Call")
    path = f"{member.home}/leads/{lead['id']}/follow-up"

    for move, at, note in (("1", "2026-01-16", "Call"), ("7", "2026-01-22", "Call"), ("done", None, None)):
        answer = member.send(path, {"move": move})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{member.home}/today")
        now = api.get(f"/api/v1/leads/{lead['id']}").json()["data"]
        assert (now.get("followUpAt"), now.get("followUpNote")) == (at and f"{at}T00:00:00.000Z", note)


def test_what_is_no_move_is_refused(member: Person, api: Client) -> None:
    lead = api.create(followUpAt="2026-01-01")

    answer = member.send(f"{member.home}/leads/{lead['id']}/follow-up", {"move": "2"})
    missing = member.send(f"{member.home}/leads/lead_unknown/follow-up", {"move": "1"})

    assert answer.status_code == 400
    assert missing.status_code == 404
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"] == lead


def test_a_viewer_sees_it_and_can_do_nothing(viewer: Person, api: Client) -> None:
    api.create(followUpAt="2026-01-01")

    text = viewer.get(f"{viewer.home}/today").text

    assert "Ada Park" in text
    assert "<button name=" not in text


def test_more_than_the_page_has_are_in_the_table(owner: Person, api: Client) -> None:
    rows = [{"name": f"L{number}", "email": "a@example.com", "followUpAt": "2026-01-01"} for number in range(101)]
    api.post("/api/v1/leads/batch", {"leads": rows})

    text = owner.get(f"{owner.home}/today").text
    table = owner.get(text.split('<p><a href="')[1].split('"')[0].replace("&amp;", "&"))

    assert text.count("data-row") == 100
    assert table.text.count("data-row") == 50
    assert "101 leads" in table.text
    assert "Follow-up before" in table.text


def test_the_date_and_the_note_are_fields_of_a_lead(owner: Person, api: Client) -> None:
    lead = api.create(followUpAt="2026-01-16T09:30:00Z")
    path = f"{owner.home}/leads/{lead['id']}"
    fields = inputs(owner.get(path).text)
    assert (fields["follow_up_at"], fields["follow_up_note"]) == ("2026-01-16", "")

    owner.send(path, {**fields, "follow_up_note": " Call "})
    noted = api.get(f"/api/v1/leads/{lead['id']}").json()["data"]
    fields = inputs(owner.get(path).text)
    owner.send(path, {**fields, "follow_up_at": "2026-02-01"})
    moved = api.get(f"/api/v1/leads/{lead['id']}").json()["data"]
    fields = inputs(owner.get(path).text)
    owner.send(path, {**fields, "follow_up_at": "", "follow_up_note": ""})

    assert (noted["followUpAt"], noted["followUpNote"]) == ("2026-01-16T09:30:00.000Z", "Call")  # the time stays
    assert (moved["followUpAt"], moved["followUpNote"]) == ("2026-02-01T00:00:00.000Z", "Call")
    assert api.get(f"/api/v1/leads/{lead['id']}").json()["data"].keys() & {"followUpAt", "followUpNote"} == set()
    history = owner.get(path).text
    assert '<del dir="auto">2026-01-16 09:30 UTC</del> <ins dir="auto">2026-02-01</ins>' in history


def test_a_bad_date_is_told_beside_its_field(owner: Person, api: Client) -> None:
    lead = api.create()
    path = f"{owner.home}/leads/{lead['id']}"

    answer = owner.send(path, {**inputs(owner.get(path).text), "follow_up_at": "soon"})
    new = owner.send(f"{owner.home}/leads", {"name": "A", "email": "a@example.com", "follow_up_at": "1900-01-01"})

    assert answer.status_code == 400
    assert 'id="follow_up_at-problem">must be an ISO 8601 date or time' in answer.text
    assert new.status_code == 400
    assert 'id="follow_up_at-problem">must not be before 1970' in new.text


def test_a_new_lead_can_have_one(owner: Person, api: Client) -> None:
    fields = {"name": "A", "email": "a@example.com", "follow_up_at": "2026-03-04", "follow_up_note": "Call"}

    owner.send(f"{owner.home}/leads", fields)

    [lead] = api.get("/api/v1/leads").json()["data"]["leads"]
    assert (lead["followUpAt"], lead["followUpNote"]) == ("2026-03-04T00:00:00.000Z", "Call")


def test_the_table_shows_and_sorts_by_it(owner: Person, api: Client) -> None:
    api.create("Second", followUpAt="2026-02-02")
    api.create("First", followUpAt="2026-01-01T09:30:00Z")
    api.create("Third")

    columns = owner.get(f"{owner.home}/leads?columns=followUpAt").text
    text = owner.get(f"{owner.home}/leads?columns=followUpAt&sort=followUpAt").text

    assert "sort=followUpAt" in columns
    assert text.index("First") < text.index("2026-01-01 09:30 UTC") < text.index("Second") < text.index(">2026-02-02<")
    assert "Third" not in text


def test_the_history_tells_that_it_was_due(owner: Person, api: Client) -> None:
    lead = api.create(followUpAt="2026-01-01")
    owner.server.do(owner.server.services.reminding.tell())

    text = owner.get(f"{owner.home}/leads/{lead['id']}").text

    assert '<strong dir="auto">Leadlight</strong> reminded of the follow-up' in text
