"""Queries of the classifier. What an office or an analyst may see is decided in the query itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from services.classifier.custody import Facts
from services.classifier.domain.run_role import OF_THE_ITEM
from services.classifier.models import (
    ItemFacts,
    Job,
    LibraryAct,
    LinkPopulationRow,
    Measurement,
    Model,
    ProfileRow,
    ProgrammeRow,
    Report,
    Result,
    Review,
    RunProfile,
    Spectrum,
    TraceRow,
)
from shared.actor import Actor, Role
from shared.errors import NotFound

#: States of a result that leave the laboratory.
PUBLIC_STATES = ("released", "superseded")


def newest_programmes() -> Select[Any]:
    """The newest version of each programme."""
    later = aliased(ProgrammeRow)
    newer = select(later.id).where(later.id == ProgrammeRow.id, later.seq > ProgrammeRow.seq)
    return select(ProgrammeRow).where(~newer.exists())


def programme_versions(session: Session, programme_id: str) -> list[ProgrammeRow]:
    """All versions of a programme, the oldest first."""
    query = select(ProgrammeRow).where(ProgrammeRow.id == programme_id).order_by(ProgrammeRow.seq)
    return list(session.scalars(query))


def programme_row(session: Session, programme_id: str, version: str | None = None) -> ProgrammeRow:
    """One programme, the newest version where none is named; raises NotFound."""
    query = (
        select(ProgrammeRow).where(ProgrammeRow.id == programme_id).order_by(ProgrammeRow.seq.desc()).limit(1)
    )
    if version is not None:
        query = query.where(ProgrammeRow.version == version)
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(
            f"There is no programme {programme_id!r}{f' in version {version}' if version else ''}."
        )
    return row


def remember_facts(session: Session, facts: Iterable[Facts]) -> None:
    """Keeps what custody said, the newest over the older, in one order of rows so that two writers never wait for each other."""
    rows = [
        {
            "id": f.id,
            "number": f.number,
            "exhibit_id": f.exhibit_id,
            "office": f.office,
            "programme": f.programme,
            "kind": f.kind,
            "root_id": f.root_id,
        }
        for f in sorted(facts, key=lambda f: f.id)
    ]
    if rows:
        statement = insert(ItemFacts).values(rows)
        changed = {name: statement.excluded[name] for name in ("number", "programme", "kind")}
        session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def measurements(item_id: str | None = None, programme: str | None = None) -> Select[Any]:
    """Measurements, corrections among them."""
    query = select(Measurement)
    if item_id is not None:
        query = query.where(Measurement.item_id == item_id)
    if programme is not None:
        query = query.where(Measurement.programme == programme)
    return query


def measurement(session: Session, measurement_id: str) -> Measurement:
    """One measurement; raises NotFound."""
    row = session.get(Measurement, measurement_id)
    if row is None:
        raise NotFound("There is no such measurement.")
    return row


def measurements_of_items(session: Session, programme: str, item_ids: Sequence[str]) -> Sequence[Measurement]:
    """What was measured of items and, for an exhibit, of its aliquots; oldest first."""
    mine = or_(Measurement.item_id.in_(item_ids), Measurement.root_id.in_(item_ids))
    query = select(Measurement).where(Measurement.programme == programme, mine).order_by(Measurement.seq)
    return session.scalars(query).all()


def items_with_own_data(session: Session, programme: str) -> Select[Any]:
    """(item_id, root_id) of every item on which a programme's data were recorded."""
    measured = select(Measurement.item_id, Measurement.root_id).where(Measurement.programme == programme)
    read = (
        select(RunProfile.item_id, RunProfile.root_id)
        .join(Spectrum, Spectrum.id == RunProfile.spectrum_id)
        .where(RunProfile.programme == programme, Spectrum.run_role.in_(OF_THE_ITEM))
    )
    found = measured.union(read).subquery()
    return select(found.c.item_id, found.c.root_id)


def items_without_row(session: Session, programme: str, limit: int) -> Sequence[Any]:
    """(item_id, root_id) of items with data and no profile row: those of before the rows."""
    query = items_with_own_data(session, programme)
    item = query.selected_columns.item_id
    row = select(ProfileRow.seq).where(ProfileRow.item_id == item, ProfileRow.programme == programme)
    return session.execute(query.where(~row.exists()).order_by(item).limit(limit)).all()


def lock_profile_rows(session: Session, programme: str) -> None:
    """Lets one transaction at a time add rows of a programme, so that `seq` rises in the order of the commits."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"profile_row:{programme}"))))


def profile_rows_after(session: Session, programme: str, seq: int) -> Iterable[Any]:
    """(seq, item_id, root_id, programme_version, raw) of the rows after `seq`, streamed in their order."""
    query = (
        select(
            ProfileRow.seq,
            ProfileRow.item_id,
            ProfileRow.root_id,
            ProfileRow.programme_version,
            ProfileRow.raw,
        )
        .where(ProfileRow.programme == programme, ProfileRow.seq > seq)
        .order_by(ProfileRow.seq)
    )
    return session.execute(query.execution_options(yield_per=5000))


def item_facts(session: Session, item_ids: Sequence[str]) -> dict[str, ItemFacts]:
    """What is known of items, by id."""
    rows = session.scalars(select(ItemFacts).where(ItemFacts.id.in_(item_ids)))
    return {row.id: row for row in rows}


def measurers(session: Session, programme: str, item_id: str) -> set[str]:
    """Who measured what an item's profile is made of."""
    mine = or_(Measurement.item_id == item_id, Measurement.root_id == item_id)
    query = select(Measurement.measured_by).where(Measurement.programme == programme, mine)
    return set(session.scalars(query))


def trace_row(session: Session, spectrum_id: str, channel: str) -> TraceRow | None:
    """A stored trace, or None."""
    return session.get(TraceRow, (spectrum_id, channel))


def run_profiles(session: Session, spectrum_id: str) -> Sequence[RunProfile]:
    """What the programmes found in a run, the oldest first."""
    query = select(RunProfile).where(RunProfile.spectrum_id == spectrum_id).order_by(RunProfile.seq)
    return session.scalars(query).all()


def first_trace_row(session: Session, spectrum_id: str) -> TraceRow | None:
    """The trace that was stored of a file, whatever its channel is called, or None."""
    query = select(TraceRow).where(TraceRow.spectrum_id == spectrum_id).order_by(TraceRow.channel).limit(1)
    return session.scalars(query).first()


def library(programme: str | None = None, decision: str = "accepted") -> Select[Any]:
    """The authentics that are in the library now: the last act on each exhibit is an acceptance, or another decision."""
    later = aliased(LibraryAct)
    newer = select(later.id).where(later.exhibit_id == LibraryAct.exhibit_id, later.seq > LibraryAct.seq)
    query = select(LibraryAct).where(LibraryAct.decision == decision, ~newer.exists())
    return query if programme is None else query.where(LibraryAct.programme == programme)


def library_mark(session: Session, programme: str) -> int:
    """Number of the last act on a programme's library; it changes whenever the library does."""
    return session.scalar(select(func.max(LibraryAct.seq)).where(LibraryAct.programme == programme)) or 0


def library_is_synthetic(session: Session, programme: str) -> bool:
    """Whether the programme's library has generated profiles in it."""
    entries = library(programme).subquery()
    return (
        session.scalar(select(entries.c.id).where(entries.c.provenance == "SYNTHETIC").limit(1)) is not None
    )


def link_population(session: Session, digest: str) -> LinkPopulationRow:
    """The population of that content."""
    return session.scalars(select(LinkPopulationRow).where(LinkPopulationRow.digest == digest)).one()


def last_library_act(session: Session, exhibit_id: str) -> LibraryAct | None:
    """The act that holds for this exhibit, or None."""
    query = (
        select(LibraryAct).where(LibraryAct.exhibit_id == exhibit_id).order_by(LibraryAct.seq.desc()).limit(1)
    )
    return session.scalars(query).first()


def job(session: Session, job_id: str, *, lock: bool = False) -> Job:
    """One job; raises NotFound."""
    row = session.get(Job, job_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("There is no such job.")
    return row


def job_results(session: Session, job_id: str) -> list[dict[str, str]]:
    """[{item_id, result_id}] of a job, in the order of their making."""
    rows = session.execute(
        select(Result.item_id, Result.id).where(Result.job_id == job_id).order_by(Result.seq)
    )
    return [{"item_id": row.item_id, "result_id": row.id} for row in rows]


def model(session: Session, model_id: str, *, lock: bool = False) -> Model:
    """One model; raises NotFound."""
    row = session.get(Model, model_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("There is no such model.")
    return row


def active_model(session: Session, programme: str) -> Model | None:
    """The model that is used for a programme now, or None."""
    return session.scalars(select(Model).where(Model.programme == programme, Model.state == "active")).first()


def models(*, programme: str | None = None, state: str | None = None) -> Select[Any]:
    """Models, of one programme or in one state."""
    query = select(Model)
    if programme is not None:
        query = query.where(Model.programme == programme)
    return query if state is None else query.where(Model.state == state)


def lock_models(session: Session, programme: str) -> None:
    """Lets one transaction at a time give out versions of a programme's models or put one into use."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"model:{programme}"))))


def next_model_version(session: Session, programme: str) -> int:
    """One more than the last; the caller holds `lock_models`."""
    return (session.scalar(select(func.max(Model.version)).where(Model.programme == programme)) or 0) + 1


def visible_results(actor: Actor) -> Select[Any]:
    """Results that this actor may see: an office its own released ones, an analyst all released ones."""
    query = select(Result)
    if actor.role is Role.OFFICE:
        return query.where(Result.office == actor.office, Result.state.in_(PUBLIC_STATES))
    if actor.role is Role.ANALYST:
        return query.where(Result.state.in_(PUBLIC_STATES))
    return query


def result(session: Session, actor: Actor, result_id: str, *, lock: bool = False) -> Result:
    """One result that the actor may see; raises NotFound."""
    query = visible_results(actor).where(Result.id == result_id)
    row = session.scalars(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound("There is no such result.")
    return row


def review_of(session: Session, result_id: str) -> Review | None:
    """The decision on a result, or None."""
    return session.scalars(select(Review).where(Review.result_id == result_id)).first()


def report(session: Session, result_id: str) -> Report | None:
    """The report of a released result, or None."""
    return session.get(Report, result_id)
