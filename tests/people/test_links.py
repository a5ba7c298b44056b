"""One-time links: an owner's, an invitation, a reset; each lets one person in, once."""

import pytest

from leadlight.errors import Conflict, InvalidInput, NotFound
from leadlight.people.link import Link, LinkKind, OneTimeLink
from leadlight.people.role import Role
from leadlight.people.service import PeopleService
from leadlight.people.user import Membership
from tests.conftest import START, MovableClock, Server, all_of
from tests.people.crew import PASSWORD, add, is_signed_in, sign_in, token_of

DAY = 86_400
SPENT = "This link is not valid: it was used already, or its time is over. Ask for a new one"


@pytest.fixture
def people(server: Server) -> PeopleService:
    return server.services.people


def use(server: Server, link: OneTimeLink, *, email: str = "", name: str = "Ben", password: str = PASSWORD) -> str:
    people = server.services.people
    return server.do(people.use_link(link.token, email=email, name=name, password=password))


def memberships(server: Server, token: str) -> tuple[Membership, ...]:
    session = server.do(server.services.people.find_session(token))
    assert session is not None
    return session.memberships


def problems(server: Server, link: OneTimeLink, **fields: str) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        use(server, link, **fields)
    return {problem.field: problem.code for problem in refused.value.problems}


# An owner's


def test_an_owners_link_makes_an_owner_of_whoever_opens_it(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.make_owner_link(acme))

    token = use(server, link, email="ben@example.com")

    assert link.expires_at == START + 86_400_000
    assert memberships(server, token) == (Membership(acme, "Acme", Role.OWNER),)
    assert sign_in(server, "Ben") is not None


def test_an_owners_link_tells_the_workspace(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.make_owner_link(acme))

    found = server.do(people.find_link(link.token))

    assert found == Link(LinkKind.OWNER, "Acme", None, Role.OWNER, is_new_user=True)


def test_an_owners_link_makes_an_owner_of_a_member_too(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme, "Ben", Role.VIEWER)

    token = use(server, server.do(people.make_owner_link(acme)), email="Ben@example.com")

    assert [each.role for each in memberships(server, token)] == [Role.OWNER]


def test_there_is_no_owner_of_a_workspace_that_is_not_there(server: Server, people: PeopleService) -> None:
    with pytest.raises(NotFound, match="There is no workspace ws_1"):
        server.do(people.make_owner_link("ws_1"))


def test_every_problem_of_a_new_user_is_named(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.make_owner_link(acme))

    found = problems(server, link, email="ben", name=" ", password="short")

    assert found == {"email": "invalid_email", "name": "blank", "password": "too_short"}
    assert server.do(people.find_link(link.token)) is not None


# An invitation


def test_an_invitation_makes_a_user_of_its_address_alone(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.invite(acme, "ben@example.com", Role.VIEWER))

    token = use(server, link, email="mallory@example.com", name=" Ben ")

    session = server.do(people.find_session(token))
    assert session is not None
    assert (session.user.email, session.user.name) == ("ben@example.com", "Ben")
    assert session.memberships == (Membership(acme, "Acme", Role.VIEWER),)
    assert link.expires_at == START + 7 * 86_400_000


@pytest.mark.parametrize(("email", "is_new"), [("ben@example.com", True), ("ADA@example.com", False)])
def test_an_invitation_tells_whether_a_name_and_password_are_to_be_chosen(
    server: Server, acme: str, people: PeopleService, email: str, is_new: bool
) -> None:
    add(server, server.workspace("Other"))
    link = server.do(people.invite(acme, email, Role.MEMBER))

    found = server.do(people.find_link(link.token))

    assert found == Link(LinkKind.INVITATION, "Acme", email, Role.MEMBER, is_new_user=is_new)


def test_a_user_joins_with_the_password_that_they_have(server: Server, acme: str, people: PeopleService) -> None:
    other = server.workspace("Other")
    ada = add(server, other)
    link = server.do(people.invite(acme, "Ada@example.com", Role.MEMBER))

    token = use(server, link, name="Somebody")

    assert [each.workspace_id for each in memberships(server, token)] == [acme, other]
    assert [member.user for member in server.do(people.list_members(acme))] == [ada]


@pytest.mark.parametrize("password", ["a password of theirs", "short", ""])
def test_an_invitation_changes_no_password(server: Server, acme: str, people: PeopleService, password: str) -> None:
    add(server, server.workspace("Other"))
    link = server.do(people.invite(acme, "ada@example.com", Role.OWNER))

    assert problems(server, link, password=password) == {"password": "wrong_password"}
    assert (sign_in(server, password=password), sign_in(server) is None) == (None, False)
    assert server.do(people.list_members(acme)) == []


def test_who_is_a_member_is_not_invited(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)

    with pytest.raises(Conflict, match="is a member already"):
        server.do(people.invite(acme, "ADA@example.com", Role.VIEWER))


def test_who_was_invited_and_became_a_member_otherwise_keeps_the_role(
    server: Server, acme: str, people: PeopleService
) -> None:
    link = server.do(people.invite(acme, "ada@example.com", Role.OWNER))

    add(server, acme, role=Role.VIEWER)

    assert server.do(people.find_link(link.token)) is None


def test_a_new_invitation_takes_the_place_of_the_old_one(server: Server, acme: str, people: PeopleService) -> None:
    old = server.do(people.invite(acme, "ben@example.com", Role.OWNER))
    new = server.do(people.invite(acme, "Ben@example.com", Role.VIEWER))

    assert server.do(people.find_link(old.token)) is None
    assert [each.role for each in memberships(server, use(server, new))] == [Role.VIEWER]


@pytest.mark.parametrize("email", ["", "ben", "b\x00en@example.com"])
def test_an_address_that_is_none_is_not_invited(server: Server, acme: str, people: PeopleService, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        server.do(people.invite(acme, email, Role.MEMBER))

    assert [problem.field for problem in refused.value.problems] == ["email"]


# A reset


def test_a_reset_sets_a_password_and_ends_all_sessions(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    old = token_of(server)
    link = server.do(people.reset_link("ADA@example.com"))

    new = use(server, link, password="another password")

    assert (is_signed_in(server, old), is_signed_in(server, new)) == (False, True)
    assert (sign_in(server), sign_in(server, password="another password") is None) == (None, False)
    assert link.expires_at == START + 86_400_000


def test_a_reset_tells_the_address(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)

    link = server.do(people.reset_link("ada@example.com"))

    found = server.do(people.find_link(link.token))
    assert found == Link(LinkKind.RESET, None, "ada@example.com", None, is_new_user=False)


def test_a_reset_takes_no_password_that_breaks_the_rules(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    link = server.do(people.reset_link("ada@example.com"))

    assert problems(server, link, password="ada@example.com") == {"password": "invalid_value"}


def test_a_changed_password_ends_a_reset(server: Server, acme: str, people: PeopleService) -> None:
    ada = add(server, acme)
    link = server.do(people.reset_link("ada@example.com"))

    server.do(people.change_password(ada.id, PASSWORD, "another password"))

    assert server.do(people.find_link(link.token)) is None


@pytest.mark.parametrize("email", ["ben@example.com", "ben", ""])
def test_there_is_no_reset_for_nobody(server: Server, people: PeopleService, email: str) -> None:
    with pytest.raises(NotFound, match="Nobody has an account with this email address"):
        server.do(people.reset_link(email))


# Once, and for a while


def test_a_link_is_used_once(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.invite(acme, "ben@example.com", Role.MEMBER))
    use(server, link)

    assert server.do(people.find_link(link.token)) is None
    with pytest.raises(NotFound, match=SPENT):
        use(server, link)


def test_of_two_uses_at_once_one_wins(server: Server, acme: str, people: PeopleService) -> None:
    link = server.do(people.make_owner_link(acme))

    async def attempt(name: str) -> str:
        try:
            await people.use_link(link.token, email=f"{name}@example.com", name=name, password=PASSWORD)
        except NotFound:
            return "too late"
        return "let in"

    outcomes = server.do(all_of(attempt(name) for name in ("ben", "cy")))

    assert sorted(outcomes) == ["let in", "too late"]
    assert len(server.do(people.list_members(acme))) == 1


def test_of_two_links_with_one_address_at_once_the_second_needs_the_password(
    server: Server, acme: str, people: PeopleService
) -> None:
    links = [server.do(people.make_owner_link(acme)) for _ in range(2)]

    async def attempt(link: OneTimeLink, password: str) -> str:
        try:
            await people.use_link(link.token, email="ben@example.com", name="Ben", password=password)
        except InvalidInput:
            return "refused"
        return "let in"

    passwords = ("the first password", "the second password")
    outcomes = server.do(all_of(map(attempt, links, passwords)))

    assert sorted(outcomes) == ["let in", "refused"]


@pytest.mark.parametrize(("seconds", "works"), [(DAY - 1, True), (DAY, False)])
def test_a_reset_works_for_a_day(
    server: Server, acme: str, people: PeopleService, clock: MovableClock, seconds: int, works: bool
) -> None:
    add(server, acme)
    link = server.do(people.reset_link("ada@example.com"))

    clock.advance(seconds=seconds)

    assert (server.do(people.find_link(link.token)) is not None) is works


def test_a_link_whose_time_is_over_lets_nobody_in(
    server: Server, acme: str, people: PeopleService, clock: MovableClock
) -> None:
    link = server.do(people.invite(acme, "ben@example.com", Role.MEMBER))

    clock.advance(seconds=7 * DAY)

    with pytest.raises(NotFound, match=SPENT):
        use(server, link)


@pytest.mark.parametrize("token", ["", "nothing", "\ud800"])
def test_a_token_of_no_link_is_told(server: Server, people: PeopleService, token: str) -> None:
    assert server.do(people.find_link(token)) is None
    with pytest.raises(NotFound, match=SPENT):
        use(server, OneTimeLink(token, 0))
