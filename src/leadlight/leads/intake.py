"""Taking leads in: each becomes a new one, or meets the one that it is the same as."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import Conflict, LeadlightError
from leadlight.events.service import EventService
from leadlight.ids import LEAD, NewId
from leadlight.leads import identities, queries
from leadlight.leads.change import LeadDraft, LeadPatch, apply_patch, new_lead
from leadlight.leads.lead import Lead
from leadlight.leads.matching import identity_if_any, identity_of, identity_of_lead, match_key
from leadlight.leads.writing import LeadWriting, Step, changed, created
from leadlight.principal import Actor
from leadlight.store.database import Transaction


class Incoming(msgspec.Struct, frozen=True):
    """A lead that comes in. `lead_id`: it says itself which one it is. `created_at`: where it was known before.

    `patch`: what it changes of a lead that is there; all of the draft, if not said. `exact`: each key of its metadata
    takes the place of that key as it is, and is not merged.
    """

    draft: LeadDraft
    lead_id: str | None = None
    created_at: int | None = None
    patch: LeadPatch | None = None
    exact: bool = False


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    ERROR = "error"


class Taken(msgspec.Struct, frozen=True):
    """What became of one that came in: the lead as it is now, as it was before, or why it was not taken.

    One that meets a lead and changes nothing of it is told as updated, with nothing before.
    """

    outcome: Outcome
    lead: Lead | None = None
    before: Lead | None = None
    error: LeadlightError | None = None


class Intake:
    def __init__(self, events: EventService, writing: LeadWriting, new_id: NewId) -> None:
        self._events = events
        self._writing = writing
        self._new_id = new_id

    async def take(
        self,
        tx: Transaction,
        workspace_id: str,
        actor: Actor,
        incoming: Sequence[Incoming],
        *,
        rule: DuplicateRule,
        now: int,
        quiet: bool = False,
        atomic: bool = False,
        dry_run: bool = False,
    ) -> list[Taken]:
        """Takes some in, in their order; one that can't be taken leaves the others alone.

        `quiet`: no webhook is told. `atomic`: nothing is stored when one can't be taken; `dry_run`: nothing is.
        Whoever calls it decides by nothing that it read before, or holds the workspace since then.
        """
        matches = _Matches(rule)
        if rule.on_duplicate is not OnDuplicate.CREATE or any(each.lead_id for each in incoming):
            await self._events.hold(tx, workspace_id)
            await matches.find(tx, workspace_id, incoming)
        steps: list[Step] = []
        taken = [self._take_one(each, workspace_id, matches, steps, now) for each in incoming]
        if not dry_run and (not atomic or all(one.error is None for one in taken)):
            await self._writing.write(tx, workspace_id, actor, steps, at=now, quiet=quiet)
        return taken

    def _take_one(
        self, incoming: Incoming, workspace_id: str, matches: "_Matches", steps: list[Step], now: int
    ) -> Taken:
        try:
            existing = matches.of(incoming)
            if existing is None:
                lead = new_lead(
                    incoming.draft,
                    lead_id=self._new_id(LEAD),
                    workspace_id=workspace_id,
                    now=now,
                    created_at=incoming.created_at,
                )
                steps.append(created(lead))
                matches.note(lead)
                return Taken(Outcome.CREATED, lead)
            if matches.rule.on_duplicate is OnDuplicate.SKIP:
                return Taken(Outcome.SKIPPED, existing)
            if matches.rule.on_duplicate is OnDuplicate.REJECT:
                what = matches.rule.match_on
                raise Conflict(f"A lead with this {what} exists already", existingId=existing.id)
            applied = apply_patch(existing, incoming.patch or LeadPatch.of(incoming.draft), now, exact=incoming.exact)
        except LeadlightError as error:
            return Taken(Outcome.ERROR, error=error)
        if applied is None:
            return Taken(Outcome.UPDATED, existing)
        after, changes = applied
        steps.append(changed(existing, after, changes))
        matches.note(after)
        return Taken(Outcome.UPDATED, after, existing)


class _Matches:
    """The leads that those who come in may be the same as: the stored ones, and those that came before them."""

    def __init__(self, rule: DuplicateRule) -> None:
        self.rule = rule
        self._ids: dict[str, set[str]] = {}  # by identity: of those that have it, or had it further up
        self._by_id: dict[str, Lead] = {}

    async def find(self, tx: Transaction, workspace_id: str, incoming: Sequence[Incoming]) -> None:
        """Whoever is asked for by id may come to be somebody else: who has its identity besides is found as well."""
        asked = list({each.lead_id for each in incoming if each.lead_id})
        for lead in await queries.find_leads(tx, workspace_id, asked):
            self.note(lead)
        if self.rule.on_duplicate is OnDuplicate.CREATE:
            return
        key = match_key(self.rule.match_on)
        if key is not None:
            await identities.ensure_key(tx, workspace_id, key)
        values = list({value for each in incoming if (value := identity_if_any(each.draft, self.rule.match_on))})
        if key is None:
            column = "email_key" if self.rule.match_on == "email" else "phone_key"
            for lead in await queries.find_oldest(tx, workspace_id, column, values, excluded=asked):
                self.note(lead)
        else:
            ids = await identities.find_by_key(tx, workspace_id, key, values, excluded=asked)
            for lead in await queries.find_leads(tx, workspace_id, list(set(ids.values()))):
                self.note(lead)

    def of(self, incoming: Incoming) -> Lead | None:
        """Raises InvalidInput for what can't be compared."""
        if incoming.lead_id in self._by_id:
            return self._by_id[incoming.lead_id]
        if self.rule.on_duplicate is OnDuplicate.CREATE:
            return None
        identity = identity_of(incoming.draft, self.rule.match_on)
        for lead_id in sorted(self._ids.get(identity or "", ())):
            lead = self._by_id[lead_id]
            if identity_of_lead(lead, self.rule.match_on) == identity:
                return lead
        return None

    def note(self, lead: Lead) -> None:
        """A lead as it is from here on."""
        self._by_id[lead.id] = lead
        if self.rule.on_duplicate is OnDuplicate.CREATE:
            return
        identity = identity_of_lead(lead, self.rule.match_on)
        if identity:
            self._ids.setdefault(identity, set()).add(lead.id)
