"""Exports on the wire: the parameters of a file of leads, and what is held on one person."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from leadlight.events.schemas import EventView
from leadlight.exports.writers import ExportFormat
from leadlight.http.query import Parameter, choice
from leadlight.leads.lead import Lead
from leadlight.leads.list_schemas import FILTER_PARAMETERS, FilterQuery
from leadlight.leads.schemas import LeadView, Time
from leadlight.notes.schemas import NoteView
from leadlight.operations.operation import Action
from leadlight.webhooks.schemas import DeliveryView


class ExportQuery(FilterQuery, frozen=True):
    """The filter, and the format of the file."""

    format: ExportFormat = ExportFormat.CSV


EXPORT_PARAMETERS = (
    Parameter(
        "format",
        choice(ExportFormat, default=ExportFormat.CSV),
        "CSV and XLSX have a column for each key of metadata; JSONL is a lead as JSON on each line.",
    ),
    *FILTER_PARAMETERS,
)


class HeldChange(msgspec.Struct, frozen=True, rename="camel"):
    """What an operation that can still be taken back did to the lead, or to one that was merged into it."""

    operation_id: str
    lead_id: str
    action: Action
    before: Annotated[LeadView | None, Meta(description="The lead before it; null for one that it made.")]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "HeldChange":
        before = None if kept["before"] is None else LeadView.of(_decode_lead(kept["before"]))
        return cls(kept["operationId"], kept["leadId"], Action(kept["action"]), before)


class HeldSubmission(msgspec.Struct, frozen=True, rename="camel"):
    """What came in by a form, as it came."""

    id: str
    form_id: str
    lead_id: str
    kind: Annotated[str, Meta(examples=["form"])]
    external_id: Annotated[str | None, Meta(description="The sender's own id.")]
    received_at: Time
    content_type: str
    query: Annotated[str, Meta(description="The query string of the address that it was posted to.")]
    referrer: str
    body: str
    body_encoding: Annotated[str, Meta(description="`base64` for a body that is not text in `utf-8`.")]
    body_size: int


class LeadExport(msgspec.Struct, frozen=True, rename="camel"):
    """All that is held on one person, of the lead and of those that were merged into it."""

    lead: LeadView
    events: Annotated[list[EventView], Meta(description="All that happened, oldest first.")]
    deliveries: Annotated[
        list[DeliveryView], Meta(description="What webhooks were sent of it, and what they answered.")
    ]
    operations: Annotated[
        list[HeldChange], Meta(description="What is kept of it so that merges, imports and batches can be taken back.")
    ]
    submissions: Annotated[list[HeldSubmission], Meta(description="What came in by forms and became this lead.")]
    notes: Annotated[list[NoteView], Meta(description="What was written on it, oldest first.")]


VIEWS: dict[str, Callable[[Any], Any]] = {
    "deliveries": lambda kept: DeliveryView.of(*kept),
    "operations": HeldChange.of,
    "notes": NoteView.of,
}
"""How what other features keep is shown, by its name; what is not named here is JSON already."""

_decode_lead = msgspec.json.Decoder(Lead).decode
