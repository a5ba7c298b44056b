"""The Operation: one endpoint, declared once. Dispatch serves it and OpenAPI describes it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from leadlight.http.body import BodyDecoder
from leadlight.http.query import Parameter, QueryDecoder
from leadlight.ids import IdKind
from leadlight.principal import Scope


class Reply(msgspec.Struct, frozen=True):
    """What a handler answers when the bare value does not say it all.

    `existing`: nothing new was made where the operation would make something.
    `replayed`: this was answered before (Idempotency-Key).
    """

    data: Any
    etag: str | None = None
    location: str | None = None
    existing: bool = False
    replayed: bool = False


class Stream(msgspec.Struct, frozen=True):
    """What a handler answers that goes on: Server-Sent Events, in pieces of any size (`http.sse`)."""

    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint of the API.

    The handler gets the caller, then, as far as the operation declares them, the id in the path,
    the query, the body; `if_match`, `idempotency` and `last_event_id` by name. It answers a value of
    the response type, or a Reply that holds one, or raises a domain error. It never sees HTTP.

    `scope` None: any key that is valid. `message`: a sentence for people beside the data.
    `errors`: the codes that are peculiar to it. `example`: of the answer's data.
    `streams`: it answers a Stream; the response type and the example are those of one event's data.
    `downloads`: the media types of the file that it answers, a Download; the response type is that of its content.
    `uploads`: the texts beside the file that it takes (`http.upload`), with what each means; its handler gets the
    Upload in place of a body, before it is read.
    `body_bytes`: how large its body may be at least, whatever the setting says of others.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    scope: Scope | None
    response: type[msgspec.Struct]
    example: Mapping[str, Any]
    handler: Callable[..., Awaitable[Any]]
    status: int = 200
    existing_status: int | None = None
    path_id: IdKind | None = None
    query: type[msgspec.Struct] | None = None
    parameters: tuple[Parameter, ...] = ()
    body: type[msgspec.Struct] | None = None
    body_optional: bool = False
    body_bytes: int = 0
    downloads: tuple[str, ...] = ()
    uploads: Mapping[str, str] | None = None
    if_match: bool = False
    idempotent: bool = False
    etag: bool = False
    streams: bool = False
    message: str | None = None
    errors: tuple[str, ...] = ()
    request_example: Mapping[str, Any] | None = None
    query_decoder: QueryDecoder = field(init=False)
    body_decoder: BodyDecoder | None = field(init=False)
    reads_headers: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "query_decoder", QueryDecoder(self.query, self.parameters))
        object.__setattr__(self, "body_decoder", BodyDecoder(self.body) if self.body else None)
        object.__setattr__(self, "reads_headers", self.if_match or self.idempotent or self.streams)
