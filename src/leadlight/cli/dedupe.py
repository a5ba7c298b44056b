"""`leadlight dedupe`: pairs of leads that may be the same, one after the other, merged or left alone."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from leadlight.cli.connection import DEFAULT_URL, Exit, Key, Url, end, talking
from leadlight.cli.options import AsJson
from leadlight.cli.tables import cell, console, counted, lead_fields, print_json, printable
from leadlight.client import Conflict, DuplicatePair, Lead, Leadlight, LeadlightError, Merged, NotFound


class Answer(StrEnum):
    MERGE = "m"
    SKIP = "s"
    SWAP = "w"
    QUIT = "q"


class Merge(msgspec.Struct, frozen=True, rename="camel"):
    """A merge, as printed for programs. `operation_id`: None for a dry run."""

    survivor_id: str
    duplicate_id: str
    score: int
    reasons: list[str]
    operation_id: str | None


class _Session:
    """What was done so far. A pair of which one was merged meanwhile has to be asked for again."""

    def __init__(self, client: Leadlight, *, dry_run: bool) -> None:
        self.dry_run = dry_run
        self._client = client
        self._gone: set[str] = set()  # since this list was begun
        self._grown: set[str] = set()
        self.merges: list[Merge] = []
        self.skipped = 0

    def pairs(self, min_score: int | None) -> Iterator[DuplicatePair]:
        """Every pair once."""
        seen: set[frozenset[str]] = set()
        while True:
            self._gone.clear()
            has_changed = False
            for pair in self._client.duplicates.list(min_score=min_score, page_size=100):
                ids = frozenset(lead.id for lead in pair.leads)
                if ids & self._gone:
                    has_changed = True
                elif ids not in seen:
                    seen.add(ids)
                    yield pair
            if not has_changed or self.dry_run:
                return

    def as_it_is(self, lead: Lead) -> Lead:
        """With what it took on from others since it was listed. Raises NotFound."""
        return self._client.leads.get(lead.id) if lead.id in self._grown else lead

    def merge(self, survivor: Lead, duplicate: Lead, pair: DuplicatePair) -> Merged | None:
        """None where somebody else was faster."""
        self._gone.add(duplicate.id)
        try:
            merged = self._client.leads.merge(survivor.id, duplicate.id, dry_run=self.dry_run)
        except (NotFound, Conflict):
            self._gone.add(survivor.id)
            self.skipped += 1
            return None
        if not self.dry_run:
            self._grown.add(survivor.id)
        made = Merge(survivor.id, duplicate.id, pair.score, list(pair.reasons), merged.operation_id)
        self.merges.append(made)
        return merged


def dedupe(
    min_score: Annotated[
        int | None,
        typer.Option("--min-score", min=50, max=100, help="Only pairs that are at least so sure; 60, if not said."),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Merge all of them into the older one; asks nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Merge nothing, only tell what would come of it.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Show leads that may be the same side by side, and merge those that are.

    Each merge can be undone by itself: `leadlight operations undo`.
    """
    if auto and min_score is None:
        end(
            "--auto needs a --min-score: 100 for the same email, 97 for the same mailbox; "
            "from 80 on it is hardly anybody else"
        )
    if as_json and not auto:
        end("--json goes with --auto: a program can't be asked")
    with talking(url, key) as client:
        session = _Session(client, dry_run=dry_run)
        try:
            if auto:
                _merge_all(session, min_score, _nothing if as_json else _tell_merge)
            else:
                _ask_for_each(session, min_score)
        except (KeyboardInterrupt, typer.Abort):
            typer.echo(err=True)  # behind what was asked, or ^C
            _tell_end(session, as_json=as_json)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except LeadlightError:
            if session.merges:
                _tell_end(session, as_json=as_json)
            raise
    _tell_end(session, as_json=as_json)


def _merge_all(session: _Session, min_score: int | None, tell: Callable[[DuplicatePair], None]) -> None:
    for pair in session.pairs(min_score):
        if session.merge(*pair.leads, pair) is not None:
            tell(pair)


def _nothing(_: DuplicatePair) -> None:
    pass


def _tell_merge(pair: DuplicatePair) -> None:
    older, younger = pair.leads
    names = printable(f"{younger.name} <{younger.email}> into {older.name} <{older.email}>")
    typer.echo(f"{pair.score:3}  {younger.id} into {older.id}  {names}")


def _ask_for_each(session: _Session, min_score: int | None) -> None:
    for pair in session.pairs(min_score):
        try:
            survivor, duplicate = map(session.as_it_is, pair.leads)
        except NotFound:
            session.skipped += 1
            continue
        while True:
            _show(survivor, duplicate, pair)
            answer = _ask()
            if answer is not Answer.SWAP:
                break
            survivor, duplicate = duplicate, survivor
        if answer is Answer.QUIT:
            return
        if answer is Answer.SKIP:
            session.skipped += 1
            continue
        merged = session.merge(survivor, duplicate, pair)
        if merged is None:
            typer.echo("One of them was changed or deleted meanwhile; nothing was merged.")
        elif not session.dry_run:
            typer.echo(f"Merged. To take it back: leadlight operations undo {merged.operation_id}")


def _ask() -> Answer:
    while True:
        text = typer.prompt("[m]erge right into left, [s]kip, s[w]ap sides, [q]uit").strip().lower()[:1]
        if text in set(Answer):
            return Answer(text)


def _show(survivor: Lead, duplicate: Lead, pair: DuplicatePair) -> None:
    """Side by side; what differs stands out."""
    left, right = lead_fields(survivor), lead_fields(duplicate)
    shown = Table("", "stays", "is merged into it", title=f"{pair.score}: {printable(', '.join(pair.reasons))}")
    for name in dict.fromkeys([*left, *right]):
        mine, other = cell(left.get(name)), cell(right.get(name))
        if mine.plain != other.plain and name != "id":
            other.stylize("bold")
        shown.add_row(Text(name), mine, other)
    console().print(shown)


def _tell_end(session: _Session, *, as_json: bool) -> None:
    if as_json:
        print_json({"dryRun": session.dry_run, "merges": session.merges, "skipped": session.skipped})
        return
    done = "Would merge" if session.dry_run else "Merged"
    typer.echo(f"{done} {counted(len(session.merges), 'pair')}; left alone {session.skipped:,}.")
