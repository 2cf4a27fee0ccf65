"""Measurements as data: recorded once, corrected by a new record, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.classifier import repository
from services.classifier.custody import Custody, Facts, known, require_workable
from services.classifier.domain.programme import Programme
from services.classifier.models import Measurement
from services.classifier.service.profile_rows import keep_profile_rows
from services.classifier.service.programmes import programme_of
from services.classifier.service.whole import measurement_digest, require_whole_measurement
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import FieldError, Invalid
from shared.http.lists import paginate
from shared.http.schemas import format_time
from shared.identifiers import new_id

_PER_MIL = {"per mil", "\u2030"}


def record_measurement(
    actor: Actor, uow: UnitOfWork, custody: Custody, body: dict[str, Any], *, now: datetime
) -> Measurement:
    """Records a peak table or isotope values of a received item."""
    require(actor, Role.TECHNICIAN)
    row = repository.programme_row(uow.session, body["programme"])
    _refuse(check_values(programme_of(row), body["values"]))
    facts = known(custody, [body["item_id"]])[body["item_id"]]
    require_workable(facts)
    repository.remember_facts(uow.session, [facts])
    recorded = add_measurement(uow, actor, facts, row.id, row.version, body, now=now)
    keep_profile_rows(uow.session, row.id, {facts.id: facts.root_id})
    return recorded


def correct_measurement(
    actor: Actor,
    uow: UnitOfWork,
    custody: Custody,
    measurement_id: str,
    body: dict[str, Any],
    *,
    now: datetime,
) -> Measurement:
    """Records corrected values beside the old ones (E11); analytes that are not named keep their values."""
    require(actor, Role.TECHNICIAN, Role.REVIEWER)
    old = repository.measurement(uow.session, measurement_id)
    programme = programme_of(repository.programme_row(uow.session, old.programme, old.programme_version))
    _refuse(check_values(programme, body["values"]))
    facts = known(custody, [old.item_id])[old.item_id]
    require_workable(facts)
    told = {"method": old.method, "instrument": old.instrument, **body}
    recorded = add_measurement(
        uow,
        actor,
        facts,
        old.programme,
        old.programme_version,
        told,
        now=now,
        corrects=old.id,
        reason=body["reason"],
    )
    keep_profile_rows(uow.session, old.programme, {facts.id: facts.root_id})
    return recorded


def list_measurements(
    actor: Actor,
    uow: UnitOfWork,
    *,
    item_id: str | None,
    programme: str | None,
    limit: int,
    cursor: int | None,
) -> dict[str, Any]:
    """Measurements with their corrections, oldest first."""
    require(actor, *LABORATORY, Role.AUDITOR)
    query = repository.measurements(item_id, programme)
    return paginate(uow.session, query, Measurement.seq, limit=limit, cursor=cursor)


def get_measurement(actor: Actor, uow: UnitOfWork, measurement_id: str) -> Measurement:
    """One measurement; raises Conflict `damaged` where it is not what was measured."""
    require(actor, *LABORATORY, Role.AUDITOR)
    row = repository.measurement(uow.session, measurement_id)
    require_whole_measurement(row)
    return row


def check_values(programme: Programme, values: Sequence[dict[str, Any]]) -> list[FieldError]:
    """Unknown analytes, other units, values out of range, the same analyte twice: each by its pointer."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for place, value in enumerate(values):
        name = value["analyte"]
        analyte = programme.analyte(name)
        if analyte is None:
            errors.append(
                FieldError(
                    pointer=f"/values/{place}/analyte", message=f"{programme.id} has no analyte {name!r}."
                )
            )
            continue
        if name in seen:
            errors.append(FieldError(pointer=f"/values/{place}/analyte", message=f"{name} stands twice."))
        seen.add(name)
        if not same_unit(value["unit"], analyte.unit):
            message = f"{name} is measured in {analyte.unit!r}, not in {value['unit']!r}."
            errors.append(FieldError(pointer=f"/values/{place}/unit", message=message))
        number = value["value"]
        low, high = analyte.minimum, analyte.maximum
        if number is not None and (
            (low is not None and number < low) or (high is not None and number > high)
        ):
            message = f"{name} lies between {low} and {high} {analyte.unit}."
            errors.append(FieldError(pointer=f"/values/{place}/value", message=message))
    return errors


def same_unit(given: str, wanted: str) -> bool:
    """Whether two notations name one unit."""
    return given == wanted or (given in _PER_MIL and wanted in _PER_MIL)


def add_measurement(
    uow: UnitOfWork,
    actor: Actor,
    facts: Facts,
    programme: str,
    version: str,
    body: dict[str, Any],
    *,
    now: datetime,
    corrects: str | None = None,
    reason: str | None = None,
) -> Measurement:
    """Adds the row with its digest and tells the ledger of it; the caller has checked everything."""
    occurred_at = body.get("occurred_at") or now
    content = {
        "item_id": facts.id, "programme": programme, "programme_version": version, "method": body["method"],
        "instrument": body["instrument"], "values": body["values"], "qc": body.get("qc"), "corrects": corrects,
        "reason": reason, "measured_by": actor.login,
    }  # fmt: skip
    digest = measurement_digest(content, occurred_at)
    row = Measurement(
        id=new_id(), root_id=facts.root_id, digest=digest, occurred_at=occurred_at, recorded_at=now, **content
    )
    uow.session.add(row)
    uow.session.flush()
    payload = {"measurement_id": row.id, "sha256": digest, "programme": programme, "method": row.method}
    if corrects is not None:
        payload["corrects"] = corrects
    kind = "measurement_corrected" if corrects else "measured"
    tell_ledger(uow, facts.id, kind, actor, occurred_at, reason or f"{programme} profile", payload)
    return row


def tell_ledger(
    uow: UnitOfWork,
    item_id: str,
    kind: str,
    actor: Actor,
    occurred_at: datetime,
    purpose: str,
    payload: dict[str, Any],
) -> None:
    """Sends custody an event of the item, so that its digest becomes a leaf of the log (E19)."""
    body = {
        "item_id": item_id,
        "type": kind,
        "actor": {"login": actor.login, "name": actor.name, "role": actor.role.value},
        "occurred_at": format_time(occurred_at),
        "purpose": purpose,
        "payload": payload,
    }
    uow.emit("chain_of_custody", "/internal/records", body, item_id)


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise Invalid("; ".join(error["message"] for error in errors[:3]), errors=errors)
