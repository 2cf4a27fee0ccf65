"""Requests to servers outside, which are slow, wrong or hostile: with a time limit, and no more read than expected."""

import ipaddress
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.errors import Unavailable


@dataclass(frozen=True)
class Answer:
    """Status and the first bytes of the body."""

    status: int
    body: bytes


def post(
    url: str, body: bytes, *, headers: Mapping[str, str], seconds: float = 10.0, most: int = 65536
) -> Answer:
    """The answer to a POST, whatever its status; raises Unavailable where there is none.

    The environment's proxies are used, but not for this machine; redirections are not followed.
    """
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if _is_local(url):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=seconds) as answer:
            return Answer(answer.status, answer.read(most))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(most))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unavailable(f"{urlsplit(url).netloc} does not answer: {reason}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
