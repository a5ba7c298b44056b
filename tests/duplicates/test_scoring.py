"""How likely it is that two leads are one person: realistic duplicates, and people who only look like ones."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.duplicates.scoring import Likeness, Reason, compare
from leadlight.leads.change import LeadDraft, new_lead
from leadlight.leads.lead import Lead

LIKELY = 80

Person = tuple[str, str, str | None, str | None]
"""Name, email, phone, company."""

DUPLICATES: list[tuple[Person, Person, int, int]] = [
    # the same address
    (("Ada Park", "ada@parkside.io", None, None), ("A. Park", "ADA@Parkside.io", None, None), 100, 100),
    (("Ada Park", "ada@parkside.io", None, None), ("Info", "ada@parkside.io", None, None), 100, 100),
    (("Ada Park", "ada.park@gmail.com", None, None), ("Ada Park", "adapark+crm@googlemail.com", None, None), 97, 97),
    (("Ben Cole", "ben@cole.dev", None, None), ("Benjamin Cole", "ben+webinar@cole.dev", None, None), 97, 97),
    (("Jörg Weiß", "jw@bücher.example", None, None), ("J Weiss", "jw@xn--bcher-kva.example", None, None), 97, 97),
    (("Kim Ito", "kim@me.com", None, None), ("Kim Ito", "kim@icloud.com", None, None), 97, 97),
    # an address mistyped
    (("Nina Vogel", "nina.vogel@gmail.com", None, None), ("Nina Vogel", "nina.vogel@gmial.com", None, None), 85, 95),
    (("Jon Smyth", "j.smyth@acme.com", None, None), ("John Smith", "j.smith@acme.com", None, None), 80, 95),
    # the same number
    (
        ("Ada Park", "ada@parkside.io", "+44 20 7946 0958", None),
        ("Ada Park", "ada.park@gmail.com", "+44 (0)20 7946-0958", None),
        95,
        97,
    ),
    (
        ("Jürgen Müller", "jm@gmx.de", "+49 30 901820", None),
        ("Juergen Mueller", "j.mueller@web.de", "030 901820", None),
        93,
        96,
    ),
    (("Bob Jones", "bob@x.org", "+1 555-010-4477", None), ("Robert Jones", "rj@y.org", "(555) 010-4477", None), 93, 96),
    (("Jones, Robert", "a@x.org", "5550104477", None), ("Robert Jones", "b@y.org", "555.010.4477", None), 95, 97),
    (("A. Park", "a@x.org", "+15550104477", None), ("Ada Park", "b@y.org", "+1 (555) 010 4477", None), 93, 96),
    (("Ada", "a@x.org", "+15550104477", None), ("Ada Park", "b@y.org", "+15550104477", None), 93, 96),
    # a name and a company
    (
        ("Maria Garcia", "maria@gmail.com", None, "Solaris S.L."),
        ("María García", "mgarcia@solaris.es", None, "Solaris"),
        85,
        92,
    ),
    (
        ("Michael Schmidt", "m@gmx.de", None, "Nordwind GmbH & Co. KG"),
        ("Mike Schmitt", "ms@nordwind.de", None, "NORDWIND"),
        80,
        90,
    ),
    (("Ada M. Park", "a@x.org", None, "Park Side Ltd"), ("Ada Park", "b@gmail.com", None, "Parkside"), 80, 90),
    (("Katherine Lee", "kl@x.org", None, "Blue Hill"), ("Kate Lee", "kate@gmail.com", None, "Blue Hill Inc."), 80, 90),
    (("Sergey Ivanov", "si@x.org", None, "Vostok"), ("Sergej Iwanow", "s@mail.ru", None, "Vostok AG"), 80, 90),
    (("Chen Wei", "cw@x.org", None, "Jade Labs"), ("Wei Chen", "wei@qq.com", None, "Jade Labs"), 85, 92),
    (
        ("Ana Maria Lopez Garcia", "a@x.org", None, "Sol y Mar"),
        ("Ana Lopez", "ana@yahoo.es", None, "Sol y Mar SL"),
        80,
        90,
    ),
    (("Ada Park", "a@x.org", None, "Parkside"), ("Ada Park", "b@gmail.com", None, "Parkside Analytics"), 80, 90),
    (("Иван Петров", "i@x.org", None, "Заря"), ("Петров Иван", "p@mail.ru", None, "Заря"), 85, 92),
    # a name and a company's own domain
    (("Ada Park", "ada@parkside.io", None, None), ("Ada Park", "ada.park@parkside.io", None, None), 80, 90),
    (("A. Park", "a.park@parkside.io", None, None), ("Ada Park", "ada@parkside.io", None, None), 80, 90),
    (("Bill Gray", "bill@oak.co.uk", None, None), ("William Gray", "w.gray@oak.co.uk", None, None), 80, 90),
]

LOOK_ALIKES: list[tuple[Person, Person, int, int]] = [
    # a common name alone
    (("John Smith", "john@gmail.com", None, None), ("John Smith", "jsmith@outlook.com", None, None), 30, 49),
    (("John Smith", "j1@gmail.com", None, "Acme"), ("John Smith", "j2@gmail.com", None, "Bluefield"), 20, 40),
    (("Jon Smith", "j@a.org", None, None), ("John Smyth", "j@b.org", None, None), 20, 40),
    (("Maria Silva", "ms@a.org", "+351210000001", None), ("Maria Silva", "ms@b.org", "+351210000002", None), 30, 49),
    (("J. Smith", "js@a.org", None, None), ("Jane Smith", "jane@b.org", None, None), 20, 40),
    (("Anna Meier", "a1@gmx.de", None, None), ("Anna Meyer", "a2@gmx.de", None, None), 20, 40),
    (("Ada", "ada@gmail.com", None, None), ("Ada", "ada@outlook.com", None, None), 30, 49),
    # a family, an office
    (("Ada Park", "ada@x.org", "+15550104477", None), ("Tom Park", "tom@x.com", "+15550104477", None), 65, 75),
    (("Mario Rossi", "m@a.it", "+390612345678", None), ("Maria Rossi", "r@b.it", "+390612345678", None), 65, 75),
    (("Ivan Popov", "i@a.bg", "+35921234567", None), ("Elena Popova", "e@b.bg", "+35921234567", None), 65, 75),
    (
        ("Ada Park", "ada@oak.io", "+15550100000", "Oak"),
        ("Ben Cole", "ben@oak.io", "+1 555 010 0000 ext. 7", "Oak"),
        65,
        75,
    ),
    # colleagues
    (("Ada Park", "ada@oak.io", None, "Oakworks"), ("Ben Cole", "ben@oak.io", None, "Oakworks"), 0, 30),
    (("Daniel Weber", "daniel@oak.io", None, "Oakworks"), ("Daniela Weber", "dw@oak.io", None, "Oakworks"), 0, 30),
    (("Peter Martin", "pm@oak.io", None, None), ("Peter Meister", "pme@oak.io", None, None), 0, 30),
    (("Lea Kim", "lea@oak.io", None, None), ("Lee Kang", "lee@oak.io", None, None), 0, 30),
    # customers of one provider
    (("Ada Park", "ada@gmail.com", None, None), ("Ben Cole", "ben@gmail.com", None, None), 0, 0),
    (("Ann Li", "annli88@gmail.com", None, None), ("Ann Lo", "annli89@gmail.com", None, None), 0, 40),
    # placeholders
    (("Ada Park", "a@x.org", "0", "n/a"), ("Ben Cole", "b@y.org", "0", "N/A"), 0, 75),
    (("Ada Park", "a@x.org", "-", "-"), ("Ben Cole", "b@y.org", "none", "-"), 0, 0),
    (("-", "a@x.org", None, None), ("?", "b@y.org", None, None), 0, 0),
    (("Unknown", "a@oak.io", None, "Oak"), ("Unknown", "b@oak.io", None, "Oak"), 0, 30),
    (("N/A", "a@oak.io", "+15550104477", None), ("n.a.", "b@oak.io", "+15550104477", None), 65, 75),
    (("Website Visitor", "a@oak.io", None, None), ("website visitor", "b@oak.io", None, None), 0, 30),
    # nothing in common
    (("Ada Park", "ada@parkside.io", "+442079460958", "Parkside"), ("Yuki Sato", "y@sato.jp", None, None), 0, 0),
    (("Otto Berg", "o@x.org", None, "Acme"), ("Ada Burg", "a@y.org", None, "Acme"), 0, 30),
    (("A. P.", "a@x.org", None, "Acme"), ("Ada Park", "b@y.org", None, "Acme"), 0, 30),
]


def lead(person: Person) -> Lead:
    name, email, phone, company = person
    return lead_with(name, email, phone=phone, metadata={} if company is None else {"company": company})


def lead_with(name: str, email: str, *, phone: str | None = None, metadata: dict[str, Any]) -> Lead:
    draft = LeadDraft(name, email, phone=phone, metadata=msgspec.Raw(msgspec.json.encode(metadata)))
    return new_lead(draft, lead_id="lead_1", workspace_id="ws_1", now=0)


@pytest.mark.parametrize(("one", "other", "low", "high"), DUPLICATES + LOOK_ALIKES)
def test_scores_make_sense(one: Person, other: Person, low: int, high: int) -> None:
    found = compare(lead(one), lead(other))

    assert low <= found.score <= high, found


@pytest.mark.parametrize(("one", "other"), [(one, other) for one, other, *_ in DUPLICATES + LOOK_ALIKES])
def test_it_is_the_same_from_both_sides(one: Person, other: Person) -> None:
    assert compare(lead(one), lead(other)) == compare(lead(other), lead(one))


def test_what_scores_high_is_a_duplicate_and_nothing_else_is() -> None:
    likely = [pair for pair in DUPLICATES + LOOK_ALIKES if compare(lead(pair[0]), lead(pair[1])).score >= LIKELY]

    assert likely == DUPLICATES


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (("Ada Park", "a@b.io", None, None), ("Ada Park", "A@b.io", None, None), "same_email same_name same_domain"),
        (("Ada Park", "a+x@b.io", None, None), ("Ann Cole", "a@b.io", None, None), "same_mailbox same_domain"),
        (("Ada", "a@b.io", "+15550104477", None), ("Ida", "a@c.io", "+15550104477", None), "same_phone"),
        (("Ada", "a@b.io", "0123456", None), ("Ida", "a@c.io", "+15550123456", None), ""),
        (("Ada", "a@b.io", "+15550104477", None), ("Ida", "a@c.io", "+495550104477", None), ""),
        (("Ada Park", "a@gmail.com", None, "Oak"), ("A Park", "b@gmail.com", None, "Oak"), "similar_name same_company"),
        (("Ada", "a@b.io", None, "Parkside"), ("Ida", "b@c.io", None, "Parksite"), "similar_company"),
        (("Ada", "a@b.io", None, "BMW"), ("Ida", "b@c.io", None, "BMX"), ""),
        (("Ada", "ada.park@b.io", None, None), ("Ida", "ada.prak@b.io", None, None), "similar_email same_domain"),
        (("Ada", "ada.park1@b.io", None, None), ("Ida", "ada.park2@b.io", None, None), "same_domain"),
    ],
)
def test_it_says_what_they_have_in_common(one: Person, other: Person, reasons: str) -> None:
    assert list(compare(lead(one), lead(other)).reasons) == reasons.split()


@pytest.mark.parametrize(
    "metadata",
    [
        {"company": "Parkside"},
        {"Company Name": "PARKSIDE, Inc."},
        {"company_name": "Parkside"},
        {"organisation": "Parkside"},
        {"Organization": {"id": 7, "name": "Parkside"}},
        {"account": "Parkside"},
        {"Firma": "Parkside GmbH"},
        {"entreprise": "Parkside S.A.R.L."},
        {"Société": "Parkside"},
        {"empresa": "Parkside, S.L."},
        {"company": "-", "account": "Parkside"},
        {"company": None, "firma": "Parkside"},
        {"company": 7, "firma": "Parkside"},
    ],
)
def test_a_company_is_found_wherever_it_stands(metadata: dict[str, Any]) -> None:
    one = lead_with("Ada Park", "a@gmail.com", metadata=metadata)
    other = lead_with("Ada Park", "b@gmail.com", metadata={"company": "Parkside"})

    assert compare(one, other) == Likeness(90, (Reason.SAME_NAME, Reason.SAME_COMPANY))


@pytest.mark.parametrize("company", ["", "n/a", "None", "private", "Self-employed", ["Acme"], {"id": 1}, 0])
def test_what_names_no_company_is_none_in_common(company: object) -> None:
    one = lead_with("Ada Park", "a@gmail.com", metadata={"company": company})
    other = lead_with("Ada Park", "b@gmail.com", metadata={"company": company})

    assert compare(one, other) == Likeness(45, (Reason.SAME_NAME,))


def test_the_legal_form_alone_is_a_name_as_well() -> None:
    one = lead_with("Ada Park", "a@gmail.com", metadata={"company": "Company Inc"})

    assert compare(one, one).reasons[1:] == (Reason.SAME_NAME, Reason.SAME_COMPANY)


TEXT = st.text(max_size=12)
LEADS = st.builds(
    lambda name, email, phone, company: lead_with(name, email, phone=phone, metadata={"company": company}),
    TEXT,
    st.emails() | TEXT,
    TEXT | st.from_regex(r"\A\+?[0-9 ]{1,12}\Z") | st.none(),
    TEXT,
)


@given(LEADS, LEADS)
def test_any_two_leads_compare_the_same_from_both_sides(one: Lead, other: Lead) -> None:
    found = compare(one, other)

    assert 0 <= found.score <= 100
    assert found == compare(other, one)


@given(LEADS)
def test_a_lead_is_its_own_duplicate(one: Lead) -> None:
    assert compare(one, one).score == 100
