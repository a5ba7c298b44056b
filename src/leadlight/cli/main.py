"""The command line with all of its commands."""

from leadlight.cli import db, forms, keys, maintenance, remote, users, webhooks, workspaces
from leadlight.cli.servers import app

__all__ = ["app"]

app.add_typer(workspaces.commands, name="workspaces")
app.add_typer(keys.commands, name="keys")
app.add_typer(users.commands, name="users")
app.add_typer(forms.commands, name="forms")
app.add_typer(webhooks.commands, name="webhooks")
remote.add_to(app)
app.add_typer(db.commands, name="db")
app.command()(maintenance.backup)
app.command()(maintenance.doctor)
