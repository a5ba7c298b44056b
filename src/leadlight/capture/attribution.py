"""Where a visitor came from: campaigns, click ids, the page before and the page that was landed on.

Nothing of it makes a lead fail: what is too long is cut, and what can't be read is left out.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from leadlight.capture.submission import Context

CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid", "msclkid")
"""Parameters of a page's address that become metadata of the same name."""

REFERRER = "referrer"
LANDING_PAGE = "landing_page"

_MAX_QUERY = 8_000
_MAX_VALUE = 2_000
_OTHER_NAMES = {"referer": REFERRER, "landingpageurl": LANDING_PAGE, "landingurl": LANDING_PAGE}
_NAMES = {key.replace("_", ""): key for key in (*CAMPAIGN, REFERRER, LANDING_PAGE)} | _OTHER_NAMES
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]")


def key_of(name: str) -> str | None:
    """The key of metadata that a field of this name stands for: `utmSource`, `UTM source` → `utm_source`."""
    return _NAMES.get(_NEITHER_LETTER_NOR_DIGIT.sub("", name[:100].lower()))


def of_context(context: Context, landing_page: str | None) -> dict[str, str]:
    """What the request tells beside its fields. `landing_page`: what a field says of that.

    The address that was posted to speaks before that of the page. Browsers often tell a page's origin alone.
    """
    page = _clean(context.referrer)
    found: dict[str, str] = {}
    for query in (context.query, _query_of(landing_page or ""), _query_of(page)):
        for key, value in _parameters(query):
            found.setdefault(key, value)
    if page:
        found |= {REFERRER: page, LANDING_PAGE: page}
    return found


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(query[:_MAX_QUERY], errors="replace"):
        key = key_of(name)
        if key in CAMPAIGN and (text := _clean(value)):
            yield key, text


def _query_of(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()[:_MAX_VALUE]
