"""What a client says of all the leads of a file, where their rows say nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from leadlight.errors import Invalid, InvalidInput
from leadlight.imports.entries import encode_entries
from leadlight.imports.values import check_text, object_value
from leadlight.leads.lead import LeadStatus, name_rule, phone_rule, source_rule


class Defaults(msgspec.Struct, frozen=True):
    """What is said of a lead where its row says nothing."""

    name: str | None = None
    phone: str | None = None
    source: str | None = None
    status: LeadStatus | None = None
    metadata: Mapping[str, Raw] = {}

    @classmethod
    def of(cls, given: Mapping[str, object]) -> "Defaults":
        """Checks the fields of a lead that a client gives for all rows. Raises InvalidInput."""
        values: dict[str, Any] = {}
        problems = []
        for field, value in given.items():
            rule = _DEFAULT_RULES.get(field)
            try:
                if rule is None:
                    known = ", ".join(_DEFAULT_RULES)
                    raise Invalid("unknown_field", f"can't be the same for every row; what can are {known}")
                if value is not None:
                    values[field] = rule(value)
            except Invalid as invalid:
                problems.append(invalid.of(f"defaults.{field}"))
        if problems:
            raise InvalidInput(problems)
        return cls(**values)


def _one_of_ours(text: str) -> LeadStatus:
    try:
        return LeadStatus(text)
    except ValueError:
        raise Invalid("invalid_choice", f"must be one of {', '.join(LeadStatus)}") from None


def _text(rule: Callable[[str], Any]) -> Callable[[object], Any]:
    """The rule of a text for a value that may be none."""

    def checked(value: object) -> Any:
        if not isinstance(value, str):
            raise Invalid("invalid_type", "must be a text")
        check_text(value)
        return rule(value)

    return checked


def _whole_metadata(value: object) -> dict[str, Raw]:
    entries = object_value(value)
    if entries is None:
        raise Invalid("invalid_type", "must be a JSON object")
    encode_entries(entries)
    return entries


_DEFAULT_RULES: Mapping[str, Callable[[object], Any]] = {
    "name": _text(name_rule),
    "phone": _text(phone_rule),
    "source": _text(source_rule),
    "status": _text(_one_of_ours),
    "metadata": _whole_metadata,
}
