"""Leads that look like real ones, the same ones each time: about 600 bytes of metadata apiece."""

import json
import tomllib
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import NamedTuple

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
FIRST_NAMES: list[str] = _WORDS["first_names"]
LAST_NAMES: list[str] = _WORDS["last_names"]
CITIES = (
    ("London", "GB"),
    ("Berlin", "DE"),
    ("Madrid", "ES"),
    ("Lyon", "FR"),
    ("Austin", "US"),
    ("Porto", "PT"),
    ("Osaka", "JP"),
)
SOURCES = ("website", "api", "chatbot", "google_ads", "facebook", "import", "referral", None)
STATUSES = ("new", "contacted", "qualified", "converted", "lost", "follow_up")

_STATUS_WEIGHTS = list(accumulate((40, 20, 15, 10, 10, 5)))
_SOURCE_WEIGHTS = list(accumulate((30, 20, 12, 12, 10, 8, 6, 2)))
_FIRST_WEIGHTS = list(accumulate(2 ** (-place / 20) for place in range(len(FIRST_NAMES))))
_LAST_WEIGHTS = list(accumulate(2 ** (-place / 20) for place in range(len(LAST_NAMES))))
_RARE_SHARE = 0.3
_ASCII = str.maketrans("éłüøöóáëçÁŁ", "eluoooaecAL")


class Person(NamedTuple):
    """One lead's own fields; `phone_key` is its number in E.164, `metadata` compact JSON text."""

    name: str
    email: str
    phone: str | None
    phone_key: str | None
    source: str | None
    status: str
    metadata: str


def people(random: Random) -> Iterator[Person]:
    """Makes people without end; the same `random` makes the same ones."""
    while True:
        first = random.choices(FIRST_NAMES, cum_weights=_FIRST_WEIGHTS)[0]
        last = _rare_name(random) if random.random() < _RARE_SHARE else _common_name(random)
        company, domain = _company(random)
        email = f"{first}.{last}{random.randrange(1000)}@{domain}".translate(_ASCII)
        phone, phone_key = _phone(random)
        yield Person(
            f"{first} {last}",
            email if random.random() < 0.2 else email.lower(),
            phone,
            phone_key,
            random.choices(SOURCES, cum_weights=_SOURCE_WEIGHTS)[0],
            random.choices(STATUSES, cum_weights=_STATUS_WEIGHTS)[0],
            _metadata(random, company, domain),
        )


def _common_name(random: Random) -> str:
    return random.choices(LAST_NAMES, cum_weights=_LAST_WEIGHTS)[0]


def _rare_name(random: Random) -> str:
    return "".join(random.choices(_WORDS["syllables"], k=random.randrange(3, 5))).capitalize()


def _company(random: Random) -> tuple[str, str]:
    """One of about 40,000, the first ones far more often."""
    number = int(
        random.random() ** 3
        * len(_WORDS["company_heads"])
        * len(_WORDS["company_tails"])
        * len(_WORDS["company_kinds"])
    )
    number, kind = divmod(number, len(_WORDS["company_kinds"]))
    head, tail = divmod(number, len(_WORDS["company_tails"]))
    name = _WORDS["company_heads"][head] + _WORDS["company_tails"][tail]
    ending = _WORDS["top_level_domains"][number % len(_WORDS["top_level_domains"])]
    return f"{name} {_WORDS['company_kinds'][kind]}", f"{name}{_WORDS['company_kinds'][kind]}.{ending}".lower()


def _phone(random: Random) -> tuple[str | None, str | None]:
    if random.random() < 0.3:
        return None, None
    area, line = random.randrange(201, 990), random.randrange(10_000)
    if random.random() < 0.2:
        return f"({area}) 555-{line:04}", None
    return f"+1 {area}-555-{line:04}", f"+1{area}555{line:04}"


def _metadata(random: Random, company: str, domain: str) -> str:
    city, country = random.choice(CITIES)
    value = {
        "company": company,
        "website": f"https://www.{domain}/",
        "title": random.choice(_WORDS["titles"]),
        "employees": random.randrange(1, 5000),
        "address": {"city": city, "country": country, "postcode": str(random.randrange(10_000, 99_999))},
        "utm_source": random.choice(("google", "newsletter", "linkedin", "partner")),
        "utm_medium": random.choice(_WORDS["media"]),
        "utm_campaign": random.choice(_WORDS["campaigns"]),
        "landingPage": f"https://example.com/{random.choice(_WORDS['campaigns'])}?ref={random.getrandbits(64):016x}",
        "score": random.randrange(101),
        "budget": random.randrange(5, 500) * 100 + 0.5,
        "interests": random.sample(_WORDS["interests"], 3),
        "consent": {"marketing": random.random() < 0.5, "at": f"2025-{random.randrange(1, 13):02}-17T09:30:00Z"},
        "notes": "; ".join(random.sample(_WORDS["notes"], 4)),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
