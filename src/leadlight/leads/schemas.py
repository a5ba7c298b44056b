"""Leads on the wire: what clients send, what they get, and the parameters of the list."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from leadlight.clock import to_iso
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.http.body import FieldRule, time_rule
from leadlight.http.query import Parameter, Rule, choice
from leadlight.ids import LEAD
from leadlight.leads import lead as rules
from leadlight.leads.change import LeadDraft, LeadPatch
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.metadata import MAX_BYTES, metadata_rule, patch_rule
from leadlight.leads.service import Deleted


def _text_schema(longest: int, **more: Any) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": r"^[^\x00]*\S[^\x00]*$", **more}


LeadId = Annotated[str, Meta(pattern=f"^{LEAD.prefix}[A-Za-z0-9]+$", examples=["lead_01kb2v6e3mf0r8n4t9q5w7x1yz"])]
MergedInto = Annotated[
    str, Meta(description="Only where the id that was asked for is that of a lead that was merged into this one.")
]
Name = Annotated[str, Meta(examples=["Ada Park"], extra_json_schema=_text_schema(rules.MAX_NAME))]
Email = Annotated[
    str,
    Meta(
        description="Kept as typed, matched whatever its case.",
        examples=["ada@example.com"],
        extra_json_schema={"format": "email", "maxLength": rules.MAX_EMAIL},
    ),
]
Phone = Annotated[
    str,
    Meta(
        description="Kept as typed; international numbers are matched in E.164 form too.",
        examples=["+44 20 7946 0958"],
        extra_json_schema=_text_schema(rules.MAX_PHONE),
    ),
]
Source = Annotated[
    str,
    Meta(
        description="Where the lead came from; `api` when nothing is said.",
        examples=["website"],
        extra_json_schema=_text_schema(rules.MAX_SOURCE),
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Meta(
        description=f"Any JSON object: up to {MAX_BYTES} bytes and 32 levels.",
        examples=[{"company": "Parkside", "utm_source": "newsletter", "score": 42}],
    ),
]
MetadataInput = Annotated[
    Raw,
    Meta(
        description=f"Any JSON object: up to {MAX_BYTES} bytes and 32 levels. In an update it is merged (RFC 7396), "
        "and null empties it.",
        examples=[{"company": "Parkside", "utm_source": "newsletter", "score": 42}],
        extra_json_schema={"type": ["object", "null"]},
    ),
]
Time = Annotated[str, Meta(examples=["2026-01-15T10:30:00.000Z"], extra_json_schema={"format": "date-time"})]


FollowUpAt = Annotated[
    str,
    Meta(
        description="When the lead is to be followed up. An answer has it only where there is one.",
        examples=["2026-02-02T09:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
FollowUpNote = Annotated[
    str,
    Meta(
        description="What is to be said or done then. An answer has it only where there is one.",
        examples=["Ask about the offer"],
        extra_json_schema=_text_schema(rules.MAX_FOLLOW_UP_NOTE),
    ),
]


class LeadView(msgspec.Struct, frozen=True, rename="camel"):
    """A lead, whole."""

    id: LeadId
    name: Name
    email: Email
    phone: Phone | None
    source: Source | None
    status: LeadStatus
    metadata: Metadata
    created_at: Time
    updated_at: Time
    workspace_id: str
    follow_up_at: FollowUpAt | UnsetType = UNSET
    follow_up_note: FollowUpNote | UnsetType = UNSET
    merged_into: MergedInto | UnsetType = UNSET

    @classmethod
    def of(cls, lead: Lead, asked: str | None = None) -> "LeadView":
        """`asked`: the id that was asked for, which may be that of a lead that was merged into this one."""
        created_at = to_iso(lead.created_at)
        return cls(
            lead.id,
            lead.name,
            lead.email,
            lead.phone,
            lead.source,
            lead.status,
            lead.metadata,  # type: ignore[arg-type]  # JSON text, spliced in as it is stored
            created_at,
            created_at if lead.updated_at == lead.created_at else to_iso(lead.updated_at),
            lead.workspace_id,
            UNSET if lead.follow_up_at is None else to_iso(lead.follow_up_at),
            UNSET if lead.follow_up_note is None else lead.follow_up_note,
            UNSET if asked is None or asked == lead.id else lead.id,
        )


def _follow_up_at_rule(text: str | None) -> int | None:
    return rules.follow_up_at_rule(time_rule(text))


class LeadCreate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A lead to be stored."""

    name: Name
    email: Email
    phone: Phone | None | UnsetType = UNSET
    source: Source | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: MetadataInput | UnsetType = UNSET
    follow_up_at: FollowUpAt | None | UnsetType = UNSET
    follow_up_note: FollowUpNote | None | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {
        "name": rules.name_rule,
        "email": rules.email_rule,
        "phone": rules.phone_rule,
        "source": rules.source_rule,
        "metadata": metadata_rule,
        "follow_up_at": _follow_up_at_rule,
        "follow_up_note": rules.follow_up_note_rule,
    }

    def draft(self) -> LeadDraft:
        return LeadDraft(
            self.name,
            self.email,
            self.phone,
            self.source,
            self.status,
            self.metadata,
            self.follow_up_at,  # type: ignore[arg-type]  # its rule made milliseconds of it
            self.follow_up_note,
        )


_Ignored = Annotated[str, Meta(description="May be sent back as it was read; it is not changed.")]


class LeadUpdate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to change: only what is sent does. Metadata is merged (RFC 7396)."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET
    source: Source | None | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: MetadataInput | UnsetType = UNSET
    follow_up_at: FollowUpAt | None | UnsetType = UNSET
    follow_up_note: FollowUpNote | None | UnsetType = UNSET
    id: _Ignored | UnsetType = UNSET
    created_at: _Ignored | UnsetType = UNSET
    updated_at: _Ignored | UnsetType = UNSET
    workspace_id: _Ignored | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {**LeadCreate.rules, "metadata": patch_rule}

    def patch(self) -> LeadPatch:
        return LeadPatch(
            self.name,
            self.email,
            self.phone,
            self.source,
            self.status,
            self.metadata,
            self.follow_up_at,  # type: ignore[arg-type]  # its rule made milliseconds of it
            self.follow_up_note,
        )


class DeletedView(msgspec.Struct, frozen=True, rename="camel"):
    id: LeadId
    deleted_at: Time

    @classmethod
    def of(cls, deleted: Deleted) -> "DeletedView":
        return cls(deleted.id, to_iso(deleted.deleted_at))


class CreateQuery(msgspec.Struct, frozen=True):
    on_duplicate: OnDuplicate | None = None
    match_on: str | None = None


CREATE_PARAMETERS = (
    Parameter(
        "onDuplicate",
        choice(OnDuplicate),
        "When the same lead exists: make a second one, merge into it, leave it as it is, or answer 409 with its id. "
        "`create`, unless the workspace's own rule says otherwise.",
    ),
    Parameter(
        "matchOn",
        Rule(match_on_rule, {"type": "string", "maxLength": 109}),
        "By what it is the same: `email`, `phone` (in E.164 form), or `metadata.` and a key, "
        "such as `metadata.external_id`. `email`, unless the workspace's own rule says otherwise.",
    ),
)
