"""The workspace, its events and its webhooks through the client, on a real server."""

from collections.abc import Callable

import pytest

from leadlight.client import Conflict, Leadlight, NotFound, ValidationFailed
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")

Connect = Callable[..., Leadlight]


@pytest.fixture
def client(admin: Client, connect: Connect) -> Leadlight:
    return connect(admin.url, admin.key, timeout_seconds=20)


def test_the_workspace_of_the_key(client: Leadlight, admin: Client) -> None:
    workspace = client.workspace.get()

    assert (workspace.id, workspace.name) == (admin.workspace_id, "Ours")


def test_all_that_happened_is_told_in_order(client: Leadlight) -> None:
    ids = [client.leads.create(f"Lead {number}", "a@example.com").id for number in range(5)]

    assert [event.lead_id for event in client.events.list(page_size=2)] == ids
    assert [event.type for event in client.events.list(types=["lead.deleted"])] == []


def test_the_feed_goes_on_where_it_was_left(client: Leadlight) -> None:
    client.leads.create("Before", "a@example.com")
    page = client.events.page()
    after = page.pagination.next_cursor
    late = client.leads.create("After", "a@example.com")

    assert [event.data["name"] for event in page.items] == ["Before"]
    assert [event.lead_id for event in client.events.list(after=after)] == [late.id]


def test_a_webhook_is_made_changed_and_deleted(client: Leadlight) -> None:
    made = client.webhooks.create("http://93.184.215.14/hook", ["lead.*"], description="Billing")
    changed = client.webhooks.update(made.id, active=False)

    assert str(made.secret).startswith("whsec_")
    assert (changed.active, changed.description, changed.secret) == (False, "Billing", None)
    assert client.webhooks.get(made.id) == changed
    assert list(client.webhooks.list(page_size=1)) == [changed]
    assert client.webhooks.rotate_secret(made.id).secret != made.secret
    assert client.webhooks.delete(made.id).id == made.id
    with pytest.raises(NotFound):
        client.webhooks.get(made.id)


def test_a_delivery_is_told_with_its_attempts(client: Leadlight) -> None:
    made = client.webhooks.create("http://93.184.215.14/hook", ["*"])

    sent = client.webhooks.test(made.id)

    assert (sent.webhook_id, sent.event_type, sent.lead_id) == (made.id, "webhook.test", None)
    assert [delivery.id for delivery in client.webhooks.deliveries(made.id)] == [sent.id]
    assert client.webhooks.delivery(sent.id).event_id == sent.event_id


def test_an_address_that_can_be_none_is_told(client: Leadlight) -> None:
    with pytest.raises(ValidationFailed) as refused:
        client.webhooks.create("ftp://example.com/", ["lead.archived"])

    assert {problem.field for problem in refused.value.problems} == {"url", "events"}


def test_what_an_inactive_webhook_can_not_do_is_told(client: Leadlight) -> None:
    made = client.webhooks.create("http://93.184.215.14/hook", ["*"], active=False)

    with pytest.raises(Conflict):
        client.webhooks.test(made.id)
