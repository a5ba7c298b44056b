"""What a form can be set to: origins, redirects, the map, defaults, secrets that are never told."""

import msgspec
import pytest

from leadlight.capture.form import (
    FormSettings,
    LeadDefaults,
    conflicts,
    defaults_rule,
    field_map_rule,
    fill_rule,
    form_name_rule,
    honeypot_rule,
    origins_rule,
    rate_rule,
    redirect_rule,
    secret_rule,
)
from leadlight.duplicate_rule import DuplicateRule, OnDuplicate
from leadlight.errors import Invalid
from leadlight.leads.lead import LeadStatus


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("HTTPS://WWW.Example.COM:443", "https://www.example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("*", "*"),
    ],
)
def test_keeps_origins_as_browsers_say_them(given: str, kept: str) -> None:
    assert origins_rule([given, given]) == (kept,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "null",
        "https://",
        "https://example.com/contact",
        "https://example.com?a",
        "https://example.com#a",
        "https://*.example.com",
        "https://user@example.com",
        "https://example.com:0",
        "https://example.com:65536",
        "https://exa mple.com",
        "https://example.com\n",
        "ftp://example.com",
        "https://ü" + "x" * 300,
        "**",
    ],
)
def test_refuses_what_is_no_origin(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        origins_rule(["https://example.com", text])
    assert refusal.value.code == "invalid_origin"


def test_refuses_too_many_origins() -> None:
    with pytest.raises(Invalid, match="more than 100 origins"):
        origins_rule([f"https://{number}.example.com" for number in range(101)])


@pytest.mark.parametrize(
    ("allowed", "origin", "may"),
    [
        (("https://example.com",), "https://example.com", True),
        (("https://example.com",), "https://EXAMPLE.com", True),
        (("https://example.com",), "http://example.com", False),
        (("https://example.com",), "https://example.com:8443", False),
        (("https://example.com",), "https://example.com.evil.example", False),
        (("https://example.com",), "null", False),
        ((), "https://example.com", False),
        (("*",), "https://example.com", True),
        (("*",), "null", True),
    ],
)
def test_allows_its_origins_alone(allowed: tuple[str, ...], origin: str, may: bool) -> None:
    assert FormSettings(allowed_origins=allowed).allows(origin) is may


@pytest.mark.parametrize(
    "url", [None, "https://example.com/thanks?a=b#c", "http://localhost:3000/", "https://bücher.example/ü"]
)
def test_sends_visitors_on_to_an_address_of_the_web(url: str | None) -> None:
    assert redirect_rule(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/thanks",
        "//example.com",
        "https:///thanks",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://example.com/a b",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com\\@evil.example",
        "https://user:secret@example.com/",
        "https://[::1",
        "https://example.com:99999/",
        "https://example.com/\u202e",
        "https://example.com/" + "x" * 2048,
    ],
)
def test_sends_visitors_nowhere_else(url: str) -> None:
    with pytest.raises(Invalid):
        redirect_rule(url)


def test_maps_fields_to_the_targets_that_imports_have() -> None:
    field_map = {
        "Vorname": "firstName",
        "Nachname": "lastName",
        "Name": "name",
        "mail": "email",
        "tel": "phone",
        "how": "source",
        "state": "status",
        "co": "metadata.company",
        "x": "",
    }

    assert field_map_rule(field_map) == field_map


@pytest.mark.parametrize(
    "target", ["Email", "id", "createdAt", "metadata", "metadata.", "metadata." + "x" * 501, "company"]
)
def test_refuses_a_target_that_there_is_not(target: str) -> None:
    with pytest.raises(Invalid, match="'mail' must become one of name, firstName") as refusal:
        field_map_rule({"mail": target})
    assert refusal.value.code == "unknown_target"


@pytest.mark.parametrize("field_map", [{"": "email"}, {"x" * 501: "email"}, {str(n): "" for n in range(1001)}])
def test_refuses_a_map_of_no_fields_or_too_many(field_map: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        field_map_rule(field_map)


def test_defaults_are_held_to_the_rules_of_a_lead() -> None:
    defaults = LeadDefaults(name=" Somebody ", status=LeadStatus.CONTACTED, metadata=msgspec.Raw(b'{ "a": 1 }'))

    assert defaults_rule(defaults) == LeadDefaults(
        name="Somebody", status=LeadStatus.CONTACTED, metadata=msgspec.Raw(b'{"a":1}')
    )
    for bad in (LeadDefaults(name=" "), LeadDefaults(email="nobody"), LeadDefaults(metadata=msgspec.Raw(b"[]"))):
        with pytest.raises(Invalid):
            defaults_rule(bad)


def test_what_it_does_with_duplicates_is_the_workspaces_unless_it_says_more() -> None:
    usual = DuplicateRule(OnDuplicate.SKIP, "phone")

    assert FormSettings().duplicates(usual) == usual
    assert FormSettings(on_duplicate=OnDuplicate.UPDATE).duplicates(usual) == DuplicateRule(OnDuplicate.UPDATE, "phone")


@pytest.mark.parametrize("secret", [None, "8 or more", "ключ от формы", "x" * 500])
def test_takes_a_secret_as_it_is(secret: str | None) -> None:
    assert secret_rule(secret) == secret


@pytest.mark.parametrize("secret", ["", "7 chars", "x" * 501, "12345678\n"])
def test_refuses_a_secret_that_can_not_be_one_and_does_not_repeat_it(secret: str) -> None:
    with pytest.raises(Invalid) as refusal:
        secret_rule(secret)
    assert refusal.value.code == "invalid_secret"
    assert not secret or secret not in refusal.value.message


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_has_a_name(name: str) -> None:
    with pytest.raises(Invalid):
        form_name_rule(name)
    assert form_name_rule(" Contact ") == "Contact"


@pytest.mark.parametrize("number", [-1, 10_001])
def test_numbers_have_bounds(number: int) -> None:
    for rule in (rate_rule, fill_rule):
        with pytest.raises(Invalid):
            rule(number)
        assert rule(0) == 0


def test_the_honeypot_is_no_field_that_people_fill_in() -> None:
    assert honeypot_rule(None) is None
    assert conflicts(FormSettings(honeypot=None, field_map={"mail": "email"})) == []
    assert conflicts(FormSettings(honeypot="url", field_map={"mail": "email"})) == []
    [problem] = conflicts(FormSettings(honeypot="mail", field_map={"mail": "email"}))
    assert (problem.field, problem.code) == ("honeypot", "conflict")


def test_settings_are_stored_as_json_and_come_back() -> None:
    settings = FormSettings(
        allowed_origins=("https://example.com",),
        field_map={"mail": "email"},
        defaults=LeadDefaults(metadata=msgspec.Raw(b'{"n":1.10}')),
        honeypot=None,
    )

    text = msgspec.json.encode(settings)

    assert msgspec.json.decode(text, type=FormSettings) == settings
    assert msgspec.json.encode(FormSettings()) == b"{}"
