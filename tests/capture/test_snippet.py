"""The form for a website: what is asked for, with labels and without a trap for people, and the script beside it."""

import re
from html.parser import HTMLParser
from typing import Any

from leadlight.capture.form import FormSettings, LeadDefaults
from leadlight.capture.snippet import render_preview, render_snippet, start_script


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(**settings: Any) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Elements()
    parser.feed(render_snippet("form_1", FormSettings(**settings), base_url="https://leads.example.com/"))
    return parser.found


def inputs(**settings: Any) -> dict[str | None, dict[str, str | None]]:
    return {attrs["name"]: attrs for tag, attrs in elements(**settings) if tag in ("input", "textarea")}


def test_posts_to_the_form_without_any_script() -> None:
    [form] = [attrs for tag, attrs in elements() if tag == "form"]

    assert form == {
        "action": "https://leads.example.com/capture/form_1",
        "method": "post",
        "accept-charset": "utf-8",
        "data-leadlight": "form_1",
    }


def test_asks_for_name_email_phone_and_a_message_unless_the_map_says_more() -> None:
    asked = inputs()

    assert list(asked) == ["name", "email", "phone", "message", "homepage_url"]
    assert [name for name, attrs in asked.items() if "required" in attrs] == ["name", "email"]
    assert [attrs.get("type") for attrs in asked.values()] == ["text", "email", "tel", None, "text"]
    assert [attrs.get("autocomplete") for attrs in asked.values()] == ["name", "email", "tel", None, "off"]


def test_every_input_has_a_label_of_its_own() -> None:
    labels = [attrs["for"] for tag, attrs in elements() if tag == "label"]

    assert sorted(labels, key=str) == sorted((attrs["id"] for attrs in inputs().values()), key=str)
    assert len(set(labels)) == len(labels)


def test_people_and_screen_readers_meet_no_honeypot() -> None:
    found = elements()
    place = next(index for index, (_, attrs) in enumerate(found) if attrs.get("name") == "homepage_url")

    assert found[place - 2] == ("div", {"hidden": None, "style": "display: none"})
    assert found[place][1]["tabindex"] == "-1"
    assert "homepage_url" not in inputs(honeypot=None)


def test_asks_for_what_the_map_names_in_its_order() -> None:
    field_map = {
        "vorname": "firstName",
        "nachname": "lastName",
        "e-mail": "email",
        "firma": "metadata.company",
        "zweite": "email",
        "frage": "metadata.question",
        "kanal": "source",
        "utm": "metadata.utm_source",
        "x": "",
    }
    asked = inputs(field_map=field_map, honeypot=None)

    assert list(asked) == ["vorname", "nachname", "e-mail", "firma", "frage"]
    assert [attrs.get("autocomplete") for attrs in asked.values()] == [
        "given-name",
        "family-name",
        "email",
        "organization",
        None,
    ]
    assert "rows" in asked["frage"]


def test_asks_for_what_a_lead_must_have_even_if_the_map_does_not() -> None:
    assert list(inputs(field_map={"firma": "metadata.company"}, honeypot=None)) == ["name", "email", "firma"]
    assert list(inputs(field_map={"email": ""}, honeypot=None)) == ["name", "your_email"]
    defaults = LeadDefaults(name="Somebody")
    assert list(inputs(field_map={"tel": "phone"}, defaults=defaults, honeypot=None)) == ["email", "tel"]


def test_what_is_hostile_is_escaped() -> None:
    field_map = {'"><script>alert(1)</script>': "metadata.<b>"}
    html = render_snippet("form_1", FormSettings(field_map=field_map, honeypot='"x'), base_url='https://e.com/"')

    assert html.count("<script") == 1
    assert "<b>" not in html
    assert 'name="&#34;x"' in html


def test_the_script_brings_the_time_and_the_page() -> None:
    script = start_script("form_1", "1.ab")

    assert '{"_started": "1.ab"}' in script
    assert 'form.dataset.leadlight !== "form_1"' in script
    assert '"utm_source"' in script
    assert "fetch" not in script
    assert not re.search(r"\$[a-z{]", script)


def test_the_script_holds_texts_as_texts() -> None:
    assert r'{"_started": "\"; alert(1); \u2028"}' in start_script("form_1", '"; alert(1); \u2028')


def test_the_preview_is_the_same_form_that_leads_nowhere() -> None:
    settings = FormSettings(field_map={"vorname": "firstName", "post": "email"})

    preview = render_preview(settings)

    assert re.findall(r'<input[^>]* name="([^"]*)"', preview) == ["vorname", "post"]
    assert [word for word in ("action", "script", "homepage_url", "style") if word in preview] == []
