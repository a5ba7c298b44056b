"""The command line, put together."""

from leadlight.cli import (
    db,
    dedupe,
    export,
    forms,
    import_,
    imports,
    keys,
    leads,
    maintenance,
    operations,
    webhooks,
    workspaces,
)
from leadlight.cli.servers import app

__all__ = ["app"]

app.add_typer(workspaces.commands, name="workspaces")
app.add_typer(keys.commands, name="keys")
app.add_typer(webhooks.commands, name="webhooks")
app.add_typer(forms.commands, name="forms")
app.add_typer(leads.commands, name="leads")
app.command("import")(import_.import_)
app.add_typer(imports.commands, name="imports")
app.command()(export.export)
app.command()(dedupe.dedupe)
app.add_typer(operations.commands, name="operations")
app.add_typer(db.commands, name="db")
app.command()(maintenance.backup)
app.command()(maintenance.doctor)
