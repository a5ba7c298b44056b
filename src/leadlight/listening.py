"""The sockets that connections come in at; they are made before anything else, for a port may be taken."""

import os
import socket
import sys
from itertools import repeat

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that nobody can share. Raises OSError."""
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(address[0], address[1])
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address[4])
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def listen_for_each(host: str, port: int, workers: int) -> list[socket.socket]:
    """A listening socket for each worker, all on one address. Raises OSError.

    Linux spreads connections evenly over sockets that share a port; elsewhere the workers take from a single one.
    """
    _fill_standard_streams()
    first = listen(host, port)
    if sys.platform != "linux":
        return list(repeat(first, workers))
    # The first takes the port as one that does not share, so that it is refused if anybody has it: asked for sharing,
    # the kernel would let in a second server of the same user without a word. Shared it is from here on, and from
    # now on every other server is refused in its turn, because its own first socket does not share.
    first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return [first, *(_listen_beside(first) for _ in range(workers - 1))]


def _listen_beside(first: socket.socket) -> socket.socket:
    listener = socket.socket(first.family, first.type)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(first.getsockname())
    listener.listen(_BACKLOG)
    return listener


def _fill_standard_streams() -> None:
    """A service that is started without a standard input would else listen there, where its workers have a pipe."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
