"""What a lead is made of that came in by a form: each answer goes where the form's map, the sender or its name says."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from leadlight.capture import attribution
from leadlight.capture.bots import STARTED_FIELD
from leadlight.capture.form import IGNORE, METADATA, TARGETS, FormSettings
from leadlight.capture.submission import Context, Field, SubmissionKind, Submitted
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.imports.synonyms import HEADERS, NAMES_OF_EITHER_KIND, STATUSES, simplify
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import LeadStatus, email_rule, name_rule, phone_rule, source_rule
from leadlight.leads.metadata import EMPTY, merge, metadata_rule
from leadlight.strict_json import check_json

_GUESSED = frozenset(TARGETS) - {"status"}
"""What a field's name may tell. A stranger sets no state of our leads, unless the form's map says so."""

_PARTS_OF_NAME = ("firstName", "lastName")
_EITHER_NAME = "either name"
_LONGEST_GUESSED = 200


class Drafted(NamedTuple):
    """`patch`: what the sender says, for a lead that is there already. `draft`: the same with the form's defaults."""

    draft: LeadDraft
    patch: LeadPatch


def draft_lead(submitted: Submitted, settings: FormSettings, *, kind: SubmissionKind, context: Context) -> Drafted:
    """Raises InvalidInput with every problem, each under the name that the sender gave to the field."""
    answers = _Answers(submitted.fields, settings, context)
    defaults = settings.defaults
    patch = LeadPatch(
        name=answers.name(),
        email=answers.value("email", email_rule),
        phone=answers.value("phone", phone_rule),
        source=answers.value("source", source_rule),
        status=answers.value("status", _status_rule),
        metadata=answers.metadata_patch(),
    )
    name, email = _or(patch.name, defaults.name), _or(patch.email, defaults.email)
    metadata = answers.metadata_of_new(defaults.metadata, patch.metadata)
    answers.require("name", name)
    answers.require("email", email)
    if answers.problems:
        raise InvalidInput(answers.problems)
    draft = LeadDraft(
        name=name or "",
        email=email or "",
        phone=_said(_or(patch.phone, defaults.phone)),
        source=_or(patch.source, defaults.source) or kind.value,
        status=_said(_or(patch.status, defaults.status)),
        metadata=metadata,
    )
    return Drafted(draft, patch)


class _Sure(IntEnum):
    """How a field's target is known; the surer one has the lead's field, and the other's answer becomes metadata."""

    MAPPED = 0
    TOLD = 1
    GUESSED = 2


class _Found(NamedTuple):
    sure: _Sure
    target: str
    field: Field


class _Answers:
    def __init__(self, fields: tuple[Field, ...], settings: FormSettings, context: Context) -> None:
        self.problems: list[Problem] = []
        self._field_map = settings.field_map
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._metadata: dict[str, Any] = {}
        unread = {STARTED_FIELD, settings.honeypot}
        found = [self._find(field) for field in fields if field.name not in unread]
        for one in sorted(_with_either_names(found), key=lambda one: one.sure):
            self._place(one)
        landing_page = self._metadata.get(attribution.LANDING_PAGE)
        said = attribution.of_context(context, landing_page if isinstance(landing_page, str) else None)
        if any(one.target == METADATA + attribution.REFERRER for one in found):
            said.pop(attribution.REFERRER, None)  # where it is said to be none, the form's own page is not taken for it
        self._metadata = {**said, **self._metadata}

    def value(self, target: str, rule: Callable[[str], Any]) -> Any:
        """UNSET where nothing is said."""
        if target not in self._values:
            return UNSET
        try:
            return rule(_text(self._values[target]))
        except Invalid as invalid:
            self.problems.append(invalid.of(self._names[target]))
            return UNSET

    def name(self) -> str | UnsetType:
        """The whole one, or the first and the last."""
        parts = [target for target in _PARTS_OF_NAME if target in self._values]
        if "name" in self._values:
            for target in parts:
                self._add(self._names[target], self._values[target])
        elif parts:
            texts = [self.value(target, str.strip) for target in parts]
            self._values["name"] = " ".join(text for text in texts if text is not UNSET)
            self._names["name"] = self._names[parts[-1]]
        name: str | UnsetType = self.value("name", name_rule)
        return name

    def metadata_patch(self) -> msgspec.Raw | UnsetType:
        if not self._metadata:
            return UNSET
        text = msgspec.json.encode(self._metadata)
        problems = check_json(b'{"metadata":%b}' % text)  # of its depth: what stood alone stands one level deeper now
        self.problems += problems
        return UNSET if problems else self._checked(msgspec.Raw(text))

    def metadata_of_new(self, defaults: msgspec.Raw, said: msgspec.Raw | None | UnsetType) -> msgspec.Raw:
        return self._checked(merge(defaults, said)) if isinstance(said, msgspec.Raw) else defaults

    def _checked(self, metadata: msgspec.Raw) -> msgspec.Raw:
        try:
            return metadata_rule(metadata)
        except Invalid as invalid:
            problem = invalid.of("metadata")
            self.problems += [] if problem in self.problems else [problem]
            return EMPTY

    def require(self, target: str, value: str | None) -> None:
        if value is None and not any(problem.field == self._name_of(target) for problem in self.problems):
            self.problems.append(Problem(self._name_of(target), "is required", "required"))

    def _name_of(self, target: str) -> str:
        """What a sender calls a field of the lead, as far as that is known."""
        targets = (target, *_PARTS_OF_NAME) if target == "name" else (target,)
        mapped = (name for to in targets for name, known in self._field_map.items() if known == to)
        return next((self._names[to] for to in targets if to in self._names), None) or next(mapped, target)

    def _find(self, field: Field) -> _Found:
        names = (field.name, *field.aliases)
        for name in names:
            if name in self._field_map:
                return _Found(_Sure.MAPPED, self._field_map[name], field)
        if field.means is not None:
            return _Found(_Sure.TOLD, field.means, field)
        for name in names:
            if key := attribution.key_of(name):
                return _Found(_Sure.TOLD, METADATA + key, field)
            if target := _guess(name):
                return _Found(_Sure.GUESSED, target, field)
        return _Found(_Sure.GUESSED, METADATA + field.name, field)

    def _place(self, found: _Found) -> None:
        target, field = found.target, found.field
        if target == IGNORE:
            return
        if target in TARGETS:
            self._names.setdefault(target, field.name)
        if _is_blank(field.value):
            return
        if target in TARGETS and target not in self._values:
            self._values[target] = field.value
            self._names[target] = field.name
        elif target == METADATA + "metadata" and _is_object(field.value):
            for key, value in msgspec.json.decode(field.value, type=dict[str, msgspec.Raw]).items():
                if bytes(value) != b"null":
                    self._add(key, value)
        else:
            self._add(field.name if target in TARGETS else target.removeprefix(METADATA), field.value)

    def _add(self, key: str, value: Any) -> None:
        """Of several values for one key none is lost."""
        if key in self._metadata and self._metadata[key] != value:
            value = [*_as_list(self._metadata[key]), *_as_list(value)]
        self._metadata[key] = value


def _guess(name: str) -> str | None:
    simple = simplify(name[:_LONGEST_GUESSED])
    if simple in NAMES_OF_EITHER_KIND:
        return _EITHER_NAME
    target = HEADERS.get(simple)
    return target if target in _GUESSED else None


def _with_either_names(found: list[_Found]) -> list[_Found]:
    """`name` is the last name beside a first one, and the first beside a last one: so it is with the imports."""
    targets = {one.target for one in found}
    meant = "name"
    if "name" not in targets and "firstName" in targets and "lastName" not in targets:
        meant = "lastName"
    elif "name" not in targets and "lastName" in targets and "firstName" not in targets:
        meant = "firstName"
    return [one._replace(target=meant) if one.target == _EITHER_NAME else one for one in found]


def _status_rule(text: str) -> LeadStatus:
    status = STATUSES.get(simplify(text[:_LONGEST_GUESSED]))
    if status is None:
        raise Invalid("invalid_value", f"must be one of {', '.join(LeadStatus)}")
    return status


def _text(value: Any) -> str:
    """The one text that a value is; a whole number is one too, for phone numbers are sent so."""
    if isinstance(value, msgspec.Raw):
        value = msgspec.json.decode(value)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Invalid("invalid_type", "must be one text")
    return value


def _is_blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _is_object(value: Any) -> bool:
    return isinstance(value, msgspec.Raw) and bytes(value)[:1] == b"{"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _or(value: Any, default: Any) -> Any:
    return default if value is UNSET else value


def _said(value: Any) -> Any:
    return UNSET if value is None else value
