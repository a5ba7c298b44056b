"""Duplicates and merges on the wire."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from leadlight.duplicates.merging import METADATA
from leadlight.duplicates.scoring import Likeness, Reason
from leadlight.duplicates.service import Merged
from leadlight.duplicates.sweep import Found, Place
from leadlight.errors import Invalid, InvalidInput, Problem
from leadlight.events.event import Change
from leadlight.http.body import FieldRule
from leadlight.http.pagination import CursorPagination, decode_cursor, encode_cursor
from leadlight.http.query import Parameter, Rule, integer
from leadlight.ids import LEAD
from leadlight.leads.change import FIELDS
from leadlight.leads.lead import Lead
from leadlight.leads.schemas import LeadView

LEAST_SCORE = 50
"""A name in common, and nothing else, scores less: to list all such pairs would help nobody."""

_DEFAULT_SCORE = 60
_ID_SCHEMA = {"type": "string", "pattern": f"^{LEAD.prefix}[A-Za-z0-9]+$"}
Score = Annotated[int, Meta(description="0 to 100; from 80 on it is hardly anybody else.")]
Reasons = Annotated[list[Reason], Meta(description="What the two have in common.")]


class DuplicateView(msgspec.Struct, frozen=True):
    """A lead that may be the same as the one that was asked for."""

    lead: LeadView
    score: Score
    reasons: Reasons

    @classmethod
    def of(cls, lead: Lead, found: Likeness) -> "DuplicateView":
        return cls(LeadView.of(lead), found.score, list(found.reasons))


class DuplicatesOfLead(msgspec.Struct, frozen=True):
    duplicates: Annotated[list[DuplicateView], Meta(description="The likeliest first.")]


class PairView(msgspec.Struct, frozen=True):
    """Two leads that may be the same."""

    leads: Annotated[tuple[LeadView, LeadView], Meta(description="The older one first.")]
    score: Score
    reasons: Reasons

    @classmethod
    def of(cls, pair: Found) -> "PairView":
        older, younger = pair.leads
        return cls((LeadView.of(older), LeadView.of(younger)), pair.likeness.score, list(pair.likeness.reasons))


class PairList(msgspec.Struct, frozen=True):
    duplicates: list[PairView]
    pagination: CursorPagination

    @classmethod
    def of(cls, pairs: list[Found], place: Place | None, limit: int) -> "PairList":
        cursor = None if place is None else encode_cursor(place)
        return cls([PairView.of(pair) for pair in pairs], CursorPagination(limit, place is not None, cursor))


class DuplicatesQuery(msgspec.Struct, frozen=True):
    min_score: int = _DEFAULT_SCORE
    limit: int = 10


class PairsQuery(msgspec.Struct, frozen=True):
    min_score: int = _DEFAULT_SCORE
    limit: int = 25
    cursor: Place = Place()


def _cursor_rule(value: str) -> Place:
    """An empty cursor starts at the beginning."""
    place = decode_cursor(value, Place) if value else Place()
    if any("\0" in text for text in (place.key, place.behind, *place.told)):
        raise Invalid("invalid_cursor", "must be a nextCursor from an earlier answer")
    return place


DUPLICATES_PARAMETERS = (
    Parameter("minScore", integer(0, 100, default=_DEFAULT_SCORE), "Only leads with this score or a higher one."),
    Parameter("limit", integer(1, 100, default=10), "How many leads at the most."),
)
PAIRS_PARAMETERS = (
    Parameter(
        "minScore", integer(LEAST_SCORE, 100, default=_DEFAULT_SCORE), "Only pairs with this score or a higher one."
    ),
    Parameter("limit", integer(1, 100, default=25), "How many pairs at the most."),
    Parameter(
        "cursor",
        Rule(_cursor_rule, {"type": "string", "maxLength": 2000}),
        "Where to go on: a `nextCursor` from before. Without it, the start.",
    ),
)


def id_rule(lead_id: str) -> str:
    if not LEAD.accepts(lead_id):
        raise Invalid("invalid_id", f"must be the id of a lead: {LEAD.prefix} and letters or figures")
    return lead_id


def prefer_rule(prefer: dict[str, str]) -> dict[str, str]:
    known = ", ".join(FIELDS.values())
    problems = [
        Problem(name, f"unknown field; known are {known}, and {METADATA} with a key", "unknown_field")
        for name in prefer
        if name not in FIELDS.values() and not name.startswith(METADATA)
    ]
    if problems:
        raise InvalidInput(problems)
    return prefer


class MergeInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which lead goes into the one of the path, and whose values win."""

    duplicate_id: Annotated[str, Meta(description="The lead that goes.", extra_json_schema=_ID_SCHEMA)]
    prefer: Annotated[
        dict[str, str],
        Meta(
            description="For a field, the id of the lead whose value wins: `name`, `email`, `phone`, `source`, "
            "`status`, or `metadata.` and a key. Where nothing is said, it is the one of the path.",
            extra_json_schema={
                "propertyNames": {"pattern": rf"^({'|'.join(FIELDS.values())}|metadata\..*)$"},
                "additionalProperties": _ID_SCHEMA,
            },
        ),
    ] = {}
    dry_run: Annotated[bool, Meta(description="Only say what would become of it.")] = False

    rules: ClassVar[dict[str, FieldRule]] = {"duplicate_id": id_rule, "prefer": prefer_rule}


class MergedView(msgspec.Struct, frozen=True, rename="camel"):
    lead: Annotated[LeadView, Meta(description="The lead that is left.")]
    operation_id: Annotated[str | None, Meta(description="To take it back; null for a dry run.")]
    changes: Annotated[dict[str, Change], Meta(description="By field: its value before and after.")]

    @classmethod
    def of(cls, merged: Merged, asked: str) -> "MergedView":
        return cls(LeadView.of(merged.lead, asked), merged.operation_id, merged.changes)
