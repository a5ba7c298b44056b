"""Leadlight's look-up as one writes it by hand in Python: FastAPI, pydantic, SQLAlchemy, a session a request.

Environment: DATABASE (SQLAlchemy's URL of a seeded store).
"""

import hashlib
import json
import os
import re
import time
import uuid
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import JSON, Dialect, Text, TypeDecorator, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FRESH_SECONDS = 0.5
DEFAULT_LIMIT = 1000
WINDOW_SECONDS = 3600
POOL_SIZE = 5
LEAD_ID = re.compile(r"lead_[A-Za-z0-9]{1,59}")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")

# Without overflow: connections beyond the pool would be opened and closed, a thread each, with every request.
engine = create_async_engine(os.environ["DATABASE"], pool_size=POOL_SIZE, max_overflow=0)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI(title="Leads")


class Base(DeclarativeBase):
    pass


class JsonText(TypeDecorator[dict[str, Any]]):
    """JSON in a column of text, which PostgreSQL's own type would not read."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, _: Dialect) -> dict[str, Any]:
        return json.loads(value or "{}")


class ApiKeyRow(Base):
    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[str]
    hash: Mapped[str]
    rate_limit: Mapped[int | None]
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class LeadRow(Base):
    __tablename__ = "leads"
    workspace_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]
    source: Mapped[str | None]
    status: Mapped[str]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", JSON().with_variant(JsonText(), "postgresql"))
    created_at: Mapped[int]
    updated_at: Mapped[int]
    version: Mapped[int]


class LeadOut(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: str
    name: str
    email: str
    phone: str | None
    source: str | None
    status: str
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    workspace_id: str


class LeadAnswer(BaseModel):
    success: bool = True
    data: LeadOut


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@app.exception_handler(Refusal)
async def refuse(_: Request, error: Refusal) -> JSONResponse:
    return JSONResponse({"success": False, "error": error.message, "code": error.code}, status_code=error.status)


@app.middleware("http")
async def add_common_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    given = request.headers.get("x-request-id", "")
    response = await call_next(request)
    response.headers["X-Request-Id"] = given if REQUEST_ID.fullmatch(given) else f"req_{uuid.uuid4().hex[:16]}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


async def get_session() -> AsyncIterator[AsyncSession]:
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


@dataclass
class Caller:
    key_id: str
    workspace_id: str
    limit: int
    checked_at: float


class Window:
    """An exact sliding window, counted by the second."""

    def __init__(self, now: int) -> None:
        self.counts = array("L", [0] * WINDOW_SECONDS)
        self.newest = self.oldest = now
        self.total = 0

    def move_to(self, now: int) -> None:
        for second in range(max(self.newest + 1, now - WINDOW_SECONDS + 1), now + 1):
            self.total -= self.counts[second % WINDOW_SECONDS]
            self.counts[second % WINDOW_SECONDS] = 0
        self.newest = max(self.newest, now)
        if self.total == 0:
            self.oldest = self.newest
        while self.total and self.counts[self.oldest % WINDOW_SECONDS] == 0:
            self.oldest += 1

    def hit(self, limit: int, now: int) -> bool:
        self.move_to(now)
        if self.total >= limit:
            return False
        self.counts[now % WINDOW_SECONDS] += 1
        self.total += 1
        return True


callers: dict[str, Caller] = {}
windows: dict[str, Window] = {}


async def get_caller(session: Session, bearer: Bearer) -> Caller:
    if bearer is None:
        raise Refusal(401, "MISSING_AUTH_HEADER", "Missing authorization header")
    digest = hashlib.sha256(bearer.credentials.encode()).hexdigest()
    caller = callers.get(digest)
    if caller is None or time.monotonic() - caller.checked_at >= FRESH_SECONDS:
        key = await session.scalar(select(ApiKeyRow).where(ApiKeyRow.hash == digest))
        now = time.time() * 1000
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise Refusal(401, "INVALID_API_KEY", "Invalid API key")
        limit = DEFAULT_LIMIT if key.rate_limit is None else key.rate_limit
        caller = callers[digest] = Caller(key.id, key.workspace_id, limit, time.monotonic())
    return caller


async def admit(caller: Annotated[Caller, Depends(get_caller)], response: Response) -> Caller:
    if caller.limit:
        now = int(time.time())
        window = windows.get(caller.key_id) or windows.setdefault(caller.key_id, Window(now))
        allowed = window.hit(caller.limit, now)
        response.headers["X-RateLimit-Limit"] = str(caller.limit)
        response.headers["X-RateLimit-Remaining"] = str(caller.limit - window.total)
        response.headers["X-RateLimit-Used"] = str(window.total)
        response.headers["X-RateLimit-Reset"] = str(window.oldest + WINDOW_SECONDS)
        if not allowed:
            raise Refusal(429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
    return caller


@app.get("/api/v1/leads/{lead_id}", response_model=LeadAnswer)
async def get_lead(
    lead_id: str,
    session: Session,
    caller: Annotated[Caller, Depends(admit)],
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    if LEAD_ID.fullmatch(lead_id) is None:
        raise Refusal(400, "INVALID_ID_FORMAT", "Invalid lead ID format")
    query = select(LeadRow).where(LeadRow.workspace_id == caller.workspace_id, LeadRow.id == lead_id)
    row = await session.scalar(query)
    if row is None:
        raise Refusal(404, "LEAD_NOT_FOUND", "Lead not found")
    etag = f'"{row.updated_at:x}-{row.version}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=dict(response.headers))
    lead = LeadOut(
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        source=row.source,
        status=row.status,
        metadata=row.metadata_,
        created_at=to_iso(row.created_at),
        updated_at=to_iso(row.updated_at),
        workspace_id=row.workspace_id,
    )
    return LeadAnswer(data=lead)


def to_iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
