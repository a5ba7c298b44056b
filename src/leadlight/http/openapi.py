"""The table of Operations as an OpenAPI 3.1 document, and as a page to read."""

from collections.abc import Iterable
def openapi_document(operations): return {}
def render_page(d): ...
