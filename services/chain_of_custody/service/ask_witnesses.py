"""Asks the configured witnesses to cosign the newest head (E20): C2SP tlog-witness, `add-checkpoint`, and tlog-cosignature.

A witness that keeps silent never holds up the log. One that contradicts (it has seen a larger log, another head of the same
size, or a head that ours does not grow from) is an alarm, and the self-check tells of it until the witness agrees again.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from services.chain_of_custody.models import LogCheckpoint
from services.chain_of_custody.repository import attestations
from services.chain_of_custody.repository import ledger as repository
from shared.config import Witness
from shared.crypto import merkle
from shared.errors import DomainError
from shared.http import outbound
from shared.jobs.app import Jobs
from shared.runtime import Runtime
from siglab_clients.tlog.cosignatures import WitnessKey, open_cosignature, parse_witness_key
from siglab_clients.tlog.encoding import encode_base64
from siglab_clients.tlog.errors import EvidenceError, NoteError
from siglab_clients.tlog.notes import parse_note

log = structlog.get_logger(__name__)

QUEUE = "ledger"
_EVERY_MINUTE = "* * * * *"
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")
#: A witness that knows another size than we thought is asked once more.
_TRIES = 2


class WitnessFailed(Exception):
    """No cosignature this time, for a reason that says nothing about the log."""


class WitnessContradicts(Exception):
    """The witness has seen another log than this one."""


@dataclass(frozen=True)
class Cosigned:
    """A witness's line, checked, and its time."""

    line: str
    at: datetime


def register_witnesses(jobs: Jobs) -> None:
    """The job, by the clock, where there are witnesses."""
    runtime = jobs.runtime
    if runtime.settings.witnesses:
        jobs.periodic("ask_witnesses", _EVERY_MINUTE, queue=QUEUE)(lambda: ask_witnesses(runtime))


def ask_witnesses(runtime: Runtime) -> None:
    """Asks each witness that has not cosigned the newest head: all for the same one, though the log grows meanwhile, so
    that their cosignatures come together under it.
    """
    with runtime.unit_of_work() as uow:
        head = repository.newest_checkpoint(uow.session)
    for witness in runtime.settings.witnesses:
        ask_witness(runtime, witness, head)


def ask_witness(runtime: Runtime, witness: Witness, head: LogCheckpoint | None = None) -> bool:
    """Whether this witness has cosigned `head` (without one the newest) or a later one; how it went is noted."""
    now = runtime.clock()
    with runtime.unit_of_work() as uow:
        head = head or repository.newest_checkpoint(uow.session)
        last = attestations.newest_cosignature(uow.session, witness.key)
    known = 0 if last is None else last.size
    if head is None or head.size == 0:
        return False
    if known >= head.size:
        return True
    try:
        found = _ask(runtime, witness, parse_witness_key(witness.key), head, known)
    except WitnessContradicts as contradiction:
        log.error("witness_contradicts", witness=witness.url, error=str(contradiction))
        _note(runtime, witness, now, known, str(contradiction), contradicts=True)
        return False
    except (WitnessFailed, EvidenceError, DomainError) as failure:
        reason = failure.detail if isinstance(failure, DomainError) else str(failure)
        log.warning("witness_did_not_cosign", witness=witness.url, error=reason)
        _note(runtime, witness, now, known, reason)
        return False
    with runtime.unit_of_work() as uow:
        attestations.add_cosignature(
            uow.session, size=head.size, witness=witness.key, line=found.line, cosigned_at=found.at
        )
        uow.commit()
    _note(runtime, witness, now, head.size, None)
    return True


def _note(
    runtime: Runtime,
    witness: Witness,
    now: datetime,
    size: int,
    error: str | None,
    *,
    contradicts: bool = False,
) -> None:
    """Keeps how the attempt ended; a contradiction stands until the witness cosigns again."""
    kinds = [attestations.WITNESS]
    if contradicts or error is None:
        kinds.append(attestations.CONTRADICTION)
    with runtime.unit_of_work() as uow:
        for kind in kinds:
            attestations.note_attempt(uow.session, kind, witness.key, tried_at=now, size=size, error=error)
        uow.commit()


def request_body(old: int, proof: list[bytes], note: str) -> bytes:
    """The body of an add-checkpoint request: the old size, the consistency proof from there, and the signed head."""
    lines = [f"old {old}", *(encode_base64(value) for value in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def _ask(runtime: Runtime, witness: Witness, key: WitnessKey, head: LogCheckpoint, known: int) -> Cosigned:
    for _ in range(_TRIES):
        with runtime.unit_of_work() as uow:
            store = repository.DatabaseLogStore(uow.session)
            proof = merkle.consistency_proof(store, known, head.size)
        answer = outbound.post(
            f"{witness.url}/add-checkpoint",
            request_body(known, proof, head.note),
            headers={"Content-Type": "text/plain; charset=utf-8"},
        )
        if answer.status == 200:
            return _cosigned(answer.body, key, head.note)
        if answer.status != 409:
            _refuse(answer)
        said = _SIZE.fullmatch(answer.body)
        if said is None:
            raise WitnessFailed("it answered 409 without the size that it knows")
        size = int(said[1])
        if size > head.size:
            with runtime.unit_of_work() as uow:
                newest = repository.newest_checkpoint(uow.session)
            if newest is not None and newest.size >= size:
                raise WitnessFailed(f"it was asked for a head of {size} entries meanwhile")
            raise WitnessContradicts(
                f"the witness {key.name} has seen a log of {size} entries, this one has {head.size}: it was cut"
            )
        if size == known == head.size:
            raise WitnessContradicts(f"the witness {key.name} has seen another head of {size} entries")
        known = size
    raise WitnessFailed("it knows another size each time that it is asked")


def _refuse(answer: outbound.Answer) -> None:
    words = answer.body[:200].decode(errors="replace").strip()
    if answer.status == 422:
        raise WitnessContradicts(
            f"this log does not grow from what the witness has seen: it was rewritten or forked ({words})"
        )
    reasons = {
        403: "it does not take our key's signature",
        404: "it does not know this log; its operator must add the log's key",
    }
    raise WitnessFailed(f"{reasons.get(answer.status, f'it answered {answer.status}')} ({words})")


def _cosigned(body: bytes, key: WitnessKey, note: str) -> Cosigned:
    """The witness's own line out of the answer; a line that does not hold is refused, other lines are ignored."""
    whole = note.encode() + body
    at = open_cosignature(whole, key)
    for line in body.decode().splitlines(keepends=True):
        alone = parse_note(note.encode() + line.encode())
        mine = alone.signatures[-1]
        if mine.name == key.name and mine.key_id == key.id:
            return Cosigned(line, _moment(at))
    raise NoteError(f"the checkpoint is not cosigned by the witness {key.name}")


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise WitnessFailed(f"its cosignature bears the time {seconds}, which is none") from error
