"""Imports over the API."""

from leadlight.clock import Clock
from leadlight.http.download import Download
from leadlight.http.operation import Operation, Reply
from leadlight.http.pagination import cut
from leadlight.http.upload import Upload
from leadlight.ids import IMPORT
from leadlight.imports.error_file import error_file
from leadlight.imports.job import Import
from leadlight.imports.schemas import (
    IMPORT_EXAMPLE,
    IMPORT_PARAMETERS,
    UPLOAD_TEXTS,
    ErrorRow,
    ImportList,
    ImportQuery,
    ImportView,
    options_of,
)
from leadlight.imports.service import ImportService
from leadlight.principal import Principal, Scope

_PATH = "/api/v1/imports/{importId}"
_CSV = "text/csv; charset=utf-8"


class ImportRoutes:
    def __init__(self, imports: ImportService, clock: Clock) -> None:
        self._imports = imports
        self._clock = clock

    def operations(self) -> list[Operation]:
        return [
            Operation(
                id="createImport",
                method="POST",
                path="/api/v1/imports",
                tag="Imports",
                summary="Import a file of leads",
                description="CSV, TSV, XLSX or JSON Lines, as it is or compressed with gzip. Its encoding, delimiter "
                "and columns are told by what it holds; columns that are no field of a lead become metadata. Good rows "
                "are stored, bad ones handed back. It goes on in the background, whatever is restarted: ask for its "
                "status. The file is removed at its end.",
                scope=Scope.LEADS_WRITE,
                uploads=UPLOAD_TEXTS,
                response=ImportView,
                example=IMPORT_EXAMPLE,
                status=202,
                handler=self.create_import,
            ),
            Operation(
                id="listImports",
                method="GET",
                path="/api/v1/imports",
                tag="Imports",
                summary="List imports",
                description="Newest first.",
                scope=Scope.LEADS_READ,
                query=ImportQuery,
                parameters=IMPORT_PARAMETERS,
                response=ImportList,
                example={
                    "imports": [IMPORT_EXAMPLE],
                    "pagination": {"limit": 25, "hasNext": False, "nextCursor": None},
                },
                handler=self.list_imports,
            ),
            Operation(
                id="getImport",
                method="GET",
                path=_PATH,
                tag="Imports",
                summary="Read an import",
                description="How far it has come, and what became of the rows so far.",
                scope=Scope.LEADS_READ,
                path_id=IMPORT,
                response=ImportView,
                example=IMPORT_EXAMPLE,
                handler=self.get_import,
            ),
            Operation(
                id="listImportErrors",
                method="GET",
                path=f"{_PATH}/errors",
                tag="Imports",
                summary="Download the rows that are no leads",
                description="A CSV file: each row as it was, behind its number, its line and what is wrong. Mend it "
                "and import it again: its first three columns are left out.",
                scope=Scope.LEADS_READ,
                path_id=IMPORT,
                downloads=("text/csv",),
                response=ErrorRow,
                example={"_row": 17, "_line": 18, "_error": "email: is required", "Name": "Ada Park"},
                handler=self.list_import_errors,
            ),
            Operation(
                id="cancelImport",
                method="POST",
                path=f"{_PATH}/cancel",
                tag="Imports",
                summary="Cancel an import",
                description="What it took in so far stays; its operation takes that back. To ask again does no harm.",
                scope=Scope.LEADS_WRITE,
                path_id=IMPORT,
                response=ImportView,
                example={**IMPORT_EXAMPLE, "status": "cancelled"},
                handler=self.cancel_import,
                errors=("CONFLICT",),
            ),
        ]

    async def create_import(self, caller: Principal, upload: Upload) -> Reply:
        options = options_of(upload.texts, caller, upload.problems)
        job = await self._imports.receive(caller, upload.file_name, options, upload.pieces())
        return Reply(self._view(job), location=f"/api/v1/imports/{job.id}")

    async def list_imports(self, caller: Principal, query: ImportQuery) -> ImportList:
        found = await self._imports.list_imports(caller.workspace_id, before=query.after, limit=query.limit + 1)
        page, pagination = cut(found, query.limit)
        return ImportList([self._view(job) for job in page], pagination)

    async def get_import(self, caller: Principal, import_id: str) -> ImportView:
        return self._view(await self._imports.get_import(caller.workspace_id, import_id))

    async def list_import_errors(self, caller: Principal, import_id: str) -> Download:
        job = await self._imports.get_import(caller.workspace_id, import_id)
        errors = self._imports.errors(job.workspace_id, job.id)
        return Download(_CSV, f"{job.id}-errors.csv", error_file(list(job.mapping or ()), errors))

    async def cancel_import(self, caller: Principal, import_id: str) -> ImportView:
        return self._view(await self._imports.cancel(caller.workspace_id, import_id))

    def _view(self, job: Import) -> ImportView:
        return ImportView.of(job, self._clock())
