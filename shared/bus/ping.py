"""`python -m shared.bus.ping SERVICE`: exit 0 if a thread of the service answers over the bus, else 1.

For the health checks of containers, which then need no HTTP port. `broker` asks the broker itself.
"""

import argparse
import sys

from shared.bus.client import BusClient
from shared.bus.lane import PING_PATH
from shared.bus.messages import BusRequest
from shared.config import Settings, load_settings
from shared.errors import DomainError


def ping(settings: Settings, service: str, party: str, deadline: float) -> str | None:
    """Asks; None when the service answered, else what is wrong, for people."""
    client = BusClient(settings.bus_frontend, settings.keys_dir, party)
    path = "/health" if service == "broker" else PING_PATH
    try:
        answer = client.request(service, BusRequest("GET", path), deadline=deadline, fairness_key="ping")
    except DomainError as error:
        return error.detail
    except (OSError, ValueError) as error:
        return f"no usable key: {error}"
    finally:
        client.close()
    return None if answer.status < 300 else f"answered {answer.status}"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Asks whether a service answers on the bus.")
    parser.add_argument("service")
    parser.add_argument("--as", dest="party", help="whose key to use (default: that of whom is asked)")
    parser.add_argument("--deadline", type=float, default=2.0, help="seconds (default 2)")
    options = parser.parse_args()
    party = options.party or ("broker" if options.service == "broker" else f"service-{options.service}")
    problem = ping(load_settings(), options.service, party, options.deadline)
    if problem:
        print(f"{options.service}: {problem}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
