"""What the commands share: options that are environment variables too, and JSON for programs."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leadlight.settings import Settings

_HELP = {field.name: field.metadata["help"] for field in fields(Settings)}


def setting(name: str) -> Any:
    """The option of a setting: its flag, its variable, and the help that Settings gives it."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(getattr(Settings, name), bool):
        flag += f"/--no-{flag[2:]}"
    return option(flag, _HELP[name], variable=name)


def option(flag: str, text: str, *, variable: str | None = None) -> Any:
    """An option that can be given as `LEADLIGHT_…` too."""
    name = (variable or flag.lstrip("-").replace("-", "_")).upper()
    return typer.Option(flag, envvar=f"LEADLIGHT_{name}", help=text)


Data = Annotated[Path, setting("data")]
DatabaseUrl = Annotated[str, setting("database_url")]
WebhookAllowPrivate = Annotated[bool, setting("webhook_allow_private")]
WebhookRetrySchedule = Annotated[str, setting("webhook_retry_schedule")]
WebhookTimeoutSeconds = Annotated[int, setting("webhook_timeout_seconds")]
UndoDays = Annotated[int, setting("undo_days")]
SubmissionRetentionDays = Annotated[int, setting("submission_retention_days")]
ImportMaxExpandedBytes = Annotated[int, setting("import_max_expanded_bytes")]
WebhookRetentionDays = Annotated[int, setting("webhook_retention_days")]
AsJson = Annotated[bool, option("--json", "Print JSON, for programs.")]
BaseUrl = Annotated[
    str, option("--base-url", "Where browsers reach the server, such as https://leads.example.com.", variable="url")
]
DEFAULT_DATA = Settings.data


def print_json(value: object) -> None:
    typer.echo(msgspec.json.encode(value).decode())
