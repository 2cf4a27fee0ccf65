"""What follows from what the scrub has found: a damaged copy is made anew from a good one, a lock is set again, and where no good
copy is left the spectrum goes into quarantine. Each is an event of the item, a finding on the page and a word in the log.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from services.chain_of_custody.domain.event_record import Author
from services.chain_of_custody.domain.object_standing import (
    FOREIGN_VERSION,
    LEGAL_HOLD,
    OF_BYTES,
    OF_LOCKS,
    Problem,
)
from services.chain_of_custody.models_spectra import QUARANTINED, VERIFIED, Spectrum
from services.chain_of_custody.models_store import StoreFinding
from services.chain_of_custody.repository import items as items_repository
from services.chain_of_custody.repository import spectra as spectra_repository
from services.chain_of_custody.repository import store as repository
from services.chain_of_custody.service.check_copy import Checked
from services.chain_of_custody.service.copies import Copy
from services.chain_of_custody.service.copy_objects import hold_copy, make_copy, note_copy
from services.chain_of_custody.service.record_event import record_event
from shared.actor import Actor, Role
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.identifiers import new_id
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

_CUSTODY = Actor("service-chain_of_custody", "Chain of custody", Role.SERVICE, kind="service")
_WORDS = {"first": "first store", "second": "second store"}


def judge_copies(runtime: Runtime, spectrum_id: str, checked: Sequence[Checked]) -> int:
    """Acts on what was found of all copies of one spectrum; how many differences there are."""
    repaired = {found.copy.place: _repair(runtime, spectrum_id, found, checked) for found in checked}
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        row = spectra_repository.lock_spectrum(uow.session, spectrum_id)
        judge = _Judge(uow, row, now)
        for found in checked:
            judge.look(found, repaired[found.copy.place])
        judge.conclude(any(found.bytes_right for found in checked), checked)
        row.checked_at = now
        uow.commit()
    return sum(len(found.problems) for found in checked)


def _repair(runtime: Runtime, spectrum_id: str, damaged: Checked, checked: Sequence[Checked]) -> str | None:
    """The new version of a damaged copy, None where it is not damaged, or no good one is there, or the store cannot take it."""
    good = next((found.copy for found in checked if found.bytes_right), None)
    if damaged.bytes_right or good is None:
        return None
    copy = damaged.copy
    with runtime.unit_of_work() as uow:
        row = spectra_repository.spectrum_by_id(uow.session, spectrum_id)
    try:
        return make_copy(good, copy.store, row, known=copy.versions)
    except DomainError as error:
        log.error("repair_failed", spectrum_id=spectrum_id, store=copy.place, error=error.detail)
        return None


class _Judge:
    """Writes down what is found of one spectrum, its row locked."""

    def __init__(self, uow: UnitOfWork, row: Spectrum, now: datetime) -> None:
        self._uow, self._row, self._now = uow, row, now
        self._earlier = repository.findings_of(uow.session, row.id)
        self._item = items_repository.lock_item(uow.session, _CUSTODY, row.item_id)

    def look(self, found: Checked, repaired: str | None) -> None:
        """One copy: notes its differences, and mends what can be mended."""
        copy = found.copy
        for problem in found.of(OF_BYTES):
            if repaired is None:
                self._note(copy, problem, "open")
            else:
                words = f"Made anew from a good copy, as version {repaired}."
                self._note(copy, problem, "repaired", words)
                self._replace(copy, repaired, problem)
        for problem in found.of(OF_LOCKS) if found.bytes_right else []:
            mended = self._lock_again(copy, problem)
            words = "Set again, and read back." if mended else ""
            if self._note(copy, problem, "locked_again" if mended else "open", words):
                done = "It was set again." if mended else "It could not be set again."
                self._record("object_lock_lost", copy, f"{problem.detail} {done}", problem.kind)
        for problem in found.of(frozenset({FOREIGN_VERSION})):
            if self._note(copy, problem, "open"):
                self._record("object_version_unknown", copy, problem.detail, problem.kind)
        self._close_what_is_right_again(found)

    def conclude(self, any_right: bool, checked: Sequence[Checked]) -> None:
        """Quarantine where no copy is right, and out of it again where that alone was the reason and one is."""
        row = self._row
        if not any_right and row.state != QUARANTINED:
            problems = [(found.copy, problem) for found in checked for problem in found.of(OF_BYTES)]
            copy, problem = problems[0]
            row.state = QUARANTINED
            row.reason = f"When it was checked again the stored object was not as it was. {problem.detail}"
            self._record("spectrum_quarantined", copy, row.reason, problem.kind)
        elif any_right and row.state == QUARANTINED and row.sha256 == row.declared_sha256:
            row.state, row.reason = VERIFIED, None
            self._record("spectrum_verified", checked[0].copy, "stored bytes found right again", None)

    def _note(self, copy: Copy, problem: Problem, outcome: str, closing: str = "") -> bool:
        """Adds a finding unless it is known: still open, or closed by a person who knew of just this. Whether it is new."""
        for row in self._earlier:
            if (row.store, row.kind) == (copy.place, problem.kind):
                if row.closed_at is None:
                    if closing:
                        self._close(row, outcome, closing)
                    return False
                if row.closed_by is not None and row.detail == problem.detail:
                    return False
        self._uow.session.add(
            StoreFinding(
                id=new_id(),
                spectrum_id=self._row.id,
                item_id=self._row.item_id,
                filename=self._row.filename,
                store=copy.place,
                version_id=copy.version_id,
                kind=problem.kind,
                detail=problem.detail,
                found_at=self._now,
                outcome=outcome,
                closed_at=self._now if closing else None,
                closed_by=None,
                closing_words=closing or None,
            )
        )
        log.error(
            "stored_object_changed",
            spectrum_id=self._row.id,
            store=copy.place,
            kind=problem.kind,
            detail=problem.detail,
            outcome=outcome,
        )
        return True

    def _close_what_is_right_again(self, found: Checked) -> None:
        still = {problem.kind for problem in found.problems}
        for row in self._earlier:
            if row.store == found.copy.place and row.closed_at is None and row.kind not in still:
                if not found.bytes_right and row.kind not in OF_BYTES:
                    continue
                self._close(row, "right_again", "Found right when it was checked again.")

    def _close(self, row: StoreFinding, outcome: str, words: str) -> None:
        row.outcome, row.closing_words, row.closed_at = outcome, words, self._now

    def _replace(self, copy: Copy, version_id: str, problem: Problem) -> None:
        if version_id in [made.version_id for made in repository.copies(self._uow.session, self._row.id)]:
            return
        note_copy(self._uow, self._row, copy.place, version_id, replaces=copy.version_id, now=self._now)
        hold_copy(copy.store, self._row, version_id)
        words = f"{problem.detail} A good copy was put beside it in the {_WORDS[copy.place]}."
        details = {"object": {"key": copy.key, "version_id": version_id}, "replaces": copy.version_id}
        self._record("object_repaired", copy, words, problem.kind, details)

    def _lock_again(self, copy: Copy, problem: Problem) -> bool:
        try:
            if problem.kind == LEGAL_HOLD:
                if self._row.legal_hold:
                    copy.store.set_legal_hold(copy.key, copy.version_id, True)
            else:
                copy.store.extend_retention(copy.key, copy.version_id, self._row.retain_until)
                return copy.store.stat(copy.key, copy.version_id).compliance
        except DomainError as error:
            log.error("lock_not_set_again", spectrum_id=self._row.id, store=copy.place, error=error.detail)
            return False
        return True

    def _record(
        self, kind: str, copy: Copy, purpose: str, problem: str | None, details: dict[str, Any] | None = None
    ) -> None:
        row = self._row
        told: dict[str, Any] = {
            "spectrum_id": row.id,
            "sha256": row.sha256,
            "declared_sha256": row.declared_sha256,
            "size": row.size,
            "store": _WORDS[copy.place],
            "object": {"key": copy.key, "version_id": copy.version_id},
        }
        if problem is not None:
            told["problem"] = problem
        author = Author.of(_CUSTODY)
        record_event(
            self._uow,
            self._item,
            kind,
            author=author,
            now=self._now,
            purpose=purpose,
            details=told | (details or {}),
        )
