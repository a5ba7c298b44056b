"""Editing one lead: what was typed becomes a patch of what was touched, beside what others changed meanwhile.

Each field of the form comes with what stood there when the page was opened (`was.` and its name). What was not touched
is not changed, so two people at different fields of one lead are not in each other's way.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from leadlight.clock import to_iso
from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_table import readable, values_of
from leadlight.errors import Invalid, Problem
from leadlight.http.body import time_rule
from leadlight.http.query import choice
from leadlight.leads import lead as rules
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.metadata import metadata_rule

FIELDS = ("name", "email", "phone", "source", "status", "follow_up_at", "follow_up_note")
_NEEDED = ("name", "email")
META = "meta."
NEW_KEY, NEW_VALUE, REMOVE = "newKey", "newValue", "remove"
_MAX_KEY = 255
_PLAIN = (b"t", b"f", b"-", *(b"%d" % digit for digit in range(10)))


status_rule = choice(LeadStatus).parse


def day_rule(text: str) -> int | None:
    """The beginning of a day, in UTC."""
    return rules.follow_up_at_rule(time_rule(text.strip() or None))


_RULES: dict[str, Callable[[str], Any]] = {
    "name": rules.name_rule,
    "email": rules.email_rule,
    "phone": lambda text: rules.phone_rule(text.strip() or None),
    "source": lambda text: rules.source_rule(text.strip() or None),
    "status": status_rule,
    "follow_up_at": day_rule,
    "follow_up_note": lambda text: rules.follow_up_note_rule(text.strip() or None),
}


def texts_of(lead: Lead) -> dict[str, str]:
    """A lead as the fields of its form show it."""
    fields = {name: str(getattr(lead, name) or "") for name in FIELDS}
    fields["follow_up_at"] = "" if lead.follow_up_at is None else to_iso(lead.follow_up_at)[:10]
    return fields | {META + key: readable(value) for key, value in values_of(lead.metadata).items()}


def form_of(lead: Lead) -> Form:
    """The form of a lead that nobody has touched."""
    texts = texts_of(lead)
    return Form([*texts.items(), *((f"was.{name}", text) for name, text in texts.items())])


def draft_of(form: Form) -> LeadDraft:
    """A new lead. Raises InvalidInput."""
    values: dict[str, Any] = {
        name: form.take(name, rule) for name, rule in _RULES.items() if form[name].strip() or name in _NEEDED
    }
    metadata = _new_value(form)
    form.refuse()
    return LeadDraft(**values, metadata=msgspec.Raw(msgspec.json.encode(metadata)) if metadata else UNSET)


class Edit:
    """What a form changes of a lead as it is now. `conflicts`: by field, what others made of what was touched, too."""

    def __init__(self, form: Form, lead: Lead) -> None:
        self._form = form
        now = texts_of(lead)
        known = [*FIELDS, *(name for name in now if name.startswith(META))]
        touched = [name for name in known if name in form and _typed(form[name]) != _typed(form[f"was.{name}"])]
        removed = [META + key for key in form.all(REMOVE) if META + key in now]
        self.conflicts = {
            name: now[name]
            for name in dict.fromkeys((*touched, *removed))
            if f"was.{name}" in form and _typed(now[name]) not in (_typed(form[f"was.{name}"]), _typed(form[name]))
        }
        values: dict[str, Any] = {name: form.take(name, _RULES[name]) for name in touched if name in _RULES}
        patch: dict[str, Any] = {name.removeprefix(META): None for name in removed}
        stored = values_of(lead.metadata)
        for name in touched:
            if name.startswith(META) and name not in removed:
                key = name.removeprefix(META)
                patch[key] = _like(stored[key], _typed(form[name]))
        patch |= _new_value(form)
        if patch:
            values["metadata"] = _checked(form, patch)
        self._values = values

    @property
    def patch(self) -> LeadPatch:
        """Raises InvalidInput."""
        self._form.refuse()
        return LeadPatch(**self._values)


def json_patch(lead: Lead, form: Form) -> LeadPatch:
    """What makes the metadata the JSON that was typed. Raises InvalidInput."""
    typed = form.demand("json", lambda text: metadata_rule(msgspec.Raw(object_rule(text))))
    return LeadPatch(metadata=_difference(lead.metadata, typed))


def object_rule(text: str) -> bytes:
    """The text of a JSON object."""
    try:
        msgspec.json.decode(text.encode(), type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise Invalid("invalid_type", "must be a JSON object: names in quotes, and their values, in braces") from None
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Invalid("invalid_json", f"is no JSON: {error}") from None
    return text.encode()


def _difference(before: msgspec.Raw, after: msgspec.Raw) -> msgspec.Raw:
    """The merge patch that makes one object of another, number by number as typed."""
    old, new = values_of(before), values_of(after)
    patch = {key: msgspec.Raw(b"null") for key in old if key not in new}
    for key, value in new.items():
        if key not in old or not (_is_object(old[key]) and _is_object(value)):
            patch[key] = value
        elif bytes(old[key]) != bytes(value):
            patch[key] = _difference(old[key], value)
    return msgspec.Raw(msgspec.json.encode(patch))


def _checked(form: Form, patch: dict[str, Any]) -> msgspec.Raw | None:
    return form.take("metadata", lambda _: metadata_rule(msgspec.Raw(msgspec.json.encode(patch))))


def _new_value(form: Form) -> dict[str, Any]:
    key = form[NEW_KEY].strip()
    if not key:
        if form[NEW_VALUE].strip():
            form.note(Problem(NEW_KEY, "must not be blank, for there is a value", "blank"))
        return {}
    if len(key) > _MAX_KEY:
        form.note(Problem(NEW_KEY, f"must not be longer than {_MAX_KEY} characters", "too_long"))
    return {key: _plain(form[NEW_VALUE])}


def _like(before: msgspec.Raw, typed: str) -> object:
    """What was text stays text; what was something else becomes what was typed, which may be text now."""
    if bytes(before).startswith(b'"'):
        return typed
    return _plain(typed, any_json=True)


def _plain(typed: str, *, any_json: bool = False) -> object:
    """A number, true or false, or else the text; `any_json`: lists and objects, too."""
    text = typed.strip().encode("utf-8", "replace")
    if any_json or text.startswith(_PLAIN):
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError:
            return typed
        return msgspec.Raw(text)
    return typed


def _typed(text: str) -> str:
    """As it comes back from a browser that nobody typed into: with its own ends of lines, and none at the ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _is_object(value: msgspec.Raw) -> bool:
    return bytes(value).startswith(b"{")
