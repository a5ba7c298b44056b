"""The table of Operations as an OpenAPI 3.1 document. It is made of the declarations that are served."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from leadlight import __version__
from leadlight.errors import LeadlightError, Problem
from leadlight.http.errors import STATUS
from leadlight.http.idempotency import FORM as IDEMPOTENCY_KEY_FORM
from leadlight.http.operation import Operation
from leadlight.http.query import Parameter
from leadlight.http.sse import MEDIA_TYPE, event, opening
from leadlight.http.upload import FILE
from leadlight.ids import IdKind

_REF = "#/components/schemas/{name}"
_ALWAYS = (
    "MISSING_AUTH_HEADER",
    "MALFORMED_AUTH_HEADER",
    "INVALID_API_KEY",
    "RATE_LIMIT_EXCEEDED",
    "VALIDATION_ERROR",
    "INTERNAL_ERROR",
    "SERVICE_UNAVAILABLE",
)
_WITH_BODY = ("INVALID_JSON", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
_MEANINGS = {
    200: "Done",
    201: "Created",
    202: "Accepted; it is done in the background",
    304: "Not changed since the ETag that was sent",
    400: "The request is invalid; every problem is named",
    401: "No valid API key",
    403: "Not allowed, by the scopes of the key or by the form",
    404: "Nothing with this id in the caller's workspace",
    409: "Conflicts with what is stored",
    412: "Changed since it was read",
    413: "The body is too large",
    415: "The body's media type is not supported",
    429: "Too many requests, or too many failed authentications",
    500: "A fault of ours",
    503: "The store is away for a moment",
}


class ErrorBody(msgspec.Struct, rename="camel"):
    """The envelope of every failure."""

    success: bool
    error: str
    code: str
    request_id: str
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    retry_after: int | msgspec.UnsetType = msgspec.UNSET


def openapi_document(operations: Iterable[Operation], public: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The document of all operations, with every schema, error code, header and example.

    `public`: path items by path, of what needs no key.
    """
    operations = list(operations)
    types: list[Any] = [ErrorBody, Problem]
    for operation in operations:
        types.append(operation.response)
        if operation.body is not None:
            types.append(operation.body)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    by_type = dict(zip(types, schemas, strict=True))
    components["ErrorBody"] = _error_schema(components["ErrorBody"])
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, by_type)
    paths |= public
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadlight",
            "version": __version__,
            "summary": "The lead store's API.",
            "description": "Success is `{success: true, data}`, failure `{success: false, error, code, details, "
            "requestId}`. Every answer has an `X-Request-Id`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in _tags(paths)],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": _HEADERS,
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key: `sk-workspace_…`. It decides which workspace is seen.",
                }
            },
        },
    }


def _tags(paths: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    return dict.fromkeys(described["tags"][0] for methods in paths.values() for described in methods.values())


def failures(codes: Iterable[str]) -> dict[str, Any]:
    """The responses with these error codes, by status."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(STATUS[code], []).append(code)
    return {str(status): _failure(status, found) for status, found in sorted(by_status.items())}


def _operation(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    scope = f"\n\nScope: `{operation.scope.value}`." if operation.scope else "\n\nScope: any."
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description + scope,
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.uploads is not None:
        described["requestBody"] = _multipart(operation.uploads)
    if operation.body is not None:
        content: dict[str, Any] = {"schema": schemas[operation.body]}
        if operation.request_example:
            content["example"] = operation.request_example
        described["requestBody"] = {
            "required": not operation.body_optional,
            "content": {"application/json": content},
        }
    return described


def _multipart(texts: Mapping[str, str]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        name: {"type": "string", "description": description} for name, description in texts.items()
    }
    properties[FILE] = {"type": "string", "format": "binary", "description": "The file, as the last part."}
    schema = {"type": "object", "required": [FILE], "properties": properties, "additionalProperties": False}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if operation.path_id is not None:
        found.append(path_parameter(operation.path_id))
    found += [_query_parameter(parameter) for parameter in operation.parameters]
    if operation.if_match:
        found.append(_header("If-Match", "Only if the lead's ETag is still one of these.", '"18f0-3"'))
    if operation.etag and operation.method == "GET":
        found.append(_header("If-None-Match", "Answer 304 if the ETag is still one of these.", '"18f0-3"'))
    if operation.idempotent:
        found.append(
            _header(
                "Idempotency-Key",
                "The same request with the same key is done once, for 24 hours.",
                "form-7391",
                pattern=f"^{IDEMPOTENCY_KEY_FORM}$",
            )
        )
    if operation.streams:
        found.append(
            _header("Last-Event-ID", "Where to go on: the last `id` that was read.", "42", pattern="^[0-9]{1,18}$")
        )
    return found


def path_parameter(kind: IdKind) -> dict[str, Any]:
    """An id in a path."""
    return {
        "name": f"{kind.name}Id",
        "in": "path",
        "required": True,
        "description": f"The {kind.name}'s id.",
        "schema": {"type": "string", "pattern": f"^{kind.pattern.pattern}$"},
    }


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": parameter.rule.schema,
    }
    if parameter.rule.style is not None:
        described |= {"style": parameter.rule.style, "explode": False}
    if parameter.name.endswith("."):
        described |= {
            "name": parameter.name + "{key}",
            "example": "Parkside",
            "description": f"{parameter.description} Put the key in place of `{{key}}`.",
        }
    return described


def _header(name: str, description: str, example: str, **schema: str) -> dict[str, Any]:
    described = {"type": "string", **schema}
    return {"name": name, "in": "header", "description": description, "schema": described, "example": example}


def _responses(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status in filter(None, (operation.status, operation.existing_status)):
        describe = _stream if operation.streams else _file if operation.downloads else _success
        responses[str(status)] = describe(operation, status, schemas)
    if operation.etag and operation.method == "GET":
        responses["304"] = {"description": _MEANINGS[304], "headers": headers("ETag", "X-Request-Id")}
    return responses | failures(_codes(operation))


def _codes(operation: Operation) -> list[str]:
    codes = [*_ALWAYS, *operation.errors]
    if operation.scope is not None:
        codes.append("INSUFFICIENT_SCOPE")
    if operation.path_id is not None:
        codes.append("INVALID_ID_FORMAT")
        codes.append("LEAD_NOT_FOUND" if operation.path_id.name == "lead" else "NOT_FOUND")
    if operation.body is not None:
        codes += _WITH_BODY
    if operation.uploads is not None:
        codes += ("BAD_REQUEST", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
    if operation.idempotent:
        codes.append("CONFLICT")
    if operation.if_match:
        codes.append("PRECONDITION_FAILED")
    return codes


def _success(operation: Operation, status: int, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"success": {"const": True}}
    if operation.message is not None:
        properties["message"] = {"const": operation.message}
    properties["data"] = schemas[operation.response]
    names = ["X-Request-Id", *_RATE_LIMIT_HEADERS]
    names += ["ETag"] if operation.etag else []
    names += ["Location", "Idempotency-Replayed"] if operation.idempotent else []
    schema = {"type": "object", "required": list(properties), "properties": properties}
    example: dict[str, Any] = {"success": True}
    if operation.message is not None:
        example["message"] = operation.message
    example["data"] = operation.example
    return {
        "description": _MEANINGS[status],
        "headers": headers(*names),
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def _stream(operation: Operation, status: int, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    name = schemas[operation.response]["$ref"].rpartition("/")[2]
    schema = {
        "type": "string",
        "description": f"Events, each with an `id` and a type; their `data` is `{name}` as JSON.",
    }
    data = msgspec.json.encode(operation.example)
    example = (opening(41) + event(42, operation.example["type"], data)).decode()
    return {
        "description": _MEANINGS[status],
        "headers": headers("X-Request-Id", *_RATE_LIMIT_HEADERS),
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }


def _file(operation: Operation, status: int, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    name = schemas[operation.response]["$ref"].rpartition("/")[2]
    schema = {"type": "string", "description": f"A file that holds `{name}`."}
    values = [
        value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in operation.example.values()
    ]
    examples = {"text/csv": f"{','.join(operation.example)}\n{','.join(values)}\n"}
    return {
        "description": _MEANINGS[status],
        "headers": headers("X-Request-Id", *_RATE_LIMIT_HEADERS),
        "content": {
            media_type: {"schema": schema} | ({"example": examples[media_type]} if media_type in examples else {})
            for media_type in operation.downloads
        },
    }


def _failure(status: int, codes: list[str]) -> dict[str, Any]:
    names = ["X-Request-Id"]
    names += ["Retry-After"] if status in (429, 503) else []
    names += ["WWW-Authenticate"] if status == 401 else []
    schema = {"allOf": [{"$ref": _REF.format(name="ErrorBody")}, {"properties": {"code": {"enum": codes}}}]}
    return {
        "description": f"{_MEANINGS[status]}: " + ", ".join(f"`{code}`" for code in codes),
        "headers": headers(*names),
        "content": {"application/json": {"schema": schema, "examples": {code: _example(code) for code in codes}}},
    }


def _example(code: str) -> dict[str, Any]:
    sentence = _SENTENCES[code]
    return {"value": {"success": False, "error": sentence, "code": code, "requestId": "req_4f1c2a9b7d3e8056"}}


def _sentences(kind: type[LeadlightError]) -> dict[str, str]:
    """What the errors say, by code."""
    own = {kind.code: kind.summary} if hasattr(kind, "code") else {}
    return {code: text for child in kind.__subclasses__() for code, text in _sentences(child).items()} | own


_SENTENCES = _sentences(LeadlightError)


def _error_schema(schema: dict[str, Any]) -> dict[str, Any]:
    properties = {**schema["properties"], "success": {"const": False}, "code": {"enum": list(STATUS)}}
    return {**schema, "properties": properties}


def headers(*names: str) -> dict[str, Any]:
    """The headers of a response, which are described once for all."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _response_header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


_RATE_LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Used", "X-RateLimit-Reset")
_HEADERS = {
    "X-Request-Id": _response_header("The request's id: the client's own, if it sent one."),
    "X-RateLimit-Limit": _response_header("Requests an hour; absent for a key without a limit.", "integer"),
    "X-RateLimit-Remaining": _response_header("Requests left in the window.", "integer"),
    "X-RateLimit-Used": _response_header("Requests counted in the window.", "integer"),
    "X-RateLimit-Reset": _response_header("Unix second at which the oldest of them leaves it.", "integer"),
    "Retry-After": _response_header("Seconds to wait.", "integer"),
    "WWW-Authenticate": _response_header("`Bearer`."),
    "ETag": _response_header("Changes whenever the lead does."),
    "Location": _response_header("The lead's address."),
    "Idempotency-Replayed": _response_header("`true` when this repeats the answer to an earlier request."),
}
