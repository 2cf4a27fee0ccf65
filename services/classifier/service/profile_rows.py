"""The rows by which profiles are searched: written with the data that they come from, in the same transaction."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.classifier import repository
from services.classifier.domain.pretreatment import raw_matrix
from services.classifier.domain.programme import Programme
from services.classifier.models import ProfileRow
from services.classifier.service.profiles import build_profiles
from services.classifier.service.programmes import programme_of

_BATCH = 200


def keep_profile_rows(session: Session, programme_id: str, roots: Mapping[str, str]) -> None:
    """Adds a new row for each item on which data were recorded (`roots`: item -> exhibit's item).

    An exhibit's profile takes in what its aliquots gave, so its row is made again too where it has data of its own. Called last
    in a transaction: others that add rows of this programme wait for its end.
    """
    programme = programme_of(repository.programme_row(session, programme_id))
    session.flush()
    repository.lock_profile_rows(session, programme_id)
    wanted = dict(roots)
    parents = [root for item, root in roots.items() if root != item and root not in roots]
    if parents:
        own = repository.items_with_own_data(session, programme_id)
        found = session.execute(own.where(own.selected_columns.item_id.in_(parents)))
        wanted |= {row.item_id: row.root_id for row in found}
    _insert(session, programme, wanted)


def make_missing_rows(session: Session, programme_id: str) -> bool:
    """Makes rows of some items that have data and none; whether there were any. The caller commits."""
    repository.lock_profile_rows(session, programme_id)
    missing = repository.items_without_row(session, programme_id, _BATCH)
    if missing:
        programme = programme_of(repository.programme_row(session, programme_id))
        _insert(session, programme, {row.item_id: row.root_id for row in missing})
    return bool(missing)


def _insert(session: Session, programme: Programme, roots: Mapping[str, str]) -> None:
    ids = list(roots)
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        profiles = build_profiles(session, programme, part)
        rows = []
        for item_id in part:
            values = profiles[item_id]["values"]
            known = {value["analyte"]: value["value"] for value in values if value["value"] is not None}
            censored = frozenset(value["analyte"] for value in values if value["censored"])
            raw = raw_matrix(programme.analytes, [(known, censored)])[0]
            rows.append(
                {
                    "item_id": item_id,
                    "root_id": roots[item_id],
                    "programme": programme.id,
                    "programme_version": programme.version,
                    "raw": np.asarray(raw, "<f8").tobytes(),
                    "censored": sorted(censored),
                    "qc": profiles[item_id]["qc"],
                }
            )
        session.execute(insert(ProfileRow), rows)
