"""Programmes: posted as data, never changed, the newest version used for new work."""

import threading
from typing import Any

import structlog
from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository
from services.classifier.domain.check_programme import programme_from_data
from services.classifier.domain.load_programme import BUNDLED, load_bundled, parse_programme_text
from services.classifier.domain.programme import InvalidProgramme, Programme
from services.classifier.models import ProgrammeRow
from shared.actor import LABORATORY, Actor, Role, require, require_service
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, FieldError, Invalid
from shared.http.lists import paginate
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

_MOST_READ = 64
_READ: dict[str, Programme] = {}
_READ_LOCK = threading.Lock()

READERS = (*LABORATORY, Role.OFFICE, Role.ANALYST, Role.AUDITOR, Role.ADMIN, Role.INSTRUMENT)


def list_programmes(actor: Actor, uow: UnitOfWork, *, limit: int, cursor: int | None) -> dict[str, Any]:
    """The newest version of each programme."""
    require(actor, *READERS)
    query = repository.newest_programmes()
    return paginate(uow.session, query, ProgrammeRow.seq, limit=limit, cursor=cursor, dump=describe)


def get_programme(actor: Actor, uow: UnitOfWork, programme_id: str) -> dict[str, Any]:
    """One programme in its newest version."""
    require(actor, *READERS)
    return describe(repository.programme_row(uow.session, programme_id))


def post_programme(actor: Actor, uow: UnitOfWork, text: bytes) -> dict[str, Any]:
    """Takes a programme in YAML or JSON; a version that is there already is refused, an equal one answered again."""
    require(actor, Role.SCIENTIST)
    try:
        programme = programme_from_data(parse_programme_text(text))
    except InvalidProgramme as error:
        errors = [{"pointer": pointer, "message": message} for pointer, message in error.errors]
        raise Invalid(str(error), errors=errors) from error  # type: ignore[arg-type]
    _refuse_other_units(uow, programme)
    if not _insert(uow, programme, actor.login):
        known = repository.programme_row(uow.session, programme.id, programme.version)
        if known.digest != canonical_digest(dict(programme.data)):
            raise Conflict(
                f"{programme.id} version {programme.version} is there already and a version never changes; "
                "post your change as a new version.",
                code="version_exists",
            )
    uow.session.flush()
    return describe(repository.programme_row(uow.session, programme.id, programme.version))


def _refuse_other_units(uow: UnitOfWork, programme: Programme) -> None:
    """Raises Invalid where an analyte of an earlier version has another unit: its numbers are in the library and in results."""
    errors: list[FieldError] = []
    for row in repository.programme_versions(uow.session, programme.id):
        before = {each.name: each.unit for each in programme_of(row).analytes}
        errors += [
            FieldError(
                pointer=f"/analytes/{place}/unit",
                message=f"{each.name} is measured in {before[each.name]!r} since version {row.version}; give what is measured in "
                f"{each.unit!r} a name of its own, or post another programme.",
            )
            for place, each in enumerate(programme.analytes)
            if each.name in before and each.unit != before[each.name]
        ]
        if errors:
            raise Invalid("A unit does not change with the version of a programme.", errors=errors)


def know_programme(actor: Actor, uow: UnitOfWork, programme_id: str) -> dict[str, str]:
    """Says to another service that a programme exists; raises NotFound."""
    require_service(actor, "service-intake")
    row = repository.programme_row(uow.session, programme_id)
    return {"id": row.id, "version": row.version, "title": row.title}


def programme_of(row: ProgrammeRow) -> Programme:
    """The programme that a row holds; a version never changes, so it is read once."""
    with _READ_LOCK:
        found = _READ.get(row.digest)
    if found is None:
        found = programme_from_data(row.data)
        with _READ_LOCK:
            if len(_READ) >= _MOST_READ:
                _READ.pop(next(iter(_READ)))
            _READ[row.digest] = found
    return found


def post_bundled(runtime: Runtime) -> None:
    """Puts the programmes that come with the project into the database where they are not yet there."""
    with runtime.unit_of_work() as uow:
        for name in BUNDLED:
            if _insert(uow, load_bundled(name), "siglab"):
                log.info("programme_posted", programme=name)
        uow.commit()


def describe(row: ProgrammeRow) -> dict[str, Any]:
    """A programme as it is answered."""
    facts = {"digest": row.digest, "posted_by": row.posted_by, "posted_at": row.posted_at}
    return {**row.data, **facts}


def _insert(uow: UnitOfWork, programme: Programme, login: str) -> bool:
    data = dict(programme.data)
    values = {
        "id": programme.id,
        "version": programme.version,
        "title": programme.title,
        "data": data,
        "digest": canonical_digest(data),
        "posted_by": login,
    }
    statement = insert(ProgrammeRow).values(**values).on_conflict_do_nothing().returning(ProgrammeRow.id)
    return uow.session.execute(statement).scalar() is not None
