"""The HTML of a form to be put into a website, and the small script that says when and from where it is filled in.

The form works without the script, as HTML alone. What stands still can't hold a signed time, so a script of ours
brings that: it comes with the time in it, made anew for each page that is shown, and so asks for nothing by itself.
"""

import json
import string
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import jinja2
import msgspec

from leadlight.capture.attribution import CAMPAIGN, LANDING_PAGE, REFERRER, key_of
from leadlight.capture.bots import STARTED_FIELD
from leadlight.capture.form import MAX_URL, METADATA, FormSettings
from leadlight.leads.lead import MAX_EMAIL, MAX_NAME, MAX_PHONE


class _Control(msgspec.Struct, frozen=True):
    """An input. `name`: of the field that is sent."""

    name: str
    label: str
    type: str = "text"
    autocomplete: str = ""
    longest: int = MAX_URL
    required: bool = False


_OF_TARGETS = {
    "name": _Control("name", "Name", "text", "name", MAX_NAME, required=True),
    "firstName": _Control("first_name", "First name", "text", "given-name", MAX_NAME // 2, required=True),
    "lastName": _Control("last_name", "Last name", "text", "family-name", MAX_NAME // 2, required=True),
    "email": _Control("email", "Email", "email", "email", MAX_EMAIL, required=True),
    "phone": _Control("phone", "Phone", "tel", "tel", MAX_PHONE),
}
_NOT_ASKED = ("source", "status")
_NAMES = ("name", "firstName", "lastName")
_LONG_TEXTS = {"message", "comment", "comments", "notes", "question"}
_AUTOCOMPLETE = {
    "company": "organization",
    "organization": "organization",
    "job_title": "organization-title",
    "street": "street-address",
    "postal_code": "postal-code",
    "city": "address-level2",
    "region": "address-level1",
    "country": "country-name",
    "website": "url",
}
_MESSAGE = _Control("message", "Message", "textarea")


def render_snippet(form_id: str, settings: FormSettings, *, base_url: str) -> str:
    """`base_url`: where this server is reached from outside. The fields are those that the form's map names."""
    action = form_url(form_id, base_url)
    controls = list(_controls(settings))
    return _template().render(form_id=form_id, action=action, controls=controls, honeypot=settings.honeypot)


def render_preview(settings: FormSettings) -> str:
    """The same to be looked at: it leads nowhere, and holds nothing that people don't see."""
    return _template().render(form_id="preview", action=None, controls=list(_controls(settings)), honeypot=None)


def form_url(form_id: str, base_url: str) -> str:
    """Where a form is posted to; platforms post below it."""
    return f"{base_url.rstrip('/')}/capture/{form_id}"


def start_script(form_id: str, token: str) -> str:
    """The script of a form. `token`: a `bots.start_token` of this moment; so it must not be cached."""
    said = {STARTED_FIELD: token}
    names = {"landingPage": LANDING_PAGE, "referrer": REFERRER, "campaign": CAMPAIGN}
    return _script().substitute(form_id=json.dumps(form_id), said=json.dumps(said), names=json.dumps(names))


def _controls(settings: FormSettings) -> Iterable[_Control]:
    mapped = dict.fromkeys(settings.field_map.values())
    if not settings.defaults.name and not any(target in mapped for target in _NAMES):
        yield _unmapped("name", settings)
    if not settings.defaults.email and "email" not in mapped:
        yield _unmapped("email", settings)
    asked: set[str] = set()
    for name, target in settings.field_map.items():
        if target and target not in asked and target not in _NOT_ASKED and not _is_attribution(target):
            asked.add(target)
            yield _control(name, target)
    if not settings.field_map:
        yield _OF_TARGETS["phone"]
        yield _MESSAGE


def _control(name: str, target: str) -> _Control:
    known = _OF_TARGETS.get(target)
    if known is not None:
        return msgspec.structs.replace(known, name=name)
    key = target.removeprefix(METADATA)
    kind = "textarea" if key.lower() in _LONG_TEXTS else "text"
    return _Control(name, _label(key), kind, _AUTOCOMPLETE.get(key.lower(), ""))


def _unmapped(target: str, settings: FormSettings) -> _Control:
    """What a lead must have and the map does not name is known by its name, if that is not another field's."""
    known = _OF_TARGETS[target]
    return msgspec.structs.replace(known, name=f"your_{target}") if target in settings.field_map else known


def _is_attribution(target: str) -> bool:
    return key_of(target.removeprefix(METADATA)) is not None


def _label(key: str) -> str:
    words = key.replace("_", " ").strip() or key
    return words[:1].upper() + words[1:]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_resource("snippet.html"))


@cache
def _script() -> string.Template:
    return string.Template(_resource("start.js"))


def _resource(name: str) -> str:
    return files("leadlight.capture").joinpath("templates").joinpath(name).read_text(encoding="utf-8")
