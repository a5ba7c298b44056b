"""Writing leads: rows, what finds them, counts and events, for one lead or for thousands, in one transaction."""

from collections.abc import Sequence

import msgspec

from leadlight.events.event import Change, Changes, EventType, Happening
from leadlight.events.service import EventService
from leadlight.leads import identities, queries
from leadlight.leads.change import creation_changes, snapshot
from leadlight.leads.lead import Lead
from leadlight.leads.metadata import NULL
from leadlight.leads.reminders import keep_reminders
from leadlight.principal import Actor
from leadlight.store.database import Transaction


class Step(msgspec.Struct, frozen=True):
    """What becomes of one lead, and what is told of it. `before` None: it was not there; `after` None: it is gone.

    Nothing is told of one that goes into another: that one's step tells it.
    """

    before: Lead | None
    after: Lead | None
    happened: tuple[Happening, ...]

    @property
    def lead_id(self) -> str:
        lead = self.after or self.before
        if lead is None:
            raise AssertionError("a step is about a lead")
        return lead.id


def created(lead: Lead) -> Step:
    told = None if lead.created_at == lead.updated_at else snapshot(lead)
    return Step(None, lead, (Happening(EventType.LEAD_CREATED, lead.id, creation_changes(lead), told),))


def restored(lead: Lead) -> Step:
    return Step(None, lead, (Happening(EventType.LEAD_RESTORED, lead.id, creation_changes(lead), snapshot(lead)),))


def changed(before: Lead, after: Lead, changes: Changes, *, told_as: EventType = EventType.LEAD_UPDATED) -> Step:
    shot = snapshot(after)
    happened = [Happening(told_as, after.id, changes, shot)]
    if "status" in changes:
        status = {"status": changes["status"]}
        happened.append(Happening(EventType.LEAD_STATUS_CHANGED, after.id, status, shot))
    return Step(before, after, tuple(happened))


def removed(lead: Lead) -> Step:
    """Its history stays: who wants that gone too erases it first."""
    return Step(lead, None, (Happening(EventType.LEAD_DELETED, lead.id, {}),))


def merged(before: Lead, after: Lead, changes: Changes, *, duplicate: Lead) -> list[Step]:
    """Another lead goes into one, whose history tells it."""
    gone = {"mergedLeadId": Change(NULL, msgspec.Raw(msgspec.json.encode(duplicate.id)))}
    happened = Happening(EventType.LEAD_MERGED, after.id, {**changes, **gone}, snapshot(after))
    return [Step(before, after, (happened,)), Step(duplicate, None, ())]


class LeadWriting:
    def __init__(self, events: EventService) -> None:
        self._events = events

    async def write(
        self,
        tx: Transaction,
        workspace_id: str,
        actor: Actor,
        steps: Sequence[Step],
        *,
        at: int,
        quiet: bool = False,
    ) -> None:
        """Does what the steps say, one after another; of a lead that several are about, the last state is stored.

        `at`: the time of the changes. `quiet`: no webhook is told of them.
        """
        if not steps:
            return
        happened = [each for step in steps for each in step.happened]
        told = await self._events.record(tx, workspace_id, actor, happened, at=at, quiet=quiet)
        rows: dict[str, _Row] = {}
        reached = 0
        for step in steps:
            row = rows.get(step.lead_id)
            if row is None:
                rows[step.lead_id] = _Row(step.before, step.after, told[reached].position if step.happened else 0)
            else:
                row.after = step.after
            reached += len(step.happened)
        await _store(tx, workspace_id, list(rows.values()))

    async def find(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> dict[str, Lead]:
        """Those of some leads that there are, by id."""
        return {lead.id: lead for lead in await queries.find_leads(tx, workspace_id, lead_ids)}

    async def follow(self, tx: Transaction, workspace_id: str, lead_id: str) -> Lead | None:
        """A lead, or the one that it was merged into."""
        lead = await queries.find_lead(tx, workspace_id, lead_id)
        if lead is not None:
            return lead
        survivor = await identities.find_survivor(tx, workspace_id, lead_id)
        return None if survivor is None else await queries.find_lead(tx, workspace_id, survivor)

    async def list_merged_into(self, tx: Transaction, workspace_id: str, *lead_ids: str) -> list[str]:
        """The ids that stand for some leads, by whatever way."""
        return await identities.list_merged_into(tx, workspace_id, lead_ids)

    async def redirect(
        self, tx: Transaction, workspace_id: str, lead_id: str, *, survivor_id: str, operation_id: str, now: int
    ) -> None:
        """Has the id of a lead that is gone stand for another one."""
        await identities.redirect(
            tx, workspace_id, lead_id, survivor_id=survivor_id, operation_id=operation_id, now=now
        )

    async def forget_redirects(self, tx: Transaction, workspace_id: str, lead_ids: Sequence[str]) -> None:
        await identities.forget_redirects(tx, workspace_id, lead_ids)


class _Row(msgspec.Struct):
    """What becomes of a lead in the end. `number`: the position of an event of its own, which a new one has."""

    before: Lead | None
    after: Lead | None
    number: int


async def _store(tx: Transaction, workspace_id: str, rows: Sequence[_Row]) -> None:
    new = [(row.after, row.number) for row in rows if row.before is None and row.after is not None]
    kept = [(row.before, row.after) for row in rows if row.before is not None and row.after is not None]
    gone = [row.before for row in rows if row.before is not None and row.after is None]
    if new:
        await queries.insert_leads(tx, new)
    if kept:
        await queries.update_leads(tx, [after for _, after in kept])
    if gone:
        await queries.delete_leads(tx, gone)
        await identities.delete_identities(tx, workspace_id, [lead.id for lead in gone])
    before = [row.before for row in rows if row.before is not None]
    after = [row.after for row in rows if row.after is not None]
    await queries.count(tx, workspace_id, before, after)
    await keep_reminders(tx, workspace_id, [(row.before, row.after) for row in rows])
    if len(rows) > 1 and not await identities.has_keys(tx, workspace_id):
        return
    for lead, _ in new:
        await identities.insert_identity(tx, lead)
    for one, other in kept:
        if one.metadata != other.metadata:
            await identities.replace_identity(tx, other)
