"""Lead ads of Meta: the handshake of its webhooks, their signature, and what they tell.

Meta itself tells ids alone: the answers (`field_data`) are asked for at its Graph, or whoever relays the webhook puts
them in. Sources: developers.facebook.com, "Webhooks: Getting Started", "Webhooks for Leads" and "Retrieving Leads".
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from leadlight.capture.payload import decode, details, digest, id_of, is_same, required, text_of
from leadlight.capture.submission import Field, Submitted
from leadlight.errors import InvalidInput, LeadlightError, Problem

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,255}")
_TEST = "<test lead: dummy data"
_DETAILS = ("form_id", "page_id", "ad_id", "adgroup_id", "adset_id", "campaign_id", "platform")

_MEANINGS = {
    "full_name": "name",
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "work_email": "email",
    "phone_number": "phone",
    "work_phone_number": "phone",
    "company_name": "metadata.company",
    "job_title": "metadata.job_title",
    "street_address": "metadata.street",
    "post_code": "metadata.postal_code",
    "zip_code": "metadata.postal_code",
    "city": "metadata.city",
    "state": "metadata.region",
    "province": "metadata.region",
    "country": "metadata.country",
}


class _Answer(msgspec.Struct):
    name: Any = None
    values: Any = None


class _Lead(msgspec.Struct):
    """As a webhook tells it (`leadgen_id`), or as the Graph does (`id`)."""

    leadgen_id: Any = None
    id: Any = None
    form_id: Any = None
    page_id: Any = None
    ad_id: Any = None
    adgroup_id: Any = None
    adset_id: Any = None
    campaign_id: Any = None
    platform: Any = None
    field_data: list[_Answer] | None = None


class _Change(msgspec.Struct):
    field: Any = None
    value: msgspec.Raw = msgspec.Raw(b"{}")


class _Entry(msgspec.Struct):
    changes: list[_Change] = []


class _Delivery(msgspec.Struct):
    entry: list[_Entry] | None = None


def challenge(query: Mapping[str, str], verify_token: str | None) -> str | None:
    """What the handshake is answered with as plain text; None where the token is not the form's."""
    if verify_token is None or query.get("hub.mode") != "subscribe":
        return None
    answer = query.get("hub.challenge", "")
    is_ours = is_same(verify_token, query.get("hub.verify_token"))
    return answer if is_ours and _CHALLENGE.fullmatch(answer) else None


def verify(body: bytes, signature: str | None, app_secret: str | None) -> bool:
    """`signature`: the header X-Hub-Signature-256. A form without the app's secret believes nobody."""
    return app_secret is not None and is_same("sha256=" + digest(body, app_secret).hex(), signature)


def split(body: bytes) -> list[bytes]:
    """A delivery for each change in one, which may tell of many leads; itself where there is nothing to be split."""
    try:
        delivery = decode(body, _Wrapped)
    except LeadlightError:
        return [body]
    entries = [msgspec.structs.replace(entry, changes=[change]) for entry in delivery.entry for change in entry.changes]
    if len(entries) < 2:
        return [body]
    return [msgspec.json.encode(_Wrapped(delivery.object, [entry])) for entry in entries]


def external_id(body: bytes) -> str | None:
    try:
        lead = _lead_of(body)
    except LeadlightError:
        return None
    return None if lead is None else id_of(lead.leadgen_id, lead.id)


def missing_answers(body: bytes) -> str | None:
    """The id of a lead whose answers are to be asked for at the Graph; None where they are there, or nothing is."""
    try:
        lead = _lead_of(body)
    except LeadlightError:
        return None
    return id_of(lead.leadgen_id) if lead is not None and lead.field_data is None else None


def with_answers(body: bytes, graph: bytes) -> bytes:
    """A delivery of one change with what the Graph answered put into it. Raises InvalidJson, InvalidInput."""
    told = decode(graph, dict[str, msgspec.Raw])
    delivery = decode(body, _Wrapped)
    changes = [change for entry in delivery.entry for change in entry.changes]
    if not changes:
        return msgspec.json.encode({**told, **decode(body, dict[str, msgspec.Raw])})
    value = decode(bytes(changes[0].get("value", b"{}")), dict[str, msgspec.Raw])
    changes[0]["value"] = msgspec.Raw(msgspec.json.encode({**told, **value}))
    return msgspec.json.encode(delivery)


def read(body: bytes) -> Submitted:
    """Raises InvalidJson, InvalidInput."""
    lead = _lead_of(body)
    if lead is None:
        return Submitted((), ignored="tells of something else than a lead")
    if lead.field_data is None:
        raise required("field_data", "is missing: Meta tells an id alone; with metaAccessToken, we ask for the rest")
    answers = [_answer(index, answer) for index, answer in enumerate(lead.field_data)]
    told = {"lead_id": id_of(lead.leadgen_id, lead.id), **{name: getattr(lead, name) for name in _DETAILS}}
    is_test = any(isinstance(field.value, str) and field.value.startswith(_TEST) for field in answers)
    return Submitted((*answers, *details("meta", told)), ignored="a test lead of Meta" if is_test else None)


class _WrappedEntry(msgspec.Struct):
    """An entry whose parts keep their text."""

    id: msgspec.Raw = msgspec.Raw(b"null")
    time: msgspec.Raw = msgspec.Raw(b"null")
    changes: list[dict[str, msgspec.Raw]] = []


class _Wrapped(msgspec.Struct):
    object: msgspec.Raw = msgspec.Raw(b'"page"')
    entry: list[_WrappedEntry] = []


def _lead_of(body: bytes) -> _Lead | None:
    """None for a change that is not about a lead. Without `entry`, it is a lead as the Graph tells it."""
    entries = decode(body, _Delivery).entry
    if entries is None:
        return decode(body, _Lead)
    changes = [change for entry in entries for change in entry.changes]
    if len(changes) != 1:
        raise InvalidInput([Problem("entry", f"holds {len(changes)} changes in place of one", "invalid_value")])
    if changes[0].field not in (None, "leadgen"):
        return None
    return decode(bytes(changes[0].value), _Lead)


def _answer(index: int, answer: _Answer) -> Field:
    name = text_of(answer.name) or f"field_data[{index}]"
    values = answer.values
    return Field(name, values[0] if isinstance(values, list) and len(values) == 1 else values, (), _MEANINGS.get(name))
