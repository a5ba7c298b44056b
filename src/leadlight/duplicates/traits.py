"""What of a lead is compared, made once for all the leads that it is compared with."""

import msgspec

from leadlight.duplicates.companies import company_words
from leadlight.duplicates.domains import company_domain
from leadlight.leads.lead import Lead, fold, to_e164
from leadlight.leads.sameness import mailbox, plain_words

_NOTHING = """
unknown unknownunknown unbekannt inconnu desconocido sconosciuto na none null nil noname nameless notprovided
notavailable anonymous anonym anonyme anonimo test testtest tester info contact kontakt customer kunde client guest gast
visitor websitevisitor newlead lead user admin office sales team
"""
_NO_NAMES = frozenset(_NOTHING.split())


class Traits(msgspec.Struct, frozen=True):
    """`phone`: in E.164 form, or the figures of a national number; empty when there is none. `name`: its plain words.

    What stands in for a name is none: two unknown people of one company are two.
    """

    email: str
    mailbox: str
    company_domain: str | None
    phone: str
    name: tuple[str, ...]
    company: tuple[str, ...]

    @classmethod
    def of(cls, lead: Lead) -> "Traits":
        box = mailbox(lead.email)
        return cls(
            email=fold(lead.email),
            mailbox=box,
            company_domain=company_domain(box),
            phone=to_e164(lead.phone) or _figures(lead.phone or ""),
            name=_name(lead.name),
            company=company_words(lead.metadata),
        )


def _name(name: str) -> tuple[str, ...]:
    words = tuple(plain_words(name))
    return () if "".join(words) in _NO_NAMES else words


def _figures(phone: str) -> str:
    """Without the zeros that lead out of a town or a country."""
    return "".join(figure for figure in phone if figure in "0123456789").lstrip("0")
