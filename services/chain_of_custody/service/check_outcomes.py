"""What self-checks found, kept under the signature of the log's key: whoever can write rows cannot say that all is well."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.chain_of_custody.models import Verification
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.ledger_keys import load_signing_key, load_verifier_key
from shared.crypto.canonical import canonical_json
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import format_time
from siglab_clients.tlog.notes import NoteError, VerifierKey

#: What the key signs here is mistaken for no head, no manifest and no other note.
_DOMAIN = b"siglab self-check outcome v1\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check that began at `at` found in a log of `size` entries; nothing where all is well."""

    at: datetime
    size: int
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it found nothing."""
        return not self.findings


def keep_outcome(uow: UnitOfWork, keys_dir: Path, *, at: datetime, size: int, findings: list[str]) -> None:
    """Signs and stores what a check found."""
    signed = load_signing_key(keys_dir).sign(_statement(at, size, findings))
    uow.session.add(Verification(at=at, size=size, ok=not findings, findings=findings, signature=signed))


def last_outcome(uow: UnitOfWork, keys_dir: Path) -> Outcome | None:
    """What the last check found, and beside it that a row is not this system's own; None before the first check.

    The newest is the one that says so under its signature, whatever the order of the rows. Rows without a signature that lie
    before all that have one are of times when outcomes had none.
    """
    key = load_verifier_key(keys_dir)
    signed = repository.newest_signed_verifications(uow.session)
    if not signed:
        return None
    own = [row for row in signed if _holds(row, key)]
    foreign = sorted(
        {row.seq for row in signed if row not in own} | set(repository.unsigned_since(uow.session))
    )
    newest = own[0] if own else None
    findings = [] if newest is None else list(newest.findings)
    if foreign:
        rows = ", ".join(map(str, foreign))
        findings.append(
            f"outcomes of self-checks were written by somebody else than the self-check: row {rows}"
        )
    if newest is None:
        return Outcome(signed[-1].at, 0, tuple(findings))
    return Outcome(newest.at, newest.size, tuple(findings))


def _holds(row: Verification, key: VerifierKey) -> bool:
    try:
        key.verify(_statement(row.at, row.size, row.findings), bytes(row.signature or b""))
    except NoteError:
        return False
    return bool(row.ok == (not row.findings))


def _statement(at: datetime, size: int, findings: list[str]) -> bytes:
    return _DOMAIN + canonical_json({"at": format_time(at), "size": size, "findings": findings})
