"""Forms and submissions through both clients, on a real server."""

from collections.abc import Callable

import pytest
import requests

from leadlight.client import Conflict, InsufficientScope, Leadlight, NotFound, ValidationFailed
from tests.conftest import Client

pytestmark = pytest.mark.engine("sqlite")

Connect = Callable[..., Leadlight]


@pytest.fixture
def manager(admin: Client, connect_either: Connect) -> Leadlight:
    """A client that may do everything."""
    return connect_either(admin.url, admin.key)


def test_a_form_is_made_changed_and_deleted(manager: Leadlight) -> None:
    made = manager.forms.create(
        "Contact",
        allowed_origins=["https://example.com"],
        field_map={"firma": "metadata.company"},
        defaults={"source": "website", "metadata": {"team_name": "sales"}},
        google_ads_key="a-key-of-our-choice",
    )
    changed = manager.forms.update(made.id, name="Contact us", minimum_fill_seconds=0, google_ads_key=None)

    assert (made.name, made.allowed_origins, made.field_map) == (
        "Contact",
        ["https://example.com"],
        {"firma": "metadata.company"},
    )
    assert made.defaults == {"source": "website", "metadata": {"team_name": "sales"}}
    assert (made.google_ads_key, made.tally_secret, made.on_duplicate) == (True, False, None)
    assert (changed.name, changed.minimum_fill_seconds, changed.google_ads_key) == ("Contact us", 0, False)
    assert manager.forms.get(made.id) == changed
    assert list(manager.forms.list(page_size=1)) == [changed]
    assert manager.forms.delete(made.id).id == made.id
    with pytest.raises(NotFound):
        manager.forms.get(made.id)


def test_what_came_in_is_told_and_mended(manager: Leadlight, admin: Client) -> None:
    form = manager.forms.create("Contact", minimum_fill_seconds=0)
    for body in ({"name": "Ada", "email": "ada@example.com"}, {"wer": "Ben", "email": "ben@example.com"}):
        requests.post(f"{admin.url}/capture/{form.id}", json=body, timeout=20)

    failed, stored = manager.forms.submissions(form.id, page_size=1)
    manager.forms.update(form.id, field_map={"wer": "name"})
    mended = manager.forms.reprocess(failed.id)

    assert (stored.status, failed.status, failed.lead_id) == ("stored", "failed", None)
    assert "name" in str(failed.reason)
    assert list(manager.forms.submissions(form.id, status="failed")) == []
    assert (mended.status, manager.leads.get(str(mended.lead_id)).name) == ("stored", "Ben")
    with pytest.raises(Conflict):
        manager.forms.reprocess(failed.id)


def test_what_came_in_is_in_what_is_held_on_a_person(manager: Leadlight, admin: Client) -> None:
    form = manager.forms.create("Contact", minimum_fill_seconds=0)
    requests.post(f"{admin.url}/capture/{form.id}", json={"name": "Ada", "email": "ada@example.com"}, timeout=20)
    (lead,) = manager.leads.list()

    (submission,) = manager.leads.export_lead(lead.id).submissions

    assert "ada@example.com" in str(submission)


def test_trouble_is_told(manager: Leadlight, client: Leadlight) -> None:
    with pytest.raises(ValidationFailed) as refused:
        manager.forms.create(" ", match_on="age", rate_limit_per_minute=-1)
    with pytest.raises(InsufficientScope):
        client.forms.create("Contact")

    assert {problem.field for problem in refused.value.problems} == {"name", "matchOn", "rateLimitPerMinute"}
