"""What the stores are and how the scrub goes on, for those who answer for them; asking for a round, and closing a finding."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.chain_of_custody.domain.object_standing import WHAT_TO_DO
from services.chain_of_custody.models_store import ScrubRound, StoreCanary, StoreFinding
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.scrub import begin_round, scrub_soon
from services.chain_of_custody.store import mirror_of
from services.chain_of_custody.store_watch import watch_of
from shared.actor import Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict, DomainError
from shared.http.lists import paginate
from shared.runtime import Runtime

MAY_SEE = (Role.AUDITOR, Role.REVIEWER, Role.CUSTODIAN, Role.ADMIN)
MAY_ASK = (Role.CUSTODIAN, Role.ADMIN)
MAY_CLOSE = (Role.CUSTODIAN, Role.REVIEWER)

_CANARIES = 10


def get_store(actor: Actor, uow: UnitOfWork, runtime: Runtime) -> dict[str, Any]:
    """Capabilities, locks as they were tried, room, and how far second copies are."""
    require(actor, *MAY_SEE)
    try:
        facts = dict(watch_of(runtime).facts())
    except DomainError as error:
        facts = {"kind": "unknown", "versioning": False, "object_lock": False, "state": "down"}
        facts |= {"detail": error.detail, "mirror": None}
    session = uow.session
    mirrored = mirror_of(runtime) is not None
    waiting = repository.count_uncopied(session) if mirrored else 0
    settings = runtime.settings
    return {
        "store": facts,
        "copies": {"mirrored": mirrored, "copied": repository.count_copied(session), "waiting": waiting},
        "retention": {
            "years": settings.retention_years,
            "years_by_kind": dict(settings.retention_years_by_kind),
        },
        "canaries": [_canary(row) for row in repository.last_canaries(session, _CANARIES)],
    }


def get_scrub(actor: Actor, uow: UnitOfWork, runtime: Runtime) -> dict[str, Any]:
    """What is stored, how far the round is, when the last one ended and the next begins, and how many findings are open."""
    require(actor, *MAY_SEE)
    session, settings = uow.session, runtime.settings
    going, last = repository.open_round(session), repository.last_round(session)
    due = None if last is None else last.began_at + timedelta(days=settings.scrub_days)
    done, wrong = repository.totals(session)
    return {
        "stored": _stored(uow, going or last),
        "round": None if going is None else _round(going),
        "last_round": None if last is None else _round(last),
        "next_due_at": due,
        "bytes_per_second": settings.scrub_bytes_per_second,
        "every_days": settings.scrub_days,
        "bytes": done,
        "mismatches": wrong,
        "open_findings": repository.count_open(session),
    }


def ask_for_round(actor: Actor, uow: UnitOfWork, runtime: Runtime) -> dict[str, Any]:
    """Begins a round now; where one goes on already, that one is told."""
    require(actor, *MAY_ASK)
    # Two who ask at once would both find no round.
    uow.session.execute(text("LOCK TABLE chain_of_custody.scrub_rounds IN SHARE ROW EXCLUSIVE MODE"))
    row = repository.open_round(uow.session) or begin_round(uow, runtime, actor.login)
    scrub_soon(uow)
    return _round(row)


def list_findings(actor: Actor, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """What was found, the newest first."""
    require(actor, *MAY_SEE)
    return paginate(
        uow.session,
        repository.findings(query),
        StoreFinding.seq,
        limit=query["limit"],
        cursor=query["cursor"],
        falling=True,
        dump=describe_finding,
    )


def close_finding(
    actor: Actor, uow: UnitOfWork, finding_id: str, words: str, *, now: datetime
) -> dict[str, Any]:
    """Says what became of a finding that cannot be mended; raises Conflict `closed` where it is closed already."""
    require(actor, *MAY_CLOSE)
    row = repository.lock_finding(uow.session, finding_id)
    if row.closed_at is not None:
        raise Conflict("This finding is closed already.", code="closed")
    row.outcome, row.closed_by, row.closing_words, row.closed_at = "explained", actor.login, words, now
    uow.session.flush()
    return describe_finding(row)


def describe_finding(row: StoreFinding) -> dict[str, Any]:
    """A finding as it is answered."""
    names = (
        "id", "spectrum_id", "item_id", "filename", "store", "version_id", "kind", "detail", "found_at", "outcome",
        "closed_at", "closed_by", "closing_words",
    )  # fmt: skip
    told = {name: getattr(row, name) for name in names}
    told["what_to_do"] = WHAT_TO_DO[row.kind] if row.closed_at is None else None
    return told


def _stored(uow: UnitOfWork, newest: ScrubRound | None) -> dict[str, int]:
    """All files that are stored, whether a round has come to them or not, and those that came after the newest round began."""
    objects, size, new = repository.stored(uow.session, 0 if newest is None else newest.last)
    return {"objects": objects, "bytes": size, "since_round": new}


def _round(row: ScrubRound) -> dict[str, Any]:
    names = (
        "asked_by", "began_at", "ended_at", "touched_at", "objects_total", "bytes_total", "objects_done", "bytes_done",
        "mismatches", "heads_done",
    )  # fmt: skip
    return {"number": row.seq, **{name: getattr(row, name) for name in names}}


def _canary(row: StoreCanary) -> dict[str, Any]:
    holds = row.delete_refused and row.shortening_refused
    return {"store": row.store, "at": row.at, "holds": holds, "detail": row.detail}
