"""The settings page of people: an owner lets in, gives roles, removes, and makes links for new passwords."""

import re

from leadlight.people.role import Role
from tests.conftest import Client, Server
from tests.dashboard.person import PASSWORD, Person, inputs, make_person

UNKNOWN = "usr_01kb2v6e3mf0r8n4t9q5w7x1yz"
HOSTILE = '"><script>alert(1)</script>'


def people(person: Person) -> str:
    return f"{person.home}/settings/people"


def id_of(server: Server, person: Person, role: Role) -> str:
    """The id of the one with a role."""
    members = server.do(server.services.people.list_members(person.workspace_id))
    return next(member.user.id for member in members if member.role is role)


def link_in(page: str) -> str:
    [link] = re.findall(r'<input readonly value="([^"]*)"', page)
    return str(link)


def test_an_invitation_is_shown_once_and_lets_in_once(server: Server, owner: Person) -> None:
    made = owner.send(f"{people(owner)}/invite", {"email": "vic@example.com", "role": "viewer"})
    link = link_in(made.text)
    guest = Person(server, owner.workspace_id)
    fields = {"name": "Vic", "password": PASSWORD}

    assert (made.status_code, link.startswith(f"{server.url}/welcome/")) == (200, True)
    assert "It works once, for 7 days" in made.text
    assert "/welcome/" not in owner.get(people(owner)).text

    path = link.removeprefix(server.url)
    assert [guest.post(path, fields).status_code, guest.post(path, fields).status_code] == [303, 404]
    assert guest.get(f"{guest.home}/leads").status_code == 200
    assert guest.get(f"{guest.home}/leads/new").status_code == 403
    assert "vic@example.com" in owner.get(people(owner)).text


def test_an_invitation_that_can_not_be_keeps_what_was_typed(owner: Person) -> None:
    answer = owner.send(f"{people(owner)}/invite", {"email": "nothing", "role": "king"})

    assert answer.status_code == 400
    assert inputs(answer.text)["email"] == "nothing"
    assert ('id="email-problem"' in answer.text, 'id="role-problem"' in answer.text) == (True, True)


def test_whoever_is_a_member_already_is_not_invited(owner: Person) -> None:
    email = f"owner@{owner.workspace_id[3:]}.example"

    answer = owner.send(f"{people(owner)}/invite", {"email": email, "role": "viewer"})

    assert answer.status_code == 409
    assert "is a member already" in answer.text
    assert inputs(answer.text)["email"] == email


def test_a_role_changes_at_once(server: Server, owner: Person, viewer: Person) -> None:
    viewer_id = id_of(server, owner, Role.VIEWER)

    changed = owner.send(f"{people(owner)}/{viewer_id}/role", {"role": "member"})

    assert changed.headers["location"] == f"{people(owner)}?done=role"
    assert "The role was changed" in owner.get(changed.headers["location"]).text
    assert viewer.get(f"{viewer.home}/leads/new").status_code == 200


def test_an_unknown_role_is_refused(server: Server, owner: Person, viewer: Person) -> None:
    answer = owner.send(f"{people(owner)}/{id_of(server, owner, Role.VIEWER)}/role", {"role": "king"})

    assert (answer.status_code, "must be one of owner, member, viewer" in answer.text) == (400, True)
    assert viewer.get(f"{viewer.home}/leads/new").status_code == 403


def test_a_removed_member_is_shut_out_at_once(server: Server, owner: Person, member: Person) -> None:
    removed = owner.send(f"{people(owner)}/{id_of(server, owner, Role.MEMBER)}/remove")

    assert "The member was removed" in owner.get(removed.headers["location"]).text
    assert member.get(f"{member.home}/leads").status_code == 404
    assert "The member</h3>" not in owner.get(people(owner)).text


def test_the_last_owner_stays(server: Server, owner: Person) -> None:
    path = f"{people(owner)}/{id_of(server, owner, Role.OWNER)}"

    answers = [owner.send(f"{path}/remove"), owner.send(f"{path}/role", {"role": "viewer"})]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert all("This is the last owner" in answer.text for answer in answers)
    assert 'value="viewer" selected' in answers[1].text
    assert owner.get(people(owner)).status_code == 200


def test_one_of_two_owners_may_step_down(server: Server, owner: Person) -> None:
    other = make_person(server, owner.workspace_id, Role.OWNER, "other@example.com")
    members = server.do(server.services.people.list_members(owner.workspace_id))
    path = f"{people(owner)}/{next(each.user.id for each in members if each.user.email == 'other@example.com')}"

    stepped_down = other.send(f"{path}/role", {"role": "viewer"})

    assert other.get(stepped_down.headers["location"]).status_code == 200
    assert other.get(people(other)).status_code == 403


def test_a_link_for_a_new_password_works_once(server: Server, owner: Person, member: Person) -> None:
    made = owner.send(f"{people(owner)}/{id_of(server, owner, Role.MEMBER)}/reset")
    path = link_in(made.text).removeprefix(server.url)

    assert "It works once, for 24 hours" in made.text
    guest = Person(server, owner.workspace_id)
    fields = {"password": "another long password"}
    assert [guest.post(path, fields).status_code, guest.post(path, fields).status_code] == [303, 404]
    assert guest.get(f"{guest.home}/leads/new").status_code == 200
    assert member.get(f"{member.home}/leads").status_code == 303  # the old password's session is over


def test_who_belongs_to_another_workspace_too_gets_no_link(server: Server, owner: Person, stranger: Client) -> None:
    link = server.do(server.services.people.invite(stranger.workspace_id, "both@example.com", Role.OWNER))
    both = make_person(server, owner.workspace_id, Role.MEMBER, "both@example.com")
    assert both.post(f"/welcome/{link.token}", {"password": PASSWORD}).status_code == 303

    answer = owner.send(f"{people(owner)}/{id_of(server, owner, Role.MEMBER)}/reset")

    assert (answer.status_code, "leadlight users reset-password" in answer.text) == (409, True)
    assert "/welcome/" not in answer.text


def test_a_link_ends_when_they_join_another_workspace(
    server: Server, owner: Person, member: Person, stranger: Client
) -> None:
    made = owner.send(f"{people(owner)}/{id_of(server, owner, Role.MEMBER)}/reset")
    path = link_in(made.text).removeprefix(server.url)
    invited = server.do(
        server.services.people.invite(stranger.workspace_id, f"member@{owner.workspace_id[3:]}.example", Role.OWNER)
    )
    member.post(f"/welcome/{invited.token}", {"password": PASSWORD})

    guest = Person(server, owner.workspace_id)

    assert guest.post(path, {"password": "another long password"}).status_code == 404
    assert guest.get(f"/w/{stranger.workspace_id}/leads").status_code == 303
    assert guest.sign_in(f"member@{owner.workspace_id[3:]}.example").status_code == 303  # the old one still holds


def test_users_of_another_workspace_are_not_there(server: Server, owner: Person, stranger: Client) -> None:
    theirs = make_person(server, stranger.workspace_id, Role.MEMBER, "theirs@example.com")
    their_id = id_of(server, theirs, Role.MEMBER)

    answers = [
        owner.send(f"{people(owner)}/{user_id}/{verb}", {"role": "viewer"})
        for user_id in (their_id, UNKNOWN, "key_1", "usr_%27")
        for verb in ("role", "remove", "reset")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert not any("theirs@example.com" in answer.text for answer in answers)
    assert theirs.get(f"{theirs.home}/leads/new").status_code == 200


def test_what_people_call_themselves_runs_nowhere(server: Server, owner: Person) -> None:
    create_user = server.services.people.create_user
    server.do(create_user(owner.workspace_id, "eve@example.com", HOSTILE, PASSWORD, Role.VIEWER))

    pages = [owner.get(people(owner)).text, owner.send(f"{people(owner)}/invite", {"email": HOSTILE}).text]

    assert not any("<script>alert" in page for page in pages)
    assert "&lt;script&gt;alert" in pages[0]
