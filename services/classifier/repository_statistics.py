"""Queries of released opinions, for what they add up to."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, distinct_on
from sqlalchemy.orm import Session

from services.classifier.models import ExhibitFacts, Model, Result, Review


def model_provenance(session: Session, programme: str) -> dict[str, str | None]:
    """Where the library of each model came from, by the model's id."""
    rows = session.execute(select(Model.id, Model.provenance).where(Model.programme == programme))
    return {row.id: row.provenance for row in rows}


def exhibits_without_facts(session: Session, programme: str, limit: int) -> Sequence[str]:
    """Exhibits with a released result of which nothing is known yet."""
    query = (
        select(Result.exhibit_id)
        .where(Result.programme == programme, Result.state == "released")
        .where(~select(ExhibitFacts.exhibit_id).where(ExhibitFacts.exhibit_id == Result.exhibit_id).exists())
    )
    return session.scalars(query.distinct().limit(limit)).all()


def released_opinions(
    programme: str, determination: str, since: date | None, until: date | None
) -> Select[Any]:
    """The last released result of each seizure with the conclusion of one determination; authentics do not count.

    Columns: result_id, exhibit_id, item_number, office, seized_country, dated_on (the day of the seizure, or of the receipt where
    that is not known), seized_on, received_on, conclusion, determination, model, profile (JSON), programme_version, released_at.
    """
    told = func.jsonb_path_query_first(
        Result.determinations,
        cast("$[*] ? (@.name == $name)", JSONPATH),
        func.jsonb_build_object("name", determination),
        type_=JSONB,
    )
    dated = func.coalesce(ExhibitFacts.seized_on, ExhibitFacts.received_on)
    query = (
        select(
            Result.id.label("result_id"),
            Result.exhibit_id,
            Result.item_number,
            Result.office,
            ExhibitFacts.seized_country,
            dated.label("dated_on"),
            ExhibitFacts.seized_on,
            ExhibitFacts.received_on,
            told["conclusion"].astext.label("conclusion"),
            told.label("determination"),
            Result.model,
            Result.profile,
            Result.programme_version,
            Review.reviewed_at.label("released_at"),
        )
        .ext(distinct_on(Result.exhibit_id))
        .join(ExhibitFacts, ExhibitFacts.exhibit_id == Result.exhibit_id)
        .join(Review, Review.result_id == Result.id)
        .where(Result.programme == programme, Result.state == "released", ExhibitFacts.kind == "seizure")
        .where(told.is_not(None))
        .order_by(Result.exhibit_id, Result.seq.desc())
    )
    if since is not None:
        query = query.where(dated >= since)
    return query if until is None else query.where(dated <= until)
