"""`leadlight forms`: they are listed, and printed as HTML that works."""

import re

import pytest
import requests

from tests.capture.forms import ADA, TheForm
from tests.cli.conftest import Cli
from tests.conftest import Client, Server


@pytest.fixture
def console(server: Server) -> Cli:
    """On the store of a server that runs."""
    return Cli(server.data, server.settings.database_url)


def test_list_shows_those_of_all_workspaces(console: Cli, admin: Client, stranger: Client) -> None:
    ours, theirs = TheForm(admin, allowedOrigins=["https://example.com"]), TheForm(stranger, name="[bold]Theirs")

    listed = console.json("forms", "list")
    table = console.run("forms", "list").stdout

    assert listed == [
        {
            "id": ours.id,
            "name": "Contact",
            "workspaceId": admin.workspace_id,
            "allowedOrigins": ["https://example.com"],
        },
        {"id": theirs.id, "name": "[bold]Theirs", "workspaceId": stranger.workspace_id, "allowedOrigins": []},
    ]
    assert re.search(rf"{theirs.id}.*\[bold\]Theirs.*{stranger.workspace_id}", table)


def test_what_the_snippet_says_is_taken(console: Cli, server: Server, admin: Client) -> None:
    form = TheForm(admin, fieldMap={"wer": "name", "firma": "metadata.company"})

    html = console.run("forms", "snippet", form.id, "--base-url", server.url).stdout
    action, method, *names = re.findall(r'(?:action|(?<=form )method|(?<!id)name|method)="([^"]*)"', html)
    values = {"wer": "Ada Park", "email": "ada@example.com", "firma": "Parkside", "homepage_url": ""}
    response = requests.request(method, action, data=values, timeout=5)

    assert names == ["email", "wer", "firma", "homepage_url"]
    assert response.url == f"{form.url}/thanks"
    assert form.lead()["metadata"] == {"company": "Parkside"}
    assert requests.get(re.findall(r'src="([^"]*)"', html)[0], timeout=5).status_code == 200


def test_the_servers_address_can_be_a_variable(console: Cli, admin: Client) -> None:
    form = TheForm(admin)

    html = console.run("forms", "snippet", form.id, LEADLIGHT_URL="https://leads.example.com").stdout

    assert f'action="https://leads.example.com/capture/{form.id}"' in html


@pytest.mark.parametrize("url", ["leads.example.com", "javascript:alert(1)", 'https://x"><script>'])
def test_an_address_that_is_none_is_refused(console: Cli, admin: Client, url: str) -> None:
    said = console.refusal("forms", "snippet", TheForm(admin).id, "--base-url", url)

    assert said.startswith("--base-url must be an absolute http or https address")


def test_a_form_that_is_none_is_refused(console: Cli) -> None:
    assert console.refusal("forms", "snippet", "form_none") == "There is no form with this ID"


def test_the_snippet_needs_no_key_and_holds_no_secret(console: Cli, admin: Client) -> None:
    form = TheForm(admin, tallySecret="a-secret-of-tally")

    result = console.run("forms", "snippet", form.id)

    assert result.exit_code == 0
    assert "a-secret-of-tally" not in result.stdout
    assert form.post(json=ADA).status_code == 200
