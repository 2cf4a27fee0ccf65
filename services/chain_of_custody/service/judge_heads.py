"""What follows from what the scrub has found of a copied head: a finding on the page, a figure in the metrics, a word in the log.

A lock is set again. A copy is never made anew: what the database says now is just what the copy is there to be compared with.
"""

from collections.abc import Sequence

import structlog

from services.chain_of_custody.domain.object_standing import RETENTION, UNREADABLE, Problem
from services.chain_of_custody.models_ledger import LogCopy
from services.chain_of_custody.models_store import FIRST, StoreFinding
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.store import store_of
from shared.errors import DomainError
from shared.identifiers import new_id
from shared.runtime import Runtime

log = structlog.get_logger(__name__)


def judge_head(
    runtime: Runtime, key: str, row: LogCopy | None, versions: Sequence[str], problems: Sequence[Problem]
) -> None:
    """Writes down what is new among `problems` (one of each kind), and closes what is right again."""
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        earlier = repository.findings_of_head(uow.session, key)
        kinds = {problem.kind for problem in problems}
        for finding in earlier:
            # Of what cannot be read nothing is known to be right again.
            if finding.closed_at is None and finding.kind not in kinds and UNREADABLE not in kinds:
                finding.outcome, finding.closed_at = "right_again", now
                finding.closing_words = "Found right when it was checked again."
        for problem in problems:
            if _is_known(earlier, problem):
                continue
            mended = problem.kind == RETENTION and _lock_again(runtime, row)
            outcome = "locked_again" if mended else "open"
            uow.session.add(
                StoreFinding(
                    id=new_id(),
                    spectrum_id=None,
                    item_id=None,
                    filename=key,
                    store=FIRST,
                    version_id=row.version_id if row else (versions[0] if versions else "none"),
                    kind=problem.kind,
                    detail=problem.detail,
                    found_at=now,
                    outcome=outcome,
                    closed_at=now if mended else None,
                    closed_by=None,
                    closing_words="Set again, and read back." if mended else None,
                )
            )
            log.error(
                "copied_head_changed", key=key, kind=problem.kind, detail=problem.detail, outcome=outcome
            )
        uow.commit()


def _is_known(earlier: Sequence[StoreFinding], problem: Problem) -> bool:
    """Still open, or closed by a person who knew of just this."""
    return any(
        row.kind == problem.kind
        and (row.closed_at is None or (row.closed_by is not None and row.detail == problem.detail))
        for row in earlier
    )


def _lock_again(runtime: Runtime, row: LogCopy | None) -> bool:
    if row is None or row.retain_until is None:
        return False
    store = store_of(runtime)
    try:
        store.extend_retention(row.key, row.version_id, row.retain_until)
        return store.stat(row.key, row.version_id).compliance
    except DomainError as error:
        log.error("lock_not_set_again", key=row.key, store=FIRST, error=error.detail)
        return False
