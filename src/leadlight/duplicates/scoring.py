"""How likely it is that two leads are one person, from 0 to 100, and what speaks for it."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec
from rapidfuzz.distance import OSA

from leadlight.duplicates.companies import CompanyLikeness, company_likeness
from leadlight.duplicates.names import NameLikeness, name_likeness
from leadlight.duplicates.traits import Traits
from leadlight.leads.lead import Lead

_SHORTEST_PHONE = 7
_SHORTEST_MISTYPED_LOCAL = 5
_SHORTEST_MISTYPED_DOMAIN = 8


class Reason(StrEnum):
    """What two leads have in common. Clients read the values, so they may never change."""

    SAME_EMAIL = "same_email"
    SAME_MAILBOX = "same_mailbox"
    SIMILAR_EMAIL = "similar_email"
    SAME_PHONE = "same_phone"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_COMPANY = "same_company"
    SIMILAR_COMPANY = "similar_company"
    SAME_DOMAIN = "same_domain"


class Likeness(msgspec.Struct, frozen=True):
    """`score`: 0 to 100; from 80 on it is hardly anybody else. `reasons`: in the order of Reason."""

    score: int
    reasons: tuple[Reason, ...]


# For each thing in common: the score beside another name, a similar one, the same one. A number shared under two names
# is a family's or an office's; a company shared is a colleague's.
_SCORES = {
    Reason.SAME_EMAIL: (100, 100, 100),
    Reason.SAME_MAILBOX: (97, 97, 97),
    Reason.SIMILAR_EMAIL: (25, 86, 90),
    Reason.SAME_PHONE: (70, 94, 96),
    Reason.SAME_COMPANY: (10, 85, 90),
    Reason.SIMILAR_COMPANY: (5, 74, 82),
    Reason.SAME_DOMAIN: (10, 80, 86),
}
_NAME_ALONE = (0, 30, 45)
_NAME_IN_ANOTHER_COMPANY = (0, 20, 35)


def compare(one: Lead, other: Lead) -> Likeness:
    """To compare a lead with many, make its Traits once and ask for their `likeness`."""
    return likeness(Traits.of(one), Traits.of(other))


def likeness(one: Traits, other: Traits) -> Likeness:
    name = name_likeness(one.name, other.name)
    company = company_likeness(one.company, other.company)
    elsewhere = bool(one.company and other.company) and company is CompanyLikeness.OTHER
    reasons = (*_of_email(one, other), *_of_phone(one, other), *_of_name(name), *_of_company(one, other, company))
    alone = (_NAME_IN_ANOTHER_COMPANY if elsewhere else _NAME_ALONE)[name]
    return Likeness(max(alone, *(_SCORES[reason][name] for reason in reasons if reason in _SCORES), 0), reasons)


def _of_email(one: Traits, other: Traits) -> Iterator[Reason]:
    if one.email == other.email:
        yield Reason.SAME_EMAIL
    elif one.mailbox == other.mailbox:
        yield Reason.SAME_MAILBOX
    elif _is_mistyped(one.email, other.email):
        yield Reason.SIMILAR_EMAIL


def _of_phone(one: Traits, other: Traits) -> Iterator[Reason]:
    shorter, longer = sorted((one.phone, other.phone), key=len)
    if shorter == longer:
        is_same = bool(longer)
    elif shorter.startswith("+"):
        is_same = False
    else:  # a number without its country, beside one that has it
        is_same = len(shorter) >= _SHORTEST_PHONE and longer.endswith(shorter)
    if is_same:
        yield Reason.SAME_PHONE


def _of_name(name: NameLikeness) -> Iterator[Reason]:
    if name is NameLikeness.SAME:
        yield Reason.SAME_NAME
    elif name is NameLikeness.SIMILAR:
        yield Reason.SIMILAR_NAME


def _of_company(one: Traits, other: Traits, company: CompanyLikeness) -> Iterator[Reason]:
    if company is CompanyLikeness.SAME:
        yield Reason.SAME_COMPANY
    elif company is CompanyLikeness.SIMILAR:
        yield Reason.SIMILAR_COMPANY
    if one.company_domain and one.company_domain == other.company_domain:
        yield Reason.SAME_DOMAIN


def _is_mistyped(one: str, other: str) -> bool:
    """One letter is wrong on one side of the @; a figure that differs is another person's (ada1, ada2)."""
    local, _, domain = one.rpartition("@")
    other_local, _, other_domain = other.rpartition("@")
    if local == other_local:
        return _is_one_letter_off(domain, other_domain, shortest=_SHORTEST_MISTYPED_DOMAIN)
    return domain == other_domain and _is_one_letter_off(local, other_local, shortest=_SHORTEST_MISTYPED_LOCAL)


def _is_one_letter_off(one: str, other: str, *, shortest: int) -> bool:
    if min(len(one), len(other)) < shortest or OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    return _figures(one) == _figures(other)


def _figures(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
