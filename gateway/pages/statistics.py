"""What released opinions add up to: shares with intervals as picture and table, purity, and the rows behind them as files."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request

from gateway.pages.downloads import download
from gateway.pages.session import ask, current_person, field_errors, items
from gateway.plots.draw_shares import TIMES, Point, draw_panels, draw_shares, periods_between
from gateway.plots.svg import Picture
from shared.actor import LABORATORY, Role

blp = Blueprint("statistics", __name__)

_READERS = (*LABORATORY, Role.AUDITOR, Role.ANALYST)
GROUPS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "office": "office",
    "seized_country": "country of the seizure",
}
_FILTERS = ("programme", "determination", "from", "to", "group_by")


@blp.get("/statistics")
def show() -> tuple[str, int]:
    """The page; every filter stands in the address."""
    programmes = _programmes()
    query = _query(programmes)
    said = ask("GET", "/statistics/origins", **query) if query["programme"] else None
    found = said.json if said is not None and said.ok else None
    programme = next((row for row in programmes if row["id"] == query["programme"]), None)
    rows = {name: value for name, value in query.items() if value and name != "group_by"}
    page = render_template(
        "pages/statistics.html",
        programmes=[(row["id"], f"{row['id']}: {row['title']}") for row in programmes],
        determinations=[
            (row["name"], row.get("title") or row["name"])
            for row in (programme or {}).get("determinations", [])
        ],
        groups=list(GROUPS.items()),
        query=query,
        found=found,
        classes=sorted({name for row in found["items"] for name in row["shares"]}) if found else [],
        shares=_shares(found).markup() if found and found["n"] else None,
        purity=_purity(found),
        downloads=urlencode(rows),
        picture=urlencode({**rows, "group_by": query["group_by"]}),
        errors=field_errors(said) if said is not None else None,
    )
    return page, 200 if said is None or said.ok else said.status


@blp.get("/statistics/shares.svg")
def picture() -> Response:
    """The picture of the shares as a file, with the caveat in it."""
    query = _query(_programmes())
    said = ask("GET", "/statistics/origins", **query)
    if not said.ok or not said.json["n"]:
        abort(404)
    response = Response(str(_shares(said.json).markup()), mimetype="image/svg+xml")
    response.headers["Content-Disposition"] = f'attachment; filename="origins-{query["programme"]}.svg"'
    return response


@blp.get("/statistics/origins.<any(csv, parquet):kind>")
def rows(kind: str) -> Response:
    """The rows behind the shares."""
    _reader()
    query = {name: request.args[name] for name in _FILTERS[:-1] if request.args.get(name)}
    return download(
        f"/statistics/origins.{kind}", f"origins-{query.get('programme', '')}.{kind}", urlencode(query)
    )


@blp.get("/statistics/dictionary.json")
def dictionary() -> Response:
    """What the columns of the files hold."""
    _reader()
    return download("/statistics/dictionary", "origins-dictionary.json")


def _reader() -> None:
    person = current_person()
    if person is None or person.actor.role not in _READERS:
        abort(404)


def _programmes() -> list[dict[str, Any]]:
    _reader()
    return items("/programmes", limit=500)


def _query(programmes: list[dict[str, Any]]) -> dict[str, str]:
    """The filters as the API takes them; the determination of another programme, left from before, is dropped."""
    query = {name: request.args.get(name, "").strip() for name in _FILTERS}
    query["programme"] = query["programme"] or (programmes[0]["id"] if programmes else "")
    query["group_by"] = query["group_by"] or "year"
    programme = next((row for row in programmes if row["id"] == query["programme"]), None)
    names = [row["name"] for row in (programme or {}).get("determinations", [])]
    if names and query["determination"] not in names:
        query["determination"] = names[0]
    return query


def _stamp(found: dict[str, Any]) -> str:
    if not found["synthetic_n"]:
        return ""
    return f"SYNTHETIC: {found['synthetic_n']} of {found['n']} by models trained on generated data"


def _title(found: dict[str, Any], what: str, count: int) -> str:
    span = [request.args.get(name) for name in ("from", "to")]
    when = f", {span[0] or 'the beginning'} to {span[1] or 'today'}" if any(span) else ""
    return f"{found['programme']}: {what} by {GROUPS[found['group_by']]}{when} (n = {count})"


def _shares(found: dict[str, Any]) -> Picture:
    return draw_shares(
        found["items"],
        found["group_by"],
        title=_title(found, f"shares of {found['determination'].replace('_', ' ')}", found["n"]),
        caveat=found["caveat"],
        stamp=_stamp(found),
    )


def _purity(found: dict[str, Any] | None) -> Any:
    """Mean purity by group as a picture; None where none was measured."""
    rows = [(row["group"], row["purity"]) for row in found["items"] if row["purity"]] if found else []
    if not rows or found is None:
        return None
    points = [
        Point(
            group,
            each["mean"],
            each["mean"] if each["low"] is None else each["low"],
            each["mean"] if each["high"] is None else each["high"],
            f"n = {each['n']}" + ("" if each["low"] is not None else ", no interval"),
        )
        for group, each in rows
    ]
    is_time = found["group_by"] in TIMES
    groups = [row["group"] for row in found["items"]]
    return draw_panels(
        {f"{found['purity_analyte']}, %": points},
        periods_between(groups[0], groups[-1], found["group_by"]) if is_time else groups,
        is_time=is_time,
        title=_title(found, "mean purity", sum(each["n"] for _, each in rows)),
        caveat="Mean with its 95 % interval (Student's t) of those measured. " + found["caveat"],
        stamp=_stamp(found),
        top=100.0,
        percent=False,
        name="purity",
    ).markup()
