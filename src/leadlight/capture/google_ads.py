"""Lead form webhooks of Google Ads: one lead in each, with the key that the advertiser gave to the form.

Source: developers.google.com/google-ads/webhook/docs/implementation. A field that is not known is to be let be.
"""

from typing import Any

import msgspec

from leadlight.capture.payload import decode, details, id_of, is_same, required, text_of, texts_of
from leadlight.capture.submission import Field, Submitted
from leadlight.errors import LeadlightError

_KEY = "google_key"
_DETAILS = ("lead_id", "form_id", "campaign_id", "adgroup_id", "creative_id", "asset_group_id")

_MEANINGS = {
    "FULL_NAME": "name",
    "FIRST_NAME": "firstName",
    "GIVEN_NAME": "firstName",
    "LAST_NAME": "lastName",
    "FAMILY_NAME": "lastName",
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone",
    "COMPANY_NAME": "metadata.company",
    "JOB_TITLE": "metadata.job_title",
    "STREET_ADDRESS": "metadata.street",
    "POSTAL_CODE": "metadata.postal_code",
    "CITY": "metadata.city",
    "REGION": "metadata.region",
    "COUNTRY": "metadata.country",
}


class _Column(msgspec.Struct):
    column_id: Any = None
    column_name: Any = None
    string_value: Any = None


class _Delivery(msgspec.Struct):
    lead_id: Any = None
    user_column_data: list[_Column] | None = None
    form_id: Any = None
    campaign_id: Any = None
    adgroup_id: Any = None
    creative_id: Any = None
    asset_group_id: Any = None
    gcl_id: Any = None
    is_test: Any = None


def verify(body: bytes, key: str | None) -> bool:
    """Whether it comes from where the form's key is known; a form without one believes nobody.

    Whatever else is wrong with a delivery: with the key it is one, and to be kept.
    """
    try:
        sent = msgspec.json.decode(_values(body).get(_KEY, b"null"))
    except (msgspec.DecodeError, RecursionError):
        return False
    return key is not None and is_same(key, sent if isinstance(sent, str) else None)


def without_key(body: bytes) -> bytes:
    """A delivery that was verified, as it is stored: all but the key, which nobody is shown again."""
    return msgspec.json.encode({name: value for name, value in _values(body).items() if name != _KEY})


def external_id(body: bytes) -> str | None:
    try:
        return id_of(decode(body, _Delivery).lead_id)
    except LeadlightError:
        return None


def read(body: bytes) -> Submitted:
    """Raises InvalidJson, InvalidInput."""
    delivery = decode(body, _Delivery)
    if not delivery.user_column_data:
        raise required("user_column_data")
    answers = [_answer(index, column) for index, column in enumerate(delivery.user_column_data)]
    more = details("google", {name: getattr(delivery, name) for name in _DETAILS})
    click = Field("gcl_id", delivery.gcl_id, means="metadata.gclid")
    is_test = delivery.is_test is True or delivery.is_test == "true"
    return Submitted((*answers, click, *more), ignored="a test lead of Google Ads" if is_test else None)


def _values(body: bytes) -> dict[str, msgspec.Raw]:
    """Raises msgspec.DecodeError, RecursionError."""
    return msgspec.json.decode(body, type=dict[str, msgspec.Raw])


def _answer(index: int, column: _Column) -> Field:
    names = texts_of(column.column_id, column.column_name) or (f"user_column_data[{index}]",)
    means = _MEANINGS.get(text_of(column.column_id) or "")
    return Field(names[0], column.string_value, names[1:], means)
