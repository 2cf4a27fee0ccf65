"""Two profiles analyte by analyte: what a mirror or an overlay is drawn from, beside what their likeness is worth."""

from datetime import datetime
from typing import Any

import numpy as np

from services.classifier import repository
from services.classifier.domain.links.ranks import ranks
from services.classifier.service import links
from services.classifier.service.describe_links import described
from services.classifier.service.profiles import build_profiles
from shared.actor import Actor, require
from shared.db.unit_of_work import UnitOfWork
from shared.runtime import Runtime

_DECIMALS = 6


def compare_profiles(
    actor: Actor,
    runtime: Runtime,
    uow: UnitOfWork,
    item_ids: tuple[str, str],
    query: dict[str, Any],
    *,
    now: datetime,
) -> dict[str, Any]:
    """The two as they are now; raises NotFound for an unknown item, Conflict `no_profile` for one that was not measured."""
    require(actor, *links.READERS)
    opened = [links.opened(runtime, uow, item_id, query["programme"]) for item_id in item_ids]
    archive = opened[0][0]
    with archive.lock:
        learned = links.learned_for(runtime, uow, archive, query, now)
        population = learned.population
        raw = np.stack(
            [links.own_values(archive, name, root) for name, (_, root) in zip(item_ids, opened, strict=True)]
        )
        places = ranks(archive.rows, raw)
        count = archive.count
    compared = population.pretreatment.apply(raw)
    own, other = population.pretreatment.transform(raw)
    profiles = build_profiles(uow.session, archive.programme, list(item_ids))
    analytes = [
        {
            "analyte": analyte.name,
            "unit": analyte.unit,
            "module": analyte.module,
            **{
                side: {
                    **{key: values[column][key] for key in ("value", "uncertainty", "censored")},
                    "rank": None
                    if np.isnan(places[row, column])
                    else round(float(places[row, column]), _DECIMALS),
                    "compared": round(float(compared[row, column]), _DECIMALS),
                }
                for row, (side, values) in enumerate(
                    zip(("own", "other"), (profiles[name]["values"] for name in item_ids), strict=True)
                )
            },
        }
        for column, analyte in enumerate(archive.programme.analytes)
    ]
    return {
        "item_id": item_ids[0],
        "programme": query["programme"],
        "profiles": count,
        "other": described(uow, population, [item_ids[1]], other[None, :], own)[0],
        "analytes": analytes,
        "population": learned.told,
        "synthetic": repository.library_is_synthetic(uow.session, query["programme"]),
        "caveat": links.CAVEAT,
    }
