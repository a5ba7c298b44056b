"""Somebody in front of a browser that runs no scripts: it keeps cookies, and sends forms as the pages have them."""

import re
from html import unescape
from typing import Any

import requests

from leadlight.people.role import Role
from tests.conftest import Server

PASSWORD = "correct horse battery"


class Person:
    def __init__(self, server: Server, workspace_id: str) -> None:
        self.server = server
        self.workspace_id = workspace_id
        self.home = f"/w/{workspace_id}"
        self.session = requests.Session()
        self.session.trust_env = False  # as for `Client`

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.server.url + path, timeout=20, allow_redirects=False, **options)

    def post(self, path: str, fields: Any = (), **options: Any) -> requests.Response:
        """As it is given, with no secret of the session in it."""
        return self.session.post(self.server.url + path, data=fields, timeout=20, allow_redirects=False, **options)

    def send(self, path: str, fields: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        """A form of a page of ours."""
        return self.post(path, {"csrf": self.csrf, **(fields or {})}, **options)

    @property
    def csrf(self) -> str:
        return inputs(self.get(f"{self.home}/account").text)["csrf"]

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> requests.Response:
        return self.post("/sign-in", {"email": email, "password": password, **fields})


def make_person(server: Server, workspace_id: str, role: Role, email: str | None = None) -> Person:
    """A user, signed in."""
    email = email or f"{role.value}@{workspace_id[3:]}.example"
    server.do(server.services.people.create_user(workspace_id, email, f"The {role.value}", PASSWORD, role))
    person = Person(server, workspace_id)
    assert person.sign_in(email).status_code == 303
    return person


def inputs(html: str) -> dict[str, str]:
    """The values of a page's fields, by their names; the last of each."""
    found = {}
    for tag in re.findall(r'<input (?![^>]*type="checkbox")[^>]*>', html):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        if name:
            found[unescape(name[1])] = unescape(value[1]) if value else ""
    areas = re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL)
    selects = re.findall(r'<select[^>]* name="([^"]*)".*?<option value="([^"]*)" selected', html, re.DOTALL)
    return found | {unescape(name): unescape(value) for name, value in (*areas, *selects)}
