"""Workspaces and keys on the wire."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from leadlight.clock import to_iso, to_iso_or_none
from leadlight.duplicate_rule import OnDuplicate, match_on_rule
from leadlight.errors import Invalid
from leadlight.http.body import FieldRule, time_rule
from leadlight.http.pagination import CursorPagination
from leadlight.http.query import Parameter, id_cursor, integer
from leadlight.ids import KEY
from leadlight.principal import Scope
from leadlight.workspaces.key import ApiKey, IssuedKey
from leadlight.workspaces.workspace import Workspace

_DATE_TIME = {"format": "date-time"}
MatchOn = Annotated[
    str,
    Meta(
        description="By what two leads are the same: `email`, `phone` (in E.164 form), or `metadata.` and a key.",
        examples=["metadata.external_id"],
        extra_json_schema={"pattern": r'^(email|phone|metadata\.[^"\\\x00-\x1f]{1,100})$'},
    ),
]
MAX_NAME = 100
MAX_RATE_LIMIT = 1_000_000_000
MAX_GRACE_SECONDS = 30 * 86_400
Name = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_NAME, "pattern": r"\S"})]


def name_rule(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid("too_long" if name else "blank", f"must have 1 to {MAX_NAME} characters")
    return name


def scopes_rule(scopes: list[Scope]) -> tuple[Scope, ...]:
    if not scopes:
        raise Invalid("blank", "must name at least one scope")
    return tuple(dict.fromkeys(scopes))


def _between(low: int, high: int) -> FieldRule:
    def rule(number: int | None) -> int | None:
        if number is not None and not low <= number <= high:
            raise Invalid("out_of_range", f"must be a whole number from {low} to {high}")
        return number

    return rule


class KeyCreate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A key to be made."""

    name: Name
    scopes: Annotated[list[Scope], Meta(extra_json_schema={"minItems": 1})] = msgspec.field(
        default_factory=lambda: [Scope.LEADS_READ, Scope.LEADS_WRITE]
    )
    rate_limit: Annotated[
        int | None,
        Meta(
            description="Requests an hour; 0 for no limit, null for the server's own.",
            extra_json_schema={"minimum": 0, "maximum": MAX_RATE_LIMIT},
        ),
    ] = None
    expires_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)] = None

    rules: ClassVar[dict[str, FieldRule]] = {
        "name": name_rule,
        "scopes": scopes_rule,
        "rate_limit": _between(0, MAX_RATE_LIMIT),
        "expires_at": time_rule,
    }


class KeyRotate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How a key is rotated."""

    grace_seconds: Annotated[
        int,
        Meta(
            description="How long the old key goes on working.",
            extra_json_schema={"minimum": 0, "maximum": MAX_GRACE_SECONDS},
        ),
    ] = 86_400

    rules: ClassVar[dict[str, FieldRule]] = {"grace_seconds": _between(0, MAX_GRACE_SECONDS)}


class KeyView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A key. `key`, the secret, stands only in the answer that issues it."""

    id: str
    workspace_id: str
    name: str
    scopes: list[Scope]
    rate_limit: int | None
    created_at: Annotated[str, Meta(extra_json_schema=_DATE_TIME)]
    expires_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]
    last_used_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]
    revoked_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]
    replaced_by: Annotated[str | None, Meta(description="The key that it was rotated to.")]
    key: Annotated[str, Meta(extra_json_schema={"pattern": "^sk-workspace_[A-Za-z0-9]{38}$"})] | UnsetType = UNSET

    @classmethod
    def of(cls, key: ApiKey, secret: str | UnsetType = UNSET) -> "KeyView":
        return cls(
            key.id,
            key.workspace_id,
            key.name,
            list(key.scopes),
            key.rate_limit,
            to_iso(key.created_at),
            to_iso_or_none(key.expires_at),
            to_iso_or_none(key.last_used_at),
            to_iso_or_none(key.revoked_at),
            key.replaced_by,
            secret,
        )

    @classmethod
    def issued(cls, issued: IssuedKey) -> "KeyView":
        return cls.of(issued.key, issued.secret)


class KeyList(msgspec.Struct, frozen=True):
    keys: list[KeyView]
    pagination: CursorPagination


class RevokedView(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    revoked_at: Annotated[str | None, Meta(extra_json_schema=_DATE_TIME)]


class WorkspaceView(msgspec.Struct, frozen=True, rename="camel"):
    """A tenant. `onDuplicate` and `matchOn` hold where a request does not say what to do with a lead that exists."""

    id: str
    name: str
    on_duplicate: OnDuplicate
    match_on: MatchOn
    created_at: Annotated[str, Meta(extra_json_schema=_DATE_TIME)]

    @classmethod
    def of(cls, workspace: Workspace) -> "WorkspaceView":
        duplicates = workspace.duplicates
        return cls(
            workspace.id, workspace.name, duplicates.on_duplicate, duplicates.match_on, to_iso(workspace.created_at)
        )


class WorkspaceUpdate(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What is to change: only what is sent does."""

    name: (
        Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": MAX_NAME, "pattern": r"\S"})] | UnsetType
    ) = UNSET
    on_duplicate: OnDuplicate | UnsetType = UNSET
    match_on: MatchOn | UnsetType = UNSET

    rules: ClassVar[dict[str, FieldRule]] = {"name": name_rule, "match_on": match_on_rule}


class KeyQuery(msgspec.Struct, frozen=True):
    cursor: str = ""
    limit: int = 100


KEY_PARAMETERS = (
    Parameter("cursor", id_cursor(KEY), "Where to go on: a `nextCursor` from before."),
    Parameter("limit", integer(1, 100, default=100), "How many keys at the most."),
)
