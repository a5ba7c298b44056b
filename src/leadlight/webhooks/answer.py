"""What a receiver's answer says, made fit to be kept."""

import codecs
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import ceil

from leadlight.clock import DAY, SECOND

MAX_ANSWER = 1_024
MAX_RETRY_AFTER = DAY // SECOND
_SECONDS = re.compile(r"[0-9]{1,18}")


def as_text(beginning: bytes) -> str:
    """The first MAX_ANSWER bytes of a body, without what no text can hold, nor half a character where it was cut."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(beginning, final=len(beginning) < MAX_ANSWER)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def retry_after_seconds(header: str, now: int) -> int | None:
    """From seconds or a date (RFC 9110 §10.2.3); a day at the most. None when it is neither."""
    if _SECONDS.fullmatch(header):
        return min(int(header), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(header)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        seconds = ceil(moment.timestamp() - now / SECOND)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0), MAX_RETRY_AFTER)
