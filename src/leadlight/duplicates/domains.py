"""Which email domains are a company's own, and which are anybody's."""

# Of providers with a domain in many countries, what stands before the first dot; of the others, the whole domain.
_PROVIDERS = "gmail googlemail yahoo ymail hotmail outlook live msn aol gmx yandex icloud protonmail fastmail zohomail"
_DOMAINS = """
web.de t-online.de freenet.de arcor.de posteo.de mailbox.org mail.de email.de online.de
orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr
libero.it virgilio.it tiscali.it alice.it tin.it telefonica.net sapo.pt
btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk
comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rocketmail.com
rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au xtra.co.nz
telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl bluewin.ch hispeed.ch aon.at chello.at
o2.pl wp.pl onet.pl interia.pl op.pl seznam.cz email.cz centrum.cz azet.sk freemail.hu citromail.hu abv.bg
mail.ru bk.ru list.ru inbox.ru rambler.ru ya.ru ukr.net telia.com online.no
uol.com.br bol.com.br terra.com.br ig.com.br qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net
rediffmail.com mail.com email.com me.com mac.com proton.me pm.me hey.com duck.com tutanota.com tuta.io inbox.com
"""
_FREE_PROVIDERS = frozenset(_PROVIDERS.split())
_FREE_DOMAINS = frozenset(_DOMAINS.split())


def company_domain(mailbox: str) -> str | None:
    """The domain of a mailbox that a company gave; None where anybody can have one."""
    domain = mailbox.rpartition("@")[2]
    is_free = domain in _FREE_DOMAINS or domain.partition(".")[0] in _FREE_PROVIDERS
    return None if is_free else domain
