"""How long a model takes to go through a programme's whole archive, and whether the time grows with it alone.

Profiles lie in a real PostgreSQL as the service keeps them; the work is the worker's own function, a Dask process for each core.
Beside it the same conclusions one by one in one process, as a loop over the archive would draw them.

    python -m benchmarks.archive [--profiles 100000] [--programme CSP] [--write]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.keep import keep
from services.classifier.app import make_runtime
from services.classifier.domain.authentic import Authentic
from services.classifier.domain.bundle import bundle_digest, model_to_bundle
from services.classifier.domain.evaluate import classify
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.model import Model
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.programme import Programme
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.training.train import train
from services.classifier.service.jobs import new_job
from services.classifier.service.programmes import post_bundled
from services.classifier.service.reclassify import reclassify
from shared.crypto.keys import load_private_key
from shared.runtime import Runtime
from tests.database import make_settings, running_postgres

GOAL_SECONDS = 60.0
ONE_BY_ONE = 300


def fill(url: str, programme: Programme, library: Sequence[Authentic], first: int, last: int) -> None:
    """Profiles near authentics of the library, written as the service would."""
    dice = np.random.default_rng(first)
    raw = raw_matrix(programme.analytes, [(each.values, each.censored) for each in library])
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        columns = "item_id, root_id, programme, programme_version, raw"
        with cursor.copy(f"COPY classifier.profile_row ({columns}) FROM STDIN") as copy:
            for n in range(first, last):
                row = raw[n % len(raw)] * dice.lognormal(0, 0.05, raw.shape[1])
                copy.write_row(
                    (f"i{n}", f"i{n}", programme.id, programme.version, row.astype("<f8").tobytes())
                )


def put_model(url: str, model: Model, bundle: bytes) -> None:
    """An active model."""
    names = "id, programme, programme_version, version, state, job_id, bundle, digest, trained_by, trained_at"
    with psycopg.connect(url) as connection:
        values = (
            "m",
            model.programme.id,
            model.programme.version,
            1,
            "active",
            "j",
            bundle,
            bundle_digest(bundle),
        )
        connection.execute(
            f"INSERT INTO classifier.model ({names}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'bench', now())",
            values,
        )


def seconds_of(runtime: Runtime, programme: str) -> float:
    """Seconds of one reclassification of all there is."""
    with runtime.unit_of_work() as uow:
        job = new_job("reclassify", programme, [], "m", "bench", datetime.now(UTC))
        job_id = job.id
        uow.session.add(job)
        uow.commit()
    began = time.perf_counter()
    reclassify(runtime, job_id)
    return time.perf_counter() - began


def one_by_one(model: Model, library: Sequence[Authentic]) -> float:
    """Seconds for one profile by the function that makes a single opinion with all its evidence."""
    chosen = random.Random(1).choices(library, k=ONE_BY_ONE)
    began = time.perf_counter()
    for each in chosen:
        classify(model, each.values, each.censored)
    return (time.perf_counter() - began) / ONE_BY_ONE


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Times the reclassification of an archive.")
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--programme", default="CSP")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/results/")
    options = parser.parse_args()
    programme = load_bundled(options.programme)
    library = synthetic_library(programme, seed=3, per_class=20)
    model = train(programme, library, seed=1)
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder, running_postgres() as server:
        settings = make_settings(server, "bench_archive", Path(folder))
        runtime, url = make_runtime(settings), f"{server}/bench_archive"
        post_bundled(runtime)
        put_model(url, model, model_to_bundle(model, load_private_key(settings.keys_dir / "models.key")))
        tenth = options.profiles // 10
        fill(url, programme, library, 0, tenth)
        small = seconds_of(runtime, programme.id)
        fill(url, programme, library, tenth, options.profiles)
        whole = seconds_of(runtime, programme.id)
        runtime.engine.dispose()
    alone = one_by_one(model, library) * options.profiles
    print(
        f"{options.profiles} profiles in {whole:.1f} s, {tenth} in {small:.1f} s; one by one they would take {alone:.0f} s"
    )
    if options.write:
        what = f"{options.profiles} stored profiles of {options.programme} under another model"
        keep("archive", what, "s", whole, better="lower", goal=1.0, peer=alone, peer_name="one by one")
        what = f"time for {options.profiles} profiles over ten times that for {tenth}"
        keep("archive_growth", what, "", whole / (10 * small), better="lower", goal=1.2)
    return 0 if whole < GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
