"""Queries of a model's life: acts, shadow conclusions, results over time."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.classifier.models import Model, Result, Review
from services.classifier.models_lifecycle import ModelAct, ShadowConclusion

#: Stands before the first act of a programme.
FIRST = "0" * 64


def last_act_digest(session: Session, programme: str) -> str:
    """Digest of the last act upon a model of the programme; the caller holds `lock_models`."""
    query = (
        select(ModelAct.digest).where(ModelAct.programme == programme).order_by(ModelAct.seq.desc()).limit(1)
    )
    return session.scalar(query) or FIRST


def acts_of(session: Session, model_id: str) -> Sequence[ModelAct]:
    """The acts upon one model, the oldest first."""
    return session.scalars(select(ModelAct).where(ModelAct.model_id == model_id).order_by(ModelAct.seq)).all()


def challengers(session: Session, programme: str, most: int = 1) -> Sequence[Model]:
    """The newest proposed models of a programme."""
    query = select(Model).where(Model.programme == programme, Model.state == "proposed")
    return session.scalars(query.order_by(Model.seq.desc()).limit(most)).all()


def shadow_counts(session: Session, model_id: str) -> Sequence[Any]:
    """(champion_id, agrees, conclusions) of everything that a model said in the shadow, streamed."""
    query = select(ShadowConclusion.champion_id, ShadowConclusion.agrees, ShadowConclusion.conclusions)
    return session.execute(
        query.where(ShadowConclusion.model_id == model_id).execution_options(yield_per=5000)
    ).all()


def shadow_differences(session: Session, model_id: str, most: int) -> Sequence[ShadowConclusion]:
    """The last items of which a model said something else than the champion."""
    query = select(ShadowConclusion).where(
        ShadowConclusion.model_id == model_id, ShadowConclusion.agrees.is_(False)
    )
    return session.scalars(query.order_by(ShadowConclusion.made_at.desc()).limit(most)).all()


def results_by(session: Session, model_id: str) -> Iterable[Any]:
    """(created_at, state, determinations, replaces) of the results that a model made, in their order, streamed."""
    query = select(Result.created_at, Result.state, Result.determinations, Result.replaces)
    by_model = Result.model["id"].astext == model_id
    return session.execute(query.where(by_model).order_by(Result.seq).execution_options(yield_per=2000))


def review_counts(session: Session, model_id: str) -> dict[str, int]:
    """How often reviewers released and rejected a model's results."""
    query = (
        select(Review.decision, func.count())
        .join(Result, Result.id == Review.result_id)
        .where(Result.model["id"].astext == model_id)
        .group_by(Review.decision)
    )
    return {decision: int(n) for decision, n in session.execute(query)}
