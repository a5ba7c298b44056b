"""What a new lead is made of, what a patch makes of a lead, and the changes that tell of it."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from leadlight.errors import InvalidInput
from leadlight.events.event import Changes
from leadlight.leads.change import LeadDraft, LeadPatch, apply_patch, creation_changes, new_lead
from leadlight.leads.lead import Lead, LeadStatus

ADA = new_lead(
    LeadDraft("Ada", "a@b.co", phone="1", metadata=Raw(b'{"score":1,"kept":2}')),
    lead_id="lead_1",
    workspace_id="ws_1",
    now=100,
)


def told(changes: Changes) -> dict[str, Any]:
    return dict(json.loads(msgspec.json.encode(changes)))


def applied(patch: LeadPatch, now: int = 200) -> tuple[Lead, dict[str, Any]]:
    result = apply_patch(ADA, patch, now)
    assert result is not None
    return result[0], told(result[1])


def test_a_new_lead_has_the_defaults_of_what_is_not_said() -> None:
    lead = new_lead(LeadDraft("Ada", "a@b.co"), lead_id="lead_1", workspace_id="ws_1", now=7)

    assert lead == Lead("lead_1", "ws_1", "Ada", "a@b.co", None, "api", LeadStatus.NEW, Raw(b"{}"), 7, 7, 1)


def test_a_new_lead_keeps_what_is_said_null_included() -> None:
    draft = LeadDraft("Ada", "a@b.co", phone=None, source=None, status=LeadStatus.LOST, metadata=Raw(b'{"a":1}'))

    lead = new_lead(draft, lead_id="lead_1", workspace_id="ws_1", now=7)

    assert lead == Lead("lead_1", "ws_1", "Ada", "a@b.co", None, None, LeadStatus.LOST, Raw(b'{"a":1}'), 7, 7, 1)


def test_a_creation_tells_of_every_field_that_has_a_value() -> None:
    assert told(creation_changes(ADA)) == {
        "name": {"from": None, "to": "Ada"},
        "email": {"from": None, "to": "a@b.co"},
        "phone": {"from": None, "to": "1"},
        "source": {"from": None, "to": "api"},
        "status": {"from": None, "to": "new"},
        "metadata": {"from": {}, "to": {"score": 1, "kept": 2}},
    }


def test_a_creation_does_not_tell_of_what_is_empty() -> None:
    lead = new_lead(LeadDraft("Ada", "a@b.co", source=None), lead_id="lead_1", workspace_id="ws_1", now=7)

    assert list(told(creation_changes(lead))) == ["name", "email", "status"]


@pytest.mark.parametrize(
    ("patch", "attribute", "value", "changes"),
    [
        (LeadPatch(name="Bob"), "name", "Bob", {"name": {"from": "Ada", "to": "Bob"}}),
        (LeadPatch(email="A@b.co"), "email", "A@b.co", {"email": {"from": "a@b.co", "to": "A@b.co"}}),
        (LeadPatch(phone=None), "phone", None, {"phone": {"from": "1", "to": None}}),
        (LeadPatch(source="web"), "source", "web", {"source": {"from": "api", "to": "web"}}),
        (LeadPatch(metadata=None), "metadata", Raw(b"{}"), {"metadata": {"from": {"score": 1, "kept": 2}, "to": {}}}),
        (
            LeadPatch(metadata=Raw(b'{"score":2,"new":3}')),
            "metadata",
            Raw(b'{"score":2,"kept":2,"new":3}'),
            {"metadata": {"from": {"score": 1}, "to": {"score": 2, "new": 3}}},
        ),
    ],
)
def test_a_patch_changes_one_field_and_tells_of_it(
    patch: LeadPatch, attribute: str, value: object, changes: dict[str, Any]
) -> None:
    lead, what = applied(patch)

    assert lead == msgspec.structs.replace(ADA, **{attribute: value}, updated_at=200, version=2)
    assert what == changes


def test_a_change_of_the_status_is_remembered() -> None:
    lead, what = applied(LeadPatch(status=LeadStatus.LOST))

    assert (lead.status, lead.reached, lead.contacted_at) == ("lost", 1, 200)
    assert what == {"status": {"from": "new", "to": "lost"}}


@pytest.mark.parametrize(
    "patch",
    [
        LeadPatch(),
        LeadPatch(name="Ada", email="a@b.co", phone="1", source="api", status=LeadStatus.NEW),
        LeadPatch(metadata=Raw(b"{}")),
        LeadPatch(metadata=Raw(b'{"kept":2.0,"missing":null}')),
        LeadPatch.of(LeadDraft("Ada", "a@b.co")),
    ],
)
def test_a_patch_that_changes_nothing_makes_nothing(patch: LeadPatch) -> None:
    assert apply_patch(ADA, patch, 200) is None


def test_a_draft_as_a_patch_leaves_alone_what_it_does_not_say() -> None:
    lead, what = applied(LeadPatch.of(LeadDraft("Bob", "a@b.co", metadata=Raw(b'{"kept":null}'))))

    assert (lead.name, lead.phone, bytes(lead.metadata)) == ("Bob", "1", b'{"score":1}')
    assert list(what) == ["name", "metadata"]


def test_time_never_goes_back() -> None:
    assert applied(LeadPatch(name="Bob"), now=50)[0].updated_at == 100


def test_metadata_that_grows_too_large_is_refused() -> None:
    patch = LeadPatch(metadata=Raw(b'{"big":"' + b"x" * 65_520 + b'"}'))

    with pytest.raises(InvalidInput) as caught:
        apply_patch(ADA, patch, 200)

    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("metadata", "too_large")]
