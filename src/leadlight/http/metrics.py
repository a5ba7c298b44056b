"""What the server counts about itself, in the text format of Prometheus.

Counting is plain arithmetic on the request path; the library makes families of it when asked.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from leadlight.store.database import Statistics

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests by operation and status, and how long they took."""

    def __init__(self, statistics: Callable[[], Statistics]) -> None:
        self._statistics = statistics
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

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The families, for the library's registry."""
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
        store = self._statistics()
        yield GaugeMetricFamily("leadlight_waiting_writes", "Writes that queue.", store.waiting_writes)
        yield CounterMetricFamily("leadlight_write_batches", "Commits.", store.committed_batches)
        yield CounterMetricFamily(
            "leadlight_writes", "Units of work committed; over the batches: the batch size.", store.committed_units
        )
        yield GaugeMetricFamily("leadlight_store_bytes", "Size of the store.", store.size_bytes)
