"""The workspace of the key."""

from leadlight.client.calls import Call, body, data, named
from leadlight.client.models import Workspace
from leadlight.client.resource import D, Method, Resource

_PATH = "/workspace"
_decode_workspace = data(Workspace)


class WorkspaceOfKey(Resource[D]):
    @Method
    def get(self) -> Call[Workspace]:
        """Any valid key may ask: a quick way to try one."""
        return Call(method="GET", path=_PATH, decode=_decode_workspace)

    @Method
    def update(
        self, *, name: str | None = None, on_duplicate: str | None = None, match_on: str | None = None
    ) -> Call[Workspace]:
        """Changes its name, or what its leads are created by where a request says nothing. Raises ValidationFailed.

        The key needs the scope admin.
        """
        asked = {"name": name, "on_duplicate": on_duplicate, "match_on": match_on}
        given = named({name: value for name, value in asked.items() if value is not None})
        return Call(method="PATCH", path=_PATH, decode=_decode_workspace, content=body(given))
