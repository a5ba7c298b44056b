"""Whether two names may be one person's: typed otherwise, mistyped, shortened or turned around."""

from collections.abc import Sequence
from enum import IntEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from leadlight.leads.sameness import name_code

_SHORT_FORMS = """
alexander alex sandy xander lex
alexandra alex sandra lexi
andrew andy drew
andreas andi
anthony tony antonio toni
benjamin ben benny
catherine katherine kate katie kathy cathy kat katharina
charles charlie chuck
christine christina chris tina chrissy
christopher chris kit
daniel dan danny
david dave davey
deborah debbie deb
edward ed eddie ted ned
elizabeth liz lizzie beth betty eliza elisabeth lisa
eugene gene
francis frank francisco paco
frederick fred freddy friedrich fritz
gregory greg
gerald jerry gerry
ignacio nacho
isabella bella isabel
jacob jake
james jim jimmy jamie
jennifer jen jenny
jeffrey jeff geoffrey geoff
jessica jess jessie
johannes hans hannes
john jack johnny jonny
jonathan jon jonny
jose pepe
joseph joe joey josef sepp
joshua josh
kenneth ken kenny
kimberly kim
lawrence larry laurence
leonard leo lenny leon
margaret maggie meg peggy greta margarete
matthew matt
michael mike mick mickey michi
nicholas nick nico nicky
patricia pat patty trish
patrick pat paddy
peter pete
philip phil
rebecca becky becca
richard rick dick richie ricky
robert rob bob bobby robbie bert
ronald ron ronnie
samantha sam
samuel sam sammy
stephen steve steven stefan
susan sue susie susanne
theodore ted theo
theresa tess teresa
thomas tom tommy
timothy tim
victoria vicky tori
vincent vince
walter walt
william will bill billy willy wilhelm
zachary zach zack
"""
_FAMILIES: dict[str, set[int]] = {}
for _number, _family in enumerate(_SHORT_FORMS.split("\n")):
    for _form in _family.split():
        _FAMILIES.setdefault(_form, set()).add(_number)

_LEAST_RATIO = 60
_LEAST_RATIO_OF_SHORT_WORDS = 75
_NO_FAMILY: set[int] = set()


class NameLikeness(IntEnum):
    OTHER = 0
    SIMILAR = 1
    SAME = 2


def name_likeness(one: Sequence[str], other: Sequence[str]) -> NameLikeness:
    """Of the plain words of two names (`leads.sameness.plain_words`), in whatever order."""
    if not one or not other:
        return NameLikeness.OTHER
    if sorted(one) == sorted(other) or "".join(one) == "".join(other):
        return NameLikeness.SAME
    # Words that only one name has; the fewer are to be found among the more. In an order that both sides give.
    fewer, more = sorted((_without(one, other), _without(other, one)), key=lambda words: (len(words), words))
    has_whole_word = len(one) + len(other) > len(fewer) + len(more)
    for word in fewer:
        match = next((candidate for candidate in more if _is_alike(word, candidate)), None)
        if match is None:
            return NameLikeness.OTHER
        more.remove(match)
        has_whole_word = has_whole_word or min(len(word), len(match)) > 1
    # An initial is like a great many words: it counts beside a whole one only.
    return NameLikeness.SIMILAR if has_whole_word else NameLikeness.OTHER


def _without(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """In alphabetical order."""
    rest, left = list(others), []
    for word in sorted(words):
        if word in rest:
            rest.remove(word)
        else:
            left.append(word)
    return left


def _is_alike(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    if _FAMILIES.get(one, _NO_FAMILY) & _FAMILIES.get(other, _NO_FAMILY):
        return True
    if _are_of_a_man_and_a_woman(one, other):
        return False
    return _sounds_alike(one, other) or _is_mistyped(one, other)


def _sounds_alike(one: str, other: str) -> bool:
    """With most of the letters, too: of short words, hardly more than a consonant sounds (Ada, Ida, Otto)."""
    least = _LEAST_RATIO if min(len(one), len(other)) > 4 else _LEAST_RATIO_OF_SHORT_WORDS
    return name_code(one) == name_code(other) and fuzz.ratio(one, other) >= least


def _is_mistyped(one: str, other: str) -> bool:
    """One letter is wrong, missing, too much or in its neighbour's place; two in long words; none in short ones."""
    shorter = min(len(one), len(other))
    bound = 0 if shorter < 4 else 1 if shorter < 8 else 2
    return OSA.distance(one, other, score_cutoff=bound) <= bound


def _are_of_a_man_and_a_woman(one: str, other: str) -> bool:
    """Mario and Maria, Daniel and Daniela, Ivanov and Ivanova: one letter apart, and two people."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == len(longer):
        return shorter[:-1] == longer[:-1] and {shorter[-1], longer[-1]} == {"o", "a"}
    return longer == f"{shorter}a"
