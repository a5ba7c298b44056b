"""The step of an import in which one says what its columns become: from a form to the options of a run, and back."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from leadlight.dashboard.form import Form
from leadlight.dashboard.match_on import match_on_fields, match_on_of
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import InvalidInput, Problem
from leadlight.imports.job import Import, ImportOptions, default_values
from leadlight.imports.mapping import PREFIX, missing, propose
from leadlight.imports.presets import PRESETS
from leadlight.imports.schemas import options_of
from leadlight.principal import Principal

TARGETS = {
    "name": "Name",
    "firstName": "First name",
    "lastName": "Last name",
    "email": "Email",
    "phone": "Phone",
    "source": "Source",
    "status": "Status",
    "createdAt": "Created",
    "followUpAt": "Follow-up",
    "followUpNote": "Note on the follow-up",
    PREFIX: "Metadata, at the key",
    "metadata": "Metadata, all of it (JSON)",
    "id": "Id of a lead",
    "": "Leave out",
}
PRESET_NAMES = {
    "": "Somewhere else",
    "hubspot": "HubSpot",
    "salesforce": "Salesforce",
    "pipedrive": "Pipedrive",
    "close": "Close",
    "zoho": "Zoho",
}
ON_DUPLICATE = {
    OnDuplicate.CREATE: "Make a second one",
    OnDuplicate.UPDATE: "Change the one that is there",
    OnDuplicate.SKIP: "Leave the one that is there as it is",
    OnDuplicate.REJECT: "Hand the row back as a bad one",
}
MATCH_ON = {"email": "Email", "phone": "Phone", "metadata": "A key of the metadata"}
_DEFAULTS = ("source", "status")
_MISSING = {
    "email": "No column gives the email, which every lead needs: choose one for it.",
    "name": "No column gives the name, which every lead needs: choose one for it.",
}


class ColumnField(NamedTuple):
    """A column's part of the form: its fields are `target.` and `key.` with the place."""

    place: int
    name: str
    values: list[str]


def columns_of(job: Import) -> list[ColumnField]:
    columns = job.sample.columns if job.sample else []
    return [ColumnField(place, column.name, column.values) for place, column in enumerate(columns)]


def form_of(job: Import, preset: str | None) -> Form:
    """What was chosen the last time, or what the headers tell. `preset`: another one that is to be tried."""
    options, names = job.options, job.sample.names if job.sample else []
    chosen = options.preset or "" if preset is None else preset
    kept = options.mapping if preset is None else None
    mapping = kept or propose(names, chosen or None)
    fields = {
        "preset": chosen,
        "onDuplicate": options.rule.on_duplicate.value,
        **match_on_fields(options.rule.match_on),
        "webhooks": "true" if options.webhooks else "",
        **{name: str(value) for name, value in default_values(options.defaults).items()},
    }
    for place, name in enumerate(names):
        target = mapping.get(name, "")
        is_key = target.startswith(PREFIX)
        fields[f"target.{place}"] = PREFIX if is_key else target
        fields[f"key.{place}"] = target.removeprefix(PREFIX) if is_key else name
    return Form.filled(**fields)


def options_from(form: Form, job: Import, caller: Principal, *, dry_run: bool) -> ImportOptions:
    """What the form asks for, by the rules that hold for uploads too. Raises InvalidInput, and notes it in the form."""
    columns = columns_of(job)
    mapping = {column.name: _target(form, column) for column in columns}
    defaults = {name: form[name].strip() for name in _DEFAULTS if form[name].strip()}
    texts = {
        "mapping": _json(mapping),
        "onDuplicate": form["onDuplicate"],
        "matchOn": match_on_of(form) or "",
        "defaults": _json(defaults),
        "dryRun": "true" if dry_run else "",
        "webhooks": form["webhooks"],
    }
    try:
        options = options_of(texts, caller)
    except InvalidInput as error:
        fields = {f"mapping.{column.name}"[:200]: f"target.{column.place}" for column in columns}
        fields |= {f"defaults.{name}": name for name in _DEFAULTS}
        form.note(*(Problem(fields.get(each.field, each.field), each.message, each.code) for each in error.problems))
    form.note(*(Problem("mapping", _MISSING[field], "required") for field in missing(mapping.values(), defaults)))
    form.refuse()
    return msgspec.structs.replace(options, preset=form["preset"] if form["preset"] in PRESETS else None)


def looking(rule: DuplicateRule) -> ImportOptions:
    """Those of the first step, which only asks what the file looks like."""
    return ImportOptions(rule, dry_run=True, looks_only=True)


def _target(form: Form, column: ColumnField) -> str:
    target = form[f"target.{column.place}"]
    return PREFIX + (form[f"key.{column.place}"].strip() or column.name) if target == PREFIX else target


def _json(values: Mapping[str, str]) -> str:
    return msgspec.json.encode(values).decode()
