"""Forms and submissions on the wire."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leadlight.capture import form as rules
from leadlight.capture.form import Form, FormSecrets, FormSettings, LeadDefaults
from leadlight.capture.inbox import SHOWN_BYTES
from leadlight.capture.queries import Shown
from leadlight.capture.service import FormPatch
from leadlight.capture.submission import SubmissionKind, SubmissionStatus, shown_body
from leadlight.clock import to_iso, to_iso_or_none
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.errors import Invalid
from leadlight.http.body import BodyDecoder, FieldRule
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, choice, id_cursor, integer
from leadlight.ids import FORM, SUBMISSION
from leadlight.leads import lead as lead_rules
from leadlight.leads.lead import LeadStatus
from leadlight.leads.metadata import EMPTY, metadata_rule
from leadlight.leads.schemas import Email, LeadId, Metadata, MetadataInput, Phone, Source
from leadlight.leads.schemas import Name as LeadName
from leadlight.workspaces.schemas import MatchOn

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Name = Annotated[
    str,
    Meta(
        examples=["Contact"],
        extra_json_schema={"minLength": 1, "maxLength": rules.MAX_NAME, "pattern": r"^[^\x00]*\S[^\x00]*$"},
    ),
]
Origins = Annotated[
    list[
        Annotated[
            str,
            Meta(
                examples=["https://example.com"],
                extra_json_schema={
                    "pattern": r"^(\*|[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9._-]{1,253}(:[1-9][0-9]{0,3})?/?)$"
                },
            ),
        ]
    ],
    Meta(
        description="The websites whose pages may post, or `*` for any; none, if not said.",
        extra_json_schema={"maxItems": rules.MAX_ORIGINS},
    ),
]
RedirectUrl = Annotated[
    str | None,
    Meta(
        description="Where browsers go after a form; to a small page that says thanks, where it is null.",
        examples=["https://example.com/thanks"],
        extra_json_schema={"format": "uri", "maxLength": rules.MAX_URL},
    ),
]
FieldMap = Annotated[
    dict[
        str,
        Annotated[str, Meta(extra_json_schema={"pattern": rf"^({'|'.join(rules.TARGETS)}|metadata\..{{1,500}}|)$"})],
    ],
    Meta(
        description="What fields become: by the name of each `name`, `firstName`, `lastName`, `email`, `phone`, "
        "`source`, `status`, `metadata.` and a key, or an empty text for one that is left out. Others are known by "
        "their names, and the rest goes to the metadata.",
        examples=[{"your-name": "name", "firma": "metadata.company"}],
    ),
]
Honeypot = Annotated[
    str | None,
    Meta(
        description=f"A field that only bots fill in: `{rules.DEFAULT_HONEYPOT}`, if not said; null for none.",
        extra_json_schema={"minLength": 1, "maxLength": rules.MAX_FIELD_NAME, "pattern": r"\S"},
    ),
]
Rate = Annotated[
    int,
    Meta(
        description="Submissions a minute from one address: 60, if not said; 0 for no limit.",
        extra_json_schema={"minimum": 0, "maximum": rules.MAX_RATE},
    ),
]
FillSeconds = Annotated[
    int,
    Meta(
        description="Who fills in a form quicker than that is a bot: 2, if not said; 0 for no such rule.",
        extra_json_schema={"minimum": 0, "maximum": rules.MAX_FILL_SECONDS},
    ),
]
Secret = Annotated[
    str | None,
    Meta(
        description="Never shown again; null for none.",
        extra_json_schema={"minLength": rules.MIN_SECRET, "maxLength": rules.MAX_SECRET, "pattern": r"^[^\x00-\x1f]*$"},
    ),
]
IsSet = Annotated[bool, Meta(description="Whether it is set; it is never shown again.")]


class DefaultsInput(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What a lead gets where a submission says nothing."""

    name: LeadName | None = None
    email: Email | None = None
    phone: Phone | None = None
    source: Source | None = None
    status: LeadStatus | None = None
    metadata: MetadataInput = EMPTY

    rules: ClassVar[dict[str, FieldRule]] = {
        "name": lambda name: None if name is None else lead_rules.name_rule(name),
        "email": lambda email: None if email is None else lead_rules.email_rule(email),
        "phone": lead_rules.phone_rule,
        "source": lead_rules.source_rule,
        "metadata": metadata_rule,
    }

    def defaults(self) -> LeadDefaults:
        return LeadDefaults(
            name=self.name,
            email=self.email,
            phone=self.phone,
            source=self.source,
            status=self.status,
            metadata=self.metadata,
        )


class DefaultsView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a lead gets where a submission says nothing: what is set."""

    name: LeadName | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    source: Source | UnsetType = UNSET
    status: LeadStatus | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET

    @classmethod
    def of(cls, defaults: LeadDefaults) -> "DefaultsView":
        given = msgspec.structs.asdict(defaults)  # metadata: JSON text, spliced in as it is stored
        return cls(**{name: value for name, value in given.items() if value not in (None, EMPTY)})


_decode_defaults = BodyDecoder(DefaultsInput).decode
_SETTINGS = FormSettings.__struct_fields__
_SECRETS = tuple(field.name for field in msgspec.structs.fields(FormSecrets) if not field.required)


def defaults_rule(given: msgspec.Raw) -> LeadDefaults:
    """Raises Invalid, or InvalidInput with every problem of its fields."""
    text = bytes(given).strip()
    if text == b"null":
        return LeadDefaults()
    if not text.startswith(b"{"):
        raise Invalid("invalid_type", "must be a JSON object")
    decoded: DefaultsInput = _decode_defaults(bytes(given))
    return decoded.defaults()


class FormUpdate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What is to change: only what is sent does. null ends a secret, or what the form says otherwise than others."""

    name: Name | UnsetType = UNSET
    allowed_origins: Origins | UnsetType = UNSET
    redirect_url: RedirectUrl | UnsetType = UNSET
    field_map: FieldMap | UnsetType = UNSET
    defaults: (
        Annotated[
            msgspec.Raw,
            Meta(
                description="What a lead gets where a submission says nothing, as in createLead.",
                examples=[{"source": "website", "metadata": {"team": "sales"}}],
                extra_json_schema={"type": ["object", "null"]},
            ),
        ]
        | UnsetType
    ) = UNSET
    on_duplicate: OnDuplicate | None | UnsetType = UNSET
    match_on: MatchOn | None | UnsetType = UNSET
    honeypot: Honeypot | UnsetType = UNSET
    rate_limit_per_minute: Rate | UnsetType = UNSET
    minimum_fill_seconds: FillSeconds | UnsetType = UNSET
    google_ads_key: Secret | UnsetType = UNSET
    meta_verify_token: Secret | UnsetType = UNSET
    meta_app_secret: Secret | UnsetType = UNSET
    meta_access_token: Secret | UnsetType = UNSET
    typeform_secret: Secret | UnsetType = UNSET
    tally_secret: Secret | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {
        "name": rules.form_name_rule,
        "allowed_origins": rules.origins_rule,
        "redirect_url": rules.redirect_rule,
        "field_map": rules.field_map_rule,
        "defaults": defaults_rule,
        "match_on": lambda text: None if text is None else match_on_rule(text),
        "honeypot": rules.honeypot_rule,
        "rate_limit_per_minute": rules.rate_rule,
        "minimum_fill_seconds": rules.fill_rule,
        **dict.fromkeys(_SECRETS, rules.secret_rule),
    }

    def patch(self) -> FormPatch:
        return FormPatch(self.name, self._said(_SETTINGS), self._said(_SECRETS))

    def _said(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not UNSET}


class FormCreate(FormUpdate, frozen=True, kw_only=True):
    """A form to be made. All but its name has a value if nothing is said."""

    name: Name


class FormView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A form. `onDuplicate` and `matchOn` are null where it does as the workspace."""

    id: str
    name: Name
    allowed_origins: Origins
    redirect_url: RedirectUrl
    field_map: FieldMap
    defaults: DefaultsView
    on_duplicate: OnDuplicate | None
    match_on: MatchOn | None
    honeypot: Honeypot
    rate_limit_per_minute: Rate
    minimum_fill_seconds: FillSeconds
    google_ads_key: IsSet
    meta_verify_token: IsSet
    meta_app_secret: IsSet
    meta_access_token: IsSet
    typeform_secret: IsSet
    tally_secret: IsSet
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, form: Form) -> "FormView":
        shown: dict[str, Any] = {name: getattr(form.settings, name) for name in _SETTINGS}
        shown |= {name: getattr(form.secrets, name) is not None for name in _SECRETS}
        return cls(
            id=form.id,
            name=form.name,
            created_at=to_iso(form.created_at),
            updated_at=to_iso(form.updated_at),
            **shown
            | {
                "allowed_origins": list(form.settings.allowed_origins),
                "defaults": DefaultsView.of(form.settings.defaults),
            },
        )


class FormList(msgspec.Struct, frozen=True):
    forms: list[FormView]
    pagination: CursorPagination


class DeletedForm(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    deleted_at: Time


class SubmissionView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What came in by a form, as it came, and what became of it."""

    id: str
    form_id: str
    kind: SubmissionKind
    status: SubmissionStatus
    reason: Annotated[str | None, Meta(description="Why it is no lead, or what of it was left out.")]
    lead_id: Annotated[LeadId | None, Meta(description="The lead that it became, or met.")]
    external_id: Annotated[str | None, Meta(description="The sender's own id of it, which makes repeats harmless.")]
    received_at: Time
    processed_at: Time | None
    query: Annotated[str, Meta(description="The query string of the address that it was posted to.")]
    referrer: str
    content_type: str
    body: Annotated[
        str, Meta(description=f"As it came, but for keys in it; of a long one the first {SHOWN_BYTES} bytes.")
    ]
    body_encoding: Annotated[str, Meta(description="`base64` for a body that is not text in `utf-8`.")]
    body_size: Annotated[int, Meta(description="In bytes; 0 once its lead was erased.")]

    @classmethod
    def of(cls, shown: Shown) -> "SubmissionView":
        body = shown_body(shown.beginning, is_cut=shown.size > len(shown.beginning))
        return cls(
            id=shown.id,
            form_id=shown.form_id,
            kind=shown.kind,
            status=shown.status,
            reason=shown.reason,
            lead_id=shown.lead_id,
            external_id=shown.external_id,
            received_at=to_iso(shown.received_at),
            processed_at=to_iso_or_none(shown.processed_at),
            query=shown.context.query,
            referrer=shown.context.referrer,
            content_type=shown.content_type,
            body=body.text,
            body_encoding=body.encoding,
            body_size=shown.size,
        )


class SubmissionList(msgspec.Struct, frozen=True):
    submissions: list[SubmissionView]
    pagination: CursorPagination


class FormQuery(msgspec.Struct, frozen=True):
    after: str = ""
    limit: int = 100


class SubmissionQuery(msgspec.Struct, frozen=True):
    status: SubmissionStatus | None = None
    after: str = f"{SUBMISSION.prefix}~"
    limit: int = 25


FORM_PARAMETERS = (
    Parameter("after", id_cursor(FORM), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=100), "How many forms at the most."),
)
SUBMISSION_PARAMETERS = (
    Parameter("status", choice(SubmissionStatus), "Only submissions in this state."),
    Parameter("after", id_cursor(SUBMISSION), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=25), "How many submissions at the most."),
)
