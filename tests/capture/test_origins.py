"""Which websites may post to a form: CORS for the form's origins alone, and nothing for others."""

import pytest
import requests

from tests.capture.forms import ADA, AS_PAGE, SITE, TheForm, code_of
from tests.conftest import Client, Server

OTHER = "https://evil.example"
ALLOW = "Access-Control-Allow-Origin"


def preflight(form: TheForm, origin: str) -> requests.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return requests.options(form.url, headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("allowed", "origin", "answered"),
    [
        ([SITE], SITE, SITE),
        ([SITE], "https://EXAMPLE.com", "https://EXAMPLE.com"),
        ([SITE], OTHER, None),
        ([SITE], "http://example.com", None),
        ([SITE], "https://example.com:8443", None),
        ([SITE], "https://www.example.com", None),
        ([SITE], "https://example.com.evil.example", None),
        ([SITE], "https://example.com@evil.example", None),
        ([SITE], "null", None),
        ([SITE], "", None),
        ([SITE], "https://[", None),
        (["http://localhost:3000"], "http://localhost:3000", "http://localhost:3000"),
        ([SITE, OTHER], OTHER, OTHER),
        ([], SITE, None),
        (["*"], OTHER, "*"),
        (["*"], "null", "*"),
    ],
)
def test_a_page_may_post_or_not(admin: Client, allowed: list[str], origin: str, answered: str | None) -> None:
    form = TheForm(admin, allowedOrigins=allowed)

    asked = preflight(form, origin)
    posted = form.post(json=ADA, headers={"Origin": origin})

    status = (204, 200) if answered else (403, 403)
    assert (asked.status_code, posted.status_code) == status
    assert (asked.headers.get(ALLOW), posted.headers.get(ALLOW)) == (answered, answered)
    assert "Origin" in asked.headers["Vary"]
    assert "Origin" in posted.headers["Vary"]
    assert len(form.leads()) == (1 if answered else 0)


def test_a_preflight_says_what_may_be_sent(form: TheForm) -> None:
    headers = preflight(form, SITE).headers

    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert headers["Access-Control-Allow-Headers"] == "Content-Type, Idempotency-Key, X-Request-Id"
    assert headers["Access-Control-Max-Age"] == "600"
    assert "Access-Control-Allow-Credentials" not in headers


def test_who_may_not_post_is_told_why_and_nothing_is_kept(form: TheForm) -> None:
    program = form.post(json=ADA, headers={"Origin": OTHER})
    person = form.post(data=ADA, headers={"Origin": OTHER, **AS_PAGE})

    assert code_of(program) == (403, "FORBIDDEN")
    assert program.json()["details"] == {"origin": OTHER}
    assert (person.status_code, person.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "This website may not send this form" in person.text
    assert form.submissions() == []


def test_a_page_of_the_server_itself_may(server: Server, admin: Client) -> None:
    form = TheForm(admin)

    by_name = {"Origin": f"https://leads.example.com:{server.port}", "Host": f"leads.example.com:{server.port}"}
    answers = [form.post(data=ADA, headers={"Origin": server.url}), form.post(data=ADA, headers=by_name)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.headers.get(ALLOW) for answer in answers] == [None, None]


def test_who_says_no_origin_is_no_page(admin: Client) -> None:
    assert TheForm(admin).post(json=ADA).status_code == 200


def test_a_script_can_read_refusals_too(form: TheForm) -> None:
    form.change(rateLimitPerMinute=1)

    refused = [form.post(json={}, headers={"Origin": SITE}) for _ in range(2)]

    assert [(answer.status_code, answer.headers[ALLOW]) for answer in refused] == [(400, SITE), (429, SITE)]
    assert refused[0].headers["Access-Control-Expose-Headers"] == "Idempotency-Replayed, Retry-After, X-Request-Id"


def test_a_preflight_to_a_form_that_is_none_is_a_404(server: Server) -> None:
    response = requests.options(f"{server.url}/capture/form_none", headers={"Origin": SITE}, timeout=5)

    assert code_of(response) == (404, "NOT_FOUND")
    assert ALLOW not in response.headers


def test_options_that_are_no_preflight_name_the_methods(form: TheForm) -> None:
    response = requests.options(form.url, timeout=5)

    assert (response.status_code, response.headers["Allow"]) == (204, "OPTIONS, POST")


@pytest.mark.parametrize("path", ["/google-ads", "/meta", "/typeform", "/tally"])
def test_platforms_are_no_websites(form: TheForm, path: str) -> None:
    response = form.post(path, json={}, headers={"Origin": SITE})

    assert response.status_code == 403
    assert ALLOW not in response.headers


def test_the_script_of_a_form_may_be_loaded_by_any_page(form: TheForm) -> None:
    response = form.get("/start.js", headers={"Origin": OTHER})

    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
