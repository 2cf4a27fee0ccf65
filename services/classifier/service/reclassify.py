"""The worker's side of a reclassification: chunks of the archive over Dask, each recorded once, none done twice.

What is recorded lies in PostgreSQL; a scheduler, a worker or this process that vanishes costs the chunks in hand, no more.
"""

import contextlib
import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.classifier import repository, repository_archive
from services.classifier.models_archive import ArchiveChunkDone, ArchiveConclusion
from services.classifier.service.conclude_chunk import Rows, conclude_chunk
from services.classifier.service.programmes import programme_of
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime

CHUNK = 2000
_IN_HAND = 2
_CONNECT_SECONDS = 20


def reclassify(runtime: Runtime, job_id: str, *, chunk: int = CHUNK) -> None:
    """Concludes what is not concluded yet; a run that repeats another goes on where it stopped."""
    with runtime.unit_of_work() as uow:
        job = repository.job(uow.session, job_id, lock=True)
        if job.state not in ("queued", "running"):
            return
        job.state = "running"
        repository_archive.plan_chunks(uow.session, job_id, job.programme, chunk)
        uow.commit()
        model = repository.model(uow.session, job.model_id or "")
        bundle, programme_id = model.bundle or b"", job.programme
        key = (runtime.settings.keys_dir / "models.pub").read_bytes()
        waiting = iter(repository_archive.open_chunks(uow.session, job_id))
    try:
        whole = _work(runtime, job_id, programme_id, (bundle, key), waiting)
    except Exception as error:
        _note(runtime, job_id, f"{type(error).__name__}: {error}; it is tried again from where it stopped")
        raise
    if whole:
        with runtime.unit_of_work() as uow:
            job = repository.job(uow.session, job_id, lock=True)
            job.state, job.progress, job.error, job.ended_at = "done", 1.0, None, runtime.clock()
            uow.commit()


def _work(
    runtime: Runtime, job_id: str, programme: str, shared: tuple[bytes, bytes], waiting: Iterator[int]
) -> bool:
    """Sends out the chunks, as many at a time as there is work for, and records what comes back; False where it was cancelled."""
    from distributed import as_completed

    with _client(runtime.settings.dask_scheduler) as client:
        everywhere = client.scatter(shared, broadcast=True)
        cores = max(1, sum(client.ncores().values()))
        in_hand: dict[Any, tuple[int, Rows]] = {}

        def submit(number: int) -> Any:
            with runtime.unit_of_work() as uow:
                rows = _rows(uow.session, job_id, number)
            future = client.submit(conclude_chunk, everywhere, rows, pure=False)
            in_hand[future.key] = (number, rows)
            return future

        running = as_completed([submit(number) for number in islice(waiting, _IN_HAND * cores)])
        for future in running:
            number, rows = in_hand.pop(future.key)
            if not _record(runtime, job_id, programme, number, rows, future.result()):
                return False
            for following in islice(waiting, 1):
                running.add(submit(following))
    return True


def _note(runtime: Runtime, job_id: str, error: str) -> None:
    with runtime.unit_of_work() as uow:
        repository.job(uow.session, job_id, lock=True).error = error
        uow.commit()


@contextlib.contextmanager
def _client(address: str | None) -> Iterator[Any]:
    """A client of the scheduler at this address, or of one that this process starts with a process for each core."""
    from distributed import Client, LocalCluster

    if address is not None:
        with Client(address, timeout=_CONNECT_SECONDS) as client:
            yield client
        return
    cores = len(os.sched_getaffinity(0))
    with (
        LocalCluster(n_workers=cores, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _rows(session: Session, job_id: str, number: int) -> Rows:
    rows = repository_archive.chunk_rows(session, job_id, number)
    programme = repository.job(session, job_id).programme
    versions = {row.programme_version for row in rows}
    analytes = {
        version: [
            each.name for each in programme_of(repository.programme_row(session, programme, version)).analytes
        ]
        for version in versions
    }
    return Rows(
        seqs=[row.seq for row in rows],
        items=[row.item_id for row in rows],
        analytes=[analytes[row.programme_version] for row in rows],
        raw=[np.frombuffer(row.raw, "<f8") for row in rows],
        censored=[row.censored for row in rows],
        qc=[row.qc for row in rows],
    )


def _record(
    runtime: Runtime,
    job_id: str,
    programme: str,
    number: int,
    rows: Rows,
    conclusions: list[dict[str, str]],
) -> bool:
    """Writes a chunk's conclusions and that it is done; False where the job was cancelled meanwhile."""
    with runtime.unit_of_work() as uow:
        job = repository.job(uow.session, job_id, lock=True)
        if job.cancel_requested:
            job.state, job.ended_at = "cancelled", runtime.clock()
            uow.commit()
            return False
        total = repository_archive.number_of_chunks(uow.session, job_id)
        _insert(uow, job_id, programme, rows, conclusions)
        done = {"job_id": job_id, "number": number, "profiles": len(rows.items)}
        uow.session.execute(insert(ArchiveChunkDone), [done])
        job.progress = 1.0 - len(repository_archive.open_chunks(uow.session, job_id)) / total
        uow.commit()
    return True


def _insert(
    uow: UnitOfWork, job_id: str, programme: str, rows: Rows, conclusions: list[dict[str, str]]
) -> None:
    standing = repository_archive.standing_results(uow.session, programme, rows.items)
    told = []
    for seq, item_id, concluded in zip(rows.seqs, rows.items, conclusions, strict=True):
        result = standing.get(item_id)
        former = None if result is None else {d["name"]: d["conclusion"] for d in result.determinations}
        told.append(
            {
                "job_id": job_id,
                "item_id": item_id,
                "row_seq": seq,
                "conclusions": concluded,
                "result_id": None if result is None else result.id,
                "former": former,
                "differs": former is not None and former != concluded,
            }
        )
    uow.session.execute(insert(ArchiveConclusion), told)
