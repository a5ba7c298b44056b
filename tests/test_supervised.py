"""What a worker is told: all settings arrive as they are, whichever version sends them."""

import json
from pathlib import Path

import pytest

from leadlight.settings import Settings
from leadlight.supervised import decode_settings, encode_settings

SETTINGS = Settings(
    port=0,
    workers=2,
    data=Path("somewhere/else"),
    database_url="sqlite:///somewhere.db",
    rate_limit_url="valkey://:secret@127.0.0.1:6379/0",
    trusted_proxies="10.0.0.0/8",
    background=False,
)


@pytest.mark.parametrize("settings", [Settings(), SETTINGS], ids=["defaults", "others"])
def test_settings_arrive_as_they_are(settings: Settings) -> None:
    line = encode_settings(settings)

    assert decode_settings(line) == settings
    assert line.count(b"\n") == 1


def test_a_worker_of_another_version_takes_what_it_knows_and_its_own_defaults() -> None:
    told = json.loads(encode_settings(SETTINGS))
    del told["drain_seconds"]
    told["of_the_future"] = 1

    assert decode_settings(json.dumps(told).encode()) == SETTINGS
