"""Reading of stored runs: announced by custody, read in a child process with limits, the reading told back to custody."""

import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository
from services.classifier.domain.run_role import OF_THE_ITEM
from services.classifier.models import RunProfile, Spectrum, TraceRow
from services.classifier.service.profile_rows import keep_profile_rows
from shared.actor import Actor, require_service
from shared.db.unit_of_work import UnitOfWork
from shared.errors import NotFound, Unavailable
from shared.identifiers import new_id
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

WALL_SECONDS = 120
CPU_SECONDS = 100
_BASE_MEMORY = 1024 * 1024 * 1024
_PIECE = 4 * 1024 * 1024
ROOT = Path(__file__).parents[3]
_DAMAGED = "The bytes that came from the store are not those of the digest; the file was not read."


@dataclass(frozen=True)
class Reading:
    """What came of reading one file; `reason` says why it could not be read, None where it could."""

    format: str
    reason: str | None
    summary: dict[str, Any] | None
    profiles: list[dict[str, Any]]
    traces: list[dict[str, Any]]


def announce_spectrum(actor: Actor, uow: UnitOfWork, body: dict[str, Any], *, now: datetime) -> None:
    """Takes note of a stored run and queues its reading; told twice, it does so once."""
    require_service(actor, "service-chain_of_custody")
    values = {name: body[name] for name in _ANNOUNCED} | {"id": body["spectrum_id"]}
    statement = insert(Spectrum).values(**values).on_conflict_do_nothing().returning(Spectrum.id)
    if uow.session.execute(statement).scalar() is not None:
        uow.defer("read_spectrum", queue="read", lock=body["spectrum_id"], spectrum_id=body["spectrum_id"])


_ANNOUNCED = (
    "item_id", "filename", "size", "sha256", "technique", "instrument", "method", "run_role", "acquired_at",
)  # fmt: skip


def read_spectrum(runtime: Runtime, spectrum_id: str) -> None:
    """Fetches, reads and stores one run; repeated, it stores the same again."""
    with runtime.unit_of_work() as uow:
        spectrum = uow.session.get_one(Spectrum, spectrum_id)
        facts = runtime.extras["custody"].facts(ids=[spectrum.item_id])[0]
        programmes = []
        if facts.programme is not None:
            # A programme that is not posted here looks for nothing in the run; the file is read all the same.
            with contextlib.suppress(NotFound):
                programmes = [repository.programme_row(uow.session, facts.programme).data]
    with tempfile.TemporaryDirectory(prefix="siglab-read-") as folder:
        path = Path(folder) / "run"
        if _fetch(runtime, spectrum, path) != spectrum.sha256:
            reading = Reading("unknown", _DAMAGED, None, [], [])
        else:
            reading = read_in_child(path, spectrum.filename, programmes, spectrum.size, spectrum.run_role)
    with runtime.unit_of_work() as uow:
        _store(uow, spectrum, facts.root_id, reading, runtime.clock())
        told = {"format": reading.format, "reason": reading.reason, "summary": reading.summary}
        uow.emit("chain_of_custody", f"/internal/spectra/{spectrum_id}/reading", told, spectrum_id)
        uow.commit()
    log.info("spectrum_read", spectrum_id=spectrum_id, format=reading.format, reason=reading.reason)


def read_in_child(
    path: Path, filename: str, programmes: list[dict[str, Any]], size: int, run_role: str
) -> Reading:
    """Runs the reader as a process of its own; whatever it does, this returns in time with a reading."""
    limits = {"memory": _BASE_MEMORY + 8 * size, "cpu_seconds": CPU_SECONDS}
    given = json.dumps(
        {
            "path": str(path),
            "filename": filename,
            "programmes": programmes,
            "run_role": run_role,
            "limits": limits,
        }
    )
    command = [sys.executable, "-m", "services.classifier.read_worker"]
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    try:
        ended = subprocess.run(
            command,
            input=given.encode(),
            capture_output=True,
            timeout=WALL_SECONDS,
            cwd=ROOT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Reading("unknown", f"Reading took longer than {WALL_SECONDS} s and was stopped.", None, [], [])
    try:
        return Reading(**json.loads(ended.stdout))
    except (ValueError, TypeError):
        log.warning("reader_died", code=ended.returncode, said=ended.stderr.decode(errors="replace")[-500:])
        why = f"The reader ended without an answer (exit {ended.returncode}); it may have needed too much memory or time."
        return Reading("unknown", why, None, [], [])


def _fetch(runtime: Runtime, spectrum: Spectrum, path: Path) -> str:
    """Copies the content into a file piece by piece; returns the SHA-256 of what came."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, spectrum.size, _PIECE):
            end = min(start + _PIECE, spectrum.size) - 1
            answer = runtime.send(
                "chain_of_custody",
                "GET",
                f"/api/v1/spectra/{spectrum.id}/content",
                headers=[("range", f"bytes={start}-{end}")],
            )
            if answer.status != 206:
                raise Unavailable(f"custody answered {answer.status} for the content of {spectrum.id}")
            digest.update(answer.body)
            file.write(answer.body)
    return digest.hexdigest()


def _store(uow: UnitOfWork, spectrum: Spectrum, root_id: str, reading: Reading, now: datetime) -> None:
    row = uow.session.get_one(Spectrum, spectrum.id, with_for_update=True)
    row.format, row.reason, row.summary, row.read_at = reading.format, reading.reason, reading.summary, now
    if reading.traces:
        uow.session.execute(delete(TraceRow).where(TraceRow.spectrum_id == row.id))
    for trace in reading.traces:
        arrays = {name: np.asarray(trace[name], "<f8").tobytes() for name in ("x", "y")}
        facts = {name: trace[name] for name in ("channel", "unit", "x_unit")}
        uow.session.add(TraceRow(spectrum_id=row.id, **arrays, **facts))
    for profile in reading.profiles:
        statement = insert(RunProfile).values(
            id=new_id(), spectrum_id=row.id, item_id=row.item_id, root_id=root_id, programme=profile["programme"],
            programme_version=profile["programme_version"], profile=profile, recorded_at=now, version=1,
        )  # fmt: skip
        uow.session.execute(statement.on_conflict_do_nothing())
    of_the_item = row.run_role in OF_THE_ITEM
    for programme in {profile["programme"] for profile in reading.profiles if of_the_item}:
        keep_profile_rows(uow.session, programme, {row.item_id: root_id})
