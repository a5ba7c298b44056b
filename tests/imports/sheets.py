"""XLSX workbooks with a sheet, or shared texts, of which every byte is chosen."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_ROOT = '<Relationships><Relationship Id="a" Type="t/officeDocument" Target="xl/workbook.xml"/></Relationships>'
_BOOK = '<workbook><workbookPr/><sheets><sheet name="Leads" r:id="s"/></sheets></workbook>'
_RELATED = """<Relationships><Relationship Id="s" Type="t/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="t" Type="t/sharedStrings" Target="sharedStrings.xml"/>
<Relationship Id="u" Type="t/styles" Target="styles.xml"/></Relationships>"""

HEADER = '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'


def sheet(rows: str, *, strings: str = "", styles: str = "<styleSheet/>", **parts: bytes | str) -> bytes:
    """A workbook of these rows below a header of `a` and `b`; `parts` take the place of others, as `book`."""
    contents: dict[str, bytes | str] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _ROOT,
        "xl/workbook.xml": parts.get("book", _BOOK),
        "xl/_rels/workbook.xml.rels": parts.get("related", _RELATED),
        "xl/worksheets/sheet1.xml": parts.get("whole", f"<worksheet><sheetData>{HEADER}{rows}</sheetData></worksheet>"),
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
        "xl/styles.xml": styles,
    }
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def row(*cells: str, number: int = 2) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'
