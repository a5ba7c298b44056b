"""The pages of what came in by forms: by form, one as it came with what became of it, and tried again."""

from typing import NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from leadlight.capture.inbox import SubmissionService
from leadlight.capture.queries import Shown
from leadlight.capture.schemas import SUBMISSION_PARAMETERS, SubmissionQuery, SubmissionView
from leadlight.capture.service import FormService
from leadlight.capture.submission import SubmissionStatus
from leadlight.dashboard.payload import answers_of, raw_of
from leadlight.dashboard.rendering import to
from leadlight.dashboard.visit import Visit
from leadlight.errors import Conflict
from leadlight.http.pagination import cut
from leadlight.http.query import QueryDecoder
from leadlight.ids import FORM, SUBMISSION

_LONGEST_SUMMARY = 120
_LONGEST_VALUE = 40

_decode_query = QueryDecoder(SubmissionQuery, SUBMISSION_PARAMETERS).decode


class SubmissionRow(NamedTuple):
    """A submission in the list of them. `summary`: the beginning of what it says."""

    shown: Shown
    summary: str


class SubmissionPages:
    def __init__(self, forms: FormService, submissions: SubmissionService) -> None:
        self._forms = forms
        self._submissions = submissions

    async def of_form(self, visit: Visit) -> Response:
        form_id = visit.id(FORM)
        query: SubmissionQuery = _decode_query(visit.query)
        form = await self._forms.get_form(visit.workspace_id, form_id)
        found = await self._submissions.list_submissions(
            visit.workspace_id, form_id, status=query.status, before=query.after, limit=query.limit + 1
        )
        page, pagination = cut(found, query.limit)
        asked = {"status": query.status.value} if query.status else {}
        older = {**asked, "after": pagination.next_cursor} if pagination.next_cursor else None
        return visit.page(
            "settings_submissions.html",
            form_id=form_id,
            name=form.name,
            rows=[SubmissionRow(shown, _summary(shown)) for shown in page],
            chosen=query.status,
            statuses=list(SubmissionStatus),
            newest=urlencode(asked) if "after" in visit.request.query_params else None,
            older=older and urlencode(older),
            done=None,
        )

    async def show(self, visit: Visit) -> Response:
        shown = await self._submissions.get_submission(visit.workspace_id, visit.id(SUBMISSION))
        return await self._page(visit, shown, done=_done(shown) if "done" in visit.request.query_params else None)

    async def reprocess(self, visit: Visit) -> Response:
        await visit.form()
        submission_id = visit.id(SUBMISSION)
        try:
            await self._submissions.reprocess(visit.workspace_id, submission_id)
        except Conflict as error:
            shown = await self._submissions.get_submission(visit.workspace_id, submission_id)
            return await self._page(visit, shown, 409, refusal=error.message)
        return to(f"{visit.home}/settings/submissions/{submission_id}?done=1")

    async def _page(
        self, visit: Visit, shown: Shown, status: int = 200, *, done: str | None = None, refusal: str | None = None
    ) -> Response:
        form = await self._forms.get_form(visit.workspace_id, shown.form_id)
        return visit.page(
            "settings_submission.html",
            status,
            name=form.name,
            shown=shown,
            view=SubmissionView.of(shown),
            raw=raw_of(shown),
            answers=answers_of(shown),
            is_erased=shown.lead_id is not None and not shown.content_type,
            is_open=shown.status is not SubmissionStatus.STORED,
            done=done,
            refusal=refusal,
        )


def _done(shown: Shown) -> str:
    if shown.status is SubmissionStatus.STORED:
        return "It was tried again, and is a lead now."
    return "It was tried again, and is still no lead. See below why."


def _summary(shown: Shown) -> str:
    texts = [answer.text.strip()[:_LONGEST_VALUE] for answer in answers_of(shown) if not answer.name.startswith("_")]
    return " · ".join(text for text in texts if text)[:_LONGEST_SUMMARY]
