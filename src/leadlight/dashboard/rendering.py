"""From a template and its values to a page, with the headers that let nothing run or load but what is ours."""

from datetime import date
from functools import cache
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from starlette.responses import Response

from leadlight.clock import to_iso
from leadlight.dashboard.assets import asset_url

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {"content-security-policy": _POLICY, "cache-control": "no-store"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_WORDS = {
    "follow_up": "Follow-up",
    "google_ads": "Google Ads",
    **dict.fromkeys(("follow_up_at", "followUpAt"), "Follow-up on"),
    **dict.fromkeys(("follow_up_note", "followUpNote"), "Follow-up note"),
}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """An HTML page; `values` are escaped where they stand in it."""
    return Response(render(template, **values), status, _HEADERS, media_type="text/html")


def render(template: str, **values: Any) -> str:
    """The HTML of a page, or of one that stands in another."""
    return _environment().get_template(template).render(values)


def to(path: str) -> Response:
    """The way to another page of ours, after something was done; a header has no room for every letter."""
    location = quote(path, safe="/?&=%:,+-._~#")
    return Response(status_code=303, headers={"cache-control": "no-store", "location": location})


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("leadlight.dashboard"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["asset"] = asset_url
    environment.filters |= {
        "moment": _moment,
        "day": _day,
        "label": label,
        "number": "{:,}".format,
        "size": _size,
        "percent": percent,
        "duration": duration,
        "date": date_label,
    }
    return environment


def label(word: str) -> str:
    """A status, role or field as people read it."""
    return _WORDS.get(word, word.replace("_", " ").capitalize())


def day_of(iso: str) -> str:
    """A time as ISO 8601, for people who think in days: that of UTC, and the time of day only where there is one."""
    day, time = iso[:10], iso[11:16]
    return day if time == "00:00" else f"{day} {time} UTC"


def _day(milliseconds: int) -> Markup:
    iso = to_iso(milliseconds)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, iso, day_of(iso))


def _size(bytes_: int) -> str:
    size, unit = float(bytes_), "bytes"
    for larger in ("KB", "MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.1f} {unit}" if unit in ("MB", "GB") else f"{size:,.0f} {unit}"


def percent(share: float | None) -> str:
    return "\N{EN DASH}" if share is None else f"{share:.1%}"


def duration(seconds: int | None) -> str:
    """As people say it, by its two largest units at the most."""
    if seconds is None:
        return "\N{EN DASH}"
    parts = []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        parts.append(f"{count} {unit}" if count else "")
    first = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    return " ".join(part for part in parts[first : first + 2] if part) or "0 s"


def date_label(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _moment(milliseconds: int, *, seconds: bool = False) -> Markup:
    """A time, to the minute or the second, which a script turns into the reader's own."""
    iso = to_iso(milliseconds)
    if seconds:
        return Markup('<time datetime="{}" data-seconds>{} {} UTC</time>').format(iso, iso[:10], iso[11:19])
    return Markup('<time datetime="{}">{} {} UTC</time>').format(iso, iso[:10], iso[11:16])
