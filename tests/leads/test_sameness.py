"""What two leads have in common when they may be one person: their mailbox, and how their names sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.leads.lead import fold
from leadlight.leads.sameness import MAX_NAME_CODE, mailbox, name_code, plain_words


@pytest.mark.parametrize(
    ("email", "box"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.Park@Example.COM", "ada.park@example.com"),
        ("ada+news@example.com", "ada@example.com"),
        ("ada+news+2026@example.com", "ada@example.com"),
        ("+news@example.com", "+news@example.com"),
        ("A.d.a+x@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("ada.park@outlook.com", "ada.park@outlook.com"),
        ("ada+x@hotmail.com", "ada@hotmail.com"),
        ("ada@pm.me", "ada@proton.me"),
        ("ada+x@protonmail.com", "ada@proton.me"),
        ("ada@me.com", "ada@icloud.com"),
        ("ada-news@yahoo.com", "ada-news@yahoo.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@ﬁne.example", "ada@fine.example"),
        ("ada@💌.example", "ada@💌.example"),
        ("jo\u0308rg@example.com", "jörg@example.com"),
        ("no address", "@no address"),
    ],
)
def test_mail_ends_up_in_one_place(email: str, box: str) -> None:
    assert mailbox(email) == box


@given(st.emails() | st.text(max_size=20))
def test_equal_addresses_have_one_mailbox(email: str) -> None:
    assert mailbox(email.upper()) == mailbox(fold(email.upper()))


@pytest.mark.parametrize(
    "names",
    [
        ("Ada Park", "ada park", "PARK, Ada", "Ada  Park ", "Dr. Ada Park", "Ada M. Park", "Mrs Ada Park"),
        ("Jürgen Müller", "Juergen Mueller", "Jurgen Muller", "Müller, Jürgen", "Prof. Dr. Jürgen Müller"),
        ("Søren Åberg", "Soren Aberg", "Soeren Aaberg"),
        ("Łukasz Weiß", "Lukasz Weiss", "Lukas Weis"),
        ("Stefan Meier", "Stephan Meyer", "Stefan Mayer", "Steffen Maier"),
        ("Catherine Philips", "Katherine Phillips", "Kathrin Filips"),
        ("Michael Schmidt", "Mikael Schmitt", "Michel Schmid"),
        ("Christian Schulz", "Kristian Schultze"),
        ("Alexander Kowalski", "Aleksander Kovalsky"),
        ("Sergey Ivanov", "Sergej Iwanow", "Sergei Ivanoff"),
        ("Geoffrey Nicholson", "Jeffrey Nicolson"),
        ("Yusuf Yilmaz", "Youssef Y\u0131lmaz", "Jusuf Yilmaz"),
        ("Lee Wright", "Leigh Wright"),
        ("Liam O'Brien", "Liam OBrien", "Liam O’Brien"),  # noqa: RUF001
        ("Jean-Pierre Lefèvre", "Jean Pierre Lefevre"),
        ("Ludwig van Beethoven", "Ludwig Beethoven"),
        ("Maria de la Cruz", "Maria Cruz"),
        ("John Smith Jr.", "John Smith"),
        ("José Peña", "Jose Pena", "JOSE\u0301 PEN\u0303A"),
        ("Иван Петров", "ПЕТРОВ ИВАН"),
        ("王伟", "王伟 "),
        ("ADA PARK", "\uff21\uff24\uff21 Park"),
    ],
)
def test_names_of_one_person_have_one_code(names: tuple[str, ...]) -> None:
    assert len({name_code(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Park", "Ida Brown"),
        ("John Smith", "Jane Smith-Jones"),
        ("Anna Berg", "Nina Berg"),
        ("J. Smith", "K. Smith"),
        ("Peter Fischer", "Peter Vogel"),
        ("Ada Park 1", "Ada Park 2"),
        ("Иван Петров", "Иван Сидоров"),
        ("が", "か"),
        ("प्रिया", "प्रेया"),
    ],
)
def test_other_names_have_another_code(one: str, other: str) -> None:
    assert name_code(one) != name_code(other)


@pytest.mark.parametrize("name", ["", "-", " . ", "?!", "🙂", "❤️", "'"])
def test_what_is_no_name_has_no_code(name: str) -> None:
    assert name_code(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("Ada Park", "at prk"), ("Dr", "tr"), ("Иван Smith", "smt иван"), ("Agent 007", "007 agnt"), ("Le Van", "fn l")],
)
def test_a_code_never_changes_for_it_is_stored(name: str, code: str) -> None:
    assert name_code(name) == code


@given(st.text(max_size=255))
def test_a_code_is_short_whatever_the_name(name: str) -> None:
    code = name_code(name)

    assert code is None or 0 < len(code) <= MAX_NAME_CODE


@given(st.lists(st.from_regex(r"\A[A-Z][a-z]{1,9}\Z"), min_size=1, max_size=4))
def test_neither_case_nor_order_nor_commas_change_a_code(words: list[str]) -> None:
    assert name_code(" ".join(words)) == name_code(",".join(reversed(words)).upper())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dr. Ada M. Park", ["ada", "m", "park"]),
        ("Straße, Æther", ["strasse", "aether"]),
        ("Dr.", ["dr"]),
        ("김 서연", ["김", "서연"]),
    ],
)
def test_plain_words_are_without_case_accents_and_titles(name: str, words: list[str]) -> None:
    assert plain_words(name) == words
