"""The commands that serve and work: they start without what only the others need, in less time and memory."""

from leadlight.cli import serve, worker
from leadlight.cli.program import new_program

app = new_program()
app.command()(serve.serve)
app.command()(worker.worker)
