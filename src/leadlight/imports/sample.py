"""What a file looks like, for whoever chooses which column becomes what: its columns, and the first values of each."""

import re
from collections.abc import Sequence
from itertools import islice

import msgspec

from leadlight.errors import Invalid
from leadlight.imports.reading import Row, Rows
from leadlight.imports.values import json_value

_ROWS = 100
_VALUES = 3
_LONGEST = 60
_NOT_KEPT = re.compile("[\0\ud800-\udfff]")


class SampledColumn(msgspec.Struct, frozen=True):
    """`values`: some that differ, of the first rows, as text that is cut where it is long."""

    name: str
    values: list[str]


class Sample(msgspec.Struct, frozen=True):
    columns: list[SampledColumn]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def look_at(rows: Rows) -> Sample:
    first = [row for row in islice(rows, _ROWS) if isinstance(row, Row)]
    return Sample([SampledColumn(name, _values(first, name)) for name in rows.columns])


def _values(rows: Sequence[Row], name: str) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        text = _shown(row.values.get(name))
        if text:
            found[text] = None
        if len(found) == _VALUES:
            break
    return list(found)


def _shown(value: object) -> str:
    if not isinstance(value, str):
        try:
            raw = json_value(value)
        except Invalid:
            return ""
        text = "" if raw is None else bytes(raw).decode().strip('"')
    else:
        text = value
    text = " ".join(_NOT_KEPT.sub("\ufffd", text[: 4 * _LONGEST]).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
