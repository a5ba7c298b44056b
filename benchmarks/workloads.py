"""The requests that are sent: what each workload asks for."""

from random import Random
from urllib.parse import quote

from benchmarks.load import Requests, requests
from benchmarks.people import FIRST_NAMES, LAST_NAMES, STATUSES, people
from benchmarks.seed import SeedNote
from leadlight.http.pagination import encode_cursor
from leadlight.leads.listing import LeadSort, Place

_LEADS = "/api/v1/leads"
_COMMON = 12
_NOWHERE = ("xqzw", "qqjxv", "zzxqk9", "no.such.person@nowhere.example", "wvkjq")


def look_up(note: SeedNote, connections: int = 32) -> Requests:
    return requests("look-up", [_get(f"{_LEADS}/{id_}") for id_ in note.ids], connections)


def first_page(connections: int = 8) -> Requests:
    return requests("first page", [_get(f"{_LEADS}?cursor=&limit=10")], connections)


def first_page_with_total(connections: int = 8) -> Requests:
    return requests("first page with total", [_get(f"{_LEADS}?limit=10")], connections)


def by_status(connections: int = 8) -> Requests:
    lines = [_get(f"{_LEADS}?limit=10&status={status}") for status in STATUSES]
    return requests("first page of a status with total", lines, connections)


def deep_page(note: SeedNote, connections: int = 8) -> Requests:
    """Pages by cursor that begin half-way back."""
    cursors = [encode_cursor(Place(LeadSort.NEWEST, created_at, id_)) for created_at, id_ in note.middle]
    lines = [_get(f"{_LEADS}?cursor={cursor}&limit=10") for cursor in cursors]
    return requests(f"page by cursor, {note.leads // note.workspaces // 2:,} deep", lines, connections)


def needles(note: SeedNote) -> dict[str, list[str]]:
    """What people search for, by kind."""
    rare = [email.partition("@")[0].partition(".")[2].rstrip("0123456789").lower() for email in note.emails]
    common = {name.lower() for name in LAST_NAMES}
    return {
        "common first names": [name.lower() for name in FIRST_NAMES[:_COMMON]],
        "common last names": [name.lower() for name in LAST_NAMES[:_COMMON]],
        "rare last names": [name for name in rare if name not in common and name.isascii()][:200],
        "a company's domain": [f"@{email.rpartition('@')[2]}" for email in note.emails[:200]],
        "whole addresses": note.emails[:200],
        "what nobody has": list(_NOWHERE),
    }


def search(note: SeedNote, kind: str, connections: int = 8) -> Requests:
    return requests(f"search for {kind}", _searches(needles(note)[kind]), connections)


def search_mix(note: SeedNote, connections: int = 8) -> Requests:
    """Every kind of text, each as often as the others."""
    lines = [line for texts in needles(note).values() for line in _searches(Random(1).choices(texts, k=50))]
    Random(2).shuffle(lines)
    return requests("search", lines, connections)


def pages_and_searches(note: SeedNote) -> Requests:
    """One client that pages and searches in turn."""
    pages = [encode_cursor(Place(LeadSort.NEWEST, created_at, id_)) for created_at, id_ in note.middle]
    texts = [text for kind in needles(note).values() for text in Random(3).choices(kind, k=30)]
    Random(4).shuffle(texts)
    lines = [
        line for page, text in zip(pages, texts, strict=False)
        for line in (_get(f"{_LEADS}?cursor={page}&limit=100"), *_searches([text]))
    ]  # fmt: skip
    return requests("pages and searches", lines, connections=1)


def create(connections: int = 64) -> Requests:
    random = Random(5)
    lines = []
    for person, _ in zip(people(random), range(5_000), strict=False):
        phone = "" if person.phone is None else f'"phone":"{person.phone}",'
        fields = f'"name":"{person.name}","email":"{person.email}",{phone}"metadata":{person.metadata}'
        lines.append(f"POST\t{_LEADS}\t{{{fields}}}")
    return requests("create", lines, connections)


def update(note: SeedNote, connections: int = 64) -> Requests:
    return requests("update", _updates(note), connections)


def mix(note: SeedNote, connections: int = 32) -> Requests:
    """Nine look-ups to one update."""
    lines = _updates(note)[: len(note.ids) // 10] + [
        _get(f"{_LEADS}/{id_}") for id_ in note.ids[: len(note.ids) * 9 // 10]
    ]
    Random(6).shuffle(lines)
    return requests("nine look-ups to an update", lines, connections)


def _updates(note: SeedNote) -> list[str]:
    random = Random(7)
    bodies = (
        lambda: f'{{"status":"{random.choice(STATUSES)}"}}',
        lambda: f'{{"metadata":{{"score":{random.randrange(101)}}}}}',
    )
    return [f"PATCH\t{_LEADS}/{id_}\t{random.choice(bodies)()}" for id_ in note.ids]


def _searches(texts: list[str]) -> list[str]:
    return [_get(f"{_LEADS}?limit=10&search={quote(text)}") for text in texts]


def _get(path: str) -> str:
    return f"GET\t{path}\t"
