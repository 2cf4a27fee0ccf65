"""The scrub: every object is hashed again in rounds, within a budget of bytes a second (E24).

A round walks over the spectra in the order in which they came, then over the copies of the log's heads. How far it is stands in
the database after each of them, so that it goes on there after a restart or a kill; an object that was being read then is read
again. One round begins every `scrub_days` days, or when somebody asks for one. The work is cut into slices, one job each, so
that a worker can be stopped.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from services.chain_of_custody.domain.pace import Pace
from services.chain_of_custody.models import Item
from services.chain_of_custody.models_spectra import Spectrum
from services.chain_of_custody.models_store import ScrubRound
from services.chain_of_custody.repository import spectra as spectra_repository
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.check_copy import Checked, check_copy
from services.chain_of_custody.service.copies import Copy, copies_of
from services.chain_of_custody.service.judge_copies import judge_copies
from services.chain_of_custody.service.legal_holds import align_legal_holds
from services.chain_of_custody.service.scrub_heads import any_head, scrub_heads
from services.chain_of_custody.store import stores_of
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.jobs.app import Jobs
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

SCRUB, QUEUE = "scrub_objects", "spectra"
_EVERY_HALF_MINUTE = "* * * * * */30"
_SLICE_SECONDS = 25.0


def register_scrub(jobs: Jobs) -> None:
    """The scrub by the clock, and as a job for a round that was asked for."""
    runtime = jobs.runtime
    jobs.task(SCRUB, queue=QUEUE, attempts=1)(lambda: scrub(runtime))
    jobs.periodic(f"{SCRUB}_on", _EVERY_HALF_MINUTE, queue=QUEUE, lock=SCRUB)(lambda: scrub(runtime))


def scrub_soon(uow: UnitOfWork) -> None:
    """Queues a slice with the transaction."""
    uow.defer(SCRUB, queue=QUEUE, lock=SCRUB)


def scrub(
    runtime: Runtime,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """One slice of the round that goes on or is due; returns when its time is over, the round has ended, or a store is away."""
    going = _round(runtime)
    if going is None:
        return
    pace = Pace(runtime.settings.scrub_bytes_per_second, clock, sleep)
    end = clock() + _SLICE_SECONDS
    cursor = going.cursor
    while True:
        with runtime.unit_of_work() as uow:
            found = repository.next_to_scrub(uow.session, cursor, going.last)
        if found is None:
            if scrub_heads(runtime, going, pace, until=lambda: clock() >= end):
                _end(runtime, going)
            return
        spectrum_id, number = found
        try:
            size, wrong = scrub_spectrum(runtime, spectrum_id, pace)
        except DomainError as error:
            log.warning("scrub_put_off", id=spectrum_id, code=error.code, error=error.detail)
            return
        with runtime.unit_of_work() as uow:
            repository.advance(
                uow.session, going.seq, cursor, number, size=size, wrong=wrong, now=runtime.clock()
            )
            uow.commit()
        cursor = number
        if clock() >= end:
            return


def scrub_spectrum(runtime: Runtime, spectrum_id: str, pace: Pace) -> tuple[int, int]:
    """Checks all copies of one spectrum and acts on what was found; (size of the spectrum, number of differences)."""
    stores = stores_of(runtime)
    _align(runtime, spectrum_id)
    with runtime.unit_of_work() as uow:
        row = spectra_repository.spectrum_by_id(uow.session, spectrum_id)
        copies = copies_of(row, repository.copies(uow.session, spectrum_id), stores)
    checked = [_check(row, copy, pace) for copy in copies]
    return row.size, judge_copies(runtime, spectrum_id, checked)


def _align(runtime: Runtime, spectrum_id: str) -> None:
    """Sets the legal hold as the item stands, where the job that should have done it was lost, or the row was changed."""
    with runtime.unit_of_work() as uow:
        row = spectra_repository.spectrum_by_id(uow.session, spectrum_id)
        item = uow.session.get_one(Item, row.item_id)
        right = row.legal_hold is (item.open_holds > 0)
    if not right:
        log.warning("legal_hold_was_not_as_the_item", spectrum_id=spectrum_id)
        align_legal_holds(runtime, item.id)


def _check(row: Spectrum, copy: Copy, pace: Pace) -> Checked:
    assert row.sha256 is not None, "only what was hashed once is hashed again"
    return check_copy(
        copy,
        size=row.size,
        sha256=row.sha256,
        retain_until=row.retain_until,
        legal_hold=copy.legal_hold,
        spend=pace.spend,
    )


def begin_round(uow: UnitOfWork, runtime: Runtime, asked_by: str | None) -> ScrubRound:
    """A new round over all that is there now; the caller has seen that none goes on."""
    last, objects, size = repository.extent(uow.session)
    now = runtime.clock()
    row = ScrubRound(
        asked_by=asked_by,
        began_at=now,
        ended_at=None,
        touched_at=now,
        cursor=0,
        last=last,
        objects_total=objects,
        bytes_total=size,
        objects_done=0,
        bytes_done=0,
        mismatches=0,
        heads_done=0,
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _round(runtime: Runtime) -> ScrubRound | None:
    """The round that goes on, or a new one where that is due."""
    with runtime.unit_of_work() as uow:
        going = repository.open_round(uow.session)
        if going is None:
            last = repository.last_round(uow.session)
            every = timedelta(days=runtime.settings.scrub_days)
            if last is not None and runtime.clock() - last.began_at < every:
                return None
            if not repository.extent(uow.session)[1] and not any_head(uow.session):
                return None
            going = begin_round(uow, runtime, None)
            uow.commit()
            log.info("scrub_round_began", round=going.seq, objects=going.objects_total)
        return going


def _end(runtime: Runtime, going: ScrubRound) -> None:
    with runtime.unit_of_work() as uow:
        repository.end_round(uow.session, going.seq, runtime.clock())
        uow.commit()
    log.info("scrub_round_ended", round=going.seq)
