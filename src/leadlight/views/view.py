"""The saved view, and the rule of its name."""

import msgspec

from leadlight.errors import Invalid

MOST_VIEWS = 100
MAX_NAME = 60
MAX_QUERY = 4_000


class SavedView(msgspec.Struct, frozen=True):
    """`query`: what stands behind the question mark of the table's address."""

    id: str
    name: str
    query: str


def view_name_rule(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Invalid("blank", "must not be blank")
    if len(name) > MAX_NAME:
        raise Invalid("too_long", f"must not be longer than {MAX_NAME} characters")
    return name


def query_rule(text: str) -> str:
    if len(text) > MAX_QUERY:
        raise Invalid("too_long", f"is {len(text)} characters long, and a view holds {MAX_QUERY}: take filters away")
    return text
