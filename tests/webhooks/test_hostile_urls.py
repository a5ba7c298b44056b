"""No URL, and nothing that DNS says, leads a delivery to where it must not go: a receiver listens there in vain."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from leadlight.errors import Invalid
from leadlight.webhooks.address import check_url
from leadlight.webhooks.failure import Failure
from leadlight.webhooks.sender import Sender
from tests.conftest import START
from tests.webhooks.names import Names
from tests.webhooks.receiver import Receiver, redirect

PUBLIC = "93.184.215.14"

HOSTILE = [
    "http://127.0.0.1:{port}/",
    "http://127.8.8.8:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://127.0.0.01:{port}/",
    "http://0:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://127.0.\t0.1:{port}/",
    "http://user:password@127.0.0.1:{port}/",
    "http://example.invalid:80@127.0.0.1:{port}/",
    "http://example.invalid\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.invalid/",
    "http://[::1%25lo]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://100.100.100.200/",
]


def sender(*, allow_private: bool = False, names: Names | None = None) -> Sender:
    return Sender(allow_private=allow_private, timeout_seconds=5, clock=lambda: START, resolver=names)


async def check(url: str, **options: object) -> None:
    """All that is asked of a URL before it is kept."""
    asked = sender(**options)  # type: ignore[arg-type]
    try:
        await asked.check_reachable(check_url(url))
    finally:
        await asked.close()


async def post(url: str, **options: object) -> Failure | None:
    """Straight to the sender, as though nobody had checked the URL."""
    sending = sender(**options)  # type: ignore[arg-type]
    outcome = await sending.post(url, b"{}", {})
    await sending.close()
    return outcome.failure


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.mark.parametrize("url", HOSTILE)
async def test_a_hostile_url_is_refused_and_never_called(receiver: Receiver, url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await check(url.format(port=receiver.port))

    assert refusal.value.code in {"blocked_address", "invalid_url", "credentials_in_url"}
    assert await post(url.format(port=receiver.port)) is not None
    assert receiver.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "[::ffff:7f00:1]"])
async def test_an_attempt_says_that_its_address_is_blocked(receiver: Receiver, host: str) -> None:
    assert await post(f"http://{host}:{receiver.port}/") is Failure.BLOCKED_ADDRESS


async def test_tells_what_to_do_about_a_private_address(receiver: Receiver) -> None:
    with pytest.raises(Invalid, match="for development, LEADLIGHT_WEBHOOK_ALLOW_PRIVATE=true permits it") as refusal:
        await check(receiver.url)

    assert refusal.value.code == "blocked_address"


async def test_a_private_address_may_be_called_where_that_is_allowed(receiver: Receiver) -> None:
    await check(receiver.url, allow_private=True)

    assert await post(receiver.url, allow_private=True) is None
    assert receiver.connections == 1


async def test_dns_that_changes_its_answer_gains_nothing(receiver: Receiver) -> None:
    url = f"http://rebinding.test:{receiver.port}/"
    names = Names([PUBLIC], ["127.0.0.1"])

    await check(url, names=names)

    assert await post(url, names=names) is Failure.BLOCKED_ADDRESS
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1", "127.0.0.1"],
        ["10.0.0.1", "127.0.0.1", "::1", "169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["localhost"],
        ["127.1"],
    ],
)
async def test_no_address_of_a_name_is_called_that_is_forbidden(receiver: Receiver, addresses: list[str]) -> None:
    url = f"http://many.test:{receiver.port}/"

    assert await post(url, names=Names(addresses)) is Failure.BLOCKED_ADDRESS
    assert receiver.connections == 0


async def test_a_name_is_refused_when_any_of_its_addresses_is_forbidden() -> None:
    with pytest.raises(Invalid) as refusal:
        await check("http://half.test/", names=Names([PUBLIC, "10.0.0.1"]))

    assert refusal.value.code == "blocked_address"


@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_NODATA])
async def test_a_name_that_does_not_exist_is_refused(number: int) -> None:
    with pytest.raises(Invalid, match=r"there is no nowhere\.test") as refusal:
        await check("http://nowhere.test/", names=Names(socket.gaierror(number, "no")), allow_private=True)

    assert refusal.value.code == "unreachable"


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_AGAIN, "later"), OSError("away"), TimeoutError()])
async def test_a_name_server_that_can_not_say_now_is_no_reason_to_refuse(error: OSError) -> None:
    await check("http://later.test/", names=Names(error))


@pytest.mark.slow
async def test_a_name_server_that_does_not_answer_is_no_reason_to_refuse() -> None:
    await asyncio.wait_for(check("http://slow.test/", names=Names()), 8)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_the_metadata_of_a_cloud_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.react = lambda _: redirect("http://169.254.169.254/latest/meta-data/", status)

    assert await post(receiver.url, allow_private=True) is Failure.REDIRECT
    assert len(receiver.requests) == 1


async def test_a_redirect_to_the_receiver_itself_is_not_followed(receiver: Receiver) -> None:
    receiver.react = lambda _: redirect(receiver.url)

    assert await post(receiver.url, allow_private=True) is Failure.REDIRECT
    assert len(receiver.requests) == 1


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, receiver.url)

    assert await post("http://127.0.0.1:1/") is Failure.BLOCKED_ADDRESS
    assert await post("http://10.1.2.3/") is Failure.BLOCKED_ADDRESS
    assert receiver.connections == 0
