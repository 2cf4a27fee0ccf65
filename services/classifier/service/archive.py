"""Every profile of a programme in memory, kept up with the database: what a search looks through."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from services.classifier import repository
from services.classifier.domain.links.population import LinkPopulation
from services.classifier.domain.links.search import Prepared
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import Floats
from services.classifier.service.profile_rows import make_missing_rows
from services.classifier.service.programmes import programme_of
from shared.db.unit_of_work import UnitOfWork

_FIRST_ROWS = 1024


@dataclass
class Learned:
    """A population as it was learnt and the archive's rows as it compares them.

    It holds while the library's last act is `mark` and no profile of its `members` has changed.
    """

    population: LinkPopulation
    told: dict[str, Any]
    mark: int
    members: frozenset[str]
    table: Prepared
    changed: list[int] = field(default_factory=list)


@dataclass
class Archive:
    """The newest row of each item of one programme; `lock` is held by whoever reads or refreshes.

    `raw` (room, p) in the order of the programme's analytes, the first `count` rows in use.
    """

    programme: Programme
    lock: threading.RLock = field(default_factory=threading.RLock)
    items: list[str] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)
    of_root: dict[str, list[int]] = field(default_factory=dict)
    raw: Floats = field(default_factory=lambda: np.empty((0, 0)))
    last_seq: int = 0
    learned: dict[tuple[Any, ...], Learned] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of profiles."""
        return len(self.items)

    @property
    def rows(self) -> Floats:
        """The profiles, (count, p)."""
        return self.raw[: self.count]

    def refresh(self, session: Session) -> None:
        """Takes in what was committed since."""
        columns: dict[str, NDArray[np.intp]] = {}
        for row in repository.profile_rows_after(session, self.programme.id, self.last_seq):
            if row.programme_version not in columns:
                columns[row.programme_version] = self._columns(session, row.programme_version)
            place = self._place_of(row.item_id, row.root_id)
            values = np.frombuffer(row.raw, "<f8")
            where = columns[row.programme_version]
            self.raw[place] = np.where(where >= 0, values[where], np.nan)
            self.seqs[place] = self.last_seq = row.seq
            for learned in self.learned.values():
                learned.changed.append(place)

    def _columns(self, session: Session, version: str) -> NDArray[np.intp]:
        """Where each analyte of the newest version stands in a row of another; -1 where it does not."""
        other = programme_of(repository.programme_row(session, self.programme.id, version))
        names = {analyte.name: place for place, analyte in enumerate(other.analytes)}
        return np.array([names.get(analyte.name, -1) for analyte in self.programme.analytes], np.intp)

    def _place_of(self, item_id: str, root_id: str) -> int:
        place = self.place.get(item_id)
        if place is not None:
            return place
        place = self.place[item_id] = len(self.items)
        self.items.append(item_id)
        self.roots.append(root_id)
        self.seqs.append(0)
        self.of_root.setdefault(root_id, []).append(place)
        if place >= len(self.raw):
            room = np.full((max(_FIRST_ROWS, 2 * len(self.raw)), len(self.programme.analytes)), np.nan)
            room[: len(self.raw)] = self.raw[:, : room.shape[1]] if len(self.raw) else np.nan
            self.raw = room
        return place


class Archives:
    """The archives of one process, by programme; each is loaded when it is first asked for."""

    def __init__(self, unit_of_work: Callable[[], AbstractContextManager[UnitOfWork]]) -> None:
        self._unit_of_work = unit_of_work
        self._lock = threading.Lock()
        self._archives: dict[str, Archive] = {}

    def of(self, session: Session, programme: Programme) -> Archive:
        """The archive of the programme in its newest version; the caller takes its lock and refreshes it."""
        with self._lock:
            archive = self._archives.get(programme.id)
            if archive is None or archive.programme.version != programme.version:
                self._make_missing(programme.id)
                archive = self._archives[programme.id] = Archive(programme)
        return archive

    def archive(self, programme_id: str) -> Archive:
        """What was loaded already; raises KeyError."""
        return self._archives[programme_id]

    def _make_missing(self, programme_id: str) -> None:
        """Rows of data that are older than the rows themselves."""
        more = True
        while more:
            with self._unit_of_work() as uow:
                more = make_missing_rows(uow.session, programme_id)
                uow.commit()
