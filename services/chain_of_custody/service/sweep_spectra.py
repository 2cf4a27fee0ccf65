"""What custody does for spectra by the clock: ends what was left unfinished, and looks after what is stored."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog

from services.chain_of_custody.models_spectra import ABANDONED, OPEN, RECEIVED
from services.chain_of_custody.repository import spectra, uploads
from services.chain_of_custody.service import copy_objects, legal_holds, verify_spectrum
from services.chain_of_custody.service.complete_upload import complete_upload
from services.chain_of_custody.service.uploads import KEPT_UNFINISHED, Stores
from services.chain_of_custody.store import store_of
from shared.errors import DomainError
from shared.jobs.app import Jobs
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

_QUEUE = verify_spectrum.QUEUE
_MOST = 100
#: The uploader's own request completes an upload at once; what it has not after this time nobody is at any more.
_LEFT_ALONE = timedelta(seconds=20)
#: Jobs are tried again by themselves for half an hour; after that the sweep does it.
_JOBS_TRIED = timedelta(minutes=30)
_EVERY_QUARTER_MINUTE, _HOURLY, _EVERY_TEN_MINUTES = "* * * * * */15", "29 * * * *", "*/10 * * * *"


def register_spectra(jobs: Jobs) -> None:
    """The jobs of spectra and uploads."""
    runtime = jobs.runtime
    jobs.task(verify_spectrum.VERIFY, queue=_QUEUE)(
        lambda spectrum_id: verify_spectrum.verify_spectrum(runtime, spectrum_id)
    )
    jobs.task(verify_spectrum.CONCLUDE, queue=_QUEUE)(
        lambda spectrum_id: verify_spectrum.conclude_spectrum(runtime, spectrum_id)
    )
    jobs.task(legal_holds.ALIGN, queue=_QUEUE)(
        lambda item_id: legal_holds.align_legal_holds(runtime, item_id)
    )
    jobs.periodic("sweep_received", _EVERY_QUARTER_MINUTE, queue=_QUEUE)(lambda: sweep_received(runtime))
    jobs.periodic("sweep_unverified", _EVERY_TEN_MINUTES, queue=_QUEUE)(lambda: sweep_unverified(runtime))
    jobs.periodic("sweep_abandoned", _HOURLY, queue=_QUEUE)(lambda: sweep_abandoned(runtime))
    jobs.task(copy_objects.COPY, queue=copy_objects.QUEUE)(
        lambda spectrum_id: copy_objects.copy_object(runtime, spectrum_id)
    )
    jobs.periodic("copy_missing", _EVERY_TEN_MINUTES, queue=copy_objects.QUEUE)(
        lambda: copy_objects.copy_missing(runtime)
    )


def sweep_received(runtime: Runtime) -> None:
    """Completes uploads whose bytes are all here and whose sender did not come back, or whose process was killed meanwhile."""
    stores = Stores.of(runtime)
    with runtime.unit_of_work() as uow:
        waiting = uploads.untouched(uow.session, RECEIVED, runtime.clock() - _LEFT_ALONE, _MOST)

    def complete(upload_id: str) -> None:
        with runtime.unit_of_work() as uow:
            row = uploads.lock_unfinished(uow.session, upload_id)
            if row is not None and row.state == RECEIVED:
                complete_upload(uow, stores, row, now=runtime.clock())
                uow.commit()

    _each(waiting, complete)


def sweep_unverified(runtime: Runtime) -> None:
    """Verifies what its own jobs could not, as when the store was away for longer than they try."""
    before = runtime.clock() - _JOBS_TRIED
    with runtime.unit_of_work() as uow:
        unhashed = spectra.unhashed(uow.session, before, _MOST)
        unread = spectra.unread(uow.session, before, _MOST)
    _each(unhashed, lambda found: verify_spectrum.verify_spectrum(runtime, found))
    _each(unread, lambda found: verify_spectrum.conclude_spectrum(runtime, found))


def sweep_abandoned(runtime: Runtime) -> None:
    """Gives up uploads that nobody went on with, and parts in the store that no upload knows.

    Their rows stay and tell who had begun what. The bytes were never evidence: their source was never told to let them go.
    """
    before, store = runtime.clock() - KEPT_UNFINISHED, store_of(runtime)
    with runtime.unit_of_work() as uow:
        waiting = uploads.untouched(uow.session, OPEN, before, _MOST)

    def give_up(upload_id: str) -> None:
        with runtime.unit_of_work() as uow:
            row = uploads.lock_unfinished(uow.session, upload_id)
            if row is None or row.state != OPEN or row.touched_at >= before:
                return
            if row.store_upload_id is not None:
                store.abort(row.object_key, row.store_upload_id)
            uploads.drop_tail(uow.session, row.id)
            row.state = ABANDONED
            uow.commit()
        log.info("upload_given_up", upload_id=upload_id)

    _each(waiting, give_up)
    unknown = [found for found in store.list_unfinished(before) if found.key.startswith("spectra/")]
    with runtime.unit_of_work() as uow:
        known = uploads.known_store_uploads(uow.session, [found.upload_id for found in unknown])
    for found in unknown:
        if found.upload_id not in known:
            store.abort(found.key, found.upload_id)


def _each(ids: Iterable[str], act: Callable[[str], None]) -> None:
    """Does it for each; one that cannot be done now is logged and does not keep the others waiting."""
    for found in ids:
        try:
            act(found)
        except DomainError as error:
            log.warning("put_off", id=found, code=error.code, error=error.detail)
