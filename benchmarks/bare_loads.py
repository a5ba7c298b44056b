"""SQLite alone taking in the leads that an import stored: one executemany, one transaction, durable as Leadlight is.

python -m benchmarks.bare_loads FROM INTO NUMBER

Leads with a greater number are copied from one file to the other. They are read before the time begins. Prints the
seconds that it took, and those of the processor.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import apsw

from leadlight.import_main import _CACHE_KIB

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY", f"cache_size = -{_CACHE_KIB}")


def load(source: Path, target: Path, number: int) -> dict[str, float]:
    rows = _rows(source, number)
    connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    sql = f"INSERT INTO leads VALUES ({', '.join('?' for _ in rows[0])})"
    began, cpu_before = perf_counter(), process_time()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(sql, rows)
    connection.execute("COMMIT")
    return {"rows": len(rows), "seconds": perf_counter() - began, "cpu": process_time() - cpu_before}


def _rows(source: Path, number: int) -> list[Any]:
    connection = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return connection.execute("SELECT * FROM leads WHERE number > ? ORDER BY number", (number,)).fetchall()
    finally:
        connection.close()


if __name__ == "__main__":
    print(json.dumps(load(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
