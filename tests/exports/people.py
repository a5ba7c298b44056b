"""Leads to be exported."""

import json
from typing import Any

import msgspec
from hypothesis import strategies as st

from leadlight.leads.lead import Lead, LeadStatus

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30) | st.text(
    "=+-@'\"\t\r\n ,;_x0041\x01\x7f\ufffe<&>é😀", max_size=12
)
NUMBERS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | NUMBERS.map(str) | st.sampled_from(["", "true", "null", "{}", "1.0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def lead(name: str = "Ada Park", *, email: str = "ada@example.com", metadata: Any = None, **fields: Any) -> Lead:
    values: dict[str, Any] = {
        "id": "lead_1",
        "workspace_id": "ws_1",
        "phone": None,
        "source": "api",
        "status": LeadStatus.NEW,
        "created_at": 1_767_225_600_000,
        "updated_at": 1_767_225_661_001,
        "version": 1,
        **fields,
    }
    raw = metadata if isinstance(metadata, bytes) else json.dumps(metadata or {}, ensure_ascii=False).encode()
    return Lead(name=name, email=email, metadata=msgspec.Raw(msgspec.json.format(raw, indent=-1)), **values)


LEADS = st.builds(
    lead,
    TEXTS,
    email=TEXTS,
    phone=st.none() | TEXTS.filter(bool),
    source=st.none() | TEXTS.filter(bool),
    metadata=st.dictionaries(TEXTS, JSON, max_size=4),
)
