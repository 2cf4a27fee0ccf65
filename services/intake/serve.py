"""`python -m services.intake.serve`: answers intake's requests from the bus and relays its outbox."""

from services.intake.app import NAME, create_app, make_runtime
from services.intake.service.tell_custody import ITEMS, keep_item_ids
from shared.bus.worker import serve
from shared.config import load_settings
from shared.db.outbox import OnDelivered, OutboxRelay
from shared.observability.logging import configure_logging

#: What intake does with custody's answers.
ON_DELIVERED: dict[str, OnDelivered] = {ITEMS: keep_item_ids}
THREADS = 8


def main() -> None:
    """Serves until SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_level, f"{NAME}.serve")
    runtime = make_runtime(settings)
    relay = OutboxRelay(runtime, ON_DELIVERED).start()
    try:
        serve(create_app(settings, runtime), NAME, settings, threads=THREADS)
    finally:
        relay.stop()


if __name__ == "__main__":
    main()
