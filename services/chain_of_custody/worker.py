"""`python -m services.chain_of_custody.worker`: runs custody's jobs, and gives events their place in the log."""

from services.chain_of_custody.app import NAME, make_runtime
from services.chain_of_custody.service.ask_witnesses import register_witnesses
from services.chain_of_custody.service.check_limits import check_at_start, register_limits
from services.chain_of_custody.service.check_read import register_reads
from services.chain_of_custody.service.copy_heads import register_copies
from services.chain_of_custody.service.scrub import register_scrub
from services.chain_of_custody.service.sequence_events import Sequencer
from services.chain_of_custody.service.sweep_spectra import register_spectra
from services.chain_of_custody.service.verify_ledger import register_verification, verify_soon
from shared.config import load_settings
from shared.jobs.app import Jobs
from shared.observability.logging import configure_logging
from shared.runtime import Runtime

QUEUES = ("default", "ledger", "spectra")
CONCURRENCY = 4


def make_jobs(runtime: Runtime) -> Jobs:
    """Every task of the service, registered."""
    jobs = Jobs(runtime)
    register_verification(jobs)
    register_copies(jobs)
    register_witnesses(jobs)
    register_spectra(jobs)
    register_scrub(jobs)
    register_reads(jobs)
    register_limits(jobs)
    return jobs


def main() -> None:
    """Works until SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_level, f"{NAME}.worker")
    runtime = make_runtime(settings)
    sequencer = Sequencer(runtime).start()
    verify_soon(runtime)
    check_at_start(runtime)
    try:
        make_jobs(runtime).run_worker(QUEUES, concurrency=CONCURRENCY)
    finally:
        sequencer.stop()


if __name__ == "__main__":
    main()
