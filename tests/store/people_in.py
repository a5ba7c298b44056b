"""A bit of everything that lets people in: what a copy of a store has to carry."""

from leadlight.people.role import Role
from tests.conftest import Server
from tests.people.crew import add, token_of


def let_people_in(server: Server, workspace_id: str) -> None:
    """An owner who is signed in, and has saved a view; one who has left, and a link of each kind."""
    people = server.services.people
    add(server, workspace_id)
    session = server.do(people.find_session(token_of(server)))
    caller = session.principal(workspace_id) if session else None
    assert caller is not None
    server.do(server.services.views.save_view(caller, "New ones", "status=new"))
    server.do(people.remove_member(workspace_id, add(server, workspace_id, "Ben", Role.VIEWER).id))
    server.do(people.make_owner_link(workspace_id))
    server.do(people.invite(workspace_id, "Cy@example.com", Role.MEMBER))
    server.do(people.reset_link("ada@example.com"))
