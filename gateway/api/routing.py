"""Which service answers which address. What stands in no table does not exist; /internal is in none."""

import re

API_PREFIX = "/api/v1/"
GATEWAY = "gateway"

_SERVICES = {
    "offices": "intake",
    "submissions": "intake",
    "exhibits": "intake",
    "discrepancies": "intake",
    "items": "chain_of_custody",
    "handovers": "chain_of_custody",
    "holdings": "chain_of_custody",
    "holds": "chain_of_custody",
    "disposals": "chain_of_custody",
    "locations": "chain_of_custody",
    "overdue": "chain_of_custody",
    "people": "chain_of_custody",
    "moves": "chain_of_custody",
    "retrievals": "chain_of_custody",
    "takeovers": "chain_of_custody",
    "composites": "chain_of_custody",
    "balances": "chain_of_custody",
    "ledger": "chain_of_custody",
    "spectra": "chain_of_custody",
    "store": "chain_of_custody",
    "programmes": "classifier",
    "measurements": "classifier",
    "jobs": "classifier",
    "results": "classifier",
    "library": "classifier",
    "models": "classifier",
    "statistics": "classifier",
    "links": "classifier",
    "archive": "classifier",
    "session": GATEWAY,
    "health": GATEWAY,
    "openapi.json": GATEWAY,
    "metrics": GATEWAY,
    "uploads": GATEWAY,
}
#: Parts of items and spectra that the classifier knows about.
_CLASSIFIERS_PART = re.compile(
    r"items/[^/]+/(profile|links(/[^/]+)?)|spectra/[^/]+/(trace|peaks|integrations)"
)
_STREAMS = re.compile(r"jobs/[^/]+/stream|spectra/[^/]+/content|items/[^/]+/bundle\.zip")
#: What is read without a token: how the system is, what it offers, and the log, which anybody may mirror and check.
_OPEN = re.compile(
    r"health|openapi\.json|metrics|ledger/(checkpoint|witnessed-checkpoint|key|tile/.+|releases/[^/]+/proof)"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HIDDEN_SEPARATOR = re.compile(r"%2f|%5c", re.IGNORECASE)


def service_for(path: str, raw: str = "") -> str | None:
    """The service that answers a decoded path, "gateway" for this process, None where there is nothing.

    A path that another component could read in two ways leads nowhere: empty or dotted segments, backslashes, control characters,
    and separators that were hidden by percent-encoding in `raw`, the address as it came.
    """
    if not path.startswith(API_PREFIX):
        return None
    rest = path.removeprefix(API_PREFIX)
    segments = rest.split("/")
    if "\\" in rest or _CONTROL.search(rest) or any(segment in ("", ".", "..") for segment in segments):
        return None
    if "%" in raw and _HIDDEN_SEPARATOR.search(raw.partition("?")[0]):
        return None
    if _CLASSIFIERS_PART.fullmatch(rest):
        return "classifier"
    return _SERVICES.get(segments[0])


def is_open(method: str, path: str) -> bool:
    """Whether a stranger may ask this; whatever token comes along is not looked at."""
    rest = path.removeprefix(API_PREFIX)
    if method in ("GET", "HEAD"):
        return _OPEN.fullmatch(rest) is not None
    return (method, rest) == ("POST", "session") or (method == "OPTIONS" and rest.split("/")[0] == "uploads")


def is_stream(path: str) -> bool:
    """Whether the answer may be long and comes in parts."""
    return _STREAMS.fullmatch(path.removeprefix(API_PREFIX)) is not None
