"""`leadlight workspaces`."""

import re

import pytest

from tests.cli.conftest import Cli
from tests.conftest import Server


def test_create_tells_the_new_workspace_and_what_to_do_next(cli: Cli) -> None:
    result = cli.run("workspaces", "create", " Acme ")

    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert re.fullmatch("Created workspace Acme: ws_[0-9a-z]{26}", first)
    assert second.startswith(f"A key for it: leadlight keys create --workspace {first[-29:]}")


@pytest.mark.engine("sqlite")
def test_create_makes_the_store_where_there_is_none(cli: Cli) -> None:
    cli.run("workspaces", "create", "Acme")

    assert (cli.data / "leadlight.db").stat().st_mode & 0o777 == 0o600
    assert cli.data.stat().st_mode & 0o777 == 0o700


def test_create_for_programs(cli: Cli) -> None:
    workspace = cli.json("workspaces", "create", "Acme")

    assert list(workspace) == ["id", "name", "onDuplicate", "matchOn", "createdAt"]
    assert workspace["name"] == "Acme"


def test_list_shows_all_in_the_order_they_were_made(cli: Cli) -> None:
    made = [cli.json("workspaces", "create", name) for name in ("B", "A", "B")]

    assert cli.json("workspaces", "list") == made


def test_list_for_people_is_a_table(cli: Cli, acme: str) -> None:
    result = cli.run("workspaces", "list")

    assert result.exit_code == 0
    assert re.search(rf"{acme}.*Acme.*20\d\d-", result.stdout)


@pytest.mark.parametrize("name", ["", "  ", "n" * 101])
def test_create_refuses_a_name_that_is_none(cli: Cli, name: str) -> None:
    assert cli.refusal("workspaces", "create", name) == "NAME must have 1 to 100 characters"
    assert not cli.data.exists()


def test_works_while_the_server_runs(server: Server) -> None:
    workspace = Cli(server.data, server.settings.database_url).json("workspaces", "create", "Acme")

    assert server.client(workspace["id"]).get("/api/v1/workspace").json()["data"] == workspace
