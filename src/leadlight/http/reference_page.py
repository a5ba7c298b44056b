"""The OpenAPI document as a page to read: made on the server, with nothing loaded from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup


class ReferencePage(NamedTuple):
    """`style_hash`: SHA-256 of the inline style sheet, for the Content-Security-Policy."""

    html: str
    style_hash: str


def render_reference(document: Mapping[str, Any]) -> ReferencePage:
    """Renders the document. Takes a few milliseconds; callers keep the page."""
    template, style = _resources()
    html = template.render(document=document, style=style, sections=_sections(document))
    digest = hashlib.sha256(style.encode()).digest()
    return ReferencePage(html, base64.b64encode(digest).decode())


@cache
def _resources() -> tuple[jinja2.Template, str]:
    folder = files("leadlight.http").joinpath("templates")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["pretty"] = lambda value: msgspec.json.format(msgspec.json.encode(value)).decode()
    environment.filters["kind"] = _kind
    environment.filters["prose"] = _prose
    style = folder.joinpath("reference.css").read_text(encoding="utf-8")
    return environment.from_string(folder.joinpath("reference.html").read_text(encoding="utf-8")), style


def _sections(document: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The operations by tag, each with its method and path."""
    by_tag: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag[operation["tags"][0]].append({**operation, "method": method.upper(), "path": path})
    return list(by_tag.items())


def _prose(text: str) -> Markup:
    """A sentence whose `words in backticks` are code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items') or {})}"
    kind = schema.get("type", "any")
    words = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words
