"""Time stamps over the log's heads by an authority (RFC 3161), where one is configured: the time is not ours alone (E20)."""

import structlog

from services.chain_of_custody.repository import attestations
from shared.crypto.timestamps import (
    ANSWER_TYPE,
    REQUEST_TYPE,
    TimestampError,
    check_timestamp,
    make_timestamp_request,
    read_roots,
)
from shared.errors import DomainError
from shared.http import outbound
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

_MOST_BYTES = 65536


def stamp_head(runtime: Runtime, size: int, note: str) -> bool:
    """Has the head's signed note stamped and keeps the checked stamp; returns whether there is one now.

    Without an authority nothing happens. What fails is noted for the page and the metrics.
    """
    url, roots = runtime.settings.timestamp_url, runtime.settings.timestamp_ca
    if url is None:
        return False
    now = runtime.clock()
    try:
        if roots is None:
            raise TimestampError("SIGLAB_TIMESTAMP_CA names no certificate to check the authority by")
        request = make_timestamp_request(note.encode())
        headers = {"Content-Type": REQUEST_TYPE, "Accept": ANSWER_TYPE}
        answer = outbound.post(url, request.raw, headers=headers, most=_MOST_BYTES)
        if answer.status != 200:
            raise TimestampError(f"the authority answered {answer.status}")
        stamped_at = check_timestamp(answer.body, note.encode(), read_roots(roots), nonce=request.nonce)
    except (DomainError, TimestampError, OSError, ValueError) as error:
        reason = error.detail if isinstance(error, DomainError) else str(error)
        log.warning("head_not_stamped", authority=url, error=reason)
        with runtime.unit_of_work() as uow:
            attestations.note_attempt(
                uow.session, attestations.AUTHORITY, url, tried_at=now, size=None, error=reason
            )
            uow.commit()
        return False
    with runtime.unit_of_work() as uow:
        attestations.add_timestamp(
            uow.session, size=size, authority=url, token=answer.body, stamped_at=stamped_at
        )
        attestations.note_attempt(
            uow.session, attestations.AUTHORITY, url, tried_at=now, size=size, error=None
        )
        uow.commit()
    log.info("head_stamped", authority=url, size=size)
    return True
