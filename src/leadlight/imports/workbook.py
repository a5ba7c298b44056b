"""What an XLSX workbook (ECMA-376) says beside its sheets: which one to read, and which numbers are dates."""

import re
from posixpath import join, normpath, split

import msgspec

from leadlight.imports.markup import Attributes, elements
from leadlight.imports.package import Package
from leadlight.imports.reading import Limits, UnreadableFile
from leadlight.imports.shared_strings import Strings, read_strings

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
"""Number formats that need no definition (§18.8.30); 46 is a duration."""

_NO_PART_OF_A_DATE = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')
_PART_OF_A_DATE = re.compile("[dmyhs]", re.IGNORECASE)
_DURATION = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)


class Workbook(msgspec.Struct, frozen=True):
    """`sheet`: the name of the part that holds the first visible one. `dates`: the styles that make a date of a number.

    `counts_from_1904`: the dates do, as they did on Macs.
    """

    sheet: str
    strings: Strings
    dates: frozenset[str]
    counts_from_1904: bool


def open_workbook(package: Package, limits: Limits) -> Workbook:
    """Raises UnreadableFile."""
    root = next(
        (target for kind, target in _related(package, "").values() if kind == "officeDocument"), "xl/workbook.xml"
    )
    related = _related(package, root)
    visible: list[str] = []
    counts_from_1904 = False
    for name, attributes in elements(package.small(root)):
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            visible += [value for key, value in attributes.items() if key.endswith(":id")]
        elif name == "workbookPr":
            counts_from_1904 = attributes.get("date1904") in {"1", "true"}
    sheets = [related[id_][1] for id_ in visible if id_ in related and related[id_][0] == "worksheet"]
    if not sheets:
        raise UnreadableFile("no_sheet", "The workbook has no visible sheet with cells: show the one with the leads.")
    parts = {kind: target for kind, target in related.values() if target in package}
    shared = parts.get("sharedStrings")
    strings = read_strings(package.chunks(shared) if shared else (), limits)
    return Workbook(sheets[0], strings, _read_dates(package, parts.get("styles")), counts_from_1904)


def is_date_format(code: str) -> bool:
    shown = code.partition(";")[0]
    return not _DURATION.search(shown) and any(
        letter in "dmyhs" for letter in _NO_PART_OF_A_DATE.sub("", shown).lower()
    )


def _related(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """The kinds and names of the parts that a part refers to, by the ids that it calls them by."""
    folder, name = split(part)
    relations = join(folder, "_rels", f"{name}.rels")
    if relations not in package:
        return {}
    return {
        attributes.get("Id", ""): (
            attributes.get("Type", "").rpartition("/")[2],
            normpath(join("/", folder, attributes.get("Target", ""))).lstrip("/"),
        )
        for name, attributes in elements(package.small(relations))
        if name == "Relationship"
    }


def _read_dates(package: Package, part: str | None) -> frozenset[str]:
    """The numbers of the cell styles that show a number as a date."""
    dates: set[str] = set()
    formats = set(_BUILT_IN_DATES)
    section, style = "", 0
    for name, attributes in elements(package.small(part)) if part else ():
        if name in {"numFmts", "cellStyleXfs", "cellXfs", "dxfs"}:
            section = name
        elif section == "numFmts" and name == "numFmt":
            (formats.add if is_date_format(attributes.get("formatCode", "")) else formats.discard)(_id(attributes))
        elif section == "cellXfs" and name == "xf":
            if _id(attributes) in formats:
                dates.add(str(style))
            style += 1
    return frozenset(dates)


def _id(attributes: Attributes) -> int:
    number = attributes.get("numFmtId", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0
