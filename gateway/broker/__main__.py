"""`python -m gateway.broker`: runs the broker until it is told to stop."""

from gateway.broker.loop import run_broker
from shared.config import load_settings
from shared.observability.logging import configure_logging

if __name__ == "__main__":
    settings = load_settings()
    configure_logging(settings.log_level, "broker")
    run_broker(settings)
