"""A form in the workspace of `api`."""

import pytest

from tests.capture.forms import SITE, TheForm
from tests.conftest import Client


@pytest.fixture
def form(admin: Client) -> TheForm:
    """Pages of SITE may post to it."""
    return TheForm(admin, allowedOrigins=[SITE])
