"""What the table shows, as a file: all that its filters let through, or the leads that were chosen in it."""

from starlette.responses import Response

from leadlight.dashboard.download import FileResponse
from leadlight.dashboard.lead_table import TABLE_PARAMETERS, TableQuery, chosen_in
from leadlight.dashboard.visit import Visit
from leadlight.errors import InvalidInput, Problem
from leadlight.exports.service import ExportService
from leadlight.exports.writers import ExportFormat
from leadlight.http.download import Download
from leadlight.http.query import Parameter, QueryDecoder, choice
from leadlight.leads.filter import LeadFilter


class _FileQuery(TableQuery, frozen=True):
    """The state of a table, and the format of the file; order and columns are the file's own."""

    format: ExportFormat = ExportFormat.CSV


_format = choice(ExportFormat)
_decode = QueryDecoder(_FileQuery, (*TABLE_PARAMETERS, Parameter("format", _format, "The format of the file."))).decode


class ExportPages:
    def __init__(self, exports: ExportService) -> None:
        self._exports = exports

    async def leads(self, visit: Visit) -> Response:
        query: _FileQuery = _decode(visit.query)
        return await self._file(visit, query, query.format)

    async def chosen(self, visit: Visit) -> Response:
        form = await visit.form()
        format_ = form.demand("format", _format.parse)
        ids = chosen_in(form)
        if not ids:
            raise InvalidInput([Problem("id", "Choose the leads that the file is to hold", "required")])
        return await self._file(visit, LeadFilter(ids=ids), format_)

    async def _file(self, visit: Visit, which: LeadFilter, format_: ExportFormat) -> Response:
        file = await self._exports.export_leads(visit.caller, which, format_)
        return FileResponse(Download(file.format.media_type, file.name, file.pieces))
