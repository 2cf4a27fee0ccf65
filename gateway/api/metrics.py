"""/metrics: the numbers of this process, of the broker and of every service in one Prometheus text, for this machine only."""

import ipaddress
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.utils import floatToGoString

from gateway.api.dispatch import Api
from gateway.api.own import refuse_method
from gateway.api.request import Environ, address_of
from shared.actor import ANYONE, Actor
from shared.bus.messages import BusResponse
from shared.config import SERVICES
from shared.errors import DomainError, NotFound

_BROKER = "broker"
_DEADLINE_SECONDS = 2.0


def metrics(api: Api, environ: Environ, actor: Actor) -> BusResponse:
    """All numbers, each with the label `process`; to another machine there is nothing at this address."""
    if not _is_local(environ):
        raise NotFound("There is nothing at this address.")
    refusal = refuse_method(environ, "metrics", "GET", "HEAD")
    if refusal is not None:
        return refusal
    asked = (_BROKER, *SERVICES)
    with ThreadPoolExecutor(len(asked)) as pool:
        told = dict(zip(asked, pool.map(lambda name: _ask(api, name), asked), strict=True))
    texts = {
        f"gateway-{os.getpid()}": generate_latest().decode(),
        **{n: t for n, t in told.items() if t is not None},
    }
    return BusResponse(200, [("Content-Type", CONTENT_TYPE_LATEST)], merge(texts).encode())


def merge(texts: Mapping[str, str]) -> str:
    """Several Prometheus texts as one: families of one name stand together, each sample says whose it is."""
    families: dict[str, tuple[str, str, list[str]]] = {}
    for process, text in texts.items():
        for family in text_string_to_metric_families(text):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            _, _, lines = families.setdefault(name, (family.type, family.documentation, []))
            for sample in family.samples:
                labels = ",".join(
                    f'{key}="{_escaped(value)}"'
                    for key, value in {**sample.labels, "process": process}.items()
                )
                lines.append(f"{sample.name}{{{labels}}} {floatToGoString(sample.value)}")
    out: list[str] = []
    for name, (kind, words, lines) in families.items():
        help_text = words.replace("\\", "\\\\").replace("\n", "\\n")
        out += [
            f"# HELP {name} {help_text}",
            f"# TYPE {name} {'untyped' if kind == 'unknown' else kind}",
            *lines,
        ]
    return "\n".join(out) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _is_local(environ: Environ) -> bool:
    """A connection of this machine that no proxy has made for somebody else."""
    if any(
        environ.get(name) for name in ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")
    ):
        return False
    try:
        return ipaddress.ip_address(address_of(environ)).is_loopback
    except ValueError:
        return False


def _ask(api: Api, name: str) -> str | None:
    try:
        answer = api.send(ANYONE, name, "GET", "/metrics", deadline=_DEADLINE_SECONDS)
    except DomainError as error:
        structlog.get_logger(__name__).warning("no_metrics", service=name, error=error.detail)
        return None
    return answer.body.decode() if answer.status == 200 else None
