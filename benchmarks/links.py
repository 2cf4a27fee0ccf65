"""How long the search for the most alike of a million profiles takes, warm, beside scikit-learn's exact neighbours.

The profiles lie in a real PostgreSQL as the service keeps them; questions go through the service's own function, likelihood
ratios and all. The peer holds the same pre-treated rows and gives neighbours alone.

    python -m benchmarks.links [--profiles 1000000] [--analytes 48] [--questions 30] [--write]
"""

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.keep import keep
from services.classifier.app import make_runtime
from services.classifier.service.links import find_links
from services.classifier.service.programmes import post_programme
from shared.actor import Actor, Role
from shared.runtime import Runtime
from tests.database import make_settings, running_postgres

LIBRARY = 600
SCIENTIST = Actor("scientist", "Sam", Role.SCIENTIST)


def programme(analytes: int) -> str:
    """A programme with so many analytes, as JSON text."""
    names = ", ".join(f'{{"name": "a{n:02d}", "unit": "1", "module": "all"}}' for n in range(analytes))
    return (
        '{"id": "LINKS", "version": "1", "title": "Benchmark", "modules": [{"name": "all", "technique": "any"}],'
        f' "analytes": [{names}], "determinations": [{{"name": "origin", "classes": ["A", "B"]}}],'
        ' "pretreatment": ["fourth_root", "autoscale"]}'
    )


def fill(url: str, profiles: int, analytes: int) -> None:
    """Profiles of a hundred sources, and a library of the first of them, written as the service would."""
    dice = np.random.default_rng(1)
    sources = dice.lognormal(0, 1, (100, analytes))
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY classifier.profile_row (item_id, root_id, programme, programme_version, raw) FROM STDIN"
        ) as copy:
            for n in range(profiles):
                row = sources[n % 100] * dice.lognormal(0, 0.1, analytes)
                copy.write_row((f"i{n}", f"i{n}", "LINKS", "1", row.astype("<f8").tobytes()))
        with cursor.copy(
            "COPY classifier.library_act (id, exhibit_id, item_id, programme, decision, labels, provenance, group_id,"
            " decided_by, decided_at) FROM STDIN"
        ) as copy:
            for n in range(LIBRARY):
                act = (
                    f"l{n}",
                    f"e{n}",
                    f"i{n}",
                    "LINKS",
                    "accepted",
                    '{"origin": "A"}',
                    "SYNTHETIC",
                    f"g{n % 100}",
                )
                copy.write_row((*act, "scientist", datetime.now(UTC)))


def ask(runtime: Runtime, item_id: str) -> tuple[float, dict[str, Any]]:
    """Milliseconds of one question, and its answer."""
    began = time.perf_counter()
    with runtime.unit_of_work() as uow:
        query = {"programme": "LINKS", "limit": 50}
        answer = find_links(SCIENTIST, runtime, uow, item_id, query, now=datetime.now(UTC))
    return 1000 * (time.perf_counter() - began), answer


def peer(runtime: Runtime, questions: list[int]) -> float:
    """Median milliseconds of scikit-learn's exact search among the same prepared rows."""
    from sklearn.neighbors import NearestNeighbors

    archive = runtime.extras["archives"].archive("LINKS")
    table = next(iter(archive.learned.values())).table
    search = NearestNeighbors(n_neighbors=51, algorithm="brute", metric="cosine").fit(table.coarse)
    times = []
    for place in questions[: max(3, len(questions) // 5)]:
        began = time.perf_counter()
        search.kneighbors(table.coarse[place : place + 1])
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Times the exact search for links.")
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--analytes", type=int, default=48)
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--write", action="store_true", help="keep the figure in benchmarks/results/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siglab-bench-") as folder, running_postgres() as server:
        settings = make_settings(server, "bench_links", Path(folder))
        runtime = make_runtime(settings)
        with runtime.unit_of_work() as uow:
            post_programme(SCIENTIST, uow, programme(options.analytes).encode())
            uow.commit()
        began = time.perf_counter()
        fill(f"{server}/bench_links", options.profiles, options.analytes)
        print(f"{options.profiles} profiles written in {time.perf_counter() - began:.0f} s", flush=True)
        first, answer = ask(runtime, "i0")
        assert answer["searched"] == options.profiles - 1, answer["searched"]
        print(f"first question, with the loading of the archive: {first / 1000:.1f} s", flush=True)
        questions = [7919 * n % options.profiles for n in range(1, options.questions + 1)]
        ours = statistics.median(ask(runtime, f"i{n}")[0] for n in questions)
        theirs = peer(runtime, questions)
        runtime.engine.dispose()
    print(f"{ours:.1f} ms a question; scikit-learn {theirs:.1f} ms (median of {options.questions})")
    if options.write:
        what = f"exact search of {options.profiles} profiles x {options.analytes} with likelihood ratios"
        keep(
            "links",
            what,
            "ms",
            ours,
            better="lower",
            goal=1.0,
            peer=theirs,
            peer_name="scikit-learn, brute force",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
