"""`python -m services.classifier.worker`: reads runs, classifies, trains, goes through the archive."""

from services.classifier.app import NAME, make_runtime
from services.classifier.service.classify_items import classify
from services.classifier.service.read_spectra import read_spectrum
from services.classifier.service.reclassify import reclassify
from services.classifier.service.train_models import train
from shared.config import load_settings
from shared.jobs.app import Jobs
from shared.observability.logging import configure_logging
from shared.runtime import Runtime

QUEUES = ("classify", "read", "train", "archive")
CONCURRENCY = 3


def make_jobs(runtime: Runtime) -> Jobs:
    """Every task of the service, registered."""
    jobs = Jobs(runtime)
    jobs.task("classify", queue="classify", attempts=5)(lambda job_id: classify(runtime, job_id))
    jobs.task("read_spectrum", queue="read")(lambda spectrum_id: read_spectrum(runtime, spectrum_id))
    jobs.task("train", queue="train", attempts=3)(lambda job_id: train(runtime, job_id))
    jobs.task("reclassify", queue="archive", attempts=10)(lambda job_id: reclassify(runtime, job_id))
    return jobs


def main() -> None:
    """Works until SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_level, f"{NAME}.worker")
    make_jobs(make_runtime(settings)).run_worker(QUEUES, concurrency=CONCURRENCY)


if __name__ == "__main__":
    main()
