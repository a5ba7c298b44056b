"""Use cases of workspaces and keys."""

import msgspec

from leadlight.clock import DAY, LAST_MOMENT, Clock
from leadlight.duplicate_rule import OnDuplicate
from leadlight.errors import Conflict, InvalidInput, NotFound, Problem
from leadlight.events.service import EventService
from leadlight.ids import KEY, WORKSPACE, NewId
from leadlight.principal import Actor, Principal, Scope
from leadlight.store.database import Database, Transaction
from leadlight.workspaces import queries
from leadlight.workspaces.key import ApiKey, IssuedKey, hash_secret, is_well_formed, new_secret
from leadlight.workspaces.workspace import Workspace

ROTATION_GRACE_SECONDS = DAY // 1000


class KeySpec(msgspec.Struct, frozen=True):
    """What a new key is to be. `rate_limit`: requests an hour, 0 for none, None for the server's own."""

    name: str
    scopes: tuple[Scope, ...]
    rate_limit: int | None = None
    expires_at: int | None = None


class WorkspaceService:
    def __init__(self, database: Database, events: EventService, clock: Clock, new_id: NewId) -> None:
        self._database = database
        self._events = events
        self._clock = clock
        self._new_id = new_id
        self._last_used: dict[str, tuple[str, int]] = {}

    # Workspaces

    async def create_workspace(self, name: str) -> Workspace:
        return await self._database.write(self._create_workspace, name)

    async def get_workspace(self, workspace_id: str) -> Workspace:
        workspace = await self._database.read(queries.find_workspace, workspace_id)
        if workspace is None:
            raise NotFound(f"There is no workspace {workspace_id}")
        return workspace

    async def update_workspace(
        self, workspace_id: str, *, name: str | None, on_duplicate: OnDuplicate | None, match_on: str | None
    ) -> Workspace:
        """Changes what is given; every process goes by it within a second. Raises NotFound."""
        return await self._database.write(self._update_workspace, workspace_id, name, on_duplicate, match_on)

    async def list_workspaces(self) -> list[Workspace]:
        return await self._database.scan(queries.list_workspaces)

    async def create_first(self, name: str, spec: KeySpec) -> tuple[Workspace, IssuedKey] | None:
        """Makes a workspace and a key in a store that has none; None where there is one already."""
        return await self._database.write(self._create_first, name, spec)

    # Keys

    async def create_key(self, workspace_id: str, spec: KeySpec) -> IssuedKey:
        """Raises NotFound, or InvalidInput for an expiry that has passed."""
        if spec.expires_at is not None and spec.expires_at <= self._clock():
            raise InvalidInput([Problem("expiresAt", "must be in the future", "out_of_range")])
        return await self._database.write(self._insert_key, workspace_id, spec)

    async def list_keys(self, workspace_id: str, *, after: str, limit: int) -> list[ApiKey]:
        """A page of keys by age, behind an id; those that are no longer valid included."""

        async def page(tx: Transaction) -> list[ApiKey]:
            return await queries.list_keys(tx, workspace_id, after=after, limit=limit)

        return await self._database.scan(page)

    async def list_all_keys(self, workspace_id: str) -> list[ApiKey]:
        keys: list[ApiKey] = []
        while page := await self.list_keys(workspace_id, after=keys[-1].id if keys else "", limit=1_000):
            keys += page
        return keys

    async def rotate_key(
        self, workspace_id: str, key_id: str, *, grace_seconds: int = ROTATION_GRACE_SECONDS
    ) -> IssuedKey:
        """Issues a key like this one; the old one goes on working for the time of grace.

        Raises NotFound, or Conflict for a key that is revoked, expired or rotated already.
        """
        return await self._database.write(self._rotate, workspace_id, key_id, grace_seconds)

    async def revoke_key(self, workspace_id: str, key_id: str) -> ApiKey:
        """Ends a key at once, and for good; to revoke it again changes nothing. Raises NotFound."""
        return await self._database.write(self._revoke, workspace_id, key_id)

    async def workspace_of_key(self, key_id: str) -> str:
        """For an operator at the console, who stands outside of all workspaces. Raises NotFound."""
        workspace_id = await self._database.read(queries.find_workspace_of_key, key_id)
        if workspace_id is None:
            raise NotFound(f"There is no key {key_id}")
        return workspace_id

    # Authentication

    async def find_principal(self, secret: str) -> Principal | None:
        """Who a secret stands for, or None when no key that is valid now has it."""
        if not is_well_formed(secret):
            return None
        found = await self._database.read(queries.find_key_by_hash, hash_secret(secret))
        if found is None:
            return None
        key, duplicates = found
        now = self._clock()
        if not key.is_valid(now):
            return None
        self._last_used[key.id] = (key.workspace_id, now)
        actor, scopes = Actor.of(key.id), frozenset(key.scopes)
        return Principal(actor, key.workspace_id, scopes, key.rate_limit, key.expires_at, duplicates)

    async def save_last_used(self) -> None:
        """Stores when keys were last used; called now and then, for a write a request would be dear."""
        used, self._last_used = self._last_used, {}
        if used:
            await self._database.write(self._touch, used)

    async def beat(self) -> None:
        """Writes to the store, to find out whether it takes writes. Raises StoreUnavailable."""
        await self._database.write(queries.beat, self._clock())

    # Units of work

    async def _create_workspace(self, tx: Transaction, name: str) -> Workspace:
        return await self._insert_workspace(tx, name, await queries.last_number(tx) + 1)

    async def _update_workspace(
        self,
        tx: Transaction,
        workspace_id: str,
        name: str | None,
        on_duplicate: OnDuplicate | None,
        match_on: str | None,
    ) -> Workspace:
        workspace = await queries.find_workspace(tx, workspace_id)
        if workspace is None:
            raise NotFound(f"There is no workspace {workspace_id}")
        duplicates = workspace.duplicates.but(on_duplicate, match_on)
        changed = msgspec.structs.replace(workspace, name=name or workspace.name, duplicates=duplicates)
        if changed != workspace:
            await queries.update_workspace(tx, changed)
        return changed

    async def _create_first(self, tx: Transaction, name: str, spec: KeySpec) -> tuple[Workspace, IssuedKey] | None:
        if await queries.last_number(tx):
            return None
        # The number is not asked for again: another server may have made the first one since.
        workspace = await self._insert_workspace(tx, name, 1)
        return workspace, await self._insert_key(tx, workspace.id, spec)

    async def _insert_workspace(self, tx: Transaction, name: str, number: int) -> Workspace:
        workspace = Workspace(self._new_id(WORKSPACE), name, self._clock())
        await queries.insert_workspace(tx, workspace, number)
        await self._events.open_feed(tx, workspace.id)
        return workspace

    async def _insert_key(self, tx: Transaction, workspace_id: str, spec: KeySpec) -> IssuedKey:
        if await queries.find_workspace(tx, workspace_id) is None:
            raise NotFound(f"There is no workspace {workspace_id}")
        key = ApiKey(
            self._new_id(KEY),
            workspace_id,
            spec.name,
            spec.scopes,
            spec.rate_limit,
            created_at=self._clock(),
            expires_at=spec.expires_at,
        )
        secret = new_secret()
        await queries.insert_key(tx, key, hash_secret(secret))
        return IssuedKey(key, secret)

    async def _rotate(self, tx: Transaction, workspace_id: str, key_id: str, grace_seconds: int) -> IssuedKey:
        now = self._clock()
        old = await self._get_key(tx, workspace_id, key_id)
        if not old.is_valid(now):
            raise Conflict("This key is revoked or expired; create a new one instead", keyId=key_id)
        if old.replaced_by is not None:
            raise Conflict(
                "This key was rotated already; rotate its successor", keyId=key_id, replacedBy=old.replaced_by
            )
        expires_at = None if old.expires_at is None else min(now + old.expires_at - old.created_at, LAST_MOMENT)
        spec = KeySpec(old.name, old.scopes, old.rate_limit, expires_at)
        issued = await self._insert_key(tx, workspace_id, spec)
        grace_ends = now + grace_seconds * 1000
        ends = grace_ends if old.expires_at is None else min(grace_ends, old.expires_at)
        await queries.replace_key(tx, old, replaced_by=issued.key.id, expires_at=ends)
        return issued

    async def _revoke(self, tx: Transaction, workspace_id: str, key_id: str) -> ApiKey:
        await self._get_key(tx, workspace_id, key_id)
        await queries.revoke_key(tx, workspace_id, key_id, self._clock())
        return await self._get_key(tx, workspace_id, key_id)

    async def _get_key(self, tx: Transaction, workspace_id: str, key_id: str) -> ApiKey:
        key = await queries.find_key(tx, workspace_id, key_id)
        if key is None:
            raise NotFound("No API key with this ID in your workspace", keyId=key_id)
        return key

    async def _touch(self, tx: Transaction, used: dict[str, tuple[str, int]]) -> None:
        for key_id, (workspace_id, last_used_at) in sorted(used.items()):  # the same way round in every process
            await queries.touch_key(tx, workspace_id, key_id, last_used_at)
