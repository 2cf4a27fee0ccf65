"""Checks what others have said about the log's heads: cosignatures, time stamps, and contradictions (E20)."""

from collections.abc import Sequence

from cryptography import x509

from services.chain_of_custody.domain.findings import Findings
from services.chain_of_custody.repository import attestations
from shared.config import Settings
from shared.crypto.timestamps import TimestampError, check_timestamp, read_roots
from shared.db.unit_of_work import UnitOfWork
from siglab_clients.tlog.cosignatures import open_cosignature, parse_witness_key
from siglab_clients.tlog.errors import EvidenceError

_BATCH = 500


def check_attestations(uow: UnitOfWork, settings: Settings, findings: Findings) -> None:
    """Every kept cosignature must hold, every stamp too, and no configured witness may have seen another log."""
    for cosigned, note in attestations.all_cosignatures(uow.session, _BATCH):
        try:
            whole = note + cosigned.line
            at = open_cosignature(whole.encode(), parse_witness_key(cosigned.witness))
            if at != int(cosigned.cosigned_at.timestamp()):
                findings.add(f"the cosignature of {cosigned.size} entries bears another time than its row")
        except EvidenceError as error:
            findings.add(f"a cosignature of {cosigned.size} entries: {error}")
    roots = _roots(settings, findings)
    if roots:
        for stamp, note in attestations.all_timestamps(uow.session, _BATCH):
            try:
                if check_timestamp(stamp.token, note.encode(), roots) != stamp.stamped_at:
                    findings.add(f"the time stamp of {stamp.size} entries bears another time than its row")
            except TimestampError as error:
                findings.add(f"the time stamp of {stamp.size} entries: {error}")
    asked = {witness.key for witness in settings.witnesses}
    for attempt in attestations.attempts(uow.session, attestations.CONTRADICTION):
        if attempt.error is not None and attempt.name in asked:
            findings.add(attempt.error)


def _roots(settings: Settings, findings: Findings) -> Sequence[x509.Certificate]:
    if settings.timestamp_ca is None:
        return []
    try:
        return read_roots(settings.timestamp_ca)
    except (OSError, ValueError) as error:
        findings.add(f"time stamps could not be checked: {error}")
        return []
