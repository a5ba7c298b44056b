"""Writes the pages of docs/reference that are made from the code: `python -m docs.generate`."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from leadlight.cli.main import app
from leadlight.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
_NOTE = "<!-- Made by `make docs`; change the code instead. -->\n"


def pages() -> dict[str, str]:
    """The generated pages, by file name."""
    return {"settings.md": _settings(), "cli.md": _command_line()}


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
