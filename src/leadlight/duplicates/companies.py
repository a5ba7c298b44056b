"""Which company a lead is with, as its metadata says, and whether two are one."""

from collections.abc import Sequence
from enum import IntEnum

import msgspec
from rapidfuzz.distance import OSA

from leadlight.leads.sameness import plain_words

_KEYS = "company companyname organisation organization account accountname firma entreprise societe empresa azienda"
_LEGAL_FORMS = """
inc incorporated corp corporation co company ltd limited llc llp lp plc pty pte pvt gmbh mbh ag kg ohg ug gbr ev eg se
sa sas sarl sasu eurl sl slu srl spa snc scs sc bv nv vof cv ab as asa aps oy oyj ou sia uab doo dd ad spol sro zoo sp
kft the and und et y e
"""
_NOTHING = "na none no nil private privat privatperson self selfemployed selbststandig freelance test unknown"
_KEY_NAMES = frozenset(_KEYS.split())
_LEGAL_FORM_WORDS = frozenset(_LEGAL_FORMS.split())
_NO_COMPANIES = frozenset(_NOTHING.split())

_SHORTEST_ALIKE = 5
_LONG = 10

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Named(msgspec.Struct):
    name: str


_decode_name = msgspec.json.Decoder(str | _Named).decode


class CompanyLikeness(IntEnum):
    OTHER = 0
    SIMILAR = 1
    SAME = 2


def company_words(metadata: msgspec.Raw) -> tuple[str, ...]:
    """The plain words of the company's name, without its legal form; none when the metadata names no company."""
    for key, value in _decode_object(metadata).items():
        if _plain_key(key) in _KEY_NAMES:
            words = plain_words(_name(value).replace(".", ""))  # S.L. is SL
            if words and "".join(words) not in _NO_COMPANIES:
                return tuple(word for word in words if word not in _LEGAL_FORM_WORDS) or tuple(words)
    return ()


def company_likeness(one: Sequence[str], other: Sequence[str]) -> CompanyLikeness:
    """Of the plain words of two companies' names."""
    if not one or not other:
        return CompanyLikeness.OTHER
    first, second = "".join(one), "".join(other)
    if first == second:
        return CompanyLikeness.SAME
    shorter = min(len(first), len(second))
    if shorter < _SHORTEST_ALIKE:
        return CompanyLikeness.OTHER
    is_part = one[: len(other)] == other or other[: len(one)] == one
    wrong_letters = 1 if shorter < _LONG else 2
    is_mistyped = OSA.distance(first, second, score_cutoff=wrong_letters) <= wrong_letters
    return CompanyLikeness.SIMILAR if is_part or is_mistyped else CompanyLikeness.OTHER


def _plain_key(key: str) -> str:
    return "".join(plain_words(key))


def _name(value: msgspec.Raw) -> str:
    try:
        company = _decode_name(value)
    except msgspec.ValidationError:
        return ""
    return company if isinstance(company, str) else company.name
