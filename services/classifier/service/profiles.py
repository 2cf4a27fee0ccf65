"""An item's profile: every analyte of a programme, with its value and where the value comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.classifier import repository
from services.classifier.custody import Custody, known
from services.classifier.domain.programme import Programme
from services.classifier.models import Measurement, RunProfile
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork

READERS = (*LABORATORY, Role.AUDITOR)


def get_profile(
    actor: Actor, uow: UnitOfWork, custody: Custody, item_id: str, programme_id: str
) -> dict[str, Any]:
    """The profile of an item in the programme's newest version; raises NotFound for an item that custody does not have."""
    require(actor, *READERS)
    programme = programme_of(repository.programme_row(uow.session, programme_id))
    known(custody, [item_id])
    return build_profile(uow.session, programme, item_id)


def build_profile(session: Session, programme: Programme, item_id: str) -> dict[str, Any]:
    """One item's profile, see `build_profiles`."""
    return build_profiles(session, programme, [item_id])[item_id]


def build_profiles(
    session: Session, programme: Programme, item_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Takes for each analyte what was recorded last; a later correction or measurement stands before an earlier run.

    `inputs` are the SHA-256 of every measurement and raw file that gave a value, so that anyone can say what an opinion rests on.
    """
    measured, read = repository.profile_sources(session, programme.id, item_ids)
    digests = repository.spectrum_digests(session, [run.spectrum_id for run in read])
    return {
        item_id: _build(
            programme,
            item_id,
            [row for row in measured if item_id in (row.item_id, row.root_id)],
            [run for run in read if item_id in (run.item_id, run.root_id)],
            digests,
        )
        for item_id in item_ids
    }


def _build(
    programme: Programme,
    item_id: str,
    measured: Sequence[Measurement],
    read: Sequence[RunProfile],
    digests: Mapping[str, str],
) -> dict[str, Any]:
    found: dict[str, tuple[Any, dict[str, Any], str]] = {}
    qc: dict[str, Any] = {}
    for run in read:
        for value in run.profile["values"]:
            source = {"kind": "spectrum", "spectrum_id": run.spectrum_id, "peak": value.get("peak")}
            _take(found, value, source, run.recorded_at, digests[run.spectrum_id])
        qc.update(run.profile.get("qc") or {})
    for row in measured:
        for value in row.values:
            source = {"kind": "measurement", "measurement_id": row.id, "method": row.method}
            _take(found, value, source, row.recorded_at, row.digest)
        qc.update(row.qc or {})
    values = []
    for analyte in programme.analytes:
        value, source, _ = found.get(analyte.name, ({}, {}, ""))
        values.append(
            {
                "analyte": analyte.name,
                "value": value.get("value"),
                "unit": analyte.unit,
                "uncertainty": value.get("uncertainty"),
                "censored": bool(value.get("censored", False)),
                "module": analyte.module,
                "source": {key: part for key, part in source.items() if key != "at"} or None,
            }
        )
    return {
        "item_id": item_id,
        "programme": programme.id,
        "programme_version": programme.version,
        "values": values,
        "qc": qc,
        "inputs": sorted({digest for _, _, digest in found.values()}),
    }


def _take(
    found: dict[str, tuple[Any, dict[str, Any], str]],
    value: dict[str, Any],
    source: dict[str, Any],
    at: Any,
    digest: str,
) -> None:
    """Keeps a value that is newer than the one that is there; a run that saw nothing does not hide a measured value."""
    old = found.get(value["analyte"])
    if old is not None and (old[1]["at"] > at or (value.get("value") is None and not value.get("censored"))):
        return
    found[value["analyte"]] = (value, {**source, "at": at}, digest)
