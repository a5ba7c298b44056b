"""The client needs nothing of the server, and its types say what its methods answer with."""

import subprocess
import sys
from pathlib import Path

import pytest
from mypy import api as mypy

from leadlight import client
from leadlight.client import errors
from leadlight.client.leads import Leads

CHECKED = Path(__file__).parent / "typed_use.py"


def test_nothing_of_the_server_is_loaded() -> None:
    code = "import sys, leadlight.client; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    ours = "import sys, leadlight.client; print(*sorted(name for name in sys.modules if name.startswith('leadlight')))"
    loaded = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, timeout=30, check=True)

    servers = {"aiohttp", "apsw", "asyncpg", "email_validator", "jinja2", "phonenumbers", "starlette", "uvicorn"}
    assert servers & set(ran.stdout.split()) == set()
    others = [name for name in loaded.stdout.split() if not name.startswith("leadlight.client")]
    assert others == [
        "leadlight",
        "leadlight.http",
        "leadlight.http.sse_parser",
        "leadlight.webhooks",
        "leadlight.webhooks.signing",
    ]


def test_every_error_is_in_the_tree_and_at_hand() -> None:
    kinds = [
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.LeadlightError)
    ]

    assert [name for name in kinds if f" {name} " not in str(errors.__doc__).replace("\n", " ")] == []
    assert [name for name in kinds if name not in client.__all__] == []


def test_a_method_looks_like_what_was_declared() -> None:
    with client.Leadlight("http://127.0.0.1:1", "key") as made:
        assert made.leads.get.__name__ == "get"
        assert made.leads.get.__doc__ == Leads.get.__doc__ == "The lead, whole. Raises NotFound."


@pytest.mark.slow
def test_the_types_are_known() -> None:
    output, errors_, status = mypy.run(["--strict", "--no-error-summary", str(CHECKED)])

    assert (output, errors_, status) == ("", "", 0)
