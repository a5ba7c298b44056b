"""The id of a request: in its answer, in its error, in its line of the log."""

import re
from random import Random

_FORM = re.compile(rb"[A-Za-z0-9._:\-]{1,128}")
_random = Random()  # noqa: S311  (these ids tell requests apart; they are no secrets)


def request_id(given: bytes | None) -> bytes:
    """The client's own id of its request, if it is a sane one, else a new one."""
    if given is not None and _FORM.fullmatch(given):
        return given
    return b"req_%016x" % _random.getrandbits(64)
