"""`python -m shared.db.resend SERVICE [--id ID]... [--all]`: messages of a service that their receiver refused.

Without a choice it lists them with the answers; with one they are sent again in their old order, once the reason is mended. A
message that was resent and is refused again is parked again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from shared.config import SERVICES, load_settings
from shared.db.unit_of_work import UnitOfWork
from shared.errors import DomainError
from shared.runtime import Runtime


@dataclass(frozen=True)
class Refused:
    """A parked message: where it was to go, and what was answered."""

    id: str
    target: str
    path: str
    refused_at: datetime
    reason: str


def refused_messages(uow: UnitOfWork) -> list[Refused]:
    """The parked messages of the service, the oldest first."""
    query = text(
        f"SELECT id, target, path, refused_at, last_error FROM {uow.schema}.outbox "
        "WHERE delivered_at IS NULL AND refused_at IS NOT NULL ORDER BY seq"
    )
    return [Refused(*row) for row in uow.session.execute(query)]


def resend_messages(uow: UnitOfWork, ids: Sequence[str] | None) -> list[str]:
    """Lets parked messages go again, all of them where `ids` is None; returns the ids of those that were parked."""
    update = text(
        f"UPDATE {uow.schema}.outbox SET refused_at = NULL, answer = NULL, attempts = 0, "
        "next_attempt_at = clock_timestamp() "
        "WHERE delivered_at IS NULL AND refused_at IS NOT NULL AND (:every OR id = ANY(:ids)) RETURNING id"
    )
    found = uow.session.execute(update, {"every": ids is None, "ids": list(ids or [])}).scalars().all()
    uow.session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": f"outbox_{uow.schema}"})
    return list(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit 0, or 1 with a sentence where a message that was named is not parked."""
    parser = argparse.ArgumentParser(prog="python -m shared.db.resend", description=__doc__)
    parser.add_argument("service", choices=("gateway", *SERVICES))
    parser.add_argument(
        "--id", action="append", metavar="ID", help="send this message again; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="send every refused message again")
    given = parser.parse_args(arguments)
    try:
        runtime = Runtime(given.service, load_settings())
    except DomainError as error:
        print(f"resend: {error.detail}", file=sys.stderr)
        return 1
    with runtime.unit_of_work() as uow:
        if not (given.all or given.id):
            for row in refused_messages(uow):
                print(f"{row.id}  {row.refused_at:%Y-%m-%d %H:%M:%S}  {row.target} {row.path}  {row.reason}")
            return 0
        sent = resend_messages(uow, None if given.all else given.id)
        uow.commit()
    print(f"{len(sent)} of {given.service}'s messages will be sent again")
    missing = set(given.id or []) - set(sent)
    for message in sorted(missing):
        print(f"resend: {message} is not a refused message of {given.service}", file=sys.stderr)
    return 1 if missing and not given.all else 0


if __name__ == "__main__":
    sys.exit(main())
