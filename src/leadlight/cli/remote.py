"""The commands that ask a server by its API: they start without what makes one, in less than half of the time."""

import typer

from leadlight.cli import dedupe, export, import_, imports, insights, leads, operations
from leadlight.cli.program import new_program


def add_to(program: typer.Typer) -> None:
    program.add_typer(leads.commands, name="leads")
    program.command("import")(import_.import_)
    program.add_typer(imports.commands, name="imports")
    program.command()(export.export)
    program.command()(dedupe.dedupe)
    program.add_typer(operations.commands, name="operations")
    program.add_typer(insights.commands, name="insights")


app = new_program()
add_to(app)
