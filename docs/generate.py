"""Writes the pages of docs/reference that are made from the code: `python -m docs.generate`."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from leadlight.cli.main import app
from leadlight.events.event import CATALOG, CATALOG_VERSION
from leadlight.events.schemas import EVENT_EXAMPLE
from leadlight.settings import Settings
from leadlight.webhooks.webhook import TEST_MEANING, TEST_TYPE

REFERENCE = Path(__file__).parent / "reference"
_NOTE = "<!-- Made by `make docs`; change the code instead. -->\n"


def pages() -> dict[str, str]:
    """The generated pages, by file name."""
    return {"settings.md": _settings(), "cli.md": _command_line(), "events.md": _events()}


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _NOTE,
        "Each is an option of `leadlight serve` and an environment variable; the option wins.",
        "",
        "| Option | Variable | If not said | |",
        "|---|---|---|---|",
    ]
    for field in fields(Settings):
        flag, variable = f"--{field.name.replace('_', '-')}", f"LEADLIGHT_{field.name.upper()}"
        default = f"`{field.default}`" if str(field.default) else "none"
        lines.append(f"| `{flag}` | `{variable}` | {default} | {field.metadata['help']} |")
    return "\n".join(lines) + "\n"


def _events() -> str:
    types = {**CATALOG, TEST_TYPE: TEST_MEANING}
    example = json.dumps(EVENT_EXAMPLE["events"][0], indent=2)
    about = (
        f"Version {CATALOG_VERSION} of the catalog. The second number rises when a type or a field is added: a reader "
        "passes over what it does not know. The first rises when one is changed or taken away."
    )
    lines = [
        "# Events",
        "",
        _NOTE,
        about,
        "",
        "| Type | What it tells |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in types.items()),
        "",
        "An event looks the same in the feed, in the stream and in a webhook:",
        "",
        "```text",
        example,
        "```",
        "",
        "| Field | |",
        "|---|---|",
        "| `id` | of the event; a webhook has it as `webhook-id`, the same on each attempt |",
        "| `type` | see above |",
        "| `timestamp` | when it happened: ISO 8601, UTC |",
        "| `leadId` | the lead that it happened to |",
        "| `workspaceId` | the workspace of the lead |",
        "| `actor` | who did it |",
        "| `data` | the lead as it was after the event |",
        "| `changes` | each field that changed, `from` and `to` |",
    ]
    return "\n".join(lines) + "\n"


def _command_line() -> str:
    lines = ["# Command line", "", _NOTE, "`python -m leadlight` is the same as `leadlight`.", ""]
    for name, command in _commands(typer.main.get_command(app), "leadlight"):
        arguments = [parameter.name.upper() for parameter in command.params if parameter.param_type_name == "argument"]
        lines += [f"## {' '.join([name, *arguments])}", "", (command.help or "").strip(), ""]
        rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
        if rows:
            lines += ["| | Variable | |", "|---|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for word, inner in sorted(command.commands.items()):
            yield from _commands(inner, f"{name} {word}")
    else:
        yield name, command


def _row(parameter: Any) -> str:
    flags = [*parameter.opts[:1], *parameter.secondary_opts[:1]]
    flag = (
        ", ".join(f"`{flag}`" for flag in flags)
        if parameter.param_type_name == "option"
        else f"`{parameter.name.upper()}`"
    )
    variable = f"`{parameter.envvar}`" if parameter.envvar else ""
    return f"| {flag} | {variable} | {parameter.help or ''} |"


if __name__ == "__main__":
    for file_name, text in pages().items():
        (REFERENCE / file_name).write_text(text, encoding="utf-8")
