"""What the project demands of itself: which way imports point, where SQL stands, the tenant wall in it, the docs."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import leadlight
from leadlight.events.event import EventType
from leadlight.events.queries import list_events
from leadlight.http.errors import STATUS
from leadlight.leads.filter import LeadFilter
from leadlight.leads.lead import LeadStatus
from leadlight.leads.listing import LeadSort, Place, list_leads
from leadlight.settings import Settings
from leadlight.store.database import Row, Transaction, Value
from tests.conftest import Server

SOURCE = Path(leadlight.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
MIGRATIONS = sorted((SOURCE / "store" / "migrations").glob("*.sql"))

FEATURES = ["events", "workspaces", "leads"]
"""Each may import those before it (DESIGN §2)."""

LEVELS = {"routes": 4, "schemas": 3, "service": 2, "queries": 1, "listing": 1, "filter": 1, "check": 1}
"""Inside a feature, a module imports those of lower levels; the pure rules, which are all others, are level 0."""

PURE = {"principal", "errors", "ids", "clock"}
"""Modules at the top that everybody may import."""

ENGINES = re.compile(r"sqlite|apsw|postgres|asyncpg|psycopg|citus|\bfts5\b|\bwal\b", re.IGNORECASE)

SQL = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|ORDER\s+BY|WHERE\s+\w+)\b",
    re.DOTALL,
)
_ON_TABLE = r"\b(?:SELECT\b.*\b(?:FROM|JOIN)|INTO|UPDATE|DELETE FROM)\s+"
TENANT_TABLES = re.compile(_ON_TABLE + r"(leads|events|lead_counts|idempotency_keys)\b", re.DOTALL)

OVER_ALL_WORKSPACES = {
    "store/idempotency.py": "forget_old_results looks at nothing but the age",
    "leads/check.py": "doctor's questions belong to the operator, who stands outside of all workspaces",
}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """The modules of leadlight that a file imports: `leads.queries`, `errors` …"""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            inner = name.removeprefix("leadlight.")
            if inner != name and (SOURCE / Path(*inner.split("."))).with_suffix(".py").exists():
                yield inner


def texts(path: Path) -> Iterator[str]:
    """The string literals of a file but its docstrings; the constant pieces of an f-string as one."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings | inside:
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(SOURCE)) for path in paths])


@each(MODULES)
def test_imports_point_one_way(path: Path) -> None:
    area = path.relative_to(SOURCE).parts[0]
    for imported in imports(path):
        target = imported.split(".")[0]
        if area in FEATURES and target in FEATURES:
            assert FEATURES.index(target) <= FEATURES.index(area), f"{imported}: {target} stands above {area}"
        if area in FEATURES:
            assert target in {*FEATURES, "http", "store", *PURE}, f"{imported}: a feature does not reach for that"
        if area in ("http", "store"):
            assert target not in FEATURES, f"{imported}: {area} knows no feature"
            assert target in {area, *PURE} or (area, target) == ("http", "store"), imported
        if path.stem in PURE:
            assert target in PURE, f"{imported}: {path.stem} is for everybody, so it needs nobody"


@each([path for path in MODULES if path.parent.name in FEATURES and path.stem != "__init__"])
def test_layers_point_down_inside_a_feature(path: Path) -> None:
    level = LEVELS.get(path.stem, 0)
    for imported in imports(path):
        area, _, name = imported.partition(".")
        if area == path.parent.name and name:
            assert LEVELS.get(name, 0) <= level, f"{imported} stands above {path.stem}"
        if level == 0:
            assert area not in ("http", "store"), f"{imported}: {path.stem} holds with no computer running"
        if path.stem != "routes":
            assert imported != "http.operation", f"{path.stem} is no place for HTTP"


def test_a_feature_reaches_anothers_data_through_its_service() -> None:
    reached = {
        (module_name(path), imported)
        for path in MODULES
        if path.parent.name in FEATURES
        for imported in imports(path)
        if imported.endswith((".queries", ".listing")) and imported.split(".")[0] != path.parent.name
    }

    assert reached == set()


@each([path for path in MODULES if path.parent.name != "store"])
def test_names_no_engine_outside_the_store(path: Path) -> None:
    assert ENGINES.findall(path.read_text()) == []


@each(
    [
        path
        for path in MODULES
        if path.stem not in ("queries", "listing", "filter", "check") and path.parent.name != "store"
    ]
)
def test_has_no_sql_outside_the_queries(path: Path) -> None:
    assert [text for text in texts(path) if SQL.search(text)] == []


@each([path for path in MODULES if str(path.relative_to(SOURCE)) not in OVER_ALL_WORKSPACES])
def test_every_statement_on_a_tenants_table_names_the_workspace(path: Path) -> None:
    assert [text for text in texts(path) if TENANT_TABLES.search(text) and not _names_workspace(text)] == []


def test_statements_over_all_workspaces_are_few_and_known() -> None:
    found = {
        name: [text for text in texts(SOURCE / name) if TENANT_TABLES.search(text) and not _names_workspace(text)]
        for name in OVER_ALL_WORKSPACES
    }

    assert found["store/idempotency.py"] == ["DELETE FROM idempotency_keys WHERE created_at <= :oldest"]
    assert all(text.split()[0] == "SELECT" for text in found["leads/check.py"])


class Recorded:
    """A transaction that keeps the statements that run through it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.statements: list[str] = []
        self.json_text, self.contains_text = tx.json_text, tx.contains_text

    async def rows(self, sql: str, **parameters: Value) -> list[Row]:
        self.statements.append(sql)
        return await self._tx.rows(sql, **parameters)

    async def row(self, sql: str, **parameters: Value) -> Row | None:
        self.statements.append(sql)
        return await self._tx.row(sql, **parameters)

    async def execute(self, sql: str, **parameters: Value) -> int:
        self.statements.append(sql)
        return await self._tx.execute(sql, **parameters)


@pytest.mark.parametrize(
    "which",
    [
        LeadFilter(),
        LeadFilter(search="ab"),
        LeadFilter(search="abc"),
        LeadFilter(search="abc", status=(LeadStatus.NEW,), email="a@example.com"),
        LeadFilter(status=(LeadStatus.NEW, LeadStatus.LOST), source=("api",)),
        LeadFilter(email="a@example.com", phone="+1 555", created_after=1, updated_before=9),
        LeadFilter(metadata={"a": "1", "b": "2"}),
    ],
    ids=str,
)
async def test_every_list_names_the_workspace_for_each_table(server: Server, which: LeadFilter) -> None:
    async def run(tx: Transaction) -> list[str]:
        recorded = Recorded(tx)
        for sort in (LeadSort.NEWEST, LeadSort.NAME):
            for behind in (None, Place(sort, 1 if sort is LeadSort.NEWEST else "a", "lead_a")):
                page = {"sort": sort, "limit": 10, "offset": 0, "behind": behind, "with_total": True}
                await list_leads(recorded, "ws_a", which, **page)  # type: ignore[arg-type]
        for types in ((), (EventType.LEAD_CREATED,)):
            await list_events(recorded, "ws_a", after=0, limit=10, types=types)
        return recorded.statements

    statements = await server.database.scan(run)

    assert len(statements) > 4
    for sql in statements:
        tables = re.findall(r"\b(?:FROM|JOIN) (?:leads|events|lead_counts)\b", sql)
        assert sql.count("workspace_id = :workspace_id") >= len(tables), sql


def test_a_tenants_table_starts_its_primary_key_with_the_workspace() -> None:
    schema = "\n".join(path.read_text() for path in MIGRATIONS)
    for table in ("leads", "events", "lead_counts", "idempotency_keys"):
        definition = re.search(rf"CREATE TABLE {table} \((.*?)\n\);", schema, re.DOTALL)
        assert definition, table
        assert "PRIMARY KEY (workspace_id, " in definition[1], table
        indexes = re.findall(rf"CREATE (?:UNIQUE )?INDEX (\w+) ON {table} \((\w+)", schema)
        first = {name: column for name, column in indexes if column != "workspace_id"}
        assert first in ({}, {"idempotency_keys_by_age": "created_at"}), table


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in MIGRATIONS]

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_error_code_belongs_to_an_error() -> None:
    declared = [
        code
        for path in MODULES
        for code in re.findall(r'^    code(?:: [^=]+)? = "(\w+)"', path.read_text(), re.MULTILINE)
    ]

    assert set(declared) == set(STATUS)


def test_every_setting_is_explained() -> None:
    assert [field.name for field in fields(Settings) if len(field.metadata.get("help", "")) < 10] == []


@each(MODULES)
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()

    assert text.count("\n") <= 400
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence"


def _names_workspace(text: str) -> bool:
    """Conditions that are put together elsewhere (the … of an f-string) are looked at as they run, when they run."""
    return "workspace_id" in text or re.search(r"(WHERE|AND) …", text) is not None
