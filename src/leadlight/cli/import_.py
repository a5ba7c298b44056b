"""`leadlight import`: a file becomes leads on a server, which goes on whether or not anybody watches."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from leadlight.cli.connection import DEFAULT_URL, Exit, Key, Url, end, sentence, talking
from leadlight.cli.import_progress import Bar
from leadlight.cli.lead_options import MatchOn, OnDuplicate
from leadlight.cli.options import AsJson
from leadlight.cli.tables import as_sent, errors_console, print_json, printable, show
from leadlight.client import Import, ImportStatus, Leadlight, LeadlightError, RateLimited, Unavailable, Unreachable

_STDIN = "-"


def import_(
    file: Annotated[
        str | None, typer.Argument(help="CSV, TSV, XLSX or JSONL, also .gz; - for what comes in by a pipe.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", help="Watch an import that was begun before: its id, imp_…")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="The columns of hubspot, salesforce, pipedrive, close or zoho.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="COLUMN=FIELD: name, firstName, lastName, email, phone, source, status, createdAt, "
            "followUpAt, followUpNote, id, metadata.KEY, or nothing to leave the column out; can be repeated.",
        ),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(
            "--default",
            help="FIELD=TEXT for rows that lack it: name, phone, source, status, metadata.KEY; can be repeated.",
        ),
    ] = None,
    on_duplicate: OnDuplicate = None,
    match_on: MatchOn = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, only tell what would come of it.")] = False,
    webhooks: Annotated[bool, typer.Option("--webhooks", help="Tell the webhooks of each lead.")] = False,
    errors: Annotated[
        Path | None,
        typer.Option(
            "--errors", help="Where to write the rows that failed; FILE.errors.csv in this folder, if not said."
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Whether to wait for the end once the server has the file.")
    ] = True,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Import a file, and watch until it is done; exit code 4 when some of its rows failed.

    Ctrl-C ends the watching, not the import: --resume watches again.
    """
    if (file is None) is (resume is None):
        end("name the file to import, or the import to --resume")
    if preset is not None and column:
        end("--preset and --map do not go together")
    options = {
        "mapping": preset or _pairs(column, "--map"),
        "on_duplicate": on_duplicate,
        "match_on": match_on,
        "defaults": _defaults(default),
        "dry_run": dry_run,
        "webhooks": webhooks,
    }
    screen = errors_console()
    with talking(url, key) as client:
        import_id = resume or ""
        if file is not None:
            begun = _send(client, file, options, screen)
            if not wait:
                _tell(begun, None, as_json=as_json)
                return
            typer.echo(f"The server has the file; this is {begun.id}.", err=True)
            import_id = begun.id
        ended = _watch(client, import_id, screen)
        problem, written = _fetch_errors(client, ended, errors)
    _tell(ended, written, as_json=as_json)
    _finish(ended, problem)


def _send(client: Leadlight, file: str, options: Mapping[str, Any], screen: Console) -> Import:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        if file == _STDIN:
            return client.imports.create(sys.stdin.buffer, file_name="stdin", **options)
        path = Path(file)
        if not path.is_file():
            end(f"there is no file {file}")
        with (
            Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress,
            progress.open(path, "rb", description="Sending") as source,
        ):
            return client.imports.create(source, file_name=path.name, **options)
    except KeyboardInterrupt:
        end("stopped while the file was sent; `leadlight imports list` shows if the server has it", Exit.INTERRUPTED)


def _watch(client: Leadlight, import_id: str, screen: Console) -> Import:
    again = f"`leadlight import --resume {import_id}` watches it again"
    try:
        with Bar(screen) as bar:
            return client.imports.wait(import_id, on_progress=bar.show)
    except KeyboardInterrupt:
        end(f"the import goes on in the server; {again}", Exit.INTERRUPTED)
    except (Unreachable, Unavailable, RateLimited) as error:
        end(f"{error}; the import goes on when the server does, and {again}", Exit.AWAY)


def _fetch_errors(client: Leadlight, ended: Import, wanted: Path | None) -> tuple[str, Path | None]:
    """Why the rows that failed can't be had, and where they were written."""
    if not ended.failed:
        return "", None
    path = wanted or _free_path(ended)
    try:
        client.imports.errors(ended.id, path)
    except (LeadlightError, OSError) as error:
        why = sentence(error) if isinstance(error, LeadlightError) else str(error)
        return f"the rows that failed can't be had: {why}; `leadlight import --resume {ended.id}` asks again", None
    return "", path


def _free_path(ended: Import) -> Path:
    """In this folder, after the file; a file of an earlier import, on which somebody may work, stays."""
    name = printable(Path(ended.file_name or "").name).partition(".")[0] or "import"
    path = Path(f"{name}.errors.csv")
    return Path(f"{name}.{ended.id}.errors.csv") if path.exists() else path


def _tell(found: Import, errors: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({**as_sent(found), "errorFile": None if errors is None else str(errors)})
        return
    told: dict[str, object] = {
        "import": found.id,
        "file": found.file_name,
        "status": f"{found.status}, a dry run: nothing was stored" if found.dry_run else found.status,
    }
    if found.has_ended:
        told |= {name: f"{getattr(found, name):,}" for name in ("processed", "created", "updated", "skipped", "failed")}
    if found.started_at is not None and found.finished_at is not None:
        told["seconds"] = f"{(found.finished_at - found.started_at).total_seconds():.1f}"
    if errors is not None:
        told["failed rows"] = str(errors)
    if found.operation_id is not None:
        told["to undo it"] = f"leadlight operations undo {found.operation_id}"
    show(told)


def _finish(ended: Import, problem: str) -> None:
    if ended.error is not None:
        hint = "; on the command line: --map COLUMN=FIELD" if ended.error.startswith("mapping") else ""
        end(f"the import {ended.status}: {ended.error}{hint}")
    if ended.status != ImportStatus.COMPLETED:
        end(f"the import was {ended.status}")
    if problem:
        end(problem, Exit.IN_PART)
    if ended.failed:
        raise typer.Exit(Exit.IN_PART)


def _defaults(texts: list[str] | None) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, value in (_pairs(texts, "--default") or {}).items():
        if name.startswith("metadata."):
            found.setdefault("metadata", {})[name.removeprefix("metadata.")] = value
        else:
            found[name] = value
    return found or None


def _pairs(texts: list[str] | None, flag: str) -> dict[str, str] | None:
    """A column may have `=` in its name; what it goes to has not."""
    split = [text.rpartition("=") if flag == "--map" else text.partition("=") for text in texts or []]
    wrong = next((text for text, (name, sign, _) in zip(texts or [], split, strict=True) if not (name and sign)), None)
    if wrong is not None:
        end(f"{flag} has to be NAME=VALUE, not {wrong!r}")
    return {name: value for name, _, value in split} or None
