"""The stylesheet and the scripts: kept for ever at an address of their version, and packed for those who take that."""

import re

import pytest

from tests.dashboard.person import Person


@pytest.fixture
def addresses(owner: Person) -> list[str]:
    pages = [owner.get(f"{owner.home}/{name}").text for name in ("leads", "board", "leads/new")]
    return sorted({address for page in pages for address in re.findall(r'"(/assets/[^"]+)"', page)})


@pytest.mark.parametrize(("encoding", "packed"), [("gzip, deflate", "gzip"), ("br", None), ("", None)])
def test_each_is_there_packed_or_not(owner: Person, addresses: list[str], encoding: str, packed: str | None) -> None:
    plain = {address: owner.get(address, headers={"Accept-Encoding": "identity"}).content for address in addresses}

    for address in addresses:
        answer = owner.get(address, headers={"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding") == packed
        assert answer.headers["vary"] == "accept-encoding"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content == plain[address] != b""


def test_of_an_older_version_it_is_asked_for_again(owner: Person, addresses: list[str]) -> None:
    older = re.sub(r"/assets/\w+/", "/assets/000000000000/", addresses[0])

    assert owner.get(older).headers["cache-control"] == "no-cache"
    assert owner.get("/assets/000000000000/unknown.js").status_code == 404
