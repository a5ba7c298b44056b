"""The SQL of forms and of what came in by them."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from leadlight.capture.form import Form, FormSecrets, FormSettings
from leadlight.capture.submission import Context, Submission, SubmissionKind, SubmissionStatus
from leadlight.store.database import Transaction, one_of

_FORM_COLUMNS = "workspace_id, id, name, settings, secrets, created_at, updated_at"
_FORMS = f"SELECT {_FORM_COLUMNS} FROM forms WHERE workspace_id = :workspace_id AND deleted_at IS NULL"
_FIND_FORM = f"{_FORMS} AND id = :form_id"
_LIST_FORMS = f"{_FORMS} AND id > :after ORDER BY id LIMIT :limit"
_COUNT_FORMS = "SELECT count(*) FROM forms WHERE workspace_id = :workspace_id AND deleted_at IS NULL"
_INSERT_FORM = """
INSERT INTO forms (workspace_id, id, name, settings, secrets, created_at, updated_at)
VALUES (:workspace_id, :id, :name, :settings, :secrets, :created_at, :updated_at)
"""
_UPDATE_FORM = """
UPDATE forms SET name = :name, settings = :settings, secrets = :secrets, updated_at = :updated_at
WHERE workspace_id = :workspace_id AND id = :id
"""
_MARK_DELETED = """
UPDATE forms SET deleted_at = :now, name = '', settings = '{}', secrets = '{}'
WHERE workspace_id = :workspace_id AND id = :form_id
"""
_REMOVE_FORM = "DELETE FROM forms WHERE workspace_id = :workspace_id AND id = :form_id"
_NAME_OWNER = "INSERT INTO form_directory (id, workspace_id) VALUES (:id, :workspace_id)"
_FIND_OWNER = "SELECT workspace_id FROM form_directory WHERE id = :id"
_FORGET_OWNER = "DELETE FROM form_directory WHERE id = :id"

_SUBMISSION_FIELDS = Submission.__struct_fields__
_SUBMISSION_COLUMNS = ", ".join(_SUBMISSION_FIELDS)
_SUBMISSIONS = f"SELECT {_SUBMISSION_COLUMNS} FROM submissions WHERE workspace_id = :workspace_id"
_FIND_SUBMISSION = f"{_SUBMISSIONS} AND id = :submission_id"
_FIND_REPEATED = f"{_SUBMISSIONS} AND form_id = :form_id AND kind = :kind AND external_id = :external_id"
_LIST_RECEIVED = (
    f"{_SUBMISSIONS} AND form_id = :form_id AND status = 'received' AND id < :before ORDER BY id LIMIT :limit"
)
_INSERT_SUBMISSION = """
INSERT INTO submissions (workspace_id, id, form_id, kind, external_id, status, reason, lead_id, content_type, body,
    context, received_at, processed_at)
VALUES (:workspace_id, :id, :form_id, :kind, :external_id, :status, :reason, :lead_id, :content_type, :body,
    :context, :received_at, :processed_at)
ON CONFLICT DO NOTHING
"""
_SETTLE = """
UPDATE submissions
SET status = :status, reason = :reason, lead_id = :lead_id, body = :body, processed_at = :processed_at
WHERE workspace_id = :workspace_id AND id = :id
"""
_SHOWN = """
SELECT id, form_id, kind, external_id, status, reason, lead_id, content_type, context, received_at, processed_at,
    length(body), substr(body, 1, :shown_bytes)
FROM submissions WHERE workspace_id = :workspace_id
"""
_LIST_SHOWN = f"{_SHOWN} AND form_id = :form_id AND status = :status AND id < :before ORDER BY id DESC LIMIT :limit"
_SHOW = f"{_SHOWN} AND id = :submission_id"
_OF_LEADS = f"{_SHOWN} AND lead_id"
_ERASE_OF_LEADS = """
UPDATE submissions SET reason = NULL, content_type = '', body = :nothing, context = '{}'
WHERE workspace_id = :workspace_id AND lead_id
"""
_SOME_OF_FORM = """
SELECT id FROM submissions WHERE workspace_id = :workspace_id AND form_id = :form_id ORDER BY status LIMIT :limit
"""
_SOME_OLD = """
SELECT id FROM submissions
WHERE workspace_id = :workspace_id AND form_id = :form_id AND status IN ('failed', 'ignored') AND id < :before
ORDER BY status, id LIMIT :limit
"""
_REMOVE = "DELETE FROM submissions WHERE workspace_id = :workspace_id AND id"
_REMOVE_OLD = """
DELETE FROM submissions WHERE workspace_id = :workspace_id AND status IN ('failed', 'ignored') AND id
"""
# First by which forms there are some, then each form for itself: so that no statement changes rows of two workspaces.
_FORMS_WITH_RECEIVED = """
SELECT workspace_id, id FROM forms WHERE EXISTS (
    SELECT 1 FROM submissions WHERE submissions.workspace_id = forms.workspace_id AND form_id = forms.id
        AND status = 'received' AND submissions.id < :before
)
"""
_FORMS_WITH_OLD = """
SELECT workspace_id, id FROM forms WHERE EXISTS (
    SELECT 1 FROM submissions WHERE submissions.workspace_id = forms.workspace_id AND form_id = forms.id
        AND status IN ('failed', 'ignored') AND submissions.id < :before
)
"""
_DELETED_FORMS = "SELECT workspace_id, id FROM forms WHERE deleted_at IS NOT NULL"

_encode = msgspec.json.Encoder().encode
_decode_settings = msgspec.json.Decoder(FormSettings).decode
_decode_secrets = msgspec.json.Decoder(FormSecrets).decode
_decode_context = msgspec.json.Decoder(Context).decode


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A submission to be looked at. `size`: bytes of the body; `beginning`: as many of them as were asked for."""

    id: str
    form_id: str
    kind: SubmissionKind
    external_id: str | None
    status: SubmissionStatus
    reason: str | None
    lead_id: str | None
    content_type: str
    context: Context
    received_at: int
    processed_at: int | None
    size: int
    beginning: bytes


# Forms


async def find_owner(tx: Transaction, form_id: str) -> str | None:
    """The workspace of a form."""
    row = await tx.row(_FIND_OWNER, id=form_id)
    return cast("str", row[0]) if row else None


async def find_form(tx: Transaction, workspace_id: str, form_id: str) -> Form | None:
    row = await tx.row(_FIND_FORM, workspace_id=workspace_id, form_id=form_id)
    return _form(*row) if row else None


async def lock_form(tx: Transaction, workspace_id: str, form_id: str) -> Form | None:
    """As `find_form`; nobody else changes it until the commit."""
    row = await tx.row(_FIND_FORM + tx.for_update, workspace_id=workspace_id, form_id=form_id)
    return _form(*row) if row else None


async def list_forms(tx: Transaction, workspace_id: str, *, after: str, limit: int) -> list[Form]:
    """Oldest first, behind an id."""
    return [_form(*row) for row in await tx.rows(_LIST_FORMS, workspace_id=workspace_id, after=after, limit=limit)]


async def count_forms(tx: Transaction, workspace_id: str) -> int:
    row = await tx.row(_COUNT_FORMS, workspace_id=workspace_id)
    return cast("int", row[0]) if row else 0


async def insert_form(tx: Transaction, form: Form) -> None:
    await tx.execute(_NAME_OWNER, id=form.id, workspace_id=form.workspace_id)
    await tx.execute(_INSERT_FORM, created_at=form.created_at, **_form_values(form))


async def update_form(tx: Transaction, form: Form) -> None:
    await tx.execute(_UPDATE_FORM, **_form_values(form))


async def mark_form_deleted(tx: Transaction, workspace_id: str, form_id: str, now: int) -> None:
    """From here on nobody finds it; its secrets are gone."""
    await tx.execute(_FORGET_OWNER, id=form_id)
    await tx.execute(_MARK_DELETED, workspace_id=workspace_id, form_id=form_id, now=now)


async def remove_form(tx: Transaction, workspace_id: str, form_id: str) -> None:
    await tx.execute(_REMOVE_FORM, workspace_id=workspace_id, form_id=form_id)


async def list_deleted_forms(tx: Transaction) -> list[tuple[str, str]]:
    """Workspace and id of those that are still to be removed."""
    return cast("list[tuple[str, str]]", await tx.rows(_DELETED_FORMS))


async def list_forms_with_received(tx: Transaction, before: str) -> list[tuple[str, str]]:
    """Workspace and id of those with a submission of a lower id of which nothing has become yet."""
    return cast("list[tuple[str, str]]", await tx.rows(_FORMS_WITH_RECEIVED, before=before))


async def list_forms_with_old(tx: Transaction, before: str) -> list[tuple[str, str]]:
    """Workspace and id of those with a submission of a lower id that is no lead."""
    return cast("list[tuple[str, str]]", await tx.rows(_FORMS_WITH_OLD, before=before))


# Submissions


async def insert_submission(tx: Transaction, submission: Submission) -> bool:
    """False where its sender's own id is there already."""
    return bool(await tx.execute(_INSERT_SUBMISSION, **_submission_values(submission)))


async def find_submission(tx: Transaction, workspace_id: str, submission_id: str) -> Submission | None:
    row = await tx.row(_FIND_SUBMISSION, workspace_id=workspace_id, submission_id=submission_id)
    return _submission(row) if row else None


async def find_repeated(tx: Transaction, submission: Submission) -> Submission | None:
    """The one that has the same id of its sender."""
    row = await tx.row(
        _FIND_REPEATED,
        workspace_id=submission.workspace_id,
        form_id=submission.form_id,
        kind=submission.kind.value,
        external_id=submission.external_id,
    )
    return _submission(row) if row else None


async def list_received(
    tx: Transaction, workspace_id: str, form_id: str, *, before: str, limit: int
) -> list[Submission]:
    """Those of a form of which nothing has become yet, the oldest first."""
    rows = await tx.rows(_LIST_RECEIVED, workspace_id=workspace_id, form_id=form_id, before=before, limit=limit)
    return [_submission(row) for row in rows]


async def settle(tx: Transaction, submission: Submission) -> None:
    """Stores what became of it."""
    await tx.execute(
        _SETTLE,
        workspace_id=submission.workspace_id,
        id=submission.id,
        status=submission.status.value,
        reason=submission.reason,
        lead_id=submission.lead_id,
        body=submission.body,
        processed_at=submission.processed_at,
    )


async def list_shown(
    tx: Transaction,
    workspace_id: str,
    form_id: str,
    statuses: Sequence[SubmissionStatus],
    *,
    before: str,
    limit: int,
    shown_bytes: int,
) -> list[Shown]:
    """Newest first, behind an id. Each status for itself: so the index has them in order."""
    found: list[Shown] = []
    for status in statuses:
        rows = await tx.rows(
            _LIST_SHOWN,
            workspace_id=workspace_id,
            form_id=form_id,
            status=status.value,
            before=before,
            limit=limit,
            shown_bytes=shown_bytes,
        )
        found += [_shown(*row) for row in rows]
    return sorted(found, key=lambda shown: shown.id, reverse=True)[:limit]


async def find_shown(tx: Transaction, workspace_id: str, submission_id: str, *, shown_bytes: int) -> Shown | None:
    row = await tx.row(_SHOW, workspace_id=workspace_id, submission_id=submission_id, shown_bytes=shown_bytes)
    return _shown(*row) if row else None


async def list_of_leads(
    tx: Transaction, workspace_id: str, lead_ids: Sequence[str], *, shown_bytes: int
) -> list[Shown]:
    """Those that became some leads, or met them; oldest first."""
    among, names = one_of(lead_ids)
    sql = f"{_OF_LEADS} {among} ORDER BY id"
    rows = await tx.rows(sql, workspace_id=workspace_id, shown_bytes=shown_bytes, **names)
    return [_shown(*row) for row in rows]


async def list_newest_of_leads(
    tx: Transaction, workspace_id: str, lead_ids: Sequence[str], *, limit: int, shown_bytes: int
) -> list[Shown]:
    """The same, newest first."""
    among, names = one_of(lead_ids)
    sql = f"{_OF_LEADS} {among} ORDER BY id DESC LIMIT :limit"
    rows = await tx.rows(sql, workspace_id=workspace_id, limit=limit, shown_bytes=shown_bytes, **names)
    return [_shown(*row) for row in rows]


async def erase_of_leads(tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
    """Takes what they say, and leaves that they were there."""
    among, names = one_of(lead_ids)
    await tx.later(f"{_ERASE_OF_LEADS} {among}", workspace_id=workspace_id, nothing=b"", **names)


async def some_of_form(tx: Transaction, workspace_id: str, form_id: str, *, limit: int) -> list[str]:
    rows = await tx.rows(_SOME_OF_FORM, workspace_id=workspace_id, form_id=form_id, limit=limit)
    return [cast("str", id_) for [id_] in rows]


async def some_old(tx: Transaction, workspace_id: str, form_id: str, *, before: str, limit: int) -> list[str]:
    """Some that are no leads and have a lower id."""
    rows = await tx.rows(_SOME_OLD, workspace_id=workspace_id, form_id=form_id, before=before, limit=limit)
    return [cast("str", id_) for [id_] in rows]


async def remove_submissions(
    tx: Transaction, workspace_id: str, submission_ids: Sequence[str], *, but_leads: bool = False
) -> None:
    """`but_leads`: not those that have become leads since they were found."""
    if submission_ids:
        among, names = one_of(submission_ids)
        sql = _REMOVE_OLD if but_leads else _REMOVE
        await tx.execute(f"{sql} {among}", workspace_id=workspace_id, **names)


def _form_values(form: Form) -> dict[str, Any]:
    return {
        "workspace_id": form.workspace_id,
        "id": form.id,
        "name": form.name,
        "settings": _encode(form.settings).decode(),
        "secrets": _encode(form.secrets).decode(),
        "updated_at": form.updated_at,
    }


def _form(*row: Any) -> Form:
    workspace_id, id_, name, settings, secrets, created_at, updated_at = row
    return Form(
        workspace_id=workspace_id,
        id=id_,
        name=name,
        settings=_decode_settings(settings),
        secrets=_decode_secrets(secrets),
        created_at=created_at,
        updated_at=updated_at,
    )


def _submission_values(submission: Submission) -> dict[str, Any]:
    values = msgspec.structs.asdict(submission)
    return values | {
        "kind": submission.kind.value,
        "status": submission.status.value,
        "context": _encode(submission.context).decode(),
    }


def _submission(row: Any) -> Submission:
    values = dict(zip(_SUBMISSION_FIELDS, row, strict=True))
    return Submission(**values | _typed(values))


def _shown(*row: Any) -> Shown:
    values = dict(zip(Shown.__struct_fields__, row, strict=True))
    values["beginning"] = values["beginning"] or b""  # an engine may say that nothing begins with NULL
    return Shown(**values | _typed(values))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": SubmissionKind(values["kind"]),
        "status": SubmissionStatus(values["status"]),
        "context": _decode_context(values["context"]),
    }
