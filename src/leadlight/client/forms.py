"""Forms that leads come in by, and what came in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

import msgspec

from leadlight.client.arguments import LeadFields
from leadlight.client.calls import Call, Page, body, data, named, page, params, segment
from leadlight.client.models import Deleted
from leadlight.client.resource import D, Listing, Method, Resource

_PATH = "/forms"


class Form(msgspec.Struct, frozen=True, rename="camel"):
    """A form. Of its secrets it is told which are set. `on_duplicate`, `match_on`: None where it does as others do."""

    id: str
    name: str
    allowed_origins: Sequence[str]
    redirect_url: str | None
    field_map: Mapping[str, str]
    defaults: Mapping[str, Any]
    on_duplicate: str | None
    match_on: str | None
    honeypot: str | None
    rate_limit_per_minute: int
    minimum_fill_seconds: int
    google_ads_key: bool
    meta_verify_token: bool
    meta_app_secret: bool
    meta_access_token: bool
    typeform_secret: bool
    tally_secret: bool
    created_at: datetime
    updated_at: datetime


class Submission(msgspec.Struct, frozen=True, rename="camel"):
    """What came in by a form, as it came, and what became of it: `status` and `reason`."""

    id: str
    form_id: str
    kind: str
    status: str
    reason: str | None
    lead_id: str | None
    external_id: str | None
    received_at: datetime
    processed_at: datetime | None
    query: str
    referrer: str
    content_type: str
    body: str
    body_encoding: str
    body_size: int


class MoreFormFields(TypedDict, total=False):
    """What a new form may be without. None ends a secret, or what the form does otherwise than others."""

    allowed_origins: Sequence[str]
    redirect_url: str | None
    field_map: Mapping[str, str]
    defaults: LeadFields | None
    on_duplicate: str | None
    match_on: str | None
    honeypot: str | None
    rate_limit_per_minute: int
    minimum_fill_seconds: int
    google_ads_key: str | None
    meta_verify_token: str | None
    meta_app_secret: str | None
    meta_access_token: str | None
    typeform_secret: str | None
    tally_secret: str | None


class FormFields(MoreFormFields, total=False):
    """Only what is given changes."""

    name: str


_decode_form = data(Form)
_decode_page = page("forms", Form)
_decode_deleted = data(Deleted)
_decode_submission = data(Submission)
_decode_submissions = page("submissions", Submission)


class Forms(Resource[D]):
    """Keys need the scope admin; for submissions leads:read, and leads:write to make leads of them."""

    @Method
    def get(self, form_id: str) -> Call[Form]:
        """Raises NotFound."""
        return Call(method="GET", path=_form(form_id), decode=_decode_form)

    @Method
    def create(self, name: str, **fields: Unpack[MoreFormFields]) -> Call[Form]:
        """Makes a form, whose address is `/capture/` and its id. Raises ValidationFailed, Conflict."""
        content = body({"name": name, **named(fields)})
        return Call(method="POST", path=_PATH, decode=_decode_form, content=content, repeatable=False)

    @Method
    def update(self, form_id: str, **fields: Unpack[FormFields]) -> Call[Form]:
        """Changes what is given; maps and lists are replaced whole. Raises NotFound, ValidationFailed."""
        return Call(method="PUT", path=_form(form_id), decode=_decode_form, content=body(named(fields)))

    @Method
    def delete(self, form_id: str) -> Call[Deleted]:
        """Deletes a form and what came in by it; its leads stay.

        Raises NotFound; that too where an earlier try did it and its answer was lost.
        """
        return Call(method="DELETE", path=_form(form_id), decode=_decode_deleted)

    @Listing
    def submissions(self, form_id: str, *, status: str | None = None, page_size: int = 50) -> Call[Page[Submission]]:
        """All that came in by a form, newest first. Raises NotFound."""
        asked = params({"status": status, "limit": page_size})
        return Call(method="GET", path=f"{_form(form_id)}/submissions", decode=_decode_submissions, params=asked)

    @Method
    def reprocess(self, submission_id: str) -> Call[Submission]:
        """Tries once more to make a lead of a submission; its `status` says what came of it.

        Raises NotFound, and Conflict for one that is a lead already.
        """
        path = f"/submissions/{segment(submission_id)}/reprocess"
        return Call(method="POST", path=path, decode=_decode_submission, repeatable=False)

    @Listing
    def list(self, *, page_size: int = 100) -> Call[Page[Form]]:
        """All forms, oldest first."""
        return Call(method="GET", path=_PATH, decode=_decode_page, params=params({"limit": page_size}))


def _form(form_id: str) -> str:
    return f"{_PATH}/{segment(form_id)}"
