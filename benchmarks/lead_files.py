"""Files of leads to import: CSV with eight columns, the same ones each time."""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.people import people
from benchmarks.seed import scratch_folder

_COLUMNS = ("Name", "E-Mail", "Phone", "Company", "City", "Source", "Score", "Notes")


def csv_file(rows: int, number: int = 0) -> Path:
    """A file that goes at the end of the run. `number`: those of other numbers hold other people."""
    path = scratch_folder(f"file-{number}") / "leads.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(islice(_rows(Random(f"file {number}")), rows))
    return path


def _rows(random: Random) -> Iterator[tuple[object, ...]]:
    for person in people(random):
        metadata = json.loads(person.metadata)
        yield (
            *(person.name, person.email, person.phone_key, metadata["company"], metadata["address"]["city"]),
            *(person.source, metadata["score"], metadata["notes"]),
        )
