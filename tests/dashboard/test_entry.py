"""Coming in and going: the sign-in, one-time links, the account."""

import pytest

from leadlight.people.role import Role
from tests.conftest import Client, MovableClock, Server
from tests.dashboard.person import PASSWORD, Person


@pytest.fixture
def guest(server: Server, api: Client) -> Person:
    """Nobody, yet."""
    return Person(server, api.workspace_id)


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(guest: Person) -> None:
    asked = guest.get(f"{guest.home}/leads?status=new")

    assert (asked.status_code, asked.headers["location"]) == (
        303,
        f"/sign-in?next=%2Fw%2F{guest.workspace_id}%2Fleads%3Fstatus%3Dnew",
    )
    assert f'name="next" value="{guest.home}/leads?status=new"' in guest.get(asked.headers["location"]).text


@pytest.mark.usefixtures("owner")
def test_the_right_password_opens_a_session(guest: Person) -> None:
    answer = guest.sign_in(f"owner@{guest.workspace_id[3:]}.example", next=f"{guest.home}/leads")

    assert (answer.status_code, answer.headers["location"]) == (303, f"{guest.home}/leads")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # over plain HTTP, which it would not come back by
    assert guest.get(f"{guest.home}/leads").status_code == 200


@pytest.mark.usefixtures("owner")
def test_a_wrong_password_and_an_unknown_email_are_told_alike(guest: Person) -> None:
    wrong = guest.sign_in(f"owner@{guest.workspace_id[3:]}.example", "not the password")
    unknown = guest.sign_in("nobody@example.com", "not the password")

    assert [(answer.status_code, "do not belong together" in answer.text) for answer in (wrong, unknown)] == [
        (403, True),
        (403, True),
    ]
    assert "set-cookie" not in wrong.headers


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example", "//["],
)
def test_the_sign_in_sends_nobody_to_another_website(guest: Person, elsewhere: str) -> None:
    answer = guest.sign_in(f"owner@{guest.workspace_id[3:]}.example", next=elsewhere)

    assert answer.headers["location"] == "/"


@pytest.mark.usefixtures("owner")
def test_guessing_is_slowed_down_for_a_minute(guest: Person, clock: MovableClock) -> None:
    email = f"owner@{guest.workspace_id[3:]}.example"
    for _ in range(10):
        guest.sign_in(email, "not the password")

    assert guest.sign_in(email).status_code == 429  # also for who knows it

    clock.advance(seconds=121)

    assert guest.sign_in(email).status_code == 303


def test_signing_out_ends_the_session(owner: Person) -> None:
    token = owner.session.cookies["leadlight_session"]

    answer = owner.send("/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    kept = {"leadlight_session": token}
    assert owner.get(f"{owner.home}/leads", cookies=kept).headers["location"].startswith("/sign-in")


def test_signing_out_everywhere_ends_those_of_other_browsers(server: Server, owner: Person) -> None:
    other = Person(server, owner.workspace_id)
    other.sign_in(f"owner@{owner.workspace_id[3:]}.example")

    owner.send("/sign-out", {"everywhere": "1"})

    assert other.get(f"{other.home}/leads").status_code == 303


def test_a_link_makes_the_owner_once(server: Server, guest: Person) -> None:
    link = f"/welcome/{server.do(server.services.people.make_owner_link(guest.workspace_id)).token}"
    fields = {"name": "Bea", "email": "bea@example.com", "password": PASSWORD}
    assert "You will own Ours" in guest.get(link).text

    answer = guest.post(link, fields)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert guest.get("/").headers["location"] == f"{guest.home}/leads"
    assert [guest.get(link).status_code, guest.post(link, fields).status_code] == [404, 404]


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(server: Server, guest: Person) -> None:
    link = f"/welcome/{server.do(server.services.people.make_owner_link(guest.workspace_id)).token}"

    answer = guest.post(link, {"name": " ", "email": "not an address", "password": "short"})

    assert answer.status_code == 400
    assert 'value="not an address" required aria-invalid="true" aria-describedby="email-problem"' in answer.text
    assert answer.text.count('class="problem"') == 3
    assert "short" not in answer.text.replace("too short", "")  # a password is not sent back


def test_an_invitation_is_for_one_address(server: Server, guest: Person, api: Client) -> None:
    invited = server.do(server.services.people.invite(api.workspace_id, "vic@example.com", Role.VIEWER))
    page = guest.get(f"/welcome/{invited.token}").text
    assert "You are invited to Ours, as viewer" in page

    guest.post(f"/welcome/{invited.token}", {"name": "Vic", "email": "eve@example.com", "password": PASSWORD})

    assert "vic@example.com" in guest.get(f"{guest.home}/leads").text


def test_a_new_password_ends_other_sessions_and_keeps_this_one(server: Server, owner: Person) -> None:
    other = Person(server, owner.workspace_id)
    other.sign_in(f"owner@{owner.workspace_id[3:]}.example")

    changed = owner.send(f"{owner.home}/account", {"old": PASSWORD, "new": "another long password"})

    assert "Your password was changed" in owner.get(changed.headers["location"]).text
    assert other.get(f"{other.home}/leads").status_code == 303


def test_a_wrong_old_password_changes_nothing(owner: Person) -> None:
    answer = owner.send(f"{owner.home}/account", {"old": "not the password", "new": "another long password"})

    assert answer.status_code == 400
    assert 'id="old-problem"' in answer.text


def test_pages_let_nothing_run_or_load_but_what_is_ours(owner: Person) -> None:
    for path in ("/sign-in", f"{owner.home}/leads", f"{owner.home}/account", "/welcome/unknown"):
        visitor = Person(owner.server, owner.workspace_id) if path == "/sign-in" else owner
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
