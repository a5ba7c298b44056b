"""The options that say which leads, and what is in a lead."""

from typing import Annotated, Any

import msgspec
import typer

from leadlight.cli.connection import end
from leadlight.client.arguments import LeadFields, LeadFilter

Status = Annotated[list[str] | None, typer.Option("--status", help="Only in this state; can be repeated.")]
Source = Annotated[list[str] | None, typer.Option("--source", help="Only from this source; can be repeated.")]
Search = Annotated[str | None, typer.Option("--search", help="Only with this text in the name or the email.")]
WithEmail = Annotated[str | None, typer.Option("--email", help="Only with this email.")]
WithPhone = Annotated[str | None, typer.Option("--phone", help="Only with this phone number.")]
CreatedAfter = Annotated[str | None, typer.Option("--created-after", help="Only created later: 2026-01-15, or a time.")]
CreatedBefore = Annotated[str | None, typer.Option("--created-before", help="Only created earlier.")]
UpdatedAfter = Annotated[str | None, typer.Option("--updated-after", help="Only changed later.")]
UpdatedBefore = Annotated[str | None, typer.Option("--updated-before", help="Only changed earlier.")]
FollowUpAfter = Annotated[str | None, typer.Option("--follow-up-after", help="Only to be followed up later.")]
FollowUpBefore = Annotated[str | None, typer.Option("--follow-up-before", help="Only to be followed up earlier.")]
WithMetadata = Annotated[
    list[str] | None, typer.Option("--metadata", help="Only with this value: KEY=VALUE; can be repeated.")
]

Phone = Annotated[str | None, typer.Option("--phone", help="Phone number; empty for none.")]
FromSource = Annotated[str | None, typer.Option("--source", help="Where it came from; empty for none.")]
InStatus = Annotated[
    str | None, typer.Option("--status", help="new, contacted, qualified, converted, lost, follow_up.")
]
FollowUpAt = Annotated[
    str | None, typer.Option("--follow-up-at", help="When to follow up: 2026-01-15, or a time; empty for none.")
]
FollowUpNote = Annotated[
    str | None, typer.Option("--follow-up-note", help="What is to be said or done then; empty for nothing.")
]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--metadata", help="KEY=TEXT, or KEY:=JSON (null removes the key); can be repeated."),
]
OnDuplicate = Annotated[
    str | None,
    typer.Option(
        "--on-duplicate",
        help="When the lead is there already: create, update, skip, reject; as the workspace does, if not said.",
    ),
]
MatchOn = Annotated[
    str | None,
    typer.Option(
        "--match-on",
        help="By what it is the same lead: email, phone, metadata.KEY; as the workspace does, if not said.",
    ),
]


def chosen(*, metadata: list[str] | None = None, **given: Any) -> LeadFilter:
    """The filter of what was given."""
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None and value != []}
    if metadata:
        found["metadata"] = dict(_pair(text) for text in metadata)
    return found  # type: ignore[return-value]  # the options have its names


def fields(*, metadata: list[str] | None = None, **given: str | None) -> LeadFields:
    """The fields that were given; one that may be missing is, where it is empty."""
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in ("phone", "source", "follow_up_at", "follow_up_note"):
        if found.get(name) == "":
            found[name] = None
    if metadata:
        found["metadata"] = dict(_value(text) for text in metadata)
    return found  # type: ignore[return-value]  # the same


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        end(f"--metadata has to be KEY=VALUE, not {text!r}")
    return key, value


def _value(text: str) -> tuple[str, Any]:
    """Whichever sign comes first says what stands behind it."""
    key, value = _pair(text)
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], msgspec.json.decode(value)
    except msgspec.DecodeError:
        end(f"--metadata {key[:-1]} is no JSON: {value!r}; behind a mere = it would be a text")
