"""What a submission said, as people read it: its answers by name, and its body as it came."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from leadlight.capture.parsing import MediaType, media_type
from leadlight.capture.queries import Shown
from leadlight.capture.reading import read
from leadlight.capture.schemas import SubmissionView
from leadlight.capture.submission import Field
from leadlight.dashboard.lead_table import readable
from leadlight.errors import LeadlightError


class Answer(NamedTuple):
    """A field of a submission, as people read it."""

    name: str
    text: str


def answers_of(shown: Shown) -> list[Answer]:
    """As its format is read; none of what can't be read, or is not shown whole."""
    if not shown.beginning or shown.size > len(shown.beginning):
        return []
    try:
        fields = read(shown.kind, shown.beginning, shown.content_type).fields
    except LeadlightError:
        return []
    return [Answer(field.name, _text(field)) for field in fields]


def raw_of(shown: Shown) -> str:
    """The body as it came; JSON is laid out in lines."""
    view = SubmissionView.of(shown)
    if media_type(shown.content_type) is MediaType.JSON:
        try:
            return msgspec.json.format(view.body)
        except msgspec.DecodeError:
            pass
    return view.body


def _text(field: Field) -> str:
    value = field.value
    if isinstance(value, msgspec.Raw):
        return readable(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(each) for each in value)
    return str(value)
