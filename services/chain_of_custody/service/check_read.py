"""What follows when bytes that are being sent turn out not to be those that were verified: the alarm of the scrub, at once (E24).

The transfer is broken off by then. The job looks at every copy as the scrub does: it mends what can be mended, and otherwise the
spectrum goes into quarantine, with a finding on the page, an event of the item and a word in the log.
"""

import time

import structlog

from services.chain_of_custody.domain.object_standing import OF_BYTES
from services.chain_of_custody.domain.pace import Pace
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.scrub import QUEUE, scrub_spectrum
from services.chain_of_custody.store_metrics import DAMAGED_READS
from shared.jobs.app import Jobs
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

CHECK = "check_read_spectrum"


def register_reads(jobs: Jobs) -> None:
    """The look at what was found wrong while it was read, as a job."""
    runtime = jobs.runtime
    jobs.task(CHECK, queue=QUEUE, attempts=3)(lambda spectrum_id: check_read(runtime, spectrum_id))


def report_damage(runtime: Runtime, spectrum_id: str, detail: str) -> None:
    """Says that what was read is damaged, and queues the look at it, unless that is known and waits for a person."""
    log.error("damaged_object_was_read", spectrum_id=spectrum_id, detail=detail)
    DAMAGED_READS.inc()
    with runtime.unit_of_work() as uow:
        findings = repository.findings_of(uow.session, spectrum_id)
        if any(row.closed_at is None and row.kind in OF_BYTES for row in findings):
            return
        uow.defer(CHECK, queue=QUEUE, lock=spectrum_id, spectrum_id=spectrum_id)
        uow.commit()


def check_read(runtime: Runtime, spectrum_id: str) -> None:
    """Looks at all copies of the spectrum, within the budget of the scrub."""
    scrub_spectrum(
        runtime, spectrum_id, Pace(runtime.settings.scrub_bytes_per_second, time.monotonic, time.sleep)
    )
