"""What a process is sending at this moment, and how much more it may."""

from collections import defaultdict

from leadlight.webhooks.job import Job, Room

_AT_ONCE = 2_048
_AT_ONCE_UNPROVEN = 1_536


class UnderWay:
    """The jobs that were taken on and have not ended, by workspace and endpoint."""

    def __init__(self) -> None:
        self.free = Room(_AT_ONCE, _AT_ONCE_UNPROVEN)
        self._deliveries: dict[str, defaultdict[str, set[str]]] = {}

    def add(self, job: Job) -> None:
        webhook = job.webhook
        self.free.take(webhook, 1)
        self._deliveries.setdefault(webhook.workspace_id, defaultdict(set))[webhook.id].add(job.delivery.id)

    def remove(self, job: Job) -> None:
        webhook = job.webhook
        self.free.take(webhook, -1)
        of_workspace = self._deliveries[webhook.workspace_id]
        of_workspace[webhook.id].discard(job.delivery.id)
        if not of_workspace[webhook.id]:
            del of_workspace[webhook.id]
        if not of_workspace:
            del self._deliveries[webhook.workspace_id]

    def workspaces(self) -> list[str]:
        return list(self._deliveries)

    def counts(self, workspace_id: str) -> dict[str, int]:
        """How many there are, by endpoint."""
        return {webhook_id: len(ids) for webhook_id, ids in self._deliveries.get(workspace_id, {}).items()}

    def deliveries(self, workspace_id: str) -> frozenset[str]:
        return frozenset().union(*self._deliveries.get(workspace_id, {}).values())
