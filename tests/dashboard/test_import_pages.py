"""The import of a file by pages: it is sent once, looked at, assigned, tried, imported, and taken back."""

import csv
import io
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import requests

from leadlight.dashboard.import_mapping import PRESET_NAMES, TARGETS
from leadlight.imports.mapping import TargetKind
from leadlight.imports.presets import PRESETS
from tests.conftest import Client, MovableClock, Server
from tests.dashboard.person import Person, inputs
from tests.imports.uploads import begin, end_of, kept, leads

FILE = "Full name,E-Mail,Company\nAda Park,ada@example.com,Parkside\nBen Ito,ben@example.com,Itoya\nCy,nowhere,Cyan\n"
HOSTILE = "<script>alert(1)</script>\u202e\"'"


def send(person: Person, content: str | bytes = FILE, name: str = "people.csv", **options: Any) -> requests.Response:
    """As a browser does, the secret first."""
    files = [("csrf", (None, options.pop("csrf", None) or person.csrf)), ("file", (name, content))]
    return person.session.post(
        person.server.url + f"{person.home}/imports", files=files, timeout=20, allow_redirects=False, **options
    )


def sent(person: Person, content: str | bytes = FILE, name: str = "people.csv") -> str:
    """The address of an import whose file was looked at."""
    answer = send(person, content, name)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    settled(person, path)
    return path


def settled(person: Person, path: str) -> str:
    """The page of an import on which nothing goes on any more."""
    deadline = time.monotonic() + 60
    while "data-live" in (page := person.get(path).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.02)
    return page


def go_on(person: Person, path: str, action: str, **fields: str) -> str:
    """Sends the form of the step as it is, but for some fields; the page it ends with."""
    form = inputs(person.get(path).text)
    answer = person.send(f"{path}/run", {**form, **fields, "action": action})
    assert answer.status_code == 303, answer.text
    return settled(person, path)


def counts(page: str) -> list[int]:
    """Created, updated, skipped, failed."""
    return [int(count) for count in re.findall(r"<dt>\w+</dt><dd>(\d+)</dd>", page)]


def chosen(page: str) -> dict[str, str]:
    """The target of each column."""
    form = inputs(page)
    columns = re.findall(r'<label for="target-(\d+)"[^>]*>([^<]*)</label>', page)
    return {
        unescape(name): form[f"target.{place}"]
        + (form[f"key.{place}"] if form[f"target.{place}"] == "metadata." else "")
        for place, name in columns
    }


def test_a_file_is_looked_at_and_its_columns_are_told(api: Client, member: Person) -> None:
    page = member.get(sent(member)).text

    assert chosen(page) == {"Full name": "name", "E-Mail": "email", "Company": "metadata.Company"}
    assert "Ada Park · Ben Ito · Cy" in page
    assert leads(api) == []


def test_it_is_tried_and_nothing_is_stored(api: Client, member: Person) -> None:
    page = go_on(member, sent(member), "try")

    assert counts(page) == [2, 0, 0, 1]
    assert "E-Mail (email): must be a valid email address" in page
    assert leads(api) == []


def test_the_file_is_sent_once_and_imported_as_it_was_assigned(api: Client, member: Person) -> None:
    path = sent(member)
    fields = {"key.2": "employer", "source": "fair", "status": "contacted"}
    go_on(member, path, "try", **fields)

    page = go_on(member, path, "import")

    assert counts(page) == [2, 0, 0, 1]
    assert leads(api, "name", "source", "status", "metadata") == [
        ("Ada Park", "fair", "contacted", {"employer": "Parkside"}),
        ("Ben Ito", "fair", "contacted", {"employer": "Itoya"}),
    ]
    [event, _] = api.get("/api/v1/events").json()["data"]["events"]
    assert event["actor"]["type"] == "user"
    assert kept(member.server) == []


def test_each_field_and_each_preset_can_be_chosen() -> None:
    assert {target.rstrip(".") for target in TARGETS} == {kind.value for kind in TargetKind}
    assert set(PRESET_NAMES) == {"", *PRESETS}


def test_what_was_chosen_is_there_for_the_next_try(member: Person) -> None:
    path = sent(member)

    page = go_on(member, path, "try", **{"target.2": "", "onDuplicate": "skip", "matchOn": "metadata", "matchKey": "x"})

    assert chosen(page)["Company"] == ""
    form = inputs(page)
    assert (form["onDuplicate"], form["matchOn"], form["matchKey"]) == ("skip", "metadata", "x")


def test_it_is_imported_without_a_try_too(api: Client, member: Person) -> None:
    go_on(member, sent(member), "import")

    assert len(leads(api)) == 2


def test_leads_that_are_there_are_met_by_the_rule_that_was_chosen(api: Client, member: Person) -> None:
    api.create("Ada", "ADA@example.com")

    page = go_on(member, sent(member), "import", onDuplicate="update", matchOn="email")

    assert counts(page) == [1, 1, 0, 1]
    assert sorted(leads(api, "name")) == [("Ada Park",), ("Ben Ito",)]


def test_a_preset_assigns_the_columns_of_its_system(member: Person) -> None:
    path = sent(member, "Record ID,First Name,Last Name,Email,Lifecycle Stage\n7,Ada,Park,a@example.com,Customer\n")
    assert chosen(member.get(path).text)["Record ID"] == "metadata.Record ID"

    page = member.get(f"{path}?preset=hubspot").text

    assert chosen(page)["Record ID"] == "metadata.hubspot_id"
    assert chosen(page)["Lifecycle Stage"] == "status"
    assert inputs(page)["preset"] == "hubspot"


def test_a_presets_words_for_a_status_are_known(api: Client, member: Person) -> None:
    path = sent(member, "First Name,Email,Lifecycle Stage\nAda,a@example.com,Evangelist\n")
    form = inputs(member.get(f"{path}?preset=hubspot").text)

    member.send(f"{path}/run", {**form, "preset": "hubspot", "action": "import"})
    settled(member, path)

    assert leads(api, "name", "status") == [("Ada", "converted")]


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"target.1": ""}, "mapping", "No column gives the email"),
        ({"target.0": "", "target.1": ""}, "mapping", "No column gives the"),
        ({"target.2": "email"}, "target.2", "and so is"),
        ({"target.2": "anything"}, "target.2", "which is none of"),
        ({"onDuplicate": "maybe"}, "onDuplicate", "must be one of"),
        ({"matchOn": "metadata", "matchKey": ""}, "matchKey", "must be email, phone"),
        ({"status": "gone"}, "status", "must be one of"),
        ({"source": "x" * 101}, "source", "100"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_chosen_stays(
    api: Client, member: Person, fields: dict[str, str], field: str, text: str
) -> None:
    path = sent(member)
    form = inputs(member.get(path).text) | {"key.2": "employer"}

    answer = member.send(f"{path}/run", {**form, **fields, "action": "import"})

    assert answer.status_code == 400
    problem = answer.text.partition(f'id="{field}-problem">')[2].partition("</p>")[0]
    assert text in unescape(problem)
    assert inputs(answer.text)["key.2"] == "employer"
    assert leads(api) == []


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        ("", "empty.csv", "The file is empty"),
        ("name,email\n", "header.csv", "no rows below them"),
        (b"%PDF-1.7 ...", "leads.csv", "The file is a PDF document"),
        (b"PK\x03\x04 broken", "leads.xlsx", "damaged"),
        ('[{"name": "Ada"}]', "leads.json", "one JSON array"),
    ],
)
def test_a_file_that_is_none_is_told_beside_the_field(member: Person, content: str, name: str, text: str) -> None:
    page = member.get(sent(member, content, name)).text

    assert text in page.partition('id="file-problem">')[2].partition("</p>")[0]
    assert f"“<bdi>{name}</bdi>” can't be imported" in unescape(page)
    assert kept(member.server) == []


def test_no_file_is_told_beside_the_field(member: Person) -> None:
    without = member.send(f"{member.home}/imports")
    empty = send(member, "", "")

    assert [without.status_code, empty.status_code] == [400, 400]
    assert all('id="file-problem">Choose a file' in answer.text for answer in (without, empty))


def test_a_file_that_is_too_large_is_refused_and_not_kept(
    start_server: Callable[..., Server], make_member: Callable[[Server], Person]
) -> None:
    person = make_member(start_server(import_max_bytes=100_000))

    answers = [send(person, b"x" * 150_000), send(person, b"x" * 3_000_000)]

    assert [answer.status_code for answer in answers] == [413, 413]
    assert all("larger than 100000 bytes" in answer.text for answer in answers)
    assert kept(person.server) == []


@pytest.mark.parametrize(
    "options",
    [
        {"csrf": "0" * 64},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
)
def test_a_file_that_another_website_sends_is_refused(api: Client, member: Person, options: dict[str, Any]) -> None:
    assert send(member, **options).status_code == 403
    assert api.get("/api/v1/imports").json()["data"]["imports"] == []
    assert kept(member.server) == []


def test_the_secret_has_to_stand_before_the_file(api: Client, member: Person) -> None:
    files = [("file", ("people.csv", FILE)), ("csrf", (None, member.csrf))]

    answer = member.session.post(member.server.url + f"{member.home}/imports", files=files, timeout=20)

    assert answer.status_code == 403
    assert api.get("/api/v1/imports").json()["data"]["imports"] == []


def test_bad_rows_are_handed_back_as_a_file(member: Person) -> None:
    path = sent(member, FILE + '"=cmd()",bad,x\n')
    go_on(member, path, "import")

    answer = member.get(f"{path}/errors")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header == ["_row", "_line", "_error", "Full name", "E-Mail", "Company"]
    assert [(row[0], row[3], row[4]) for row in rows] == [("3", "Cy", "nowhere"), ("4", "'=cmd()", "bad")]
    assert member.session.head(member.server.url + f"{path}/errors", timeout=20).text == ""


def test_an_import_is_taken_back_where_it_ended(api: Client, member: Person) -> None:
    path = sent(member)
    page = go_on(member, path, "import")
    [operation_id] = set(re.findall(r"op_\w+", page))

    undone = member.send(f"{member.home}/operations/{operation_id}/undo", {"back": path})

    assert undone.headers["location"].startswith(f"{path}?done=")
    assert "Taken back: 2 restored." in member.get(undone.headers["location"]).text
    assert leads(api) == []


def test_an_import_is_not_begun_twice(api: Client, member: Person) -> None:
    path = sent(member)
    form = inputs(member.get(path).text) | {"action": "import"}
    go_on(member, path, "import")

    again = member.send(f"{path}/run", form)

    assert (again.status_code, "not kept any more" in unescape(again.text)) == (409, True)
    assert len(leads(api)) == 2


def test_one_that_waits_is_cancelled_and_can_be_begun_again(
    start_server: Callable[..., Server], make_member: Callable[[Server], Person]
) -> None:
    server = start_server(background=False)
    person = make_member(server)
    path = send(person).headers["location"]
    import_id = path.rpartition("/")[2]
    assert "Looking at the file" in person.get(path).text
    server.do(server.services.import_run().run(person.workspace_id, import_id, "test"))
    person.send(f"{path}/run", {**inputs(person.get(path).text), "action": "try"})
    assert "Trying: nothing is stored" in person.get(path).text

    person.send(f"{path}/cancel")

    assert "It was cancelled behind row 0" in person.get(path).text
    person.send(f"{path}/run", {**inputs(person.get(path).text), "action": "import"})
    server.do(server.services.import_run().run(person.workspace_id, import_id, "test"))
    assert counts(person.get(path).text) == [2, 0, 0, 1]


def test_one_that_waits_for_another_says_so(
    start_server: Callable[..., Server], make_member: Callable[[Server], Person]
) -> None:
    person = make_member(start_server(background=False))
    first, second = (send(person).headers["location"] for _ in range(2))

    assert "Waiting for another import" not in person.get(first).text
    assert "Waiting for another import" in person.get(second).text


def test_a_file_that_nobody_went_on_with_is_forgotten_after_a_day(
    start_server: Callable[..., Server], make_member: Callable[[Server], Person], clock: MovableClock
) -> None:
    server = start_server(background=False)
    person = make_member(server)
    path = send(person).headers["location"]
    import_id = path.rpartition("/")[2]
    server.do(server.services.import_run().run(person.workspace_id, import_id, "test"))
    person.send(f"{path}/run", {**inputs(person.get(path).text), "action": "try"})
    server.do(server.services.import_run().run(person.workspace_id, import_id, "test"))

    server.do(server.services.imports.clean(kept_days=30))
    assert "What the import would do" in person.get(path).text
    clock.advance(seconds=86_401)
    server.do(server.services.imports.clean(kept_days=30))

    assert person.get(path).status_code == 404
    assert kept(server, seconds=0) == []
    assert server.do(server.database.scan(_bad_rows)) == []


async def _bad_rows(tx: Any) -> list[Any]:
    return list(await tx.rows("SELECT number FROM import_errors"))


def test_the_list_tells_how_each_stands_and_who_sent_it(api: Client, member: Person) -> None:
    end_of(api, begin(api)["id"])
    path = sent(member, name="mine.csv")
    go_on(member, sent(member, name="tried.csv"), "try")

    rows = [
        [unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row)]
        for row in member.get(f"{member.home}/imports").text.split("<tr>")[2:]
    ]

    assert [[cells[0].partition(">")[2] or cells[0], *cells[1:6]] for cells in rows] == [
        ["tried.csv", "Tried", "2", "0", "1", "The member"],
        ["mine.csv", "Columns to choose", "0", "0", "0", "The member"],
        ["people.csv", "Imported", "2", "0", "0", "An API key"],
    ]
    assert f'href="{path}"' in member.get(f"{member.home}/imports").text


def test_long_lists_go_on(api: Client, viewer: Person) -> None:
    for number in range(26):
        begin(api, name=f"{number}.csv", dryRun="true")

    page = viewer.get(f"{viewer.home}/imports").text
    [older] = re.findall(r'href="([^"]*)" rel="next"', page)

    assert (page.count("<tr>"), viewer.get(older).text.count("<tr>")) == (26, 2)


def test_a_viewer_sees_imports_and_begins_none(member: Person, viewer: Person) -> None:
    path = sent(member)

    page = viewer.get(path).text

    assert "people.csv" in page
    assert [word for word in ("/run", "/cancel", "Undo", "ada@example.com") if word in page] == []
    assert "Import a file" not in viewer.get(f"{viewer.home}/imports").text


def statuses(person: Person, import_id: str) -> set[int]:
    """Of all that can be asked of an import."""
    path = f"{person.home}/imports/{import_id}"
    asked = [person.get(path), person.get(f"{path}/errors"), person.send(f"{path}/run"), person.send(f"{path}/cancel")]
    return {answer.status_code for answer in asked}


@pytest.mark.parametrize("import_id", ["imp_01kb2v6e3mf0r8n4t9q5w7x1yz", "imp_%27", "lead_1"])
def test_an_import_that_is_not_there(member: Person, import_id: str) -> None:
    assert statuses(member, import_id) == {404}


def test_an_import_of_another_workspace_is_not_there(member: Person, stranger: Client) -> None:
    theirs = end_of(stranger, begin(stranger, FILE, mapping='{"Full name": "name"}')["id"])["id"]

    assert statuses(member, theirs) == {404}
    assert "people.csv" not in member.get(f"{member.home}/imports").text


def test_what_a_file_holds_runs_nowhere(member: Person) -> None:
    cell = '"' + HOSTILE.replace('"', '""') + '"'
    content = f"name,email,{cell}\n{cell},{cell},{cell}\n{cell},a@example.com,{'x' * 5_000}\n"
    path = sent(member, content, f"{HOSTILE.replace('/', '')}.csv")

    pages = [
        member.get(path).text,
        go_on(member, path, "try"),
        go_on(member, path, "import"),
        member.get(f"{member.home}/imports").text,
    ]

    assert not any("<script>alert" in page for page in pages)
    assert all("&lt;script&gt;alert" in page for page in pages)
