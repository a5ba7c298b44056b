"""Reading takes as little memory for a large file as for a small one."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from leadlight.imports.rows import Limits, open_rows
from tests.imports.files import gzipped

LINES = [f"Ada {number},ada{number}@example.com,a note\n" for number in range(150_000)]
PLAIN = "name,email,note\n" + "".join(LINES)
OPEN = "".join(['name,email,note\n"Ada,a@example.com,x\n', *LINES])
ENDLESS = "".join(["name,email,note\n", *LINES[:10], '"', *["some text\n"] * 700_000, *LINES[:10]])
JSON = "".join(f'{{"name":"Ada {number}","note":"a note of some length"}}\n' for number in range(150_000))


@pytest.mark.slow
@pytest.mark.parametrize("text", [PLAIN, OPEN, ENDLESS, JSON, "a\n" + "x" * 20_000_000 + "\n1\n"], ids=range(5))
@pytest.mark.parametrize("sent", [str.encode, gzipped])
def test_memory_does_not_grow_with_the_file(text: str, sent: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "leads"
    path.write_bytes(sent(text))

    with path.open("rb") as file:
        tracemalloc.start()
        rows = sum(1 for _ in open_rows(file, path.name, Limits(row_bytes=1 << 18)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert rows > 1
    assert peak < 8 << 20
