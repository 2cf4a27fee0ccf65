"""`python -m services.classifier.serve`: answers the classifier's requests from the bus and relays its outbox."""

from services.classifier.app import NAME, create_app, make_runtime
from services.classifier.service.programmes import post_bundled
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
    post_bundled(runtime)
    relay = OutboxRelay(runtime).start()
    try:
        serve(create_app(settings, runtime), NAME, settings, threads=THREADS)
    finally:
        relay.stop()


if __name__ == "__main__":
    main()
