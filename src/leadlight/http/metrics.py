"""What the server counts about itself, in the text format of Prometheus.

Counting is plain arithmetic on the request path; the library makes families of it when asked.
"""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from leadlight.errors import StoreUnavailable
from leadlight.store.database import Statistics

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_NO_STORE = Statistics(waiting_writes=0, committed_batches=0, committed_units=0, size_bytes=0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests by operation and status, and how long they took."""

    def __init__(
        self,
        statistics: Callable[[], Awaitable[Statistics]],
        *,
        unchecked: Callable[[], int] = lambda: 0,
        open_streams: Callable[[], int] = lambda: 0,
        worker: int | None = None,
    ) -> None:
        """`unchecked`: how many requests passed while their rate limit could not be checked.

        `worker`: which of several processes counts here, for a label; each answers for itself alone.
        """
        self._worker = {} if worker is None else {"worker": str(worker)}
        self._statistics = statistics
        self._unchecked = unchecked
        self._open_streams = open_streams
        self._store = _NO_STORE
        self._requests: dict[tuple[str, int], int] = {}
        self._durations: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def observe(self, operation: str, status: int, seconds: float) -> None:
        key = (operation, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        counts = self._durations.get(operation)
        if counts is None:
            counts = self._durations[operation] = [0] * (len(_BUCKETS) + 1)
            self._seconds[operation] = 0.0
        counts[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds[operation] += seconds

    async def render(self) -> bytes:
        with suppress(StoreUnavailable):  # its last known state will do
            self._store = await self._statistics()
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The families, for the library's registry."""
        for family in self._families():
            family.samples = [sample._replace(labels={**sample.labels, **self._worker}) for sample in family.samples]
            yield family

    def _families(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("leadlight_requests", "Requests answered.", labels=["operation", "status"])
        for (operation, status), count in self._requests.items():
            requests.add_metric([operation, str(status)], count)
        yield requests
        duration = HistogramMetricFamily(
            "leadlight_request_duration_seconds", "Time from head to answer.", labels=["operation"]
        )
        for operation, counts in self._durations.items():
            total, buckets = 0, []
            for bound, count in zip((*map(str, _BUCKETS), "+Inf"), counts, strict=True):
                total += count
                buckets.append((bound, float(total)))
            duration.add_metric([operation], buckets, self._seconds[operation])
        yield duration
        yield CounterMetricFamily(
            "leadlight_rate_limit_unchecked", "Requests that passed while Valkey was away.", self._unchecked()
        )
        yield GaugeMetricFamily("leadlight_open_streams", "Live streams that are open.", self._open_streams())
        store = self._store
        yield GaugeMetricFamily("leadlight_waiting_writes", "Writes that queue.", store.waiting_writes)
        yield CounterMetricFamily("leadlight_write_batches", "Commits.", store.committed_batches)
        yield CounterMetricFamily(
            "leadlight_writes", "Units of work committed; over the batches: the batch size.", store.committed_units
        )
        yield GaugeMetricFamily("leadlight_store_bytes", "Size of the store.", store.size_bytes)
