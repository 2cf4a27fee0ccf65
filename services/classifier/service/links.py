"""Links between exhibits: the profiles most alike to one, each with what its likeness is worth in this population."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository
from services.classifier.custody import Custody, known
from services.classifier.domain.links.groups import average_linkage
from services.classifier.domain.links.population import LinkPopulation, NoPopulation, learn_population
from services.classifier.domain.links.search import Prepared, nearest
from services.classifier.domain.programme import Programme
from services.classifier.domain.run import Floats
from services.classifier.models import LibraryAct, LinkPopulationRow
from services.classifier.service.archive import Archive, Archives, Learned
from services.classifier.service.describe_links import DECIMALS, described, outside_note, too_few
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.crypto.canonical import canonical_digest
from shared.db.unit_of_work import UnitOfWork
from shared.errors import Conflict
from shared.http.schemas import format_time
from shared.identifiers import new_id
from shared.runtime import Runtime

READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST)
CAVEAT = "A likeness of profiles never stands alone: compare the chromatograms, and weigh it with all else that is known."
_SEED = 20261124
_MOST_SETTINGS = 4
_BLOCK = 65_536


def find_links(
    actor: Actor, runtime: Runtime, uow: UnitOfWork, item_id: str, query: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The most alike of all profiles of the programme but those of the same exhibit, the best first."""
    require(actor, *READERS)
    archive, own_root = opened(runtime, uow, item_id, query["programme"])
    with archive.lock:
        learned = learned_for(runtime, uow, archive, query, now)
        own = own_values(archive, item_id, own_root)
        leave_out = np.array(archive.of_root.get(own_root, []), np.intp)
        population = learned.population
        ready = population.pretreatment.transform(own[None, :])[0]
        places, _ = nearest(learned.table, ready, query["limit"], leave_out, population.least_shared)
        ids = [archive.items[place] for place in places.tolist()]
        rows = learned.table.rows[places]
        searched = archive.count - len(leave_out)
    return {
        "item_id": item_id,
        "programme": query["programme"],
        "searched": searched,
        "measured": int((~np.isnan(own)).sum()),
        "analytes": len(own),
        "note": too_few(population, int((~np.isnan(own)).sum()), len(own)) or outside_note(population, ready),
        "items": described(uow, population, ids, rows, ready),
        "population": learned.told,
        "synthetic": repository.library_is_synthetic(uow.session, query["programme"]),
        "caveat": CAVEAT,
    }


def link_network(
    actor: Actor, runtime: Runtime, uow: UnitOfWork, query: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """An item with those beyond the threshold around it, the links among them, and their groups by average linkage."""
    require(actor, *READERS)
    item_id = query["item_id"]
    archive, own_root = opened(runtime, uow, item_id, query["programme"])
    with archive.lock:
        learned = learned_for(runtime, uow, archive, query, now)
        population = learned.population
        leave_out = np.array(archive.of_root.get(own_root, []), np.intp)
        own = population.pretreatment.transform(own_values(archive, item_id, own_root)[None, :])
        places, _ = nearest(learned.table, own[0], query["limit"], leave_out, population.least_shared)
        places = places[population.compare(learned.table.rows[places], own[0]).beyond]
        rows = np.concatenate((own, learned.table.rows[places]))
        ids = [item_id, *(archive.items[place] for place in places.tolist())]
    compared = [population.compare(rows, row) for row in rows]
    beyond = np.stack([each.beyond for each in compared])
    likeness = np.stack([np.nan_to_num(each.scores) for each in compared])
    # What the score alone likens does not bind: it counts for no more than the threshold.
    likeness = np.where(beyond, likeness, np.minimum(likeness, population.threshold))
    group = average_linkage(likeness, population.threshold)
    facts = repository.item_facts(uow.session, ids)
    nodes = [
        {
            "item_id": name,
            "number": facts[name].number if name in facts else None,
            "office": facts[name].office if name in facts else None,
            "group": int(group[place]),
        }
        for place, name in enumerate(ids)
    ]
    first, second = np.nonzero(np.triu(beyond, k=1))
    edges = [
        {"from": ids[one], "to": ids[other], "score": round(float(likeness[one, other]), DECIMALS)}
        for one, other in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return {
        "nodes": nodes,
        "edges": edges,
        "population": learned.told,
        "synthetic": repository.library_is_synthetic(uow.session, query["programme"]),
        "caveat": CAVEAT,
    }


def link_population(
    actor: Actor, runtime: Runtime, uow: UnitOfWork, query: dict[str, Any], *, now: datetime
) -> dict[str, Any]:
    """What the library's own pairs teach: rule, counts, threshold, and how the ratios did on pairs that did not shape them."""
    require(actor, *READERS)
    programme = programme_of(repository.programme_row(uow.session, query["programme"]))
    archive = _archives(runtime).of(uow.session, programme)
    with archive.lock:
        archive.refresh(uow.session)
        return learned_for(runtime, uow, archive, query, now).told


def _archives(runtime: Runtime) -> Archives:
    found = runtime.extras.setdefault("archives", Archives(runtime.unit_of_work))
    assert isinstance(found, Archives)
    return found


def opened(runtime: Runtime, uow: UnitOfWork, item_id: str, programme_id: str) -> tuple[Archive, str]:
    """The archive as it is now, and the root of the item; raises NotFound for an item or programme that is not there."""
    programme = programme_of(repository.programme_row(uow.session, programme_id))
    archive = _archives(runtime).of(uow.session, programme)
    with archive.lock:
        archive.refresh(uow.session)
        place = archive.place.get(item_id)
        if place is not None:
            return archive, archive.roots[place]
    custody: Custody = runtime.extras["custody"]
    return archive, known(custody, [item_id])[item_id].root_id


def own_values(archive: Archive, item_id: str, root_id: str) -> Floats:
    """The item's values; of an exhibit without data of its own, those that its aliquots gave last."""
    place = archive.place.get(item_id)
    if place is not None:
        return archive.rows[place]
    parts = archive.of_root.get(root_id, []) if root_id == item_id else []
    values = np.full(len(archive.programme.analytes), np.nan)
    for part in sorted(parts, key=lambda each: archive.seqs[each]):
        values = np.where(np.isnan(archive.rows[part]), values, archive.rows[part])
    if np.isnan(values).all():
        raise Conflict(
            f"Nothing of programme {archive.programme.id} was measured of this item yet.", code="no_profile"
        )
    return values


def learned_for(
    runtime: Runtime, uow: UnitOfWork, archive: Archive, query: dict[str, Any], now: datetime
) -> Learned:
    """The population for these settings, learnt again where the library or its values changed; the archive's lock is held."""
    programme = archive.programme
    measure = query.get("measure") or programme.links.measure
    steps = tuple(query["pretreatment"].split(",")) if "pretreatment" in query else programme.links.steps
    key = (measure, steps)
    mark = repository.library_mark(uow.session, programme.id)
    learned = archive.learned.pop(key, None)
    if learned is None or learned.mark != mark or learned.members.intersection(_items(archive, learned)):
        entries = sorted(
            uow.session.scalars(repository.library(programme.id)), key=lambda entry: entry.item_id
        )
        learned = _learn(runtime, archive, entries, key, mark, now)
    elif learned.changed:
        _take_in(learned, archive)
    archive.learned[key] = learned
    while len(archive.learned) > _MOST_SETTINGS:
        del archive.learned[next(iter(archive.learned))]
    return learned


def _items(archive: Archive, learned: Learned) -> set[str]:
    return {archive.items[place] for place in learned.changed}


def _learn(
    runtime: Runtime,
    archive: Archive,
    entries: Sequence[LibraryAct],
    key: tuple[str, tuple[str, ...] | None],
    mark: int,
    now: datetime,
) -> Learned:
    measured = [entry for entry in entries if entry.item_id in archive.place]
    programme, (measure, steps) = archive.programme, key
    try:
        population = learn_population(
            programme.analytes,
            archive.rows[[archive.place[entry.item_id] for entry in measured]],
            [entry.group_id for entry in measured],
            steps=steps if steps is not None else programme.pretreatment,
            measure=measure,
            seed=_SEED,
            least_share=programme.decision.minimum_measured,
        )
    except NoPopulation as error:
        raise Conflict(
            f"The reference library of {programme.id} says nothing about links yet: {error}.",
            code="no_population",
        ) from error
    told = _stored(runtime, programme, population, now)
    table = Prepared(len(programme.analytes), measure)
    for start in range(0, archive.count, _BLOCK):
        places = np.arange(start, min(start + _BLOCK, archive.count))
        table.put(places, population.pretreatment.transform(archive.rows[places]))
    return Learned(population, told, mark, frozenset(entry.item_id for entry in entries), table)


def _take_in(learned: Learned, archive: Archive) -> None:
    """Prepares the rows that came or changed since; the others stay as they are."""
    changed = np.unique(learned.changed)
    learned.changed.clear()
    learned.table.put(changed, learned.population.pretreatment.transform(archive.rows[changed]))


def _stored(
    runtime: Runtime, programme: Programme, population: LinkPopulation, now: datetime
) -> dict[str, Any]:
    """The population as it is told, kept once and named by its id, so that an answer can be checked later."""
    validation = None
    if population.validation is not None:
        found = asdict(population.validation)
        validation = {
            name: np.round(value, 6).tolist() if isinstance(value, np.ndarray) else round(value, 6)
            for name, value in found.items()
        }
    content = {
        "rule": population.rule,
        "measure": population.measure,
        "pretreatment": list(population.pretreatment.steps),
        "n_linked": population.n_linked,
        "n_unlinked": population.n_unlinked,
        "threshold": round(population.threshold, DECIMALS),
        "validation": validation,
    }
    digest = canonical_digest({"programme": programme.id, "version": programme.version, **content})
    with runtime.unit_of_work() as uow:
        statement = insert(LinkPopulationRow).values(
            id=new_id(), programme=programme.id, programme_version=programme.version, digest=digest,
            content=content, made_at=now,
        )  # fmt: skip
        uow.session.execute(statement.on_conflict_do_nothing(index_elements=["digest"]))
        row = repository.link_population(uow.session, digest)
        told = {"id": row.id, "made_at": format_time(row.made_at), **content}
        uow.commit()
    return told
