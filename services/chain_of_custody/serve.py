"""`python -m services.chain_of_custody.serve`: answers custody's requests from the bus and relays its outbox."""

from prometheus_client import REGISTRY

from services.chain_of_custody.app import NAME, create_app, make_runtime
from services.chain_of_custody.metrics import LedgerCollector, OverdueCollector
from services.chain_of_custody.store_watch import watch_of
from shared.bus.worker import serve
from shared.config import load_settings
from shared.db.outbox import OutboxRelay
from shared.observability.logging import configure_logging

THREADS = 8


def main() -> None:
    """Serves until SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_level, f"{NAME}.serve")
    runtime = make_runtime(settings)
    watch_of(runtime).start()
    REGISTRY.register(OverdueCollector(runtime))
    REGISTRY.register(LedgerCollector(runtime))
    relay = OutboxRelay(runtime).start()
    try:
        serve(create_app(settings, runtime), NAME, settings, threads=THREADS)
    finally:
        relay.stop()


if __name__ == "__main__":
    main()
