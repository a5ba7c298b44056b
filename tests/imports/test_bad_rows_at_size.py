"""A hundred thousand rows of which each hundredth is bad: all the good ones come in, and no bad one is lost."""

from typing import Any

import pytest

from tests.conftest import Client, Server
from tests.imports.uploads import begin, counts, errors, wait_for

ROWS = 100_000
HEADER = b"name,email,phone,company,note\n"
BAD = (
    b"Person %d,nobody %d,+44 20 7946 0018,Company,a bad address\n",
    b",p%d@example.com,+44 20 7946 0018,Company %d,no name\n",
    b'Person %d,p%d@example.com,+44 20 7946 0018,"Company,a quote that never closes\n',
    b"J\xfcrgen %d,p%d@example.com,+44 20 7946 0018,Company,another encoding\n",
    b'Person %d,p%d@example.com,+44 20 7946 0018,"Com"pany,a quote in the middle\n',
)
WHY = ("valid email address", "every lead needs one", "quotes of the row", "not in the encoding", "quotes of the row")
HUGE = 50_000
"""The number of a row of 5 MB."""


def line(number: int) -> bytes:
    if number == HUGE:
        return b"Person,p@example.com,,," + b"x" * 5_000_000 + b"\n"
    if number % 100 == 0:
        return BAD[number // 100 % len(BAD)] % (number, number)
    return b'J\xc3\xbcrgen %d,p%d@example.com,+44 20 7946 0018,"Company, Ltd",a note\n' % (number, number)


@pytest.mark.slow
@pytest.mark.engine("sqlite")
def test_all_good_rows_come_in_and_all_bad_ones_come_back(server: Server, api: Client) -> None:
    content = HEADER + b"".join(map(line, range(1, ROWS + 1)))
    job = begin(api, content)

    ended = wait_for(api, job["id"], lambda found: found["status"] != "queued" and found["finishedAt"], seconds=300)

    assert (ended["status"], ended["error"], ended["processed"]) == ("completed", None, ROWS)
    assert counts(ended) == (99_000, 0, 0, 1_000)
    good = {f"p{number}@example.com" for number in range(1, ROWS + 1) if number % 100}
    assert server.do(server.database.scan(addresses, api.workspace_id)) == good
    for [number, at, why, *_], expected in zip(errors(api, job["id"])[1:], range(100, ROWS + 1, 100), strict=True):
        assert (int(number), int(at)) == (expected, expected + 1)
        reason = "longer than a row may be" if expected == HUGE else WHY[expected // 100 % len(WHY)]
        assert reason in why


async def addresses(tx: Any, workspace_id: str) -> set[str]:
    rows = await tx.rows("SELECT email FROM leads WHERE workspace_id = :workspace_id", workspace_id=workspace_id)
    assert len(rows) == len(set(rows))
    return {email for [email] in rows}
