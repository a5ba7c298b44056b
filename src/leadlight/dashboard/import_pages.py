"""The import of a file, step by step: it is sent and looked at, its columns are assigned, it is tried, and imported."""

from typing import NamedTuple

from starlette.responses import Response

from leadlight.clock import SECOND, Clock
from leadlight.dashboard import import_mapping
from leadlight.dashboard.download import FileResponse
from leadlight.dashboard.form import Form
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.errors import Conflict, InvalidInput, Problem
from leadlight.http.download import Download
from leadlight.http.errors import STATUS, BadRequest, PayloadTooLarge
from leadlight.http.query import Parameter, QueryDecoder, id_cursor
from leadlight.http.upload import FILE
from leadlight.ids import IMPORT
from leadlight.imports.error_file import error_file
from leadlight.imports.job import Import, ImportStatus
from leadlight.imports.presets import PRESETS
from leadlight.imports.schemas import ImportQuery
from leadlight.imports.service import ImportService
from leadlight.leads.lead import LeadStatus
from leadlight.operations.operation import Operation
from leadlight.operations.service import OperationService
from leadlight.people.service import PeopleService

_LISTED = 25
_ERRORS_SHOWN = 5
_CSV = "text/csv; charset=utf-8"

_decode_list = QueryDecoder(ImportQuery, (Parameter("after", id_cursor(IMPORT), "Where the list goes on."),)).decode


class Progress(NamedTuple):
    """`share`: of the file, from 0 to 1. `seconds_left`: None where it is too early to tell."""

    share: float
    rate: int
    seconds_left: int | None


class ImportPages:
    def __init__(
        self,
        imports: ImportService,
        operations: OperationService,
        people: PeopleService,
        clock: Clock,
        *,
        max_file_bytes: int,
    ) -> None:
        self._imports = imports
        self._operations = operations
        self._people = people
        self._clock = clock
        self._max_file_bytes = max_file_bytes

    async def all(self, visit: Visit) -> Response:
        query: ImportQuery = _decode_list(visit.query)
        found = await self._imports.list_imports(visit.workspace_id, before=query.after, limit=_LISTED + 1)
        jobs, more = found[:_LISTED], found[_LISTED:]
        users = sorted({job.key_id for job in jobs if job.key_id.startswith("usr_")})
        return visit.page(
            "imports.html",
            jobs=jobs,
            state=state_of,
            names=await self._people.names(visit.workspace_id, users),
            next=jobs[-1].id if more else None,
            is_first=not visit.query,
        )

    # Sending a file

    async def new(self, visit: Visit) -> Response:
        return self._new_page(visit, Form())

    async def receive(self, visit: Visit) -> Response:
        try:
            async with visit.upload(self._max_file_bytes) as upload:
                if not upload.file_name:
                    raise InvalidInput([Problem(FILE, "Choose a file", "required")])
                options = import_mapping.looking(visit.caller.duplicates)
                job = await self._imports.receive(visit.caller, upload.file_name, options, upload.pieces())
        except InvalidInput as error:
            form = Form()
            form.note(*(Problem(FILE, problem.message, problem.code) for problem in error.problems))
            return self._new_page(visit, form, 400)
        except (BadRequest, PayloadTooLarge) as error:
            form = Form()
            form.note(Problem(FILE, error.message, error.code))
            return self._new_page(visit, form, STATUS[error.code])
        return to(f"{visit.home}/imports/{job.id}")

    def _new_page(self, visit: Visit, form: Form, status: int = 200, file_name: str = "") -> Response:
        return visit.page(
            "import_new.html", status, form=form, file_name=file_name, max_file_bytes=self._max_file_bytes
        )

    # One import

    async def show(self, visit: Visit) -> Response:
        job = await self._job(visit)
        if not job.status.has_ended:
            return visit.page(
                "import_running.html",
                job=job,
                progress=progress_of(job, self._clock()),
                has_to_wait=await self._has_to_wait(job),
            )
        if job.options.looks_only and job.sample is None and visit.may_write:
            form = Form()
            form.note(
                Problem(FILE, job.error or "It was cancelled before it was looked at: send it again.", "invalid_value")
            )
            return self._new_page(visit, form, file_name=job.file_name)
        if job.sample is not None and visit.may_write:
            asked = visit.request.query_params.get("preset")
            preset = asked if asked in PRESETS or asked == "" else None
            return await self._mapping_page(visit, job, import_mapping.form_of(job, preset))
        return visit.page(
            "import_ended.html",
            job=job,
            state=state_of(job),
            errors=await self._first_errors(job),
            operation=await self._operation(job),
            now=self._clock(),
        )

    async def run(self, visit: Visit) -> Response:
        """Tries it, or imports it in earnest, as the form says."""
        form = await visit.form()
        job = await self._job(visit)
        if job.sample is None:
            raise Conflict("The file is not kept any more: send it again")
        try:
            options = import_mapping.options_from(form, job, visit.caller, dry_run=form["action"] != "import")
            await self._imports.run_again(visit.caller, job.id, options)
        except InvalidInput as error:
            if not form.problems:
                form.note(*(Problem("mapping", problem.message, problem.code) for problem in error.problems))
            return await self._mapping_page(visit, job, form, 400)
        return to(f"{visit.home}/imports/{job.id}")

    async def cancel(self, visit: Visit) -> Response:
        await visit.form()
        job = await self._job(visit)
        await self._imports.cancel(visit.workspace_id, job.id)
        return to(f"{visit.home}/imports/{job.id}")

    async def errors(self, visit: Visit) -> Response:
        job = await self._job(visit)
        columns = job.mapping or (job.sample.names if job.sample else ())
        pieces = error_file(list(columns), self._imports.errors(job.workspace_id, job.id))
        return FileResponse(Download(_CSV, f"{job.id}-errors.csv", pieces))

    async def _mapping_page(self, visit: Visit, job: Import, form: Form, status: int = 200) -> Response:
        return visit.page(
            "import_mapping.html",
            status,
            job=job,
            form=form,
            columns=import_mapping.columns_of(job),
            targets=import_mapping.TARGETS,
            presets=import_mapping.PRESET_NAMES,
            on_duplicate=import_mapping.ON_DUPLICATE,
            match_on=import_mapping.MATCH_ON,
            statuses=list(LeadStatus),
            was_tried=not job.options.looks_only,
            errors=await self._first_errors(job),
        )

    async def _first_errors(self, job: Import) -> list[tuple[int, str]]:
        found = await self._imports.first_errors(job.workspace_id, job.id, _ERRORS_SHOWN) if job.counts.failed else []
        return [(error.line, error.reason) for error in found]

    async def _operation(self, job: Import) -> Operation | None:
        if job.operation_id is None:
            return None
        operation, _ = await self._operations.get_operation(job.workspace_id, job.operation_id)
        return operation

    async def _has_to_wait(self, job: Import) -> bool:
        """Whether another one of the workspace is before it."""
        if job.status is not ImportStatus.QUEUED:
            return False
        latest = await self._imports.list_imports(job.workspace_id, before=ImportQuery().after, limit=_LISTED)
        return any(
            other.status is ImportStatus.RUNNING or (other.status is ImportStatus.QUEUED and other.id < job.id)
            for other in latest
        )

    async def _job(self, visit: Visit) -> Import:
        return await self._imports.get_import(visit.workspace_id, visit.id(IMPORT))


def state_of(job: Import) -> str:
    """In a few words."""
    match job.status:
        case ImportStatus.QUEUED:
            return "Waiting"
        case ImportStatus.RUNNING:
            return "Trying" if job.options.dry_run else "Importing"
        case ImportStatus.FAILED:
            return "Failed"
        case ImportStatus.CANCELLED:
            return "Cancelled"
    if job.options.looks_only:
        return "Columns to choose"
    return "Tried" if job.options.dry_run else "Imported"


def progress_of(job: Import, now: int) -> Progress:
    """By rows where their number is known, else by bytes."""
    done, whole = (job.processed, job.total) if job.total else (job.bytes_read, job.size)
    share = min(1.0, done / whole) if whole else 0.0
    elapsed = (now - (job.started_at or now)) / SECOND
    left = round(elapsed * (1 - share) / share) if share and elapsed else None
    return Progress(share, job.rows_per_second(now), left)
