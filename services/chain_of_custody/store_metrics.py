"""Metrics of the object stores, their locks and the scrub, whose figures come from the database: it works in another process."""

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import SQLAlchemyError

from services.chain_of_custody.repository import store as repository
from shared.runtime import Runtime
from shared.storage.interface import Capabilities

UP = Gauge("siglab_store_up", "1 where the store answers", ["store"])
LOCKS_HOLD = Gauge("siglab_store_locks_hold", "1 where the last canary was kept", ["store"])
CANARY_AT = Gauge("siglab_store_canary_timestamp_seconds", "When the locks were last tried", ["store"])
FREE = Gauge("siglab_store_free_bytes", "Room that is left, where the store tells it", ["store"])
UNCOPIED = Gauge("siglab_mirror_waiting", "Spectra that have no second copy yet")
FAILOVERS = Counter("siglab_store_failovers_total", "Reads that the second copy had to serve")
DAMAGED_READS = Counter(
    "siglab_store_damaged_reads_total",
    "Reads that were broken off, since the bytes were not those that were verified",
)
ROUND_AGE = Gauge(
    "siglab_scrub_last_round_age_seconds", "Time since the last whole round ended; -1 before the first"
)
ROUND_DONE = Gauge(
    "siglab_scrub_round_done_ratio", "Share of the bytes of the round that goes on; 1 between rounds"
)
BYTES = Gauge("siglab_scrub_bytes", "Bytes hashed again in all rounds")
MISMATCHES = Gauge("siglab_scrub_mismatches", "Differences found in all rounds")
OPEN_FINDINGS = Gauge("siglab_scrub_open_findings", "Differences that are neither mended nor explained")


def tell_look(place: str, up: bool, found: Capabilities, free: int | None) -> None:
    """What a look at a store has shown."""
    UP.labels(place).set(up)
    if found.canary is not None:
        LOCKS_HOLD.labels(place).set(found.canary.ok)
        CANARY_AT.labels(place).set(found.canary.at.timestamp())
    if free is not None:
        FREE.labels(place).set(free)


def tell_database(runtime: Runtime, *, mirrored: bool) -> None:
    """What the rounds have come to; nothing while the database is away."""
    try:
        with runtime.unit_of_work() as uow:
            session = uow.session
            last, going = repository.last_round(session), repository.open_round(session)
            ended = last.ended_at if last is not None else None
            ROUND_AGE.set((runtime.clock() - ended).total_seconds() if ended else -1)
            ROUND_DONE.set(
                going.bytes_done / going.bytes_total if going and going.bytes_total else float(not going)
            )
            done, wrong = repository.totals(session)
            BYTES.set(done)
            MISMATCHES.set(wrong)
            OPEN_FINDINGS.set(repository.count_open(session))
            UNCOPIED.set(repository.count_uncopied(session) if mirrored else 0)
    except SQLAlchemyError as error:
        structlog.get_logger(__name__).warning("scrub_not_told", error=str(error))
