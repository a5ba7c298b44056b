"""Members of a workspace: they are made, listed, given another role, removed; the last owner stays."""

import pytest

from leadlight.errors import Conflict, InvalidInput, NotFound
from leadlight.people.role import Role
from leadlight.people.service import PeopleService
from leadlight.people.user import Member, Membership, Person
from tests.conftest import START, MovableClock, Server, all_of
from tests.people.crew import PASSWORD, add, sign_in, token_of


@pytest.fixture
def people(server: Server) -> PeopleService:
    return server.services.people


def roles(server: Server, workspace_id: str) -> dict[str, Role]:
    members = server.do(server.services.people.list_members(workspace_id))
    return {member.user.name: member.role for member in members}


# Making users


def test_a_store_has_no_users_until_one_is_made(server: Server, acme: str, people: PeopleService) -> None:
    before = server.do(people.has_users())
    add(server, acme)

    assert (before, server.do(people.has_users())) == (False, True)


def test_one_address_is_one_account(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)

    with pytest.raises(Conflict, match="There is an account with this email address already"):
        server.do(people.create_user(acme, "ADA@example.com", "Ada", "another password", Role.OWNER))

    assert sign_in(server, password="another password") is None


def test_every_problem_of_a_user_is_named(server: Server, acme: str, people: PeopleService) -> None:
    with pytest.raises(InvalidInput) as refused:
        server.do(people.create_user(acme, "ada", "", "ada", Role.OWNER))

    codes = {problem.field: problem.code for problem in refused.value.problems}
    assert codes == {"email": "invalid_email", "name": "blank", "password": "too_short"}


def test_a_user_belongs_to_a_workspace_that_is_there(server: Server, people: PeopleService) -> None:
    with pytest.raises(NotFound, match="There is no workspace ws_1"):
        add(server, "ws_1")

    assert not server.do(people.has_users())


# Listing


def test_members_are_listed_by_the_time_they_joined(
    server: Server, acme: str, people: PeopleService, clock: MovableClock
) -> None:
    ben = add(server, acme, "Ben")
    clock.advance(seconds=1)
    ada = add(server, acme, "Ada", Role.VIEWER)
    add(server, server.workspace("Other"), "Cy")

    members = server.do(people.list_members(acme))

    assert members == [Member(ben, Role.OWNER, START), Member(ada, Role.VIEWER, START + 1000)]


def test_an_operator_sees_everybody_and_where_they_belong(server: Server, acme: str, people: PeopleService) -> None:
    other = server.workspace("Other")
    ada = add(server, other)
    link = server.do(people.invite(acme, "ada@example.com", Role.VIEWER))
    server.do(people.use_link(link.token, email="", name="", password=PASSWORD))

    everybody = server.do(people.list_all())

    expected = (Membership(acme, "Acme", Role.VIEWER), Membership(other, "Other", Role.OWNER))
    assert everybody == [Person(ada, expected)]


def test_names_are_told_of_those_who_belong_or_did(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    ben, cy = add(server, acme, "Ben"), add(server, server.workspace("Other"), "Cy")
    server.do(people.remove_member(acme, ben.id))

    assert server.do(people.names(acme, [ben.id, cy.id, "usr_1"])) == {ben.id: "Ben"}
    assert server.do(people.names(acme, [])) == {}


# Roles


def test_another_role_holds_at_once(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    ben = add(server, acme, "Ben", Role.VIEWER)
    token = token_of(server, "Ben")

    server.do(people.set_role(acme, ben.id, Role.MEMBER))

    session = server.do(people.find_session(token))
    assert session is not None
    assert [each.role for each in session.memberships] == [Role.MEMBER]


def test_who_is_removed_is_shut_out_at_once(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    ben = add(server, acme, "Ben", Role.MEMBER)
    token = token_of(server, "Ben")

    server.do(people.remove_member(acme, ben.id))

    session = server.do(people.find_session(token))
    assert session is not None
    assert session.principal(acme) is None
    assert roles(server, acme) == {"Ada": Role.OWNER}


def test_who_was_removed_does_not_come_back_by_an_old_invitation(
    server: Server, acme: str, people: PeopleService
) -> None:
    add(server, acme)
    link = server.do(people.invite(acme, "ben@example.com", Role.MEMBER))
    ben = add(server, acme, "Ben")
    server.do(people.remove_member(acme, ben.id))

    with pytest.raises(NotFound):
        server.do(people.use_link(link.token, email="", name="Ben", password=PASSWORD))


def test_who_was_removed_may_be_invited_again(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    ben = add(server, acme, "Ben")
    server.do(people.remove_member(acme, ben.id))

    link = server.do(people.invite(acme, "ben@example.com", Role.VIEWER))
    server.do(people.use_link(link.token, email="", name="", password=PASSWORD))

    assert roles(server, acme) == {"Ada": Role.OWNER, "Ben": Role.VIEWER}


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, None])
def test_the_last_owner_stays_one(server: Server, acme: str, people: PeopleService, role: Role | None) -> None:
    ada = add(server, acme)
    add(server, acme, "Ben", Role.MEMBER)

    with pytest.raises(Conflict, match="This is the last owner; make another member an owner first"):
        server.do(people.set_role(acme, ada.id, role) if role else people.remove_member(acme, ada.id))

    assert roles(server, acme) == {"Ada": Role.OWNER, "Ben": Role.MEMBER}


def test_the_last_owner_may_be_made_an_owner_again(server: Server, acme: str, people: PeopleService) -> None:
    ada = add(server, acme)

    server.do(people.set_role(acme, ada.id, Role.OWNER))

    assert roles(server, acme) == {"Ada": Role.OWNER}


def test_of_two_owners_who_go_at_once_one_stays(server: Server, acme: str, people: PeopleService) -> None:
    ids = [add(server, acme, name).id for name in ("Ada", "Ben")]

    async def go(user_id: str) -> str:
        try:
            await people.remove_member(acme, user_id)
        except Conflict:
            return "stays"
        return "goes"

    outcomes = server.do(all_of(map(go, ids)))

    assert sorted(outcomes) == ["goes", "stays"]
    assert list(roles(server, acme).values()) == [Role.OWNER]


def test_a_user_of_another_workspace_is_none_of_ours(server: Server, acme: str, people: PeopleService) -> None:
    add(server, acme)
    cy = add(server, server.workspace("Other"), "Cy")

    for attempt in (people.set_role(acme, cy.id, Role.OWNER), people.remove_member(acme, cy.id)):
        with pytest.raises(NotFound, match="No user with this ID in your workspace"):
            server.do(attempt)
