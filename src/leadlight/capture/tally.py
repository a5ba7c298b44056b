"""Webhooks of Tally: one response in each, its answers with their questions' labels.

Source: tally.so/help/webhooks.
"""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import msgspec

from leadlight.capture.payload import decode, details, digest, id_of, is_same, required, text_of, texts_of
from leadlight.capture.submission import Field, Submitted
from leadlight.errors import LeadlightError

_EVENT = "FORM_RESPONSE"
_MEANINGS = {"INPUT_EMAIL": "email", "INPUT_PHONE_NUMBER": "phone"}
_OF_ONE = ("MULTIPLE_CHOICE", "DROPDOWN")
_OF_FILES = ("FILE_UPLOAD", "SIGNATURE")


class _Question(msgspec.Struct):
    key: Any = None
    label: Any = None
    type: Any = None
    value: Any = None
    options: Any = None
    rows: Any = None
    columns: Any = None


class _Data(msgspec.Struct, rename="camel"):
    response_id: Any = None
    form_id: Any = None
    form_name: Any = None
    fields: list[_Question] | None = None


class _Delivery(msgspec.Struct, rename="camel"):
    event_id: Any = None
    event_type: Any = None
    data: _Data | None = None


def verify(body: bytes, signature: str | None, secret: str | None) -> bool:
    """`signature`: the header Tally-Signature. A form without the webhook's secret believes nobody.

    What is signed is the JSON without spaces; the body is that too, unless somebody on its way wrote it anew.
    """
    if secret is None:
        return False
    try:
        compact = msgspec.json.format(body, indent=-1)
    except (msgspec.DecodeError, RecursionError):
        compact = body
    known = [b64encode(digest(text, secret)).decode() for text in (body, compact)]
    return any(is_same(text, signature) for text in known)


def external_id(body: bytes) -> str | None:
    try:
        delivery = decode(body, _Delivery)
    except LeadlightError:
        return None
    return id_of(delivery.data and delivery.data.response_id, delivery.event_id)


def read(body: bytes) -> Submitted:
    """Raises InvalidJson, InvalidInput."""
    delivery = decode(body, _Delivery)
    if delivery.event_type not in (None, _EVENT):
        return Submitted((), ignored="no finished response")
    if delivery.data is None:
        raise required("data")
    if not delivery.data.fields:
        raise required("data.fields")
    told = {
        "form_id": delivery.data.form_id,
        "form_name": delivery.data.form_name,
        "response_id": delivery.data.response_id,
    }
    return Submitted((*_answers(delivery.data.fields), *details("tally", told)))


def _answers(questions: list[_Question]) -> Iterable[Field]:
    lists: set[str] = set()
    for index, question in enumerate(questions):
        key, label, kind = text_of(question.key), text_of(question.label), text_of(question.type) or ""
        if kind == "CHECKBOXES" and isinstance(question.value, bool) and key and key.rpartition("_")[0] in lists:
            continue  # each box by itself, once more, behind the list of those that are ticked
        if key:
            lists.add(key)
        names = texts_of(label, key) or (f"data.fields[{index}]",)
        yield Field(names[0], _value(question, kind), names[1:], _MEANINGS.get(kind))


def _value(question: _Question, kind: str) -> Any:
    """In words, where options were chosen; of files, where they are."""
    value = question.value
    if kind in _OF_FILES and isinstance(value, list):
        return [file.get("url") if isinstance(file, dict) else file for file in value]
    if kind == "MATRIX" and isinstance(value, dict):
        rows, columns = _texts(question.rows), _texts(question.columns)
        return {rows.get(row, row): _chosen(cells, columns) for row, cells in value.items()}
    chosen = _chosen(value, _texts(question.options))
    return chosen[0] if kind in _OF_ONE and isinstance(chosen, list) and len(chosen) == 1 else chosen


def _chosen(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_chosen(one, texts) for one in value]
    return texts.get(value, value) if isinstance(value, str) else value


def _texts(options: Any) -> dict[str, str]:
    """The words of options, rows or columns by their ids."""
    found: dict[str, str] = {}
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and (id_ := text_of(option.get("id"))) and (text := text_of(option.get("text"))):
            found[id_] = text
    return found
