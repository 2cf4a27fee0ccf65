"""Which programmes exist: asked of the classifier once for each, then remembered, since programmes are never taken away."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.intake.models import KnownProgramme
from shared.errors import Deadline, NotFound, Unavailable, WorkerLost
from shared.runtime import Runtime

#: So many unknown names are looked up for one request; a body full of inventions must not keep the classifier busy.
MOST_UNKNOWN = 20
_ASK_SECONDS = 5.0


class Programmes(Protocol):
    """Whom the schemas ask."""

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Those of the names that no programme has."""
        ...


class ProgrammesOverBus:
    """Remembers in the database and in the process; asks the classifier over the bus for what is new."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: frozenset[str] = frozenset()

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Those of the names that no programme has; with MOST_UNKNOWN found, all further new names are taken for unknown.

        Raises Unavailable where only the classifier could say and does not answer.
        """
        new = sorted(set(names) - self._seen)
        if not new:
            return set()
        with self._runtime.unit_of_work() as uow:
            query = select(KnownProgramme.id).where(KnownProgramme.id.in_(new))
            found = set(uow.session.scalars(query))
        unknown: set[str] = set()
        for name in new:
            if name not in found and (len(unknown) >= MOST_UNKNOWN or not self._ask(name)):
                unknown.add(name)
        self._seen |= set(new) - unknown
        return unknown

    def _ask(self, name: str) -> bool:
        try:
            self._runtime.call("classifier", "GET", f"/internal/programmes/{name}", deadline=_ASK_SECONDS)
        except NotFound:
            return False
        except (Deadline, Unavailable, WorkerLost) as error:
            words = f"Whether there is a programme {name} only the classifier knows, and it does not answer; try again."
            raise Unavailable(words, retry_after=2) from error
        with self._runtime.unit_of_work() as uow:
            uow.session.execute(insert(KnownProgramme).values(id=name).on_conflict_do_nothing())
            uow.commit()
        return True
