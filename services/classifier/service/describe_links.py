"""What a pair of profiles is told to be: its likeness with what that is worth, or why nothing can be said of it."""

from collections.abc import Sequence
from typing import Any

from services.classifier import repository
from services.classifier.domain.links.likelihood import verbal
from services.classifier.domain.links.population import LinkPopulation
from services.classifier.domain.run import Floats
from shared.db.unit_of_work import UnitOfWork

DECIMALS = 9


def too_few(population: LinkPopulation, compared: int, analytes: int) -> str | None:
    """Why nothing is said where too little was measured; None where enough was."""
    if compared >= population.least_shared:
        return None
    return (
        f"compared {compared} of {analytes} analytes: too few for a statement, at least "
        f"{population.least_shared} must be measured in both"
    )


def outside_note(population: LinkPopulation, *profiles: Floats) -> str | None:
    """That a profile is unlike all that the ratios were made from; None where each lies within."""
    times = max((population.outside(each) or 0.0 for each in profiles), default=0.0)
    if not times:
        return None
    return (
        f"outside the population, {times:.2g} times as far from its centre as its farthest profile: "
        "the ratios were made from profiles less extreme"
    )


def described(
    uow: UnitOfWork, population: LinkPopulation, ids: Sequence[str], rows: Floats, own: Floats
) -> list[dict[str, Any]]:
    """What each pre-treated row has to say beside the profile: no score, ratio or link where too little is shared."""
    found = population.compare(rows, own)
    facts = repository.item_facts(uow.session, ids)
    items = []
    for place, item_id in enumerate(ids):
        item = facts.get(item_id)
        count = int(found.compared[place])
        missing = too_few(population, count, len(own))
        ratio = None if missing else float(f"{found.ratios[place]:.4g}")
        items.append(
            {
                "item_id": item_id,
                "number": item.number if item else None,
                "exhibit_id": item.exhibit_id if item else None,
                "office": item.office if item else None,
                "compared": count,
                "analytes": len(own),
                "score": None if missing else round(float(found.scores[place]), DECIMALS),
                "likelihood_ratio": ratio,
                "verbal": "no statement" if ratio is None else verbal(ratio),
                "beyond_threshold": bool(found.beyond[place]),
                "note": missing or outside_note(population, rows[place], own),
            }
        )
    return items
