"""Leadlight's transaction for a new lead, without Leadlight: its four statements on asyncpg, in a loop.

python -m benchmarks.bare_creates URL --writers 16 --seconds 3 WORKSPACE …

Prints what wrk's script prints.
"""

import argparse
import asyncio
import json
from itertools import cycle, islice
from random import Random
from time import perf_counter, process_time
from typing import Any

import asyncpg
import msgspec
import uvloop

from benchmarks.people import Person, people
from benchmarks.seed import creation
from leadlight.clock import system_clock
from leadlight.events import queries as events
from leadlight.ids import EVENT, LEAD, IdFactory
from leadlight.leads import identities
from leadlight.leads import queries as leads
from leadlight.leads.lead import Lead, LeadStatus
from leadlight.leads.matching import MAX_IDENTITY
from leadlight.store.postgres_transaction import PostgresTransaction, _insertion, combined, positional

# Leadlight's own statements, as it sends them: the comparison is worth nothing with others.
_TAKE_POSITION, _ = positional(events._TAKE_POSITIONS)  # noqa: SLF001
_IDENTITY = identities._INSERT.format(value=PostgresTransaction.json_text(None, ":metadata", "key"))  # noqa: SLF001
_INSERTS, _NAMES = combined(
    (_insertion(events._TABLE), _insertion(leads._TABLE), leads._COUNT_UP, _IDENTITY)  # noqa: SLF001
)

_PEOPLE = 5_000
_new_id = IdFactory()


async def write(url: str, workspaces: list[str], writers: int, seconds: float) -> dict[str, float]:
    """Writers take the workspaces in turn."""
    made = [(person, _columns(person)) for person in islice(people(Random(5)), _PEOPLE)]
    connections = [await asyncpg.connect(url) for _ in range(writers)]
    cpu_before, until = process_time(), perf_counter() + seconds
    taken = await asyncio.gather(
        *(
            _write_until(connection, workspace, made, until)
            for connection, workspace in zip(connections, cycle(workspaces), strict=False)
        )
    )
    cpu = process_time() - cpu_before
    for connection in connections:
        await connection.close()
    times = sorted(one for times in taken for one in times)
    return {
        "requests": len(times),
        "microseconds": round(seconds * 1e6),
        "cpu": round(cpu * 1e6),
        **{f"p{part}": round(times[len(times) * part // 100] * 1e6) for part in (50, 99)},
        "refused": 0,
        "broken": 0,
    }


async def _write_until(
    connection: asyncpg.Connection, workspace: str, made: list[tuple[Person, dict[str, Any]]], until: float
) -> list[float]:
    times = []
    for person, columns in cycle(made):
        began = perf_counter()
        if began >= until:
            break
        await connection.execute("BEGIN")
        position = await connection.fetchval(_TAKE_POSITION, 1, workspace)
        parts = _parameters(person, columns, workspace, position)
        await connection.execute(_INSERTS, *[parts[index][name] for index, name in _NAMES])
        await connection.execute("COMMIT")
        times.append(perf_counter() - began)
    return times


def _parameters(person: Person, columns: dict[str, Any], workspace: str, position: int) -> tuple[dict[str, Any], ...]:
    """Of the event, the lead, the count and what else it is recognised by."""
    now, lead_id = system_clock(), _new_id(LEAD)
    event = {"workspace_id": workspace, "position": position, "id": _new_id(EVENT), "type": "lead.created"}
    event |= {"lead_id": lead_id, "actor_type": "api_key", "actor_id": "key_7"}
    event |= {"changes": creation(person), "created_at": now, "lead": None, "quiet": 0}
    lead = columns | {
        "workspace_id": workspace,
        "id": lead_id,
        "number": position,
        "created_at": now,
        "updated_at": now,
    }
    count = {"workspace_id": workspace, "status": person.status, "source": person.source or "", "leads": 1}
    identity = {"workspace_id": workspace, "lead_id": lead_id, "metadata": person.metadata, "longest": MAX_IDENTITY}
    return event, lead, count, identity


def _columns(person: Person) -> dict[str, Any]:
    """All columns of a lead that do not change from one to the next: computing them is no part of the database's."""
    metadata = msgspec.Raw(person.metadata.encode())
    lead = Lead(
        "", "", person.name, person.email, person.phone, person.source, LeadStatus(person.status), metadata, 0, 0, 1
    )
    return dict(zip(leads._TABLE.columns, leads._row(lead, 0), strict=True))  # noqa: SLF001


def main() -> None:
    parser = argparse.ArgumentParser(description="Write leads with nothing but asyncpg.")
    parser.add_argument("url")
    parser.add_argument("workspaces", nargs="+")
    parser.add_argument("--writers", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(write(given.url, given.workspaces, given.writers, given.seconds))))


if __name__ == "__main__":
    main()
