"""Deliveries over TLS: to a receiver that proves who it is, and to none that does not."""

import asyncio
import shlex
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest
import uvloop

from leadlight.webhooks.failure import Failure
from leadlight.webhooks.sender import Sender
from tests.conftest import START
from tests.webhooks.receiver import Receiver

Post = Callable[..., Failure | None]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for 127.0.0.1 that nobody but itself vouches for, and its key."""
    if which("openssl") is None:
        pytest.skip("there is no openssl command here, which makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem "
            "-days 2 -subj /CN=receiver.test -addext subjectAltName=IP:127.0.0.1"
        ),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Receiver(tls=context) as receiver:
        yield receiver


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """Takes the certificate's word for it."""
    return ssl.create_default_context(cafile=certificate / "cert.pem")


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def post(request: pytest.FixtureRequest) -> Post:
    async def send(url: str, tls: ssl.SSLContext | None) -> Failure | None:
        sender = Sender(allow_private=True, timeout_seconds=2, clock=lambda: START, tls=tls)
        outcomes = [await sender.post(url, b"{}", {}) for _ in range(2)]
        await sender.close()
        assert outcomes[0].failure == outcomes[1].failure
        return outcomes[0].failure

    def post(url: str, tls: ssl.SSLContext | None = None) -> Failure | None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(send(url, tls))

    return post


def test_delivers_to_a_receiver_that_proves_who_it_is(post: Post, receiver: Receiver, trusting: ssl.SSLContext) -> None:
    assert post(receiver.url, trusting) is None
    assert (len(receiver.requests), receiver.connections) == (2, 1)


def test_a_certificate_that_nobody_vouches_for(post: Post, receiver: Receiver) -> None:
    assert post(receiver.url) is Failure.TLS_FAILED
    assert receiver.requests == []


def test_a_certificate_of_another_host(post: Post, receiver: Receiver, trusting: ssl.SSLContext) -> None:
    assert post(f"https://localhost:{receiver.port}/", trusting) is Failure.TLS_FAILED
    assert receiver.requests == []


def test_https_to_a_port_that_speaks_plain_http(post: Post) -> None:
    with Receiver() as plain:
        assert post(f"https://127.0.0.1:{plain.port}/") is Failure.TLS_FAILED
        assert plain.requests == []


def test_a_receiver_that_hangs_up_in_the_handshake(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hang_up = threading.Thread(target=lambda: [listener.accept()[0].close() for _ in range(2)])
        hang_up.start()

        assert post(f"https://127.0.0.1:{listener.getsockname()[1]}/") is Failure.TLS_FAILED
        hang_up.join()
