"""Whether two names may be one person's."""

import pytest

from leadlight.duplicates.names import NameLikeness, name_likeness
from leadlight.leads.sameness import plain_words


def likeness(one: str, other: str) -> NameLikeness:
    return name_likeness(plain_words(one), plain_words(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Park", "PARK, Ada"),
        ("Dr. Ada Park", "Ada Park, PhD"),
        ("José Núñez", "Jose Nunez"),
        ("Jean-Pierre Roy", "Jean Pierre Roy"),
        ("Jean-Pierre Roy", "Jeanpierre Roy"),
        ("Straße", "Strasse"),
    ],
)
def test_the_same_name_differs_in_its_spelling_only(one: str, other: str) -> None:
    assert likeness(one, other) is NameLikeness.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jürgen Müller", "Juergen Mueller"),
        ("Michael Smith", "Micheal Smith"),
        ("Jon Smyth", "John Smith"),
        ("Bob Jones", "Robert Jones"),
        ("Ada Park", "A. Park"),
        ("Ada Park", "Ada Mary Park"),
        ("Ada Park", "Ada M. Park"),
        ("Ada Park", "Ada Park-Jones"),
        ("Ada Park", "Ada"),
        ("Christopher Anderson", "Kristofer Andersson"),
        ("Alexandra Ruiz", "Sandra Ruiz"),
        ("Ludwig van Beethoven", "Ludwig Beethoven"),
    ],
)
def test_a_similar_name_may_be_one_persons(one: str, other: str) -> None:
    assert likeness(one, other) is NameLikeness.SIMILAR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Park", "Ida Brown"),
        ("Ada Park", "Ben Park"),
        ("Kim Park", "Tim Park"),
        ("Mario Rossi", "Maria Rossi"),
        ("Daniel Weber", "Daniela Weber"),
        ("Ivan Ivanov", "Ivan Ivanova"),
        ("Paul Klein", "Paula Klein"),
        ("A. Park", "B. Park"),
        ("A. P.", "Ada Park"),
        ("Otto Berg", "Ada Berg"),
        ("Li Wei", "Lu Wei"),
        ("Ada Park", "-"),
        ("-", "-"),
        ("王伟", "王芳"),
    ],
)
def test_another_name_is_another_persons(one: str, other: str) -> None:
    assert likeness(one, other) is NameLikeness.OTHER
