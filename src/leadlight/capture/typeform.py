"""Webhooks of Typeform: one response in each, its answers by the `ref` of their questions.

Sources: typeform.com/developers/webhooks, "Example payload" and "Secure your webhooks".
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import msgspec

from leadlight.capture.payload import decode, details, digest, id_of, is_same, required, text_of, texts_of
from leadlight.capture.submission import Field, Submitted
from leadlight.errors import LeadlightError

_EVENT = "form_response"
_MEANINGS = {"email": "email", "phone_number": "phone"}

_MADE_BY_A_MACHINE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{16,}")
"""A `ref` that nobody wrote: a UUID, a ULID, or digits. It would say nothing as a key of metadata."""


class _Response(msgspec.Struct):
    form_id: Any = None
    token: Any = None
    hidden: Any = None
    calculated: Any = None
    variables: Any = None
    definition: Any = None
    answers: list[dict[str, Any]] | None = None


class _Delivery(msgspec.Struct):
    event_id: Any = None
    event_type: Any = None
    form_response: _Response | None = None


def verify(body: bytes, signature: str | None, secret: str | None) -> bool:
    """`signature`: the header Typeform-Signature. A form without the webhook's secret believes nobody."""
    return secret is not None and is_same("sha256=" + b64encode(digest(body, secret)).decode(), signature)


def external_id(body: bytes) -> str | None:
    try:
        delivery = decode(body, _Delivery)
    except LeadlightError:
        return None
    return id_of(delivery.form_response and delivery.form_response.token, delivery.event_id)


def read(body: bytes) -> Submitted:
    """Raises InvalidJson, InvalidInput."""
    delivery = decode(body, _Delivery)
    if delivery.event_type not in (None, _EVENT):
        return Submitted((), ignored="no finished response")
    response = delivery.form_response
    if response is None:
        raise required(_EVENT)
    if not response.answers:
        raise required(f"{_EVENT}.answers")
    titles = _titles(response.definition)
    answers = [_answer(index, answer, titles) for index, answer in enumerate(response.answers)]
    score = response.calculated.get("score") if isinstance(response.calculated, dict) else None
    told = {"form_id": response.form_id, "response_id": response.token, "score": score}
    return Submitted((*answers, *_hidden(response.hidden), *_variables(response.variables), *details("typeform", told)))


def _answer(index: int, answer: dict[str, Any], titles: dict[str, str]) -> Field:
    given = answer.get("field")
    question: dict[str, Any] = given if isinstance(given, dict) else {}
    id_, ref = text_of(question.get("id")), text_of(question.get("ref"))
    title = titles.get(id_ or "") or titles.get(ref or "")
    names = texts_of(ref, title, id_) or (f"answers[{index}]",)
    if title and ref and _MADE_BY_A_MACHINE.fullmatch(ref):
        names = (title, *(name for name in names if name != title))
    kind = text_of(answer.get("type")) or ""
    return Field(names[0], _value(answer.get(kind)), names[1:], _MEANINGS.get(kind))


def _value(value: Any) -> Any:
    """What was chosen in words; any other value is as it is."""
    if not isinstance(value, dict):
        return value
    if isinstance(labels := value.get("labels"), list):
        return [*labels, *texts_of(value.get("other"))]
    return value.get("label") or value.get("other") or value


def _titles(definition: Any) -> dict[str, str]:
    """What each question asks, by its id and by its ref."""
    questions = definition.get("fields") if isinstance(definition, dict) else None
    titles: dict[str, str] = {}
    for question in questions if isinstance(questions, list) else []:
        if isinstance(question, dict) and (title := text_of(question.get("title"))):
            titles |= dict.fromkeys(texts_of(question.get("id"), question.get("ref")), title)
    return titles


def _hidden(hidden: Any) -> Iterable[Field]:
    """What the form's address said: campaigns, as a rule."""
    for name, value in hidden.items() if isinstance(hidden, dict) else ():
        yield Field(name, value)


def _variables(variables: Any) -> Iterable[Field]:
    """What the form calculated; one that is called `name` is nobody's name."""
    for variable in variables if isinstance(variables, list) else ():
        if isinstance(variable, dict) and (key := text_of(variable.get("key"))):
            value = variable.get(text_of(variable.get("type")) or "")
            yield Field(key, value, means=f"metadata.{key}")
