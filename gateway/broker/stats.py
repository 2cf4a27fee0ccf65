"""What the broker tells of itself: `/health` as JSON and `/metrics` in the Prometheus text format."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from gateway.broker.workers import Service
from shared.bus.messages import decode_request, encode_response_header
from shared.bus.protocol import Control, Kind, ProtocolError

#: The name under which the broker itself is asked.
BROKER = "broker"


def answer(id_: bytes, header: bytes, services: Mapping[str, Service], counts: Counter[str]) -> list[bytes]:
    """The frames of the broker's answer to a request that is meant for itself."""
    try:
        path = decode_request(header, b"").path
    except ProtocolError:
        path = ""
    if path == "/health":
        status, kind, body = 200, "application/json", json.dumps(health(services.values()))
    elif path == "/metrics":
        status, kind, body = (
            200,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics(services.values(), counts),
        )
    else:
        status, kind, body = 404, "text/plain; charset=utf-8", "The broker answers /health and /metrics.\n"
    content = body.encode()
    head = encode_response_header(status, [("Content-Type", kind), ("Content-Length", str(len(content)))])
    return [Control(Kind.FIN, id_).encode(), head, content]


def health(services: Iterable[Service]) -> dict[str, object]:
    """Which services have a worker: `up` or `down`, with what they can take."""
    return {
        "status": "up",
        "services": {
            service.name: {
                "state": "up" if service.total else "down",
                "processes": len(service.processes),
                "credits": service.free,
                "credits_total": service.total,
                "waiting": len(service.queue),
            }
            for service in services
        },
    }


def metrics(services: Iterable[Service], counts: Counter[str]) -> str:
    """Everything that is counted, in the Prometheus text format."""
    known = list(services)
    lines = ["# TYPE siglab_bus_events_total counter"]
    lines += [f'siglab_bus_events_total{{event="{name}"}} {value}' for name, value in sorted(counts.items())]
    lines.append("# TYPE siglab_bus_service_events_total counter")
    for service in known:
        label = f'service="{service.name}"'
        lines += [
            f'siglab_bus_service_events_total{{{label},event="{name}"}} {value}'
            for name, value in sorted(service.counts.items())
        ]
    for gauge in ("processes", "credits", "credits_total", "waiting", "running"):
        lines.append(f"# TYPE siglab_bus_{gauge} gauge")
        lines += [f'siglab_bus_{gauge}{{service="{s.name}"}} {_gauge(s, gauge)}' for s in known]
    return "\n".join(lines) + "\n"


def _gauge(service: Service, name: str) -> int:
    values = {
        "processes": len(service.processes),
        "credits": service.free,
        "credits_total": service.total,
        "waiting": len(service.queue),
        "running": sum(service.running.values()),
    }
    return values[name]
