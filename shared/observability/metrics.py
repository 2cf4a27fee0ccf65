"""Prometheus metrics that every process has; a subject's own metrics stand in its own room."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("siglab_requests_total", "Requests answered", ["service", "method", "status"])
REQUEST_SECONDS = Histogram(
    "siglab_request_seconds",
    "Time from the start of a request to its answer",
    ["service"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
OUTBOX_WAITING = Gauge("siglab_outbox_waiting", "Messages due and not yet acknowledged", ["service"])
OUTBOX_REFUSED = Gauge(
    "siglab_outbox_refused", "Messages that their receiver refused and that wait for an operator", ["service"]
)
OUTBOX_DELIVERIES = Counter(
    "siglab_outbox_deliveries_total", "Delivery attempts", ["service", "target", "outcome"]
)
JOBS = Counter("siglab_jobs_total", "Jobs ended", ["service", "task", "outcome"])
