"""The client: leads on a server as typed values, in turn or on an event loop.

    from leadlight.client import Leadlight

    with Leadlight("https://leads.example.com", "sk-workspace_…") as client:
        lead = client.leads.create("Ada Park", "ada@example.com", metadata={"company": "Parkside"})
        for lead in client.leads.list(status="new"):
            print(lead.name, lead.created_at)

With AsyncLeadlight it is `await client.leads.create(…)` and `async for lead in client.leads.list(…)`. The errors are
in `leadlight.client.errors`. Nothing of the server is needed here.
"""

from leadlight.client.calls import Page, Pagination
from leadlight.client.clients import AsyncLeadlight, Leadlight
from leadlight.client.errors import (
    ApiError,
    Conflict,
    InsufficientScope,
    InvalidArgument,
    LeadlightError,
    NotConfigured,
    NotFound,
    PreconditionFailed,
    Problem,
    RateLimited,
    ServerFault,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
    ValidationFailed,
)
from leadlight.client.following import Connection
from leadlight.client.forms import Form, Submission
from leadlight.client.insights import CampaignYield, FirstContact, Funnel, LeadsOverTime, SourceYield
from leadlight.client.models import (
    Duplicate,
    DuplicatePair,
    Event,
    Import,
    ImportStatus,
    Lead,
    LeadExport,
    LeadStatus,
    Merged,
    Note,
    OnDuplicate,
    Operation,
    OperationStatus,
    Told,
    Workspace,
)
from leadlight.client.retrying import NO_RETRIES, Retrying
from leadlight.client.webhooks import Webhook

__all__ = [
    "NO_RETRIES",
    "ApiError",
    "AsyncLeadlight",
    "CampaignYield",
    "Conflict",
    "Connection",
    "Duplicate",
    "DuplicatePair",
    "Event",
    "FirstContact",
    "Form",
    "Funnel",
    "Import",
    "ImportStatus",
    "InsufficientScope",
    "InvalidArgument",
    "Lead",
    "LeadExport",
    "LeadStatus",
    "Leadlight",
    "LeadlightError",
    "LeadsOverTime",
    "Merged",
    "NotConfigured",
    "NotFound",
    "Note",
    "OnDuplicate",
    "Operation",
    "OperationStatus",
    "Page",
    "Pagination",
    "PreconditionFailed",
    "Problem",
    "RateLimited",
    "Retrying",
    "ServerFault",
    "SourceYield",
    "Submission",
    "Told",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "ValidationFailed",
    "Webhook",
    "Workspace",
]
