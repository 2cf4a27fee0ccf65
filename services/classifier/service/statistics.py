"""What released opinions add up to: shares of origins by time, office and country, and the rows behind them."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from services.classifier import repository, repository_statistics
from services.classifier.domain.means import mean_of
from services.classifier.domain.programme import NOT_EVALUATED, UNKNOWN
from services.classifier.domain.shares import period, same_words, shares
from services.classifier.models import ExhibitFacts
from services.classifier.service.programmes import programme_of
from shared.actor import LABORATORY, Actor, Role, require
from shared.db.unit_of_work import UnitOfWork
from shared.errors import FieldError, Invalid
from shared.runtime import Runtime

READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST)
GROUPS = ("year", "quarter", "month", "office", "seized_country")
UNKNOWN_COUNTRY = "not stated"
CAVEAT = (
    "Shares among the exhibits that were sent to this laboratory. They were not drawn at random: what is seized, and what of it "
    "is submitted, decides them, so they must not be read as shares of a market or of production (compare GAO-02-416). "
    "The intervals cover chance alone, not the way of sampling."
)
#: Columns of the export: name -> what it holds. One row is the last released result of one seizure.
DICTIONARY = {
    "result_id": "Identifier of the released result",
    "exhibit_id": "Identifier of the exhibit",
    "item_number": "Number of the exhibit or aliquot that was classified",
    "office": "Code of the office that sent it",
    "seized_country": "Country of the seizure, ISO 3166-1 alpha-2 as the office stated it; empty where not stated",
    "seized_on": "Day of the seizure, YYYY-MM-DD; empty where not stated",
    "received_on": "Day of receipt in the laboratory, YYYY-MM-DD",
    "programme": "Programme",
    "programme_version": "Version of the programme that the model was trained for",
    "determination": "Question that was answered",
    "conclusion": "A class, Unknown, Inconclusive (A or B), or Not evaluated",
    "purity_percent": "Purity in percent, of the analyte that the programme names for it; empty where not measured",
    "probability": "Calibrated probability of the likeliest class, 0 to 1; empty where not evaluated",
    "model_version": "Version of the model",
    "model_sha256": "SHA-256 of the model's bundle",
    "released_at": "Time of the release, UTC",
    "provenance": "SYNTHETIC where the model was trained on generated data, else laboratory",
    "caveat": "How these rows came to the laboratory, and what they must not be read as",
}
_BATCH = 200


def origins(actor: Actor, runtime: Runtime, uow: UnitOfWork, query: dict[str, Any]) -> dict[str, Any]:
    """Shares of each conclusion by group, in the order of the groups; `unit` of a share is one seizure's last released result."""
    require(actor, *READERS)
    name = _determination(uow, query)
    group_of = _group_of(query["group_by"])
    groups: dict[str, list[Any]] = {}
    for row in _rows(runtime, uow, query, name):
        groups.setdefault(group_of(row), []).append(row)
    everyone = [row for found in groups.values() for row in found]
    said = {row.result_id: _said(row) for row in everyone if row.conclusion != NOT_EVALUATED}
    provenance = repository_statistics.model_provenance(uow.session, query["programme"])
    purity = programme_of(repository.programme_row(uow.session, query["programme"])).purity
    items = []
    for group, found in sorted(groups.items()):
        opinions = [said[row.result_id] for row in found if row.result_id in said]
        counted = shares(opinions, said.values()) if opinions else {}
        items.append(
            {
                "group": group,
                "n": len(opinions),
                "not_evaluated": len(found) - len(opinions),
                "shares": {name: asdict(share) for name, share in counted.items()},
                "purity": _purity(found, purity),
            }
        )
    return {
        "programme": query["programme"],
        "determination": name,
        "group_by": query["group_by"],
        "items": items,
        "n": len(said),
        "not_evaluated": len(everyone) - len(said),
        "synthetic_n": sum(
            provenance.get(row.model["id"]) == "SYNTHETIC" for row in everyone if row.result_id in said
        ),
        "purity_analyte": purity,
        "caveat": CAVEAT,
    }


def _said(row: Any) -> str:
    """The class that an opinion counts for: of a set of several their common class above, where there is one."""
    level = row.determination.get("level") if row.conclusion != UNKNOWN else None
    return (
        str(level["name"])
        if level
        else same_words(row.conclusion, row.determination.get("prediction_set") or ())
    )


def _purity(rows: Sequence[Any], analyte: str | None) -> dict[str, Any] | None:
    """Mean purity of those of a group of which it was measured; None where the programme or the data has none."""
    found = [value for row in rows if (value := _purity_of(row, analyte)) is not None]
    return asdict(mean_of(found)) if found else None


def _purity_of(row: Any, analyte: str | None) -> float | None:
    """Purity in percent that the result's profile holds."""
    values = row.profile.get("values") or []
    found = next(
        (each["value"] for each in values if analyte is not None and each["analyte"] == analyte), None
    )
    return None if found is None else float(found)


def export_csv(actor: Actor, runtime: Runtime, uow: UnitOfWork, query: dict[str, Any]) -> bytes:
    """The rows behind the shares as CSV (UTF-8, comma), one header line with the names of DICTIONARY."""
    require(actor, *READERS)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(DICTIONARY), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_told(row) for row in _export_rows(runtime, uow, query))
    return out.getvalue().encode()


def export_parquet(actor: Actor, runtime: Runtime, uow: UnitOfWork, query: dict[str, Any]) -> bytes:
    """The same rows as Parquet; what a column holds and the caveat stand in the file's metadata."""
    require(actor, *READERS)
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"seized_on": pa.date32(), "received_on": pa.date32(), "probability": pa.float64()}
    kinds["purity_percent"] = pa.float64()
    kinds["released_at"] = pa.timestamp("us", tz="UTC")
    fields = [
        pa.field(name, kinds.get(name, pa.string()), metadata={"description": text})
        for name, text in DICTIONARY.items()
    ]
    schema = pa.schema(fields, metadata={"caveat": CAVEAT})
    table = pa.Table.from_pylist(list(_export_rows(runtime, uow, query)), schema=schema)
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def dictionary(actor: Actor) -> dict[str, Any]:
    """What the columns of the export hold."""
    require(actor, *READERS)
    return {
        "columns": [{"name": name, "description": text} for name, text in DICTIONARY.items()],
        "caveat": CAVEAT,
    }


def _determination(uow: UnitOfWork, query: dict[str, Any]) -> str:
    """The determination that is asked for, the programme's first where none is named."""
    programme = programme_of(repository.programme_row(uow.session, query["programme"]))
    names = [each.name for each in programme.determinations]
    name = query.get("determination", names[0])
    if name not in names:
        message = f"{programme.id} has no determination {name!r}; it has: {', '.join(names)}."
        raise Invalid(message, errors=[FieldError(pointer="/determination", message=message)])
    return str(name)


def _group_of(group_by: str) -> Callable[[Any], str]:
    if group_by == "office":
        return lambda row: str(row.office)
    if group_by == "seized_country":
        return lambda row: row.seized_country or UNKNOWN_COUNTRY
    return lambda row: period(row.dated_on, group_by)


def _rows(runtime: Runtime, uow: UnitOfWork, query: dict[str, Any], determination: str) -> Iterable[Any]:
    _learn_exhibits(runtime, query["programme"])
    statement = repository_statistics.released_opinions(
        query["programme"], determination, query.get("from_"), query.get("to")
    )
    return uow.session.execute(statement)


def _learn_exhibits(runtime: Runtime, programme: str) -> None:
    """Asks intake for the exhibits that are not known yet; what it does not know either is asked for again next time."""
    while True:
        with runtime.unit_of_work() as uow:
            wanted = repository_statistics.exhibits_without_facts(uow.session, programme, _BATCH)
            if not wanted:
                return
            rows = [asdict(origin) for origin in runtime.extras["intake"].origins(wanted)]
            if not rows:
                return
            uow.session.execute(insert(ExhibitFacts).values(rows).on_conflict_do_nothing())
            uow.commit()


def _export_rows(runtime: Runtime, uow: UnitOfWork, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name = _determination(uow, query)
    provenance = repository_statistics.model_provenance(uow.session, query["programme"])
    purity = programme_of(repository.programme_row(uow.session, query["programme"])).purity
    for row in _rows(runtime, uow, query, name):
        chances = row.determination.get("probabilities") or {}
        yield {
            "result_id": row.result_id,
            "exhibit_id": row.exhibit_id,
            "item_number": row.item_number,
            "office": row.office,
            "seized_country": row.seized_country,
            "seized_on": row.seized_on,
            "received_on": row.received_on,
            "programme": query["programme"],
            "programme_version": row.programme_version,
            "determination": name,
            "conclusion": row.conclusion,
            "purity_percent": _purity_of(row, purity),
            "probability": max(chances.values(), default=None),
            "model_version": row.model["version"],
            "model_sha256": row.model["digest"],
            "released_at": row.released_at,
            "provenance": provenance.get(row.model["id"]),
            "caveat": CAVEAT,
        }


def _told(row: dict[str, Any]) -> dict[str, str]:
    """Cells as text: dates and times in ISO 8601, nothing for what is not known."""
    return {
        name: "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
        for name, value in row.items()
    }
