"""The OpenAPI document: valid, complete, and true to what is served."""

import json
from typing import Any

import jsonschema
import pytest
import requests
from openapi_spec_validator import validate
from starlette.routing import Route

from leadlight.capture.public import PublicRoutes
from leadlight.http.errors import STATUS
from leadlight.http.ratelimit import SlidingWindows
from tests.conftest import Server

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(server: Server) -> dict[str, Any]:
    return dict(requests.get(f"{server.url}/openapi.json", timeout=10).json())


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [methods[name] for methods in document["paths"].values() for name in methods.keys() & METHODS]


def test_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_describes_every_operation(server: Server, document: dict[str, Any]) -> None:
    served = {operation.id for operation in server.services.operations()}

    assert {each["operationId"] for each in operations(document) if each.get("security") != []} == served


def test_describes_every_public_address(server: Server, document: dict[str, Any]) -> None:
    services, windows = server.services, SlidingWindows(seconds=60)
    public = PublicRoutes(
        services.forms,
        services.receiving,
        server.clock,
        windows=windows,
        failures=windows,
        failure_limit=1,
        max_body_bytes=1,
    )
    served = {
        (route.path.replace("{form_id}", "{formId}"), method.lower())
        for route in public.routes()
        if isinstance(route, Route)
        for method in route.methods or ()
        if method.lower() in METHODS
    }

    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert served == {(path, method) for path, method in described if path.startswith("/capture/")}
    assert all(document["paths"][path][method]["security"] == [] for path, method in served)


def test_every_answer_shows_the_request_id_and_an_example_that_fits(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status, response in operation["responses"].items():
            assert "X-Request-Id" in response["headers"]
            for media_type, content in response.get("content", {}).items():
                if media_type in ("application/json", "text/csv", "text/event-stream"):
                    check_examples(content, document)
            assert ("content" in response) == (status not in ("303", "304"))


def check_examples(content: dict[str, Any], document: dict[str, Any]) -> None:
    schema = {**content["schema"], "components": document["components"]}
    examples = (
        [content["example"]] if "example" in content else [each["value"] for each in content["examples"].values()]
    )
    assert examples
    for example in examples:
        jsonschema.validate(example, schema)


def test_describes_the_stream_as_events_and_shows_one(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/events/stream"]["get"]
    content = operation["responses"]["200"]["content"]

    event = dict(line.split(": ", 1) for line in content["text/event-stream"]["example"].splitlines() if line)

    assert [parameter["name"] for parameter in operation["parameters"]] == ["after", "types", "Last-Event-ID"]
    assert list(content) == ["text/event-stream"]
    schema = {**document["components"]["schemas"]["EventView"], "components": document["components"]}
    jsonschema.validate(json.loads(event["data"]), schema)
    assert event["event"] == "lead.updated"


def test_request_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    for operation in operations(document):
        contents = operation.get("requestBody", {}).get("content", {})
        for content in (content for kind, content in contents.items() if kind != "multipart/form-data"):
            jsonschema.validate(content["example"], {**content["schema"], "components": document["components"]})


def test_names_every_error_code_that_an_operation_can_answer(document: dict[str, Any]) -> None:
    named = {
        code
        for operation in operations(document)
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/json", {}).get("examples", {})
    }

    # The others are answers to what is no operation.
    assert set(STATUS) - named == {"METHOD_NOT_ALLOWED", "HEADERS_TOO_LARGE"}


def test_the_reference_page_shows_every_operation_without_loading_anything(
    server: Server, document: dict[str, Any]
) -> None:
    response = requests.get(f"{server.url}/docs", timeout=10)

    assert response.status_code == 200
    for operation in operations(document):
        assert f'<section id="{operation["operationId"]}">' in response.text
    assert "<pre><code>retry: 2000\n" in response.text
    assert "<script" not in response.text
    assert "http://" not in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
