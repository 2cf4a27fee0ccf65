"""Which programmes exist: asked of the classifier once for each, then remembered, since programmes are never taken away."""

import re
from typing import Protocol

from sqlalchemy.dialects.postgresql import insert

from services.intake.models import KnownProgramme
from shared.errors import NotFound
from shared.runtime import Runtime

_ID = re.compile(r"[A-Z][A-Z0-9_]{1,15}")


class Programmes(Protocol):
    """Whom the schemas ask."""

    def knows(self, programme_id: str) -> bool:
        """Whether there is such a programme."""
        ...


class ProgrammesOverBus:
    """Remembers in the database and in the process; asks the classifier over the bus for what is new."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen: set[str] = set()

    def knows(self, programme_id: str) -> bool:
        """Whether there is such a programme; raises Unavailable where only the classifier could say and does not answer."""
        if programme_id in self._seen:
            return True
        if not _ID.fullmatch(programme_id):
            return False
        with self._runtime.unit_of_work() as uow:
            if uow.session.get(KnownProgramme, programme_id) is None:
                try:
                    self._runtime.call(
                        "classifier", "GET", f"/internal/programmes/{programme_id}", deadline=5.0
                    )
                except NotFound:
                    return False
                uow.session.execute(insert(KnownProgramme).values(id=programme_id).on_conflict_do_nothing())
                uow.commit()
        self._seen.add(programme_id)
        return True
