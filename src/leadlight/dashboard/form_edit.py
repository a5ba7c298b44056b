"""Editing a form that leads come in by: what was typed becomes the body that the API takes, and is read by its rules.

Each page comes with the body that it showed when it was opened (`was`): of an edit, only what was touched is stored.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from leadlight.capture.form import MAX_FILL_SECONDS, MAX_RATE, METADATA, FormSecrets, FormSettings
from leadlight.capture.form import Form as CaptureForm
from leadlight.capture.schemas import FormCreate, FormUpdate
from leadlight.capture.service import FormPatch
from leadlight.dashboard.form import Form
from leadlight.dashboard.lead_edit import object_rule
from leadlight.dashboard.match_on import match_on_fields
from leadlight.errors import InvalidInput, Problem
from leadlight.http.body import BodyDecoder
from leadlight.http.query import integer
from leadlight.leads.metadata import EMPTY

REMOVE = "remove"
SECRETS = {field.encode_name: field.name for field in msgspec.structs.fields(FormSecrets) if not field.required}
"""The attributes of what is never shown again, by the names on the wire."""

_IN_METADATA = METADATA.rstrip(".")
_DEFAULTS = ("name", "email", "phone", "source", "status")
_ROWS = ("mapField", "mapTarget", "mapKey")
_BLANK_ROWS = 3
_BLANK = ("", _IN_METADATA, "")

_create = BodyDecoder(FormCreate).decode
_update = BodyDecoder(FormUpdate).decode
_rate_rule = integer(0, MAX_RATE).parse
_fill_rule = integer(0, MAX_FILL_SECONDS).parse


class Row(NamedTuple):
    """A field of the map as its row shows it. `key`: of the metadata, where it goes there."""

    field: str
    target: str
    key: str


def fields_of(name: str, settings: FormSettings) -> Form:
    """A form as the fields of its page show it."""
    defaults = settings.defaults
    values = {
        "name": name,
        "allowedOrigins": "\n".join(settings.allowed_origins),
        "redirectUrl": settings.redirect_url,
        "onDuplicate": settings.on_duplicate,
        **match_on_fields(settings.match_on or ""),
        "honeypot": settings.honeypot,
        "minimumFillSeconds": settings.minimum_fill_seconds,
        "rateLimitPerMinute": settings.rate_limit_per_minute,
        **{f"defaults.{each}": getattr(defaults, each) for each in _DEFAULTS},
        "defaults.metadata": "" if defaults.metadata == EMPTY else msgspec.json.format(defaults.metadata).decode(),
    }
    rows = [_row(field, target) for field, target in settings.field_map.items()]
    texts = [(each, "" if value is None else str(value)) for each, value in values.items()]
    return Form([*texts, *(pair for row in rows for pair in zip(_ROWS, row, strict=True))])


def rows(form: Form) -> list[Row]:
    """The rows of the map as typed, and some blank ones."""
    return [*_typed_rows(form), *(Row(*_BLANK) for _ in range(_BLANK_ROWS))]


def state(form: Form) -> str:
    """The body that the fields stand for, to be compared with later."""
    return msgspec.json.encode(_body(form, _READERS)).decode()


def draft_of(form: Form) -> tuple[str, FormPatch]:
    """The name and all else of a new form. Raises InvalidInput."""
    body: FormCreate = _read(form, _create, _body(form, _READERS))
    return body.name, body.patch()


class Edit:
    """What was touched of a form. `conflicts`: the names of what others have made something else of meanwhile."""

    def __init__(self, form: Form, stored: CaptureForm) -> None:
        self._form = form
        body, was = _body(form, _READERS), _decoded(form["was"])
        now = _decoded(state(fields_of(stored.name, stored.settings)))
        self._touched = {name: value for name, value in body.items() if value != was.get(name)}
        self.conflicts = [
            name for name, value in self._touched.items() if name in was and now[name] not in (was[name], value)
        ]

    @property
    def patch(self) -> FormPatch:
        """Raises InvalidInput."""
        body: FormUpdate = _read(self._form, _update, self._touched)
        return body.patch()


def previewed(form: Form) -> FormSettings:
    """As much of the settings as one sees of a form. Raises InvalidInput."""
    body: FormUpdate = _read(form, _update, _body(form, ("fieldMap", "defaults")))
    return FormSettings(**body.patch().settings)


def secrets_of(form: Form) -> FormPatch:
    """What was typed or is to be removed; all others stay. Raises InvalidInput."""
    values = {name: form[name].strip() or None for name in SECRETS if form[name].strip() or name in form.all(REMOVE)}
    body: FormUpdate = _read(form, _update, {name: _encode(value) for name, value in values.items()})
    return body.patch()


def _read(form: Form, decode: Callable[[bytes], Any], body: dict[str, msgspec.Raw]) -> Any:
    """Notes what is wrong beside its field. Raises InvalidInput."""
    try:
        read = decode(msgspec.json.encode(body))
    except InvalidInput as error:
        form.note(*(_placed(problem) for problem in error.problems))
    form.refuse()
    return read


def _placed(problem: Problem) -> Problem:
    """At the field of the page that holds what is wrong somewhere in it."""
    known = (*_PLACES, *SECRETS, *_READERS)
    place = next((name for name in known if problem.field.startswith(name)), "name")
    return Problem(place, problem.message, problem.code)


def _body(form: Form, names: Iterable[str]) -> dict[str, msgspec.Raw]:
    """As much of it as can be typed; what is no number or no JSON is noted."""
    return {name: _encode(_READERS[name](form)) for name in names}


def _encode(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _decoded(text: str) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return {}


def _origins(form: Form) -> list[str]:
    return [line.strip() for line in form["allowedOrigins"].split("\n") if line.strip()]


def _field_map(form: Form) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, target, key in _typed_rows(form):
        if field in found:
            form.note(Problem("fieldMap", f"must not name {field[:100]!r} twice", "duplicate"))
        found[field] = f"{METADATA}{key}" if target == _IN_METADATA else target
    return found


def _typed_rows(form: Form) -> Sequence[Row]:
    typed = zip(*(form.all(name) for name in _ROWS), strict=False)
    return [Row(field, target, key) for field, target, key in typed if field.strip() or key.strip()]


def _row(field: str, target: str) -> Row:
    if target.startswith(METADATA):
        return Row(field, _IN_METADATA, target.removeprefix(METADATA))
    return Row(field, target, "")


def _defaults(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {name: text for name in _DEFAULTS if (text := form[f"defaults.{name}"].strip())}
    if form["defaults.metadata"].strip():
        metadata = form.take("defaults.metadata", object_rule)
        if metadata is not None:
            found["metadata"] = msgspec.Raw(msgspec.json.format(metadata, indent=-1))
    return found


def _match_on(form: Form) -> str | None:
    if form["matchOn"] == _IN_METADATA:
        return METADATA + form["matchKey"].strip()
    return form["matchOn"] or None


_READERS: dict[str, Callable[[Form], Any]] = {
    "name": lambda form: form["name"].strip(),
    "allowedOrigins": _origins,
    "redirectUrl": lambda form: form["redirectUrl"].strip() or None,
    "fieldMap": _field_map,
    "defaults": _defaults,
    "onDuplicate": lambda form: form["onDuplicate"] or None,
    "matchOn": _match_on,
    "honeypot": lambda form: form["honeypot"].strip() or None,
    "minimumFillSeconds": lambda form: form.take("minimumFillSeconds", _fill_rule),
    "rateLimitPerMinute": lambda form: form.take("rateLimitPerMinute", _rate_rule),
}
_PLACES = tuple(f"defaults.{name}" for name in (*_DEFAULTS, "metadata"))
