"""Ready-made mappings for what other lead systems export; headers and states are those of their public documentation.

What a preset does not name is matched by synonyms like in any other file, or kept as metadata.
"""

from collections.abc import Mapping

import msgspec

from leadlight.errors import InvalidInput, Problem
from leadlight.leads.lead import LeadStatus

_NEW, _CONTACTED, _QUALIFIED = LeadStatus.NEW, LeadStatus.CONTACTED, LeadStatus.QUALIFIED
_CONVERTED, _LOST, _FOLLOW_UP = LeadStatus.CONVERTED, LeadStatus.LOST, LeadStatus.FOLLOW_UP


class Preset(msgspec.Struct, frozen=True):
    """What the columns and the states of a system are here.

    `columns`: targets by header; where several headers have one target, the first that a file has gives it.
    `statuses`: our states by theirs. Both are matched whatever case and punctuation.
    """

    name: str
    columns: Mapping[str, str]
    statuses: Mapping[str, LeadStatus]


_HUBSPOT = Preset(
    "hubspot",
    {
        "First Name": "firstName",
        "Last Name": "lastName",
        "Email": "email",
        "Phone Number": "phone",
        "Mobile Phone Number": "phone",
        "Lead Status": "status",
        "Lifecycle Stage": "status",
        "Original Traffic Source": "source",
        "Original Source": "source",
        "Original Source Type": "source",
        "Create Date": "createdAt",
        "Record ID": "metadata.hubspot_id",
        "Record ID - Contact": "metadata.hubspot_id",
        "Contact ID": "metadata.hubspot_id",
        "Company Name": "metadata.company",
        "Associated Company": "metadata.company",
    },
    {
        "New": _NEW,
        "Open": _NEW,
        "In Progress": _CONTACTED,
        "Attempted to Contact": _CONTACTED,
        "Connected": _CONTACTED,
        "Open Deal": _QUALIFIED,
        "Unqualified": _LOST,
        "Bad Timing": _FOLLOW_UP,
        "Subscriber": _NEW,
        "Lead": _NEW,
        "Marketing Qualified Lead": _QUALIFIED,
        "Sales Qualified Lead": _QUALIFIED,
        "Opportunity": _QUALIFIED,
        "Customer": _CONVERTED,
        "Evangelist": _CONVERTED,
        "Other": _NEW,
    },
)

_SALESFORCE = Preset(
    "salesforce",
    {
        "First Name": "firstName",
        "Last Name": "lastName",
        "Full Name": "name",
        "Name": "name",
        "Email": "email",
        "Phone": "phone",
        "Business Phone": "phone",
        "Mobile": "phone",
        "Mobile Phone": "phone",
        "Lead Source": "source",
        "Lead Status": "status",
        "Status": "status",
        "Created Date": "createdAt",
        "Create Date": "createdAt",
        "Lead ID": "metadata.salesforce_id",
        "Contact ID": "metadata.salesforce_id",
        "Id": "metadata.salesforce_id",
        "Company": "metadata.company",
        "Company / Account": "metadata.company",
        "Account Name": "metadata.company",
    },
    {
        "Open": _NEW,
        "Open - Not Contacted": _NEW,
        "New": _NEW,
        "Working": _CONTACTED,
        "Working - Contacted": _CONTACTED,
        "Contacted": _CONTACTED,
        "Nurturing": _FOLLOW_UP,
        "Qualified": _QUALIFIED,
        "Converted": _CONVERTED,
        "Closed - Converted": _CONVERTED,
        "Unqualified": _LOST,
        "Closed - Not Converted": _LOST,
    },
)

_PIPEDRIVE = Preset(
    "pipedrive",
    {
        "Person - Name": "name",
        "Person - First name": "firstName",
        "Person - Last name": "lastName",
        "Person - Email - Work": "email",
        "Person - Email": "email",
        "Person - Email - Home": "email",
        "Person - Email - Other": "email",
        "Email - Work": "email",
        "Email - Home": "email",
        "Email - Other": "email",
        "Person - Phone - Work": "phone",
        "Person - Phone - Mobile": "phone",
        "Person - Phone": "phone",
        "Person - Phone - Home": "phone",
        "Person - Phone - Other": "phone",
        "Phone - Work": "phone",
        "Phone - Mobile": "phone",
        "Phone - Home": "phone",
        "Phone - Other": "phone",
        "Lead - Source channel": "source",
        "Lead - Source": "source",
        "Deal - Source channel": "source",
        "Deal - Status": "status",
        "Person - Person created": "createdAt",
        "Person created": "createdAt",
        "Lead - Lead created": "createdAt",
        "Deal - Deal created": "createdAt",
        "Person - ID": "metadata.pipedrive_id",
        "Person - Organization": "metadata.company",
        "Organization - Name": "metadata.company",
        "Organization": "metadata.company",
    },
    {"Open": _NEW, "Won": _CONVERTED, "Lost": _LOST, "Archived": _LOST},
)

_CLOSE = Preset(
    "close",
    {
        "primary_contact_name": "name",
        "contact_name": "name",
        "primary_contact_first_name": "firstName",
        "primary_contact_last_name": "lastName",
        "primary_contact_primary_email": "email",
        "primary_email": "email",
        "primary_contact_primary_phone": "phone",
        "primary_phone": "phone",
        "status_label": "status",
        "lead_status_label": "status",
        "lead_status": "status",
        "custom.Lead Source": "source",
        "custom.Source": "source",
        "date_created": "createdAt",
        "lead_date_created": "createdAt",
        "id": "metadata.close_id",
        "lead_id": "metadata.close_id",
        "lead_name": "metadata.company",
        "display_name": "metadata.company",
    },
    {
        "Potential": _NEW,
        "Interested": _CONTACTED,
        "Qualified": _QUALIFIED,
        "Customer": _CONVERTED,
        "Not Interested": _LOST,
        "Bad Fit": _LOST,
        "Canceled": _LOST,
        "Cancelled": _LOST,
    },
)

_ZOHO = Preset(
    "zoho",
    {
        "Full Name": "name",
        "Lead Name": "name",
        "Contact Name": "name",
        "First Name": "firstName",
        "Last Name": "lastName",
        "Email": "email",
        "Phone": "phone",
        "Mobile": "phone",
        "Lead Source": "source",
        "Lead Status": "status",
        "Created Time": "createdAt",
        "Record Id": "metadata.zoho_id",
        "Lead Id": "metadata.zoho_id",
        "Contact Id": "metadata.zoho_id",
        "Company": "metadata.company",
        "Account Name": "metadata.company",
    },
    {
        "-None-": _NEW,
        "Not Contacted": _NEW,
        "Attempted to Contact": _CONTACTED,
        "Contacted": _CONTACTED,
        "Contact in Future": _FOLLOW_UP,
        "Pre-Qualified": _QUALIFIED,
        "Qualified": _QUALIFIED,
        "Converted": _CONVERTED,
        "Junk Lead": _LOST,
        "Lost Lead": _LOST,
        "Not Qualified": _LOST,
    },
)

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (_HUBSPOT, _SALESFORCE, _PIPEDRIVE, _CLOSE, _ZOHO)}


def get_preset(name: str) -> Preset:
    """Raises InvalidInput that says which there are."""
    preset = PRESETS.get(name)
    if preset is None:
        message = f"is no preset; there are {', '.join(PRESETS)}"
        raise InvalidInput([Problem("mapping", message, "invalid_choice")])
    return preset
