"""Imports: files that become leads, in the server, while the client watches or does not."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from leadlight.client.arguments import LeadFields
from leadlight.client.calls import TRANSFER_TIMEOUT_SECONDS, Call, Page, body, data, page, params, segment
from leadlight.client.exchange import Talk
from leadlight.client.models import Import
from leadlight.client.resource import D, Listing, Method, Resource
from leadlight.client.transfer import sink_of, upload_of
from leadlight.client.watching import watch

_PATH = "/imports"
_decode_import = data(Import)
_decode_page = page("imports", Import)


class Imports(Resource[D]):
    @Method
    def create(
        self,
        file: str | Path | BinaryIO,
        *,
        file_name: str | None = None,
        mapping: Mapping[str, str] | str | None = None,
        on_duplicate: str | None = None,
        match_on: str | None = None,
        defaults: LeadFields | None = None,
        dry_run: bool = False,
        webhooks: bool = False,
    ) -> Call[Import]:
        """Sends a file, and answers once the server has it: CSV, TSV, XLSX or JSONL, also .gz.

        `file`: a path, or what is open for reading bytes; it is read as it is sent. `mapping`: by column, the field
        that it goes to (`metadata.<key>` too, "" for nowhere); or hubspot, salesforce, pipedrive, close, zoho; found
        out, if not said. `defaults`: fields of leads for which the file has none. `webhooks`: whether they are told.
        An answer that was lost is not asked for again, for the file may be there: see `list`. Raises ValidationFailed,
        TooLarge, OSError.
        """
        asked: dict[str, Any] = {
            "mapping": mapping if mapping is None or isinstance(mapping, str) else _json(mapping),
            "on_duplicate": on_duplicate,
            "match_on": match_on,
            "dry_run": dry_run or None,
            "defaults": None if defaults is None else _json(defaults),
            "webhooks": webhooks or None,
        }
        return Call(
            method="POST",
            path=_PATH,
            decode=_decode_import,
            upload=upload_of(file, params(asked), name=file_name),
            repeatable=False,
            timeout_seconds=TRANSFER_TIMEOUT_SECONDS,
        )

    @Method
    def get(self, import_id: str) -> Call[Import]:
        """How an import stands. Raises NotFound."""
        return Call(method="GET", path=_import(import_id), decode=_decode_import)

    @Method
    def wait(
        self,
        import_id: str,
        *,
        on_progress: Callable[[Import], object] | None = None,
        patience_seconds: float = 300.0,
    ) -> Talk[Import]:
        """Answers once an import has ended, however it did; it goes on in the server whether or not anybody waits.

        `on_progress`: told how it stands, time and again, and at the end. `patience_seconds`: for a server that is
        away. Raises NotFound, Unreachable, Unavailable, RateLimited.
        """
        call = Call(method="GET", path=_import(import_id), decode=_decode_import)
        return watch(
            call,
            has_ended=lambda found: found.has_ended,
            on_progress=on_progress,
            patience_seconds=patience_seconds,
        )

    @Method
    def errors(self, import_id: str, target: str | Path | BinaryIO) -> Call[int]:
        """Writes the rows that could not be stored to a CSV file, with the reasons; answers with its size in bytes.

        `target`: a path, or what is open for writing bytes. Raises NotFound, OSError.
        """
        return Call(
            method="GET",
            path=f"{_import(import_id)}/errors",
            decode=lambda answer: answer.written,
            sink=sink_of(target),
            timeout_seconds=TRANSFER_TIMEOUT_SECONDS,
        )

    @Method
    def cancel(self, import_id: str) -> Call[Import]:
        """Ends an import; what it has stored stays, and can be undone. Raises NotFound, Conflict."""
        return Call(method="POST", path=f"{_import(import_id)}/cancel", decode=_decode_import)

    @Listing
    def list(self, *, page_size: int = 50) -> Call[Page[Import]]:
        """All imports, newest first."""
        return Call(method="GET", path=_PATH, decode=_decode_page, params=params({"limit": page_size}))


def _import(import_id: str) -> str:
    return f"{_PATH}/{segment(import_id)}"


def _json(value: object) -> str:
    return body(value).decode()
