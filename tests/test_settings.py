"""Settings: what is taken, and the sentence about what is not."""

from typing import Any

import pytest

from leadlight.settings import Settings, SettingsError


def test_the_defaults_are_safe() -> None:
    settings = Settings()

    assert (settings.host, settings.port, str(settings.data)) == ("127.0.0.1", 8000, "leadlight-data")
    assert (settings.rate_limit, settings.auth_failures_per_minute) == (1000, 300)
    assert settings.proxies == ()


@pytest.mark.parametrize(
    "good",
    [
        {"port": 0},
        {"port": 65_535},
        {"rate_limit": 0},
        {"auth_failures_per_minute": 0},
        {"max_body_bytes": 1024},
        {"max_header_bytes": 1_048_576},
        {"log_level": "debug"},
        {"drain_seconds": 1},
        {"trusted_proxies": "10.0.0.0/8, ::1,192.0.2.1"},
        {"background": False},
        {"workers": 256, "rate_limit": 0, "auth_failures_per_minute": 0},
        {"workers": 2, "rate_limit_url": "valkey://127.0.0.1:6379/0"},
    ],
)
def test_takes_what_is_within_bounds(good: dict[str, Any]) -> None:
    Settings(**good)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"port": -1}, "LEADLIGHT_PORT is -1; it has to be a number from 0 to 65535."),
        ({"port": 65_536}, "LEADLIGHT_PORT is 65536; it has to be a number from 0 to 65535."),
        ({"workers": 0}, "LEADLIGHT_WORKERS is 0; it has to be 1 to 256."),
        ({"workers": 257}, "LEADLIGHT_WORKERS is 257; it has to be 1 to 256."),
        ({"rate_limit": -1}, "LEADLIGHT_RATE_LIMIT is -1; it has to be 0 or more requests an hour."),
        ({"auth_failures_per_minute": -1}, "LEADLIGHT_AUTH_FAILURES_PER_MINUTE is -1; it has to be 0 or more."),
        ({"max_body_bytes": 1023}, "LEADLIGHT_MAX_BODY_BYTES is 1023; it has to be 1024 to 1073741824 bytes."),
        ({"max_header_bytes": 1 << 21}, "LEADLIGHT_MAX_HEADER_BYTES is 2097152; it has to be 1024 to 1048576 bytes."),
        ({"log_level": "loud"}, "LEADLIGHT_LOG_LEVEL is 'loud'; it has to be one of debug, info, warning, error."),
        ({"drain_seconds": 0}, "LEADLIGHT_DRAIN_SECONDS is 0; it has to be 1 second or more."),
        (
            {"trusted_proxies": "10.0.0.1, proxy.local"},
            "LEADLIGHT_TRUSTED_PROXIES is '10.0.0.1, proxy.local'; it has to be IP addresses or networks, by comma.",
        ),
    ],
)
def test_a_bad_one_is_told_with_what_would_do(bad: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(**bad)

    assert str(caught.value) == sentence


def test_proxies_are_read_by_comma() -> None:
    assert Settings(trusted_proxies=" 10.0.0.0/8,, ::1 ").proxies == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    "limits",
    [{}, {"rate_limit": 0}, {"auth_failures_per_minute": 0}, {"rate_limit": 1, "auth_failures_per_minute": 0}],
    ids=str,
)
def test_several_processes_must_not_each_count_for_itself(limits: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"^3 processes would each count requests for themselves"):
        Settings(workers=3, **limits)
