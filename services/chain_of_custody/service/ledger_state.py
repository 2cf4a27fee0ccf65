"""The log at a glance: its head and key, the last check, and what witnesses, authority and store last did for it."""

from typing import Any

from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as repository
from services.chain_of_custody.service.check_outcomes import last_outcome
from services.chain_of_custody.service.ledger_keys import load_verifier_key
from shared.actor import LABORATORY, Actor, Role, require
from shared.config import Settings, Witness
from shared.db.unit_of_work import UnitOfWork
from siglab_clients.tlog.cosignatures import parse_witness_key
from siglab_clients.tlog.errors import EvidenceError

READERS = (*LABORATORY, Role.AUDITOR, Role.ADMIN)


def get_ledger_state(actor: Actor, uow: UnitOfWork, settings: Settings) -> dict[str, Any]:
    """What the page of the ledger shows, for those who may see checks."""
    require(actor, *READERS)
    session = uow.session
    head, check = repository.newest_checkpoint(session), last_outcome(uow, settings.keys_dir)
    key = load_verifier_key(settings.keys_dir)
    return {
        "origin": key.name,
        "key": str(key),
        "key_id": key.id.hex(),
        "fingerprint": key.fingerprint,
        "size": 0 if head is None else head.size,
        "root": None if head is None else bytes(head.root).hex(),
        "made_at": None if head is None else head.made_at,
        "waiting": repository.count_waiting(session),
        "verification": None
        if check is None
        else {"at": check.at, "size": check.size, "ok": check.ok, "findings": list(check.findings)},
        "witnesses": [_witness(uow, witness) for witness in settings.witnesses],
        "authority": _authority(uow, settings),
        "copy": _copy(uow),
    }


def _witness(uow: UnitOfWork, witness: Witness) -> dict[str, Any]:
    last = attestations.newest_cosignature(uow.session, witness.key)
    attempt = attestations.attempt(uow.session, attestations.WITNESS, witness.key)
    try:
        name = parse_witness_key(witness.key).name
    except EvidenceError:
        name = witness.key.partition("+")[0]
    return {
        "name": name,
        "key": witness.key,
        "url": witness.url,
        "size": None if last is None else last.size,
        "cosigned_at": None if last is None else last.cosigned_at,
        "tried_at": None if attempt is None else attempt.tried_at,
        "error": None if attempt is None else attempt.error,
    }


def _authority(uow: UnitOfWork, settings: Settings) -> dict[str, Any] | None:
    if settings.timestamp_url is None:
        return None
    last = attestations.newest_timestamp(uow.session)
    attempt = attestations.attempt(uow.session, attestations.AUTHORITY, settings.timestamp_url)
    return {
        "url": settings.timestamp_url,
        "size": None if last is None else last.size,
        "stamped_at": None if last is None else last.stamped_at,
        "tried_at": None if attempt is None else attempt.tried_at,
        "error": None if attempt is None else attempt.error,
    }


def _copy(uow: UnitOfWork) -> dict[str, Any] | None:
    last = attestations.newest_copy(uow.session)
    (attempt,) = attestations.attempts(uow.session, attestations.STORE) or (None,)
    if last is None and attempt is None:
        return None
    return {
        "number": None if last is None else last.number,
        "size": None if last is None else last.size,
        "key": None if last is None else last.key,
        "copied_at": None if last is None else last.copied_at,
        "error": None if attempt is None else attempt.error,
    }
