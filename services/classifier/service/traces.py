"""Chromatograms for drawing: from what was read of the raw file, thinned so that no extreme is lost."""

from typing import Any

import numpy as np

from services.classifier import repository, repository_runs
from services.classifier.domain.run import TOTAL, Trace
from services.classifier.domain.trace import decimate, window
from services.classifier.models import Spectrum
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, Invalid, NotFound

READERS = (*LABORATORY, Role.AUDITOR, Role.INSTRUMENT)


def get_trace(actor: Actor, uow: UnitOfWork, spectrum_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """Points of a channel; raises Conflict `unreadable` where no reader could read the file, NotFound for no such spectrum."""
    require(actor, *READERS)
    spectrum = uow.session.get(Spectrum, spectrum_id)
    if spectrum is None or (actor.role is Role.INSTRUMENT and spectrum.instrument != actor.login):
        raise NotFound("There is no such spectrum.")
    if spectrum.read_at is None:
        raise Conflict("The file has not been read yet; ask again in a moment.", code="not_read_yet")
    if spectrum.reason is not None:
        raise Conflict(f"The file cannot be shown: {spectrum.reason}", code="unreadable")
    if "peaks" in (spectrum.summary or {}):
        raise Conflict("The file is a peak table; it holds no signal that could be drawn.", code="no_trace")
    row = repository.trace_row(uow.session, spectrum_id, query["channel"])
    if row is None and query["channel"] == TOTAL:
        # What is no run has no total ion current; asked for nothing else, what it has is drawn.
        row = repository.first_trace_row(uow.session, spectrum_id)
    if row is None:
        there = repository_runs.kept_channels(uow.session, spectrum_id) or [TOTAL]
        more = f" and {len(there) - 12} more" if len(there) > 12 else ""
        names = ", ".join(repr(name) for name in there[:12]) + more
        message = f"This run has the channel {names} here, not {query['channel'][:40]!r}."
        raise Invalid(message, errors=[{"pointer": "/channel", "message": message}])
    whole = Trace(row.channel, np.frombuffer(row.x, "<f8"), np.frombuffer(row.y, "<f8"), row.unit, row.x_unit)
    part = window(whole, query["from_"], query["to"])
    x, y = decimate(part.x, part.y, query["points"])
    return {
        "spectrum_id": spectrum_id,
        "channel": row.channel,
        "x": x.tolist(),
        "y": y.tolist(),
        "unit": row.unit,
        "x_unit": row.x_unit,
        "measured_points": len(part.x),
        "sha256": spectrum.sha256,
    }
