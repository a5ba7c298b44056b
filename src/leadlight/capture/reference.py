"""The public addresses of forms as paths of the OpenAPI document: they are no Operations, for nobody has a key."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadlight.http.openapi import failures, headers, path_parameter
from leadlight.ids import FORM

_TAG = "Capture"
_ALWAYS = ("NOT_FOUND", "RATE_LIMIT_EXCEEDED", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE")
_WITH_BODY = ("BAD_REQUEST", "PAYLOAD_TOO_LARGE")
_PAGE = {"text/html": {"schema": {"type": "string"}}}
_REQUEST_ID = headers("X-Request-Id")
_SUBMISSION = "sub_01kb2v7xq8d6y3f9k1m4p7s0tv"
_FIELDS = {"email": "ada@example.com", "name": "Ada Park", "message": "Please call me"}

_GOOGLE_ADS = {
    "lead_id": "TeSter-123",
    "user_column_data": [
        {"column_id": "FULL_NAME", "string_value": "Ada Park"},
        {"column_id": "EMAIL", "string_value": "ada@example.com"},
    ],
    "google_key": "what the form's googleAdsKey says",
    "is_test": False,
}
_META = {
    "object": "page",
    "entry": [
        {"changes": [{"field": "leadgen", "value": {"leadgen_id": "444", "field_data": [
            {"name": "email", "values": ["ada@example.com"]},
        ]}}]},
    ],
}  # fmt: skip
_TYPEFORM = {
    "event_id": "01KB2V7XQ8",
    "event_type": "form_response",
    "form_response": {"answers": [{"type": "email", "email": "ada@example.com", "field": {"ref": "email"}}]},
}
_TALLY = {
    "eventId": "a4cb511e",
    "eventType": "FORM_RESPONSE",
    "data": {"fields": [{"key": "question_1", "label": "Email", "type": "INPUT_EMAIL", "value": "ada@example.com"}]},
}


def public_paths() -> dict[str, dict[str, Any]]:
    """Path items by path, for `openapi_document`."""
    form = "/capture/{formId}"
    return {
        form: {"post": _submit()},
        f"{form}/thanks": {
            "get": _described("showThanks", "See the page that says thanks", "For forms without a `redirectUrl`.")
            | _answers({"200": _content("A page", "text/html")}, as_pages=True)
        },
        f"{form}/start.js": {
            "get": _described(
                "startForm",
                "Load the script that notes when a visitor came",
                "Pages with the form load it; what is sent sooner than the form's `minimumFillSeconds` is a bot's.",
            )
            | _answers({"200": _content("A script", "text/javascript")})
        },
        f"{form}/google-ads": {"post": _platform("GoogleAds", "Google Ads", "`google_key` in the body", _GOOGLE_ADS)},
        f"{form}/meta": {
            "get": _handshake(),
            "post": _platform("Meta", "Meta", "`X-Hub-Signature-256`", _META),
        },
        f"{form}/typeform": {"post": _platform("Typeform", "Typeform", "`Typeform-Signature`", _TYPEFORM)},
        f"{form}/tally": {"post": _platform("Tally", "Tally", "`Tally-Signature`", _TALLY)},
    }


def _submit() -> dict[str, Any]:
    schema = {"type": "object", "description": "The form's fields by name."}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    described = _described(
        "submitForm",
        "Send a form",
        "What is sent is stored first, then made a lead by the form's `fieldMap` and `defaults`. Browsers are led to "
        "the form's `redirectUrl` or to a page that says thanks, programs get JSON. Other websites than those in "
        "`allowedOrigins` are refused.",
    )
    described["requestBody"] = {
        "required": True,
        "content": {kind: {"schema": schema, "example": _FIELDS} for kind in kinds},
    }
    location = {"Location": {"description": "The page to go to.", "schema": {"type": "string"}}}
    data = {"submissionId": _SUBMISSION}
    answers = {
        "200": _json("Stored; the lead can be looked up", data),
        "303": {"description": "Stored; a browser goes on to another page", "headers": {**_REQUEST_ID, **location}},
    }
    codes = ("VALIDATION_ERROR", "INVALID_JSON", "FORBIDDEN", "CONFLICT", "UNSUPPORTED_MEDIA_TYPE", *_WITH_BODY)
    return described | _answers(answers, codes, as_pages=True)


def _platform(name: str, title: str, signature: str, example: Mapping[str, Any]) -> dict[str, Any]:
    described = _described(
        f"receive{name}",
        f"Take a lead from {title}",
        f"{title} calls this. What does not carry the form's secret, as {signature}, is refused; what does is stored, "
        "and answered with a success also when it can't become a lead: it is then among the failed submissions.",
    )
    described["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
    }
    answers = {"200": _json("Stored", {"submissionIds": [_SUBMISSION]})}
    return described | _answers(answers, ("FORBIDDEN", *_WITH_BODY))


def _handshake() -> dict[str, Any]:
    described = _described("confirmMeta", "Confirm the address to Meta", "Meta calls this when the webhook is set up.")
    meanings = {
        "hub.mode": "`subscribe`.",
        "hub.verify_token": "What the form's `metaVerifyToken` says.",
        "hub.challenge": "What is to be answered.",
    }
    described["parameters"] += [
        {"name": name, "in": "query", "required": True, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in meanings.items()
    ]
    return described | _answers({"200": _content("The challenge", "text/plain")}, ("FORBIDDEN",))


def _described(operation_id: str, summary: str, description: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "tags": [_TAG],
        "summary": summary,
        "description": f"{description}\n\nNo key is needed.",
        "security": [],
        "parameters": [path_parameter(FORM)],
    }


def _answers(successes: Mapping[str, Any], codes: Sequence[str] = (), *, as_pages: bool = False) -> dict[str, Any]:
    """`as_pages`: a browser is told of a failure by a page."""
    refusals = failures((*_ALWAYS, *codes))
    for refusal in refusals.values() if as_pages else ():
        refusal["content"] |= _PAGE
    return {"responses": {**successes, **refusals}}


def _json(description: str, data: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        name: {"type": "string"} if isinstance(value, str) else {"type": "array", "items": {"type": "string"}}
        for name, value in data.items()
    }
    schema = {
        "type": "object",
        "required": ["success", "data"],
        "properties": {
            "success": {"const": True},
            "data": {"type": "object", "required": list(data), "properties": properties},
        },
    }
    content = {"application/json": {"schema": schema, "example": {"success": True, "data": data}}}
    return {"description": description, "headers": _REQUEST_ID, "content": content}


def _content(description: str, media_type: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {"description": description, "headers": _REQUEST_ID, "content": content}
