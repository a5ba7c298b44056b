"""What two leads have in common when they may be one person: their mailbox, and how their names sound.

Both are stored with each lead and searched for, so a change here needs the stored ones to be made anew.
"""

import unicodedata

import idna

from leadlight.leads.lead import fold

MAX_NAME_CODE = 64

_ONE_DOMAIN = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
}
"""Domains under which a provider gives a name to one customer alone."""

_TITLES = """
dr prof professor mr mrs ms miss mister sir madam herr frau hr fr mme mlle monsieur madame sr sra srta senor senora
sig dott dipl ing mag phd md mba esq jr ii iii iv
"""
_PARTICLES = "von van der den de du da das dos di del della la le zu zur zum ter ten"
_TITLE_WORDS = frozenset(_TITLES.split())
_PARTICLE_WORDS = frozenset(_PARTICLES.split())
_INITIALS = frozenset("abcdefghijklmnopqrstuvwxyz")

# Of ASCII: letters in lower case, figures, and spaces for all the rest but apostrophes, which join (O'Brien).
_PLAIN = bytes(byte if chr(byte).isalnum() else ord(" ") for byte in range(128)).lower() + bytes(128)
_APOSTROPHES = b"'`"
# Beyond ASCII: more apostrophes, and the letters that Unicode doesn't take for one with a mark.
_LETTERS: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "'`\u00b4\u02bc\u2018\u2019")),
    **dict(zip(map(ord, "øđðþł\u0131æœ"), ("o", "d", "d", "th", "l", "i", "ae", "oe"), strict=True)),
}

# How words sound, in three steps: letters that sound otherwise together, letters that sound alike, letters that are
# doubled. Vowels go, but for a word's first: they are what spellings differ in most (Meier, Mayer; Müller, Mueller).
_TOGETHER = (
    (b"sch", b"s"),
    (b"tch", b"k"),
    (b"ch", b"k"),
    (b"ph", b"f"),
    (b"gh", b"h"),
    (b"tz", b"s"),
    (b"ts", b"s"),
    (b"cz", b"s"),
    (b"ce", b"se"),
    (b"ci", b"si"),
    (b"cy", b"sy"),
    (b"x", b"ks"),
)
_AT_THE_BEGINNING = ((b"Ge", b"J"), (b"Gi", b"J"), (b"Yv", b"Iv"))
_ALIKE = bytes.maketrans(b"aeiouyhjAEIOUHYJcqzdvwCQZDVWBFGKLMNPRST", b"eeeeeeeeaaaaahjjkkstffkkstffbfgklmnprst")
_VOWEL = b"e"
_DOUBLED = tuple((bytes([letter] * 2), bytes([letter])) for letter in b"bfgklmnprst")


def mailbox(email: str) -> str:
    """Where mail to an address ends up: without case, tags behind a plus, gmail's dots, and with one form of a domain.

    Equal for addresses that are equal when folded. A tag is dropped whatever the domain: who uses a plus uses it for
    that. Yahoo's tags behind a hyphen are left alone, since what stands before them is no address of its owner.
    """
    local, _, domain = fold(email).rpartition("@")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    domain = _ONE_DOMAIN.get(domain, domain)
    local = unicodedata.normalize("NFC", local.partition("+")[0] or local)
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"


def name_code(name: str) -> str | None:
    """The same for names that people would take for one person's, at most MAX_NAME_CODE characters.

    Neither case, accents, titles, initials or the order of words tell names apart, nor do usual misspellings in
    European languages. Far more names have a code in common than are one person's: it finds whom to compare. Words in
    other scripts stand for themselves. None when a name has neither letters nor figures.
    """
    words = plain_words(name)
    if len(words) > 2:
        words = _chief_words(words)
    text = " ".join(words)
    codes = _sounds(text) if text.isascii() else _sounds_or_words(words)
    codes.sort()
    return " ".join(codes)[:MAX_NAME_CODE] or None


def plain_words(name: str) -> list[str]:
    """A name's words, folded, without accents and titles."""
    if name.isascii():
        words = name.encode().translate(_PLAIN, _APOSTROPHES).decode().split()
    else:
        words = _plain_words_beyond_ascii(name)
    if _TITLE_WORDS.isdisjoint(words):
        return words
    return [word for word in words if word not in _TITLE_WORDS] or words


def _plain_words_beyond_ascii(name: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", fold(name).translate(_LETTERS))
    plain = [letter if _belongs_to_a_word(letter) else " " for letter in letters if not _is_accent(letter)]
    return [word for word in unicodedata.normalize("NFC", "".join(plain)).split() if word[0].isalnum()]


def _is_accent(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"


def _belongs_to_a_word(letter: str) -> bool:
    """Marks do: in the scripts of India they are the vowels."""
    return letter.isalnum() or unicodedata.category(letter)[0] == "M"


def _chief_words(words: list[str]) -> list[str]:
    """Without initials and particles, if two words are left."""
    chief = [word for word in words if word not in _PARTICLE_WORDS and word not in _INITIALS]
    return chief if len(chief) > 1 else words


def _sounds(text: str) -> list[str]:
    """The reduction of each ASCII word."""
    letters = text.encode()
    for written, sound in _TOGETHER:
        letters = letters.replace(written, sound)
    letters = letters.title()
    for written, sound in _AT_THE_BEGINNING:
        letters = letters.replace(written, sound)
    letters = letters.translate(_ALIKE)
    for written, sound in _DOUBLED:
        letters = letters.replace(written, sound)
    return letters.translate(None, _VOWEL).decode().split()


def _sounds_or_words(words: list[str]) -> list[str]:
    ascii_words = " ".join(word for word in words if word.isascii())
    return [*_sounds(ascii_words), *(word for word in words if not word.isascii())]


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # idna's own among them
        return domain
